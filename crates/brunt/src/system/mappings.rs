//! `system.mappings`: which keys of its input fed which columns, for each load.

use std::sync::{Arc, LazyLock};

use arrow::array::{Array, AsArray, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use brunt_model::ColumnType::{BigInt, Text};
use brunt_model::table;
use datafusion::catalog::Session;
use datafusion::error::Result;

use crate::computed::{Rows, schema_of};
use crate::error::Error;
use crate::load::StoredFeed;
use crate::session::Pin;

/// The loads up to an epoch.
#[derive(Debug)]
pub(super) struct Mappings {
    pub(super) pin: Arc<Pin>,
}

/// A key of a load's input.
struct Entry {
    load_id: String,
    table_name: String,
    feed: StoredFeed,
}

#[async_trait]
impl Rows for Mappings {
    fn schema(&self) -> SchemaRef {
        static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
            schema_of(&[
                ("load_id", Text, "Id of the load."),
                ("table_name", Text, "Table that the rows went to."),
                (
                    "column_name",
                    Text,
                    "Column that was fed; also `end` of spans and `subject` of tickets, which become part of another.",
                ),
                (
                    "source_key",
                    Text,
                    "The key as the input has it, with dots between the keys of inner objects.",
                ),
                (
                    "level",
                    Text,
                    "Where the key stood: `constant resource scope record span_event`, or `rule` where the value follows from others.",
                ),
                ("n_values", BigInt, "Records in which the column had its value from this key."),
                (
                    "n_unread",
                    BigInt,
                    "Of these, values that the column could not hold; they are in `attributes`.",
                ),
                (
                    "n_conflicts",
                    BigInt,
                    "Records in which this key said something else than the one that the column had its value from.",
                ),
            ])
        });
        Arc::clone(&SCHEMA)
    }

    async fn rows(&self, _: &dyn Session) -> Result<RecordBatch> {
        let entries = self.entries().await?;
        let text = |of: fn(&Entry) -> &str| -> Arc<StringArray> {
            Arc::new(entries.iter().map(|entry| Some(of(entry))).collect())
        };
        let count = |of: fn(&StoredFeed) -> u64| -> Arc<Int64Array> {
            Arc::new(entries.iter().map(|entry| i64::try_from(of(&entry.feed)).ok()).collect())
        };
        Ok(RecordBatch::try_new(
            self.schema(),
            vec![
                text(|entry| &entry.load_id),
                text(|entry| &entry.table_name),
                text(|entry| &entry.feed.column),
                text(|entry| &entry.feed.key),
                text(|entry| &entry.feed.level),
                count(|feed| feed.n_values),
                count(|feed| feed.n_unread),
                count(|feed| feed.n_conflicts),
            ],
        )?)
    }
}

impl Mappings {
    async fn entries(&self) -> Result<Vec<Entry>> {
        let Some(loads) = table("loads") else { return Ok(Vec::new()) };
        let snapshot = self.pin.snapshot(loads).await?;
        let columns = ["load_id", "table_name", "mappings"];
        let mut entries = Vec::new();
        for file in &snapshot.files {
            let batches = self.pin.store().read(file, Some(&columns)).await.map_err(Error::from)?;
            for batch in &batches {
                let [load_ids, table_names, feeds] = columns.map(|name| {
                    batch.column_by_name(name).and_then(|column| column.as_string_opt::<i32>())
                });
                let (Some(load_ids), Some(table_names), Some(feeds)) =
                    (load_ids, table_names, feeds)
                else {
                    continue;
                };
                for row_idx in (0..batch.num_rows()).filter(|row_idx| feeds.is_valid(*row_idx)) {
                    for feed in StoredFeed::read(feeds.value(row_idx)) {
                        entries.push(Entry {
                            load_id: load_ids.value(row_idx).to_owned(),
                            table_name: table_names.value(row_idx).to_owned(),
                            feed,
                        });
                    }
                }
            }
        }
        Ok(entries)
    }
}
