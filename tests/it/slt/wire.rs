//! The door of PostgreSQL clients: a real endpoint on a loopback port and a real client.

use std::net::SocketAddr;

use async_trait::async_trait;
use brunt::Store;
use brunt_pgwire::{ServeOptions, serve};
use sqllogictest::{AsyncDB, DBOutput, DefaultColumnType};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_postgres::types::Type;
use tokio_postgres::{Client, Error, NoTls, SimpleQueryMessage};

use super::text::shown;

/// A server that ends with the test.
pub(super) struct Endpoint {
    address: SocketAddr,
    server: JoinHandle<()>,
}

impl Endpoint {
    pub(super) async fn start(store: Store) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("a bound address");
        let server = tokio::spawn(async move {
            serve(store, listener, ServeOptions::default(), std::future::pending())
                .await
                .expect("the endpoint serves");
        });
        Self { address, server }
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Endpoint {
    fn drop(&mut self) {
        self.server.abort();
    }
}

pub(super) struct Wire {
    client: Client,
}

impl Wire {
    pub(super) async fn connect(address: SocketAddr) -> Result<Self, Error> {
        let config =
            format!("host={} port={} user=brunt dbname=brunt", address.ip(), address.port());
        let (client, connection) = tokio_postgres::connect(&config, NoTls).await?;
        tokio::spawn(connection);
        Ok(Self { client })
    }
}

#[async_trait]
impl AsyncDB for Wire {
    type Error = Error;
    type ColumnType = DefaultColumnType;

    /// Prepares the statement for the types of its columns, and runs it by the simple protocol for their text.
    async fn run(&mut self, sql: &str) -> Result<DBOutput<DefaultColumnType>, Error> {
        let types: Vec<DefaultColumnType> = self
            .client
            .prepare(sql)
            .await?
            .columns()
            .iter()
            .map(|column| column_type(column.type_()))
            .collect();
        let messages = self.client.simple_query(sql).await?;
        if types.is_empty() {
            return Ok(DBOutput::StatementComplete(0));
        }
        let rows = messages.into_iter().filter_map(|message| match message {
            SimpleQueryMessage::Row(row) => {
                Some((0..row.len()).map(|idx| shown(row.get(idx).map(str::to_owned))).collect())
            }
            _ => None,
        });
        Ok(DBOutput::Rows { types, rows: rows.collect() })
    }

    async fn shutdown(&mut self) {}

    fn engine_name(&self) -> &'static str {
        "wire"
    }

    fn error_sql_state(error: &Error) -> Option<String> {
        error.code().map(|code| code.code().to_owned())
    }
}

fn column_type(column: &Type) -> DefaultColumnType {
    match *column {
        Type::INT2 | Type::INT4 | Type::INT8 => DefaultColumnType::Integer,
        Type::FLOAT4 | Type::FLOAT8 | Type::NUMERIC => DefaultColumnType::FloatingPoint,
        _ => DefaultColumnType::Text,
    }
}
