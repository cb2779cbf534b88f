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
