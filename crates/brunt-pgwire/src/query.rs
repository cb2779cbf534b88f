//! A query on its way to rows: rewritten, planned and run on the CPU runtime, where stacks are large and nobody listens.

use std::future::Future;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::SchemaRef;
use brunt::{Answer, RecordBatchStream, Session};
use datafusion::sql::sqlparser::ast::{Expr, Statement as Ast};
use futures::StreamExt;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;

use crate::catalog::Catalog;
use crate::encode::Rows;
use crate::error::Report;
use crate::wire_type::wire_type;
use crate::{parameter, rewrite};

/// Batches that are computed ahead of what the client has taken.
const BATCHES_AHEAD: usize = 2;

/// What comes from a running query.
#[derive(Debug)]
pub(crate) enum Item {
    Batch(Result<Rows, Report>),
    /// The last one; without it the query broke off.
    End,
}

/// A query that runs; dropping it ends it.
#[derive(Debug)]
pub(crate) struct Running {
    items: mpsc::Receiver<Item>,
    _task: AbortOnDrop,
}

impl Running {
    /// Starts the query. Batches have the types of `schema`, whatever the plan says.
    pub(crate) fn start(cpu: &Handle, stream: RecordBatchStream, schema: SchemaRef) -> Self {
        let (sender, items) = mpsc::channel(BATCHES_AHEAD);
        let task = cpu.spawn(pump(stream, schema, sender));
        Self { items, _task: AbortOnDrop(task.abort_handle()) }
    }

    pub(crate) async fn next(&mut self) -> Result<Option<Rows>, Report> {
        match self.items.recv().await {
            Some(Item::Batch(rows)) => rows.map(Some),
            Some(Item::End) => Ok(None),
            None => Err(broken()),
        }
    }
}

/// Does work on the CPU runtime, and stops it when nobody waits for it any more.
pub(crate) async fn on_cpu<T: Send + 'static>(
    cpu: &Handle,
    work: impl Future<Output = T> + Send + 'static,
) -> Result<T, Report> {
    let task = cpu.spawn(work);
    let _abort = AbortOnDrop(task.abort_handle());
    task.await.map_err(|_| broken())
}

/// The query with its parameters' values in their places, in shapes that the engine plans. Its columns are named first,
/// after what the client wrote.
pub(crate) fn bound(ast: &Ast, literals: &[Expr], catalog: &Catalog) -> Result<Ast, Report> {
    let mut ast = ast.clone();
    brunt::name_columns(&mut ast);
    rewrite::rewrite(parameter::substitute(&ast, literals)?, catalog)
}

/// Plans a query and prepares it to run; nothing is computed yet.
pub(crate) async fn answer(session: &Session, ast: Ast) -> Result<Answer, Report> {
    let prepared = session.prepare(brunt::Statement::of(ast)?).await?;
    Ok(session.execute(&prepared, None).await?)
}

/// Whether two schemas look the same on the wire.
pub(crate) fn same_types(left: &SchemaRef, right: &SchemaRef) -> bool {
    left.fields().len() == right.fields().len()
        && left
            .fields()
            .iter()
            .zip(right.fields())
            .all(|(left, right)| wire_type(left).oid == wire_type(right).oid)
}

async fn pump(mut stream: RecordBatchStream, schema: SchemaRef, sender: mpsc::Sender<Item>) {
    while let Some(batch) = stream.next().await {
        let rows =
            batch.map_err(Report::from).and_then(|batch| Rows::new(&with_types(batch, &schema)?));
        let is_last = rows.is_err();
        if sender.send(Item::Batch(rows)).await.is_err() || is_last {
            return;
        }
    }
    // Nobody waits any more where this fails.
    let _ = sender.send(Item::End).await;
}

/// A client was told these types, so it gets them.
fn with_types(batch: RecordBatch, schema: &SchemaRef) -> Result<RecordBatch, Report> {
    if batch.schema().fields() == schema.fields() {
        return Ok(batch);
    }
    let options = CastOptions { safe: false, ..CastOptions::default() };
    let cast = |(array, field): (&ArrayRef, &Arc<arrow::datatypes::Field>)| {
        if array.data_type() == field.data_type() {
            return Ok(Arc::clone(array));
        }
        cast_with_options(array, field.data_type(), &options)
            .map_err(|error| Report::new("22003", format!("column \"{}\": {error}", field.name())))
    };
    let columns =
        batch.columns().iter().zip(schema.fields()).map(cast).collect::<Result<Vec<_>, _>>()?;
    let options = arrow::array::RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    RecordBatch::try_new_with_options(Arc::clone(schema), columns, &options)
        .map_err(|error| Report::new("XX000", error.to_string()))
}

fn broken() -> Report {
    Report::new("XX000", "the query broke off")
        .detail("A thread of the query engine ended unexpectedly.")
}

#[derive(Debug)]
struct AbortOnDrop(AbortHandle);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}
