//! Segment, and what speaks its protocol: track, page, screen, identify, group and alias calls.

use crate::decode::commerce;
use crate::decode::record::Record;
use crate::decode::shape::{self, Given, refuse};
use crate::fill::Refusal;
use crate::format::Spec;
use crate::value::Value;

pub(crate) static SPEC: Spec = Spec {
    name: "segment",
    about: "calls of Segment's protocol, one a line or in batches",
    is: |head| {
        let is_call = |place: &&str| {
            let has = |key: &str| head.has_key(&[place, key].concat());
            let says_who = has("anonymousId") || has("userId");
            let says_what = ["event", "properties", "traits", "name"].iter().any(|key| has(key));
            has("type")
                && says_who
                && says_what
                && (has("messageId") || has("context.library.name"))
        };
        head.is_json && ["", "batch."].iter().any(is_call)
    },
    is_generic: false,
    decode: |plan, source, load| shape::decode(&["batch", ""], call, plan, source, load),
};

const CONTEXT: &[(&str, &str)] = &[
    ("account_id", "groupId"),
    ("view_name", "page.title"),
    ("url_path", "page.path"),
    ("url_path", "page.url"),
    ("service_name", "app.name"),
    ("service_version", "app.version"),
    ("device_type", "device.type"),
    ("os_name", "os.name"),
    ("geo_country", "location.country_code"),
    ("geo_country", "location.country"),
    ("plan_tier", "traits.plan"),
];

fn call<'a>(mut record: Value<'a>, given: &mut Given<'a>) -> Result<(), Refusal> {
    let Some(kind) = record.take("type").and_then(Value::into_text) else {
        return refuse("type_missing", "a call does not say its type");
    };
    let mut out = Record::default();
    let ts = record.take_any(&["timestamp", "originalTimestamp", "sentAt", "receivedAt"]);
    out.put("ts", ts.clone());
    out.put("observed_at", record.take("receivedAt"));
    let id = record.take("messageId");
    out.put("event_id", id.clone());
    out.put("user_id", record.take("userId"));
    let visitor = record.take_any(&["anonymousId", "previousId"]);
    out.put("user_pseudo_id", visitor.clone());
    let mut properties =
        record.take("properties").map_or(Value::Object(Vec::new()), Value::unfolded);
    let mut name = record.take("event").or_else(|| record.take("name"));
    match &*kind {
        "track" => {
            let Some(name) = name.take().and_then(Value::into_text) else {
                return refuse("event_name_missing", "a track call has no event");
            };
            commerce::order(&mut out, &name, &mut properties, id);
            out.text("event_name", Some(name));
        }
        "page" | "screen" => {
            out.text("event_kind", Some("page_view"));
            out.put("view_name", name.take().or_else(|| properties.take_any(&["name", "title"])));
            out.put("url_path", properties.take_any(&["path", "url"]));
        }
        other => {
            out.text("event_kind", Some("custom"));
            out.text("event_name", Some(other.to_owned()));
        }
    }
    if kind == "group" {
        group(&mut out, &mut record, ts, given);
    }
    let visitor = visitor.as_ref().and_then(Value::as_str);
    about(&mut out, &mut record, &mut properties, visitor);
    record.take("writeKey");
    out.put("attributes", Some(properties));
    given.record("events", out.rest(record));
    Ok(())
}

/// Session, page, device and account, from where libraries put them.
fn about<'a>(
    out: &mut Record<'a>,
    record: &mut Value<'a>,
    properties: &mut Value<'a>,
    visitor: Option<&str>,
) {
    let mut context = record.take("context").unwrap_or(Value::Object(Vec::new()));
    for (column, key) in CONTEXT {
        if !out.has(column) {
            out.put(*column, context.take_at(key));
        }
    }
    let names = ["sessionId", "session_id"];
    let partners =
        ["integrations.Amplitude.session_id", "integrations.Actions Amplitude.session_id"];
    let session = context.take_any(&names).or_else(|| properties.take_any(&names));
    out.session(session.or_else(|| record.take_any(&partners)), visitor);
    out.put("plan_tier", record.take_at("traits.plan"));
    out.put("context", Some(context));
}

/// What a group call says of an account is the account's state from then on.
fn group<'a>(
    call: &mut Record<'a>,
    record: &mut Value<'a>,
    ts: Option<Value<'a>>,
    given: &mut Given<'a>,
) {
    let id = record.take("groupId");
    call.put("account_id", id.clone());
    let (Some(id), Some(mut traits)) = (id, record.take("traits")) else { return };
    let mut out = Record::default();
    out.put("account_id", Some(id));
    out.put("ts", ts);
    out.put("account_name", traits.take("name"));
    out.put("plan_tier", traits.take("plan"));
    given.record("account_updates", out.spread(traits));
}
