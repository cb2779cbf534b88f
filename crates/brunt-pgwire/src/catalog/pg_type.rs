//! The rows of `pg_type`: the types that columns and parameters have here, and arrays of them.

use super::build::{Columns, Filling};
use super::{OWNER_OID, PG_CATALOG_OID};

/// A type as PostgreSQL 15's `pg_type` describes it.
struct Type {
    oid: i64,
    name: &'static str,
    len: i64,
    kind: &'static str,
    category: &'static str,
    element: i64,
    array: i64,
    /// What the names of its functions begin with, as `int4` of `int4in` and `int4send`.
    prefix: &'static str,
}

const fn base(
    oid: i64,
    name: &'static str,
    len: i64,
    category: &'static str,
    array: i64,
    prefix: &'static str,
) -> Type {
    Type { oid, name, len, kind: "b", category, element: 0, array, prefix }
}

/// From `SELECT oid, typname, typlen, typcategory, typarray, typinput FROM pg_type` of PostgreSQL 15.
const TYPES: &[Type] = &[
    base(16, "bool", 1, "B", 1000, "bool"),
    base(17, "bytea", -1, "U", 1001, "bytea"),
    base(18, "char", 1, "Z", 1002, "char"),
    Type { element: 18, ..base(19, "name", 64, "S", 1003, "name") },
    base(20, "int8", 8, "N", 1016, "int8"),
    base(21, "int2", 2, "N", 1005, "int2"),
    Type { element: 21, ..base(22, "int2vector", -1, "A", 1006, "int2vector") },
    base(23, "int4", 4, "N", 1007, "int4"),
    base(24, "regproc", 4, "N", 1008, "regproc"),
    base(25, "text", -1, "S", 1009, "text"),
    base(26, "oid", 4, "N", 1028, "oid"),
    base(28, "xid", 4, "U", 1011, "xid"),
    Type { element: 26, ..base(30, "oidvector", -1, "A", 1013, "oidvector") },
    base(114, "json", -1, "U", 199, "json_"),
    base(700, "float4", 4, "N", 1021, "float4"),
    base(701, "float8", 8, "N", 1022, "float8"),
    Type { kind: "p", ..base(705, "unknown", -2, "X", 0, "unknown") },
    base(1033, "aclitem", 12, "U", 1034, "aclitem"),
    base(1042, "bpchar", -1, "S", 1014, "bpchar"),
    base(1043, "varchar", -1, "S", 1015, "varchar"),
    base(1082, "date", 4, "D", 1182, "date_"),
    base(1083, "time", 8, "D", 1183, "time_"),
    base(1114, "timestamp", 8, "D", 1115, "timestamp_"),
    base(1184, "timestamptz", 8, "D", 1185, "timestamptz_"),
    base(1186, "interval", 16, "T", 1187, "interval_"),
    base(1266, "timetz", 12, "D", 1270, "timetz_"),
    base(1700, "numeric", -1, "N", 1231, "numeric_"),
    base(2205, "regclass", 4, "N", 2210, "regclass"),
    base(2206, "regtype", 4, "N", 2211, "regtype"),
    Type { kind: "p", ..base(2249, "record", -1, "P", 2287, "record_") },
    Type { kind: "p", ..base(2276, "any", 4, "P", 0, "any_") },
    Type { kind: "p", ..base(2278, "void", 4, "P", 0, "void_") },
    base(2950, "uuid", 16, "U", 2951, "uuid_"),
    base(3802, "jsonb", -1, "U", 3807, "jsonb_"),
];

/// Types that a value is cast to in its category where several would do.
const PREFERRED: [i64; 6] = [16, 25, 26, 701, 1184, 1186];

pub(super) fn fill() -> Columns {
    let arrays: Vec<(i64, String, i64)> = TYPES
        .iter()
        .filter(|ty| ty.array != 0)
        .map(|ty| (ty.array, format!("_{}", ty.name), ty.oid))
        .collect();
    let n_arrays = arrays.len();
    let n_rows = TYPES.len() + n_arrays;
    let both = |of_base: fn(&Type) -> i64, of_arrays: i64| {
        TYPES
            .iter()
            .map(of_base)
            .chain(std::iter::repeat_n(of_arrays, n_arrays))
            .map(Some)
            .collect::<Vec<_>>()
    };
    let texts = |of_base: fn(&Type) -> String, of_arrays: &str| {
        let arrays = std::iter::repeat_n(of_arrays.to_owned(), n_arrays);
        TYPES.iter().map(of_base).chain(arrays).map(Some).collect::<Vec<_>>()
    };
    let names = TYPES
        .iter()
        .map(|ty| ty.name.to_owned())
        .chain(arrays.iter().map(|(_, name, _)| name.clone()));
    Columns::new(n_rows, Filling::Zero)
        .int(
            "oid",
            TYPES.iter().map(|ty| ty.oid).chain(arrays.iter().map(|(oid, ..)| *oid)).map(Some),
        )
        .text("typname", names.map(Some))
        .all_int("typnamespace", PG_CATALOG_OID)
        .all_int("typowner", OWNER_OID)
        .int("typlen", both(|ty| ty.len, -1))
        .bool(
            "typbyval",
            TYPES.iter().map(|ty| (1..=8).contains(&ty.len)).chain(vec![false; n_arrays]),
        )
        .text("typtype", texts(|ty| ty.kind.to_owned(), "b"))
        .text("typcategory", texts(|ty| ty.category.to_owned(), "A"))
        .bool(
            "typispreferred",
            TYPES.iter().map(|ty| PREFERRED.contains(&ty.oid)).chain(vec![false; n_arrays]),
        )
        .all_bool("typisdefined", true)
        .all_text("typdelim", ",")
        .int(
            "typelem",
            TYPES.iter().map(|ty| ty.element).chain(arrays.iter().map(|(.., oid)| *oid)).map(Some),
        )
        .int("typarray", both(|ty| ty.array, 0))
        .text("typinput", texts(|ty| format!("{}in", ty.prefix), "array_in"))
        .text("typoutput", texts(|ty| format!("{}out", ty.prefix), "array_out"))
        .text("typreceive", texts(|ty| format!("{}recv", ty.prefix), "array_recv"))
        .text("typsend", texts(|ty| format!("{}send", ty.prefix), "array_send"))
        .all_text("typsubscript", "-")
        .all_text("typmodin", "-")
        .all_text("typmodout", "-")
        .all_text("typanalyze", "-")
        .all_text("typalign", "i")
        .all_text("typstorage", "p")
        .all_int("typtypmod", -1)
}

/// A type's name as `udt_name` and `regtype` of an array know it: `_text`.
pub(super) fn name(oid: u32) -> Option<String> {
    let oid = i64::from(oid);
    TYPES.iter().find_map(|ty| match oid {
        oid if oid == ty.oid => Some(ty.name.to_owned()),
        oid if oid == ty.array && oid != 0 => Some(format!("_{}", ty.name)),
        _ => None,
    })
}

/// The number of a type by its short name, its SQL name, or as a number.
pub(super) fn oid(text: &str) -> Option<i64> {
    if let Ok(number) = text.parse() {
        return Some(number);
    }
    let text = text.trim().trim_start_matches("pg_catalog.").trim_matches('"').to_lowercase();
    let is_named = |oid: i64| {
        let oid = u32::try_from(oid).unwrap_or(0);
        name(oid).as_deref() == Some(&text)
            || crate::wire_type::format_type(oid, -1).as_deref() == Some(&text)
    };
    TYPES.iter().flat_map(|ty| [ty.oid, ty.array]).find(|oid| *oid != 0 && is_named(*oid))
}
