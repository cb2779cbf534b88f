//! `system.pii`: what personal or secret is stored. It reads all texts of all base tables when it is asked.

use std::sync::{Arc, LazyLock};

use arrow::array::{Int64Array, RecordBatch, StringArray};
use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use brunt_ingest::{Personal, Scanner};
use brunt_model::ColumnType::{BigInt, Text};
use brunt_model::{TableKind, tables};
use datafusion::catalog::Session;
use datafusion::error::Result;

use crate::code::Code;
use crate::computed::{Rows, schema_of};
use crate::error::Error;
use crate::session::Pin;

/// What is stored at an epoch.
#[derive(Debug)]
pub(super) struct Pii {
    pub(super) pin: Arc<Pin>,
}

#[async_trait]
impl Rows for Pii {
    fn schema(&self) -> SchemaRef {
        static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
            schema_of(&[
                ("table_name", Text, "Table that holds it."),
                ("column_name", Text, "Column that holds it."),
                (
                    "key",
                    Text,
                    "Inside JSON its keys, joined by dots; `*` stands for keys that are no names of fields.",
                ),
                ("kind", Text, "`email card key phone iban ip`."),
                ("n_found", BigInt, "How many were found."),
                ("sample", Text, "The shape of the first: x for letters, 9 for digits."),
                ("suggestion", Text, "What a redaction policy should do to it from now on."),
            ])
        });
        Arc::clone(&SCHEMA)
    }

    async fn rows(&self, _: &dyn Session) -> Result<RecordBatch> {
        let found = find(&self.pin).await?;
        let text = |of: fn(&Personal) -> Option<String>| -> Arc<StringArray> {
            Arc::new(found.iter().map(of).collect())
        };
        let counts = found.iter().map(|it| i64::try_from(it.n_found).ok());
        Ok(RecordBatch::try_new(
            self.schema(),
            vec![
                text(|it| Some(it.table.to_owned())),
                text(|it| Some(it.column.to_owned())),
                text(|it| it.key.clone()),
                text(|it| Some(it.kind.name().to_owned())),
                Arc::new(counts.collect::<Int64Array>()),
                text(|it| Some(it.sample.clone())),
                text(|it| Some(it.suggestion())),
            ],
        )?)
    }
}

/// Looks through all texts of all base tables, a column of a file at a time.
pub(crate) async fn find(pin: &Pin) -> Result<Vec<Personal>, Error> {
    let mut scanner = Scanner::default();
    for table in tables().iter().filter(|table| table.kind == TableKind::Base) {
        for file in &pin.snapshot(table).await?.files {
            for column in table.columns.iter().filter(|column| Scanner::reads(column)) {
                let batches = pin.store().read(file, Some(&[column.name])).await?;
                let scan = move || {
                    for batch in &batches {
                        scanner.scan(table, column, batch.column(0));
                    }
                    scanner
                };
                scanner = tokio::task::spawn_blocking(scan)
                    .await
                    .map_err(|error| Error::statement(Code::Internal, error.to_string()))?;
            }
        }
    }
    Ok(scanner.finish())
}
