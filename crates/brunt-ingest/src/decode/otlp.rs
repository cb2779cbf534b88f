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

use self::document::Decoder;
use crate::decode::{Origin, Plan, each_text};
use crate::error::Error;
use crate::format::Spec;
use crate::load::Load;
use crate::read::{Source, Split};

/// A signal of OTLP and the names of its three levels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Signal {
    Logs,
    Spans,
    /// Counted, not stored.
    Metrics,
    Profiles,
}

pub(crate) static SPEC: Spec = Spec {
    name: "otlp_json",
    about: "OpenTelemetry's OTLP as JSON, one document or one a line",
    is: |head| head.keys.iter().any(|key| Signal::of_key(key).is_some()),
    is_generic: false,
    decode,
};

/// Reads an input to its end.
fn decode(plan: Plan<'_>, source: &mut Source<'_>, load: &mut Load<'_>) -> Result<(), Error> {
    let lines = plan.is_lines;
    let Some(mut decoder) = Decoder::new(load.aliases()) else { return Ok(()) };
    let split = if lines { Split::Lines } else { Split::Whole };
    loop {
        if source.is_long(split)? {
            long::read(source, lines, &mut decoder, load)?;
            continue;
        }
        let Some(block) = source.next_block(split)? else { return Ok(()) };
        each_text(block, lines, load, &mut |text, line, load| {
            decoder.documents(text, &Origin::line(line), load).map(|_| ())
        })?;
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
