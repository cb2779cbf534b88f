//! Which rows are new: identity over what is stored in the same days, and over the load itself.
//!
//! Rows with a key of their own (a span's ids) are one row, of which the richest copy is kept: the one with more filled
//! columns, then with the greater content hash. Rows without one are told apart by all their columns and by their
//! ordinal among equals inside their load, so that a line that a load holds twice is stored twice, and loading
//! it again adds nothing. Either way the order of loads does not matter.

use std::collections::{HashMap, HashSet};

use brunt_ingest::Identity;
use brunt_model::{Day, Table};
use twox_hash::{XxHash3_64, XxHash3_128};

use super::seen::{NO_LOAD, Seen, SeenRows, halves, whole};
use crate::error::Error;

/// The identities that a transaction has met, and what is stored under them. The same key on two days is two rows, since
/// whether the other day is looked at must not matter.
#[derive(Debug, Default)]
pub(super) struct Duplicates {
    seen: SeenRows,
    /// Copies that a richer one replaced, by table and day.
    superseded: HashMap<(&'static str, Day), HashSet<(u128, u128)>>,
}

/// What to do with a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Store,
    /// Another copy is stored: of another load, which takes this one over should that be taken back, or of the same.
    Duplicate {
        same_load: bool,
        same_content: bool,
    },
    /// Store it in place of a poorer copy; `same_load` where that copy came from the same load.
    Replace {
        same_load: bool,
    },
}

impl Duplicates {
    /// Whether it is known what is stored under this key.
    pub(super) fn is_known(
        &self,
        table: &'static Table,
        day: Day,
        key: u128,
    ) -> Result<bool, Error> {
        Ok(self.seen.get(place(table, day, key)).map_err(spilled)?.is_some())
    }

    /// Takes in rows that a day holds already: for each key all of them or none, before a row of the key is judged.
    /// Keys that are known stay as they are.
    pub(super) fn know(
        &mut self,
        table: &'static Table,
        day: Day,
        stored: impl IntoIterator<Item = Identity>,
    ) -> Result<(), Error> {
        let mut found: HashMap<u128, Seen> = HashMap::new();
        for Identity { key, content, n_filled, .. } in stored {
            let content = halves(content);
            let first = Seen {
                content,
                n_filled,
                n_stored: 0,
                load_idx: NO_LOAD,
                n_in_load: 0,
                holder_idx: NO_LOAD,
            };
            let of_key = found.entry(key).or_insert(first);
            of_key.n_stored += 1;
            if (n_filled, content) > (of_key.n_filled, of_key.content) {
                (of_key.n_filled, of_key.content) = (n_filled, content);
            }
        }
        for (key, of_key) in found {
            let place = place(table, day, key);
            if self.seen.get(place).map_err(spilled)?.is_none() {
                self.seen.put(place, of_key).map_err(spilled)?;
            }
        }
        Ok(())
    }

    /// Judges the next row of a load.
    pub(super) fn judge(
        &mut self,
        table: &'static Table,
        day: Day,
        load_idx: u32,
        identity: Identity,
    ) -> Result<Verdict, Error> {
        let place = place(table, day, identity.key);
        let Some(mut seen) = self.seen.get(place).map_err(spilled)? else {
            let first = Seen {
                content: halves(identity.content),
                n_filled: identity.n_filled,
                n_stored: 1,
                load_idx,
                n_in_load: 1,
                holder_idx: load_idx,
            };
            self.seen.put(place, first).map_err(spilled)?;
            return Ok(Verdict::Store);
        };
        let before = seen.content;
        let verdict = judged(&mut seen, load_idx, identity);
        self.seen.put(place, seen).map_err(spilled)?;
        if matches!(verdict, Verdict::Replace { .. }) {
            let copies = self.superseded.entry((table.name, day)).or_default();
            copies.insert((identity.key, whole(before)));
        }
        Ok(verdict)
    }

    /// The copies to take away, by table and day; each as (key, content).
    pub(super) fn into_superseded(self) -> HashMap<(&'static str, Day), HashSet<(u128, u128)>> {
        self.superseded
    }
}

/// Judges a row whose key was seen before.
fn judged(seen: &mut Seen, load_idx: u32, identity: Identity) -> Verdict {
    let Identity { content, n_filled, by_content, .. } = identity;
    let content = halves(content);
    let same_load = seen.load_idx == load_idx;
    seen.n_in_load = if same_load { seen.n_in_load + 1 } else { 1 };
    seen.load_idx = load_idx;
    if by_content {
        // The ordinal among equals is its identity.
        if seen.n_in_load <= seen.n_stored {
            return Verdict::Duplicate { same_load: false, same_content: true };
        }
        seen.n_stored += 1;
        return Verdict::Store;
    }
    let held_here = seen.holder_idx == load_idx;
    if (n_filled, content) <= (seen.n_filled, seen.content) {
        return Verdict::Duplicate { same_load: held_here, same_content: content == seen.content };
    }
    seen.content = content;
    seen.n_filled = n_filled;
    seen.holder_idx = load_idx;
    Verdict::Replace { same_load: held_here }
}

/// The hash under which a key of a table and a day is known; two share one with a chance that no load can reach.
fn place(table: &Table, day: Day, key: u128) -> u128 {
    let seed =
        XxHash3_64::oneshot_with_seed(u64::from(day.0.cast_unsigned()), table.name.as_bytes());
    XxHash3_128::oneshot_with_seed(seed, &key.to_le_bytes())
}

fn spilled(source: std::io::Error) -> Error {
    Error::temporary("what the load has seen", source)
}

#[cfg(test)]
mod tests {
    use brunt_model::table;

    use super::*;

    const DAY: Day = Day(20_389);

    fn judge(
        duplicates: &mut Duplicates,
        load_idx: u32,
        key: u128,
        content: u128,
        n_filled: u32,
    ) -> Verdict {
        let identity = Identity { key, content, n_filled, by_content: key == content };
        duplicates.judge(table("spans").unwrap(), DAY, load_idx, identity).unwrap()
    }

    fn duplicate(same_load: bool, same_content: bool) -> Verdict {
        Verdict::Duplicate { same_load, same_content }
    }

    #[test]
    fn equal_rows_of_one_load_are_all_stored_and_loading_them_again_adds_nothing() {
        let mut duplicates = Duplicates::default();
        for _ in 0..3 {
            assert_eq!(judge(&mut duplicates, 0, 7, 7, 4), Verdict::Store);
        }
        for _ in 0..3 {
            assert_eq!(judge(&mut duplicates, 1, 7, 7, 4), duplicate(false, true));
        }
        assert_eq!(judge(&mut duplicates, 1, 7, 7, 4), Verdict::Store);
    }

    #[test]
    fn stored_copies_count_as_an_earlier_load() {
        let mut duplicates = Duplicates::default();
        let stored = Identity { key: 7, content: 7, n_filled: 4, by_content: true };
        duplicates.know(table("spans").unwrap(), DAY, [stored, stored]).unwrap();
        let verdicts: Vec<Verdict> = (0..3).map(|_| judge(&mut duplicates, 0, 7, 7, 4)).collect();
        assert_eq!(verdicts, [duplicate(false, true), duplicate(false, true), Verdict::Store]);
    }

    #[test]
    fn a_key_that_is_known_is_not_counted_again_and_other_days_are_apart() {
        let mut duplicates = Duplicates::default();
        let stored = Identity { key: 7, content: 7, n_filled: 4, by_content: true };
        let spans = table("spans").unwrap();
        duplicates.know(spans, DAY, [stored]).unwrap();
        duplicates.know(spans, DAY, [stored]).unwrap();
        duplicates.know(spans, DAY.plus(1), [stored]).unwrap();
        let verdicts: Vec<Verdict> = (0..2).map(|_| judge(&mut duplicates, 0, 7, 7, 4)).collect();
        assert_eq!(verdicts, [duplicate(false, true), Verdict::Store]);
    }

    #[test]
    fn the_richer_copy_of_a_key_is_kept_whatever_the_order() {
        let mut half_first = Duplicates::default();
        assert_eq!(judge(&mut half_first, 0, 1, 50, 4), Verdict::Store);
        assert_eq!(judge(&mut half_first, 0, 1, 60, 9), Verdict::Replace { same_load: true });
        assert_eq!(judge(&mut half_first, 0, 1, 50, 4), duplicate(true, false));
        assert_eq!(judge(&mut half_first, 1, 1, 60, 9), duplicate(false, true));
        let superseded = half_first.into_superseded();
        assert_eq!(superseded[&("spans", DAY)], HashSet::from([(1, 50)]));

        let mut whole_first = Duplicates::default();
        assert_eq!(judge(&mut whole_first, 0, 1, 60, 9), Verdict::Store);
        assert_eq!(judge(&mut whole_first, 1, 1, 50, 4), duplicate(false, false));
        assert!(whole_first.into_superseded().is_empty());
    }

    #[test]
    fn a_copy_of_another_load_is_replaced_as_one_whatever_came_between() {
        let mut duplicates = Duplicates::default();
        assert_eq!(judge(&mut duplicates, 0, 1, 50, 4), Verdict::Store);
        assert_eq!(judge(&mut duplicates, 1, 1, 40, 2), duplicate(false, false));
        assert_eq!(judge(&mut duplicates, 1, 1, 60, 9), Verdict::Replace { same_load: false });
        assert_eq!(judge(&mut duplicates, 1, 1, 70, 11), Verdict::Replace { same_load: true });
    }

    #[test]
    fn of_equally_rich_copies_the_greater_content_is_kept() {
        let mut duplicates = Duplicates::default();
        assert_eq!(judge(&mut duplicates, 0, 1, 50, 4), Verdict::Store);
        assert_eq!(judge(&mut duplicates, 1, 1, 49, 4), duplicate(false, false));
        assert_eq!(judge(&mut duplicates, 2, 1, 51, 4), Verdict::Replace { same_load: false });
    }
}
