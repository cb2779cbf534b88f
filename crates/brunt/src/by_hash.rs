//! Maps whose keys are hashes already, which are not hashed again.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// A map by numbers that are spread evenly, such as parts of a hash.
pub(crate) type ByHash<K, V> = HashMap<K, V, BuildHasherDefault<AsIs>>;

/// Takes a key's numbers for its hash.
#[derive(Debug, Default)]
pub(crate) struct AsIs(u64);

impl Hasher for AsIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, number: u64) {
        self.0 ^= number;
    }

    #[expect(clippy::cast_possible_truncation, reason = "the lower half is what is wanted")]
    fn write_u128(&mut self, number: u128) {
        self.0 ^= number as u64;
    }
}
