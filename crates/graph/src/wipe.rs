//! Bytes that hold a secret, wiped when nobody needs them any more.
//!
//! That is as far as it goes: what HTTP, TLS and the system copy on the way is not ours to wipe.

use bytes::Bytes;
use zeroize::{Zeroize, Zeroizing};

/// Shared without being copied, and wiped when the last who shares them lets go.
pub(crate) fn shared(secret: Zeroizing<Vec<u8>>) -> Bytes {
    Bytes::from_owner(secret)
}

/// Wipes an answer that held a secret. Left as it is where somebody else still has it.
pub(crate) fn wipe(answer: Bytes) {
    if let Ok(mut bytes) = answer.try_into_mut() {
        bytes.as_mut().zeroize();
    }
}
