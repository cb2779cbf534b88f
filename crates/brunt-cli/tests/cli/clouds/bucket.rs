//! A bucket over HTTP in memory: objects are put (where asked for, only if none is there), listed below a prefix and had
//! whole or in ranges, as Google's XML interface and Azure's blob service document it. Signatures are not looked at.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

const MODIFIED: &str = "Tue, 28 Oct 2025 14:00:00 GMT";

type Objects = Mutex<BTreeMap<String, Vec<u8>>>;

/// It serves until the test's process ends.
pub(crate) struct Bucket {
    pub(crate) address: SocketAddr,
}

impl Bucket {
    /// `root` is what stands before the names of objects in paths, with slashes around it.
    pub(crate) fn serve(root: &'static str, objects: &[(&str, &str)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let objects =
            objects.iter().map(|(name, text)| ((*name).to_owned(), text.as_bytes().into()));
        let objects = Arc::new(Mutex::new(objects.collect()));
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let objects: Arc<Objects> = Arc::clone(&objects);
                thread::spawn(move || converse(stream, root, &objects));
            }
        });
        Self { address }
    }
}

struct Request {
    method: String,
    /// The object's name, empty for the bucket.
    name: String,
    query: BTreeMap<String, String>,
    headers: BTreeMap<String, String>,
    body: Vec<u8>,
}

struct Answer {
    status: &'static str,
    /// Which bytes of how many, where a range was asked for.
    range: Option<String>,
    body: Vec<u8>,
}

impl Answer {
    fn new(status: &'static str, body: Vec<u8>) -> Self {
        Self { status, range: None, body }
    }
}

/// Answers one request after the other until the client goes.
fn converse(mut stream: TcpStream, root: &str, objects: &Objects) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    while let Some(request) = read(&mut reader, root) {
        let Answer { status, range, body } = answer(&request, objects);
        let len = body.len();
        let range = range.map_or(String::new(), |range| format!("content-range: {range}\r\n"));
        let head = format!(
            "HTTP/1.1 {status}\r\ncontent-length: {len}\r\n{range}last-modified: {MODIFIED}\r\n\
             etag: \"{len:x}\"\r\nx-goog-generation: 1\r\n\r\n"
        );
        let body = if request.method == "HEAD" { Vec::new() } else { body };
        if stream.write_all(&[head.as_bytes(), &body].concat()).is_err() {
            return;
        }
    }
}

fn read(reader: &mut impl BufRead, root: &str) -> Option<Request> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim_end() {
            "" => break,
            line => lines.push(line.to_owned()),
        }
    }
    let mut words = lines.first()?.split(' ');
    let (method, target) = (words.next()?.to_owned(), words.next()?);
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let path = decoded(path);
    let name = path.strip_prefix(root).unwrap_or("").to_owned();
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    let query = pairs.map(|(key, value)| (key.to_owned(), decoded(value))).collect();
    let headers: BTreeMap<String, String> = lines
        .iter()
        .filter_map(|line| line.split_once(": "))
        .map(|(key, value)| (key.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let len = headers.get("content-length").map_or(0, |len| len.parse().unwrap());
    let mut body = vec![0; len];
    reader.read_exact(&mut body).ok()?;
    Some(Request { method, name, query, headers, body })
}

/// Text without percent signs.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let hex = after.get(..2).filter(|_| *first == b'%');
        let code =
            hex.map(|hex| u8::from_str_radix(std::str::from_utf8(hex).unwrap(), 16).unwrap());
        bytes.push(code.unwrap_or(if *first == b'+' { b' ' } else { *first }));
        rest = if code.is_some() { &after[2..] } else { after };
    }
    String::from_utf8(bytes).unwrap()
}

fn answer(request: &Request, objects: &Objects) -> Answer {
    let mut objects = objects.lock().unwrap();
    let empty = |status| Answer::new(status, Vec::new());
    match (request.method.as_str(), objects.get(&request.name)) {
        ("GET", _) if request.name.is_empty() => listing(request, &objects),
        ("GET" | "HEAD", None) => empty("404 Not Found"),
        ("GET" | "HEAD", Some(object)) => part(request, object),
        ("PUT", Some(_)) if request.headers.contains_key("x-goog-if-generation-match") => {
            empty("412 Precondition Failed")
        }
        ("PUT", Some(_)) if request.headers.contains_key("if-none-match") => empty("409 Conflict"),
        ("PUT", _) => {
            objects.insert(request.name.clone(), request.body.clone());
            empty("201 Created")
        }
        ("DELETE", _) => {
            objects.remove(&request.name);
            empty("202 Accepted")
        }
        _ => empty("501 Not Implemented"),
    }
}

/// What `Range: bytes=3-5` asks for, or all. What is asked for past the end is not there.
fn part(request: &Request, object: &[u8]) -> Answer {
    let asked = request.headers.get("range").or_else(|| request.headers.get("x-ms-range"));
    let Some(asked) = asked.and_then(|asked| asked.strip_prefix("bytes=")) else {
        return Answer::new("200 OK", object.to_owned());
    };
    let (first, last) = asked.split_once('-').unwrap();
    let len = object.len();
    let (start, end) = match (first, last) {
        ("", n_last) => (len - len.min(n_last.parse().unwrap()), len),
        (first, "") => (first.parse().unwrap(), len),
        (first, last) => (first.parse().unwrap(), len.min(last.parse::<usize>().unwrap() + 1)),
    };
    Answer {
        status: "206 Partial Content",
        range: Some(format!("bytes {start}-{}/{len}", end - 1)),
        body: object[start..end].to_owned(),
    }
}

/// Both forms of a list, of which each client reads its own.
fn listing(request: &Request, objects: &BTreeMap<String, Vec<u8>>) -> Answer {
    let asked = |key: &str| request.query.get(key).map_or("", String::as_str);
    let (prefix, past, from) = (asked("prefix"), asked("start-after"), asked("startFrom"));
    let is_wanted =
        |name: &str| name.starts_with(prefix) && (past.is_empty() || name > past) && name >= from;
    let (mut google, mut azure) = (String::new(), String::new());
    for (name, object) in objects.iter().filter(|(name, _)| is_wanted(name)) {
        let len = object.len();
        let _ = write!(
            google,
            "<Contents><Key>{name}</Key><LastModified>2025-10-28T14:00:00Z</LastModified>\
             <ETag>\"{len:x}\"</ETag><Size>{len}</Size></Contents>"
        );
        let _ = write!(
            azure,
            "<Blob><Name>{name}</Name><Properties><Last-Modified>{MODIFIED}</Last-Modified>\
             <Etag>{len:x}</Etag><Content-Length>{len}</Content-Length>\
             <Content-Type>text/plain</Content-Type></Properties></Blob>"
        );
    }
    let body = if request.query.contains_key("comp") {
        format!("<EnumerationResults><Blobs>{azure}</Blobs></EnumerationResults>")
    } else {
        format!("<ListBucketResult>{google}</ListBucketResult>")
    };
    Answer::new("200 OK", body.into_bytes())
}
