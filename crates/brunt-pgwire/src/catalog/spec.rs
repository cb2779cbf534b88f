//! The relations of PostgreSQL's catalog: names, numbers, columns and their types, read from the text files beside this one.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};

use super::{INFORMATION_SCHEMA, PG_CATALOG};
use crate::wire_type::TYPE_KEY;

/// A relation of the catalog.
#[derive(Debug)]
pub(super) struct Relation {
    pub(super) oid: i64,
    pub(super) name: String,
    /// `r` for a table, `v` for a view.
    pub(super) kind: char,
    pub(super) schema: SchemaRef,
}

/// All relations of one of the two schemas.
pub(super) fn relations(schema: &str) -> &'static [Relation] {
    static PG: OnceLock<Vec<Relation>> = OnceLock::new();
    static INFORMATION: OnceLock<Vec<Relation>> = OnceLock::new();
    match schema {
        PG_CATALOG => PG.get_or_init(|| read(include_str!("pg_catalog.txt"))),
        INFORMATION_SCHEMA => {
            INFORMATION.get_or_init(|| read(include_str!("information_schema.txt")))
        }
        _ => &[],
    }
}

pub(super) fn relation(schema: &str, name: &str) -> Option<&'static Relation> {
    relations(schema).iter().find(|relation| relation.name == name)
}

fn read(text: &str) -> Vec<Relation> {
    text.lines().filter(|line| !line.starts_with('#')).filter_map(read_line).collect()
}

/// `1259 pg_class r: oid oid, relname name, …`
fn read_line(line: &str) -> Option<Relation> {
    let (head, columns) = line.split_once(": ")?;
    let mut head = head.split(' ');
    let oid = head.next()?.parse().ok()?;
    let name = head.next()?.to_owned();
    let kind = head.next()?.chars().next()?;
    let fields: Vec<Field> = columns
        .split(", ")
        .filter_map(|column| column.split_once(' '))
        .map(|(name, ty)| field(name, ty))
        .collect();
    Some(Relation { oid, name, kind, schema: Arc::new(Schema::new(fields)) })
}

fn field(name: &str, ty: &str) -> Field {
    if let Some(item) = ty.strip_suffix("[]") {
        let item = field("item", item);
        return Field::new(name, DataType::List(Arc::new(item)), true);
    }
    let (data_type, tag) = match ty {
        "oid" => (DataType::Int64, Some("oid")),
        "name" => (DataType::Utf8, Some("name")),
        "\"char\"" => (DataType::Utf8, Some("char")),
        "boolean" => (DataType::Boolean, None),
        "smallint" => (DataType::Int16, None),
        "integer" => (DataType::Int32, None),
        "bigint" => (DataType::Int64, None),
        "real" => (DataType::Float32, None),
        "double precision" => (DataType::Float64, None),
        "timestamp with time zone" => {
            (DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())), None)
        }
        // Types that only the catalog uses are read as text.
        _ => (DataType::Utf8, None),
    };
    let metadata: HashMap<String, String> =
        tag.map(|tag| (TYPE_KEY.to_owned(), tag.to_owned())).into_iter().collect();
    Field::new(name, data_type, true).with_metadata(metadata)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_hold_postgresqls_relations() {
        assert_eq!(relations(PG_CATALOG).len(), 139);
        let class = relation(PG_CATALOG, "pg_class").unwrap();
        assert_eq!((class.oid, class.kind, class.schema.fields().len()), (1259, 'r', 33));
        assert_eq!(
            class.schema.field_with_name("relacl").unwrap().data_type().to_string(),
            "List(Utf8)"
        );
        let columns = relation(INFORMATION_SCHEMA, "columns").unwrap();
        assert_eq!((columns.kind, columns.schema.fields().len()), ('v', 44));
        assert!(relation(PG_CATALOG, "pg_nothing").is_none());
    }
}
