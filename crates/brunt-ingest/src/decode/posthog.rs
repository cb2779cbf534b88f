//! `PostHog`: bodies of its capture and batch endpoints, pages of its events API, and lines of its batch exports.

use std::fmt::Write;

use crate::decode::commerce;
use crate::decode::record::Record;
use crate::decode::shape::{self, Given, refuse};
use crate::fill::Refusal;
use crate::format::Spec;
use crate::value::Value;

pub(crate) static SPEC: Spec = Spec {
    name: "posthog",
    about: "PostHog events: capture bodies, API pages, batch exports",
    is: |head| {
        let is_event = |place: &&str| {
            let has = |key: &str| head.has_key(&[place, key].concat());
            let is_own = |key: &str| {
                key.strip_prefix(place).is_some_and(|key| key.starts_with("properties.$"))
            };
            let is_named = has("distinct_id") || has("properties.distinct_id");
            // Mixpanel's events are alike, but keep their time among the properties.
            has("event")
                && is_named
                && !has("properties.time")
                && (has("timestamp") || has("uuid") || has("api_key"))
                && (has("uuid")
                    || has("elements_chain")
                    || has("api_key")
                    || head.keys.iter().any(|key| is_own(key)))
        };
        head.is_json && ["", "batch.", "results."].iter().any(is_event)
    },
    is_generic: false,
    decode: |plan, source, load| {
        shape::decode(&["batch", "results", ""], event, plan, source, load)
    },
};

/// What `PostHog` calls our columns. Other properties are the customer's own.
const COLUMNS: &[(&str, &str)] = &[
    ("session_id", "$session_id"),
    ("view_id", "$pageview_id"),
    ("view_name", "$screen_name"),
    ("view_name", "title"),
    ("url_path", "$pathname"),
    ("geo_country", "$geoip_country_code"),
    ("device_type", "$device_type"),
    ("browser_name", "$browser"),
    ("os_name", "$os"),
    ("service_name", "$app_name"),
    ("service_version", "$app_version"),
    ("action_target", "$el_text"),
    ("exception_type", "$exception_type"),
    ("exception_message", "$exception_message"),
    ("exception_stacktrace", "$exception_stack_trace_raw"),
    ("error_fingerprint", "$exception_fingerprint"),
    ("trace_id", "$trace_id"),
    ("span_id", "$span_id"),
];
/// Kinds of groups that are accounts, the surest first.
const ACCOUNT_GROUPS: &[&str] = &[
    "$groups.account",
    "$groups.company",
    "$groups.organization",
    "$groups.tenant",
    "$groups.workspace",
    "$groups.customer",
];

fn event<'a>(mut record: Value<'a>, given: &mut Given<'a>) -> Result<(), Refusal> {
    let Some(name) = record.take("event").and_then(Value::into_text) else {
        return refuse("event_name_missing", "an event has no name");
    };
    let mut properties =
        record.take("properties").map_or(Value::Object(Vec::new()), Value::unfolded);
    let mut out = Record::default();
    out.put(
        "ts",
        record.take("timestamp").or_else(|| properties.take_any(&["timestamp", "$time"])),
    );
    let id = record.take_any(&["uuid", "id"]).or_else(|| properties.take("$insert_id"));
    out.put("event_id", id.clone());
    person(&mut out, &mut record, &mut properties);
    exceptions(&mut out, &mut properties);
    for (column, key) in COLUMNS {
        if !out.has(column) {
            out.put(*column, properties.take(key));
        }
    }
    if name == "$autocapture"
        && properties.text_at("$event_type").is_some_and(|kind| kind != "click")
    {
        out.text("event_kind", Some("custom"));
    }
    commerce::order(&mut out, &name, &mut properties, id);
    out.text("event_name", Some(name));
    flags(&mut out, &mut properties);
    out.put("account_id", properties.take_any(ACCOUNT_GROUPS).and_then(Value::into_first));
    record.take("api_key");
    record.take("token");
    out.put("attributes", Some(properties));
    given.record("events", out.rest(record));
    Ok(())
}

/// Who did it: an id that was made up is a pseudonym, one that the page gave is the user's.
fn person<'a>(out: &mut Record<'a>, record: &mut Value<'a>, properties: &mut Value<'a>) {
    let distinct = record.take("distinct_id").or_else(|| properties.take("distinct_id"));
    properties.take("distinct_id");
    let device = properties.take("$device_id");
    let said = properties
        .at("$is_identified")
        .or_else(|| record.at("person.is_identified"))
        .map(Value::is_true);
    let is_profile = properties.at("$process_person_profile").is_none_or(Value::is_true);
    let is_device = device.is_some() && device == distinct;
    let is_user = said.unwrap_or(is_profile && !is_device);
    let user = properties.take("$user_id");
    if is_user {
        out.put("user_id", user.or(distinct));
        out.put("user_pseudo_id", properties.take("$anon_distinct_id").or(device));
    } else {
        out.put("user_id", user);
        out.put("user_pseudo_id", distinct.or(device));
    }
}

fn flags<'a>(out: &mut Record<'a>, properties: &mut Value<'a>) {
    if let Value::Object(fields) = properties {
        let (flags, others) =
            std::mem::take(fields).into_iter().partition(|(key, _)| key.starts_with("$feature/"));
        *fields = others;
        let flags: Vec<_> = flags;
        for (key, variant) in flags {
            out.put(key, Some(variant));
        }
    }
    if let Some(flag) = properties.take("$feature_flag").and_then(Value::into_text) {
        out.put(["$feature/", &flag].concat(), properties.take("$feature_flag_response"));
    }
}

/// The exception that was caught is the first of the list, and its causes follow.
fn exceptions<'a>(out: &mut Record<'a>, properties: &mut Value<'a>) {
    let list = properties.take_objects("$exception_list");
    let (mut stack, mut n_frames) = (String::new(), 0);
    for (exception_idx, mut exception) in list.into_iter().enumerate() {
        let start = if exception_idx == 0 { "" } else { "Caused by: " };
        let said = ["type", "value"].into_iter().filter_map(|key| exception.text_at(key));
        let _ = writeln!(stack, "{start}{}", said.collect::<Vec<_>>().join(": "));
        let frames = exception.take_objects("stacktrace.frames");
        n_frames += frames.len();
        for frame in frames.iter().rev() {
            push_frame(&mut stack, frame);
        }
        if exception_idx == 0 {
            out.put("handled", exception.take_at("mechanism.handled"));
            out.put("exception_type", exception.take("type"));
            out.put("exception_message", exception.take("value"));
        }
    }
    if n_frames > 0 {
        out.text("exception_stacktrace", Some(stack.trim_end().to_owned()));
    }
}

/// A frame the way a browser prints it. The place that a source map gave goes before that in the bundle.
fn push_frame(stack: &mut String, frame: &Value<'_>) {
    let any = |keys: &[&str]| keys.iter().find_map(|key| frame.text_at(key));
    let function = any(&["resolved_name", "function", "mangled_name"]).unwrap_or("<anonymous>");
    let file = any(&["source", "filename", "abs_path"]).unwrap_or("<anonymous>");
    let _ = write!(stack, "    at {function} ({file}");
    for place in [any(&["line", "lineno"]), any(&["column", "colno"])].into_iter().flatten() {
        let _ = write!(stack, ":{place}");
    }
    stack.push_str(")\n");
}
