//! What redaction did, counted by field.

use std::collections::{BTreeMap, BTreeSet};

use crate::redact::field::Path;
use crate::redact::mask::Kind;

/// More fields than these inside a column are counted under the column alone.
const PATHS_MAX: usize = 1_000;

/// What was done to a field of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Redaction {
    pub table: &'static str,
    /// A column, or `column.key.key` in JSON; `*` stands for keys that are no names of fields.
    pub field: String,
    /// `dropped`, `hashed` or `masked`.
    pub action: &'static str,
    /// What a mask found.
    pub kind: Option<Kind>,
    /// Values that were dropped or hashed, or places that were masked.
    pub n_redacted: u64,
}

/// What is done to a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Done {
    Dropped,
    Hashed,
    Masked(Kind),
}

/// Counts by table, column, path inside it and what was done.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    counts: BTreeMap<(&'static str, &'static str, String, Done), Count>,
    paths: BTreeMap<(&'static str, &'static str), BTreeSet<String>>,
    /// Whether the first of what was masked is remembered.
    keeps_samples: bool,
}

/// How often something was done.
#[derive(Debug, Default)]
pub(crate) struct Count {
    pub(crate) n: u64,
    /// Of these, how often what was masked was all of its value.
    pub(crate) n_whole: u64,
    pub(crate) sample: String,
}

/// Where a value stands, and where what is done to it is counted.
#[derive(Debug)]
pub(crate) struct Spot<'t> {
    pub(crate) table: &'static str,
    column: &'static str,
    pub(crate) path: Path,
    tally: &'t mut Tally,
}

impl Tally {
    /// One that remembers the first of what was masked in each field.
    pub(crate) fn with_samples() -> Self {
        Self { keeps_samples: true, ..Self::default() }
    }

    /// A column's value.
    pub(crate) fn at(&mut self, table: &'static str, column: &'static str) -> Spot<'_> {
        Spot { table, column, path: Path::default(), tally: self }
    }

    /// Counts by table, column, path and what was done, in this order.
    pub(crate) fn into_counts(
        self,
    ) -> impl Iterator<Item = ((&'static str, &'static str, String, Done), Count)> {
        self.counts.into_iter()
    }

    /// Adds what was counted elsewhere.
    pub(crate) fn add(&mut self, other: Self) {
        for ((table, column, path, done), count) in other.counts {
            let held = self.count(table, column, path, done);
            held.n += count.n;
            held.n_whole += count.n_whole;
            if held.sample.is_empty() {
                held.sample = count.sample;
            }
        }
    }

    fn count(
        &mut self,
        table: &'static str,
        column: &'static str,
        mut path: String,
        done: Done,
    ) -> &mut Count {
        if !path.is_empty() {
            let known = self.paths.entry((table, column)).or_default();
            if known.len() >= PATHS_MAX && !known.contains(&path) {
                path.clear();
            } else {
                known.insert(path.clone());
            }
        }
        self.counts.entry((table, column, path, done)).or_default()
    }

    pub(crate) fn into_redactions(self) -> Vec<Redaction> {
        self.into_counts()
            .map(|((table, column, path, done), count)| {
                let (action, kind) = match done {
                    Done::Dropped => ("dropped", None),
                    Done::Hashed => ("hashed", None),
                    Done::Masked(kind) => ("masked", Some(kind)),
                };
                let field =
                    if path.is_empty() { column.to_owned() } else { format!("{column}.{path}") };
                Redaction { table, field, action, kind, n_redacted: count.n }
            })
            .collect()
    }
}

impl Spot<'_> {
    /// Counts what is done to the value here.
    pub(crate) fn note(&mut self, done: Done) {
        self.note_all(done, 1);
    }

    /// Counts the same of several values.
    pub(crate) fn note_all(&mut self, done: Done, n: usize) {
        self.count(done).n += n as u64;
    }

    /// Counts what a mask found in a value.
    pub(crate) fn note_masked(&mut self, kind: Kind, found: &str, value: &str) {
        let keeps_samples = self.tally.keeps_samples;
        let count = self.count(Done::Masked(kind));
        count.n += 1;
        count.n_whole += u64::from(found.len() == value.trim().len());
        if keeps_samples && count.sample.is_empty() {
            found.clone_into(&mut count.sample);
        }
    }

    fn count(&mut self, done: Done) -> &mut Count {
        self.tally.count(self.table, self.column, self.path.name(), done)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_keys_are_counted_under_their_column() {
        let mut tally = Tally::default();
        let letters = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l'];
        for (one, two, three) in triples(&letters) {
            let mut spot = tally.at("logs", "attributes");
            spot.path.enter(&format!("{one}{two}{three}"));
            spot.note(Done::Dropped);
        }
        let redactions = tally.into_redactions();
        assert_eq!(redactions.len(), PATHS_MAX + 1);
        assert_eq!(redactions.iter().map(|it| it.n_redacted).sum::<u64>(), 12 * 12 * 12);
        assert_eq!(redactions[0].field, "attributes");
        assert_eq!(redactions[0].n_redacted, 728);
    }

    fn triples(letters: &[char]) -> impl Iterator<Item = (char, char, char)> + '_ {
        letters.iter().flat_map(move |one| {
            letters
                .iter()
                .flat_map(move |two| letters.iter().map(move |three| (*one, *two, *three)))
        })
    }
}
