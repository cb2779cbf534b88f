//! One column of a table: its name, type, unit and meaning, and how Arrow sees it.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_schema::{DataType, Field, TimeUnit};

use crate::money::{MONEY_PRECISION, MONEY_SCALE};

/// The types that columns have, as PostgreSQL shows them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnType {
    Text,
    /// `text[]`.
    TextArray,
    /// Text that holds one JSON value.
    Json,
    /// `smallint`.
    SmallInt,
    /// `int`.
    Int,
    /// `bigint`.
    BigInt,
    /// `double precision`.
    Double,
    Boolean,
    /// `timestamptz`: microseconds since 1970-01-01 UTC.
    Timestamp,
    /// `date`: days since 1970-01-01.
    Date,
    /// `numeric(18,4)`.
    Numeric,
}

/// A column of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    pub name: &'static str,
    pub ty: ColumnType,
    pub nullable: bool,
    /// One line for a reader who sees the column for the first time; its unit is part of it.
    pub doc: &'static str,
}

impl ColumnType {
    /// The type's name in PostgreSQL.
    pub fn sql_name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::TextArray => "text[]",
            Self::Json => "json",
            Self::SmallInt => "smallint",
            Self::Int => "integer",
            Self::BigInt => "bigint",
            Self::Double => "double precision",
            Self::Boolean => "boolean",
            Self::Timestamp => "timestamp with time zone",
            Self::Date => "date",
            Self::Numeric => "numeric(18,4)",
        }
    }

    /// The Arrow type in which the column is built and stored.
    pub fn data_type(self) -> DataType {
        match self {
            Self::Text | Self::Json => DataType::Utf8,
            Self::TextArray => DataType::List(Arc::new(Field::new("item", DataType::Utf8, true))),
            Self::SmallInt => DataType::Int16,
            Self::Int => DataType::Int32,
            Self::BigInt => DataType::Int64,
            Self::Double => DataType::Float64,
            Self::Boolean => DataType::Boolean,
            Self::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
            Self::Date => DataType::Date32,
            Self::Numeric => DataType::Decimal128(MONEY_PRECISION, MONEY_SCALE),
        }
    }
}

impl Column {
    pub(crate) fn new(name: &'static str, ty: ColumnType, doc: &'static str) -> Self {
        Self { name, ty, nullable: true, doc }
    }

    pub(crate) fn required(name: &'static str, ty: ColumnType, doc: &'static str) -> Self {
        Self { name, ty, nullable: false, doc }
    }

    /// The Arrow field; its metadata has the doc line as `comment`, and `brunt.type` = `json` where the text is JSON.
    pub fn field(&self) -> Field {
        let mut metadata = HashMap::from([("comment".to_owned(), self.doc.to_owned())]);
        if self.ty == ColumnType::Json {
            metadata.insert("brunt.type".to_owned(), "json".to_owned());
        }
        Field::new(self.name, self.ty.data_type(), self.nullable).with_metadata(metadata)
    }
}
