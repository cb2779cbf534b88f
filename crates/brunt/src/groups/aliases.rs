//! Where the id of an error group leads: what `system.error_aliases` has, followed to the id of today.

use std::collections::{BTreeMap, HashMap, HashSet};

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{Int64Type, TimestampMicrosecondType};
use brunt_model::{Ts, table};
use brunt_store::{Epoch, Store};

use crate::error::Error;

const COLUMNS: [&str; 4] = ["loaded_at", "old_id", "new_id", "n_occurrences"];

/// What became of the groups that there were.
#[derive(Debug, Default)]
pub(crate) struct GroupAliases {
    /// The ways that errors went, by the time at which groups were made anew.
    regroupings: BTreeMap<Ts, Regrouping>,
    /// The group, as its id is today, that one was split from.
    split_from: HashMap<String, String>,
}

/// Both maps have the id at the other end of the way that most errors took; of several with as many that of the group
/// that kept its id, else the least.
#[derive(Debug, Default)]
struct Regrouping {
    /// By old id: where most of its errors went.
    heirs: HashMap<String, Way>,
    /// By new id: where most of its errors came from.
    parents: HashMap<String, Way>,
}

impl Regrouping {
    /// The id that a group has afterwards; the same where it changed no more.
    fn heir<'a>(&'a self, id: &'a str) -> &'a str {
        self.heirs.get(id).map_or(id, |heir| heir.id.as_str())
    }
}

#[derive(Debug)]
struct Way {
    id: String,
    n_occurrences: i64,
}

impl GroupAliases {
    /// Reads those of an epoch.
    pub(crate) async fn load(store: &Store, epoch: &Epoch) -> Result<Self, Error> {
        let mut aliases = Self::default();
        let Some(table) = table("error_aliases") else { return Ok(aliases) };
        for file in &store.snapshot(epoch, table.name).await?.files {
            for rows in store.read(file, Some(&COLUMNS)).await? {
                aliases.add(&rows);
            }
        }
        aliases.split_from = aliases.splits();
        Ok(aliases)
    }

    /// The id of today of a group that had this one after `since`: the id itself where it changed no more, or where it
    /// went into another group and came out of that again.
    pub(crate) fn current<'a>(&'a self, id: &'a str, since: Ts) -> &'a str {
        let after = (std::ops::Bound::Excluded(since), std::ops::Bound::Unbounded);
        let changes = self.regroupings.range(after);
        changes.fold(id, |now, (_, of)| {
            let is_back = now != id && of.parents.get(id).is_some_and(|parent| parent.id == now);
            if is_back { id } else { of.heir(now) }
        })
    }

    /// The group, by its id of today, that a group of today was split from; `None` where it was not, or where both are
    /// one again. Of several splits the last counts.
    pub(crate) fn split_from(&self, id: &str) -> Option<&str> {
        self.split_from.get(id).map(String::as_str)
    }

    /// A group was split from another where its id was no group's before, and the other goes on elsewhere. It is no more
    /// once most errors of its id come from a third, or once both are one.
    fn splits(&self) -> HashMap<String, String> {
        let mut splits: BTreeMap<&str, &str> = BTreeMap::new();
        let mut known: HashSet<&str> = HashSet::new();
        for of in self.regroupings.values() {
            let Regrouping { heirs, parents } = of;
            let mut after = BTreeMap::new();
            for (id, parent) in splits {
                let (heir, parent) = (of.heir(id), of.heir(parent));
                let goes_on = parents.get(heir).is_none_or(|from| from.id == id);
                if goes_on && heir != parent {
                    after.insert(heir, parent);
                }
            }
            known.extend(heirs.keys().map(String::as_str));
            let inherited: HashSet<&str> = heirs.values().map(|heir| heir.id.as_str()).collect();
            let is_new = |id: &str| !known.contains(id) && !inherited.contains(id);
            let new = parents.iter().filter(|(id, _)| is_new(id));
            after.extend(new.map(|(id, parent)| (id.as_str(), of.heir(&parent.id))));
            known.extend(parents.keys().map(String::as_str));
            splits = after;
        }
        splits.into_iter().map(|(id, of)| (id.to_owned(), of.to_owned())).collect()
    }

    fn add(&mut self, rows: &RecordBatch) {
        let times = rows.column(0).as_primitive_opt::<TimestampMicrosecondType>();
        let text = |idx: usize| rows.column(idx).as_string_opt::<i32>();
        let counts = rows.column(3).as_primitive_opt::<Int64Type>();
        let (Some(times), Some(old), Some(new), Some(counts)) = (times, text(1), text(2), counts)
        else {
            return;
        };
        for idx in 0..rows.num_rows() {
            if old.is_null(idx) || new.is_null(idx) {
                continue;
            }
            let (old, new, n_occurrences) = (old.value(idx), new.value(idx), counts.value(idx));
            let of = self.regroupings.entry(Ts(times.value(idx))).or_default();
            keep_most(&mut of.heirs, old, Way { id: new.to_owned(), n_occurrences });
            keep_most(&mut of.parents, new, Way { id: old.to_owned(), n_occurrences });
        }
    }
}

fn keep_most(ways: &mut HashMap<String, Way>, from: &str, way: Way) {
    let rank = |way: &Way| (way.n_occurrences, way.id == from, std::cmp::Reverse(way.id.clone()));
    match ways.get_mut(from) {
        Some(most) if rank(most) >= rank(&way) => {}
        Some(most) => *most = way,
        None => {
            ways.insert(from.to_owned(), way);
        }
    }
}

#[cfg(test)]
mod tests {
    use arrow::json::ReaderBuilder;

    use super::*;

    fn aliases(rows: &[(u8, &str, &str, i64)]) -> GroupAliases {
        let lines: String = rows
            .iter()
            .map(|(hour, old, new, n)| {
                format!(
                    "{{\"loaded_at\":\"2025-10-01T0{hour}:00:00Z\",\"old_id\":\"{old}\",\"new_id\":\"{new}\",\"n_occurrences\":{n}}}\n"
                )
            })
            .collect();
        let schema = table("error_aliases").unwrap().schema();
        let columns = COLUMNS.map(|name| schema.index_of(name).unwrap());
        let schema = std::sync::Arc::new(schema.project(&columns).unwrap());
        let mut aliases = GroupAliases::default();
        aliases.add(
            &ReaderBuilder::new(schema).build(lines.as_bytes()).unwrap().next().unwrap().unwrap(),
        );
        aliases
    }

    #[test]
    fn an_id_that_came_back_is_its_own_again() {
        // w is merged into x, and the merge is undone.
        let undone = aliases(&[(1, "w", "x", 2), (2, "x", "w", 2), (2, "x", "x", 3)]);
        assert_eq!((undone.current("w", Ts(0)), undone.current("x", Ts(0))), ("w", "x"));
        // The rest of a group that was split gained errors of its own: it is not what the group became.
        let split =
            aliases(&[(1, "w", "y", 3), (1, "w", "w", 1), (2, "w", "w", 1), (2, "z", "w", 1)]);
        assert_eq!(split.current("w", Ts(0)), "y");
    }

    #[test]
    fn an_id_is_followed_to_where_most_of_it_went() {
        let aliases = aliases(&[
            (1, "a", "b", 2),
            (1, "a", "c", 3),
            (1, "d", "c", 1),
            (2, "c", "e", 2),
            (2, "c", "c", 2),
            (3, "c", "g", 5),
            (3, "c", "f", 5),
        ]);
        let ids = ["a", "b", "c", "d", "e", "x"];
        assert_eq!(
            ids.map(|id| aliases.current(id, Ts::default())),
            ["f", "b", "f", "f", "e", "x"]
        );
        // What was said of an id once it had changed is said of what it is since then.
        let second = Ts(1_759_284_000_000_000);
        assert_eq!(aliases.current("a", second), "a");
        assert_eq!(aliases.current("c", second), "f");
        // `b` was nobody's before it left `a`, whose errors are `f`'s now; `c` was `d`'s heir, and is not from `a`.
        let splits = aliases.splits();
        assert_eq!(
            splits,
            [("b", "f"), ("e", "f"), ("g", "f")]
                .map(|(id, of)| (id.to_owned(), of.to_owned()))
                .into()
        );
    }

    #[test]
    fn a_group_that_was_there_before_or_is_one_again_is_split_from_nothing() {
        let aliases = aliases(&[
            // `b` gained some of `a`, and had errors of its own; `c` is new.
            (1, "a", "a", 6),
            (1, "a", "b", 2),
            (1, "a", "c", 1),
            (1, "b", "b", 1),
            // `d` becomes `e`, and goes back.
            (1, "d", "d", 2),
            (1, "d", "e", 1),
            (2, "d", "d", 2),
            (2, "e", "d", 1),
        ]);
        assert_eq!(aliases.splits(), [("c".to_owned(), "a".to_owned())].into());
        // What was split from `a` went to a group that there was; `x` comes back as a part of another.
        let aliases = self::aliases(&[
            (1, "a", "a", 5),
            (1, "a", "x", 2),
            (2, "x", "q", 2),
            (2, "q", "q", 100),
            (3, "q", "q", 100),
            (3, "q", "x", 2),
        ]);
        assert_eq!(aliases.splits(), HashMap::new());
    }
}
