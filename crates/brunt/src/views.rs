//! The views that answer, from their SQL files.

use datafusion::common::config::Dialect;
use datafusion::datasource::ViewTable;
use datafusion::error::Result;
use datafusion::execution::SessionState;

/// Plans a view over what the session reads now. Our own SQL uses the engine's whole dialect.
pub(crate) async fn plan(state: &SessionState, sql: &'static str) -> Result<ViewTable> {
    let statement = state.sql_to_statement(sql, &Dialect::Generic)?;
    let plan = state.statement_to_plan(statement).await?;
    Ok(ViewTable::new(plan, Some(sql.to_owned())))
}

/// The SQL of a view.
pub(crate) fn view(name: &str) -> Option<&'static str> {
    brunt_sql::views().iter().find(|view| view.0 == name).map(|view| view.1)
}

/// Their names, each after the views that it reads.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    brunt_sql::views().iter().map(|view| view.0)
}
