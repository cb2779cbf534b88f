//! The protocol's requests on an object store, and where in the store things lie.

use std::sync::Arc;
use std::time::Duration;

use brunt_model::{Table, TableKind};
use bytes::Bytes;
use futures::{FutureExt, TryStreamExt};
use object_store::{GetOptions, GetRange, ObjectMeta, ObjectStoreExt, PutMode, PutOptions};

use crate::delta;
use crate::epoch::{CommitEntry, Epoch, EpochFile, decode_head, line_end};
use crate::error::Error;
use crate::location::Location;
use crate::protocol::{ATTEMPTS_MAX, Log, Owner};

/// Most heads are shorter; a longer one costs a second request.
const HEAD_BYTES: u64 = 64 * 1024;

/// The wait before the second attempt; it doubles with each further one.
const FIRST_PAUSE: Duration = Duration::from_millis(10);

pub(crate) const STORE_FILE: &str = "_brunt/store.json";
pub(crate) const EPOCHS: &str = "_brunt/epochs";
pub(crate) const LATEST_FILE: &str = "_brunt/epochs/_latest";
pub(crate) const DEFINITIONS: &str = "_brunt/definitions";
/// Written again and again, only to see what time it is for the store.
const CLOCK_FILE: &str = "_brunt/clock";

/// A table's folder, relative to the store's root.
pub(crate) fn table_folder(table: &Table) -> String {
    match table.kind {
        TableKind::Base | TableKind::Derived => table.name.to_owned(),
        TableKind::System => format!("_brunt/{}", table.name),
    }
}

/// The table whose file this is, by the file's path relative to the store's root.
pub(crate) fn table_of(path: &str) -> Result<&'static Table, Error> {
    let folder = path.strip_prefix("_brunt/").unwrap_or(path).split('/').next().unwrap_or(path);
    table_named(folder)
}

/// The table of this name.
pub(crate) fn table_named(name: &str) -> Result<&'static Table, Error> {
    brunt_model::table(name).ok_or_else(|| Error::mismatch(name, "there is no such table"))
}

pub(crate) fn epoch_file(number: u64) -> String {
    format!("{EPOCHS}/{number:020}.json")
}

/// The keys of all loads up to an epoch.
pub(crate) fn loads_file(number: u64) -> String {
    format!("{EPOCHS}/{number:020}.checkpoint.parquet")
}

fn commit_file(entry: &CommitEntry) -> Result<String, Error> {
    let folder = table_folder(table_named(&entry.table)?);
    Ok(format!("{folder}/_delta_log/{:020}.json", entry.version))
}

/// Whole objects of the store, by path relative to its root.
impl Location {
    /// `None` where nothing is there.
    pub(crate) async fn read(&self, path: &str) -> Result<Option<Bytes>, Error> {
        self.read_with(path, GetOptions::default()).await
    }

    async fn read_with(&self, path: &str, options: GetOptions) -> Result<Option<Bytes>, Error> {
        let found = match self.objects.get_opts(&self.path(path), options).await {
            Err(object_store::Error::NotFound { .. }) => return Ok(None),
            found => found.map_err(|err| Error::storage("read", path, err))?,
        };
        let bytes = found.bytes().await;
        bytes.map(Some).map_err(|err| Error::storage("read", path, err))
    }

    /// Puts an object, whatever was there.
    ///
    /// Asked again where the answer is not yes: a put of the same bytes that was done twice does no harm.
    pub(crate) async fn write(&self, path: &str, bytes: Bytes) -> Result<(), Error> {
        let mut attempt = 1;
        loop {
            match self.objects.put(&self.path(path), bytes.clone().into()).await {
                Ok(_) => return Ok(()),
                Err(err) if attempt == ATTEMPTS_MAX => {
                    return Err(Error::storage("write", path, err));
                }
                Err(_) => pause(attempt).await,
            }
            attempt += 1;
        }
    }

    async fn create(&self, path: &str, bytes: Bytes) -> Result<(), Error> {
        let options = PutOptions::from(PutMode::Create);
        let put = self.objects.put_opts(&self.path(path), bytes.into(), options).await;
        put.map(drop).map_err(|err| Error::storage("write", path, err))
    }

    /// Everything under a folder, by path relative to it.
    pub(crate) async fn list(&self, folder: &str) -> Result<Vec<(String, ObjectMeta)>, Error> {
        let prefix = self.path(folder);
        let found: Vec<ObjectMeta> = self
            .objects
            .list(Some(&prefix))
            .try_collect()
            .await
            .map_err(|err| Error::storage("list", folder, err))?;
        Ok(found
            .into_iter()
            .filter_map(|meta| {
                let parts: Vec<_> = meta.location.prefix_match(&prefix)?.collect();
                let relative: Vec<&str> = parts.iter().map(AsRef::as_ref).collect();
                Some((relative.join("/"), meta))
            })
            .collect())
    }

    /// Deletes an object; that it is gone already is fine.
    pub(crate) async fn remove(&self, path: &str) -> Result<(), Error> {
        match self.objects.delete(&self.path(path)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(err) => Err(Error::storage("delete", path, err)),
        }
    }

    /// When an object was last written, by the store's own clock.
    pub(crate) async fn written_at(
        &self,
        path: &str,
    ) -> Result<chrono::DateTime<chrono::Utc>, Error> {
        let meta = self.objects.head(&self.path(path)).await;
        meta.map(|meta| meta.last_modified).map_err(|err| Error::storage("look at", path, err))
    }

    /// What time it is for the store: the one clock that all who use it share.
    pub(crate) async fn time(&self) -> Result<chrono::DateTime<chrono::Utc>, Error> {
        self.write(CLOCK_FILE, Bytes::new()).await?;
        self.written_at(CLOCK_FILE).await
    }
}

impl Log for Location {
    type Error = Error;

    async fn head(&self, number: u64) -> Result<Option<Arc<Epoch>>, Error> {
        let path = epoch_file(number);
        let options =
            GetOptions { range: Some(GetRange::Bounded(0..HEAD_BYTES)), ..GetOptions::default() };
        let mut found = self.read_with(&path, options).await?;
        if found.as_deref().is_some_and(|bytes| line_end(bytes).is_none()) {
            found = self.read(&path).await?;
        }
        let Some(bytes) = found else { return Ok(None) };
        let head = decode_head(&bytes).map_err(|reason| Error::damaged(&path, reason))?;
        Ok(Some(Arc::new(head)))
    }

    async fn commit_bytes(&self, epoch: &Epoch, commit_idx: usize) -> Result<Bytes, Error> {
        let path = epoch_file(epoch.number);
        let gone = || Error::damaged(&path, "it was there a moment ago");
        let bytes = self.read(&path).await?.ok_or_else(gone)?;
        let file = EpochFile::decode(&bytes).map_err(|reason| Error::damaged(&path, reason))?;
        file.commits.into_iter().nth(commit_idx).ok_or_else(gone)
    }

    async fn put_epoch(&self, file: &EpochFile) -> Result<(), Error> {
        let path = epoch_file(file.head.number);
        let bytes = file.encode().map_err(|err| Error::storage("encode", &path, err))?;
        self.create(&path, bytes).await
    }

    async fn owner(&self, entry: &CommitEntry) -> Result<Option<Owner>, Error> {
        let found = self.read(&commit_file(entry)?).await?;
        Ok(found.map(|bytes| delta::owner_of(&bytes).map_or(Owner::Foreign, Owner::Epoch)))
    }

    async fn put_commit(&self, entry: &CommitEntry, bytes: Bytes) -> Result<(), Error> {
        self.create(&commit_file(entry)?, bytes).await
    }

    /// Base tables first, so that nobody sees rows derived from what is not there; those of a kind together, because
    /// each waits for the disk.
    async fn put_commits(
        &self,
        entries: &[CommitEntry],
        bytes: &[Bytes],
    ) -> Vec<Result<(), Error>> {
        let kind = |entry: &CommitEntry| brunt_model::table(&entry.table).map(|table| table.kind);
        let mut answers = Vec::with_capacity(entries.len());
        let mut rest = bytes;
        for of_kind in entries.chunk_by(|a, b| kind(a) == kind(b)) {
            let (now, later) = rest.split_at(of_kind.len().min(rest.len()));
            let mut puts = Vec::with_capacity(now.len());
            for (entry, bytes) in of_kind.iter().zip(now) {
                let (log, entry, bytes) = (self.clone(), entry.clone(), bytes.clone());
                puts.push(async move { log.put_commit(&entry, bytes).await }.boxed());
            }
            answers.extend(futures::future::join_all(puts).await);
            rest = later;
        }
        answers
    }

    async fn pause(&self, attempt: u32) {
        pause(attempt).await;
    }

    fn foreign_commit(&self, entry: &CommitEntry) -> Error {
        Error::ForeignCommit { table: entry.table.clone(), version: entry.version }
    }

    fn uncertain(&self, number: u64, last: Error) -> Error {
        Error::CommitUncertain { number, source: Box::new(last) }
    }
}

async fn pause(attempt: u32) {
    tokio::time::sleep(FIRST_PAUSE * 2_u32.pow(attempt - 1)).await;
}
