//! The epoch file: a head line that says what the store is from then on, then the Delta commits that make it so.

use std::collections::{BTreeMap, BTreeSet};

use brunt_model::{Day, Ts};
use bytes::Bytes;
use serde::{Deserialize, Serialize};

/// One state of the whole store: the head of an epoch file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Epoch {
    pub number: u64,
    /// The epoch before; none for the first.
    pub parent: Option<u64>,
    /// The random id of the write that made it, by which its writer knows it again.
    pub writer: String,
    /// As its writer gave the time, in microseconds UTC.
    #[serde(with = "micros")]
    pub committed_at: Ts,
    /// The definitions that derived tables were made with, a folder of `_brunt/definitions/`.
    pub definitions_hash: Option<String>,
    /// The Delta version of every table.
    pub versions: BTreeMap<String, u64>,
    /// The loads that this epoch took back, before it brought its own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unloads: Vec<LoadEntry>,
    /// The loads that this epoch brought.
    pub loads: Vec<LoadEntry>,
    /// The Delta commits of this epoch, in the order in which their bytes follow.
    pub commits: Vec<CommitEntry>,
    /// The first day of a table that is still whole: retention took the rows of the days before. Absent where it took none.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty", with = "first_days")]
    pub first_days: BTreeMap<String, Day>,
    /// Nothing but this head is left: what only this epoch and others before a later one had was deleted on purpose.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_dropped: bool,
}

/// A load: one input with all its tables.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoadEntry {
    pub load_id: String,
    /// A hash of content, table and mapping: the same key is the same load.
    pub key: String,
    /// The file or URL that was read.
    pub input: String,
}

/// A Delta commit of an epoch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommitEntry {
    pub table: String,
    pub version: u64,
    pub size_bytes: usize,
    /// The days in which it adds or removes files.
    #[serde(with = "days")]
    pub days: BTreeSet<Day>,
}

/// A whole epoch file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct EpochFile {
    pub(crate) head: Epoch,
    /// As many as `head.commits`.
    pub(crate) commits: Vec<Bytes>,
}

impl EpochFile {
    pub(crate) fn encode(&self) -> serde_json::Result<Bytes> {
        let mut bytes = serde_json::to_vec(&self.head)?;
        bytes.push(b'\n');
        for commit in &self.commits {
            bytes.extend_from_slice(commit);
        }
        Ok(bytes.into())
    }

    /// Reads a whole file back; `Err` says what is wrong with it.
    pub(crate) fn decode(bytes: &Bytes) -> Result<Self, String> {
        let head_end = line_end(bytes).ok_or("it has no whole first line")?;
        let head = decode_head(bytes)?;
        let mut rest = bytes.slice(head_end + 1..);
        let mut commits = Vec::with_capacity(head.commits.len());
        for entry in &head.commits {
            if rest.len() < entry.size_bytes {
                return Err(format!("the commit of \"{}\" is cut short", entry.table));
            }
            commits.push(rest.split_to(entry.size_bytes));
        }
        Ok(Self { head, commits })
    }
}

/// The head from the beginning of an epoch file that holds at least its first line.
pub(crate) fn decode_head(bytes: &[u8]) -> Result<Epoch, String> {
    let end = line_end(bytes).ok_or("it has no whole first line")?;
    serde_json::from_slice(&bytes[..end]).map_err(|err| err.to_string())
}

/// Where the first line ends, if it does.
pub(crate) fn line_end(bytes: &[u8]) -> Option<usize> {
    bytes.iter().position(|byte| *byte == b'\n')
}

mod micros {
    use brunt_model::Ts;
    use serde::{Deserialize, Deserializer, Serializer};

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
    pub(super) fn serialize<S: Serializer>(ts: &Ts, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(ts.0)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Ts, D::Error> {
        i64::deserialize(deserializer).map(Ts)
    }
}

mod first_days {
    use std::collections::BTreeMap;

    use brunt_model::Day;
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(
        days: &BTreeMap<String, Day>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_map(days.iter().map(|(table, day)| (table, day.to_string())))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<BTreeMap<String, Day>, D::Error> {
        BTreeMap::<String, String>::deserialize(deserializer)?
            .into_iter()
            .map(|(table, text)| match Day::parse(&text) {
                Some(day) => Ok((table, day)),
                None => Err(D::Error::custom(format!("\"{text}\" is no day"))),
            })
            .collect()
    }
}

mod days {
    use std::collections::BTreeSet;

    use brunt_model::Day;
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(
        days: &BTreeSet<Day>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(days.iter().map(ToString::to_string))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<BTreeSet<Day>, D::Error> {
        Vec::<String>::deserialize(deserializer)?
            .iter()
            .map(|text| {
                Day::parse(text).ok_or_else(|| D::Error::custom(format!("\"{text}\" is no day")))
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example() -> EpochFile {
        let head = Epoch {
            number: 1,
            parent: Some(0),
            writer: "w".to_owned(),
            committed_at: Ts(1_761_661_273_000_001),
            definitions_hash: None,
            versions: BTreeMap::from([("logs".to_owned(), 3), ("spans".to_owned(), 0)]),
            unloads: Vec::new(),
            loads: vec![LoadEntry {
                load_id: "l1".to_owned(),
                key: "k1".to_owned(),
                input: "a.jsonl".to_owned(),
            }],
            commits: vec![
                CommitEntry {
                    table: "logs".to_owned(),
                    version: 3,
                    size_bytes: 6,
                    days: BTreeSet::from([Day(20_389)]),
                },
                CommitEntry {
                    table: "spans".to_owned(),
                    version: 0,
                    size_bytes: 3,
                    days: BTreeSet::new(),
                },
            ],
            first_days: BTreeMap::from([("logs".to_owned(), Day(20_380))]),
            is_dropped: false,
        };
        EpochFile { head, commits: vec![Bytes::from("a\nb\nc\n"), Bytes::from("{}\n")] }
    }

    #[test]
    fn an_epoch_file_reads_back_with_the_bytes_of_its_commits() {
        let file = example();
        let bytes = file.encode().unwrap();
        assert_eq!(EpochFile::decode(&bytes).unwrap(), file);
        assert_eq!(decode_head(&bytes).unwrap(), file.head);
    }

    #[test]
    fn a_file_that_is_cut_anywhere_is_refused() {
        let bytes = example().encode().unwrap();
        for len in 0..bytes.len() {
            assert!(EpochFile::decode(&bytes.slice(..len)).is_err(), "{len}");
        }
    }
}
