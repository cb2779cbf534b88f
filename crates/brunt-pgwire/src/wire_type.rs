//! What each Arrow type is called on the wire: type number, size and modifier as PostgreSQL announces them.

use arrow::datatypes::{DataType, Field};

/// Field metadata that names a PostgreSQL type where the Arrow type alone does not tell: `json`, `oid`, `name`, `char`.
pub(crate) const TYPE_KEY: &str = "brunt.type";

/// Numbers of `pg_type.oid`, as `SELECT oid, typname FROM pg_type` of PostgreSQL 15 lists them.
pub(crate) mod oid {
    pub(crate) const BOOL: u32 = 16;
    pub(crate) const BYTEA: u32 = 17;
    pub(crate) const CHAR: u32 = 18;
    pub(crate) const NAME: u32 = 19;
    pub(crate) const INT8: u32 = 20;
    pub(crate) const INT2: u32 = 21;
    pub(crate) const INT4: u32 = 23;
    pub(crate) const TEXT: u32 = 25;
    pub(crate) const OID: u32 = 26;
    pub(crate) const JSON: u32 = 114;
    pub(crate) const FLOAT4: u32 = 700;
    pub(crate) const FLOAT8: u32 = 701;
    pub(crate) const UNKNOWN: u32 = 705;
    pub(crate) const BPCHAR: u32 = 1042;
    pub(crate) const VARCHAR: u32 = 1043;
    pub(crate) const DATE: u32 = 1082;
    pub(crate) const TIME: u32 = 1083;
    pub(crate) const TIMESTAMP: u32 = 1114;
    pub(crate) const TIMESTAMPTZ: u32 = 1184;
    pub(crate) const INTERVAL: u32 = 1186;
    pub(crate) const NUMERIC: u32 = 1700;
    pub(crate) const UUID: u32 = 2950;
    pub(crate) const JSONB: u32 = 3802;
}

/// Each base type with the type of arrays of it.
const ARRAYS: [(u32, u32); 22] = [
    (oid::BOOL, 1000),
    (oid::BYTEA, 1001),
    (oid::CHAR, 1002),
    (oid::NAME, 1003),
    (oid::INT2, 1005),
    (oid::INT4, 1007),
    (oid::TEXT, 1009),
    (oid::BPCHAR, 1014),
    (oid::VARCHAR, 1015),
    (oid::INT8, 1016),
    (oid::FLOAT4, 1021),
    (oid::FLOAT8, 1022),
    (oid::OID, 1028),
    (oid::TIMESTAMP, 1115),
    (oid::DATE, 1182),
    (oid::TIME, 1183),
    (oid::TIMESTAMPTZ, 1185),
    (oid::INTERVAL, 1187),
    (oid::NUMERIC, 1231),
    (oid::JSON, 199),
    (oid::UUID, 2951),
    (oid::JSONB, 3807),
];

/// A column's type as `RowDescription` carries it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct WireType {
    pub(crate) oid: u32,
    /// Bytes of a value, or -1 where they vary.
    pub(crate) size: i16,
    /// Precision and scale of a `numeric`, or -1.
    pub(crate) modifier: i32,
}

/// The type under which a column is announced.
pub(crate) fn wire_type(field: &Field) -> WireType {
    let oid = match field.metadata().get(TYPE_KEY).map(String::as_str) {
        Some("json") => oid::JSON,
        Some("oid") => oid::OID,
        Some("name") => oid::NAME,
        Some("char") => oid::CHAR,
        _ => type_oid(field.data_type()),
    };
    let modifier = match field.data_type() {
        DataType::Decimal32(precision, scale)
        | DataType::Decimal64(precision, scale)
        | DataType::Decimal128(precision, scale)
        | DataType::Decimal256(precision, scale)
            if *scale >= 0 =>
        {
            numeric_modifier(*precision, *scale)
        }
        _ => -1,
    };
    WireType { oid, size: size(oid), modifier }
}

/// The type of arrays whose elements have the type `element`.
pub(crate) fn array_of(element: u32) -> Option<u32> {
    ARRAYS.iter().find(|(base, _)| *base == element).map(|(_, array)| *array)
}

/// The type of the elements of an array type.
pub(crate) fn element_of(array: u32) -> Option<u32> {
    ARRAYS.iter().find(|(_, candidate)| *candidate == array).map(|(base, _)| *base)
}

/// The name that PostgreSQL's `format_type` gives, `numeric(18,4)` and `text[]` included; NULL for a number that is no
/// type of ours.
pub(crate) fn format_type(oid: u32, modifier: i32) -> Option<String> {
    if let Some(element) = element_of(oid) {
        return format_type(element, modifier).map(|name| format!("{name}[]"));
    }
    let name = match oid {
        oid::BOOL => "boolean",
        oid::BYTEA => "bytea",
        oid::CHAR => "\"char\"",
        oid::NAME => "name",
        oid::INT8 => "bigint",
        oid::INT2 => "smallint",
        oid::INT4 => "integer",
        oid::TEXT => "text",
        oid::OID => "oid",
        oid::JSON => "json",
        oid::FLOAT4 => "real",
        oid::FLOAT8 => "double precision",
        oid::UNKNOWN => "unknown",
        oid::BPCHAR => "character",
        oid::VARCHAR => "character varying",
        oid::DATE => "date",
        oid::TIME => "time without time zone",
        oid::TIMESTAMP => "timestamp without time zone",
        oid::TIMESTAMPTZ => "timestamp with time zone",
        oid::INTERVAL => "interval",
        oid::NUMERIC => {
            return Some(match modifier - 4 {
                packed if packed >= 0 => format!("numeric({},{})", packed >> 16, packed & 0xffff),
                _ => "numeric".to_owned(),
            });
        }
        oid::UUID => "uuid",
        oid::JSONB => "jsonb",
        _ => return None,
    };
    Some(name.to_owned())
}

/// The SQL type under which a parameter's value is written into a statement; `None` where the plain literal will do.
pub(crate) fn cast_target(oid: u32) -> Option<&'static str> {
    Some(match oid {
        oid::BOOL => "BOOLEAN",
        oid::BYTEA => "BYTEA",
        oid::INT8 | oid::OID => "BIGINT",
        oid::INT2 => "SMALLINT",
        oid::INT4 => "INT",
        oid::FLOAT4 => "REAL",
        oid::FLOAT8 => "DOUBLE PRECISION",
        oid::DATE => "DATE",
        oid::TIME => "TIME",
        oid::TIMESTAMP => "TIMESTAMP(6)",
        oid::TIMESTAMPTZ => "TIMESTAMP(6) WITH TIME ZONE",
        oid::INTERVAL => "INTERVAL",
        oid::NUMERIC => "NUMERIC(38,10)",
        _ => return None,
    })
}

/// Nested values without an array type of their own travel as JSON.
pub(crate) fn is_json(data_type: &DataType) -> bool {
    match data_type {
        DataType::Struct(_) | DataType::Map(..) | DataType::Union(..) => true,
        DataType::List(item)
        | DataType::LargeList(item)
        | DataType::ListView(item)
        | DataType::LargeListView(item)
        | DataType::FixedSizeList(item, _) => {
            is_list(item.data_type()) || is_json(item.data_type())
        }
        DataType::Dictionary(_, value) => is_json(value),
        DataType::RunEndEncoded(_, value) => is_json(value.data_type()),
        _ => false,
    }
}

fn is_list(data_type: &DataType) -> bool {
    matches!(
        data_type,
        DataType::List(_)
            | DataType::LargeList(_)
            | DataType::ListView(_)
            | DataType::LargeListView(_)
            | DataType::FixedSizeList(..)
    )
}

fn type_oid(data_type: &DataType) -> u32 {
    if is_json(data_type) {
        return oid::JSON;
    }
    match data_type {
        DataType::Boolean => oid::BOOL,
        DataType::Int8 | DataType::UInt8 | DataType::Int16 => oid::INT2,
        DataType::UInt16 | DataType::Int32 => oid::INT4,
        // PostgreSQL has no unsigned integers; its own functions that DataFusion gives this type return bigint.
        DataType::UInt32 | DataType::UInt64 | DataType::Int64 => oid::INT8,
        DataType::Float16 | DataType::Float32 => oid::FLOAT4,
        DataType::Float64 => oid::FLOAT8,
        DataType::Decimal32(..)
        | DataType::Decimal64(..)
        | DataType::Decimal128(..)
        | DataType::Decimal256(..) => oid::NUMERIC,
        DataType::Binary
        | DataType::LargeBinary
        | DataType::BinaryView
        | DataType::FixedSizeBinary(_) => oid::BYTEA,
        DataType::Date32 | DataType::Date64 => oid::DATE,
        DataType::Time32(_) | DataType::Time64(_) => oid::TIME,
        DataType::Timestamp(_, None) => oid::TIMESTAMP,
        DataType::Timestamp(_, Some(_)) => oid::TIMESTAMPTZ,
        DataType::Interval(_) | DataType::Duration(_) => oid::INTERVAL,
        DataType::Dictionary(_, value) => type_oid(value),
        DataType::RunEndEncoded(_, value) => type_oid(value.data_type()),
        DataType::List(item)
        | DataType::LargeList(item)
        | DataType::ListView(item)
        | DataType::LargeListView(item)
        | DataType::FixedSizeList(item, _) => array_of(wire_type(item).oid).unwrap_or(oid::JSON),
        _ => oid::TEXT,
    }
}

fn size(oid: u32) -> i16 {
    match oid {
        oid::BOOL | oid::CHAR => 1,
        oid::INT2 => 2,
        oid::INT4 | oid::OID | oid::FLOAT4 | oid::DATE => 4,
        oid::INT8 | oid::FLOAT8 | oid::TIME | oid::TIMESTAMP | oid::TIMESTAMPTZ => 8,
        oid::INTERVAL | oid::UUID => 16,
        oid::NAME => 64,
        _ => -1,
    }
}

fn numeric_modifier(precision: u8, scale: i8) -> i32 {
    ((i32::from(precision) << 16) | i32::from(scale)) + 4
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::sync::Arc;

    use arrow::datatypes::TimeUnit;

    use super::*;

    fn field(data_type: DataType) -> Field {
        Field::new("x", data_type, true)
    }

    /// Sizes and modifiers as `SELECT atttypid, attlen, atttypmod FROM pg_attribute` of PostgreSQL 15 shows them for
    /// columns of these types.
    #[test]
    fn types_carry_postgresqls_number_size_and_modifier() {
        let wire = |data_type| {
            let wire = wire_type(&field(data_type));
            (wire.oid, wire.size, wire.modifier)
        };
        assert_eq!(wire(DataType::Int16), (21, 2, -1));
        assert_eq!(wire(DataType::Decimal128(18, 4)), (1700, -1, 1_179_656));
        assert_eq!(
            wire(DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))),
            (1184, 8, -1)
        );
        assert_eq!(wire(DataType::List(Arc::new(field(DataType::Utf8)))), (1009, -1, -1));
        let nested =
            DataType::List(Arc::new(field(DataType::List(Arc::new(field(DataType::Int64))))));
        assert_eq!(wire(nested), (114, -1, -1));
        let json = field(DataType::Utf8)
            .with_metadata(HashMap::from([(TYPE_KEY.to_owned(), "json".to_owned())]));
        assert_eq!(wire_type(&json).oid, 114);
    }

    #[test]
    fn format_type_prints_modifiers_and_arrays() {
        assert_eq!(format_type(1700, 1_179_656).as_deref(), Some("numeric(18,4)"));
        assert_eq!(format_type(1700, -1).as_deref(), Some("numeric"));
        assert_eq!(format_type(1009, -1).as_deref(), Some("text[]"));
        assert_eq!(format_type(1184, -1).as_deref(), Some("timestamp with time zone"));
        assert_eq!(format_type(4_000_000, -1), None);
    }
}
