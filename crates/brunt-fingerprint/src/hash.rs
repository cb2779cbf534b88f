//! Keys to ids: length-prefixed fields, xxh3 with 128 bits, base32.

use xxhash_rust::xxh3::Xxh3;

/// The version of the algorithm, first in every id. It is `e0`, and ids may change, until all languages are read.
pub(crate) const VERSION: &str = "e0";

/// Lower-case RFC 4648 alphabet.
const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// A key that takes fields one by one. A missing field differs from an empty one, and no two lists of fields collide
/// by being written one after the other.
pub(crate) struct Key(Xxh3);

impl Key {
    /// `kind` keeps apart what is alike in all fields: a site, a group, a variant.
    pub(crate) fn new(kind: &str) -> Self {
        let seed = VERSION.bytes().rev().fold(0, |seed, byte| seed << 8 | u64::from(byte));
        let mut key = Self(Xxh3::with_seed(seed));
        key.field(Some(kind));
        key
    }

    pub(crate) fn field(&mut self, value: Option<&str>) -> &mut Self {
        let len = value.map_or(u64::MAX, |value| value.len() as u64);
        self.0.update(&len.to_le_bytes());
        self.0.update(value.unwrap_or("").as_bytes());
        self
    }

    pub(crate) fn id(&self) -> String {
        let bits = self.0.digest128();
        let mut id = String::with_capacity(VERSION.len() + 27);
        id.push_str(VERSION);
        id.push(':');
        for place in (0..26).rev() {
            let five = usize::try_from(bits >> (5 * place) & 31).unwrap_or(0);
            id.push(ALPHABET.get(five).copied().map_or('a', char::from));
        }
        id
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_its_version_and_26_characters() {
        let id = Key::new("group").field(Some("shop")).id();
        assert_eq!(id.len(), 29);
        assert!(id.starts_with("e0:"));
        assert!(id[3..].bytes().all(|b| ALPHABET.contains(&b)));
    }

    #[test]
    fn fields_do_not_run_into_each_other() {
        let id = |fields: &[Option<&str>]| {
            let mut key = Key::new("group");
            for field in fields {
                key.field(*field);
            }
            key.id()
        };
        assert_ne!(id(&[Some("ab"), Some("c")]), id(&[Some("a"), Some("bc")]));
        assert_ne!(id(&[Some("")]), id(&[None]));
        assert_ne!(Key::new("site").field(Some("a")).id(), Key::new("group").field(Some("a")).id());
    }
}
