//! Rules that look at several fields of one record: severities, kinds, durations, a ticket's subject.

use std::borrow::Cow;

use brunt_model::Table;

use crate::aliases::{SPAN_END, TICKET_SUBJECT};
use crate::normalize::colours::uncoloured;
use crate::normalize::form::{Cell, Form};
use crate::normalize::route::column_idx;
use crate::normalize::{rpc, severity, thrown, time, words};
use crate::row::{Level, Offer, Row};
use crate::value::Scalar;

/// The places of the columns that the rules of a table look at.
#[derive(Debug)]
pub(crate) struct Rules {
    table: &'static Table,
    flags: Option<usize>,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Logs(LogColumns),
    Spans { end: usize, duration: usize, trace_state: usize, weight: usize, error_type: usize },
    Events(EventColumns),
    Tickets { kind: usize, subject: usize, message: usize, updated: usize, created: usize },
    Releases { kind: usize, flag: usize },
    Accounts,
}

#[derive(Debug)]
struct LogColumns {
    number: usize,
    text: usize,
    body: usize,
    http_status: usize,
    exception_type: usize,
    exception_message: usize,
    stacktrace: usize,
}

#[derive(Debug)]
struct EventColumns {
    kind: usize,
    name: usize,
    frustration: usize,
    order_id: usize,
    order_value: usize,
    error_type: usize,
    exception_type: usize,
    exception_message: usize,
    url_path: usize,
}

impl Rules {
    pub(crate) fn new(table: &'static Table) -> Self {
        let idx = |name| column_idx(table, name).unwrap_or(usize::MAX);
        let kind = match table.name {
            "logs" => Kind::Logs(LogColumns {
                number: idx("severity_number"),
                text: idx("severity_text"),
                body: idx("body"),
                http_status: idx("http_response_status_code"),
                exception_type: idx("exception_type"),
                exception_message: idx("exception_message"),
                stacktrace: idx("exception_stacktrace"),
            }),
            "spans" => Kind::Spans {
                end: idx(SPAN_END),
                duration: idx("duration_ns"),
                trace_state: idx("trace_state"),
                weight: idx("sample_weight"),
                error_type: idx("error_type"),
            },
            "events" => Kind::Events(EventColumns {
                kind: idx("event_kind"),
                name: idx("event_name"),
                frustration: idx("frustration"),
                order_id: idx("order_id"),
                order_value: idx("order_value"),
                error_type: idx("error_type"),
                exception_type: idx("exception_type"),
                exception_message: idx("exception_message"),
                url_path: idx("url_path"),
            }),
            "ticket_updates" => Kind::Tickets {
                kind: idx("kind"),
                subject: idx(TICKET_SUBJECT),
                message: idx("message"),
                updated: idx("updated_at"),
                created: idx("created_at"),
            },
            "releases" => Kind::Releases { kind: idx("release_kind"), flag: idx("flag_key") },
            _ => Kind::Accounts,
        };
        Self { table, flags: table.column_idx("feature_flags"), kind }
    }

    pub(crate) fn table(&self) -> &'static Table {
        self.table
    }

    pub(crate) fn apply(&self, row: &mut Row<'_>) {
        self.collect_flags(row);
        match &self.kind {
            Kind::Logs(columns) => {
                number_severity(row, columns);
                name_exception(row, columns);
            }
            Kind::Spans { end, duration, trace_state, weight, error_type } => {
                measure_span(row, *end, *duration);
                weigh_span(row, *trace_state, *weight);
                rpc::name_status(row, *error_type);
            }
            Kind::Events(columns) => name_event(row, columns),
            Kind::Tickets { kind, subject, message, updated, created } => {
                enumerate(row, *kind, words::TICKET_KINDS, Some("ticket"));
                join_subject(row, *subject, *message);
                date_ticket(row, *updated, *created);
            }
            Kind::Releases { kind, flag } => {
                let default = if row.value(*flag).is_some() { "flag" } else { "release" };
                enumerate(row, *kind, words::RELEASE_KINDS, Some(default));
            }
            Kind::Accounts => {}
        }
    }

    /// Flags that came one by one join those that came as one object.
    fn collect_flags(&self, row: &mut Row<'_>) {
        if let Some(key) = row.flag_key.take() {
            row.attribute("feature_flag.key", &Scalar::Text(key));
        }
        if let Some(variant) = row.flag_variant.take() {
            row.attribute("feature_flag.result.variant", &variant);
        }
        let Some(flags_idx) = self.flags.filter(|_| !row.flags.is_empty()) else { return };
        let mut inside = std::mem::take(&mut row.flags);
        if let Some(offer) = row.take(flags_idx) {
            match offer.form.read(offer.value) {
                Ok(Cell::Text(object)) if object.len() > 2 => {
                    inside.push(',');
                    inside.push_str(object.get(1..object.len() - 1).unwrap_or_default());
                }
                Ok(_) => {}
                Err(value) => row.give_back(&offer.key, &value),
            }
        }
        let value = Scalar::Json(Cow::Owned(["{", &inside, "}"].concat()));
        set(row, flags_idx, "feature_flags", value, Form::Json);
    }
}

/// Puts in a value that follows from others; it goes before whatever is there.
pub(crate) fn set<'a>(
    row: &mut Row<'a>,
    column_idx: usize,
    key: &'static str,
    value: Scalar<'a>,
    form: Form,
) {
    let offer = Offer { key: Cow::Borrowed(key), value, form, rank: u32::MAX, kept: false };
    row.offer(column_idx, offer);
}

/// The column's value, typed, without taking it.
fn read<'a>(row: &Row<'a>, column_idx: usize) -> Option<Cell<'a>> {
    let offer = row.value(column_idx)?;
    offer.form.read(offer.value.clone()).ok()
}

/// A log's severity number follows from its text where it has none, and both from how its body begins where that says it.
fn number_severity(row: &mut Row<'_>, columns: &LogColumns) {
    let LogColumns { number, text, body, http_status, .. } = *columns;
    uncolour(row, text);
    let status = row.value(text).and_then(|offer| offer.value.as_str()?.parse::<u16>().ok());
    if status.is_some_and(|status| (100..600).contains(&status))
        && let Some(offer) = row.take(text)
    {
        // `status` is a severity to some, and to web servers an answer's.
        row.offer(http_status, Offer { form: Form::Int, ..offer });
    }
    if read(row, number).is_some() {
        return;
    }
    if row.value(text).is_none()
        && let Some(level) =
            row.value(body).and_then(|offer| offer.value.as_str()).and_then(severity::in_text)
    {
        let level = Scalar::text(level.to_owned());
        set(row, text, "severity_text", level, Form::Text);
    }
    let level = row.value(text).and_then(|offer| offer.value.as_str()).and_then(severity::of_level);
    if let Some(level) = level {
        // OTLP writes 0 for "not specified", which says no more than its absence.
        row.take(number);
        set(row, number, "severity_number", Scalar::number(level), Form::SmallInt);
    }
}

/// A level that was written for a terminal: `\x1b[31merror\x1b[39m`.
fn uncolour(row: &mut Row<'_>, text: usize) {
    let level = row.value(text).and_then(|offer| offer.value.as_str()).map(uncoloured);
    let Some(Cow::Owned(plain)) = level else { return };
    if let Some(offer) = row.take(text) {
        row.offer(text, Offer { value: Scalar::text(plain), ..offer });
    }
}

/// An exception's type and message follow from its stack trace where nothing else says them.
fn name_exception(row: &mut Row<'_>, columns: &LogColumns) {
    let LogColumns { exception_type, exception_message, stacktrace, .. } = *columns;
    if row.value(exception_type).is_some() {
        return;
    }
    let Some(Scalar::Text(text)) = row.value(stacktrace).map(|offer| &offer.value) else { return };
    let Some(thrown) = thrown::thrown(text) else { return };
    let owned = |text: &str| Scalar::text(text.to_owned());
    let (name, message) = (owned(thrown.name), thrown.message.map(owned));
    set(row, exception_type, "exception_type", name, Form::Text);
    if let Some(message) = message.filter(|_| row.value(exception_message).is_none()) {
        set(row, exception_message, "exception_message", message, Form::Text);
    }
}

/// A span's duration follows from its end. An end before the start stays as it was exported.
fn measure_span(row: &mut Row<'_>, end: usize, duration: usize) {
    let Some(ended) = row.take(end) else { return };
    let ns = |offer: &Offer<'_>| match offer.form {
        Form::Time(form) => time::parse_ns(offer.value.as_str()?, form),
        _ => None,
    };
    let length = row.value(0).and_then(ns).zip(ns(&ended)).map(|(start, end)| end - start);
    match length.and_then(|length| i64::try_from(length).ok()) {
        Some(length) if length >= 0 && row.value(duration).is_none() => {
            set(row, duration, "duration_ns", Scalar::number(length), Form::BigInt);
        }
        _ => row.give_back(&ended.key, &ended.value),
    }
}

/// A sampled span stands for as many as its `tracestate` says: OpenTelemetry's `ot=th:T` rejects the lowest T of 2^56
/// (up to 14 hexadecimal digits, zeros at the end left out).
fn weigh_span(row: &mut Row<'_>, trace_state: usize, weight: usize) {
    let Some(state) = row.value(trace_state).and_then(|offer| offer.value.as_str()) else { return };
    let threshold = state
        .split(',')
        .find_map(|member| member.trim().strip_prefix("ot="))
        .and_then(|member| member.split(';').find_map(|part| part.strip_prefix("th:")))
        .filter(|digits| (1..=14).contains(&digits.len()))
        .and_then(|digits| u64::from_str_radix(&format!("{digits:0<14}"), 16).ok());
    if let Some(threshold) = threshold.filter(|threshold| *threshold > 0)
        && row.value(weight).is_none()
    {
        let all = (1_u64 << 56) as f64;
        set(
            row,
            weight,
            "sample_weight",
            Scalar::number(all / (all - threshold as f64)),
            Form::Double,
        );
    }
}

/// An event has a kind: its own, else that of its name, else what its other columns tell.
fn name_event(row: &mut Row<'_>, columns: &EventColumns) {
    let word_of = |row: &Row<'_>, idx: usize, table| {
        row.value(idx)
            .and_then(|offer| offer.value.as_str())
            .and_then(|text| words::find(table, text))
    };
    for idx in [columns.kind, columns.name] {
        if row.value(columns.frustration).is_none()
            && let Some(word) = word_of(row, idx, words::FRUSTRATIONS)
        {
            set(row, columns.frustration, "frustration", Scalar::text(word), Form::Text);
        }
    }
    enumerate(row, columns.frustration, words::FRUSTRATIONS, None);
    let has = |row: &Row<'_>, idx: usize| row.value(idx).is_some();
    judge_order(row, columns);
    let own = word_of(row, columns.kind, words::EVENT_KINDS);
    let kind = own.unwrap_or_else(|| {
        if has(row, columns.frustration) {
            "frustration"
        } else if has(row, columns.order_id) {
            "purchase"
        } else if has(row, columns.exception_type) || has(row, columns.exception_message) {
            "error"
        } else if let Some(word) = word_of(row, columns.name, words::EVENT_KINDS) {
            word
        } else if has(row, columns.url_path) && !has(row, columns.name) {
            "page_view"
        } else {
            "custom"
        }
    });
    match row.take(columns.kind) {
        Some(offer) if own.is_some() => {
            mean(row, columns.kind, offer, kind);
            return;
        }
        // A kind that is none of ours is at least a name.
        Some(offer) if has(row, columns.name) => row.give_back(&offer.key, &offer.value),
        Some(offer) => row.offer(columns.name, Offer { form: Form::Text, ..offer }),
        None => {}
    }
    set(row, columns.kind, "event_kind", Scalar::text(kind), Form::Text);
}

/// The id of an order that an event mentions, as one that failed or only began does, stays an attribute: a row with an
/// `order_id` counts as an order, and one of a refund takes back what was paid.
fn judge_order(row: &mut Row<'_>, columns: &EventColumns) {
    if row.value(columns.order_id).is_none() {
        return;
    }
    let says = |row: &Row<'_>, words: &[&str]| {
        let mut names = [columns.kind, columns.name].into_iter().filter_map(|idx| row.value(idx));
        names.any(|offer| offer.value.as_str().is_some_and(|name| words::has_word(name, words)))
    };
    let failed = [columns.error_type, columns.exception_type, columns.exception_message];
    let is_refund = says(row, words::REFUND);
    // Without an amount nobody knows what was given back.
    let is_unpriced = is_refund && read(row, columns.order_value).is_none();
    let has_failed = failed.iter().any(|idx| row.value(*idx).is_some());
    if is_unpriced || has_failed || says(row, words::NO_ORDER) {
        if let Some(offer) = row.take(columns.order_id) {
            row.give_back(&offer.key, &offer.value);
        }
    } else if is_refund && let Some(mut offer) = row.take(columns.order_value) {
        offer.value = offer.value.negative();
        row.offer(columns.order_value, offer);
    }
}

/// Puts our word in the place of what was offered.
fn mean<'a>(row: &mut Row<'a>, column_idx: usize, offer: Offer<'a>, word: &'static str) {
    let value = Scalar::text(word);
    row.offer(column_idx, Offer { value, form: Form::Text, kept: true, ..offer });
}

/// Replaces a word by the one of its enumeration; another word goes to the attributes, and the default takes its place.
fn enumerate(
    row: &mut Row<'_>,
    column_idx: usize,
    table: &[(&'static str, &'static str)],
    default: Option<&'static str>,
) {
    let Some(offer) = row.take(column_idx) else {
        if let Some(word) = default {
            set(row, column_idx, "kind", Scalar::text(word), Form::Text);
        }
        return;
    };
    let word = offer.value.as_str().map(words::fold);
    let meant = word.and_then(|word| table.iter().find(|(name, _)| *name == word));
    if let Some((_, meaning)) = meant {
        mean(row, column_idx, offer, meaning);
        return;
    }
    row.give_back(&offer.key, &offer.value);
    if let Some(word) = default {
        mean(row, column_idx, Offer { rank: u32::MAX, ..offer }, word);
    }
}

/// A ticket's message is its subject and its text.
fn join_subject(row: &mut Row<'_>, subject: usize, message: usize) {
    let Some(subject) = row.take(subject).and_then(|offer| offer.value.into_text()) else { return };
    let Some(said) = row.take(message) else {
        set(row, message, "message", Scalar::Text(subject), Form::Text);
        return;
    };
    let joined = match said.value.clone().into_text() {
        Some(text) if *text != *subject => Cow::Owned(format!("{subject}\n\n{text}")),
        _ => subject,
    };
    row.offer(message, Offer { value: Scalar::Text(joined), kept: true, ..said });
}

/// A ticket without a time of its own was last updated, or created, at that time.
fn date_ticket(row: &mut Row<'_>, updated: usize, created: usize) {
    for idx in [updated, created] {
        if row.value(0).is_none()
            && let Some(offer) = row.value(idx).cloned()
            && matches!(read(row, idx), Some(Cell::Time(_)))
        {
            row.offer(0, Offer { rank: Level::Record.rank(998), kept: true, ..offer });
        }
    }
}
