//! The extended protocol: Parse, Bind, Describe, Execute, Close.

use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use datafusion::sql::sqlparser::ast::{Expr, Statement as Ast};
use pgwire::messages::PgWireFrontendMessage;
use pgwire::messages::data::{NoData, ParameterDescription};
use pgwire::messages::extendedquery::{
    Bind, BindComplete, Close, CloseComplete, Describe, Execute, Parse, ParseComplete,
    PortalSuspended, TARGET_TYPE_BYTE_PORTAL, TARGET_TYPE_BYTE_STATEMENT,
};
use pgwire::messages::response::{CommandComplete, EmptyQueryResponse};

use super::Connection;
use super::execute::{Completion, Opened};
use crate::encode::Format;
use crate::error::Report;
use crate::interrupt::Failure;
use crate::parameter::{self, Bound};
use crate::portal::{columns, description, formats};
use crate::query::{answer, bound, on_cpu};
use crate::rewrite;
use crate::statement::{self, Statement};
use crate::wire_type::oid;

/// A statement that waits for its parameters.
#[derive(Debug, Clone)]
pub(super) struct Prepared {
    /// `None` for an empty text.
    pub(super) statement: Option<Statement>,
    /// The type of each parameter.
    pub(super) types: Vec<u32>,
    /// The columns that the client was told, where it asked.
    pub(super) described: Option<SchemaRef>,
}

impl Connection {
    pub(super) async fn extended(&mut self, message: PgWireFrontendMessage) -> Result<(), Failure> {
        match message {
            PgWireFrontendMessage::Parse(parse) => self.parse(parse).await,
            PgWireFrontendMessage::Bind(bind) => self.bind(bind).await,
            PgWireFrontendMessage::Describe(describe) => self.describe(describe).await,
            PgWireFrontendMessage::Execute(execute) => self.execute_portal(execute).await,
            PgWireFrontendMessage::Close(close) => self.close(&close),
            _ => Err(Report::new("08P01", "unexpected message").into()),
        }
    }

    async fn parse(&mut self, parse: Parse) -> Result<(), Failure> {
        let name = parse.name.unwrap_or_default();
        if !name.is_empty() && self.statements.contains_key(&name) {
            return Err(Report::new(
                "42P05",
                format!("prepared statement \"{name}\" already exists"),
            )
            .into());
        }
        let text = parse.query;
        let mut statements = self
            .interrupt
            .guard(on_cpu(&self.server.cpu, async move { statement::parse(&text) }))
            .await???;
        if statements.len() > 1 {
            return Err(Report::syntax(
                "cannot insert multiple commands into a prepared statement",
            )
            .into());
        }
        let prepared = self.prepare(statements.pop(), &parse.type_oids).await?;
        self.statements.insert(name, prepared);
        self.output.put(&ParseComplete::new())?;
        Ok(())
    }

    /// Finds the types of the parameters that the client did not declare.
    pub(super) async fn prepare(
        &mut self,
        statement: Option<Statement>,
        declared: &[u32],
    ) -> Result<Prepared, Failure> {
        self.check_transaction(statement.as_ref())?;
        let ast = match &statement {
            Some(Statement::Query(ast)) => ast,
            Some(Statement::Copy(copy)) => &copy.query,
            Some(Statement::Declare { query, .. }) => query,
            _ => return Ok(Prepared { statement, types: Vec::new(), described: None }),
        };
        let types = self.parameter_types(ast, declared).await?;
        Ok(Prepared { statement, types, described: None })
    }

    /// The declared type wins, then what the statement says, then what the engine infers, then text.
    async fn parameter_types(&mut self, ast: &Ast, declared: &[u32]) -> Result<Vec<u32>, Failure> {
        let n_parameters = parameter::count(ast).max(declared.len());
        let told = parameter::told(ast);
        let mut types: Vec<Option<u32>> = (1..=n_parameters)
            .map(|n| {
                let declared =
                    declared.get(n - 1).copied().filter(|oid| *oid != 0 && *oid != oid::UNKNOWN);
                declared.or_else(|| told.get(&n).copied())
            })
            .collect();
        if types.iter().any(Option::is_none) {
            let (inferable, arrays) = parameter::without_any(ast);
            let inferable = rewrite::rewrite(inferable, &self.catalog)?;
            let session = Arc::clone(&self.session);
            let inferred = on_cpu(&self.server.cpu, async move {
                session.prepare(brunt::Statement::of(inferable)?).await?.parameter_types()
            });
            // A statement that does not plan without values may plan with them; it fails later if not.
            let inferred = self.interrupt.guard(inferred).await??.unwrap_or_default();
            for (idx, known) in types.iter_mut().enumerate() {
                let data_type = inferred.get(idx).and_then(Option::as_ref);
                known.get_or_insert_with(|| {
                    parameter::inferred(data_type, arrays.contains(&(idx + 1)))
                });
            }
        }
        Ok(types.into_iter().flatten().collect())
    }

    async fn bind(&mut self, bind: Bind) -> Result<(), Failure> {
        let statement_name = bind.statement_name.unwrap_or_default();
        let prepared = self.prepared(&statement_name)?.clone();
        if bind.parameters.len() != prepared.types.len() {
            return Err(Report::new(
                "08P01",
                format!(
                    "bind message supplies {} parameters, but prepared statement \"{statement_name}\" requires {}",
                    bind.parameters.len(),
                    prepared.types.len()
                ),
            )
            .into());
        }
        let input = formats(&bind.parameter_format_codes, bind.parameters.len())?;
        let literals = prepared
            .types
            .iter()
            .zip(&bind.parameters)
            .zip(input)
            .map(|((oid, value), format)| {
                parameter::literal(&Bound { oid: *oid, format, bytes: value.as_deref() })
            })
            .collect::<Result<Vec<Expr>, _>>()?;
        let opened = match &prepared.statement {
            None => Opened::Empty,
            Some(statement) => {
                self.pin().await?;
                let codes = &bind.result_column_format_codes;
                self.open(statement, &literals, prepared.described.as_ref(), codes).await?
            }
        };
        let name = bind.portal_name.unwrap_or_default();
        if !name.is_empty() && self.portals.contains_key(&name) {
            return Err(Report::new("42P03", format!("cursor \"{name}\" already exists")).into());
        }
        self.portals.insert(name, opened);
        self.output.put(&BindComplete::new())?;
        Ok(())
    }

    async fn describe(&mut self, describe: Describe) -> Result<(), Failure> {
        let name = describe.name.unwrap_or_default();
        let description = match describe.target_type {
            TARGET_TYPE_BYTE_PORTAL => self.portal(&name)?.description(),
            TARGET_TYPE_BYTE_STATEMENT => {
                let prepared = self.prepared(&name)?.clone();
                self.output.put(&ParameterDescription::new(prepared.types.clone()))?;
                let schema = self.schema(&prepared).await?;
                let description = schema.as_ref().map(|schema| {
                    let columns = columns(schema);
                    description(&columns, &vec![Format::Text; columns.len()])
                });
                if let Some(prepared) = self.statements.get_mut(&name) {
                    prepared.described = schema;
                }
                description
            }
            _ => return Err(Report::new("08P01", "invalid DESCRIBE message").into()),
        };
        match description {
            Some(description) => self.output.put(&description)?,
            None => self.output.put(&NoData::new())?,
        }
        Ok(())
    }

    /// The columns that a prepared statement will answer with; `None` where it answers with none.
    async fn schema(&mut self, prepared: &Prepared) -> Result<Option<SchemaRef>, Failure> {
        match &prepared.statement {
            Some(Statement::Query(ast)) => {
                let nulls = prepared
                    .types
                    .iter()
                    .map(|oid| parameter::null(*oid))
                    .collect::<Result<Vec<_>, _>>()?;
                let ast = bound(ast, &nulls, &self.catalog)?;
                let session = Arc::clone(&self.session);
                let schema = on_cpu(&self.server.cpu, async move {
                    Ok::<_, Report>(answer(&session, ast).await?.schema)
                });
                Ok(Some(self.interrupt.guard(schema).await???))
            }
            Some(Statement::Execute { name, .. }) => {
                let prepared = self.prepared(name)?.clone();
                Box::pin(self.schema(&prepared)).await
            }
            Some(statement @ (Statement::Show(_) | Statement::ShowAll | Statement::Fetch(_))) => {
                let opened = Box::pin(self.open(statement, &[], None, &[])).await?;
                Ok(opened.schema())
            }
            _ => Ok(None),
        }
    }

    async fn execute_portal(&mut self, execute: Execute) -> Result<(), Failure> {
        let name = execute.name.unwrap_or_default();
        let n_rows_max = usize::try_from(execute.max_rows).ok().filter(|max| *max > 0);
        // Taken out while it runs, for running it may change the others.
        let (name, mut opened) =
            self.portals.remove_entry(&name).ok_or_else(|| no_portal(&name))?;
        let completion = self.execute(&mut opened, n_rows_max).await?;
        // A command runs once; rows may be asked for again.
        if !matches!(opened, Opened::Command(_)) {
            self.portals.entry(name).or_insert(opened);
        }
        match completion {
            Completion::Tag(tag) => self.output.put(&CommandComplete::new(tag))?,
            Completion::Suspended => self.output.put(&PortalSuspended::new())?,
            Completion::Empty => self.output.put(&EmptyQueryResponse::new())?,
        }
        Ok(())
    }

    fn close(&mut self, close: &Close) -> Result<(), Failure> {
        let name = close.name.as_deref().unwrap_or_default();
        match close.target_type {
            TARGET_TYPE_BYTE_STATEMENT => drop(self.statements.remove(name)),
            TARGET_TYPE_BYTE_PORTAL => drop(self.portals.remove(name)),
            _ => return Err(Report::new("08P01", "invalid CLOSE message").into()),
        }
        self.output.put(&CloseComplete::new())?;
        Ok(())
    }

    pub(super) fn prepared(&self, name: &str) -> Result<&Prepared, Report> {
        self.statements.get(name).ok_or_else(|| {
            Report::new("26000", format!("prepared statement \"{name}\" does not exist"))
        })
    }

    fn portal(&self, name: &str) -> Result<&Opened, Report> {
        self.portals.get(name).ok_or_else(|| no_portal(name))
    }
}

fn no_portal(name: &str) -> Report {
    Report::new("34000", format!("portal \"{name}\" does not exist"))
}
