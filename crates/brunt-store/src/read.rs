//! Rows of a data file, all or those with wanted values.

use arrow::array::RecordBatch;
use futures::stream::{self, BoxStream};
use futures::{FutureExt, StreamExt};
use tokio::sync::mpsc;

use crate::data_file::{DataFile, FileRows};
use crate::error::Error;
use crate::lookup::Wanted;
use crate::requests::table_of;
use crate::store::Store;

/// Reads a file's rows, for whoever has the file.
pub(crate) async fn read_file(
    store: &Store,
    file: &DataFile,
    projection: Option<&[&str]>,
) -> Result<Vec<RecordBatch>, Error> {
    let table = table_of(&file.path)?;
    let failed = |err| Error::storage("read", &file.path, err);
    let rows = FileRows::open(store.location(), table, file, projection).await.map_err(failed)?;
    rows.all().await.map_err(failed)
}

/// Batches that were decoded before anybody asked for them.
const BATCHES_AHEAD_MAX: usize = 2;

/// The rows of files, one file after the other, decoded on a task of its own while those before are worked on.
pub(crate) fn stream_files(
    store: &Store,
    files: Vec<DataFile>,
    projection: &[&'static str],
) -> BoxStream<'static, Result<RecordBatch, Error>> {
    let (store, projection) = (store.clone(), projection.to_vec());
    let (sender, batches) = mpsc::channel(BATCHES_AHEAD_MAX);
    let reading = tokio::spawn(async move {
        for file in files {
            let failed = |err| Error::storage("read", &file.path, err);
            let table = table_of(&file.path)?;
            let rows = FileRows::open(store.location(), table, &file, Some(&projection)).await;
            let mut rows = rows.map_err(failed)?;
            while let Some(batch) = rows.next().await.map_err(failed)? {
                if sender.send(batch).await.is_err() {
                    return Ok(());
                }
            }
        }
        Ok(())
    });
    let decoded = stream::unfold(batches, |mut batches| async {
        batches.recv().await.map(|batch| (Ok(batch), batches))
    });
    // Rows that end early are an error, not the end.
    let end = reading.map(|end| match end {
        Ok(done) => done.err(),
        Err(err) => Some(Error::storage("read", "rows", err)),
    });
    decoded.chain(stream::once(end).filter_map(|end| async { end.map(Err) })).boxed()
}

/// Reads those rows of a file that have a wanted value.
pub(crate) async fn read_wanted(
    store: &Store,
    file: &DataFile,
    projection: Option<&[&str]>,
    wanted: &Wanted,
) -> Result<Vec<RecordBatch>, Error> {
    let table = table_of(&file.path)?;
    let failed = |err| Error::storage("read", &file.path, err);
    let found = FileRows::open_wanted(store.location(), table, file, projection, wanted).await;
    match found.map_err(failed)? {
        Some(rows) => rows.all().await.map_err(failed),
        None => Ok(Vec::new()),
    }
}
