//! `system.settings`: one row a setting of the session.

use std::sync::{Arc, LazyLock};

use arrow::array::{BooleanArray, RecordBatch, StringArray};
use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use brunt_model::ColumnType::{Boolean, Text};
use datafusion::catalog::Session;
use datafusion::error::Result;

use crate::computed::{Rows, schema_of};
use crate::session::is_settable;

/// The settings of the session that asks.
#[derive(Debug)]
pub(super) struct Settings;

#[async_trait]
impl Rows for Settings {
    fn schema(&self) -> SchemaRef {
        static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
            schema_of(&[
                ("name", Text, "Name of the setting."),
                ("value", Text, "Its value in this session."),
                ("settable", Boolean, "Whether SET changes it."),
                ("description", Text, "What it does."),
            ])
        });
        Arc::clone(&SCHEMA)
    }

    async fn rows(&self, state: &dyn Session) -> Result<RecordBatch> {
        let mut entries = state.config_options().entries();
        entries.sort_by(|a, b| a.key.cmp(&b.key));
        Ok(RecordBatch::try_new(
            self.schema(),
            vec![
                Arc::new(StringArray::from_iter_values(entries.iter().map(|entry| &entry.key))),
                Arc::new(
                    entries.iter().map(|entry| entry.value.as_deref()).collect::<StringArray>(),
                ),
                Arc::new(
                    entries
                        .iter()
                        .map(|entry| Some(is_settable(&entry.key)))
                        .collect::<BooleanArray>(),
                ),
                Arc::new(StringArray::from_iter_values(
                    entries.iter().map(|entry| entry.description),
                )),
            ],
        )?)
    }
}
