//! Amplitude: lines of its export, bodies of its HTTP API, and its table as a warehouse keeps it.

use crate::decode::commerce;
use crate::decode::record::Record;
use crate::decode::shape::{self, Given, refuse};
use crate::fill::Refusal;
use crate::format::Spec;
use crate::value::Value;

pub(crate) static SPEC: Spec = Spec {
    name: "amplitude",
    about: "Amplitude events: the export's lines, API bodies, or a warehouse's table of them",
    is: |head| {
        let keys = head.names();
        let is_event = |place: &&str| {
            let has = |key: &str| keys.iter().any(|held| held.strip_prefix(place) == Some(key));
            has("event_type")
                && (has("event_properties") || has("user_properties") || has("insert_id"))
                && (has("device_id") || has("user_id"))
                && (has("amplitude_id") || has("event_time") || has("session_id") || has("time"))
        };
        ["", "events."].iter().any(is_event)
    },
    is_generic: false,
    decode: |plan, source, load| shape::decode(&["events", ""], event, plan, source, load),
};

const COLUMNS: &[(&str, &[&str])] = &[
    ("ts", &["event_time", "client_event_time", "time"]),
    ("observed_at", &["server_received_time", "server_upload_time"]),
    ("sequence_no", &["event_id"]),
    ("user_id", &["user_id"]),
    ("geo_country", &["country"]),
    ("os_name", &["os_name"]),
    ("service_version", &["version_name", "app_version"]),
    (
        "account_id",
        &[
            "groups.account",
            "groups.company",
            "groups.organization",
            "groups.org id",
            "groups.org_id",
        ],
    ),
    ("plan_tier", &["user_properties.plan", "user_properties.plan_tier", "event_properties.plan"]),
];
const PROPERTIES: &[(&str, &[&str])] = &[
    ("url_path", &["[Amplitude] Page Path", "[Amplitude] Page URL", "page_path"]),
    ("view_name", &["[Amplitude] Page Title", "[Amplitude] Screen Name"]),
    ("action_target", &["[Amplitude] Element Text"]),
];
/// Names of events that the SDK makes of itself.
const KINDS: &[(&str, &str)] = &[
    ("[Amplitude] Page Viewed", "page_view"),
    ("[Amplitude] Screen Viewed", "page_view"),
    ("[Amplitude] Element Clicked", "click"),
    ("[Amplitude] Rage Click", "frustration"),
    ("[Amplitude] Dead Click", "frustration"),
];

fn event<'a>(mut record: Value<'a>, given: &mut Given<'a>) -> Result<(), Refusal> {
    let Some(name) = record.take("event_type").and_then(Value::into_text) else {
        return refuse("event_name_missing", "an event has no type");
    };
    for key in ["event_properties", "user_properties", "groups", "group_properties", "data"] {
        if let (Some(object), Value::Object(fields)) = (record.take(key), &mut record) {
            fields.push((key.into(), object.unfolded()));
        }
    }
    let mut properties = record.take("event_properties").unwrap_or(Value::Object(Vec::new()));
    let mut out = Record::default();
    let device = record.take("device_id");
    let session = record.take("session_id");
    let visitor = device.as_ref().and_then(Value::as_str).or_else(|| record.text_at("user_id"));
    out.session(session, visitor);
    for (column, keys) in COLUMNS {
        // A group's name stands in a list, as there may be several.
        out.put(*column, record.take_any(keys).and_then(Value::into_first));
    }
    for (column, keys) in PROPERTIES {
        out.put(*column, properties.take_any(keys));
    }
    out.put("user_pseudo_id", device);
    let id = record.take_any(&["uuid", "$insert_id", "_insert_id", "insert_id"]);
    out.put("event_id", id.clone());
    let kind = KINDS.iter().find(|(own, _)| *own == name).map(|(_, kind)| *kind);
    out.text("event_kind", kind);
    if kind == Some("frustration") {
        let is_rage = name.contains("Rage");
        out.text("frustration", Some(if is_rage { "rage_click" } else { "dead_click" }));
    }
    if let Some(value) = record.take_any(&["revenue", "$revenue"])
        && let Value::Object(fields) = &mut properties
    {
        fields.push(("$revenue".into(), value));
    }
    commerce::order(&mut out, &name, &mut properties, id);
    out.text("event_name", Some(name));
    out.put("user_properties", record.take("user_properties"));
    out.put("attributes", Some(properties));
    given.record("events", out.rest(record));
    Ok(())
}
