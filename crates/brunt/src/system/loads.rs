//! `system.loads`: one row a load and table, with the epoch that committed it.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use arrow::array::{Array, ArrayRef, AsArray, Int64Array, RecordBatch};
use arrow::compute::concat_batches;
use arrow::datatypes::{Field, FieldRef, Schema, SchemaRef};
use async_trait::async_trait;
use brunt_model::{ColumnType, table};
use datafusion::catalog::Session;
use datafusion::error::Result;

use crate::computed::Rows;
use crate::error::Error;
use crate::session::Pin;

/// The loads up to an epoch.
#[derive(Debug)]
pub(super) struct Loads {
    pub(super) pin: Arc<Pin>,
}

#[async_trait]
impl Rows for Loads {
    fn schema(&self) -> SchemaRef {
        static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
            let comment = [("comment".to_owned(), EPOCH_DOC.to_owned())];
            let epoch = Field::new("epoch", ColumnType::BigInt.data_type(), true);
            let mut fields = vec![Arc::new(epoch.with_metadata(comment.into()))];
            if let Some(loads) = table("loads") {
                // What fed its columns has a table of its own.
                let is_shown = |field: &&FieldRef| field.name() != "mappings";
                fields.extend(loads.schema().fields().iter().filter(is_shown).cloned());
            }
            Arc::new(Schema::new(fields))
        });
        Arc::clone(&SCHEMA)
    }

    async fn rows(&self, _: &dyn Session) -> Result<RecordBatch> {
        self.collect().await
    }
}

const EPOCH_DOC: &str = "Epoch that committed the load; NULL where it is no longer kept.";

impl Loads {
    async fn collect(&self) -> Result<RecordBatch> {
        let mut epoch_of: HashMap<&str, u64> = HashMap::new();
        let epochs = self.pin.epochs().await?;
        for epoch in &epochs {
            let loads = epoch.loads.iter();
            epoch_of.extend(loads.map(|load| (load.load_id.as_str(), epoch.number)));
        }
        let Some(loads) = table("loads") else { return Ok(RecordBatch::new_empty(self.schema())) };
        let snapshot = self.pin.snapshot(loads).await?;
        let mut batches = Vec::new();
        for file in &snapshot.files {
            batches.extend(self.pin.store().read(file, None).await.map_err(Error::from)?);
        }
        let batch = concat_batches(&loads.schema(), &batches)?;
        let load_ids = batch.column_by_name("load_id").map(AsArray::as_string::<i32>);
        let epochs: Int64Array = (0..batch.num_rows())
            .map(|row_idx| {
                let load_id = load_ids.filter(|ids| ids.is_valid(row_idx))?.value(row_idx);
                i64::try_from(*epoch_of.get(load_id)?).ok()
            })
            .collect();
        let mut columns: Vec<ArrayRef> = vec![Arc::new(epochs)];
        let shown = self.schema();
        let shown = shown.fields().iter().skip(1);
        columns.extend(shown.filter_map(|field| batch.column_by_name(field.name()).cloned()));
        Ok(RecordBatch::try_new(self.schema(), columns)?)
    }
}
