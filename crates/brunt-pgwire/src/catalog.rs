//! `pg_catalog` and `information_schema`: what PostgreSQL's clients ask to find tables, columns, functions and types.
//!
//! The relations of PostgreSQL 15 with their columns stand in two text files; those that say something of a store are
//! filled from the session's own catalog, the rest is empty, as it would be in a database without indexes, triggers or
//! constraints. `datafusion-pg-catalog` has the same tables with the columns of another version, types that clients
//! cannot join, and rewrites of particular clients' texts, so none of it is used.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::RecordBatch;
use async_trait::async_trait;
use brunt::Session;
use datafusion::catalog::{MemTable, SchemaProvider, TableProvider};
use datafusion::error::Result as EngineResult;
use datafusion::logical_expr::ScalarUDF;

use crate::error::Report;
use crate::settings::Settings;

mod build;
mod functions;
mod information;
mod pg_catalog;
mod pg_class;
mod pg_type;
mod regclass;
mod relations;
mod spec;

pub(crate) use relations::Relations;

pub(crate) const PG_CATALOG: &str = "pg_catalog";
pub(crate) const INFORMATION_SCHEMA: &str = "information_schema";

/// Number of the schema `pg_catalog`, as in every PostgreSQL.
const PG_CATALOG_OID: i64 = 11;
const PUBLIC_OID: i64 = 2200;
const INFORMATION_SCHEMA_OID: i64 = 13_207;
/// Number of the first schema that PostgreSQL does not have.
const OWN_SCHEMA_OID: i64 = 16_000;

/// The role that owns everything; there are no others but the one that is connected.
const OWNER: &str = "brunt";
const OWNER_OID: i64 = 10;
const USER_OID: i64 = 16_384;

/// The name of the one database, whatever name a client connects to.
const DATABASE: &str = "brunt";

/// The catalog as one connection sees it.
#[derive(Debug)]
pub(crate) struct Catalog {
    relations: Arc<Relations>,
    settings: Arc<Mutex<Settings>>,
    user: String,
    pid: i32,
}

impl Catalog {
    pub(crate) fn new(
        relations: Arc<Relations>,
        settings: Arc<Mutex<Settings>>,
        user: String,
        pid: i32,
    ) -> Self {
        Self { relations, settings, user, pid }
    }

    /// Whether a relation of the catalog has no rows, and never will.
    #[expect(clippy::unused_self, reason = "asked of the catalog, whatever it rests on")]
    pub(crate) fn is_empty(&self, schema: &str, name: &str) -> bool {
        spec::relation(schema, name).is_some() && !is_filled(schema, name)
    }

    /// Whether the catalog has a relation of this name.
    #[expect(clippy::unused_self, reason = "asked of the catalog, whatever it rests on")]
    pub(crate) fn has(&self, schema: &str, name: &str) -> bool {
        spec::relation(schema, name).is_some()
    }

    /// The number of a relation by its name as `regclass` reads it.
    pub(crate) fn relation_oid(&self, name: &str) -> Option<i64> {
        regclass::oid(&self.relations, name)
    }

    /// The number of a type by its short or long name, or as a number.
    #[expect(clippy::unused_self, reason = "asked of the catalog, whatever it rests on")]
    pub(crate) fn type_oid(&self, name: &str) -> Option<i64> {
        pg_type::oid(name)
    }

    pub(crate) fn schema_oid(&self, name: &str) -> Option<i64> {
        match name {
            PG_CATALOG => Some(PG_CATALOG_OID),
            INFORMATION_SCHEMA => Some(INFORMATION_SCHEMA_OID),
            name => self
                .relations
                .schemas
                .iter()
                .find(|schema| schema.name == name)
                .map(|schema| schema.oid),
        }
    }

    pub(crate) fn role_oid(&self, name: &str) -> Option<i64> {
        match name {
            OWNER => Some(OWNER_OID),
            name => (name == self.user).then(|| self.user_oid()),
        }
    }

    fn with_settings<T>(&self, read: impl FnOnce(&Settings) -> T) -> T {
        read(&self.settings.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn user_oid(&self) -> i64 {
        if self.user == OWNER { OWNER_OID } else { USER_OID }
    }

    fn role_name(&self, oid: i64) -> String {
        match oid {
            OWNER_OID => OWNER.to_owned(),
            oid if oid == self.user_oid() => self.user.clone(),
            oid => format!("unknown (OID={oid})"),
        }
    }

    fn rows(&self, schema: &str, relation: &'static spec::Relation) -> Result<RecordBatch, Report> {
        // What belongs to the session is made anew each time, the rest once for all.
        let of_session = pg_catalog::of_session(schema, &relation.name);
        if !of_session && let Some(batch) = self.relations.cached(schema, &relation.name) {
            return Ok(batch);
        }
        let columns = if schema == PG_CATALOG {
            pg_catalog::fill(&relation.name, self)
        } else {
            information::fill(&relation.name, self)
        };
        let batch = build::batch(relation, columns.unwrap_or_default())?;
        if !of_session {
            self.relations.cache(schema, &relation.name, &batch);
        }
        Ok(batch)
    }
}

/// Whether this crate gives rows to a relation of the catalog.
fn is_filled(schema: &str, name: &str) -> bool {
    let filled = if schema == PG_CATALOG { pg_catalog::FILLED } else { information::FILLED };
    filled.contains(&name)
}

/// Adds the catalog's schemas and functions to a session.
pub(crate) fn install(session: &Session, catalog: &Arc<Catalog>) -> Result<(), Report> {
    let context = session.context();
    // The engine's own information_schema would come before ours.
    context.state_ref().write().config_mut().options_mut().catalog.information_schema = false;
    let own = context
        .catalog(&context.state().config_options().catalog.default_catalog)
        .ok_or_else(|| Report::new("3D000", "the session has no catalog"))?;
    for schema in [PG_CATALOG, INFORMATION_SCHEMA] {
        let provider = Schema { catalog: Arc::clone(catalog), schema };
        own.register_schema(schema, Arc::new(provider))
            .map_err(|error| Report::new("XX000", error.strip_backtrace()))?;
    }
    for function in functions::all(catalog) {
        context.register_udf(ScalarUDF::new_from_impl(function));
    }
    Ok(())
}

/// One of the two schemas.
#[derive(Debug)]
struct Schema {
    catalog: Arc<Catalog>,
    schema: &'static str,
}

#[async_trait]
impl SchemaProvider for Schema {
    fn table_names(&self) -> Vec<String> {
        spec::relations(self.schema).iter().map(|relation| relation.name.clone()).collect()
    }

    async fn table(&self, name: &str) -> EngineResult<Option<Arc<dyn TableProvider>>> {
        let Some(relation) = spec::relation(self.schema, name) else { return Ok(None) };
        let batch = self
            .catalog
            .rows(self.schema, relation)
            .map_err(|report| datafusion::error::DataFusionError::Internal(report.message))?;
        let table = MemTable::try_new(batch.schema(), vec![vec![batch]])?;
        Ok(Some(Arc::new(table)))
    }

    fn table_exist(&self, name: &str) -> bool {
        spec::relation(self.schema, name).is_some()
    }
}

/// Batches that were built already, by schema and name.
type Cache = Mutex<HashMap<(String, String), RecordBatch>>;
