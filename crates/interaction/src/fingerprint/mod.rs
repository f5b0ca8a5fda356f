//! Keyed fingerprints: what can be compared later of a text that is not kept.
//!
//! A fingerprint is SipHash-2-4 under the lake's own key of the text's [normal form](normal()). Two
//! texts with one fingerprint are, but for one chance in 2^64, the same. Whoever lacks the key
//! learns nothing from it; whoever has it can test a guess ("was this sentence written?"), so the
//! key is a secret like the texts.

mod ends;
mod normal;
mod plain;
mod slot;

use std::fmt;
use std::hash::Hasher;

use siphasher::sip::SipHasher24;
use zeroize::{Zeroize, Zeroizing};

pub(crate) use ends::ends;
pub use normal::normal;
pub(crate) use normal::{PIECE_BYTES, Sink, into};
pub(crate) use slot::{Names, template};

/// The key of a lake's fingerprints, 128 bits that the caller draws at random. Wiped when dropped;
/// prints nothing of itself.
#[derive(Clone)]
pub struct FingerprintKey([u8; 16]);

/// A text that is no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a fingerprint key is 32 hexadecimal digits; this has {0} characters")]
pub struct NotAKey(usize);

impl FingerprintKey {
    /// The key of these bytes.
    pub fn from_bytes(bytes: [u8; 16]) -> FingerprintKey {
        FingerprintKey(bytes)
    }

    /// A key as [`FingerprintKey::to_hex`] wrote it, in upper or lower case.
    ///
    /// # Errors
    /// Whatever is not 32 hexadecimal digits. The error says nothing of the text but its length.
    pub fn from_hex(hex: &str) -> Result<FingerprintKey, NotAKey> {
        let error = || NotAKey(hex.chars().count());
        let digits: &[u8; 32] = hex.as_bytes().try_into().map_err(|_| error())?;
        let mut key = FingerprintKey([0; 16]);
        for (byte, pair) in key.0.iter_mut().zip(digits.chunks_exact(2)) {
            for digit in pair {
                let digit = char::from(*digit).to_digit(16).ok_or_else(error)?;
                *byte = *byte << 4 | digit as u8;
            }
        }
        Ok(key)
    }

    /// The key as 32 hexadecimal digits, to be stored.
    pub fn to_hex(&self) -> Zeroizing<String> {
        let mut hex = Zeroizing::new(String::with_capacity(32));
        for byte in self.0 {
            for digit in [byte >> 4, byte & 15] {
                hex.extend(char::from_digit(u32::from(digit), 16));
            }
        }
        hex
    }

    /// The fingerprint of a text's normal form; None where nothing is left of the text there.
    pub fn fingerprint(&self, text: &str) -> Option<i64> {
        let mut hash = Hash::new(self);
        into(text, &mut hash);
        hash.finish()
    }

    /// The fingerprint of a template, its slots written `{}`: as the column `text_template` has it
    /// of a text from which that template was drawn. None where there is no slot, or nothing else.
    pub fn template_fingerprint(&self, template: &str) -> Option<i64> {
        let template = slot::template_of_label(&normal(template))?;
        self.of_normal(&template)
    }

    /// The fingerprints of the first and of the last words of a text: as the columns `text_head`
    /// and `text_tail` have them.
    pub fn ends_fingerprints(&self, text: &str) -> Option<(i64, i64)> {
        let text = normal(text);
        let (head, tail) = ends(&text)?;
        Some((self.of_normal(head)?, self.of_normal(tail)?))
    }

    /// The fingerprint of what is a normal form, or was taken from one.
    pub(crate) fn of_normal(&self, normal: &str) -> Option<i64> {
        let mut hash = Hash::new(self);
        hash.take(normal.as_bytes(), true);
        hash.finish()
    }
}

impl Drop for FingerprintKey {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for FingerprintKey {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("FingerprintKey(…)")
    }
}

/// A fingerprint in the making.
pub(crate) struct Hash {
    fresh: SipHasher24,
    hash: SipHasher24,
    is_empty: bool,
}

impl Hash {
    pub(crate) fn new(key: &FingerprintKey) -> Hash {
        let fresh = SipHasher24::new_with_key(&key.0);
        Hash {
            fresh,
            hash: fresh,
            is_empty: true,
        }
    }

    pub(crate) fn finish(&self) -> Option<i64> {
        (!self.is_empty).then(|| self.hash.finish().cast_signed())
    }
}

impl Sink for Hash {
    fn take(&mut self, piece: &[u8], _: bool) {
        self.is_empty &= piece.is_empty();
        self.hash.write(piece);
    }

    fn restart(&mut self) {
        self.hash = self.fresh;
        self.is_empty = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> FingerprintKey {
        FingerprintKey::from_bytes(*b"0123456789abcdef")
    }

    #[test]
    fn fingerprints_are_the_same_in_every_version() {
        // Lakes hold fingerprints of texts that nobody has any more: no change of these is right.
        // The numbers are those of another program that computes SipHash-2-4.
        for (text, fingerprint) in [
            ("Summarize this email", -7_336_764_041_495_234_032),
            ("Diese E-Mail zusammenfassen", -3_428_816_492_014_692_049),
            ("このメールを要約する", -332_865_255_173_009_126),
        ] {
            assert_eq!(key().fingerprint(text), Some(fingerprint), "{text}");
        }
        assert_eq!(
            key().template_fingerprint("Summarize {}"),
            Some(-6_477_128_662_807_914_059)
        );
    }

    #[test]
    fn another_key_gives_another_fingerprint() {
        let other = FingerprintKey::from_bytes(*b"0123456789abcdeg");
        assert_ne!(key().fingerprint("thanks"), other.fingerprint("thanks"));
        assert_eq!(key().fingerprint(" … "), None);
    }

    #[test]
    fn a_key_goes_there_and_back_and_does_not_print() {
        let hex = key().to_hex();
        assert_eq!(*hex, "30313233343536373839616263646566");
        assert_eq!(
            FingerprintKey::from_hex(&hex.to_uppercase()).map(|key| key.0),
            Ok(key().0)
        );
        assert!(!format!("{:?}", key()).contains("30"));
        for (wrong, chars) in [
            ("", 0),
            ("3031", 4),
            ("3031323334353637383961626364656é", 32),
            ("3031323334353637383961626364656g", 32),
        ] {
            assert_eq!(
                FingerprintKey::from_hex(wrong).map(|key| key.0),
                Err(NotAKey(chars)),
                "{wrong}"
            );
        }
    }

    #[test]
    fn long_texts_are_hashed_piece_by_piece() {
        let text = "Überblick über das Quartal, next steps.\n".repeat(5_000);
        assert_eq!(key().fingerprint(&text), key().of_normal(&normal(&text)));
    }
}
