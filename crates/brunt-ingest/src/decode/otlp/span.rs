//! OTLP's span, with its events and links.

use std::borrow::Cow;

use super::columns::Kept;
use super::log::{NS, read_id, set, text, time};
use super::{any_value, scope};
use crate::json::{Fault, Json, Kind};
use crate::normalize::form::{Cell, Form, Unit};
use crate::normalize::route::Target;
use crate::normalize::time::{TimeForm, parse_ns, print_ns};
use crate::normalize::{number, words};
use crate::row::{Level, Offer, Row};
use crate::value::{Scalar, write_field, write_text};

/// Reads one span into the row.
pub(super) fn read<'a>(
    json: &mut Json<'a>,
    kept: &mut Kept,
    row: &mut Row<'a>,
) -> Result<(), Fault> {
    if json.peek()? != Kind::Object {
        return Err(json.fault("span_type", "a span is not an object"));
    }
    let columns = kept.columns;
    let mut span = Span::default();
    json.enter_object()?;
    while let Some(key) = json.next_key()? {
        match &*key {
            "traceId" | "trace_id" => {
                span.has_trace = offer_id(json, row, kept.columns.trace_id, "trace_id", key)?;
            }
            "spanId" | "span_id" => {
                span.has_id = offer_id(json, row, kept.columns.span_id, "span_id", key)?;
            }
            "parentSpanId" | "parent_span_id" => {
                offer_id(json, row, kept.columns.parent_span_id, "parent_span_id", key)?;
            }
            "name" => {
                let value = text(json)?;
                span.has_name = value != Scalar::Null;
                set(row, columns.span_name, key, value, Form::Text);
            }
            "kind" => {
                let value = scope::count(json)?;
                let said = !matches!(value.as_str(), Some("0" | "SPAN_KIND_UNSPECIFIED"));
                if said {
                    set(row, columns.span_kind, key, value, Form::SpanKind);
                }
            }
            "startTimeUnixNano" | "start_time_unix_nano" => span.start = Some((key, time(json)?)),
            "endTimeUnixNano" | "end_time_unix_nano" => span.end = Some((key, time(json)?)),
            "status" => status(json, row, kept)?,
            "traceState" | "trace_state" => {
                let value = text(json)?;
                set(row, columns.trace_state, key, value, Form::Text);
            }
            "attributes" => any_value::attributes(json, &mut |key, value| {
                kept.router.field(row, Level::Record, key, value);
            })?,
            "events" => events(json, row, kept)?,
            "links" => links(json, row, kept)?,
            "flags" => {
                let n = scope::count(json)?;
                scope::write_count(&mut row.attributes, "otel.trace_flags", &n);
            }
            key => match dropped(key) {
                Some(name) => {
                    let n = scope::count(json)?;
                    scope::write_count(&mut row.attributes, name, &n);
                }
                None => {
                    json.skip()?;
                }
            },
        }
    }
    span.finish(json, row, kept)
}

/// The attribute that a count of dropped things becomes.
fn dropped(key: &str) -> Option<&'static str> {
    match key {
        "droppedAttributesCount" | "dropped_attributes_count" => {
            Some("otel.dropped_attributes_count")
        }
        "droppedEventsCount" | "dropped_events_count" => Some("otel.dropped_events_count"),
        "droppedLinksCount" | "dropped_links_count" => Some("otel.dropped_links_count"),
        _ => None,
    }
}

/// What has to be there, and what follows from two fields.
#[derive(Debug, Default)]
struct Span<'a> {
    has_trace: bool,
    has_id: bool,
    has_name: bool,
    start: Option<(Cow<'a, str>, Scalar<'a>)>,
    end: Option<(Cow<'a, str>, Scalar<'a>)>,
}

impl<'a> Span<'a> {
    fn finish(self, json: &Json<'a>, row: &mut Row<'a>, kept: &Kept) -> Result<(), Fault> {
        if !self.has_name {
            return Err(json.fault("span_name_missing", "a span has no name"));
        }
        if !self.has_trace {
            return Err(json.fault("invalid_trace_id", "a span has no trace id"));
        }
        if !self.has_id {
            return Err(json.fault("invalid_span_id", "a span has no span id"));
        }
        let columns = kept.columns;
        if row.value(columns.status_code).is_none() {
            set(row, columns.status_code, "status".into(), Scalar::text("UNSET"), Form::Text);
        }
        let ns = |field: &Option<(Cow<'_, str>, Scalar<'_>)>| {
            let (_, value) = field.as_ref()?;
            let ns = parse_ns(value.as_str()?, TimeForm::Epoch(Unit::Ns))?;
            i64::try_from(ns).ok().filter(|ns| *ns > 0)
        };
        let length =
            ns(&self.start).zip(ns(&self.end)).map(|(start, end)| end.saturating_sub(start));
        match length.filter(|length| *length >= 0) {
            Some(length) => set(
                row,
                columns.duration_ns,
                "duration".into(),
                Scalar::number(length),
                Form::BigInt,
            ),
            None => {
                if let Some((key, value)) =
                    self.end.filter(|(_, value)| !matches!(value.as_str(), None | Some("0")))
                {
                    row.attribute(&key, &value);
                }
            }
        }
        if let Some((key, value)) = self.start {
            set(row, columns.ts, key, value, NS);
        }
        Ok(())
    }
}

/// Offers an id; whether there was one.
fn offer_id<'a>(
    json: &mut Json<'a>,
    row: &mut Row<'a>,
    column_idx: usize,
    column: &'static str,
    key: Cow<'a, str>,
) -> Result<bool, Fault> {
    let id = read_id(json, column)?.unwrap_or_default();
    let there = !id.is_empty();
    let form = if column == "trace_id" { Form::TraceId } else { Form::SpanId };
    set(row, column_idx, key, Scalar::Text(id), form);
    Ok(there)
}

/// `{"code": 2, "message": "..."}`; the code also by name.
fn status<'a>(json: &mut Json<'a>, row: &mut Row<'a>, kept: &Kept) -> Result<(), Fault> {
    if json.peek()? == Kind::Null {
        return json.null();
    }
    json.enter_object()?;
    while let Some(key) = json.next_key()? {
        match &*key {
            "code" => {
                let value = scope::count(json)?;
                if value.as_str().and_then(words::status_code).is_none() && value != Scalar::Null {
                    return Err(
                        json.fault("invalid_status", "a span's status code is none of OTLP's")
                    );
                }
                set(row, kept.columns.status_code, key, value, Form::StatusCode);
            }
            "message" | "description" => {
                let value = text(json)?;
                set(row, kept.columns.status_message, key, value, Form::Text);
            }
            _ => {
                json.skip()?;
            }
        }
    }
    Ok(())
}

/// A span event's fields while it is read.
#[derive(Debug, Default)]
struct Event<'a> {
    name: Option<Cow<'a, str>>,
    time: Option<Scalar<'a>>,
    attributes: String,
    /// Values for columns of the span: ids, and what an exception says of itself.
    lifted: Vec<(usize, Offer<'a>)>,
    flag_key: Option<Scalar<'a>>,
    flag_variant: Option<Scalar<'a>>,
}

fn events<'a>(json: &mut Json<'a>, row: &mut Row<'a>, kept: &mut Kept) -> Result<(), Fault> {
    let mut out = String::new();
    let mut n_events = 0;
    objects(json, "invalid_event", "a span event is not an object", |json| {
        let event = event(json, kept, n_events)?;
        n_events += 1;
        out.push_str(if out.is_empty() { "[{" } else { ",{" });
        event.write(&mut out);
        out.push('}');
        let exception = kept.columns.exception;
        if event.lifted.iter().any(|(column_idx, _)| exception.contains(column_idx)) {
            // What an earlier event said of its exception is not to be mixed with this one's.
            for column_idx in exception {
                let of_event = row.value(column_idx).map(|offer| offer.rank);
                if of_event > Some(Level::SpanEvent.rank(0)) {
                    row.take(column_idx);
                }
            }
        }
        for (column_idx, offer) in event.lifted {
            row.offer(column_idx, offer);
        }
        if let (Some(Scalar::Text(flag)), Some(variant)) = (event.flag_key, event.flag_variant) {
            write_field(&mut row.flags, &flag, |out| variant.write_json(out));
        }
        Ok(())
    })?;
    if !out.is_empty() {
        out.push(']');
        set(
            row,
            kept.columns.span_events,
            "events".into(),
            Scalar::Json(Cow::Owned(out)),
            Form::Json,
        );
    }
    Ok(())
}

fn event<'a>(json: &mut Json<'a>, kept: &mut Kept, event_idx: u32) -> Result<Event<'a>, Fault> {
    let mut event = Event::default();
    json.enter_object()?;
    while let Some(key) = json.next_key()? {
        match &*key {
            "name" => event.name = text(json)?.into_text(),
            "timeUnixNano" | "time_unix_nano" => {
                let value = scope::count(json)?;
                if value.as_str().is_some_and(|text| number::integer::<u64>(text).is_none()) {
                    return Err(json.fault(
                        "invalid_event_time",
                        "a span event's time is no number of 64 bits",
                    ));
                }
                event.time = Some(value);
            }
            "attributes" => any_value::attributes(json, &mut |key, value| {
                write_field(&mut event.attributes, &key, |out| value.write_json(out));
                match router_target(kept, &key) {
                    Some(Target::Column { column_idx, form, order, .. }) => {
                        // Of several events the last one speaks for the span.
                        let rank = Level::SpanEvent.rank(order) + 1_000 * (event_idx + 1);
                        let offer = Offer { key, value, form, rank, kept: true };
                        event.lifted.push((column_idx, offer));
                    }
                    Some(Target::FlagKey) => event.flag_key = Some(value),
                    Some(Target::FlagVariant) => event.flag_variant = Some(value),
                    _ => {}
                }
            })?,
            _ => {
                json.skip()?;
            }
        }
    }
    if event.name.is_none() {
        return Err(json.fault("invalid_event", "a span event has no name"));
    }
    Ok(event)
}

/// Where an event's attribute goes on the span: ids and what exceptions say go there, other attributes are the event's.
fn router_target(kept: &mut Kept, key: &str) -> Option<Target> {
    let target = kept.router.target(key);
    match target {
        Target::Column { column_idx, .. } => {
            let exception = key.starts_with("exception.");
            (exception || kept.router.is_id(column_idx)).then_some(target)
        }
        Target::FlagKey | Target::FlagVariant => Some(target),
        Target::Flag { .. } | Target::Attribute => None,
    }
}

impl Event<'_> {
    /// The inside of the event's object. A time that is none keeps its number.
    fn write(&self, out: &mut String) {
        let ns = self.time.as_ref().and_then(Scalar::as_str).and_then(number::integer::<i64>);
        match (&self.time, ns.filter(|ns| *ns >= 946_684_800_000_000_000)) {
            (_, Some(ns)) => {
                out.push_str("\"ts\":");
                write_text(&print_ns(ns), out);
            }
            (Some(time), None) => write_field(out, "time_unix_nano", |out| time.write_json(out)),
            (None, None) => {}
        }
        if let Some(name) = &self.name {
            write_field(out, "name", |out| write_text(name, out));
        }
        if !self.attributes.is_empty() {
            write_field(out, "attributes", |out| {
                out.push('{');
                out.push_str(&self.attributes);
                out.push('}');
            });
        }
    }
}

fn links<'a>(json: &mut Json<'a>, row: &mut Row<'a>, kept: &Kept) -> Result<(), Fault> {
    let mut out = String::new();
    objects(json, "invalid_link", "a span link is not an object", |json| {
        out.push_str(if out.is_empty() { "[{" } else { ",{" });
        link(json, &mut out)?;
        out.push('}');
        Ok(())
    })?;
    if !out.is_empty() {
        out.push(']');
        set(
            row,
            kept.columns.span_links,
            "links".into(),
            Scalar::Json(Cow::Owned(out)),
            Form::Json,
        );
    }
    Ok(())
}

fn link(json: &mut Json<'_>, out: &mut String) -> Result<(), Fault> {
    let in_link = |fault: Fault| match fault.code {
        "invalid_trace_id" => Fault {
            code: "invalid_link_trace_id",
            reason: "a span link's trace id is not 32 hexadecimal digits".into(),
            ..fault
        },
        "invalid_span_id" => Fault {
            code: "invalid_link_span_id",
            reason: "a span link's span id is not 16 hexadecimal digits".into(),
            ..fault
        },
        _ => fault,
    };
    let (mut has_trace, mut has_span, mut attributes) = (false, false, String::new());
    json.enter_object()?;
    while let Some(key) = json.next_key()? {
        match &*key {
            "traceId" | "trace_id" => {
                let id = read_id(json, "trace_id").map_err(in_link)?;
                has_trace = id.is_some();
                write_id(out, "trace_id", Form::TraceId, id);
            }
            "spanId" | "span_id" => {
                let id = read_id(json, "span_id").map_err(in_link)?;
                has_span = id.is_some();
                write_id(out, "span_id", Form::SpanId, id);
            }
            "traceState" | "trace_state" => {
                let state = text(json)?;
                if state.as_str().is_some_and(|state| !state.is_empty()) {
                    write_field(out, "trace_state", |out| state.write_json(out));
                }
            }
            "attributes" => any_value::attributes(json, &mut |key, value| {
                write_field(&mut attributes, &key, |out| value.write_json(out));
            })?,
            _ => {
                json.skip()?;
            }
        }
    }
    if !has_trace {
        return Err(json.fault("invalid_link_trace_id", "a span link has no trace id"));
    }
    if !has_span {
        return Err(json.fault("invalid_link_span_id", "a span link has no span id"));
    }
    if !attributes.is_empty() {
        write_field(out, "attributes", |out| {
            out.push('{');
            out.push_str(&attributes);
            out.push('}');
        });
    }
    Ok(())
}

/// Writes an id in its one form, if it is one.
fn write_id(out: &mut String, key: &str, form: Form, id: Option<Cow<'_, str>>) {
    if let Some(Ok(Cell::Text(id))) = id.map(|id| form.read(Scalar::Text(id))) {
        write_field(out, key, |out| write_text(&id, out));
    }
}

/// The objects of a list, or of none.
fn objects<'a>(
    json: &mut Json<'a>,
    code: &'static str,
    reason: &'static str,
    mut each: impl FnMut(&mut Json<'a>) -> Result<(), Fault>,
) -> Result<(), Fault> {
    if json.peek()? == Kind::Null {
        return json.null();
    }
    json.enter_array()?;
    while json.next_element()? {
        if json.peek()? != Kind::Object {
            return Err(json.fault(code, reason));
        }
        each(json)?;
    }
    Ok(())
}
