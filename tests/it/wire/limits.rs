//! What bounds a client: cancel, timeouts, depth, connections, memory, and the address that is listened on.

use std::time::{Duration, Instant};

use brunt_pgwire::{Error, ServeOptions, serve};
use bytes::BufMut;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_postgres::NoTls;

use super::{Endpoint, code, value};
use crate::small;

/// Counts for hours, and yields while it does.
const ENDLESS: &str = "SELECT count(*) FROM generate_series(1, 1000000000000) WHERE value % 7 = 3";

#[tokio::test(flavor = "multi_thread")]
async fn a_cancel_ends_the_statement_and_only_that() {
    let endpoint = Endpoint::start().await;
    let client = endpoint.connect().await;
    let cancel = client.cancel_token();
    let started = Instant::now();
    let canceling = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        cancel.cancel_query(NoTls).await.unwrap();
    };
    let (done, ()) = tokio::join!(client.simple_query(ENDLESS), canceling);
    assert_eq!(code(&done.unwrap_err()), "57014");
    assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
    // A cancel that finds nothing to cancel does not hit the next statement.
    cancel.cancel_query(NoTls).await.unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(value(&client, "SELECT 1").await, "1");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_that_takes_too_long_ends_on_every_path() {
    let endpoint = Endpoint::start().await;
    let client = endpoint.connect().await;
    client.simple_query("SET statement_timeout = '300ms'").await.unwrap();
    assert_eq!(code(&client.simple_query(ENDLESS).await.unwrap_err()), "57014");
    assert_eq!(code(&client.query(ENDLESS, &[]).await.unwrap_err()), "57014");
    client.simple_query("SET statement_timeout = 0").await.unwrap();
    assert_eq!(value(&client, "SELECT 1").await, "1");
}

#[tokio::test(flavor = "multi_thread")]
async fn deep_statements_are_refused_and_less_deep_ones_run() {
    let endpoint = Endpoint::start().await;
    let client = endpoint.connect().await;
    let chain = |n: usize| {
        format!("SELECT count(*) FROM logs WHERE {}", vec!["severity_number = 1"; n].join(" OR "))
    };
    assert_eq!(code(&client.simple_query(&chain(5_000)).await.unwrap_err()), "54001");
    assert_eq!(code(&client.prepare(&chain(5_000)).await.unwrap_err()), "54001");
    let sum = format!("SELECT {}", vec!["1"; 900].join("+"));
    assert_eq!(value(&client, &sum).await, "900");
    assert_eq!(value(&client, &chain(900)).await, "0");
    let nested = format!("SELECT {}1{}", "(SELECT ".repeat(5_000), ")".repeat(5_000));
    assert_eq!(code(&client.simple_query(&nested).await.unwrap_err()), "54001");
    let list = format!(
        "SELECT count(*) FROM logs WHERE severity_number IN ({})",
        vec!["1"; 20_000].join(",")
    );
    assert_eq!(value(&client, &list).await, "0");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_too_many_is_told_so() {
    let endpoint =
        Endpoint::with(ServeOptions { connections_max: 1, ..ServeOptions::default() }).await;
    let first = endpoint.connect().await;
    assert_eq!(code(&endpoint.try_connect("").await.err().unwrap()), "53300");
    assert_eq!(value(&first, "SELECT 1").await, "1");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_leaves_takes_its_query_along() {
    let endpoint =
        Endpoint::with(ServeOptions { connections_max: 1, ..ServeOptions::default() }).await;
    let mut socket = raw(&endpoint).await;
    socket.write_all(&query(ENDLESS)).await.unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    drop(socket);
    let mut last = None;
    for _ in 0..100 {
        match endpoint.try_connect("").await {
            Ok(client) => {
                assert_eq!(value(&client, "SELECT 1").await, "1");
                return;
            }
            Err(error) => last = Some(error),
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("the connection was not given back: {last:?}");
}

/// Ten million wide rows are 2 GB; a client that does not read them costs a few batches.
#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn a_slow_client_costs_bounded_memory() {
    let endpoint = Endpoint::start().await;
    let mut socket = raw(&endpoint).await;
    let before = resident_bytes();
    socket
        .write_all(&query("SELECT value, repeat('x', 200) FROM generate_series(1, 10000000)"))
        .await
        .unwrap();
    tokio::time::sleep(Duration::from_secs(3)).await;
    let grown = resident_bytes().saturating_sub(before);
    assert!(grown < 300 << 20, "{} MB", grown >> 20);
    let mut some = vec![0; 1 << 20];
    socket.read_exact(&mut some).await.unwrap();
    let other = endpoint.connect().await;
    assert_eq!(value(&other, "SELECT 1").await, "1");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_this_machine_may_connect() {
    let listener = TcpListener::bind("0.0.0.0:0").await.unwrap();
    let error =
        serve(small::store().await, listener, ServeOptions::default(), std::future::pending())
            .await
            .unwrap_err();
    assert!(matches!(error, Error::NotLoopback { .. }));
    assert!(error.to_string().ends_with("is not a loopback address"), "{error}");
    assert!(error.hint().is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn shutdown_ends_serving() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let stopped = async {
        let _ = stopped.await;
    };
    let server =
        tokio::spawn(serve(small::store().await, listener, ServeOptions::default(), stopped));
    stop.send(()).unwrap();
    server.await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn garbage_ends_one_connection_and_no_more() {
    let endpoint = Endpoint::start().await;
    let client = endpoint.connect().await;
    let mut socket = raw(&endpoint).await;
    socket.write_all(b"\xff\xff\xff\xff\xff\xff\xff\xff").await.unwrap();
    let mut answer = Vec::new();
    socket.read_to_end(&mut answer).await.unwrap();
    assert!(String::from_utf8_lossy(&answer).contains("FATAL"));
    let mut socket = raw(&endpoint).await;
    // A message that says it is 1 GB long.
    socket.write_all(&[b'Q', 0x40, 0, 0, 0]).await.unwrap();
    socket.read_to_end(&mut answer).await.unwrap();
    assert_eq!(value(&client, "SELECT 1").await, "1");
}

/// A socket past its startup.
async fn raw(endpoint: &Endpoint) -> TcpStream {
    let mut socket = TcpStream::connect(endpoint.address).await.unwrap();
    let mut startup = Vec::new();
    let body = b"user\0ana\0\0";
    startup.put_u32(u32::try_from(8 + body.len()).unwrap());
    startup.put_u32(196_608);
    startup.extend_from_slice(body);
    socket.write_all(&startup).await.unwrap();
    let mut seen = Vec::new();
    // ReadyForQuery, idle.
    while !seen.ends_with(&[b'Z', 0, 0, 0, 5, b'I']) {
        let mut byte = [0];
        socket.read_exact(&mut byte).await.unwrap();
        seen.extend_from_slice(&byte);
    }
    socket
}

fn query(sql: &str) -> Vec<u8> {
    let mut message = vec![b'Q'];
    message.put_u32(u32::try_from(sql.len() + 5).unwrap());
    message.extend_from_slice(sql.as_bytes());
    message.push(0);
    message
}

#[cfg(target_os = "linux")]
fn resident_bytes() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    statm.split(' ').nth(1).and_then(|pages| pages.parse::<usize>().ok()).unwrap() * 4096
}
