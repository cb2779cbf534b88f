//! A finished write, and the Delta commits that it becomes.

use std::collections::BTreeMap;

use brunt_model::{Day, Table, Ts, tables};
use bytes::Bytes;
use uuid::Uuid;

use super::Changes;
use crate::delta;
use crate::epoch::{CommitEntry, Epoch, EpochFile, LoadEntry};
use crate::protocol::{Draft, Reads};

/// A finished write, ready to be offered on any base that did not change what it read.
#[derive(Debug)]
pub(crate) struct WriteDraft {
    pub(super) writer: String,
    pub(super) now: Ts,
    pub(super) reads: Reads,
    pub(super) changes: BTreeMap<&'static str, Changes>,
    pub(super) unloads: Vec<LoadEntry>,
    pub(super) loads: Vec<LoadEntry>,
    pub(super) definitions_hash: Option<String>,
    pub(super) first_days: BTreeMap<String, Day>,
    pub(crate) first_file: Option<String>,
}

impl Draft for WriteDraft {
    fn writer(&self) -> &str {
        &self.writer
    }

    fn reads(&self) -> &Reads {
        &self.reads
    }

    fn on(&self, base: &Epoch) -> EpochFile {
        let number = base.number + 1;
        let mut head = Epoch {
            number,
            parent: Some(base.number),
            writer: self.writer.clone(),
            committed_at: self.now,
            definitions_hash: self.definitions_hash.clone(),
            versions: base.versions.clone(),
            unloads: self.unloads.clone(),
            loads: self.loads.clone(),
            commits: Vec::new(),
            first_days: base.first_days.clone(),
            is_dropped: false,
        };
        for (table, day) in &self.first_days {
            let first = head.first_days.entry(table.clone()).or_insert(*day);
            *first = (*first).max(*day);
        }
        let mut commits = Vec::new();
        for table in tables() {
            if let Some(changes) = self.changes.get(table.name) {
                let commit = TableCommit { table, changes, now: self.now };
                commits.push(commit.append_to(&mut head));
            }
        }
        EpochFile { head, commits }
    }
}

/// The first epoch, which creates all tables.
pub(crate) fn first_epoch(now: Ts) -> EpochFile {
    let mut head = Epoch {
        number: 0,
        parent: None,
        writer: Uuid::new_v4().simple().to_string(),
        committed_at: now,
        definitions_hash: None,
        versions: BTreeMap::new(),
        unloads: Vec::new(),
        loads: Vec::new(),
        commits: Vec::new(),
        first_days: BTreeMap::new(),
        is_dropped: false,
    };
    let changes = Changes::default();
    let commits = tables()
        .iter()
        .map(|table| TableCommit { table, changes: &changes, now }.append_to(&mut head))
        .collect();
    EpochFile { head, commits }
}

/// The Delta commit of one table.
struct TableCommit<'a> {
    table: &'static Table,
    changes: &'a Changes,
    now: Ts,
}

impl TableCommit<'_> {
    /// Writes the commit into an epoch's head and returns its bytes. A table that is not there yet is created by it.
    fn append_to(&self, head: &mut Epoch) -> Bytes {
        let before = head.versions.get(self.table.name).copied();
        let version = before.map_or(0, |before| before + 1);
        let mut lines =
            vec![delta::commit_info(self.now, "WRITE"), delta::transaction(head.number, self.now)];
        if before.is_none() {
            lines.extend(delta::create_table(self.table, self.now));
        }
        lines.extend(self.changes.removed.values().map(|(_, remove)| remove.clone()));
        lines.extend(self.changes.added.iter().map(|added| added.add.clone()));
        let mut text = lines.join("\n");
        text.push('\n');
        let added = self.changes.added.iter().map(|added| added.file.day);
        let removed = self.changes.removed.values().map(|(day, _)| *day);
        head.versions.insert(self.table.name.to_owned(), version);
        head.commits.push(CommitEntry {
            table: self.table.name.to_owned(),
            version,
            size_bytes: text.len(),
            days: added.chain(removed).collect(),
        });
        text.into()
    }
}
