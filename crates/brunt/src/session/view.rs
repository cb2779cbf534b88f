//! Queries under a name that one session sees.

use datafusion::common::TableReference;
use datafusion::prelude::DataFrame;

use super::{Session, Statement};
use crate::code::Code;
use crate::error::Error;

impl Session {
    /// Gives a query a name that only this session sees, in place of an earlier one of that name.
    ///
    /// # Errors
    /// A text that is not one query, a query that cannot be planned, and a name that a table or view of brunt has.
    pub async fn create_view(&self, name: &str, text: &str) -> Result<(), Error> {
        let mut statements = Statement::parse(text)?;
        let (Some(statement), true) = (statements.pop(), statements.is_empty()) else {
            return Err(Error::statement(
                Code::Syntax,
                format!("view \"{name}\" is not one statement"),
            ));
        };
        let prepared = self.prepare(statement).await?;
        let view = DataFrame::new(self.context().state(), prepared.plan().clone()).into_view();
        let registered = self.context().register_table(TableReference::bare(name), view);
        registered.map(|_| ()).map_err(|error| self.translate(error))
    }
}
