//! Rows of a data file, all or those with wanted values.

use arrow::array::RecordBatch;

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
