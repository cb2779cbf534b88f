//! The store of the model: what is in it, what it is asked, what it answers.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use brunt_model::{Day, Ts};
use bytes::Bytes;

use crate::epoch::{CommitEntry, Epoch, EpochFile};
use crate::protocol::{Draft, Owner, Reads};

pub(super) const TABLES: [&str; 2] = ["logs", "spans"];

/// What is in the store.
#[derive(Debug, Default, Clone)]
pub(super) struct World {
    pub(super) epochs: BTreeMap<u64, Arc<EpochFile>>,
    pub(super) heads: BTreeMap<u64, Arc<Epoch>>,
    pub(super) commits: BTreeMap<(&'static str, u64), u64>,
    /// Puts that were answered with an error and may land at any time from then on.
    pub(super) late: Vec<Request>,
}

#[derive(Debug, Clone)]
pub(super) enum Request {
    Head(u64),
    CommitBytes(u64, usize),
    PutEpoch(Arc<EpochFile>),
    Owner(CommitEntry),
    PutCommit(CommitEntry, Bytes),
}

#[derive(Debug, Clone)]
pub(super) enum Answer {
    Head(Option<Arc<Epoch>>),
    Bytes(Bytes),
    Owner(Option<Owner>),
    Put(bool),
    Failed,
}

impl Hash for Answer {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        std::mem::discriminant(self).hash(hasher);
        match self {
            // A write's id says everything else that is in its epoch.
            Self::Head(head) => head.as_ref().map(|it| (it.number, &it.writer)).hash(hasher),
            Self::Bytes(bytes) => bytes.hash(hasher),
            Self::Owner(owner) => owner.hash(hasher),
            Self::Put(done) => done.hash(hasher),
            Self::Failed => {}
        }
    }
}

impl World {
    pub(super) fn new() -> Self {
        let first = draft("first", &[]).on(&epoch_before_all());
        let mut world = Self::default();
        for (entry, bytes) in first.head.commits.clone().iter().zip(&first.commits) {
            world.put_commit(entry, bytes);
        }
        world.put_epoch(&Arc::new(first));
        world
    }

    fn put_epoch(&mut self, file: &Arc<EpochFile>) -> bool {
        let number = file.head.number;
        if self.epochs.contains_key(&number) {
            return false;
        }
        self.epochs.insert(number, Arc::clone(file));
        self.heads.insert(number, Arc::new(file.head.clone()));
        true
    }

    fn put_commit(&mut self, entry: &CommitEntry, bytes: &Bytes) -> bool {
        let key = commit_key(entry);
        let owner = std::str::from_utf8(bytes).unwrap().parse().unwrap();
        if self.commits.contains_key(&key) {
            return false;
        }
        self.commits.insert(key, owner);
        true
    }

    /// Lets a request take effect and gives its true answer.
    pub(super) fn take(&mut self, request: &Request) -> Answer {
        match request {
            Request::Head(number) => Answer::Head(self.heads.get(number).cloned()),
            Request::CommitBytes(number, idx) => {
                Answer::Bytes(self.epochs[number].commits[*idx].clone())
            }
            Request::PutEpoch(file) => Answer::Put(self.put_epoch(file)),
            Request::Owner(entry) => {
                let key = commit_key(entry);
                Answer::Owner(self.commits.get(&key).copied().map(Owner::Epoch))
            }
            Request::PutCommit(entry, bytes) => Answer::Put(self.put_commit(entry, bytes)),
        }
    }

    pub(super) fn is_whole(&self, number: u64) -> bool {
        self.epochs[&number]
            .head
            .commits
            .iter()
            .all(|entry| self.commits.get(&commit_key(entry)) == Some(&number))
    }

    /// What holds at every moment.
    pub(super) fn check(&self) {
        let newest = *self.epochs.keys().last().unwrap();
        assert_eq!(self.epochs.len() as u64, newest + 1, "epochs follow each other");
        for number in 0..newest {
            assert!(self.is_whole(number), "epoch {number} is not whole and {newest} is there");
        }
        for ((table, version), owner) in &self.commits {
            let named = self.epochs[owner].head.commits.iter();
            assert!(
                named.clone().any(|entry| entry.table == **table && entry.version == *version),
                "version {version} of {table} is in no epoch"
            );
        }
    }
}

pub(super) fn commit_key(entry: &CommitEntry) -> (&'static str, u64) {
    (TABLES[usize::from(entry.table != TABLES[0])], entry.version)
}

/// A write that reads and changes the same days of every table.
#[derive(Debug)]
pub(super) struct ModelDraft {
    writer: String,
    days: BTreeSet<Day>,
    reads: Reads,
}

pub(super) fn draft(writer: &str, days: &[i32]) -> ModelDraft {
    let days: BTreeSet<Day> = days.iter().copied().map(Day).collect();
    let of_table = |table: &&str| ((*table).to_owned(), days.clone());
    let reads = Reads { days: TABLES.iter().map(of_table).collect(), ..Reads::default() };
    ModelDraft { writer: writer.to_owned(), days, reads }
}

impl Draft for ModelDraft {
    fn writer(&self) -> &str {
        &self.writer
    }

    fn reads(&self) -> &Reads {
        &self.reads
    }

    fn on(&self, base: &Epoch) -> EpochFile {
        let number = base.number.wrapping_add(1);
        let mut head =
            Epoch { number, parent: Some(base.number), commits: Vec::new(), ..base.clone() };
        head.writer.clone_from(&self.writer);
        for table in TABLES {
            let version = base.versions.get(table).map_or(0, |version| version + 1);
            head.versions.insert(table.to_owned(), version);
            let (table, days) = (table.to_owned(), self.days.clone());
            head.commits.push(CommitEntry { table, version, size_bytes: 1, days });
        }
        EpochFile { head, commits: vec![Bytes::from(number.to_string()); TABLES.len()] }
    }
}

pub(super) fn epoch_before_all() -> Epoch {
    Epoch {
        number: u64::MAX,
        parent: None,
        writer: String::new(),
        committed_at: Ts(0),
        definitions_hash: None,
        versions: BTreeMap::new(),
        unloads: Vec::new(),
        loads: Vec::new(),
        commits: Vec::new(),
        first_days: BTreeMap::new(),
        is_dropped: false,
    }
}
