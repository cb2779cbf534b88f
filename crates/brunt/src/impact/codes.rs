//! Columns of texts as small numbers: ids by their hash, names by themselves.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use brunt_stats::m1::NONE;
use xxhash_rust::xxh3::xxh3_128_with_seed;

/// A map by hashes, which need no hashing of their own.
pub(super) type ByKey<V> = HashMap<u128, V, BuildHasherDefault<KeyHasher>>;

/// What an id is of. Equal texts of two kinds have different keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    User = 1,
    Pseudo = 2,
    Account = 3,
    Activity = 4,
    /// Also keyed by when it began.
    Session = 5,
}

/// The 128-bit hash by which an id is known from here on; two ids share one with a chance that no store can reach.
pub(super) fn key(kind: Kind, text: &str, began_at: i64) -> u128 {
    let seed = began_at.cast_unsigned().wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ kind as u64;
    xxh3_128_with_seed(text.as_bytes(), seed)
}

/// A column of ids that are only compared: each distinct one has a code, in order of appearance; NULL has `NONE`.
#[derive(Debug)]
pub(super) struct Ids {
    pub(super) keys: Vec<u128>,
    pub(super) codes: Vec<u32>,
    kind: Kind,
    seen: ByKey<u32>,
    last: (String, i64),
}

/// A column of few distinct texts, which are kept: codes are places in `names`; NULL has `NONE`.
#[derive(Debug, Default)]
pub(super) struct Names {
    pub(super) names: Vec<String>,
    pub(super) codes: Vec<u32>,
    seen: HashMap<String, u32>,
}

impl Ids {
    pub(super) fn new(kind: Kind) -> Self {
        Self {
            keys: Vec::new(),
            codes: Vec::new(),
            kind,
            seen: ByKey::default(),
            last: (String::new(), 0),
        }
    }

    pub(super) fn push(&mut self, text: Option<&str>) {
        self.push_began(text, 0);
    }

    /// An id that is only unique together with when it began.
    pub(super) fn push_began(&mut self, text: Option<&str>, began_at: i64) {
        let Some(text) = text else { return self.codes.push(NONE) };
        // Rows are clustered by session, so most ids are those of the row before.
        if let Some(&code) = self.codes.last()
            && code != NONE
            && self.last.1 == began_at
            && self.last.0 == text
        {
            return self.codes.push(code);
        }
        self.last.0.clear();
        self.last.0.push_str(text);
        self.last.1 = began_at;
        let key = key(self.kind, text, began_at);
        let next = count(self.keys.len());
        let code = *self.seen.entry(key).or_insert(next);
        if code == next {
            self.keys.push(key);
        }
        self.codes.push(code);
    }

    /// The key in a row.
    pub(super) fn key(&self, row: usize) -> Option<u128> {
        self.keys.get(self.codes[row] as usize).copied()
    }

    pub(super) fn size(&self) -> usize {
        4 * self.codes.capacity() + 48 * self.keys.capacity()
    }
}

impl Names {
    pub(super) fn push(&mut self, text: Option<&str>) {
        let Some(text) = text else { return self.codes.push(NONE) };
        let last = self.codes.last().copied().unwrap_or(NONE);
        let code = match self.names.get(last as usize) {
            Some(name) if name == text => last,
            _ => self.code_of(text),
        };
        self.codes.push(code);
    }

    /// The code of a name, which it has from now on.
    pub(super) fn code_of(&mut self, text: &str) -> u32 {
        if let Some(code) = self.seen.get(text) {
            return *code;
        }
        let code = count(self.names.len());
        self.names.push(text.to_owned());
        self.seen.insert(text.to_owned(), code);
        code
    }

    /// For each code the place of its name in the order of names, which does not depend on the order of rows.
    pub(super) fn places(&self) -> Vec<u32> {
        let mut order: Vec<u32> = (0..count(self.names.len())).collect();
        order.sort_unstable_by_key(|code| &self.names[*code as usize]);
        let mut places = vec![0; order.len()];
        for (place, code) in (0..).zip(order) {
            places[code as usize] = place;
        }
        places
    }

    pub(super) fn size(&self) -> usize {
        4 * self.codes.capacity() + 160 * self.names.capacity()
    }
}

/// Takes some of a key's bits as they are.
#[derive(Debug, Default)]
pub(super) struct KeyHasher(u64);

impl Hasher for KeyHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    #[expect(clippy::cast_possible_truncation, reason = "any 64 bits of a hash are one")]
    fn write_u128(&mut self, key: u128) {
        self.0 = key as u64;
    }
}

/// Where activities are, by id: an open-addressed table of row numbers, a fifth of what a map with keys would take.
#[derive(Debug)]
pub(super) struct ById {
    slots: Vec<u32>,
}

impl ById {
    pub(super) fn new(ids: &[u128]) -> Self {
        let mut to = Self { slots: vec![NONE; (2 * ids.len()).next_power_of_two()] };
        for (row, id) in (0..).zip(ids) {
            let slot = to.slot(*id, ids);
            to.slots[slot] = row;
        }
        to
    }

    /// The row of `ids`, which is what the table was made from, that holds this id.
    pub(super) fn find(&self, id: u128, ids: &[u128]) -> Option<u32> {
        let row = self.slots[self.slot(id, ids)];
        (row != NONE).then_some(row)
    }

    /// Where the id is or would be; at most half of the slots are taken, so that there is an empty one.
    fn slot(&self, id: u128, ids: &[u128]) -> usize {
        let mask = self.slots.len() - 1;
        let mut slot = id as usize & mask;
        while self.slots[slot] != NONE && ids[self.slots[slot] as usize] != id {
            slot = (slot + 1) & mask;
        }
        slot
    }
}

/// A number of rows or codes; the estimator refuses more than it can count.
pub(super) fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(NONE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_told_apart_by_kind_and_beginning() {
        let mut ids = Ids::new(Kind::Session);
        for (text, began_at) in [("a", 1), ("a", 1), ("b", 1), ("a", 2), ("a", 1)] {
            ids.push_began(Some(text), began_at);
        }
        ids.push(None);
        assert_eq!(ids.codes, [0, 0, 1, 2, 0, NONE]);
        assert_eq!((ids.key(0), ids.key(5)), (Some(key(Kind::Session, "a", 1)), None));
        assert_ne!(key(Kind::User, "a", 0), key(Kind::Pseudo, "a", 0));
    }

    #[test]
    fn places_of_names_are_in_their_order() {
        let mut names = Names::default();
        for name in [Some("mobile"), None, Some("desktop"), Some("mobile")] {
            names.push(name);
        }
        assert_eq!((names.codes.as_slice(), names.places()), (&[0, NONE, 1, 0][..], vec![1, 0]));
    }

    #[test]
    fn rows_are_found_by_id_whatever_their_number() {
        let ids: Vec<u128> = (0..1000).map(|n| key(Kind::Activity, &n.to_string(), 0)).collect();
        let by_id = ById::new(&ids);
        assert!((0..).zip(&ids).all(|(row, id)| by_id.find(*id, &ids) == Some(row)));
        assert_eq!(by_id.find(key(Kind::Activity, "other", 0), &ids), None);
        assert_eq!(ById::new(&[]).find(7, &[]), None);
    }
}
