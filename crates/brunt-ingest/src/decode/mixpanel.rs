//! Mixpanel: lines of its export, bodies of its track and import endpoints, and its table as a warehouse keeps it.

use crate::decode::commerce;
use crate::decode::record::Record;
use crate::decode::shape::{self, Given, refuse};
use crate::fill::Refusal;
use crate::format::Spec;
use crate::value::Value;

pub(crate) static SPEC: Spec = Spec {
    name: "mixpanel",
    about: "Mixpanel events: the export's lines, or a warehouse's table of them",
    is: |head| {
        if head.is_json {
            return head.has_keys(&["event", "properties.time"])
                && ["properties.distinct_id", "properties.$insert_id", "properties.token"]
                    .iter()
                    .any(|key| head.has_key(key));
        }
        let header = head.csv_header();
        let has = |name: &str| header.iter().any(|held| held == name);
        has("distinct_id") && has("insert_id") && has("time") && (has("name") || has("event"))
    },
    is_generic: false,
    decode: |plan, source, load| shape::decode(&[""], event, plan, source, load),
};

/// Names with and without the mark of Mixpanel's own.
const COLUMNS: &[(&str, &[&str])] = &[
    ("session_id", &["$session_id", "session_id"]),
    ("user_id", &["$user_id", "user_id"]),
    ("url_path", &["$current_url", "current_url"]),
    ("geo_country", &["mp_country_code", "$country_code"]),
    ("browser_name", &["$browser", "browser"]),
    ("os_name", &["$os", "os"]),
    ("device_type", &["$device_type"]),
    (
        "service_version",
        &["$app_version_string", "app_version_string", "$app_version", "app_version"],
    ),
    ("view_name", &["current_page_title", "$screen_name"]),
    ("action_target", &["$el_text"]),
];

/// Names of events that the SDK makes of itself; others tell their kind by their words.
const KINDS: &[(&str, &str)] = &[
    ("$mp_web_page_view", "page_view"),
    ("$mp_click", "click"),
    ("$mp_rage_click", "rage_click"),
    ("$mp_dead_click", "dead_click"),
];

fn event<'a>(mut record: Value<'a>, given: &mut Given<'a>) -> Result<(), Refusal> {
    let Some(name) = record.take_any(&["event", "name"]).and_then(Value::into_text) else {
        return refuse("event_name_missing", "an event has no name");
    };
    // In a table the properties that have no column of their own stand beside those that have.
    let own = record.take("properties").map(Value::unfolded);
    let mut properties = match (own, record) {
        (Some(Value::Object(mut own)), Value::Object(columns)) => {
            own.extend(columns);
            Value::Object(own)
        }
        (Some(odd), Value::Object(mut columns)) => {
            columns.push(("properties".into(), odd));
            Value::Object(columns)
        }
        (_, record) => record,
    };
    let mut out = Record::default();
    out.put("ts", properties.take("time"));
    let id = properties.take_any(&["$insert_id", "insert_id"]);
    out.put("event_id", id.clone());
    for (column, keys) in COLUMNS {
        out.put(*column, properties.take_any(keys));
    }
    let device = properties.take_any(&["$device_id", "device_id"]);
    let distinct = properties.take("distinct_id");
    let is_device = distinct.is_some() && distinct == device
        || distinct.as_ref().and_then(Value::as_str).is_some_and(|id| id.starts_with("$device:"));
    if is_device {
        out.put("user_pseudo_id", device.or(distinct));
    } else {
        if !out.has("user_id") {
            out.put("user_id", distinct);
        }
        out.put("user_pseudo_id", device);
    }
    properties.take("token");
    out.text("event_kind", KINDS.iter().find(|(own, _)| *own == name).map(|(_, kind)| *kind));
    commerce::order(&mut out, &name, &mut properties, id);
    out.text("event_name", Some(name));
    given.record("events", out.rest(properties));
    Ok(())
}
