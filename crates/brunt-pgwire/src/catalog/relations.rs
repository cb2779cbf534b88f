//! The tables, views and functions of a store, as the catalog lists them: read once from a session, for all connections.

use std::collections::HashSet;
use std::sync::{Arc, PoisonError};

use arrow::array::{Array, AsArray, RecordBatch, StringArray};
use brunt::Session;
use datafusion::catalog::CatalogProvider;
use datafusion::datasource::TableType;
use datafusion::execution::SessionStateBuilder;

use super::{Cache, INFORMATION_SCHEMA, OWN_SCHEMA_OID, PG_CATALOG, PG_CATALOG_OID, PUBLIC_OID};
use crate::error::Report;
use crate::wire_type::{WireType, wire_type};

/// Number of the first relation, as PostgreSQL begins with user objects.
const RELATION_OID: i64 = 16_500;
/// Number of the first function; stores have a few dozen relations.
const FUNCTION_OID: i64 = 20_000;
/// What a table function returns, as PostgreSQL writes it where the columns are not told.
pub(super) const SET_OF_ROWS: &str = "SETOF record";

/// What the catalog lists, in an order that stays.
#[derive(Debug)]
pub(crate) struct Relations {
    pub(super) schemas: Vec<Namespace>,
    pub(super) relations: Vec<Relation>,
    pub(super) functions: Vec<Function>,
    cache: Cache,
}

/// A schema of the store.
#[derive(Debug)]
pub(super) struct Namespace {
    pub(super) oid: i64,
    pub(super) name: String,
}

/// A table or view.
#[derive(Debug)]
pub(super) struct Relation {
    pub(super) oid: i64,
    pub(super) schema_oid: i64,
    pub(super) schema: String,
    pub(super) name: String,
    pub(super) is_view: bool,
    /// A view's query.
    pub(super) definition: Option<String>,
    pub(super) comment: Option<String>,
    pub(super) columns: Vec<Column>,
}

/// A column of a relation.
#[derive(Debug)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) wire: WireType,
    pub(super) is_nullable: bool,
    pub(super) comment: Option<String>,
}

/// A function that the store adds to SQL.
#[derive(Debug)]
pub(super) struct Function {
    pub(super) oid: i64,
    pub(super) name: String,
    /// `public` for the store's own, `pg_catalog` for those that the engine brings.
    pub(super) schema_oid: i64,
    /// `f` for one that gives a value or rows, `a` for an aggregate, `w` for a window function.
    pub(super) kind: &'static str,
    pub(super) arguments: String,
    pub(super) returns: String,
    pub(super) comment: Option<String>,
}

impl Relations {
    pub(crate) async fn of(session: &Session) -> Result<Arc<Self>, Report> {
        let context = session.context();
        let name = context.state().config_options().catalog.default_catalog.clone();
        let catalog = context
            .catalog(&name)
            .ok_or_else(|| Report::new("3D000", "the session has no catalog"))?;
        let mut schemas = Vec::new();
        let mut relations = Vec::new();
        for (position, schema) in own_schemas(catalog.as_ref()).into_iter().enumerate() {
            let oid =
                if schema == "public" { PUBLIC_OID } else { OWN_SCHEMA_OID + number(position) };
            let provider = catalog.schema(&schema);
            let mut names =
                provider.as_ref().map(|provider| provider.table_names()).unwrap_or_default();
            names.sort();
            for name in names {
                // A view that does not plan has no columns to list, and must not keep clients from the rest.
                let table = match &provider {
                    Some(provider) => provider.table(&name).await.ok().flatten(),
                    None => None,
                };
                let Some(table) = table else { continue };
                relations.push(Relation {
                    oid: RELATION_OID + number(relations.len()),
                    schema_oid: oid,
                    comment: brunt_model::table(&name).map(|table| table.doc.to_owned()),
                    is_view: table.table_type() == TableType::View,
                    definition: table.get_table_definition().map(str::to_owned),
                    columns: table.schema().fields().iter().map(|field| column(field)).collect(),
                    schema: schema.clone(),
                    name,
                });
            }
            schemas.push(Namespace { oid, name: schema });
        }
        let functions = functions(session).await?;
        Ok(Arc::new(Self { schemas, relations, functions, cache: Cache::default() }))
    }

    pub(super) fn by_oid(&self, oid: i64) -> Option<&Relation> {
        self.relations.iter().find(|relation| relation.oid == oid)
    }

    pub(super) fn by_name(&self, schema: Option<&str>, name: &str) -> Option<&Relation> {
        let schema = schema.unwrap_or("public");
        self.relations.iter().find(|relation| relation.schema == schema && relation.name == name)
    }

    pub(super) fn function(&self, oid: i64) -> Option<&Function> {
        self.functions.iter().find(|function| function.oid == oid)
    }

    /// Every column with its relation and its number, which counts from 1.
    pub(super) fn columns(&self) -> impl Iterator<Item = (&Relation, &Column, i64)> {
        self.relations.iter().flat_map(|relation| {
            relation.columns.iter().zip(1..).map(move |(column, number)| (relation, column, number))
        })
    }

    pub(super) fn cached(&self, schema: &str, name: &str) -> Option<RecordBatch> {
        let cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        cache.get(&(schema.to_owned(), name.to_owned())).cloned()
    }

    pub(super) fn cache(&self, schema: &str, name: &str, batch: &RecordBatch) {
        let mut cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        cache.insert((schema.to_owned(), name.to_owned()), batch.clone());
    }
}

fn own_schemas(catalog: &dyn CatalogProvider) -> Vec<String> {
    let mut names = catalog.schema_names();
    names.retain(|name| name != PG_CATALOG && name != INFORMATION_SCHEMA);
    names.sort();
    names
}

fn column(field: &arrow::datatypes::Field) -> Column {
    Column {
        name: field.name().clone(),
        wire: wire_type(field),
        is_nullable: field.is_nullable(),
        comment: field.metadata().get("comment").cloned(),
    }
}

/// Every function that SQL can call.
async fn functions(session: &Session) -> Result<Vec<Function>, Report> {
    let listing =
        "SELECT name, kind, arguments, returns, description FROM system.functions ORDER BY name";
    let batches = session.sql(listing).await?.collect().await?;
    let engine = engine_functions();
    let mut functions = Vec::new();
    for batch in &batches {
        let columns: Vec<StringArray> =
            batch.columns().iter().map(|column| column.as_string().clone()).collect();
        for row_idx in 0..batch.num_rows() {
            let text = |column_idx: usize| {
                let column: &StringArray = &columns[column_idx];
                column.is_valid(row_idx).then(|| column.value(row_idx).to_owned())
            };
            let name = text(0).unwrap_or_default();
            let kind = text(1).unwrap_or_default();
            functions.push(Function {
                oid: FUNCTION_OID + number(functions.len()),
                schema_oid: if engine.contains(&name) { PG_CATALOG_OID } else { PUBLIC_OID },
                kind: match kind.as_str() {
                    "aggregate" => "a",
                    "window" => "w",
                    _ => "f",
                },
                arguments: text(2).unwrap_or_default(),
                // All columns of a table function would fill the screen; they are in system.functions.
                returns: if kind == "table" {
                    SET_OF_ROWS.to_owned()
                } else {
                    text(3).unwrap_or_default()
                },
                comment: text(4),
                name,
            });
        }
    }
    Ok(functions)
}

/// The names of functions that the query engine has without a store.
fn engine_functions() -> HashSet<String> {
    let state = SessionStateBuilder::new().with_default_features().build();
    let scalar = state.scalar_functions().keys();
    scalar
        .chain(state.aggregate_functions().keys())
        .chain(state.window_functions().keys())
        .cloned()
        .collect()
}

fn number(position: usize) -> i64 {
    i64::try_from(position).unwrap_or(i64::MAX)
}

#[cfg(test)]
impl Relations {
    /// One table with two columns, one view, one function.
    pub(crate) fn sample() -> Self {
        let text = WireType { oid: crate::wire_type::oid::TEXT, size: -1, modifier: -1 };
        let column = |name: &str, comment: Option<&str>| Column {
            name: name.to_owned(),
            wire: text,
            is_nullable: true,
            comment: comment.map(str::to_owned),
        };
        let relation = |oid, name: &str, is_view, columns| Relation {
            oid,
            schema_oid: PUBLIC_OID,
            schema: "public".to_owned(),
            name: name.to_owned(),
            is_view,
            definition: None,
            comment: None,
            columns,
        };
        let logs = relation(
            RELATION_OID,
            "logs",
            false,
            vec![column("body", Some("Its text.")), column("level", None)],
        );
        let groups = relation(RELATION_OID + 1, "error_groups", true, vec![column("title", None)]);
        let function = Function {
            oid: FUNCTION_OID,
            schema_oid: PUBLIC_OID,
            name: "error_template".to_owned(),
            kind: "f",
            arguments: "message text".to_owned(),
            returns: "text".to_owned(),
            comment: None,
        };
        Self {
            schemas: vec![Namespace { oid: PUBLIC_OID, name: "public".to_owned() }],
            relations: vec![logs, groups],
            functions: vec![function],
            cache: Cache::default(),
        }
    }
}
