//! The Delta log of a table: which files a version has, and checkpoints. All that is known of `delta_kernel` is here.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::RecordBatch;
use arrow::compute::{concat_batches, filter_record_batch};
use async_trait::async_trait;
use brunt_model::Table;
use delta_kernel::KernelResult;
use delta_kernel::engine::arrow_data::ArrowEngineData;
use delta_kernel::expressions::ColumnName;
use delta_kernel::scan::{PartitionValuesOptions, StatsOptions};
use delta_kernel::snapshot::{Snapshot as KernelSnapshot, SnapshotRef};
use delta_kernel_default_engine::DefaultEngine;
use delta_kernel_default_engine::executor::tokio::TokioMultiThreadExecutor;
use tokio::runtime::{Builder, Handle, Runtime};
use url::Url;

use crate::error::Error;
use crate::layout::statistics_columns;
use crate::location::Location;
use crate::requests::table_folder;

/// What the store needs of Delta besides its own commits.
#[async_trait]
pub(crate) trait TableLog: fmt::Debug + Send + Sync {
    /// One row for each file of a version: `path`, `size`, `partitionValues_parsed`, `stats_parsed`.
    ///
    /// A table without files gives no batch.
    async fn files(
        &self,
        table: &'static Table,
        version: u64,
    ) -> Result<Option<RecordBatch>, Error>;

    /// Writes a checkpoint of a version, unless there is one.
    async fn checkpoint(&self, table: &'static Table, version: u64) -> Result<(), Error>;
}

/// The log as `delta_kernel` reads it, on threads of its own, because the kernel blocks.
pub(crate) struct KernelLog {
    url: Url,
    engine: Arc<DefaultEngine<TokioMultiThreadExecutor>>,
    /// The last state of each table, from which a later version is reached by reading only what came since.
    newest: Arc<Mutex<HashMap<&'static str, SnapshotRef>>>,
    threads: Option<Runtime>,
    handle: Handle,
}

impl fmt::Debug for KernelLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KernelLog").field("url", &self.url.as_str()).finish_non_exhaustive()
    }
}

impl Drop for KernelLog {
    fn drop(&mut self) {
        // Waiting for the threads would block whoever drops the store, which async code must not do.
        if let Some(threads) = self.threads.take() {
            threads.shutdown_background();
        }
    }
}

impl KernelLog {
    pub(crate) fn new(location: &Location) -> Result<Self, Error> {
        let threads = Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("brunt-delta")
            .enable_all()
            .build()
            .map_err(|err| Error::storage("start threads for", &location.url, err))?;
        let executor = Arc::new(TokioMultiThreadExecutor::new(threads.handle().clone()));
        let engine = DefaultEngine::builder(Arc::clone(&location.objects))
            .with_task_executor(executor)
            .build();
        Ok(Self {
            url: location.url.clone(),
            engine: Arc::new(engine),
            newest: Arc::default(),
            handle: threads.handle().clone(),
            threads: Some(threads),
        })
    }

    /// Runs blocking kernel work on the kernel's threads.
    async fn run<T: Send + 'static>(
        &self,
        action: &'static str,
        table: &'static Table,
        version: u64,
        work: impl FnOnce(&DefaultEngine<TokioMultiThreadExecutor>, SnapshotRef) -> KernelResult<T>
        + Send
        + 'static,
    ) -> Result<T, Error> {
        let engine = Arc::clone(&self.engine);
        let newest = Arc::clone(&self.newest);
        let folder = format!("{}{}/", self.url, table_folder(table));
        let failed = {
            let folder = folder.clone();
            move |err: Box<dyn std::error::Error + Send + Sync>| Error::storage(action, folder, err)
        };
        let task = self.handle.spawn_blocking(move || {
            let snapshot = snapshot_at(&engine, &newest, table, &folder, version)?;
            work(&engine, snapshot)
        });
        match task.await {
            Ok(done) => done.map_err(|err| failed(err.into())),
            Err(err) => Err(failed(err.into())),
        }
    }
}

#[async_trait]
impl TableLog for KernelLog {
    async fn files(
        &self,
        table: &'static Table,
        version: u64,
    ) -> Result<Option<RecordBatch>, Error> {
        let work = move |engine: &DefaultEngine<_>, snapshot| list_files(engine, snapshot, table);
        self.run("read the Delta log of", table, version, work).await
    }

    async fn checkpoint(&self, table: &'static Table, version: u64) -> Result<(), Error> {
        let work = move |engine: &DefaultEngine<_>, snapshot: SnapshotRef| {
            snapshot.checkpoint(engine, None)
        };
        self.run("write a Delta checkpoint of", table, version, work).await.map(drop)
    }
}

fn snapshot_at(
    engine: &DefaultEngine<TokioMultiThreadExecutor>,
    newest: &Mutex<HashMap<&'static str, SnapshotRef>>,
    table: &'static Table,
    folder: &str,
    version: u64,
) -> KernelResult<SnapshotRef> {
    let known = newest.lock().unwrap_or_else(PoisonError::into_inner).get(table.name).cloned();
    match known {
        Some(known) if known.version() == version => Ok(known),
        // The past is read afresh and not kept.
        Some(known) if known.version() > version => {
            KernelSnapshot::builder_for(folder).at_version(version).build(engine)
        }
        known => {
            let snapshot = match known {
                Some(known) => {
                    KernelSnapshot::builder_from(known).at_version(version).build(engine)?
                }
                None => KernelSnapshot::builder_for(folder).at_version(version).build(engine)?,
            };
            let mut newest = newest.lock().unwrap_or_else(PoisonError::into_inner);
            newest.insert(table.name, Arc::clone(&snapshot));
            Ok(snapshot)
        }
    }
}

fn list_files(
    engine: &DefaultEngine<TokioMultiThreadExecutor>,
    snapshot: SnapshotRef,
    table: &Table,
) -> KernelResult<Option<RecordBatch>> {
    let columns = statistics_columns(table).into_iter().map(|name| ColumnName::new([name]));
    let scan = snapshot
        .scan_builder()
        .with_stats(StatsOptions::struct_columns(columns.collect()))
        .with_partition_values(PartitionValuesOptions::with_struct())
        .without_row_transforms()
        .build()?;
    let mut batches = Vec::new();
    for found in scan.scan_metadata(engine)? {
        let (data, mut selected) = found?.scan_files.into_parts();
        let batch = RecordBatch::from(ArrowEngineData::try_from_engine_data(data)?);
        // What a short selection vector does not reach is selected.
        selected.resize(batch.num_rows(), true);
        batches.push(filter_record_batch(&batch, &selected.into())?);
    }
    batches.retain(|batch| batch.num_rows() > 0);
    let Some(first) = batches.first() else { return Ok(None) };
    let schema = first.schema();
    Ok(Some(concat_batches(&schema, &batches)?))
}
