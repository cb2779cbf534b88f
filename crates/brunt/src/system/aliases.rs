//! `system.aliases`: the names under which exports write our columns.

use std::sync::{Arc, LazyLock};

use arrow::array::{BooleanArray, Int32Array, RecordBatch, StringArray};
use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use brunt_ingest::{Alias, UserAlias, UserAliases};
use brunt_model::ColumnType::{Boolean, Int, Text};
use datafusion::catalog::Session;
use datafusion::error::Result;

use crate::computed::{Rows, schema_of};
use crate::definitions::ALIASES_FILE;
use crate::session::Pin;

/// The alias registry, and the user's own names before it.
#[derive(Debug)]
pub(super) struct Aliases {
    pub(super) pin: Arc<Pin>,
}

/// Another name of a column in a table, or in every table that has the column.
struct Entry {
    table: Option<&'static str>,
    column: &'static str,
    key: String,
    rank: usize,
    plain_words: bool,
    is_own: bool,
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
                (
                    "user_defined",
                    Boolean,
                    "Whether the name is from `aliases.toml`; such names go before all others.",
                ),
            ])
        });
        Arc::clone(&SCHEMA)
    }

    async fn rows(&self, _: &dyn Session) -> Result<RecordBatch> {
        let own = self.pin.definitions().file(ALIASES_FILE).unwrap_or_default();
        // The definitions of an epoch were read when it was made.
        let own = UserAliases::parse(own, ALIASES_FILE).unwrap_or_default();
        let entries: Vec<Entry> = own
            .iter()
            .flat_map(own_entries)
            .chain(brunt_ingest::aliases().iter().flat_map(entries))
            .collect();
        let text = |of: fn(&Entry) -> Option<&str>| -> Arc<StringArray> {
            Arc::new(entries.iter().map(of).collect())
        };
        let ranks = entries.iter().map(|entry| i32::try_from(entry.rank).ok());
        let flags = |of: fn(&Entry) -> bool| -> Arc<BooleanArray> {
            Arc::new(entries.iter().map(|entry| Some(of(entry))).collect())
        };
        Ok(RecordBatch::try_new(
            self.schema(),
            vec![
                text(|entry| Some(entry.column)),
                text(|entry| entry.table),
                text(|entry| Some(&entry.key)),
                Arc::new(ranks.collect::<Int32Array>()),
                flags(|entry| entry.plain_words),
                flags(|entry| entry.is_own),
            ],
        )?)
    }
}

fn own_entries(alias: &UserAlias) -> impl Iterator<Item = Entry> {
    (1..).zip(&alias.keys).map(|(rank, key)| Entry {
        table: alias.table,
        column: alias.column,
        key: key.clone(),
        rank,
        plain_words: false,
        is_own: true,
    })
}

fn entries(alias: &'static Alias) -> Vec<Entry> {
    let tables: Vec<Option<&'static str>> = match alias.tables {
        [] => vec![None],
        tables => tables.iter().copied().map(Some).collect(),
    };
    let of_table = |table| {
        let keys = (1..).zip(alias.keys);
        keys.map(move |(rank, key)| Entry {
            table,
            column: alias.column,
            key: (*key).to_owned(),
            rank,
            plain_words: alias.plain_words,
            is_own: false,
        })
    };
    tables.into_iter().flat_map(of_table).collect()
}
