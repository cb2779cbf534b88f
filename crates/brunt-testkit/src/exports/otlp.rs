//! OTLP/JSON lines as the collector's file exporter writes them: batches of spans or log records by service.

use std::io;

use super::files::DayFiles;
use super::json::{Attributes, Object, push};
use super::thrown::Thrown;
use super::trace::{SERVICES, ServiceIdx, Span, Work};
use crate::visit::DAY;

/// Records a batch holds before it is written.
const BATCH_RECORDS: usize = 400;

/// Which signal a batch holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signal {
    Traces,
    Logs,
}

/// Batches of one signal, one under way for each day.
pub(crate) struct Batches {
    signal: Signal,
    files: DayFiles,
    days: Vec<Batch>,
    pub(crate) n_records: u64,
}

struct Batch {
    day: i64,
    n: usize,
    by_service: Vec<String>,
}

/// What a span says besides its place in the trace.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct SpanFacts<'a> {
    pub(crate) status_code: i64,
    pub(crate) url_path: Option<&'a str>,
    pub(crate) session_id: Option<&'a str>,
    pub(crate) user_id: Option<&'a str>,
    pub(crate) thrown: &'a [Thrown],
}

/// A log record.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Log<'a> {
    /// Nanoseconds since 1970.
    pub(crate) time: i64,
    pub(crate) severity: Severity,
    pub(crate) body: &'a str,
    pub(crate) trace_id: Option<&'a str>,
    pub(crate) span_id: Option<u64>,
    pub(crate) session_id: Option<&'a str>,
    pub(crate) thrown: Option<&'a Thrown>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Severity {
    Info,
    Error,
}

impl<'a> Log<'a> {
    /// A line at level INFO that belongs to no trace.
    pub(crate) fn info(time: i64, body: &'a str) -> Self {
        Self {
            time,
            severity: Severity::Info,
            body,
            trace_id: None,
            span_id: None,
            session_id: None,
            thrown: None,
        }
    }
}

impl Batches {
    pub(crate) fn new(signal: Signal, files: DayFiles) -> Self {
        Self { signal, files, days: Vec::new(), n_records: 0 }
    }

    /// Lends the buffer of a service's records of the day of `ts` for one more record.
    pub(crate) fn record(&mut self, ts: i64, service: ServiceIdx) -> io::Result<&mut String> {
        let day = ts.div_euclid(DAY);
        let known = self.days.iter().position(|batch| batch.day == day);
        let idx = known.unwrap_or(self.days.len());
        if known.is_none() {
            self.days.push(Batch { day, n: 0, by_service: vec![String::new(); SERVICES.len()] });
        }
        if self.days[idx].n >= BATCH_RECORDS {
            self.write(idx)?;
        }
        self.n_records += 1;
        let batch = &mut self.days[idx];
        batch.n += 1;
        let records = &mut batch.by_service[service];
        if !records.is_empty() {
            records.push(',');
        }
        Ok(records)
    }

    pub(crate) fn finish(mut self) -> io::Result<u64> {
        for idx in 0..self.days.len() {
            self.write(idx)?;
        }
        self.files.finish()
    }

    fn write(&mut self, idx: usize) -> io::Result<()> {
        let (resources, scopes, records) = match self.signal {
            Signal::Traces => ("resourceSpans", "scopeSpans", "spans"),
            Signal::Logs => ("resourceLogs", "scopeLogs", "logRecords"),
        };
        let batch = &mut self.days[idx];
        let mut line = format!("{{\"{resources}\":[");
        for (service, spans) in SERVICES.iter().zip(&mut batch.by_service) {
            if spans.is_empty() {
                continue;
            }
            if !line.ends_with('[') {
                line.push(',');
            }
            line.push_str("{\"resource\":{\"attributes\":");
            let mut attributes = Attributes::begin(&mut line);
            attributes
                .text("service.name", service.name)
                .text("service.namespace", "shop")
                .text("service.version", service.version)
                .text("deployment.environment.name", "production")
                .text("telemetry.sdk.language", service.language);
            attributes.end();
            let scope = format!("shop.{}", service.name);
            push(
                &mut line,
                format_args!(
                    "}},\"{scopes}\":[{{\"scope\":{{\"name\":\"{scope}\"}},\"{records}\":["
                ),
            );
            line.push_str(spans);
            line.push_str("]}]}");
            spans.clear();
        }
        line.push_str("]}");
        batch.n = 0;
        let ts = batch.day * DAY;
        self.files.write(ts, &mut line)
    }
}

pub(crate) fn push_span(out: &mut String, trace_id: &str, span: &Span, facts: &SpanFacts<'_>) {
    let mut object = Object::begin(out);
    object.text("traceId", trace_id);
    push(object.key("spanId"), format_args!("\"{:016x}\"", span.id));
    if let Some(parent) = span.parent {
        push(object.key("parentSpanId"), format_args!("\"{parent:016x}\""));
    }
    object.text("name", span.name);
    object.number("kind", kind(span.work));
    object.long("startTimeUnixNano", span.start).long("endTimeUnixNano", span.end);
    let mut attributes = Attributes::begin(object.key("attributes"));
    push_work(&mut attributes, span, facts);
    if let Some(path) = facts.url_path {
        attributes.text("url.path", path);
    }
    if let Some(session_id) = facts.session_id {
        attributes.text("session.id", session_id);
    }
    if let Some(user_id) = facts.user_id {
        attributes.text("user.id", user_id);
    }
    attributes.end();
    if !facts.thrown.is_empty() {
        let events = object.key("events");
        for (idx, thrown) in facts.thrown.iter().enumerate() {
            events.push(if idx == 0 { '[' } else { ',' });
            let mut event = Object::begin(events);
            event.long("timeUnixNano", span.end).text("name", "exception");
            let mut attributes = Attributes::begin(event.key("attributes"));
            push_thrown(&mut attributes, thrown);
            attributes.end();
            event.end();
        }
        events.push(']');
        let mut status = Object::begin(object.key("status"));
        status.number("code", 2).text("message", &facts.thrown[0].message);
        status.end();
    }
    object.end();
}

pub(crate) fn push_log(out: &mut String, log: &Log<'_>) {
    let mut object = Object::begin(out);
    let (number, text) = match log.severity {
        Severity::Info => (9, "INFO"),
        Severity::Error => (17, "ERROR"),
    };
    object.long("timeUnixNano", log.time).long("observedTimeUnixNano", log.time + 1_200_000);
    object.number("severityNumber", number).text("severityText", text);
    let mut body = Object::begin(object.key("body"));
    body.text("stringValue", log.body);
    body.end();
    if log.session_id.is_some() || log.thrown.is_some() {
        let mut attributes = Attributes::begin(object.key("attributes"));
        if let Some(session_id) = log.session_id {
            attributes.text("session.id", session_id);
        }
        if let Some(thrown) = log.thrown {
            push_thrown(&mut attributes, thrown);
        }
        attributes.end();
    }
    if let Some(trace_id) = log.trace_id {
        object.text("traceId", trace_id);
    }
    if let Some(span_id) = log.span_id {
        push(object.key("spanId"), format_args!("\"{span_id:016x}\""));
    }
    object.end();
}

fn push_thrown(attributes: &mut Attributes<'_>, thrown: &Thrown) {
    attributes
        .text("exception.type", thrown.exception_type)
        .text("exception.message", &thrown.message)
        .text("exception.stacktrace", &thrown.stacktrace);
}

fn push_work(attributes: &mut Attributes<'_>, span: &Span, facts: &SpanFacts<'_>) {
    match span.work {
        Work::Serve => {
            let (method, route) = span.name.split_once(' ').unwrap_or((span.name, ""));
            attributes
                .text("http.request.method", method)
                .text("http.route", route)
                .number("http.response.status_code", facts.status_code);
        }
        Work::Inside => {}
        Work::Query(system) => {
            attributes.text("db.system.name", system);
        }
        Work::Call(peer) => {
            attributes.text("http.request.method", span.name).text("server.address", peer);
        }
        Work::Publish(queue) | Work::Consume(queue) => {
            attributes.text("messaging.system", "kafka").text("messaging.destination.name", queue);
        }
    }
}

/// OTLP's numbers of span kinds.
fn kind(work: Work) -> i64 {
    match work {
        Work::Inside => 1,
        Work::Serve => 2,
        Work::Query(_) | Work::Call(_) => 3,
        Work::Publish(_) => 4,
        Work::Consume(_) => 5,
    }
}
