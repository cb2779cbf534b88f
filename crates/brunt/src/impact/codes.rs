//! Columns of texts as small numbers: ids by their hash, names by themselves.

use brunt_stats::m1::NONE;
use twox_hash::XxHash3_128;

use crate::by_hash::ByHash;

/// What a text is. Equal ones of two kinds have different keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    User = 1,
    Pseudo = 2,
    Account = 3,
    Activity = 4,
    /// Also keyed by when it began.
    Session = 5,
    /// One of few texts of a column.
    Name = 6,
}

/// The 128-bit hash by which an id is known from here on; two ids share one with a chance that no store can reach.
pub(super) fn key(kind: Kind, text: &str, began_at: i64) -> u128 {
    let seed = began_at.cast_unsigned().wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ kind as u64;
    XxHash3_128::oneshot_with_seed(seed, text.as_bytes())
}

/// A column of ids that are only compared: each distinct one has a code, in order of appearance; NULL has `NONE`.
#[derive(Debug)]
pub(super) struct Ids {
    pub(super) keys: Vec<u128>,
    pub(super) codes: Vec<u32>,
    kind: Kind,
    places: Places,
    at_hand: AtHand,
}

/// The rows that are being added: each run of equal ids with its length, and the keys of those that are no NULL.
#[derive(Debug, Default)]
struct AtHand {
    runs: Vec<(bool, usize)>,
    keys: Vec<u128>,
    codes: Vec<u32>,
}

/// A column of few distinct texts, which are kept: codes are places in `names`; NULL has `NONE`.
#[derive(Debug, Default)]
pub(super) struct Names {
    pub(super) names: Vec<String>,
    pub(super) codes: Vec<u32>,
    /// The code of each name, by its hash.
    seen: ByHash<u128, u32>,
}

impl Ids {
    pub(super) fn new(kind: Kind) -> Self {
        Self {
            keys: Vec::new(),
            codes: Vec::new(),
            kind,
            places: Places::default(),
            at_hand: AtHand::default(),
        }
    }

    /// Makes room for so many rows.
    pub(super) fn reserve(&mut self, n_rows: usize) {
        self.codes.reserve_exact(n_rows);
    }

    pub(super) fn extend<'t>(&mut self, texts: impl IntoIterator<Item = Option<&'t str>>) {
        self.extend_began(texts.into_iter().map(|text| (text, 0)));
    }

    /// Ids that are only unique together with when they began.
    pub(super) fn extend_began<'t>(&mut self, texts: impl Iterator<Item = (Option<&'t str>, i64)>) {
        let AtHand { runs, keys, codes } = &mut self.at_hand;
        // Rows are clustered by session, so most ids are those of the row before.
        let mut last = None;
        for row in texts {
            if Some(row) == last
                && let Some((_, n_rows)) = runs.last_mut()
            {
                *n_rows += 1;
                continue;
            }
            last = Some(row);
            runs.push((row.0.is_some(), 1));
            keys.extend(row.0.map(|text| key(self.kind, text, row.1)));
        }
        self.places.find_or_add_all(keys, &mut self.keys, codes);
        let mut found = codes.drain(..);
        for (is_some, n_rows) in runs.drain(..) {
            let code = if is_some { found.next() } else { None };
            self.codes.extend(std::iter::repeat_n(code.unwrap_or(NONE), n_rows));
        }
        keys.clear();
    }

    /// The codes of the keys of another column, which this one knows from now on.
    pub(super) fn join(&mut self, other: &Self) -> Vec<u32> {
        let mut codes = Vec::with_capacity(other.keys.len());
        self.places.find_or_add_all(&other.keys, &mut self.keys, &mut codes);
        codes
    }

    /// For each key of another column the code that it has here, or `NONE`.
    pub(super) fn codes_of(&self, other: &Self) -> Vec<u32> {
        self.places.find_all(&other.keys, &self.keys)
    }

    /// The key in a row.
    pub(super) fn key(&self, row: usize) -> Option<u128> {
        self.keys.get(self.codes[row] as usize).copied()
    }

    /// The code of a key that some row has.
    pub(super) fn code(&self, key: u128) -> Option<u32> {
        self.places.find(key, &self.keys)
    }

    pub(super) fn size(&self) -> usize {
        4 * self.codes.capacity() + 16 * self.keys.capacity() + self.places.size()
    }
}

impl Names {
    /// Makes room for so many rows.
    pub(super) fn reserve(&mut self, n_rows: usize) {
        self.codes.reserve_exact(n_rows);
    }

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
        let next = count(self.names.len());
        let code = *self.seen.entry(key(Kind::Name, text, 0)).or_insert(next);
        if code == next {
            self.names.push(text.to_owned());
        }
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

/// Keys are looked up so many at a time.
const ROUND: usize = 1_024;

/// Where keys are in a list of them: an open-addressed table of places, a fifth of what a map with keys would take.
/// The list is always the same one.
#[derive(Debug, Default)]
pub(super) struct Places {
    slots: Vec<u32>,
}

impl Places {
    /// The places of all keys; of equal ones, that of the last.
    pub(super) fn of(keys: &[u128]) -> Self {
        let mut to = Self { slots: vec![NONE; (2 * keys.len()).next_power_of_two()] };
        for (place, key) in (0..).zip(keys) {
            let slot = to.slot(*key, keys);
            to.slots[slot] = place;
        }
        to
    }

    pub(super) fn find(&self, key: u128, keys: &[u128]) -> Option<u32> {
        let place = *self.slots.get(self.slot(key, keys))?;
        (place != NONE).then_some(place)
    }

    /// The places of many keys, or `NONE`.
    pub(super) fn find_all(&self, wanted: &[u128], keys: &[u128]) -> Vec<u32> {
        let mut found = Vec::with_capacity(wanted.len());
        for round in wanted.chunks(ROUND) {
            let at = found.len();
            self.guess(round, &mut found);
            for (key, place) in round.iter().zip(&mut found[at..]) {
                if keys.get(*place as usize) != Some(key) {
                    *place = self.find(*key, keys).unwrap_or(NONE);
                }
            }
        }
        found
    }

    /// Appends the places of many keys; one that was nowhere is at the end of the list from now on.
    fn find_or_add_all(&mut self, wanted: &[u128], keys: &mut Vec<u128>, found: &mut Vec<u32>) {
        for round in wanted.chunks(ROUND) {
            let at = found.len();
            self.guess(round, found);
            for (key, place) in round.iter().zip(&mut found[at..]) {
                if keys.get(*place as usize) != Some(key) {
                    *place = self.find_or_add(*key, keys);
                }
            }
        }
    }

    /// What is in the first slot of each key, which is nearly always its place. Read before any key is compared, so
    /// that no read from memory waits for another.
    fn guess(&self, keys: &[u128], to: &mut Vec<u32>) {
        let mask = self.slots.len().saturating_sub(1);
        let first = |key: &u128| self.slots.get(*key as usize & mask).copied().unwrap_or(NONE);
        to.extend(keys.iter().map(first));
    }

    fn find_or_add(&mut self, key: u128, keys: &mut Vec<u128>) -> u32 {
        if 2 * (keys.len() + 1) > self.slots.len() {
            self.grow(keys);
        }
        let slot = self.slot(key, keys);
        if self.slots[slot] == NONE {
            self.slots[slot] = count(keys.len());
            keys.push(key);
        }
        self.slots[slot]
    }

    fn grow(&mut self, keys: &[u128]) {
        const SLOTS_MIN: usize = 65_536;
        self.slots = vec![NONE; SLOTS_MIN.max(2 * self.slots.len())];
        for (place, key) in (0..).zip(keys) {
            let slot = self.slot(*key, keys);
            self.slots[slot] = place;
        }
    }

    /// Where the key is or would be; at most half of the slots are taken, so that there is an empty one.
    fn slot(&self, key: u128, keys: &[u128]) -> usize {
        let mask = self.slots.len().saturating_sub(1);
        let mut slot = key as usize & mask;
        while let Some(&place) = self.slots.get(slot)
            && place != NONE
            && keys[place as usize] != key
        {
            slot = (slot + 1) & mask;
        }
        slot
    }

    fn size(&self) -> usize {
        4 * self.slots.capacity()
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
        let rows = [("a", 1), ("a", 1), ("b", 1), ("a", 2), ("a", 1)];
        ids.extend_began(rows.into_iter().map(|(text, began_at)| (Some(text), began_at)));
        ids.extend([None]);
        assert_eq!(ids.codes, [0, 0, 1, 2, 0, NONE]);
        assert_eq!((ids.key(0), ids.key(5)), (Some(key(Kind::Session, "a", 1)), None));
        assert_eq!(ids.code(key(Kind::Session, "a", 2)), Some(2));
        assert_eq!(ids.code(key(Kind::Session, "b", 2)), None);
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
    fn keys_are_found_whatever_their_number_and_however_they_came() {
        let keys: Vec<u128> = (0..50_000).map(|n| key(Kind::Activity, &n.to_string(), 0)).collect();
        let (mut added, mut places) = (Vec::new(), Places::default());
        let mut found = Vec::new();
        places.find_or_add_all(&keys, &mut added, &mut found);
        places.find_or_add_all(&keys, &mut added, &mut found);
        assert!(found.into_iter().eq((0..50_000).chain(0..50_000)));
        assert_eq!(added, keys);
        let other = key(Kind::Activity, "other", 0);
        for places in [places, Places::of(&keys)] {
            assert!((0..).zip(&keys).all(|(at, key)| places.find(*key, &keys) == Some(at)));
            assert_eq!(places.find(other, &keys), None);
            let wanted = [keys[9], other, keys[7]];
            assert_eq!(places.find_all(&wanted, &keys), [9, NONE, 7]);
        }
        for none in [Places::default(), Places::of(&[])] {
            assert_eq!(none.find(7, &[]), None);
        }
    }
}
