//! The same store over HTTP on an S3-compatible server: the `moto` server of Python's packages.
//!
//! It proves the requests (signatures, conditional puts, listings), not races. Where it cannot be started, the test
//! says so and passes.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};

use brunt_testkit::needs::python_with;

use super::rows::{DAY, append_logs, at, texts};
use crate::{Error, Store, StoreOptions};

/// A server that ends with the test.
struct Server {
    child: Child,
    options: StoreOptions,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Makes a bucket and serves until it is killed; prints a line when it listens.
const SERVE: &str = "
import sys, boto3
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer(ip_address='127.0.0.1', port=int(sys.argv[1]), verbose=False)
server.start()
s3 = boto3.client('s3', endpoint_url='http://127.0.0.1:' + sys.argv[1], region_name='us-east-1',
                  aws_access_key_id='test', aws_secret_access_key='test')
s3.create_bucket(Bucket='brunt')
print('ready', flush=True)
sys.stdin.read()
";

fn start() -> Option<Server> {
    let python = python_with("moto.server, boto3, flask, flask_cors")?;
    // The port was free a moment ago, which is as good as it gets.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut child = Command::new(python)
        .args(["-c", SERVE, &port.to_string()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let is_ready = lines.map_while(Result::ok).any(|line| line == "ready");
    assert!(is_ready, "the server did not start");
    let setting = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    let object_store = vec![
        setting("aws_endpoint", &format!("http://127.0.0.1:{port}")),
        setting("aws_allow_http", "true"),
        setting("aws_access_key_id", "test"),
        setting("aws_secret_access_key", "test"),
        setting("aws_region", "us-east-1"),
    ];
    Some(Server { child, options: StoreOptions { object_store } })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_works_over_http() {
    let Some(server) = start() else { return };
    let place = "s3://brunt/team/store";
    let none = Store::open(place, &server.options).await.unwrap_err();
    assert!(matches!(none, Error::NoStore { .. }), "{none:?}");
    let store = Store::create(place, &server.options, at(DAY, 0)).await.unwrap();
    let other = Store::open(place, &server.options).await.unwrap();
    let mut bodies = Vec::new();
    for number in 10..22 {
        // Two processes in turn, each of which knows an older head than the other.
        let store = if number % 2 == 0 { &store } else { &other };
        append_logs(store, &[(at(DAY, number), "s", &number.to_string())]).await.unwrap();
        bodies.push(number.to_string());
    }
    store.optimize(at(DAY, 0), "logs", None).await.unwrap();
    let store = Store::open(place, &server.options).await.unwrap();
    let head = store.head().await.unwrap();
    assert_eq!(head.number, 13);
    assert_eq!(texts(&store, &head, "logs", "body").await, bodies);
    let past = store.epoch_at(11).await.unwrap();
    assert_eq!(texts(&store, &past, "logs", "body").await, bodies[..11]);
    assert_eq!(store.vacuum(true).await.unwrap().paths, Vec::<String>::new());
}
