//! How fast inputs become sorted batches, and in how much memory.
//!
//! `cargo bench -p brunt-ingest [-- [--mb N] [--threads N] [NAME|FILE]...]`: made-up inputs of each form, all or those
//! named, of 256 MB; they are written while they are read, so that gigabytes need no disk. Files are read as they are.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a benchmark fails by panicking")]

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, Read, Write as _};
use std::time::Instant;

use brunt_ingest::{Error, Input, Options, Redacted, Reject, Sink, ingest};
use brunt_model::Ts;

const NOW: Ts = Ts(1_763_000_000_000_000);
const START_NS: u64 = 1_762_900_000_000_000_000;

/// A form of input: what stands before the records, the `n`th of them, what stands between and behind.
struct Made {
    name: &'static str,
    before: &'static str,
    record: fn(u64, &mut String),
    between: &'static str,
    behind: &'static str,
}

const RESOURCE: &str = r#"{"attributes":[{"key":"service.name","value":{"stringValue":"gateway"}},{"key":"service.namespace","value":{"stringValue":"shop"}},{"key":"service.version","value":{"stringValue":"3.11.2"}},{"key":"deployment.environment.name","value":{"stringValue":"production"}},{"key":"host.name","value":{"stringValue":"node-17"}}]}"#;

const MADE: [Made; 5] = [
    Made { name: "otlp-lines", before: "", record: otlp_line, between: "\n", behind: "\n" },
    // Its resource comes last, so that the whole document has to be looked through before its first span is read.
    Made {
        name: "otlp-document",
        before: r#"{"resourceSpans":[{"scopeSpans":[{"scope":{"name":"shop"},"spans":["#,
        record: span,
        between: ",",
        behind: r#"]}],"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"gateway"}}]}}]}"#,
    },
    Made { name: "json-lines", before: "", record: logged, between: "\n", behind: "\n" },
    Made { name: "json-document", before: "[", record: logged, between: ",\n", behind: "]" },
    Made { name: "access-log", before: "", record: access, between: "\n", behind: "\n" },
];

fn main() -> io::Result<()> {
    let (mut n_mb, mut threads, mut names) = (256, 1, Vec::new());
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--mb" => n_mb = args.next().unwrap().parse().unwrap(),
            "--threads" => threads = args.next().unwrap().parse().unwrap(),
            // Cargo says it to every benchmark.
            "--bench" => {}
            _ => names.push(arg),
        }
    }
    let out = &mut io::stdout().lock();
    writeln!(
        out,
        "| input | MB | s | MB/s | rows/s | rejects | peak MB |\n|---|---:|---:|---:|---:|---:|---:|"
    )?;
    for made in MADE.iter().filter(|made| names.is_empty() || names.iter().any(|n| n == made.name))
    {
        let open = || Box::new(Making::new(made, n_mb * 1_000_000));
        measure(made.name, &|| Ok(open()), threads, out)?;
    }
    for name in names.iter().filter(|name| MADE.iter().all(|made| made.name != *name)) {
        measure(name, &|| Ok(Box::new(File::open(name)?)), threads, out)?;
    }
    Ok(())
}

fn measure(
    name: &str,
    open: &dyn Fn() -> io::Result<Box<dyn Read>>,
    threads: usize,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    // Linux starts the peak anew when asked so; elsewhere it is not known.
    let _ = fs::write("/proc/self/clear_refs", "5");
    let mut options = Options::new(NOW, "load-1");
    options.batch_rows_max = 32_768;
    options.n_threads = threads;
    let mut reader = Counted { inner: open()?, n_bytes: 0 };
    let mut reopen = || -> io::Result<Box<dyn Read>> { open() };
    let input = Input { name, reader: &mut reader, reopen: Some(&mut reopen) };
    let mut counted = Rows::default();
    let start = Instant::now();
    ingest(input, &options, &mut counted).map_err(io::Error::other)?;
    let seconds = start.elapsed().as_secs_f64();
    let n_mb = reader.n_bytes as f64 / 1e6;
    writeln!(
        out,
        "| {name} | {n_mb:.0} | {seconds:.2} | {:.1} | {:.0} | {} | {:.0} |",
        n_mb / seconds,
        counted.n_rows as f64 / seconds,
        counted.n_rejects,
        peak_bytes().unwrap_or_default() as f64 / 1e6,
    )
}

fn peak_bytes() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().strip_suffix(" kB")?.parse::<u64>().ok()? * 1_024)
}

#[derive(Default)]
struct Rows {
    n_rows: usize,
    n_rejects: usize,
}

impl Sink for Rows {
    fn rows(&mut self, rows: Redacted) -> Result<(), Error> {
        self.n_rows += rows.batch().num_rows();
        Ok(())
    }

    fn reject(&mut self, _: Reject) -> Result<(), Error> {
        self.n_rejects += 1;
        Ok(())
    }
}

struct Counted {
    inner: Box<dyn Read>,
    n_bytes: u64,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n_read = self.inner.read(buffer)?;
        self.n_bytes += n_read as u64;
        Ok(n_read)
    }
}

/// Makes an input while it is read.
struct Making {
    made: &'static Made,
    n_bytes_left: u64,
    n_records: u64,
    is_ended: bool,
    text: String,
    n_used: usize,
}

impl Making {
    fn new(made: &'static Made, n_bytes: u64) -> Self {
        let text = made.before.to_owned();
        Self { made, n_bytes_left: n_bytes, n_records: 0, is_ended: false, text, n_used: 0 }
    }

    fn refill(&mut self) {
        self.text.clear();
        self.n_used = 0;
        while self.text.len() < 64 * 1_024 && self.n_bytes_left > 0 {
            let n_before = self.text.len();
            if self.n_records > 0 {
                self.text.push_str(self.made.between);
            }
            (self.made.record)(self.n_records, &mut self.text);
            self.n_records += 1;
            self.n_bytes_left =
                self.n_bytes_left.saturating_sub((self.text.len() - n_before) as u64);
        }
        if self.n_bytes_left == 0 && !self.is_ended {
            self.is_ended = true;
            self.text.push_str(self.made.behind);
        }
    }
}

impl Read for Making {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.n_used == self.text.len() {
            self.refill();
        }
        let n_read = (&self.text.as_bytes()[self.n_used..]).read(buffer)?;
        self.n_used += n_read;
        Ok(n_read)
    }
}

/// Numbers without a pattern.
fn mixed(n: u64) -> u64 {
    let n = (n ^ (n >> 31)).wrapping_add(0x9e37_79b9_7f4a_7c15).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    (n ^ (n >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb)
}

/// An export of a collector: twenty spans, or every third time logs of theirs.
fn otlp_line(n: u64, out: &mut String) {
    let (signal, scopes, records) = match n % 3 {
        2 => ("resourceLogs", "scopeLogs", "logRecords"),
        _ => ("resourceSpans", "scopeSpans", "spans"),
    };
    let _ = write!(
        out,
        r#"{{"{signal}":[{{"resource":{RESOURCE},"{scopes}":[{{"scope":{{"name":"shop.gateway","version":"1.4.0"}},"{records}":["#
    );
    for nth in 0..20 {
        if nth > 0 {
            out.push(',');
        }
        match n % 3 {
            2 => log(n * 20 + nth, out),
            _ => span(n * 20 + nth, out),
        }
    }
    out.push_str("]}]}]}");
}

fn span(n: u64, out: &mut String) {
    let (bits, trace, start) = (mixed(n), mixed(n / 8), START_NS + n * 50_000);
    let (end, status) =
        (start + bits % 400_000_000, [200, 200, 200, 404][(bits >> 8) as usize % 4]);
    let _ = write!(
        out,
        r#"{{"traceId":"{trace:016x}{:016x}","spanId":"{bits:016x}","parentSpanId":"{:016x}","flags":257,"name":"GET /api/products/{{id}}","kind":2,"startTimeUnixNano":"{start}","endTimeUnixNano":"{end}","attributes":[{{"key":"http.request.method","value":{{"stringValue":"GET"}}}},{{"key":"http.route","value":{{"stringValue":"/api/products/{{id}}"}}}},{{"key":"http.response.status_code","value":{{"intValue":"{status}"}}}},{{"key":"url.path","value":{{"stringValue":"/api/products/{}"}}}},{{"key":"session.id","value":{{"stringValue":"s-{trace:016x}"}}}},{{"key":"network.peer.address","value":{{"stringValue":"10.1.{}.{}"}}}},{{"key":"db.rows","value":{{"intValue":"{}"}}}}],"status":{{}}}}"#,
        trace.rotate_left(17),
        mixed(bits),
        bits % 9_000,
        bits % 250,
        (bits >> 16) % 250,
        bits % 77,
    );
}

fn log(n: u64, out: &mut String) {
    let (bits, trace, at) = (mixed(n), mixed(n / 8), START_NS + n * 50_000);
    let _ = write!(
        out,
        r#"{{"timeUnixNano":"{at}","observedTimeUnixNano":"{}","severityNumber":9,"severityText":"INFO","body":{{"stringValue":"reserved {} of product {} for cart c-{bits:08x} in {} ms"}},"attributes":[{{"key":"product.id","value":{{"intValue":"{}"}}}},{{"key":"code.function","value":{{"stringValue":"reserve"}}}},{{"key":"thread.name","value":{{"stringValue":"worker-{}"}}}}],"traceId":"{trace:016x}{:016x}","spanId":"{bits:016x}"}}"#,
        at + 1_200_000,
        bits % 5 + 1,
        bits % 9_000,
        bits % 300,
        bits % 9_000,
        bits % 16,
        trace.rotate_left(17),
    );
}

/// A log as a logging library writes it.
fn logged(n: u64, out: &mut String) {
    let (bits, ms) = (mixed(n), n / 20 % 1_000);
    let _ = write!(
        out,
        r#"{{"timestamp":"2025-11-11T21:{:02}:{:02}.{ms:03}Z","level":"info","message":"reserved {} of product {}","service":"gateway","trace_id":"{:016x}{bits:016x}","user":{{"id":"u-{}"}},"duration_ms":{},"request":{{"method":"GET","path":"/api/products/{}"}}}}"#,
        n / 1_200_000 % 60,
        n / 20_000 % 60,
        bits % 5 + 1,
        bits % 9_000,
        mixed(n / 8),
        bits % 50_000,
        bits % 300,
        bits % 9_000,
    );
}

fn access(n: u64, out: &mut String) {
    let bits = mixed(n);
    let _ = write!(
        out,
        r#"10.1.{}.{} - - [11/Nov/2025:21:{:02}:{:02} +0000] "GET /api/products/{} HTTP/1.1" 200 {} "https://shop.example.com/cart" "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0""#,
        bits % 250,
        (bits >> 16) % 250,
        n / 1_200_000 % 60,
        n / 20_000 % 60,
        bits % 9_000,
        bits % 40_000,
    );
}
