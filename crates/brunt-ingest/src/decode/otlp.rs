//! OTLP, OpenTelemetry's protocol, as files hold it: logs, spans and metrics in any mixture.
//!
//! As JSON it is one document, or one a line; as protobuf, one message, or many with their lengths before them. Messages
//! are written as the JSON that they stand for and go its way from there, so both forms give the same rows.
//!
//! `resourceX` holds resources, each with `scopeX`, each with records. A fault costs the smallest part it sits in: a
//! record, else a scope, a resource, the rest of the document. OTLP's JSON is not protobuf's: ids are hexadecimal,
//! 64-bit integers are texts; numbers, names of enumerations, `snake_case` keys and base64 ids are accepted as well.

mod any_value;
mod client_event;
mod columns;
mod document;
mod level;
mod log;
mod long;
pub(crate) mod proto;
mod scope;
mod span;

use brunt_model::{Table, table};

use self::document::Decoder;
use self::long::Frame;
use crate::decode::{Origin, Plan, each_text};
use crate::error::Error;
use crate::format::Spec;
use crate::load::Load;
use crate::read::{Block, Source, Split};
use crate::workers::{Done, Worker, with_workers};

/// A signal of OTLP and the names of its three levels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Signal {
    Logs,
    Spans,
    /// Counted, not stored.
    Metrics,
    Profiles,
}

/// The key of an answer of Jaeger's API, version 3, at which it has a document.
const ANSWER: &str = "result";

pub(crate) static SPEC: Spec = Spec {
    name: "otlp_json",
    about: "OpenTelemetry's OTLP as JSON, one document or one a line, also as Jaeger's API answers",
    is: |head| {
        head.keys.iter().any(|key| {
            let inside = key.strip_prefix(ANSWER).and_then(|key| key.strip_prefix('.'));
            Signal::of_key(inside.unwrap_or(key)).is_some()
        })
    },
    is_generic: false,
    decode,
};

/// Reads an input to its end.
fn decode(plan: Plan<'_>, source: &mut Source<'_>, load: &mut Load<'_>) -> Result<(), Error> {
    let is_lines = plan.is_lines;
    let Some(tables) = tables() else { return Ok(()) };
    let aliases = load.aliases();
    let split = if is_lines { Split::Lines } else { Split::Whole };
    with_workers(
        load,
        || Decoder::new(tables, aliases),
        |workers| loop {
            if source.is_long(split)? {
                long::read(source, is_lines, workers)?;
                continue;
            }
            let Some(Block { bytes, first_line }) = source.next_block(split)? else {
                return Ok(());
            };
            workers
                .put(Part::Block { bytes: bytes.to_vec(), first_line, is_lines }, bytes.len())?;
        },
    )
}

/// The tables that it has rows for: logs, spans.
fn tables() -> Option<[&'static Table; 2]> {
    Some([table("logs")?, table("spans")?])
}

/// A part of an input.
enum Part {
    /// Documents, one a line or as they come.
    Block { bytes: Vec<u8>, first_line: u64, is_lines: bool },
    /// A part of a long document, and what stands around it.
    Framed { frame: Frame, inside: Vec<u8>, first_line: u64 },
}

impl Worker for Decoder {
    type Part = Part;

    fn run(&mut self, part: Part, load: &mut Load<'_>) -> Result<Done, Error> {
        match part {
            Part::Block { bytes, first_line, is_lines } => {
                let block = Block { bytes: &bytes, first_line };
                each_text(block, is_lines, load, &mut |text, line, load| {
                    self.documents(text, &Origin::line(line), load).map(|_| ())
                })?;
                Ok(Done::default())
            }
            Part::Framed { frame: Frame { before, origin, behind }, inside, first_line } => {
                let mut done = Done::default();
                let mut read = |inside: &str, _: u64, load: &mut Load<'_>| {
                    done = self.documents(&[&before, inside, &behind].concat(), &origin, load)?;
                    Ok(())
                };
                if inside.is_empty() {
                    read("", first_line, load)?;
                } else {
                    each_text(Block { bytes: &inside, first_line }, false, load, &mut read)?;
                }
                Ok(done)
            }
        }
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
