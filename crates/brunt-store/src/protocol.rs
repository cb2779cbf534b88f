//! How writers agree on the next epoch, and readers on the newest whole one.
//!
//! An epoch is whole when the Delta commits that it carries are there. Three rules hold at every moment, whatever
//! the store answers and whoever dies:
//!
//! 1. An epoch is put only if its number is free and the one before it is whole, so at most the newest is not whole.
//! 2. Whoever meets an epoch that is not whole and wants to write, finishes it; readers leave it alone.
//! 3. The answer to a put is only believed when it is yes. Anything else is settled by reading back: a write is
//!    known by its random id, a Delta commit by the epoch in its `txn`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use brunt_model::Day;
use bytes::Bytes;

use crate::epoch::{CommitEntry, Epoch, EpochFile};

/// How often a request is made again when the answer is neither yes nor no.
pub(crate) const ATTEMPTS_MAX: u32 = 5;

/// The requests of the protocol, each of which may fail after it was done, or be done after it failed.
pub(crate) trait Log {
    type Error;

    /// The head of an epoch, if there is such an epoch.
    async fn head(&self, number: u64) -> Result<Option<Arc<Epoch>>, Self::Error>;

    /// The bytes of one commit of an epoch that is there.
    async fn commit_bytes(&self, epoch: &Epoch, commit_idx: usize) -> Result<Bytes, Self::Error>;

    /// Puts an epoch where none is; any failure leaves open whether it did.
    async fn put_epoch(&self, file: &EpochFile) -> Result<(), Self::Error>;

    /// Which epoch the Delta commit of this table and version belongs to, if it is there.
    async fn owner(&self, entry: &CommitEntry) -> Result<Option<Owner>, Self::Error>;

    /// Puts a Delta commit where none is; any failure leaves open whether it did.
    async fn put_commit(&self, entry: &CommitEntry, bytes: Bytes) -> Result<(), Self::Error>;

    /// Puts several, each as [`Log::put_commit`] does, whatever becomes of the others.
    async fn put_commits(
        &self,
        entries: &[CommitEntry],
        bytes: &[Bytes],
    ) -> Vec<Result<(), Self::Error>> {
        let mut answers = Vec::with_capacity(entries.len());
        for (entry, bytes) in entries.iter().zip(bytes) {
            answers.push(self.put_commit(entry, bytes.clone()).await);
        }
        answers
    }

    /// Waits before a request is made again; `attempt` counts from 1.
    async fn pause(&self, attempt: u32);

    /// The error for a commit that another program put into a table of ours.
    fn foreign_commit(&self, entry: &CommitEntry) -> Self::Error;

    /// The error for an epoch of which it is not known whether it was put.
    fn uncertain(&self, number: u64, last: Self::Error) -> Self::Error;
}

/// Whose a Delta commit is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Owner {
    Epoch(u64),
    Foreign,
}

/// What a write wants to commit, on whatever epoch it comes to stand.
pub(crate) trait Draft {
    /// The random id of the write.
    fn writer(&self) -> &str;

    /// What it read, and must still be so.
    fn reads(&self) -> &Reads;

    /// The epoch file on top of this base.
    fn on(&self, base: &Epoch) -> EpochFile;
}

/// What a write depends on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Reads {
    pub(crate) days: BTreeMap<String, BTreeSet<Day>>,
    pub(crate) whole_tables: BTreeSet<String>,
    /// The keys of its loads, which nobody else may have loaded or taken back.
    pub(crate) load_keys: BTreeSet<String>,
    pub(crate) definitions_hash: Option<String>,
}

impl Reads {
    /// Whether this epoch changed something that was read.
    pub(crate) fn changed_by(&self, epoch: &Epoch) -> bool {
        let mut loads = epoch.loads.iter().chain(&epoch.unloads);
        let loaded = loads.any(|load| self.load_keys.contains(&load.key));
        let touched = epoch.commits.iter().any(|commit| {
            let read = self.days.get(&commit.table);
            self.whole_tables.contains(&commit.table)
                || read.is_some_and(|days| !days.is_disjoint(&commit.days))
        });
        loaded || touched || epoch.definitions_hash != self.definitions_hash
    }
}

/// How an offer ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Offered {
    /// It is an epoch, and whole.
    Committed(Arc<Epoch>),
    /// This epoch, whole too, came first and changed what the write had read.
    Lost(Arc<Epoch>),
}

/// The newest whole epoch, for readers: changes nothing. `known` is any epoch that was whole; `None` where it has been
/// vacuumed, and what came after it perhaps too.
pub(crate) async fn newest_whole<L: Log>(
    log: &L,
    known: Arc<Epoch>,
) -> Result<Option<Arc<Epoch>>, L::Error> {
    let Some((before, newest)) = newest_two(log, known).await? else { return Ok(None) };
    let Some(before) = before else { return Ok(Some(newest)) };
    for entry in &newest.commits {
        if log.owner(entry).await? != Some(Owner::Epoch(newest.number)) {
            return Ok(Some(before));
        }
    }
    Ok(Some(newest))
}

/// The newest epoch, finished if it was not whole: where a write begins. `known` and `None` as for [`newest_whole`].
pub(crate) async fn finish_newest<L: Log>(
    log: &L,
    known: Arc<Epoch>,
) -> Result<Option<Arc<Epoch>>, L::Error> {
    let Some((before, newest)) = newest_two(log, known).await? else { return Ok(None) };
    if before.is_some() {
        finish(log, &newest, None).await?;
    }
    Ok(Some(newest))
}

/// Makes a file the first epoch, unless there is a first epoch; either way the one that is there is whole then.
pub(crate) async fn found<L: Log>(log: &L, file: EpochFile) -> Result<Arc<Epoch>, L::Error> {
    let there = put_epoch(log, file).await?;
    finish(log, &there, None).await?;
    Ok(there)
}

/// Makes a draft the next epoch after `base`, which is whole, or a later one if others come first.
pub(crate) async fn offer<L: Log>(
    log: &L,
    base: Arc<Epoch>,
    draft: &impl Draft,
) -> Result<Offered, L::Error> {
    let mut base = base;
    loop {
        let file = draft.on(&base);
        let there = put_epoch(log, file.clone()).await?;
        if there.writer == draft.writer() {
            finish(log, &there, Some(&file)).await?;
            return Ok(Offered::Committed(there));
        }
        finish(log, &there, None).await?;
        if draft.reads().changed_by(&there) {
            return Ok(Offered::Lost(there));
        }
        base = there;
    }
}

/// The newest epoch, and the one before it unless `known` is still the newest; `None` where `known` is gone.
async fn newest_two<L: Log>(
    log: &L,
    known: Arc<Epoch>,
) -> Result<Option<(Option<Arc<Epoch>>, Arc<Epoch>)>, L::Error> {
    let (mut before, mut newest) = (None, known);
    while let Some(next) = log.head(newest.number + 1).await? {
        before = Some(std::mem::replace(&mut newest, next));
    }
    // Epochs are vacuumed oldest first: if this one is there still, nothing after it was ever taken away.
    let is_there = log.head(newest.number).await?.is_some();
    Ok(is_there.then_some((before, newest)))
}

/// Puts an epoch if its number is free; returns the one that has the number then.
async fn put_epoch<L: Log>(log: &L, file: EpochFile) -> Result<Arc<Epoch>, L::Error> {
    let number = file.head.number;
    let mut attempt = 0;
    loop {
        let Err(failure) = log.put_epoch(&file).await else { return Ok(Arc::new(file.head)) };
        let last = match log.head(number).await {
            Ok(Some(there)) => return Ok(there),
            Ok(None) => failure,
            Err(unreadable) => unreadable,
        };
        attempt += 1;
        if attempt == ATTEMPTS_MAX {
            return Err(log.uncertain(number, last));
        }
        log.pause(attempt).await;
    }
}

/// Puts what is missing of an epoch's commits; `file` where the caller has their bytes and knows that none is there.
async fn finish<L: Log>(log: &L, epoch: &Epoch, file: Option<&EpochFile>) -> Result<(), L::Error> {
    // It was whole, since others came after it, and its commits went with what it held.
    if epoch.is_dropped {
        return Ok(());
    }
    let mut first = match file {
        Some(file) => log.put_commits(&epoch.commits, &file.commits).await,
        None => Vec::new(),
    }
    .into_iter();
    for (commit_idx, entry) in epoch.commits.iter().enumerate() {
        let mut bytes = file.and_then(|file| file.commits.get(commit_idx)).cloned();
        let mut attempt = 0;
        let mut failure = match first.next() {
            Some(Ok(())) => continue,
            Some(Err(err)) => Some(err),
            None => None,
        };
        loop {
            if failure.is_none()
                && let Some(bytes) = bytes.clone()
            {
                match log.put_commit(entry, bytes).await {
                    Ok(()) => break,
                    Err(err) => failure = Some(err),
                }
            }
            match (log.owner(entry).await, failure.take()) {
                (Ok(Some(Owner::Epoch(number))), _) if number == epoch.number => break,
                (Ok(Some(_)), _) => return Err(log.foreign_commit(entry)),
                (Ok(None), None) => {
                    bytes = Some(log.commit_bytes(epoch, commit_idx).await?);
                    continue;
                }
                (Ok(None), Some(last)) | (Err(last), _) if attempt + 1 == ATTEMPTS_MAX => {
                    return Err(last);
                }
                _ => {}
            }
            attempt += 1;
            log.pause(attempt).await;
        }
    }
    Ok(())
}

#[cfg(test)]
mod model;
