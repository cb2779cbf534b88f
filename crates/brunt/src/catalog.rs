//! The catalog of a session: schema `public` with tables, views and definitions, schema `system` with what the store
//! knows of itself.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use async_trait::async_trait;
use brunt_model::{TableKind, tables};
use datafusion::catalog::{CatalogProvider, SchemaProvider, TableProvider};
use datafusion::datasource::TableType;
use datafusion::error::{DataFusionError, Result};

use crate::code::Code;
use crate::computed::Computed;
use crate::error::Fault;
use crate::journeys::{self, Journeys};
use crate::scan::StoreTable;
use crate::session::Core;
use crate::states::{self, GroupStates};
use crate::{local_file, system, views};

/// Name of the one catalog.
pub(crate) const CATALOG: &str = "brunt";
/// Schema of tables and views; the one that bare names are looked up in.
pub(crate) const PUBLIC: &str = "public";
/// Schema of what the store knows of itself.
pub(crate) const SYSTEM: &str = "system";

/// The catalog `brunt`. A door may add schemas of its own, such as `pg_catalog`.
pub(crate) struct Catalog {
    schemas: RwLock<BTreeMap<String, Arc<dyn SchemaProvider>>>,
}

impl Catalog {
    pub(crate) fn new(core: &Arc<Core>) -> Self {
        let public: Arc<dyn SchemaProvider> =
            Arc::new(PublicSchema { core: Arc::clone(core), temporary: RwLock::default() });
        let system: Arc<dyn SchemaProvider> = Arc::new(SystemSchema { core: Arc::clone(core) });
        let schemas = [(PUBLIC.to_owned(), public), (SYSTEM.to_owned(), system)];
        Self { schemas: RwLock::new(schemas.into()) }
    }
}

impl CatalogProvider for Catalog {
    fn schema_names(&self) -> Vec<String> {
        self.schemas.read().unwrap_or_else(PoisonError::into_inner).keys().cloned().collect()
    }

    fn schema(&self, name: &str) -> Option<Arc<dyn SchemaProvider>> {
        self.schemas.read().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    fn register_schema(
        &self,
        name: &str,
        schema: Arc<dyn SchemaProvider>,
    ) -> Result<Option<Arc<dyn SchemaProvider>>> {
        if name == PUBLIC || name == SYSTEM {
            return Err(taken(name));
        }
        let mut schemas = self.schemas.write().unwrap_or_else(PoisonError::into_inner);
        Ok(schemas.insert(name.to_owned(), schema))
    }
}

impl fmt::Debug for Catalog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Catalog").field("schemas", &self.schema_names()).finish()
    }
}

/// Tables, views, definitions, and what this session added for itself.
struct PublicSchema {
    core: Arc<Core>,
    temporary: RwLock<BTreeMap<String, Arc<dyn TableProvider>>>,
}

#[async_trait]
impl SchemaProvider for PublicSchema {
    fn table_names(&self) -> Vec<String> {
        let temporary = self.temporary.read().unwrap_or_else(PoisonError::into_inner);
        let mut names: Vec<String> = own_names().map(str::to_owned).collect();
        names.extend(temporary.keys().cloned());
        names.sort();
        names
    }

    async fn table(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>, DataFusionError> {
        if let Some(table) = self.temporary.read().unwrap_or_else(PoisonError::into_inner).get(name)
        {
            return Ok(Some(Arc::clone(table)));
        }
        if let Some(table) =
            tables().iter().find(|table| table.name == name && table.kind != TableKind::System)
        {
            return Ok(Some(Arc::new(StoreTable::new(self.core.pin(), table))));
        }
        if name == journeys::NAME {
            let rows = Journeys { pin: self.core.pin() };
            return Ok(Some(Arc::new(Computed::new(rows))));
        }
        if name == states::NAME {
            return Ok(Some(Arc::new(GroupStates { core: Arc::clone(&self.core) })));
        }
        match views::view(name) {
            Some(sql) => Ok(Some(Arc::new(views::plan(&self.core.state()?, sql).await?))),
            None if self.core.local_files() => local_file::table(&self.core.state()?, name).await,
            None => Ok(None),
        }
    }

    async fn table_type(&self, name: &str) -> Result<Option<TableType>> {
        let of_temporary = {
            let temporary = self.temporary.read().unwrap_or_else(PoisonError::into_inner);
            temporary.get(name).map(|table| table.table_type())
        };
        Ok(of_temporary.or_else(|| {
            if views::view(name).is_some() {
                Some(TableType::View)
            } else {
                self.table_exist(name).then_some(TableType::Base)
            }
        }))
    }

    /// Adds a table that only this session sees, such as an earlier cell of a notebook.
    fn register_table(
        &self,
        name: String,
        table: Arc<dyn TableProvider>,
    ) -> Result<Option<Arc<dyn TableProvider>>> {
        if own_names().any(|own| own == name) {
            return Err(taken(&name));
        }
        Ok(self.temporary.write().unwrap_or_else(PoisonError::into_inner).insert(name, table))
    }

    fn deregister_table(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>> {
        Ok(self.temporary.write().unwrap_or_else(PoisonError::into_inner).remove(name))
    }

    fn table_exist(&self, name: &str) -> bool {
        own_names().any(|own| own == name)
            || self.temporary.read().unwrap_or_else(PoisonError::into_inner).contains_key(name)
    }
}

impl fmt::Debug for PublicSchema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PublicSchema").finish_non_exhaustive()
    }
}

/// The names of schema `public` that every store has.
fn own_names() -> impl Iterator<Item = &'static str> {
    let stored = tables().iter().filter(|table| table.kind != TableKind::System);
    stored.map(|table| table.name).chain([journeys::NAME, states::NAME]).chain(views::names())
}

/// What the store knows of itself.
struct SystemSchema {
    core: Arc<Core>,
}

#[async_trait]
impl SchemaProvider for SystemSchema {
    fn table_names(&self) -> Vec<String> {
        system::names().map(str::to_owned).collect()
    }

    async fn table(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>, DataFusionError> {
        Ok(system::table(name, &self.core))
    }

    async fn table_type(&self, name: &str) -> Result<Option<TableType>> {
        Ok(self.table_exist(name).then_some(TableType::Base))
    }

    fn table_exist(&self, name: &str) -> bool {
        system::names().any(|own| own == name)
    }
}

impl fmt::Debug for SystemSchema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SystemSchema").finish_non_exhaustive()
    }
}

fn taken(name: &str) -> DataFusionError {
    Fault::new(Code::InvalidArgument, format!("name \"{name}\" is taken"))
        .with_hint("Choose a name that no table or view of brunt has.")
        .into()
}
