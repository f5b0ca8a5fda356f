//! Integer keys of users and conversations: narrow columns make fast queries.

use std::hash::Hasher;

use siphasher::sip::SipHasher24;

/// The 63-bit key of a user of a tenant. Not secret, the same everywhere; never negative.
pub fn user_key(tenant_id: &str, user_id: &str) -> i64 {
    key(&[tenant_id, user_id])
}

/// The key of a session of a user.
pub(crate) fn session_key(tenant_id: &str, user_id: &str, session_id: &str) -> i64 {
    key(&[tenant_id, user_id, "session", session_id])
}

/// The key of an exchange outside of sessions. Ids are times in milliseconds, unique in a session
/// only: so the time of the row belongs to it.
pub(crate) fn lone_key(tenant_id: &str, user_id: &str, first_id: &str, at_us: i64) -> i64 {
    key(&[tenant_id, user_id, "lone", first_id, &at_us.to_string()])
}

/// 63 bits of some texts, the same everywhere and in every version, since rows keep them; never
/// negative.
pub fn key(parts: &[&str]) -> i64 {
    let mut hash = SipHasher24::new();
    for part in parts {
        hash.write(&(part.len() as u64).to_le_bytes());
        hash.write(part.as_bytes());
    }
    (hash.finish() >> 1).cast_signed()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_apart_and_never_negative() {
        let keys = [
            user_key("a", "bc"),
            user_key("ab", "c"),
            session_key("a", "bc", "d"),
            lone_key("a", "bc", "d", 0),
            lone_key("a", "bc", "d", 1),
        ];
        for (place, key) in keys.iter().enumerate() {
            assert!(*key >= 0 && !keys[..place].contains(key));
        }
        // Stored in lakes: it must stay.
        assert_eq!(user_key("contoso", "4db02e4b"), 7_763_447_063_182_386_407);
    }
}
