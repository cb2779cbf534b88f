//! The views of `information_schema` that have rows.

use super::build::{Columns, Filling};
use super::{Catalog, DATABASE, INFORMATION_SCHEMA, OWNER, PG_CATALOG, PUBLIC_OID, pg_type, spec};
use crate::wire_type::{WireType, element_of, format_type, oid};

/// The relations that have rows.
pub(super) const FILLED: &[&str] = &[
    "applicable_roles",
    "columns",
    "enabled_roles",
    "information_schema_catalog_name",
    "routines",
    "schemata",
    "table_privileges",
    "tables",
    "views",
];

pub(super) fn fill(name: &str, catalog: &Catalog) -> Option<Columns> {
    Some(match name {
        "applicable_roles" | "enabled_roles" => {
            Columns::new(1, Filling::Null).all_text("role_name", OWNER)
        }
        "columns" => columns(catalog),
        "information_schema_catalog_name" => {
            Columns::new(1, Filling::Null).all_text("catalog_name", DATABASE)
        }
        "routines" => routines(catalog),
        "schemata" => schemata(catalog),
        "table_privileges" => privileges(catalog),
        "tables" => tables(catalog),
        "views" => views(catalog),
        _ => return None,
    })
}

fn columns(catalog: &Catalog) -> Columns {
    let all: Vec<_> = catalog.relations.columns().collect();
    let wires: Vec<WireType> = all.iter().map(|(_, column, _)| column.wire).collect();
    let number = |value: fn(WireType) -> Option<i64>| {
        wires.iter().map(|wire| value(*wire)).collect::<Vec<_>>()
    };
    Columns::new(all.len(), Filling::Null)
        .all_text("table_catalog", DATABASE)
        .text("table_schema", all.iter().map(|(relation, ..)| Some(relation.schema.as_str())))
        .text("table_name", all.iter().map(|(relation, ..)| Some(relation.name.as_str())))
        .text("column_name", all.iter().map(|(_, column, _)| Some(column.name.as_str())))
        .int("ordinal_position", all.iter().map(|(.., number)| Some(*number)))
        .text("is_nullable", all.iter().map(|(_, column, _)| Some(yes_or_no(column.is_nullable))))
        .text("data_type", wires.iter().map(|wire| Some(data_type(*wire))))
        .int(
            "character_octet_length",
            number(|wire| (wire.oid == oid::TEXT).then_some(1_073_741_824)),
        )
        .int("numeric_precision", number(precision))
        .int("numeric_precision_radix", number(radix))
        .int("numeric_scale", number(scale))
        .int("datetime_precision", number(datetime_precision))
        .all_text("udt_catalog", DATABASE)
        .all_text("udt_schema", PG_CATALOG)
        .text("udt_name", wires.iter().map(|wire| pg_type::name(wire.oid)))
        .text("dtd_identifier", all.iter().map(|(.., number)| Some(number.to_string())))
        .all_text("is_self_referencing", "NO")
        .all_text("is_identity", "NO")
        .all_text("identity_cycle", "NO")
        .all_text("is_generated", "NEVER")
        .all_text("is_updatable", "NO")
}

fn tables(catalog: &Catalog) -> Columns {
    let own = catalog.relations.relations.iter().map(|relation| {
        let kind = if relation.is_view { "VIEW" } else { "BASE TABLE" };
        (relation.schema.as_str(), relation.name.as_str(), kind)
    });
    let system = [PG_CATALOG, INFORMATION_SCHEMA].into_iter().flat_map(|schema| {
        spec::relations(schema).iter().map(move |relation| {
            (
                schema,
                relation.name.as_str(),
                if relation.kind == 'v' { "VIEW" } else { "BASE TABLE" },
            )
        })
    });
    let rows: Vec<_> = own.chain(system).collect();
    Columns::new(rows.len(), Filling::Null)
        .all_text("table_catalog", DATABASE)
        .text("table_schema", rows.iter().map(|row| Some(row.0)))
        .text("table_name", rows.iter().map(|row| Some(row.1)))
        .text("table_type", rows.iter().map(|row| Some(row.2)))
        .all_text("is_insertable_into", "NO")
        .all_text("is_typed", "NO")
}

fn views(catalog: &Catalog) -> Columns {
    let rows: Vec<_> =
        catalog.relations.relations.iter().filter(|relation| relation.is_view).collect();
    Columns::new(rows.len(), Filling::Null)
        .all_text("table_catalog", DATABASE)
        .text("table_schema", rows.iter().map(|view| Some(view.schema.as_str())))
        .text("table_name", rows.iter().map(|view| Some(view.name.as_str())))
        .text("view_definition", rows.iter().map(|view| view.definition.as_deref()))
        .all_text("check_option", "NONE")
        .all_text("is_updatable", "NO")
        .all_text("is_insertable_into", "NO")
        .all_text("is_trigger_updatable", "NO")
        .all_text("is_trigger_deletable", "NO")
        .all_text("is_trigger_insertable_into", "NO")
}

fn schemata(catalog: &Catalog) -> Columns {
    let own = catalog.relations.schemas.iter().map(|schema| schema.name.as_str());
    let names: Vec<_> = own.chain([PG_CATALOG, INFORMATION_SCHEMA]).collect();
    Columns::new(names.len(), Filling::Null)
        .all_text("catalog_name", DATABASE)
        .text("schema_name", names.iter().map(|name| Some(*name)))
        .all_text("schema_owner", OWNER)
}

fn privileges(catalog: &Catalog) -> Columns {
    let rows = &catalog.relations.relations;
    Columns::new(rows.len(), Filling::Null)
        .all_text("grantor", OWNER)
        .all_text("grantee", "PUBLIC")
        .all_text("table_catalog", DATABASE)
        .text("table_schema", rows.iter().map(|relation| Some(relation.schema.as_str())))
        .text("table_name", rows.iter().map(|relation| Some(relation.name.as_str())))
        .all_text("privilege_type", "SELECT")
        .all_text("is_grantable", "NO")
        .all_text("with_hierarchy", "YES")
}

fn routines(catalog: &Catalog) -> Columns {
    let functions: Vec<_> = catalog
        .relations
        .functions
        .iter()
        .filter(|function| function.kind == "f" && function.schema_oid == PUBLIC_OID)
        .collect();
    let specific =
        functions.iter().map(|function| Some(format!("{}_{}", function.name, function.oid)));
    Columns::new(functions.len(), Filling::Null)
        .all_text("specific_catalog", DATABASE)
        .all_text("specific_schema", "public")
        .text("specific_name", specific)
        .all_text("routine_catalog", DATABASE)
        .all_text("routine_schema", "public")
        .text("routine_name", functions.iter().map(|function| Some(function.name.as_str())))
        .all_text("routine_type", "FUNCTION")
        .text("data_type", functions.iter().map(|function| Some(function.returns.as_str())))
        .all_text("routine_body", "EXTERNAL")
        .all_text("external_language", "INTERNAL")
        .all_text("is_deterministic", "NO")
        .all_text("sql_data_access", "READS")
}

/// The standard's name of a type; arrays have one for all.
fn data_type(wire: WireType) -> String {
    if element_of(wire.oid).is_some() {
        return "ARRAY".to_owned();
    }
    format_type(wire.oid, -1).unwrap_or_else(|| "USER-DEFINED".to_owned())
}

fn precision(wire: WireType) -> Option<i64> {
    match wire.oid {
        oid::INT2 => Some(16),
        oid::INT4 => Some(32),
        oid::INT8 => Some(64),
        oid::FLOAT4 => Some(24),
        oid::FLOAT8 => Some(53),
        oid::NUMERIC if wire.modifier >= 4 => Some(i64::from((wire.modifier - 4) >> 16)),
        _ => None,
    }
}

fn radix(wire: WireType) -> Option<i64> {
    match wire.oid {
        oid::INT2 | oid::INT4 | oid::INT8 | oid::FLOAT4 | oid::FLOAT8 => Some(2),
        oid::NUMERIC => Some(10),
        _ => None,
    }
}

fn scale(wire: WireType) -> Option<i64> {
    match wire.oid {
        oid::INT2 | oid::INT4 | oid::INT8 => Some(0),
        oid::NUMERIC if wire.modifier >= 4 => Some(i64::from((wire.modifier - 4) & 0xffff)),
        _ => None,
    }
}

fn datetime_precision(wire: WireType) -> Option<i64> {
    match wire.oid {
        oid::DATE => Some(0),
        oid::TIME | oid::TIMESTAMP | oid::TIMESTAMPTZ | oid::INTERVAL => Some(6),
        _ => None,
    }
}

fn yes_or_no(value: bool) -> &'static str {
    if value { "YES" } else { "NO" }
}
