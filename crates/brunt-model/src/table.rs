//! A table: what one row is, its columns in order, and the key that its files are clustered by.

use std::sync::Arc;

use arrow_schema::{Schema, SchemaRef};

use crate::column::Column;

/// Who writes a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TableKind {
    /// Holds what was loaded, append-only.
    Base,
    /// A pure function of base tables and definitions, replaced day by day.
    Derived,
    /// The store's own book-keeping, under `_brunt/`.
    System,
}

/// A table of the store.
#[derive(Debug)]
pub struct Table {
    pub name: &'static str,
    pub kind: TableKind,
    /// What one row is.
    pub doc: &'static str,
    pub columns: Vec<Column>,
    /// The correlation key of the layout: within a file rows are sorted by (hour of time, key, time).
    pub sort_key: &'static [&'static str],
    schema: SchemaRef,
}

impl Table {
    pub(crate) fn new(
        name: &'static str,
        kind: TableKind,
        doc: &'static str,
        sort_key: &'static [&'static str],
        columns: Vec<Column>,
    ) -> Self {
        let schema = Arc::new(Schema::new(columns.iter().map(Column::field).collect::<Vec<_>>()));
        Self { name, kind, doc, columns, sort_key, schema }
    }

    /// All columns, the partition column `day` included.
    pub fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    pub fn column_idx(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }

    /// The column that holds a row's time: `ts`, or `loaded_at` in system tables.
    pub fn time_column(&self) -> &'static str {
        if self.kind == TableKind::System { "loaded_at" } else { "ts" }
    }
}
