//! A portal: a query with its parameters bound, whose rows are sent as the client asks for them.

use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use brunt::Answer;
use bytes::BytesMut;
use pgwire::messages::data::{FieldDescription, RowDescription};
use tokio::runtime::Handle;

use crate::encode::{Format, Rows, Zone};
use crate::error::Report;
use crate::interrupt::{Failure, Interrupt};
use crate::query::Running;
use crate::socket::{FLUSH_BYTES, Output};
use crate::wire_type::{WireType, wire_type};

/// A result column as it is announced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Column {
    pub(crate) name: String,
    pub(crate) wire: WireType,
}

/// Rows on their way to the client.
#[derive(Debug)]
pub(crate) struct Portal {
    columns: Arc<[Column]>,
    schema: SchemaRef,
    formats: Vec<Format>,
    state: State,
    /// Rows that were computed and not sent yet, and the first of them.
    current: Option<(Rows, usize)>,
}

#[derive(Debug)]
enum State {
    Waiting(Answer),
    Running(Running),
    Done,
}

/// What became of a request for rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sent {
    pub(crate) n_rows: usize,
    pub(crate) is_done: bool,
}

impl Portal {
    /// `schema` holds the types that the client was told, where it was told any.
    pub(crate) fn new(
        answer: Answer,
        schema: SchemaRef,
        columns: Arc<[Column]>,
        formats: Vec<Format>,
    ) -> Self {
        Self { columns, schema, formats, state: State::Waiting(answer), current: None }
    }

    /// A portal over rows that are there already.
    pub(crate) fn of_rows(
        batch: &arrow::array::RecordBatch,
        formats: Vec<Format>,
    ) -> Result<Self, Report> {
        let schema = batch.schema();
        let columns = columns(&schema);
        Ok(Self {
            columns,
            schema,
            formats,
            state: State::Done,
            current: Some((Rows::new(batch)?, 0)),
        })
    }

    pub(crate) fn columns(&self) -> &Arc<[Column]> {
        &self.columns
    }

    pub(crate) fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    pub(crate) fn formats(&self) -> &[Format] {
        &self.formats
    }

    /// Sends rows as `DataRow`, at most `n_rows_max` of them.
    pub(crate) async fn send(
        &mut self,
        to: &mut Sink<'_>,
        n_rows_max: Option<usize>,
    ) -> Result<Sent, Failure> {
        let formats = self.formats.clone();
        self.each(to, n_rows_max, |rows, row_idx, zone, out| {
            rows.put_data_row(row_idx, &formats, zone, out)
        })
        .await
    }

    /// Passes rows by without sending them.
    pub(crate) async fn skip(
        &mut self,
        to: &mut Sink<'_>,
        n_rows_max: Option<usize>,
    ) -> Result<Sent, Failure> {
        self.each(to, n_rows_max, |_, _, _, _| Ok(())).await
    }

    /// Writes each row with `put`, and sends what has gathered now and then, so that memory stays bounded however slow
    /// the client is.
    pub(crate) async fn each(
        &mut self,
        to: &mut Sink<'_>,
        n_rows_max: Option<usize>,
        mut put: impl FnMut(&Rows, usize, &Zone, &mut BytesMut) -> Result<(), Report>,
    ) -> Result<Sent, Failure> {
        let mut n_rows = 0;
        loop {
            if n_rows_max.is_some_and(|max| n_rows >= max) {
                return Ok(Sent { n_rows, is_done: false });
            }
            let Some((rows, row_idx)) =
                self.current.as_mut().filter(|(rows, row_idx)| *row_idx < rows.n_rows())
            else {
                self.current = None;
                if !self.advance(to).await? {
                    return Ok(Sent { n_rows, is_done: true });
                }
                continue;
            };
            let out = to.output.buffer();
            let mark = out.len();
            if let Err(report) = put(rows, *row_idx, to.zone, out) {
                out.truncate(mark);
                return Err(report.into());
            }
            *row_idx += 1;
            n_rows += 1;
            if to.output.buffer().len() >= FLUSH_BYTES {
                to.interrupt.guard(to.output.flush()).await??;
            }
        }
    }

    /// Waits for the next batch; false where there is none. An error ends the portal.
    async fn advance(&mut self, to: &mut Sink<'_>) -> Result<bool, Failure> {
        let mut running = match std::mem::replace(&mut self.state, State::Done) {
            State::Waiting(answer) => {
                Running::start(to.cpu, answer.stream, Arc::clone(&self.schema))
            }
            State::Running(running) => running,
            State::Done => return Ok(false),
        };
        match to.interrupt.guard(running.next()).await?? {
            Some(rows) => {
                self.current = Some((rows, 0));
                self.state = State::Running(running);
                Ok(true)
            }
            None => Ok(false),
        }
    }
}

/// Where rows go, and what may stop them.
pub(crate) struct Sink<'a> {
    pub(crate) output: &'a mut Output,
    pub(crate) interrupt: &'a mut Interrupt,
    pub(crate) zone: &'a Zone,
    pub(crate) cpu: &'a Handle,
}

/// The columns of a schema as they are announced.
pub(crate) fn columns(schema: &SchemaRef) -> Arc<[Column]> {
    let fields = schema.fields().iter();
    fields.map(|field| Column { name: field.name().clone(), wire: wire_type(field) }).collect()
}

/// The formats of each column from those of a Bind: none is text for all, one is for all, else one for each.
pub(crate) fn formats(codes: &[i16], n_columns: usize) -> Result<Vec<Format>, Report> {
    let format = |code: &i16| match code {
        0 => Ok(Format::Text),
        1 => Ok(Format::Binary),
        _ => Err(Report::new("08P01", format!("unsupported format code: {code}"))),
    };
    match codes {
        [] => Ok(vec![Format::Text; n_columns]),
        [code] => Ok(vec![format(code)?; n_columns]),
        codes if codes.len() == n_columns => codes.iter().map(format).collect(),
        codes => Err(Report::new(
            "08P01",
            format!(
                "bind message has {} result formats but query has {n_columns} columns",
                codes.len()
            ),
        )),
    }
}

/// The message that announces the columns.
pub(crate) fn description(columns: &[Column], formats: &[Format]) -> RowDescription {
    let fields = columns.iter().zip(formats).map(|(column, format)| {
        let WireType { oid, size, modifier } = column.wire;
        let code = i16::from(*format == Format::Binary);
        FieldDescription::new(column.name.clone(), 0, 0, oid, size, modifier, code)
    });
    RowDescription::new(fields.collect())
}
