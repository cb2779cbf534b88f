//! What ends a statement before its time: a cancel request, its timeout, a client that left.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use pgwire::messages::startup::SecretKey;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::error::Report;

/// Why a message could not be answered.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The client is told, and the connection lives on.
    Report(Report),
    /// Nobody is there to be told.
    Gone,
}

impl<T: Into<Report>> From<T> for Failure {
    fn from(error: T) -> Self {
        Self::Report(error.into())
    }
}

/// One connection's ears for what may end its statement.
#[derive(Debug)]
pub(crate) struct Interrupt {
    cancels: watch::Receiver<u64>,
    /// Closed when the client's side of the socket is.
    client: watch::Receiver<()>,
    deadline: Option<Instant>,
}

impl Interrupt {
    pub(crate) fn new(cancels: watch::Receiver<u64>, client: watch::Receiver<()>) -> Self {
        Self { cancels, client, deadline: None }
    }

    /// A statement begins: cancel requests that came before it are void.
    pub(crate) fn begin(&mut self, timeout: Option<Duration>) {
        self.cancels.mark_unchanged();
        self.deadline = timeout.map(|timeout| Instant::now() + timeout);
    }

    /// Waits for `work`, and no longer than the client wants it.
    pub(crate) async fn guard<T>(&mut self, work: impl Future<Output = T>) -> Result<T, Failure> {
        let deadline = self.deadline;
        let timeout = async {
            match deadline {
                Some(deadline) => tokio::time::sleep_until(deadline).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            Err(_) = self.client.changed() => Err(Failure::Gone),
            Ok(()) = self.cancels.changed() => Err(Report::canceled().into()),
            () = timeout => Err(Report::new("57014", "canceling statement due to statement timeout").into()),
            done = work => Ok(done),
        }
    }
}

/// The connections that can be canceled, by process number and secret key.
#[derive(Debug, Default)]
pub(crate) struct Registry {
    connections: Mutex<HashMap<i32, (SecretKey, watch::Sender<u64>)>>,
}

impl Registry {
    /// Adds a connection; it is removed when the guard is dropped.
    pub(crate) fn register(
        self: &Arc<Self>,
        pid: i32,
        key: SecretKey,
    ) -> (watch::Receiver<u64>, Registration) {
        let (sender, receiver) = watch::channel(0);
        self.lock().insert(pid, (key, sender));
        (receiver, Registration { registry: Arc::clone(self), pid })
    }

    /// Cancels what the connection runs, if the key is its key.
    pub(crate) fn cancel(&self, pid: i32, key: &SecretKey) {
        if let Some((own, sender)) = self.lock().get(&pid)
            && own.eq_value(key)
        {
            sender.send_modify(|count| *count += 1);
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<i32, (SecretKey, watch::Sender<u64>)>> {
        self.connections.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection's place in the [`Registry`].
#[derive(Debug)]
pub(crate) struct Registration {
    registry: Arc<Registry>,
    pid: i32,
}

impl Drop for Registration {
    fn drop(&mut self) {
        self.registry.lock().remove(&self.pid);
    }
}
