//! Threads of their own for what is derived beside the rest.
//!
//! They wait for whoever has the tables, who reads and writes with the runtime's threads for blocking work: as one of
//! those, of which a program may allow few, a worker could wait for itself.

use tokio::sync::oneshot;

use super::internal;
use crate::error::Error;

/// Begins work on a thread of its own; its end is awaited with [`end_of`].
///
/// # Errors
/// The system gives no thread.
pub(super) fn spawn<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<oneshot::Receiver<T>, Error> {
    let (sender, end) = oneshot::channel();
    let work = move || {
        // Nobody waits any more where something else failed first.
        let _ = sender.send(work());
    };
    let thread = std::thread::Builder::new().name("brunt-derive".to_owned());
    thread.spawn(work).map_err(|error| internal(&error))?;
    Ok(end)
}

/// What the work gave.
///
/// # Errors
/// The thread ended before its work did.
pub(super) async fn end_of<T>(worker: oneshot::Receiver<T>) -> Result<T, Error> {
    worker.await.map_err(|_| internal(&"a thread that derives ended before its work did"))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use arrow::record_batch::RecordBatch;
    use brunt_model::{Day, Table};
    use brunt_store::Share;
    use serde_json::json;

    use super::super::parts::derive_in_parts;
    use super::super::ranges::derive_ranges;
    use super::super::testing::{Memory, event};
    use super::super::{RowStream, Rows, Tables};
    use super::*;
    use crate::definitions::Definitions;

    /// Tables that read and write with the runtime's threads for blocking work.
    struct Blocking(Memory);

    impl Rows for Blocking {
        async fn rows(
            &mut self,
            table: &'static Table,
            day: Day,
            columns: &[&'static str],
        ) -> Result<RowStream, Error> {
            tokio::task::spawn_blocking(|| ()).await.unwrap();
            Rows::rows(&mut self.0, table, day, columns).await
        }
    }

    impl Tables for Blocking {
        async fn replace(
            &mut self,
            table: &'static Table,
            day: Day,
            rows: Vec<RecordBatch>,
            share: Share,
        ) -> Result<(), Error> {
            tokio::task::spawn_blocking(|| ()).await.unwrap();
            self.0.replace(table, day, rows, share).await
        }
    }

    #[test]
    fn a_program_may_allow_one_thread_for_blocking_work() {
        let mut tables = Blocking(Memory::default());
        for day in 1..13 {
            tables
                .0
                .add("events", &[event(&format!("2025-01-{day:02}T10:00:00Z"), "s", json!({}))]);
        }
        let (days, definitions) = (tables.0.days(), Definitions::default());
        let middle = *days.iter().nth(days.len() / 2).unwrap();
        let ranges = [days.range(..middle), days.range(middle..)];
        let ranges = ranges.map(|range| range.copied().collect());
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.max_blocking_threads(1).enable_time().build().unwrap();
        let derived = async {
            derive_ranges(&mut tables, ranges, &definitions).await?;
            derive_in_parts(&mut tables, &days, &definitions, 2).await
        };
        let in_time = async { tokio::time::timeout(Duration::from_mins(1), derived).await };
        runtime.block_on(in_time).expect("a worker waits for itself").unwrap();
        assert_eq!(tables.0.rows("activities").len(), 12);
    }
}
