//! The endpoint with real clients: tokio-postgres in this process, raw bytes where it is too polite, and the clients of
//! `tests/clients` where this machine has them.

mod catalog;
mod clients;
mod limits;
mod protocol;
mod values;

use std::net::SocketAddr;

use brunt_pgwire::{Error, ServeOptions, serve};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_postgres::{Client, NoTls, SimpleQueryMessage};

use crate::small;

/// An endpoint over the small store; it ends with the test.
struct Endpoint {
    address: SocketAddr,
    server: JoinHandle<Result<(), Error>>,
}

impl Endpoint {
    async fn start() -> Self {
        Self::with(ServeOptions::default()).await
    }

    async fn with(options: ServeOptions) -> Self {
        Self::serve("small", options).await
    }

    /// Serves a folder of the fixtures.
    async fn serve(fixtures: &str, options: ServeOptions) -> Self {
        let store = small::store_of(fixtures).await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = tokio::spawn(serve(store, listener, options, std::future::pending()));
        Self { address, server }
    }

    async fn connect(&self) -> Client {
        self.try_connect("").await.unwrap()
    }

    async fn try_connect(&self, options: &str) -> Result<Client, tokio_postgres::Error> {
        let config = format!(
            "host={} port={} user=ana dbname=brunt {options}",
            self.address.ip(),
            self.address.port()
        );
        let (client, connection) = tokio_postgres::connect(&config, NoTls).await?;
        tokio::spawn(connection);
        Ok(client)
    }
}

impl Drop for Endpoint {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// The SQLSTATE of a failure.
fn code(error: &tokio_postgres::Error) -> &str {
    error.code().unwrap_or_else(|| panic!("no SQLSTATE: {error:?}")).code()
}

/// The rows of all statements of a text, as text.
async fn rows(client: &Client, sql: &str) -> Vec<Vec<Option<String>>> {
    let messages =
        client.simple_query(sql).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    let mut rows = Vec::new();
    for message in messages {
        if let SimpleQueryMessage::Row(row) = message {
            rows.push((0..row.len()).map(|idx| row.get(idx).map(str::to_owned)).collect());
        }
    }
    rows
}

/// The one value of a query.
async fn value(client: &Client, sql: &str) -> String {
    rows(client, sql).await[0][0].clone().unwrap_or_else(|| "NULL".to_owned())
}
