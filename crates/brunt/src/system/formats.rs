//! `system.formats`: what can be loaded.

use std::sync::{Arc, LazyLock};

use arrow::array::{BooleanArray, RecordBatch, StringArray};
use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use brunt_ingest::{Format, formats};
use brunt_model::ColumnType::{Boolean, Text};
use datafusion::catalog::Session;
use datafusion::error::Result;

use crate::computed::{Rows, schema_of};

/// The registry of formats.
#[derive(Debug)]
pub(super) struct Formats;

#[async_trait]
impl Rows for Formats {
    fn schema(&self) -> SchemaRef {
        static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
            schema_of(&[
                ("name", Text, "What `brunt load --format` takes."),
                ("description", Text, "What such an export is."),
                (
                    "takes_mapping",
                    Boolean,
                    "Whether it holds records of any shape, which a mapping file can take apart.",
                ),
            ])
        });
        Arc::clone(&SCHEMA)
    }

    async fn rows(&self, _: &dyn Session) -> Result<RecordBatch> {
        let text = |of: fn(Format) -> &'static str| -> Arc<StringArray> {
            Arc::new(formats().map(|format| Some(of(format))).collect())
        };
        let generic: BooleanArray = formats().map(|format| Some(format.is_generic())).collect();
        Ok(RecordBatch::try_new(
            self.schema(),
            vec![text(Format::name), text(Format::about), Arc::new(generic)],
        )?)
    }
}
