//! The names that types have in SQL, for people who never heard of Arrow.

use arrow::datatypes::{DataType, IntervalUnit};

/// PostgreSQL's name of an Arrow type; Arrow's own where PostgreSQL has none.
pub fn sql_type_name(ty: &DataType) -> String {
    match ty {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => "text".to_owned(),
        DataType::Boolean => "boolean".to_owned(),
        DataType::Int8 | DataType::UInt8 | DataType::Int16 => "smallint".to_owned(),
        DataType::UInt16 | DataType::Int32 => "integer".to_owned(),
        DataType::UInt32 | DataType::Int64 => "bigint".to_owned(),
        DataType::UInt64 => "numeric(20,0)".to_owned(),
        DataType::Float16 | DataType::Float32 => "real".to_owned(),
        DataType::Float64 => "double precision".to_owned(),
        DataType::Decimal32(precision, scale)
        | DataType::Decimal64(precision, scale)
        | DataType::Decimal128(precision, scale)
        | DataType::Decimal256(precision, scale) => format!("numeric({precision},{scale})"),
        DataType::Date32 | DataType::Date64 => "date".to_owned(),
        DataType::Time32(_) | DataType::Time64(_) => "time".to_owned(),
        DataType::Timestamp(_, Some(_)) => "timestamp with time zone".to_owned(),
        DataType::Timestamp(_, None) => "timestamp".to_owned(),
        DataType::Interval(
            IntervalUnit::YearMonth | IntervalUnit::DayTime | IntervalUnit::MonthDayNano,
        )
        | DataType::Duration(_) => "interval".to_owned(),
        DataType::Binary
        | DataType::LargeBinary
        | DataType::BinaryView
        | DataType::FixedSizeBinary(_) => "bytea".to_owned(),
        DataType::List(item)
        | DataType::LargeList(item)
        | DataType::ListView(item)
        | DataType::FixedSizeList(item, _) => {
            format!("{}[]", sql_type_name(item.data_type()))
        }
        DataType::Dictionary(_, value) => sql_type_name(value),
        DataType::Struct(fields) => {
            let fields: Vec<String> = fields
                .iter()
                .map(|field| format!("{} {}", field.name(), sql_type_name(field.data_type())))
                .collect();
            format!("struct({})", fields.join(", "))
        }
        DataType::Null => "unknown".to_owned(),
        other => other.to_string(),
    }
}

/// A message of the query engine with Arrow's type names replaced by SQL's.
pub(crate) fn with_sql_type_names(message: &str) -> String {
    const NAMES: [(&str, &str); 17] = [
        ("Timestamp(µs, \"UTC\")", "timestamp with time zone"),
        ("Timestamp(µs)", "timestamp"),
        ("Timestamp(ns)", "timestamp"),
        ("Interval(MonthDayNano)", "interval"),
        ("Decimal128", "numeric"),
        ("LargeUtf8", "text"),
        ("Utf8View", "text"),
        ("Utf8", "text"),
        ("Float64", "double precision"),
        ("Float32", "real"),
        ("UInt64", "bigint"),
        ("Int64", "bigint"),
        ("Int32", "integer"),
        ("Int16", "smallint"),
        ("Date32", "date"),
        ("Boolean", "boolean"),
        ("Null", "NULL"),
    ];
    NAMES.iter().fold(message.to_owned(), |text, (arrow, sql)| text.replace(arrow, sql))
}
