//! Parameters: their forms on the wire, and what they become in the statement.

use super::*;
use crate::statement::{Statement as Ours, parse};

fn ast(text: &str) -> Statement {
    match parse(text).unwrap().remove(0) {
        Ours::Query(ast) => *ast,
        other => panic!("{other:?}"),
    }
}

fn sql(oid: u32, text: &str) -> Result<String, Report> {
    literal(&Bound { oid, format: Format::Text, bytes: Some(text.as_bytes()) })
        .map(|expr| expr.to_string())
}

fn from_hex(oid: u32, hex: &str) -> String {
    let bytes: Vec<u8> = (0..hex.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap())
        .collect();
    binary::to_text(oid, &bytes).unwrap()
}

#[test]
fn a_value_stays_a_value() {
    assert_eq!(sql(oid::TEXT, "it's'; DROP").unwrap(), "'it''s''; DROP'");
    assert_eq!(sql(oid::INT4, "1; DROP").unwrap_err().code, "22P02");
    assert_eq!(sql(oid::NUMERIC, "1)").unwrap_err().code, "22P02");
    assert_eq!(sql(oid::FLOAT8, "x").unwrap_err().code, "22P02");
    assert_eq!(sql(oid::BYTEA, "\\x'").unwrap_err().code, "22P02");
    assert_eq!(
        sql(oid::TIMESTAMPTZ, "x'y").unwrap(),
        "CAST('x''y' AS TIMESTAMP(6) WITH TIME ZONE)"
    );
}

#[test]
fn literals_have_their_types() {
    assert_eq!(sql(oid::INT2, "-5").unwrap(), "CAST(-5 AS SMALLINT)");
    assert_eq!(
        sql(oid::INT8, "9223372036854775807").unwrap(),
        "CAST('9223372036854775807' AS BIGINT)"
    );
    assert_eq!(sql(oid::BOOL, "off").unwrap(), "false");
    assert_eq!(sql(oid::NUMERIC, "-12.340").unwrap(), "CAST('-12.340' AS NUMERIC(38,3))");
    assert_eq!(
        sql(1009, "{a,\"b c\",NULL,\"NULL\"}").unwrap(),
        "CAST(ARRAY['a', 'b c', CAST(NULL AS TEXT), 'NULL'] AS TEXT[])"
    );
    assert_eq!(sql(1007, "{}").unwrap(), "CAST(ARRAY[] AS INT[])");
    assert_eq!(null(oid::DATE).unwrap().to_string(), "CAST(NULL AS DATE)");
}

/// The bytes are those of PostgreSQL 15's send functions.
#[test]
fn binary_values_are_read_as_postgresql_writes_them() {
    for (hex, text) in [
        ("0000000000000000", "0"),
        ("000200004000000100011388", "-1.5"),
        ("0003000100000004000109291a85", "12345.6789"),
        ("0001ffff000000040001", "0.0001"),
        ("0001fffe40000008000c", "-0.00000012"),
        ("00010001000000000001", "10000"),
        (
            "000a0009000000000063270f270f270f270f270f270f270f270f270f",
            "99999999999999999999999999999999999999",
        ),
        ("000600020000000a000c0d801ed204d2162e2328", "1234567890.1234567890"),
        ("0002000000000004007b1194", "123.4500"),
    ] {
        assert_eq!(from_hex(oid::NUMERIC, hex), text);
    }
    assert_eq!(from_hex(oid::TIMESTAMPTZ, "0002e5377f340960"), "2025-10-28 14:21:13.5+00");
    assert_eq!(from_hex(oid::DATE, "000024d8"), "2025-10-28");
    assert_eq!(
        from_hex(oid::INTERVAL, "000000036c97ca88000000030000000e"),
        "1 year 2 mons 3 days 04:05:06.789"
    );
    assert_eq!(
        from_hex(1009, "00000001000000010000001900000003000000010000000161ffffffff000000026263"),
        "{\"a\",NULL,\"bc\"}"
    );
    assert_eq!(from_hex(oid::BYTEA, "dead"), "\\xdead");
    assert_eq!(
        from_hex(oid::UUID, "0123456789abcdef0123456789abcdef"),
        "01234567-89ab-cdef-0123-456789abcdef"
    );
    assert_eq!(binary::to_text(oid::INT4, &[1, 2]).unwrap_err().code, "22P03");
}

#[test]
fn parameters_are_counted_told_and_replaced() {
    let statement =
        ast("SELECT $2::date FROM error_impact(journey => $1) WHERE a = ANY($3) LIMIT $4");
    assert_eq!(count(&statement), 4);
    assert_eq!(told(&statement), BTreeMap::from([(2, oid::DATE), (4, oid::INT8)]));
    let (inferable, arrays) = without_any(&statement);
    assert_eq!(arrays, [3]);
    assert!(inferable.to_string().contains("a IN ($3)"), "{inferable}");
    let literals =
        ["'checkout'", "'2025-01-01'", "ARRAY[1]", "10"].map(|sql| expression(sql).unwrap());
    let replaced = substitute(&statement, &literals).unwrap().to_string();
    assert_eq!(
        replaced,
        "SELECT '2025-01-01'::DATE FROM error_impact(journey => 'checkout') WHERE a = ANY(ARRAY[1]) LIMIT 10"
    );
    assert_eq!(substitute(&statement, &literals[..3]).unwrap_err().code, "42P02");
}
