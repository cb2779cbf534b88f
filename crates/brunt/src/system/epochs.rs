//! `system.epochs`: one row an epoch that is still kept, up to the session's.

use std::sync::{Arc, LazyLock};

use arrow::array::{Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray};
use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use brunt_model::ColumnType::{BigInt, Text, Timestamp};
use datafusion::catalog::Session;
use datafusion::error::Result;

use crate::computed::{Rows, schema_of};
use crate::session::Pin;

/// The epochs up to one.
#[derive(Debug)]
pub(super) struct Epochs {
    pub(super) pin: Arc<Pin>,
}

#[async_trait]
impl Rows for Epochs {
    fn schema(&self) -> SchemaRef {
        static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
            schema_of(&[
                ("epoch", BigInt, "Number of the epoch; SET brunt.epoch reads it."),
                ("committed_at", Timestamp, "When it was committed."),
                ("n_loads", BigInt, "Loads that it brought."),
                ("n_tables", BigInt, "Tables that it changed."),
                ("definitions_hash", Text, "Definitions that its derived tables were made with."),
            ])
        });
        Arc::clone(&SCHEMA)
    }

    async fn rows(&self, _: &dyn Session) -> Result<RecordBatch> {
        let epochs = self.pin.epochs().await?;
        let numbers = |of: &dyn Fn(&brunt_store::Epoch) -> u64| -> Int64Array {
            epochs.iter().map(|epoch| i64::try_from(of(epoch)).ok()).collect()
        };
        let committed_at: TimestampMicrosecondArray =
            epochs.iter().map(|epoch| Some(epoch.committed_at.0)).collect();
        let definitions: StringArray =
            epochs.iter().map(|epoch| epoch.definitions_hash.as_deref()).collect();
        Ok(RecordBatch::try_new(
            self.schema(),
            vec![
                Arc::new(numbers(&|epoch| epoch.number)),
                Arc::new(committed_at.with_timezone("UTC")),
                Arc::new(numbers(&|epoch| epoch.loads.len() as u64)),
                Arc::new(numbers(&|epoch| epoch.commits.len() as u64)),
                Arc::new(definitions),
            ],
        )?)
    }
}
