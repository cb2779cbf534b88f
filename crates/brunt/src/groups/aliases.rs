//! Where the id of an error group leads: what `system.error_aliases` has, followed to the id of today.

use std::collections::{BTreeMap, HashMap};

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{Int64Type, TimestampMicrosecondType};
use brunt_model::{Ts, table};
use brunt_store::{Epoch, Store};

use crate::error::Error;

const COLUMNS: [&str; 4] = ["loaded_at", "old_id", "new_id", "n_occurrences"];

/// For each time at which groups were made anew, the id that most of an old id's errors went to; of several with as many
/// the old id itself, else the least.
#[derive(Debug, Default)]
pub(crate) struct GroupAliases(BTreeMap<Ts, HashMap<String, Heir>>);

/// The id that stands for an old one.
#[derive(Debug)]
struct Heir {
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
        Ok(aliases)
    }

    /// The id of today of a group that had this one after `since`: the id itself where it changed no more.
    pub(crate) fn current<'a>(&'a self, id: &'a str, since: Ts) -> &'a str {
        let after = (std::ops::Bound::Excluded(since), std::ops::Bound::Unbounded);
        let changes = self.0.range(after);
        changes.fold(id, |id, (_, heirs)| heirs.get(id).map_or(id, |heir| heir.id.as_str()))
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
            let (old, id) = (old.value(idx), new.value(idx).to_owned());
            let other = Heir { id, n_occurrences: counts.value(idx) };
            let heirs = self.0.entry(Ts(times.value(idx))).or_default();
            let rank = |heir: &Heir| {
                (heir.n_occurrences, heir.id == old, std::cmp::Reverse(heir.id.clone()))
            };
            match heirs.get_mut(old) {
                Some(heir) if rank(heir) >= rank(&other) => {}
                Some(heir) => *heir = other,
                None => {
                    heirs.insert(old.to_owned(), other);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use arrow::json::ReaderBuilder;

    use super::*;

    #[test]
    fn an_id_is_followed_to_where_most_of_it_went() {
        let rows: String = [
            (1, "a", "b", 2),
            (1, "a", "c", 3),
            (1, "d", "c", 1),
            (2, "c", "e", 2),
            (2, "c", "c", 2),
            (3, "c", "g", 5),
            (3, "c", "f", 5),
        ]
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
            &ReaderBuilder::new(schema).build(rows.as_bytes()).unwrap().next().unwrap().unwrap(),
        );

        let ids = ["a", "b", "c", "d", "e", "x"];
        assert_eq!(
            ids.map(|id| aliases.current(id, Ts::default())),
            ["f", "b", "f", "f", "e", "x"]
        );
        // What was said of an id once it had changed is said of what it is since then.
        let second = Ts(1_759_284_000_000_000);
        assert_eq!(aliases.current("a", second), "a");
        assert_eq!(aliases.current("c", second), "f");
    }
}
