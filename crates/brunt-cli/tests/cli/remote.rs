//! Loading from an S3-compatible server over HTTP (the `moto` server of Python's packages) into a store on it, by bucket
//! and by pre-signed URL. Where the server cannot be started, the test says so and passes.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};

use brunt_testkit::needs;

use super::{Place, Ran, count};

/// Serves until its input ends; prints a signed URL of one object when the bucket is filled.
const SERVE: &str = r#"
import sys, boto3
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer(ip_address='127.0.0.1', port=int(sys.argv[1]), verbose=False)
server.start()
s3 = boto3.client('s3', endpoint_url='http://127.0.0.1:' + sys.argv[1], region_name='us-east-1',
                  aws_access_key_id='test', aws_secret_access_key='test')
s3.create_bucket(Bucket='exports')
for key, n in [('a/one.jsonl', 1), ('a/two.jsonl', 2), ('b/three.jsonl', 3)]:
    body = ''.join('{"ts":"2025-10-28T14:00:%02dZ","level":"info","message":"%s %d"}\n' % (i, key, i) for i in range(n))
    s3.put_object(Bucket='exports', Key=key, Body=body.encode())
print(s3.generate_presigned_url('get_object', Params={'Bucket': 'exports', 'Key': 'b/three.jsonl'}), flush=True)
sys.stdin.read()
"#;

struct Server {
    child: Child,
    endpoint: String,
    signed: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn start() -> Option<Server> {
    let python = needs::python_with("moto.server, boto3, flask, flask_cors")?;
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
    let signed = lines.map_while(Result::ok).find(|line| line.starts_with("http"));
    Some(Server {
        child,
        endpoint: format!("http://127.0.0.1:{port}"),
        signed: signed.expect("the server did not start"),
    })
}

fn run(place: &Place, server: &Server, arguments: &[&str]) -> Ran {
    let mut command = place.command(arguments);
    command.envs([
        ("AWS_ENDPOINT", server.endpoint.as_str()),
        ("AWS_ALLOW_HTTP", "true"),
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
        ("AWS_REGION", "us-east-1"),
    ]);
    place.ran(&mut command)
}

#[test]
fn objects_are_loaded_by_prefix_glob_and_signed_url() {
    let Some(server) = start() else { return };
    let place = Place::new();
    let load = |what: &str| run(&place, &server, &["load", "--table", "logs", what]);

    let ran = load("s3://exports/a");
    assert_eq!(ran.status, 0, "{ran:?}");
    assert!(ran.out.contains("s3://exports/a/two.jsonl"), "{ran:?}");
    assert_eq!(count(&place, "SELECT count(*) FROM logs"), "3");

    let ran = load("s3://exports/*/t*.jsonl");
    assert_eq!(ran.status, 0, "{ran:?}");
    assert!(ran.err.contains("s3://exports/a/two.jsonl: loaded before"), "{ran:?}");
    assert_eq!(count(&place, "SELECT count(*) FROM logs"), "6");

    // The same bytes by another way are the same load, and the signature is shown nowhere.
    let ran = load(&server.signed);
    assert_eq!(ran.status, 0, "{ran:?}");
    assert!(ran.err.contains("/exports/b/three.jsonl: loaded before"), "{ran:?}");
    assert!(!ran.err.contains("Signature"), "{ran:?}");

    let ran = load("s3://exports/nothing/here");
    assert_eq!(ran.status, 3, "{ran:?}");
    assert!(ran.err.contains("no object is there"), "{ran:?}");
    let ran = load(&server.signed.replace("three", "four"));
    assert_eq!(ran.status, 3, "{ran:?}");
    assert!(ran.err.contains("cannot be had") && !ran.err.contains("Signature"), "{ran:?}");
}

#[test]
fn a_store_can_lie_where_its_exports_do() {
    let Some(server) = start() else { return };
    let place = Place::new();
    let store = ["--store", "s3://exports/store"];
    let with = |arguments: &[&str]| run(&place, &server, &[&store, arguments].concat());
    let ran = with(&["load", "--table", "logs", "s3://exports/a/*.jsonl"]);
    assert_eq!(ran.status, 0, "{ran:?}");
    let ran = with(&["sql", "--format", "csv", "SELECT count(*) FROM logs"]);
    assert_eq!(ran.out, "count\n3\n", "{ran:?}");
}
