//! The in-process door.

use async_trait::async_trait;
use brunt::{Error, Session, Store};
use sqllogictest::{AsyncDB, DBOutput, DefaultColumnType};

use super::text::{column_type, rows};

pub(super) struct Local {
    session: Session,
}

impl Local {
    pub(super) async fn connect(store: &Store) -> Result<Self, Error> {
        Ok(Self { session: store.session().await? })
    }
}

#[async_trait]
impl AsyncDB for Local {
    type Error = Error;
    type ColumnType = DefaultColumnType;

    async fn run(&mut self, sql: &str) -> Result<DBOutput<DefaultColumnType>, Error> {
        let answer = self.session.sql(sql).await?;
        let types: Vec<DefaultColumnType> =
            answer.schema.fields().iter().map(|field| column_type(field.data_type())).collect();
        if types.is_empty() {
            return Ok(DBOutput::StatementComplete(0));
        }
        Ok(DBOutput::Rows { types, rows: rows(&answer.collect().await?) })
    }

    async fn shutdown(&mut self) {}

    fn engine_name(&self) -> &'static str {
        "local"
    }

    fn error_sql_state(error: &Error) -> Option<String> {
        Some(error.code().sqlstate().to_owned())
    }
}
