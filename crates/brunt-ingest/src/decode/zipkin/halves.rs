//! Which spans of an input share their ids, and what the halves are called.

use std::collections::HashMap;

use brunt_model::{SpanId, TraceId};
use twox_hash::XxHash3_64;

use crate::decode::span_parts::{span_id, trace_id};
use crate::json::{Fault, Json, Kind};
use crate::value::Value;

/// What is known of the spans with one id.
#[derive(Debug, Default)]
struct Shared {
    has_client: bool,
    client_services: Vec<String>,
    server_services: Vec<String>,
}

/// All ids of an input that a client's and a server's half share.
#[derive(Debug, Default)]
pub(super) struct Halves(HashMap<(TraceId, SpanId), Shared>);

impl Halves {
    /// Looks through spans; what cannot be read is passed over here.
    pub(super) fn of(bytes: &[u8], is_lines: bool) -> Self {
        let mut halves = Self::default();
        let texts: Vec<&[u8]> =
            if is_lines { bytes.split(|byte| *byte == b'\n').collect() } else { vec![bytes] };
        for text in texts.into_iter().filter_map(|text| str::from_utf8(text).ok()) {
            let mut json = Json::new(text);
            while !json.at_end() && halves.collect(&mut json).is_ok() {}
        }
        halves.0.retain(|_, shared| shared.has_client && !shared.server_services.is_empty());
        halves
    }

    fn collect(&mut self, json: &mut Json<'_>) -> Result<(), Fault> {
        match json.peek()? {
            Kind::Array => {
                json.enter_array()?;
                while json.next_element()? {
                    self.collect(json)?;
                }
            }
            Kind::Object => self.note(&Value::read(json)?),
            _ => {
                json.skip()?;
            }
        }
        Ok(())
    }

    fn note(&mut self, span: &Value<'_>) {
        let Some(key) = key(span, "id") else { return };
        let service = service(span).to_owned();
        match kind(span) {
            "CLIENT" | "PRODUCER" => {
                let shared = self.0.entry(key).or_default();
                shared.has_client = true;
                shared.client_services.push(service);
            }
            "SERVER" | "CONSUMER" => {
                self.0.entry(key).or_default().server_services.push(service);
            }
            _ => {}
        }
    }

    /// The id of a span that is the server's half of another.
    pub(super) fn server_half(&self, span: &Value<'_>) -> Option<SpanId> {
        let key = key(span, "id")?;
        let is_server = matches!(kind(span), "SERVER" | "CONSUMER");
        (is_server && self.0.contains_key(&key)).then(|| derived(key, service(span)))
    }

    /// The half that is a span's parent, where its parent's id is shared.
    pub(super) fn parent(&self, span: &Value<'_>) -> Option<SpanId> {
        let key = key(span, "parentId")?;
        let shared = self.0.get(&key)?;
        let own = service(span);
        let holds = |services: &[String]| services.iter().any(|service| service == own);
        if holds(&shared.server_services) {
            return Some(derived(key, own));
        }
        if holds(&shared.client_services) {
            return Some(key.1);
        }
        shared.server_services.first().map(|service| derived(key, service))
    }
}

/// The id of the server's half.
fn derived((trace, span): (TraceId, SpanId), service: &str) -> SpanId {
    let mut bytes = trace.bits().to_be_bytes().to_vec();
    bytes.extend_from_slice(&span.bits().to_be_bytes());
    bytes.extend_from_slice(service.as_bytes());
    SpanId::new(XxHash3_64::oneshot(&bytes)).unwrap_or(span)
}

fn key(span: &Value<'_>, id: &str) -> Option<(TraceId, SpanId)> {
    let trace = trace_id(span.get("traceId")?.as_str()?)?;
    Some((trace, span_id(span.get(id)?.as_str()?)?))
}

fn kind<'v>(span: &'v Value<'_>) -> &'v str {
    span.get("kind").and_then(Value::as_str).unwrap_or_default()
}

fn service<'v>(span: &'v Value<'_>) -> &'v str {
    span.at("localEndpoint.serviceName").and_then(Value::as_str).unwrap_or_default()
}
