//! The listener: who may connect, how many at once, and the threads that queries run on.

use std::future::Future;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use brunt::Store;
use bytes::BytesMut;
use pgwire::api::{ClientInfo, DefaultClient, PidSecretKeyGenerator, RandomPidSecretKeyGenerator};
use pgwire::messages::ProtocolVersion;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::{OnceCell, Semaphore};
use tokio::task::JoinSet;

use crate::catalog::Relations;
use crate::connection;
use crate::error::{Error, Report};
use crate::interrupt::Registry;
use crate::socket::{self, Opening};

/// Stack of a thread that plans and runs queries. Memory is taken as it is used, so the size costs address space only;
/// a debug build needs 20 MB for the deepest statement that is let through.
const STACK_BYTES: usize = 64 << 20;

/// Connections beyond the limit that may say who they are, for cancel requests get in whatever the load is.
const WAITING_MAX: usize = 32;

/// How long a client may take to say who it is; PostgreSQL's `authentication_timeout`.
const STARTUP_TIMEOUT: Duration = Duration::from_mins(1);

/// How the endpoint serves.
#[derive(Debug, Clone)]
pub struct ServeOptions {
    /// Sessions at once; further clients are refused with `53300`.
    pub connections_max: usize,
    /// Threads for planning and running queries; 0 is one for each core.
    pub n_threads: usize,
}

impl Default for ServeOptions {
    fn default() -> Self {
        Self { connections_max: 100, n_threads: 0 }
    }
}

/// What all connections share.
pub(crate) struct Server {
    pub(crate) store: Store,
    pub(crate) cpu: Handle,
    pub(crate) registry: Arc<Registry>,
    pub(crate) relations: OnceCell<Arc<Relations>>,
    sessions: Arc<Semaphore>,
    keys: RandomPidSecretKeyGenerator,
}

/// Serves the store to PostgreSQL clients until `shutdown` completes; open connections are closed then.
///
/// # Errors
/// [`Error::NotLoopback`] where the listener can be reached from other machines, [`Error::System`] where the operating
/// system gives no threads.
pub async fn serve(
    store: Store,
    listener: TcpListener,
    options: ServeOptions,
    shutdown: impl Future<Output = ()>,
) -> Result<(), Error> {
    let address = listener
        .local_addr()
        .map_err(|source| Error::System { action: "read the listener's address", source })?;
    if !address.ip().is_loopback() {
        return Err(Error::NotLoopback { address });
    }
    let n_threads = match options.n_threads {
        0 => std::thread::available_parallelism().map_or(1, NonZeroUsize::get),
        n_threads => n_threads,
    };
    let threads = Builder::new_multi_thread()
        .worker_threads(n_threads)
        .thread_name("brunt-query")
        .thread_stack_size(STACK_BYTES)
        .enable_all()
        .build()
        .map_err(|source| Error::System { action: "start the threads for queries", source })?;
    // Statements are parsed, and what came of deep ones is dropped, where a connection is read: on large stacks, too.
    let readers = Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name("brunt-wire")
        .thread_stack_size(STACK_BYTES)
        .enable_all()
        .build()
        .map_err(|source| Error::System { action: "start the threads for connections", source })?;
    let cpu = threads.handle().clone();
    let wire = readers.handle().clone();
    let _threads = (Threads(Some(threads)), Threads(Some(readers)));
    let server = Arc::new(Server {
        store,
        cpu,
        registry: Arc::default(),
        relations: OnceCell::new(),
        sessions: Arc::new(Semaphore::new(options.connections_max)),
        keys: RandomPidSecretKeyGenerator::default(),
    });
    accept(&server, &listener, &wire, options.connections_max, shutdown).await;
    Ok(())
}

/// A runtime that ends without waiting for queries that do not yield, wherever `serve` is dropped.
struct Threads(Option<Runtime>);

impl Drop for Threads {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

async fn accept(
    server: &Arc<Server>,
    listener: &TcpListener,
    wire: &Handle,
    connections_max: usize,
    shutdown: impl Future<Output = ()>,
) {
    let sockets = Arc::new(Semaphore::new(connections_max + WAITING_MAX));
    let mut connections = JoinSet::new();
    let mut shutdown = std::pin::pin!(shutdown);
    loop {
        let accepted = tokio::select! {
            () = &mut shutdown => return,
            Some(_) = connections.join_next() => continue,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((socket, _)) => {
                if let Ok(permit) = Arc::clone(&sockets).try_acquire_owned() {
                    let server = Arc::clone(server);
                    let connection = async move {
                        connect(server, socket).await;
                        drop(permit);
                    };
                    connections.spawn_on(connection, wire);
                }
            }
            // Out of file descriptors, mostly: what is open goes on, and the next client has to wait.
            Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
        }
    }
}

async fn connect(server: Arc<Server>, mut socket: TcpStream) {
    // Without it an answer may wait for the client's acknowledgement; where it is refused, it does.
    let _ = socket.set_nodelay(true);
    let mut buffer = BytesMut::new();
    let Ok(Some(opening)) =
        tokio::time::timeout(STARTUP_TIMEOUT, socket::open(&mut socket, &mut buffer)).await
    else {
        return;
    };
    match opening {
        Opening::Cancel(request) => server.registry.cancel(request.pid, &request.secret_key),
        Opening::Session(startup) => {
            let Ok(address) = socket.peer_addr() else { return };
            let mut client = DefaultClient::<()>::new(address, false);
            // Keys of four bytes, which every client takes.
            client.set_protocol_version(ProtocolVersion::PROTOCOL3_0);
            let key = server.keys.generate(&client);
            let permit = Arc::clone(&server.sessions).try_acquire_owned();
            let admitted = permit.as_ref().map(|_| ()).map_err(|_| {
                Report::fatal("53300", "too many connections")
                    .hint("Close idle ones, or raise the limit of the server.")
            });
            connection::run(server, socket, buffer, startup, key, admitted).await;
            drop(permit);
        }
    }
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server").finish_non_exhaustive()
    }
}
