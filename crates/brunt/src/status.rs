//! What a store holds, and what waits to be done.

use crate::error::Error;
use crate::store::Store;

/// The state of a store at its newest whole epoch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    pub epoch: u64,
    pub n_loads: u64,
    /// Whether the definitions differ from those that the derived tables were made with.
    pub definitions_changed: bool,
}

pub(crate) async fn status(store: &Store) -> Result<Status, Error> {
    let head = store.tables().head().await?;
    let definitions = store.definitions().await?;
    let session = store.session().await?;
    let answer =
        session.sql("SELECT CAST(count(DISTINCT load_id) AS BIGINT) FROM system.loads").await?;
    let n_loads = first_count(&answer.collect().await?);
    Ok(Status {
        epoch: head.number,
        n_loads,
        definitions_changed: definitions.hash() != head.definitions_hash,
    })
}

fn first_count(batches: &[arrow::record_batch::RecordBatch]) -> u64 {
    use arrow::array::AsArray;
    use arrow::datatypes::Int64Type;
    let count = batches.iter().find(|batch| batch.num_rows() > 0).and_then(|batch| {
        batch.column(0).as_primitive_opt::<Int64Type>().map(|counts| counts.value(0))
    });
    count.and_then(|count| u64::try_from(count).ok()).unwrap_or(0)
}
