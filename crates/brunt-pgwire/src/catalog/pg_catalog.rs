//! The small relations of `pg_catalog`: schemas, roles, databases, functions, settings.

use super::build::{Columns, Filling};
use super::relations::SET_OF_ROWS;
use super::{
    Catalog, DATABASE, INFORMATION_SCHEMA, INFORMATION_SCHEMA_OID, OWNER, OWNER_OID, PG_CATALOG,
    PG_CATALOG_OID, pg_class, pg_type,
};
use crate::wire_type::oid;

/// The relations that have rows.
pub(super) const FILLED: &[&str] = &[
    "pg_am",
    "pg_attribute",
    "pg_authid",
    "pg_class",
    "pg_database",
    "pg_description",
    "pg_language",
    "pg_namespace",
    "pg_proc",
    "pg_roles",
    "pg_settings",
    "pg_stat_activity",
    "pg_stat_all_tables",
    "pg_stat_user_tables",
    "pg_tables",
    "pg_tablespace",
    "pg_type",
    "pg_user",
    "pg_views",
];

/// Whether a relation differs from connection to connection.
pub(super) fn of_session(schema: &str, name: &str) -> bool {
    schema == PG_CATALOG
        && matches!(name, "pg_authid" | "pg_roles" | "pg_user" | "pg_settings" | "pg_stat_activity")
}

pub(super) fn fill(name: &str, catalog: &Catalog) -> Option<Columns> {
    let relations = catalog.relations.as_ref();
    Some(match name {
        "pg_am" => fixed(&[(2, "heap", "t"), (403, "btree", "i")], "amname", Some("amtype")),
        "pg_attribute" => pg_class::fill_attribute(relations),
        "pg_authid" | "pg_roles" | "pg_user" => roles(name, catalog),
        "pg_class" => pg_class::fill_class(relations),
        "pg_database" => database(),
        "pg_description" => pg_class::fill_description(relations),
        "pg_language" => fixed(&[(12, "internal", ""), (14, "sql", "")], "lanname", None)
            .all_int("lanowner", OWNER_OID),
        "pg_namespace" => namespaces(catalog),
        "pg_proc" => functions(catalog),
        "pg_settings" => settings(catalog),
        "pg_stat_activity" => activity(catalog),
        "pg_stat_all_tables" | "pg_stat_user_tables" => table_statistics(catalog),
        "pg_tables" => tables(catalog, false),
        "pg_tablespace" => {
            fixed(&[(1663, "pg_default", ""), (1664, "pg_global", "")], "spcname", None)
                .all_int("spcowner", OWNER_OID)
        }
        "pg_type" => pg_type::fill(),
        "pg_views" => tables(catalog, true),
        _ => return None,
    })
}

/// Rows of number, name and perhaps one character.
fn fixed(rows: &[(i64, &str, &str)], name: &'static str, kind: Option<&'static str>) -> Columns {
    let columns = Columns::new(rows.len(), Filling::Zero)
        .int("oid", rows.iter().map(|row| Some(row.0)))
        .text(name, rows.iter().map(|row| Some(row.1)));
    match kind {
        Some(kind) => columns.text(kind, rows.iter().map(|row| Some(row.2))),
        None => columns,
    }
}

fn roles(relation: &str, catalog: &Catalog) -> Columns {
    let mut roles = vec![(OWNER_OID, OWNER.to_owned())];
    if catalog.user != OWNER {
        roles.push((catalog.user_oid(), catalog.user.clone()));
    }
    let ids = roles.iter().map(|role| Some(role.0)).collect::<Vec<_>>();
    let names = roles.iter().map(|role| Some(role.1.clone())).collect::<Vec<_>>();
    let columns = Columns::new(roles.len(), Filling::Zero);
    if relation == "pg_user" {
        return columns.int("usesysid", ids).text("usename", names);
    }
    columns
        .int("oid", ids)
        .text("rolname", names)
        .all_bool("rolinherit", true)
        .all_bool("rolcanlogin", true)
        .all_int("rolconnlimit", -1)
}

fn database() -> Columns {
    Columns::new(1, Filling::Zero)
        .all_int("oid", 5)
        .all_text("datname", DATABASE)
        .all_int("datdba", OWNER_OID)
        .all_int("encoding", 6)
        .all_text("datlocprovider", "c")
        .all_bool("datallowconn", true)
        .all_int("datconnlimit", -1)
        .all_int("dattablespace", 1663)
        .all_text("datcollate", "C")
        .all_text("datctype", "C.UTF-8")
}

fn namespaces(catalog: &Catalog) -> Columns {
    let own = catalog.relations.schemas.iter().map(|schema| (schema.oid, schema.name.as_str()));
    let rows: Vec<_> = [(PG_CATALOG_OID, PG_CATALOG), (INFORMATION_SCHEMA_OID, INFORMATION_SCHEMA)]
        .into_iter()
        .chain(own)
        .collect();
    Columns::new(rows.len(), Filling::Zero)
        .int("oid", rows.iter().map(|row| Some(row.0)))
        .text("nspname", rows.iter().map(|row| Some(row.1)))
        .all_int("nspowner", OWNER_OID)
}

fn functions(catalog: &Catalog) -> Columns {
    let functions = &catalog.relations.functions;
    let n_arguments = |arguments: &str| {
        arguments.split(',').filter(|argument| !argument.trim().is_empty()).count()
    };
    Columns::new(functions.len(), Filling::Zero)
        .int("oid", functions.iter().map(|function| Some(function.oid)))
        .text("proname", functions.iter().map(|function| Some(function.name.as_str())))
        .int("pronamespace", functions.iter().map(|function| Some(function.schema_oid)))
        .all_int("proowner", OWNER_OID)
        .all_int("prolang", 12)
        .text("prokind", functions.iter().map(|function| Some(function.kind)))
        .bool("proretset", functions.iter().map(|function| function.returns == SET_OF_ROWS))
        .all_text("provolatile", "s")
        .all_text("proparallel", "s")
        .int(
            "pronargs",
            functions.iter().map(|function| i64::try_from(n_arguments(&function.arguments)).ok()),
        )
        .all_int("prorettype", i64::from(oid::TEXT))
        .all_text("proargtypes", "")
        .all_text("prosrc", "")
}

fn settings(catalog: &Catalog) -> Columns {
    let all = catalog.with_settings(|settings| settings.all().collect::<Vec<_>>());
    Columns::new(all.len(), Filling::Null)
        .text("name", all.iter().map(|shown| Some(shown.name)))
        .text("setting", all.iter().map(|shown| Some(shown.value.as_str())))
        .text("boot_val", all.iter().map(|shown| Some(shown.default)))
        .text("reset_val", all.iter().map(|shown| Some(shown.default)))
        .text("short_desc", all.iter().map(|shown| Some(shown.doc)))
        .text(
            "context",
            all.iter().map(|shown| Some(if shown.is_fixed { "internal" } else { "user" })),
        )
        .all_text("category", "Client Connection Defaults")
        .all_text("vartype", "string")
        .all_text("source", "default")
        .all_bool("pending_restart", false)
}

/// Only the connection that asks: what others do is theirs.
fn activity(catalog: &Catalog) -> Columns {
    let application = catalog.with_settings(|settings| {
        settings.show("application_name").map(|(_, value)| value.to_owned()).unwrap_or_default()
    });
    Columns::new(1, Filling::Null)
        .all_int("datid", 5)
        .all_text("datname", DATABASE)
        .all_int("pid", i64::from(catalog.pid))
        .all_int("usesysid", catalog.user_oid())
        .all_text("usename", &catalog.user)
        .all_text("application_name", &application)
        .all_text("state", "active")
        .all_text("backend_type", "client backend")
}

fn table_statistics(catalog: &Catalog) -> Columns {
    let tables: Vec<_> =
        catalog.relations.relations.iter().filter(|relation| !relation.is_view).collect();
    Columns::new(tables.len(), Filling::Null)
        .int("relid", tables.iter().map(|table| Some(table.oid)))
        .text("schemaname", tables.iter().map(|table| Some(table.schema.as_str())))
        .text("relname", tables.iter().map(|table| Some(table.name.as_str())))
}

fn tables(catalog: &Catalog, views: bool) -> Columns {
    let relations: Vec<_> =
        catalog.relations.relations.iter().filter(|relation| relation.is_view == views).collect();
    let columns = Columns::new(relations.len(), Filling::Zero)
        .text("schemaname", relations.iter().map(|relation| Some(relation.schema.as_str())));
    let names = relations.iter().map(|relation| Some(relation.name.as_str()));
    if views {
        columns
            .text("viewname", names)
            .all_text("viewowner", OWNER)
            .text("definition", relations.iter().map(|relation| relation.definition.as_deref()))
    } else {
        columns.text("tablename", names).all_text("tableowner", OWNER)
    }
}
