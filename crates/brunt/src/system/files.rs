//! `system.files`: one row a data file of the session's epoch.

use std::sync::{Arc, LazyLock};

use arrow::array::{Date32Array, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray};
use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use brunt_model::ColumnType::{BigInt, Date, Text, Timestamp};
use brunt_model::tables;
use brunt_store::DataFile;
use datafusion::catalog::Session;
use datafusion::error::Result;

use crate::computed::{Rows, schema_of};
use crate::session::Pin;

/// The files of all tables at one epoch.
#[derive(Debug)]
pub(super) struct Files {
    pub(super) pin: Arc<Pin>,
}

#[async_trait]
impl Rows for Files {
    fn schema(&self) -> SchemaRef {
        static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
            schema_of(&[
                ("table_name", Text, "Table that the rows belong to."),
                ("day", Date, "Day of the rows; the partition."),
                ("path", Text, "Path of the file inside the store."),
                ("size_bytes", BigInt, "Size of the file in bytes."),
                ("n_rows", BigInt, "Rows in the file."),
                ("ts_min", Timestamp, "Least time of its rows."),
                ("ts_max", Timestamp, "Greatest time of its rows."),
            ])
        });
        Arc::clone(&SCHEMA)
    }

    async fn rows(&self, _: &dyn Session) -> Result<RecordBatch> {
        let mut names: Vec<&str> = Vec::new();
        let mut files: Vec<DataFile> = Vec::new();
        for table in tables() {
            let snapshot = self.pin.snapshot(table).await?;
            names.resize(names.len() + snapshot.files.len(), table.name);
            files.extend_from_slice(&snapshot.files);
        }
        let numbers = |of: fn(&DataFile) -> u64| -> Int64Array {
            files.iter().map(|file| i64::try_from(of(file)).ok()).collect()
        };
        let times = |of: fn(&DataFile) -> i64| -> TimestampMicrosecondArray {
            files.iter().map(|file| Some(of(file))).collect()
        };
        Ok(RecordBatch::try_new(
            self.schema(),
            vec![
                Arc::new(StringArray::from_iter_values(names)),
                Arc::new(files.iter().map(|file| Some(file.day.0)).collect::<Date32Array>()),
                Arc::new(StringArray::from_iter_values(files.iter().map(|file| &file.path))),
                Arc::new(numbers(|file| file.size_bytes)),
                Arc::new(numbers(|file| file.n_rows)),
                Arc::new(times(|file| file.ts_min.0).with_timezone("UTC")),
                Arc::new(times(|file| file.ts_max.0).with_timezone("UTC")),
            ],
        )?)
    }
}
