//! One statement from its tokens to its rows and its command tag, the same for every path.

use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use datafusion::sql::sqlparser::ast::{Expr, Statement as Ast};
use pgwire::messages::data::RowDescription;

use super::Connection;
use crate::copy::{self, CopyFormat};
use crate::error::Report;
use crate::interrupt::Failure;
use crate::portal::{Column, Portal, columns, description, formats};
use crate::query::{answer, bound, on_cpu, same_types};
use crate::statement::{Fetch, Motion, Statement};
use crate::{parameter, wire_type};

/// A statement that is ready to be executed.
#[derive(Debug)]
pub(super) enum Opened {
    /// A query; a cursor WITH HOLD outlives its transaction.
    Rows {
        portal: Box<Portal>,
        is_held: bool,
    },
    Copy {
        portal: Box<Portal>,
        format: CopyFormat,
    },
    /// Rows of a cursor.
    Fetch {
        fetch: Fetch,
        schema: SchemaRef,
        columns: Arc<[Column]>,
        formats: Vec<crate::encode::Format>,
    },
    Command(Statement),
    Empty,
}

/// How an execution ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Completion {
    Tag(String),
    /// More rows are there than were asked for.
    Suspended,
    Empty,
}

impl Opened {
    /// The message that announces its columns; `None` where it has none.
    pub(super) fn description(&self) -> Option<RowDescription> {
        match self {
            Self::Rows { portal, .. } => Some(description(portal.columns(), portal.formats())),
            Self::Fetch { columns, formats, fetch, .. } if fetch.motion == Motion::Fetch => {
                Some(description(columns, formats))
            }
            _ => None,
        }
    }

    pub(super) fn schema(&self) -> Option<SchemaRef> {
        match self {
            Self::Rows { portal, .. } => Some(Arc::clone(portal.schema())),
            Self::Fetch { schema, fetch, .. } if fetch.motion == Motion::Fetch => {
                Some(Arc::clone(schema))
            }
            _ => None,
        }
    }

    pub(super) fn is_held(&self) -> bool {
        matches!(self, Self::Rows { is_held: true, .. })
    }
}

impl Connection {
    /// Plans what has rows, and leaves the rest for [`Self::execute`].
    pub(super) async fn open(
        &mut self,
        statement: &Statement,
        literals: &[Expr],
        described: Option<&SchemaRef>,
        codes: &[i16],
    ) -> Result<Opened, Failure> {
        self.check_transaction(Some(statement))?;
        match statement {
            Statement::Query(ast) => {
                let portal = self.plan(ast, literals, described, codes).await?;
                Ok(Opened::Rows { portal: Box::new(portal), is_held: false })
            }
            Statement::Copy(copy) => {
                let format = copy::format(&copy.options)?;
                let portal = self.plan(&copy.query, literals, None, &[]).await?;
                Ok(Opened::Copy { portal: Box::new(portal), format })
            }
            Statement::Execute { name, arguments } => {
                let prepared = self.prepared(name)?.clone();
                let literals = arguments_of(name, arguments, &prepared.types)?;
                match &prepared.statement {
                    Some(Statement::Query(ast)) => {
                        let portal = self.plan(ast, &literals, None, codes).await?;
                        Ok(Opened::Rows { portal: Box::new(portal), is_held: false })
                    }
                    _ => Err(Report::new("0A000", "EXECUTE takes a prepared query").into()),
                }
            }
            Statement::Declare { name, hold, binary, query } => {
                if !hold && !self.transaction.is_open() {
                    return Err(Report::new(
                        "25P01",
                        "DECLARE CURSOR can only be used in transaction blocks",
                    )
                    .into());
                }
                if self.portals.contains_key(name) {
                    return Err(
                        Report::new("42P03", format!("cursor \"{name}\" already exists")).into()
                    );
                }
                let code = [i16::from(*binary)];
                let portal = self.plan(query, literals, None, &code).await?;
                self.portals.insert(
                    name.clone(),
                    Opened::Rows { portal: Box::new(portal), is_held: *hold },
                );
                Ok(Opened::Command(statement.clone()))
            }
            Statement::Fetch(fetch) => match self.portals.get(&fetch.cursor) {
                Some(Opened::Rows { portal, .. }) => Ok(Opened::Fetch {
                    fetch: fetch.clone(),
                    schema: Arc::clone(portal.schema()),
                    columns: Arc::clone(portal.columns()),
                    formats: portal.formats().to_vec(),
                }),
                _ => Err(no_cursor(&fetch.cursor).into()),
            },
            Statement::Show(_) | Statement::ShowAll => {
                let batch = self.shown(statement)?;
                let formats = formats(codes, batch.num_columns())?;
                Ok(Opened::Rows {
                    portal: Box::new(Portal::of_rows(&batch, formats)?),
                    is_held: false,
                })
            }
            command => Ok(Opened::Command(command.clone())),
        }
    }

    /// Runs it: sends its rows, at most `n_rows_max`, or does what the command says.
    pub(super) async fn execute(
        &mut self,
        opened: &mut Opened,
        n_rows_max: Option<usize>,
    ) -> Result<Completion, Failure> {
        let zone = self.settings().zone().clone();
        let mut to = Self::sink(&mut self.output, &mut self.interrupt, &zone, &self.server);
        match opened {
            Opened::Rows { portal, .. } => {
                let sent = portal.send(&mut to, n_rows_max).await?;
                if n_rows_max.is_some() && !sent.is_done {
                    return Ok(Completion::Suspended);
                }
                Ok(Completion::Tag(format!("SELECT {}", sent.n_rows)))
            }
            Opened::Copy { portal, format } => {
                let n_rows = copy::send(portal, format, &mut to).await?;
                Ok(Completion::Tag(format!("COPY {n_rows}")))
            }
            Opened::Fetch { fetch, .. } => {
                // Put back only where it went well: an error closes the cursor.
                let mut cursor =
                    self.portals.remove(&fetch.cursor).ok_or_else(|| no_cursor(&fetch.cursor))?;
                let Opened::Rows { portal, .. } = &mut cursor else {
                    return Err(no_cursor(&fetch.cursor).into());
                };
                let (sent, verb) = match fetch.motion {
                    Motion::Fetch => (portal.send(&mut to, fetch.n_rows).await?, "FETCH"),
                    Motion::Move => (portal.skip(&mut to, fetch.n_rows).await?, "MOVE"),
                };
                self.portals.insert(fetch.cursor.clone(), cursor);
                Ok(Completion::Tag(format!("{verb} {}", sent.n_rows)))
            }
            Opened::Command(statement) => {
                let statement = statement.clone();
                self.command(statement).await.map(Completion::Tag)
            }
            Opened::Empty => Ok(Completion::Empty),
        }
    }

    /// In a failed transaction nothing runs but what ends it.
    pub(super) fn check_transaction(&self, statement: Option<&Statement>) -> Result<(), Report> {
        if self.transaction.has_failed()
            && statement.is_some_and(|statement| !statement.ends_transaction())
        {
            return Err(Report::new(
                "25P02",
                "current transaction is aborted, commands ignored until end of transaction block",
            ));
        }
        Ok(())
    }

    async fn plan(
        &mut self,
        ast: &Ast,
        literals: &[Expr],
        described: Option<&SchemaRef>,
        codes: &[i16],
    ) -> Result<Portal, Failure> {
        let ast = bound(ast, literals, &self.catalog)?;
        let session = Arc::clone(&self.session);
        let planned = on_cpu(&self.server.cpu, async move { answer(&session, ast).await });
        let answer = self.interrupt.guard(planned).await???;
        for notice in &answer.notices {
            self.output.put(&Report::notice(notice.clone()).into_notice())?;
        }
        // What was announced holds: a plan whose types came out otherwise is cast to them.
        let schema = match described {
            Some(described) if !same_types(described, &answer.schema) => Arc::clone(described),
            _ => Arc::clone(&answer.schema),
        };
        let columns = columns(&schema);
        let formats = formats(codes, columns.len())?;
        Ok(Portal::new(answer, schema, columns, formats))
    }
}

/// The arguments of EXECUTE as literals of the parameters' types.
fn arguments_of(name: &str, arguments: &[Expr], types: &[u32]) -> Result<Vec<Expr>, Report> {
    if arguments.len() != types.len() {
        return Err(Report::syntax(format!(
            "wrong number of parameters for prepared statement \"{name}\""
        ))
        .detail(format!(
            "Expected {} parameters but got {}.",
            types.len(),
            arguments.len()
        )));
    }
    arguments
        .iter()
        .zip(types)
        .map(|(argument, oid)| parameter::cast(argument, wire_type::cast_target(*oid)))
        .collect()
}

fn no_cursor(name: &str) -> Report {
    Report::new("34000", format!("cursor \"{name}\" does not exist"))
}
