//! Keys to ids: length-prefixed fields, xxh3 with 128 bits, base32.

use twox_hash::XxHash3_128;

use crate::lang::Symbol;

/// The version of the algorithm, first in every id. It is `e0`, and ids may change, until the table in the crate's
/// documentation holds in all rows.
pub(crate) const VERSION: &str = "e0";

/// Room for the fields of a usual key, which so needs no memory of its own.
const KEY_BYTES: usize = 384;

/// Characters of an id behind its version and the colon.
const CHARACTERS: usize = 26;

/// Lower-case RFC 4648 alphabet.
const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// A key that takes fields one by one. A missing field differs from an empty one, and no two lists of fields collide
/// by being written one after the other.
pub(crate) struct Key {
    usual: [u8; KEY_BYTES],
    /// Bytes of `usual` that are taken.
    n_usual: usize,
    /// The whole key, where it is longer than usual; else empty.
    long: Vec<u8>,
}

impl Key {
    /// `kind` keeps apart what is alike in all fields: a site, a group, a variant.
    pub(crate) fn new(kind: &str) -> Self {
        let mut key = Self { usual: [0; KEY_BYTES], n_usual: 0, long: Vec::new() };
        key.field(Some(kind));
        key
    }

    pub(crate) fn field(&mut self, value: Option<&str>) -> &mut Self {
        self.parts(value.as_ref().map(std::slice::from_ref))
    }

    /// A symbol goes in as it is shown.
    pub(crate) fn symbol(&mut self, symbol: Option<&Symbol<'_>>) -> &mut Self {
        self.parts(symbol.map(Symbol::parts).as_ref().map(<[&str; 3]>::as_slice))
    }

    pub(crate) fn id(&self) -> Id {
        let seed = VERSION.bytes().rev().fold(0, |seed, byte| seed << 8 | u64::from(byte));
        let usual = self.usual.get(..self.n_usual).unwrap_or_default();
        Id(XxHash3_128::oneshot_with_seed(
            seed,
            if self.long.is_empty() { usual } else { &self.long },
        ))
    }

    fn push(&mut self, bytes: &[u8]) {
        if self.long.is_empty() {
            let end = self.n_usual + bytes.len();
            if let Some(room) = self.usual.get_mut(self.n_usual..end) {
                room.copy_from_slice(bytes);
                self.n_usual = end;
                return;
            }
            let usual = self.usual.get(..self.n_usual).unwrap_or_default();
            self.long.extend_from_slice(usual);
        }
        self.long.extend_from_slice(bytes);
    }

    fn parts(&mut self, parts: Option<&[&str]>) -> &mut Self {
        let len = parts.map_or(u64::MAX, |parts| parts.iter().map(|part| part.len() as u64).sum());
        self.push(&len.to_le_bytes());
        for part in parts.unwrap_or_default() {
            self.push(part.as_bytes());
        }
        self
    }
}

/// What a key is hashed to. It is shown as its version, a colon and 26 characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Id(u128);

impl Id {
    pub(crate) fn text(self) -> String {
        const SIXTY_BITS: u128 = (1 << 60) - 1;
        let mut id = String::with_capacity(VERSION.len() + 27);
        id.push_str(VERSION);
        id.push(':');
        // Five bits are a character; sixty of them at a time fit a machine's word.
        let (mut rest, mut characters) = (self.0, [b'a'; CHARACTERS]);
        for part in characters.rchunks_mut(12) {
            let mut bits = u64::try_from(rest & SIXTY_BITS).unwrap_or(0);
            for place in part.iter_mut().rev() {
                let five = usize::try_from(bits & 31).unwrap_or(0);
                *place = ALPHABET.get(five).copied().unwrap_or(b'a');
                bits >>= 5;
            }
            rest >>= 60;
        }
        id.push_str(std::str::from_utf8(&characters).unwrap_or_default());
        id
    }
}

/// Whether a text is a whole id, of this version or of another.
pub(crate) fn is_id(text: &str) -> bool {
    text.split_once(':').is_some_and(|(version, id)| {
        let number = version.strip_prefix('e').unwrap_or("");
        !number.is_empty()
            && number.bytes().all(|b| b.is_ascii_digit())
            && id.len() == CHARACTERS
            && id.bytes().all(|b| ALPHABET.contains(&b))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::Naming;

    #[test]
    fn an_id_is_its_version_and_26_characters() {
        let id = Key::new("group").field(Some("shop")).id().text();
        assert_eq!(id.len(), 29);
        assert!(id.starts_with("e0:"));
        assert!(is_id(&id) && is_id(&id.replace("e0", "e12")));
        for other in ["", "e0:", "hello", &id[..20], &id.replace("e0", "x"), &id.to_uppercase()] {
            assert!(!is_id(other), "{other}");
        }
    }

    #[test]
    fn a_symbol_is_its_text() {
        let symbol = Symbol { module: "pay".into(), function: "charge", naming: Naming::Named };
        assert_eq!(
            Key::new("site").symbol(Some(&symbol)).id(),
            Key::new("site").field(Some("pay.charge")).id()
        );
        assert_eq!(Key::new("site").symbol(None).id(), Key::new("site").field(None).id());
    }

    #[test]
    fn a_long_key_is_hashed_as_one() {
        let long = "a".repeat(KEY_BYTES);
        let mut all = Vec::new();
        for field in ["group", "b", long.as_str(), "c"] {
            all.extend_from_slice(&(field.len() as u64).to_le_bytes());
            all.extend_from_slice(field.as_bytes());
        }
        let seed = u64::from(b'0') << 8 | u64::from(b'e');
        let mut key = Key::new("group");
        key.field(Some("b")).field(Some(&long)).field(Some("c"));
        assert_eq!(key.id(), Id(XxHash3_128::oneshot_with_seed(seed, &all)));
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
