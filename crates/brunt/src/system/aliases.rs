//! `system.aliases`: the names under which exports write our columns.

use std::sync::{Arc, LazyLock};

use arrow::array::{BooleanArray, Int32Array, RecordBatch, StringArray};
use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use brunt_ingest::Alias;
use brunt_model::ColumnType::{Boolean, Int, Text};
use datafusion::catalog::Session;
use datafusion::error::Result;

use crate::computed::{Rows, schema_of};

/// The alias registry.
#[derive(Debug)]
pub(super) struct Aliases;

/// Another name of a column in a table, or in every table that has the column.
struct Entry {
    table: Option<&'static str>,
    alias: &'static Alias,
    key: &'static str,
    rank: usize,
}

#[async_trait]
impl Rows for Aliases {
    fn schema(&self) -> SchemaRef {
        static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
            schema_of(&[
                (
                    "column_name",
                    Text,
                    "The column that is fed, or what is said of a row otherwise.",
                ),
                (
                    "table_name",
                    Text,
                    "Table for which the name holds; NULL for every table that has the column.",
                ),
                ("alias", Text, "Another name of the column; case and punctuation do not matter."),
                (
                    "rank",
                    Int,
                    "Where several names of a column are in a record, the least of these goes first; 1 is the first.",
                ),
                (
                    "top_level_only",
                    Boolean,
                    "Whether the name is a plain word, which means the column only at the top of a record.",
                ),
            ])
        });
        Arc::clone(&SCHEMA)
    }

    async fn rows(&self, _: &dyn Session) -> Result<RecordBatch> {
        let entries: Vec<Entry> = brunt_ingest::aliases().iter().flat_map(entries).collect();
        let text = |of: fn(&Entry) -> Option<&str>| -> Arc<StringArray> {
            Arc::new(entries.iter().map(of).collect())
        };
        let ranks = entries.iter().map(|entry| i32::try_from(entry.rank).ok());
        let plain = entries.iter().map(|entry| Some(entry.alias.plain_words));
        Ok(RecordBatch::try_new(
            self.schema(),
            vec![
                text(|entry| Some(entry.alias.column)),
                text(|entry| entry.table),
                text(|entry| Some(entry.key)),
                Arc::new(ranks.collect::<Int32Array>()),
                Arc::new(plain.collect::<BooleanArray>()),
            ],
        )?)
    }
}

fn entries(alias: &'static Alias) -> Vec<Entry> {
    let tables: Vec<Option<&'static str>> = match alias.tables {
        [] => vec![None],
        tables => tables.iter().copied().map(Some).collect(),
    };
    let of_table = |table| {
        let keys = (1..).zip(alias.keys);
        keys.map(move |(rank, key)| Entry { table, alias, key, rank })
    };
    tables.into_iter().flat_map(of_table).collect()
}
