//! OTLP in its JSON form: one document, or one a line, with logs, spans and metrics in any mixture.
//!
//! `resourceX` holds resources, each with `scopeX`, each with records. A fault costs the smallest part it sits in: a
//! record, else a scope, a resource, the rest of the document. OTLP's JSON is not protobuf's: ids are hexadecimal,
//! 64-bit integers are texts; numbers, names of enumerations, `snake_case` keys and base64 ids are accepted as well.

mod any_value;
mod log;
mod scope;
mod span;

use brunt_model::{Table, table};

use crate::decode::{Halt, Plan, place_in};
use crate::error::Error;
use crate::format::Spec;
use crate::json::{Fault, Json, Kind, Mark};
use crate::load::Load;
use crate::normalize::route::{Reach, Router};
use crate::read::{Block, Source, Split};
use crate::row::Row;

/// A signal of OTLP and the names of its three levels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Signal {
    Logs,
    Spans,
    /// Counted, not stored.
    Metrics,
    Profiles,
}

/// Everything that outlives a document.
#[derive(Debug)]
struct Decoder {
    logs: Kept,
    spans: Kept,
}

#[derive(Debug)]
struct Kept {
    table: &'static Table,
    router: Router,
    columns: Columns,
}

/// Places of the columns that the fields of records go to; what the table does not have is out of its range.
#[derive(Debug, Clone, Copy)]
struct Columns {
    ts: usize,
    observed_at: usize,
    trace_id: usize,
    span_id: usize,
    parent_span_id: usize,
    severity_number: usize,
    severity_text: usize,
    body: usize,
    event_name: usize,
    span_name: usize,
    span_kind: usize,
    status_code: usize,
    status_message: usize,
    duration_ns: usize,
    trace_state: usize,
    span_events: usize,
    span_links: usize,
}

pub(crate) static SPEC: Spec = Spec {
    name: "otlp_json",
    about: "OpenTelemetry's OTLP as JSON, one document or one a line",
    is: |head| head.keys.iter().any(|key| is_otlp_key(key)),
    is_generic: false,
    decode,
};

/// Reads an input to its end.
fn decode(plan: Plan<'_>, source: &mut Source<'_>, load: &mut Load<'_>) -> Result<(), Error> {
    let lines = plan.is_lines;
    let (Some(logs), Some(spans)) = (table("logs"), table("spans")) else { return Ok(()) };
    let mut decoder = Decoder { logs: Kept::new(logs), spans: Kept::new(spans) };
    let split = if lines { Split::Lines } else { Split::Whole };
    while let Some(block) = source.next_block(split)? {
        crate::decode::each_text(block, lines, load, &mut |text, at, load| {
            decoder.documents(text, Block { first_line: at, ..block }, load)
        })?;
    }
    Ok(())
}

/// Whether a document's key says that it is OTLP.
fn is_otlp_key(key: &str) -> bool {
    Signal::of_key(key).is_some()
}

impl Kept {
    fn new(table: &'static Table) -> Self {
        let idx = |name| table.column_idx(name).unwrap_or(usize::MAX);
        let columns = Columns {
            ts: idx("ts"),
            observed_at: idx("observed_at"),
            trace_id: idx("trace_id"),
            span_id: idx("span_id"),
            parent_span_id: idx("parent_span_id"),
            severity_number: idx("severity_number"),
            severity_text: idx("severity_text"),
            body: idx("body"),
            event_name: idx("event_name"),
            span_name: idx("span_name"),
            span_kind: idx("span_kind"),
            status_code: idx("status_code"),
            status_message: idx("status_message"),
            duration_ns: idx("duration_ns"),
            trace_state: idx("trace_state"),
            span_events: idx("span_events"),
            span_links: idx("span_links"),
        };
        Self { table, router: Router::new(table, Reach::Attributes), columns }
    }
}

impl Signal {
    fn of_key(key: &str) -> Option<Self> {
        match key {
            "resourceLogs" | "resource_logs" => Some(Self::Logs),
            "resourceSpans" | "resource_spans" => Some(Self::Spans),
            "resourceMetrics" | "resource_metrics" => Some(Self::Metrics),
            "resourceProfiles" | "resource_profiles" => Some(Self::Profiles),
            _ => None,
        }
    }

    fn is_scopes(self, key: &str) -> bool {
        match self {
            Self::Logs => matches!(key, "scopeLogs" | "scope_logs" | "instrumentationLibraryLogs"),
            Self::Spans => {
                matches!(key, "scopeSpans" | "scope_spans" | "instrumentationLibrarySpans")
            }
            Self::Metrics => matches!(key, "scopeMetrics" | "scope_metrics"),
            Self::Profiles => matches!(key, "scopeProfiles" | "scope_profiles"),
        }
    }

    fn is_records(self, key: &str) -> bool {
        match self {
            Self::Logs => matches!(key, "logRecords" | "log_records" | "logs"),
            Self::Spans => key == "spans",
            Self::Metrics => key == "metrics",
            Self::Profiles => key == "profiles",
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Logs => "logs",
            Self::Spans => "spans",
            Self::Metrics => "metrics",
            Self::Profiles => "profiles",
        }
    }
}

impl Decoder {
    /// Documents of one text, mostly one. After a fault of syntax nothing in the text can be relied on.
    fn documents(
        &mut self,
        text: &str,
        block: Block<'_>,
        load: &mut Load<'_>,
    ) -> Result<(), Error> {
        let mut json = Json::new(text);
        while !json.at_end() {
            let start = json.position();
            match self.document(&mut json, text, block, load) {
                Ok(()) => {}
                Err(Halt::Error(error)) => return Err(error),
                Err(Halt::Fault(fault)) => {
                    let place = place_in(block, text, fault.at);
                    let record = text.get(start..).unwrap_or_default();
                    return load.reject(None, place, fault.code, &fault.reason, record.as_bytes());
                }
            }
        }
        Ok(())
    }

    fn document<'a>(
        &mut self,
        json: &mut Json<'a>,
        text: &'a str,
        block: Block<'_>,
        load: &mut Load<'_>,
    ) -> Result<(), Halt> {
        let start = json.mark();
        let schema_urls = ["\"schemaUrl\"", "\"schema_url\""]
            .iter()
            .any(|name| memchr::memmem::find(text.as_bytes(), name.as_bytes()).is_some());
        let mut n_signals = 0;
        if json.peek()? == Kind::Object {
            json.enter_object()?;
            while let Some(key) = json.next_key()? {
                let Some(signal) = Signal::of_key(&key) else {
                    json.skip()?;
                    continue;
                };
                n_signals += 1;
                let before = json.mark();
                let mut part = Part { text, block, signal, schema_urls, load };
                match part.resources(self, json) {
                    Err(Halt::Fault(fault)) => part.refuse(json, before, &fault)?,
                    done => done?,
                }
            }
        }
        if n_signals == 0 {
            json.go_back(start);
            let fault = json.fault(
                "not_otlp",
                "the document has no resourceLogs, resourceSpans or resourceMetrics",
            );
            Part { text, block, signal: Signal::Logs, schema_urls, load }
                .refuse(json, start, &fault)?;
        }
        Ok(())
    }
}

/// A part of a document while it is read.
struct Part<'a, 'b, 'l, 's> {
    text: &'a str,
    block: Block<'b>,
    signal: Signal,
    /// Whether the text names schemas, which may stand behind what they hold for.
    schema_urls: bool,
    load: &'l mut Load<'s>,
}

impl<'a> Part<'a, '_, '_, '_> {
    fn resources(&mut self, decoder: &mut Decoder, json: &mut Json<'a>) -> Result<(), Halt> {
        if json.peek()? == Kind::Null {
            return Ok(json.null()?);
        }
        json.enter_array()?;
        let kept = match self.signal {
            Signal::Logs => &mut decoder.logs,
            Signal::Spans => &mut decoder.spans,
            Signal::Metrics | Signal::Profiles => return self.count(json),
        };
        let mut row = Row::new(kept.table);
        while json.next_element()? {
            let before = json.mark();
            match self.resource(kept, &mut row, json) {
                Err(Halt::Fault(fault)) => self.refuse(json, before, &fault)?,
                done => done?,
            }
        }
        Ok(())
    }

    /// One resource: its attributes first, wherever they stand, then its scopes.
    fn resource(
        &mut self,
        kept: &mut Kept,
        row: &mut Row<'a>,
        json: &mut Json<'a>,
    ) -> Result<(), Halt> {
        json.enter_object()?;
        let mut resource = scope::Shared::default();
        let (mut known, mut later, mut n_lists) = (false, Vec::new(), 0);
        while let Some(key) = json.next_key()? {
            match &*key {
                "resource" => {
                    scope::read_resource(json, &mut kept.router, kept.table, &mut resource)?;
                    known = !self.schema_urls;
                }
                "schemaUrl" | "schema_url" => {
                    resource.schema_url(json, "otel.resource.schema_url")?;
                }
                key if self.signal.is_scopes(key) => {
                    n_lists += 1;
                    if known {
                        self.scopes(kept, row, json, &resource)?;
                    } else {
                        later.push(json.mark());
                        json.skip()?;
                    }
                }
                _ => {
                    json.skip()?;
                }
            }
        }
        if n_lists == 0 {
            return Err(json.fault("scopes_missing", "a resource has no list of scopes").into());
        }
        let end = json.mark();
        for scopes in later {
            json.go_back(scopes);
            self.scopes(kept, row, json, &resource)?;
        }
        json.go_back(end);
        Ok(())
    }

    fn scopes(
        &mut self,
        kept: &mut Kept,
        row: &mut Row<'a>,
        json: &mut Json<'a>,
        resource: &scope::Shared<'a>,
    ) -> Result<(), Halt> {
        json.enter_array()?;
        while json.next_element()? {
            let before = json.mark();
            match self.scope(kept, row, json, resource) {
                Err(Halt::Fault(fault)) => self.refuse(json, before, &fault)?,
                done => done?,
            }
        }
        Ok(())
    }

    /// One scope: its name and attributes first, then its records.
    fn scope(
        &mut self,
        kept: &mut Kept,
        row: &mut Row<'a>,
        json: &mut Json<'a>,
        resource: &scope::Shared<'a>,
    ) -> Result<(), Halt> {
        json.enter_object()?;
        let mut scope = resource.clone();
        let (mut known, mut later, mut n_lists) = (false, Vec::new(), 0);
        while let Some(key) = json.next_key()? {
            match &*key {
                "scope" | "instrumentationLibrary" => {
                    scope::read_scope(json, &mut kept.router, kept.table, &mut scope)?;
                    known = !self.schema_urls;
                }
                "schemaUrl" | "schema_url" => scope.schema_url(json, "otel.scope.schema_url")?,
                key if self.signal.is_records(key) => {
                    n_lists += 1;
                    if known {
                        self.records(kept, row, json, &scope)?;
                    } else {
                        later.push(json.mark());
                        json.skip()?;
                    }
                }
                _ => {
                    json.skip()?;
                }
            }
        }
        if n_lists == 0 && self.signal == Signal::Spans {
            // Collectors leave an empty list of log records out; spans are never without.
            return Err(json.fault("spans_missing", "a scope has no list of spans").into());
        }
        let end = json.mark();
        for records in later {
            json.go_back(records);
            self.records(kept, row, json, &scope)?;
        }
        json.go_back(end);
        Ok(())
    }

    fn records(
        &mut self,
        kept: &mut Kept,
        row: &mut Row<'a>,
        json: &mut Json<'a>,
        scope: &scope::Shared<'a>,
    ) -> Result<(), Halt> {
        json.enter_array()?;
        while json.next_element()? {
            let before = json.mark();
            scope.apply(row);
            let read = match self.signal {
                Signal::Spans => span::read(json, kept, row),
                _ => log::read(json, kept, row),
            };
            match read {
                Ok(()) => self.load.append(row)?,
                Err(fault) => {
                    row.clear();
                    self.refuse(json, before, &fault)?;
                }
            }
        }
        Ok(())
    }

    /// Counts metrics or profiles without reading them.
    fn count(&mut self, json: &mut Json<'a>) -> Result<(), Halt> {
        let mut n = 0;
        while json.next_element()? {
            let before = json.mark();
            let counted = count_records(json, self.signal);
            if counted.is_err() {
                json.go_back(before);
                json.skip()?;
            }
            n += counted.unwrap_or(1);
        }
        self.load.unsupported(self.signal.name(), n);
        Ok(())
    }

    /// Steps over a part that makes no sense and stores it as a reject. Where it has no end, neither has the text.
    fn refuse(&mut self, json: &mut Json<'a>, before: Mark, fault: &Fault) -> Result<(), Halt> {
        json.go_back(before);
        let record = json.skip()?;
        let place = place_in(self.block, self.text, fault.at);
        let table = match self.signal {
            Signal::Logs => table("logs"),
            Signal::Spans => table("spans"),
            Signal::Metrics | Signal::Profiles => None,
        };
        Ok(self.load.reject(table, place, fault.code, &fault.reason, record.as_bytes())?)
    }
}

/// Records in one resource of a signal that is not stored.
fn count_records(json: &mut Json<'_>, signal: Signal) -> Result<u64, Fault> {
    let mut n = 0;
    json.enter_object()?;
    while let Some(key) = json.next_key()? {
        if !signal.is_scopes(&key) {
            json.skip()?;
            continue;
        }
        json.enter_array()?;
        while json.next_element()? {
            json.enter_object()?;
            while let Some(key) = json.next_key()? {
                if signal.is_records(&key) {
                    json.enter_array()?;
                    while json.next_element()? {
                        json.skip()?;
                        n += 1;
                    }
                } else {
                    json.skip()?;
                }
            }
        }
    }
    Ok(n)
}
