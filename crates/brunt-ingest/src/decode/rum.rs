//! Datadog RUM: events as the SDKs of browsers and phones write them, and as the API lists them.

use crate::decode::record::Record;
use crate::decode::shape::{self, Given, refuse};
use crate::fill::Refusal;
use crate::format::Spec;
use crate::value::Value;

/// Where the API's answers, lines of its records, and the SDKs keep an event.
const PLACES: &[&str] = &[
    "response.data.attributes.attributes.",
    "data.attributes.attributes.",
    "attributes.attributes.",
    "",
];

pub(crate) static SPEC: Spec = Spec {
    name: "datadog_rum",
    about: "Datadog RUM events, as the SDKs send them or the API lists them",
    is: |head| {
        let is_event = |place: &&str| {
            ["application.id", "session.id", "type"]
                .iter()
                .all(|key| head.has_key(&[place, *key].concat()))
                && (head.has_key(&[place, "view.id"].concat())
                    || head.has_key(&[place, "_dd.format_version"].concat()))
        };
        head.is_json && PLACES.iter().any(is_event)
    },
    is_generic: false,
    decode: |plan, source, load| {
        shape::decode(&["response.data", "data", ""], event, plan, source, load)
    },
};

/// One RUM event. What it says of its view, session, user and device goes by the names it has.
fn event<'a>(mut record: Value<'a>, given: &mut Given<'a>) -> Result<(), Refusal> {
    let mut out = Record::default();
    let listed = record.take_at("attributes.attributes");
    let (mut event, mut envelope) = match listed {
        Some(event) => (event, record),
        None => (record, Value::Object(Vec::new())),
    };
    let Some(kind) = event.take("type").and_then(Value::into_text) else {
        return refuse("rum_type_missing", "a RUM event does not say its type");
    };
    out.put("ts", event.take("date").or_else(|| envelope.take_at("attributes.timestamp")));
    from_tags(&mut out, &mut envelope);
    let about = match &*kind {
        "view_update" => "view",
        other => other,
    };
    let own_id = event.at(about).and_then(|of| of.get("id")).cloned();
    out.put("event_id", own_id.or_else(|| envelope.take("id")));
    out.text("event_kind", Some(kind_of(&kind, &event)));
    match about {
        "view" => out.put("duration_ns", event.take_at("view.time_spent")),
        "action" => action(&mut out, &mut event),
        "error" => error(&mut out, &mut event),
        "resource" => resource(&mut out, &mut event),
        other => {
            let name = event.take_any(&[&[other, ".name"].concat(), "transition.type"]);
            let named = name.is_some();
            out.put("event_name", name);
            if !named {
                out.text("event_name", Some(kind.clone()));
            }
            out.put("duration_ns", event.take_at(&[other, ".duration"].concat()));
        }
    }
    let is_test =
        ["synthetics.test_id", "ci_test.test_execution_id"].iter().any(|id| event.at(id).is_some());
    if is_test {
        out.text("synthetic_type", Some("test"));
    }
    out.put("geo_country", event.take_at("geo.country_iso_code"));
    let rate = event.at("_dd.configuration.session_sample_rate").and_then(Value::as_str);
    let rate =
        rate.and_then(|rate| rate.parse::<f64>().ok()).filter(|rate| *rate > 0.0 && *rate < 100.0);
    out.text("sample_weight", rate.map(|rate| (100.0 / rate).to_string()));
    given.record("events", out.spread(event));
    Ok(())
}

/// Environment and version stand in the tags that the API lists beside an event.
fn from_tags<'a>(out: &mut Record<'a>, envelope: &mut Value<'a>) {
    let Some(tags) = envelope.take_at("attributes.tags") else { return };
    for (prefix, column) in
        [("env:", "deployment_environment_name"), ("version:", "service_version")]
    {
        if let Value::Array(tags) = &tags {
            let value = tags.iter().find_map(|tag| tag.as_str()?.strip_prefix(prefix));
            out.text(column, value.map(str::to_owned));
        }
    }
    out.put("ddtags", Some(tags));
}

fn kind_of(kind: &str, event: &Value<'_>) -> &'static str {
    match kind {
        "view" | "view_update" => "page_view",
        "error" => "error",
        "action" => match event.text_at("action.type") {
            None | Some("click" | "tap") => "click",
            Some(_) => "custom",
        },
        _ => "custom",
    }
}

/// An action goes by its name, else what it was done to, else its type.
fn action<'a>(out: &mut Record<'a>, event: &mut Value<'a>) {
    let target =
        event.at("action.target.name").or_else(|| event.at("_dd.action.target.selector")).cloned();
    let name = event.take_at("action.name").or_else(|| target.clone());
    out.put("event_name", name.or_else(|| event.at("action.type").cloned()));
    out.put("action_target", target);
    out.put("duration_ns", event.take_at("action.loading_time"));
    let frustrations =
        event.take_at("action.frustration.type").map(Value::into_elements).unwrap_or_default();
    let mut frustrations = frustrations.into_iter();
    out.put("frustration", frustrations.next());
    out.put("frustrations", Some(Value::Array(frustrations.collect())));
}

fn error<'a>(out: &mut Record<'a>, event: &mut Value<'a>) {
    for (column, key) in [
        ("exception_type", "error.type"),
        ("exception_message", "error.message"),
        ("exception_stacktrace", "error.stack"),
        ("error_fingerprint", "error.fingerprint"),
    ] {
        out.put(column, event.take_at(key));
    }
    if let Some(handling) = event.text_at("error.handling") {
        let handled = if handling == "handled" { "true" } else { "false" };
        out.text("handled", Some(handled));
    }
}

/// A request of the page: its path is that of the resource, and its page is the view.
fn resource<'a>(out: &mut Record<'a>, event: &mut Value<'a>) {
    out.text("event_name", Some("resource"));
    for (name, key) in [
        ("url_path", "resource.url"),
        ("duration_ns", "resource.duration"),
        ("http.request.method", "resource.method"),
        ("http.response.status_code", "resource.status_code"),
    ] {
        out.put(name, event.take_at(key));
    }
}
