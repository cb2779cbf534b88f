//! Relations, their columns and comments: `pg_class`, `pg_attribute`, `pg_description`.

use super::build::{Columns, Filling};
use super::relations::Relations;
use super::{
    INFORMATION_SCHEMA, INFORMATION_SCHEMA_OID, OWNER_OID, PG_CATALOG, PG_CATALOG_OID, spec,
};
use crate::wire_type::{element_of, oid, wire_type};

/// Number of `pg_class` itself, under which `pg_description` files relations and columns.
const PG_CLASS_OID: i64 = 1259;
const PG_PROC_OID: i64 = 1255;
const PG_NAMESPACE_OID: i64 = 2615;
/// The access method that tables have, `heap`.
const HEAP_OID: i64 = 2;

/// What stands in `pg_class` for one relation.
struct Class {
    oid: i64,
    name: String,
    schema_oid: i64,
    kind: &'static str,
    n_columns: usize,
}

pub(super) fn fill_class(relations: &Relations) -> Columns {
    let mut classes: Vec<Class> = relations
        .relations
        .iter()
        .map(|relation| Class {
            oid: relation.oid,
            name: relation.name.clone(),
            schema_oid: relation.schema_oid,
            kind: if relation.is_view { "v" } else { "r" },
            n_columns: relation.columns.len(),
        })
        .collect();
    for (schema, schema_oid) in
        [(PG_CATALOG, PG_CATALOG_OID), (INFORMATION_SCHEMA, INFORMATION_SCHEMA_OID)]
    {
        classes.extend(spec::relations(schema).iter().map(|relation| Class {
            oid: relation.oid,
            name: relation.name.clone(),
            schema_oid,
            kind: if relation.kind == 'v' { "v" } else { "r" },
            n_columns: relation.schema.fields().len(),
        }));
    }
    Columns::new(classes.len(), Filling::Zero)
        .int("oid", classes.iter().map(|class| Some(class.oid)))
        .text("relname", classes.iter().map(|class| Some(class.name.as_str())))
        .int("relnamespace", classes.iter().map(|class| Some(class.schema_oid)))
        .all_int("relowner", OWNER_OID)
        .int(
            "relam",
            classes.iter().map(|class| Some(if class.kind == "r" { HEAP_OID } else { 0 })),
        )
        .int("relfilenode", classes.iter().map(|class| Some(class.oid)))
        .text("reltuples", std::iter::repeat_n(Some("-1"), classes.len()))
        .all_text("relpersistence", "p")
        .text("relkind", classes.iter().map(|class| Some(class.kind)))
        .int("relnatts", classes.iter().map(|class| i64::try_from(class.n_columns).ok()))
        .bool("relhasrules", classes.iter().map(|class| class.kind == "v"))
        .all_bool("relispopulated", true)
        .all_text("relreplident", "n")
}

/// What stands in `pg_attribute` for one column.
struct Attribute {
    relation_oid: i64,
    name: String,
    wire: crate::wire_type::WireType,
    number: i64,
    is_nullable: bool,
}

pub(super) fn fill_attribute(relations: &Relations) -> Columns {
    let mut attributes: Vec<Attribute> = relations
        .columns()
        .map(|(relation, column, number)| Attribute {
            relation_oid: relation.oid,
            name: column.name.clone(),
            wire: column.wire,
            number,
            is_nullable: column.is_nullable,
        })
        .collect();
    for relation in [PG_CATALOG, INFORMATION_SCHEMA].into_iter().flat_map(spec::relations) {
        attributes.extend(relation.schema.fields().iter().zip(1..).map(|(field, number)| {
            Attribute {
                relation_oid: relation.oid,
                name: field.name().clone(),
                wire: wire_type(field),
                number,
                is_nullable: true,
            }
        }));
    }
    Columns::new(attributes.len(), Filling::Zero)
        .int("attrelid", attributes.iter().map(|attribute| Some(attribute.relation_oid)))
        .text("attname", attributes.iter().map(|attribute| Some(attribute.name.as_str())))
        .int("atttypid", attributes.iter().map(|attribute| Some(i64::from(attribute.wire.oid))))
        .all_int("attstattarget", -1)
        .int("attlen", attributes.iter().map(|attribute| Some(i64::from(attribute.wire.size))))
        .int("attnum", attributes.iter().map(|attribute| Some(attribute.number)))
        .int(
            "attndims",
            attributes
                .iter()
                .map(|attribute| Some(i64::from(element_of(attribute.wire.oid).is_some()))),
        )
        .all_int("attcacheoff", -1)
        .int(
            "atttypmod",
            attributes.iter().map(|attribute| Some(i64::from(attribute.wire.modifier))),
        )
        .text("attstorage", attributes.iter().map(|attribute| Some(storage(attribute.wire))))
        .all_text("attalign", "i")
        .bool("attnotnull", attributes.iter().map(|attribute| !attribute.is_nullable))
        .all_bool("attislocal", true)
}

/// `p` for values of fixed size, `m` for numerics, `x` for what may be long.
fn storage(wire: crate::wire_type::WireType) -> &'static str {
    match (wire.oid, wire.size) {
        (oid::NUMERIC, _) => "m",
        (_, -1) => "x",
        _ => "p",
    }
}

pub(super) fn fill_description(relations: &Relations) -> Columns {
    let of_relations = relations
        .relations
        .iter()
        .filter_map(|relation| Some((relation.oid, PG_CLASS_OID, 0, relation.comment.as_deref()?)));
    let of_columns = relations.columns().filter_map(|(relation, column, number)| {
        Some((relation.oid, PG_CLASS_OID, number, column.comment.as_deref()?))
    });
    let of_functions = relations
        .functions
        .iter()
        .filter_map(|function| Some((function.oid, PG_PROC_OID, 0, function.comment.as_deref()?)));
    let of_schemas = relations.schemas.iter().filter_map(|schema| {
        Some((schema.oid, PG_NAMESPACE_OID, 0, schema_comment(&schema.name)?))
    });
    let rows: Vec<_> =
        of_relations.chain(of_columns).chain(of_functions).chain(of_schemas).collect();
    Columns::new(rows.len(), Filling::Null)
        .int("objoid", rows.iter().map(|row| Some(row.0)))
        .int("classoid", rows.iter().map(|row| Some(row.1)))
        .int("objsubid", rows.iter().map(|row| Some(row.2)))
        .text("description", rows.iter().map(|row| Some(row.3)))
}

pub(super) fn schema_comment(name: &str) -> Option<&'static str> {
    match name {
        "public" => Some("Tables, views and functions of the store."),
        "system" => Some("What the store knows of itself."),
        _ => None,
    }
}
