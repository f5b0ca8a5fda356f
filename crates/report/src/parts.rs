//! Users in parts, so that memory stays flat however many there are.

/// Users of one part, about; a user takes a few kilobytes while the part is looked at.
const PART_USERS: u64 = 4_000;

const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// Conditions over `user_id` that divide so many users into parts, in the order of their ids, each
/// user in one of them. Ids are as a rule random hexadecimal digits; whatever they are, none is lost.
pub(crate) fn parts(users: u64) -> Vec<String> {
    let cuts = cuts(users);
    let from = std::iter::once(None).chain(cuts.iter().map(Some));
    let to = cuts.iter().map(Some).chain(std::iter::once(None));
    from.zip(to)
        .map(|ends| match ends {
            (None, None) => "user_id IS NOT NULL".to_owned(),
            (None, Some(to)) => format!("user_id < '{to}'"),
            (Some(from), None) => format!("user_id >= '{from}'"),
            (Some(from), Some(to)) => format!("user_id >= '{from}' AND user_id < '{to}'"),
        })
        .collect()
}

fn cuts(users: u64) -> Vec<String> {
    let digit = |at: usize| char::from(DIGITS[at]);
    match users.div_ceil(PART_USERS) {
        0..=1 => Vec::new(),
        2..=16 => (1..16).map(|at| digit(at).to_string()).collect(),
        // Four parts for each first digit.
        17..=64 => (1..64)
            .map(|at| format!("{}{}", digit(at / 4), digit(at % 4 * 4)))
            .collect(),
        _ => (1..256)
            .map(|at| format!("{}{}", digit(at / 16), digit(at % 16)))
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_user_is_in_one_part(users in 0u64..2_000_000, id in "[0-9a-f]{8}|\\PC{0,8}") {
            let cuts = cuts(users);
            prop_assert!(cuts.is_sorted());
            let places = cuts.iter().filter(|cut| **cut <= id).count();
            prop_assert!(places < parts(users).len());
            prop_assert_eq!(parts(users).len(), cuts.len() + 1);
        }
    }

    #[test]
    fn large_tenants_have_small_parts() {
        assert_eq!(parts(4_000), ["user_id IS NOT NULL"]);
        assert_eq!(parts(60_000).len(), 16);
        assert_eq!(parts(200_000).len(), 64);
        assert_eq!(parts(900_000).len(), 256);
        assert_eq!(parts(200_000)[5], "user_id >= '14' AND user_id < '18'");
    }
}
