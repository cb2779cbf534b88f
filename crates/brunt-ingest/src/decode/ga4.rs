//! Google Analytics 4 as its export to a warehouse has it: an event a line, its parameters a list of keys and typed values.

use crate::decode::record::Record;
use crate::decode::shape::{self, Given, refuse};
use crate::fill::Refusal;
use crate::format::Spec;
use crate::value::Value;

pub(crate) static SPEC: Spec = Spec {
    name: "ga4",
    about: "Google Analytics 4 events of the BigQuery export",
    is: |head| {
        head.is_json
            && head.has_keys(&["event_name", "event_timestamp", "event_params.key"])
            && head.has_key("event_params.value")
    },
    is_generic: false,
    decode: |plan, source, load| shape::decode(&[""], event, plan, source, load),
};

const COLUMNS: &[(&str, &str)] = &[
    ("ts", "event_timestamp"),
    ("user_id", "user_id"),
    ("geo_country", "geo.country"),
    ("device_type", "device.category"),
    ("browser_name", "device.web_info.browser"),
    ("browser_name", "device.browser"),
    ("os_name", "device.operating_system"),
    ("service_name", "app_info.id"),
    ("service_version", "app_info.version"),
    ("order_id", "ecommerce.transaction_id"),
    ("order_value", "ecommerce.purchase_revenue"),
];
const PARAMETERS: &[(&str, &str)] = &[
    ("url_path", "page_location"),
    ("view_name", "page_title"),
    ("view_name", "firebase_screen"),
    ("view_name", "firebase_screen_class"),
    ("order_id", "transaction_id"),
    ("order_value", "value"),
    ("currency", "currency"),
    ("action_target", "link_id"),
    ("action_target", "link_text"),
    ("action_target", "link_url"),
];
/// Events that are an order, and the one that takes it back.
const ORDERS: &[&str] = &["purchase", "in_app_purchase", "ecommerce_purchase", "refund"];

fn event<'a>(mut event: Value<'a>, given: &mut Given<'a>) -> Result<(), Refusal> {
    let Some(name) = event.take("event_name").and_then(Value::into_text) else {
        return refuse("event_name_missing", "an event has no name");
    };
    let mut parameters = object_of(event.take("event_params"));
    let mut out = Record::default();
    let pseudo = event.take("user_pseudo_id");
    out.session(parameters.take("ga_session_id"), pseudo.as_ref().and_then(Value::as_str));
    out.put("user_pseudo_id", pseudo);
    let is_order = ORDERS.contains(&&*name);
    if name == "refund" {
        let value =
            event.take_any(&["ecommerce.refund_value"]).or_else(|| parameters.take_any(&["value"]));
        let value = value.and_then(Value::into_text);
        out.text("order_value", value.map(|value| ["-", value.trim_start_matches('-')].concat()));
    }
    if !is_order {
        let id =
            event.take_at("ecommerce.transaction_id").or_else(|| parameters.take("transaction_id"));
        out.put("mentioned_order_id", id.filter(is_set));
        event.take_at("ecommerce.purchase_revenue");
    }
    for (columns, from) in [(COLUMNS, &mut event), (PARAMETERS, &mut parameters)] {
        for (column, key) in columns {
            let is_money = ["order_value", "currency"].contains(column);
            if !out.has(column) && (is_order || !is_money) {
                out.put(*column, from.take_at(key).filter(is_set));
            }
        }
    }
    if is_order {
        out.text("event_kind", Some("purchase"));
    }
    if name == "app_exception" {
        out.text("event_kind", Some("error"));
        out.text(
            "handled",
            parameters.text_at("fatal").map(|fatal| if fatal == "1" { "false" } else { "true" }),
        );
        out.put("exception_message", parameters.take("description"));
    }
    out.text("event_name", Some(name));
    let properties = object_of(event.take("user_properties"));
    out.put("user_properties", Some(properties));
    out.put("attributes", Some(parameters));
    given.record("events", out.rest(event));
    Ok(())
}

fn is_set(value: &Value<'_>) -> bool {
    value.as_str() != Some("(not set)")
}

/// The parameters as an object: each has its value under the name of its type.
fn object_of(parameters: Option<Value<'_>>) -> Value<'_> {
    let parameters = parameters.map(Value::into_elements).unwrap_or_default();
    let fields = parameters.into_iter().filter_map(|mut parameter| {
        let key = parameter.take("key")?.into_text()?;
        let mut value = parameter.take("value")?;
        let typed =
            value.take_any(&["string_value", "int_value", "double_value", "float_value"])?;
        Some((key, typed))
    });
    Value::Object(fields.collect())
}
