//! Sentry's envelopes, as SDKs send and spool them: a header line, then items, each a header line and a payload that is
//! as long as the header says, or one line. Several envelopes may follow one another.
//!
//! Besides events and transactions, logs go to `logs`, and a session's beginning and end to `events`. Counts of sessions,
//! attachments, replays, profiles, check-ins, reports and metrics are counted by their type as not supported.

use std::borrow::Cow;

use super::event::release;
use super::record;
use crate::decode::shape::{Fields, Fillers, Given, put, refuse};
use crate::decode::{Halt, Place, Plan};
use crate::detect::Head;
use crate::error::Error;
use crate::fill::Refusal;
use crate::format::Spec;
use crate::json::{Fault, Json};
use crate::load::Load;
use crate::read::{Source, Split};
use crate::value::Value;

pub(crate) static SPEC: Spec = Spec {
    name: "sentry_envelope",
    about: "Sentry's envelopes, as SDKs send them",
    is,
    is_generic: false,
    decode,
};

/// Types of items that have no table.
const UNSUPPORTED: &[&str] = &[
    "sessions",
    "attachment",
    "client_report",
    "replay_event",
    "replay_recording",
    "replay_video",
    "profile",
    "profile_chunk",
    "user_report",
    "feedback",
    "check_in",
    "statsd",
    "metric_buckets",
    "trace_metric",
    "span",
    "nel",
];
/// Types of items that are read.
const READ: &[&str] = &["event", "transaction", "session", "log"];

/// The second line of an envelope is an item's header.
fn is(head: &Head<'_>) -> bool {
    let mut lines = head.lines().filter(|line| !line.is_empty());
    let mut object = || {
        let line = lines.next()?;
        whole(&line)
            .ok()
            .map(|value| (kind_of(&value).map(ToOwned::to_owned), value.get("event_id").is_some()))
    };
    let (Some((None, _)), Some((Some(kind), false))) = (object(), object()) else { return false };
    READ.iter().chain(UNSUPPORTED).any(|known| *known == kind)
}

fn kind_of<'v>(header: &'v Value<'_>) -> Option<&'v str> {
    header.get("type").and_then(Value::as_str)
}

/// One JSON value and nothing behind it.
fn whole(text: &str) -> Result<Value<'_>, Fault> {
    let mut json = Json::new(text);
    let value = Value::read(&mut json)?;
    if json.at_end() {
        Ok(value)
    } else {
        Err(json.fault("json_syntax", "more follows a JSON value"))
    }
}

fn decode(_plan: Plan<'_>, source: &mut Source<'_>, load: &mut Load<'_>) -> Result<(), Error> {
    let mut reader = Reader::default();
    // What an item that is not whole yet has of bytes.
    let mut pending: Vec<u8> = Vec::new();
    while let Some(block) = source.next_block(Split::Lines)? {
        pending.extend_from_slice(block.bytes);
        let n_read = reader.read(&pending, false, load)?;
        pending.drain(..n_read);
    }
    reader.read(&pending, true, load)?;
    Ok(())
}

#[derive(Debug, Default)]
struct Reader {
    fillers: Fillers,
    /// Lines that were read.
    n_lines: u64,
}

/// An item of the input: its kind and its payload, and where what follows it begins.
struct Item<'b> {
    kind: Value<'b>,
    payload: &'b [u8],
    /// Bytes of the payload that are missing.
    n_missing: usize,
    end: usize,
}

impl Reader {
    /// Reads whole items, and returns how many bytes they had.
    fn read(&mut self, bytes: &[u8], is_last: bool, load: &mut Load<'_>) -> Result<usize, Error> {
        let mut at = 0;
        while at < bytes.len() {
            let rest = bytes.get(at..).unwrap_or_default();
            let (line, line_end) = line_of(rest);
            let place = Place { line: self.n_lines + 1, column: Some(1) };
            let end = match item(rest, line, line_end) {
                Ok(Some(item)) if item.n_missing > 0 && !is_last => break,
                Ok(Some(item)) => {
                    let inside = Place { line: place.line + 1, ..place };
                    self.item(&item, inside, load)?;
                    item.end
                }
                // An empty line, or the header of an envelope.
                Ok(None) => line_end,
                Err(fault) => {
                    load.reject(None, place, fault.code, &fault.reason, line)?;
                    line_end
                }
            };
            let read = rest.get(..end).unwrap_or_default();
            self.n_lines += memchr::memchr_iter(b'\n', read).count() as u64;
            at += end;
        }
        Ok(at)
    }

    fn item(&mut self, item: &Item<'_>, place: Place, load: &mut Load<'_>) -> Result<(), Error> {
        let kind = kind_of(&item.kind).unwrap_or_default();
        if !READ.contains(&kind) {
            let known = UNSUPPORTED.iter().find(|known| **known == kind);
            load.unsupported(known.copied().unwrap_or("other"), 1);
            return Ok(());
        }
        let fault = match self.payload(kind, item, place, load) {
            Ok(()) => return Ok(()),
            Err(Halt::Error(error)) => return Err(error),
            Err(Halt::Fault(fault)) => fault,
        };
        load.reject(None, place, fault.code, &fault.reason, item.payload)
    }

    fn payload(
        &mut self,
        kind: &str,
        item: &Item<'_>,
        place: Place,
        load: &mut Load<'_>,
    ) -> Result<(), Halt> {
        if item.n_missing > 0 {
            return Ok(refuse("truncated_item", "an item is shorter than its header says")?);
        }
        let Ok(text) = str::from_utf8(item.payload) else {
            return Ok(refuse("invalid_utf8", "a text is not UTF-8")?);
        };
        if text.contains('\0') {
            return Ok(refuse("nul_byte", "a text holds a NUL byte")?);
        }
        let value = whole(text)?;
        let mut given = Given::default();
        match kind {
            "session" => session(value, &mut given)?,
            "log" => logs(value, &mut given)?,
            _ => record(value, &mut given)?,
        }
        self.fillers.store(given, || place, load)
    }
}

/// The first line and where the next one begins.
fn line_of(bytes: &[u8]) -> (&[u8], usize) {
    let newline = memchr::memchr(b'\n', bytes);
    let line = bytes.get(..newline.unwrap_or(bytes.len())).unwrap_or_default();
    (line.trim_ascii(), newline.map_or(bytes.len(), |at| at + 1))
}

/// The item that begins with this line; `None` where the line is none's header.
fn item<'b>(bytes: &'b [u8], line: &'b [u8], line_end: usize) -> Result<Option<Item<'b>>, Refusal> {
    if line.is_empty() {
        return Ok(None);
    }
    let header = str::from_utf8(line).ok().and_then(|text| whole(text).ok());
    let Some(header @ Value::Object(_)) = header else {
        return refuse(
            "invalid_item_header",
            "a line that should be an item's header is no JSON object",
        );
    };
    if kind_of(&header).is_none() {
        return Ok(None);
    }
    let after = bytes.get(line_end..).unwrap_or_default();
    let length =
        header.get("length").and_then(Value::as_str).and_then(|text| text.parse::<usize>().ok());
    let (payload, n_missing, len) = if let Some(length) = length {
        let payload = after.get(..length).unwrap_or(after);
        let newline = usize::from(after.get(length) == Some(&b'\n'));
        (payload, length - payload.len(), payload.len() + newline)
    } else {
        let (payload, len) = line_of(after);
        (payload, 0, len)
    };
    Ok(Some(Item { kind: header, payload, n_missing, end: line_end + len }))
}

/// A session's beginning, end, or a state in between.
fn session<'a>(mut session: Value<'a>, given: &mut Given<'a>) -> Result<(), Refusal> {
    let sid = session.take_some("sid");
    if sid.as_ref().and_then(Value::as_str).is_none_or(str::is_empty) {
        return refuse("session_id_missing", "a session has no id");
    }
    let is_start = session.take("init").is_some_and(|init| init.is_true());
    let status = session.get("status").and_then(Value::as_str).unwrap_or("ok");
    let name = match (is_start, status) {
        (true, _) => "session.start",
        (false, "ok") => "session.update",
        (false, _) => "session.end",
    };
    let mut fields = Fields::new();
    put(&mut fields, "event_kind", Some(Value::text("custom")));
    put(&mut fields, "event_name", Some(Value::text(name)));
    put(&mut fields, "session_id", sid);
    put(&mut fields, "user_pseudo_id", session.take("did"));
    let (first, second) =
        if is_start { ("started", "timestamp") } else { ("timestamp", "started") };
    let ts = session.take_some(first).or_else(|| session.take_some(second));
    put(&mut fields, "ts", ts);
    if let Some(mut attrs) = session.take_some("attrs") {
        release(attrs.take_some("release"), &mut fields);
        put(&mut fields, "deployment_environment_name", attrs.take("environment"));
        fields.extend(as_attributes(attrs));
    }
    fields.extend(as_attributes(session));
    given.record("events", fields);
    Ok(())
}

/// A batch of log records, each with typed attributes.
fn logs<'a>(mut batch: Value<'a>, given: &mut Given<'a>) -> Result<(), Refusal> {
    let Some(Value::Array(items)) = batch.take("items") else {
        return refuse("records_missing", "a batch of logs has no items");
    };
    for mut item in items {
        if !matches!(item, Value::Object(_)) {
            let reason = "a record is not an object".into();
            given.refuse(&item, Refusal { code: "not_an_object", reason });
            continue;
        }
        let mut fields = Fields::new();
        put(&mut fields, "ts", item.take("timestamp"));
        put(&mut fields, "severity_text", item.take("level"));
        for name in ["trace_id", "span_id", "severity_number", "body"] {
            put(&mut fields, name, item.take(name));
        }
        for (name, mut value) in item.take("attributes").map(Value::into_fields).unwrap_or_default()
        {
            let value = value.take("value").unwrap_or(value);
            match &*name {
                "sentry.release" => release(Some(value), &mut fields),
                "sentry.environment" => {
                    put(&mut fields, "deployment_environment_name", Some(value));
                }
                _ => fields.push((["attributes.", &name].concat().into(), value)),
            }
        }
        fields.extend(as_attributes(item));
        given.record("logs", fields);
    }
    Ok(())
}

fn as_attributes(rest: Value<'_>) -> impl Iterator<Item = (Cow<'_, str>, Value<'_>)> {
    rest.into_fields()
        .into_iter()
        .map(|(name, value)| (["attributes.", &name].concat().into(), value))
}
