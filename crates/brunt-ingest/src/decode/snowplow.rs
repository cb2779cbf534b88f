//! Snowplow's enriched events: the table with a header, as warehouses export it, and the collector's tabs without one.

use std::borrow::Cow;

use crate::decode::csv::Dialect;
use crate::decode::record::Record;
use crate::decode::shape::{self, Given, refuse};
use crate::detect::Head;
use crate::error::Error;
use crate::fill::Refusal;
use crate::format::Spec;
use crate::load::Load;
use crate::read::Source;
use crate::value::Value;

/// The fields of an enriched event, in the order of the tabs.
const FIELDS: &str = "app_id platform etl_tstamp collector_tstamp dvce_created_tstamp event event_id txn_id name_tracker \
    v_tracker v_collector v_etl user_id user_ipaddress user_fingerprint domain_userid domain_sessionidx network_userid \
    geo_country geo_region geo_city geo_zipcode geo_latitude geo_longitude geo_region_name ip_isp ip_organization \
    ip_domain ip_netspeed page_url page_title page_referrer page_urlscheme page_urlhost page_urlport page_urlpath \
    page_urlquery page_urlfragment refr_urlscheme refr_urlhost refr_urlport refr_urlpath refr_urlquery \
    refr_urlfragment refr_medium refr_source refr_term mkt_medium mkt_source mkt_term mkt_content mkt_campaign \
    contexts se_category se_action se_label se_property se_value unstruct_event tr_orderid tr_affiliation tr_total \
    tr_tax tr_shipping tr_city tr_state tr_country ti_orderid ti_sku ti_name ti_category ti_price ti_quantity \
    pp_xoffset_min pp_xoffset_max pp_yoffset_min pp_yoffset_max useragent br_name br_family br_version br_type \
    br_renderengine br_lang br_features_pdf br_features_flash br_features_java br_features_director \
    br_features_quicktime br_features_realplayer br_features_windowsmedia br_features_gears br_features_silverlight \
    br_cookies br_colordepth br_viewwidth br_viewheight os_name os_family os_manufacturer os_timezone dvce_type \
    dvce_ismobile dvce_screenwidth dvce_screenheight doc_charset doc_width doc_height tr_currency tr_total_base \
    tr_tax_base tr_shipping_base ti_currency ti_price_base base_currency geo_timezone mkt_clickid mkt_network etl_tags \
    dvce_sent_tstamp refr_domain_userid refr_dvce_tstamp derived_contexts domain_sessionid derived_tstamp event_vendor \
    event_name event_format event_version event_fingerprint true_tstamp";
/// Kinds of events as the collector writes them, the sixth field.
const KINDS: &[&str] =
    &["page_view", "page_ping", "struct", "unstruct", "transaction", "transaction_item"];

pub(crate) static SPEC: Spec = Spec {
    name: "snowplow",
    about: "Snowplow's enriched events: tabs, or a table with a header",
    is: |head| {
        let header = head.csv_header();
        let has = |name: &&str| header.iter().any(|held| held == name) || head.has_key(name);
        ["event_id", "collector_tstamp", "domain_userid", "derived_tstamp"].iter().all(has)
            || is_tabs(head)
    },
    is_generic: false,
    decode: |plan, source, load| {
        let is_named = source.head().windows(16).any(|text| text == b"collector_tstamp");
        if is_named { shape::decode(&[""], event, plan, source, load) } else { tabs(source, load) }
    },
};

fn tabs(source: &mut Source<'_>, load: &mut Load<'_>) -> Result<(), Error> {
    let header = FIELDS.split_whitespace().map(str::to_owned).collect();
    let dialect = Dialect { delimiter: b'\t', quoting: false };
    shape::decode_table(dialect, Some(header), event, source, load)
}

fn is_tabs(head: &Head<'_>) -> bool {
    let line = head.bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let fields: Vec<&[u8]> = line.split(|byte| *byte == b'\t').collect();
    fields.len() == FIELDS.split_whitespace().count()
        && fields.get(5).is_some_and(|kind| KINDS.iter().any(|known| known.as_bytes() == *kind))
}

const COLUMNS: &[(&str, &[&str])] = &[
    ("ts", &["derived_tstamp", "true_tstamp", "collector_tstamp", "dvce_created_tstamp"]),
    ("observed_at", &["collector_tstamp"]),
    ("session_id", &["domain_sessionid"]),
    ("user_id", &["user_id"]),
    ("user_pseudo_id", &["domain_userid", "network_userid"]),
    ("view_name", &["page_title"]),
    ("geo_country", &["geo_country"]),
    ("browser_name", &["br_name", "br_family"]),
    ("os_name", &["os_name", "os_family"]),
    ("device_type", &["dvce_type"]),
    ("app_channel", &["platform"]),
    ("service_name", &["app_id"]),
    ("order_id", &["tr_orderid"]),
    ("order_value", &["tr_total"]),
    ("currency", &["tr_currency"]),
];

fn event<'a>(mut event: Value<'a>, given: &mut Given<'a>) -> Result<(), Refusal> {
    let Some(kind) = event.take("event").and_then(Value::into_text) else {
        return refuse("event_missing", "an event does not say what it is");
    };
    let mut out = Record::default();
    out.put("event_id", event.take("event_id"));
    let name = event.take("event_name").and_then(Value::into_text);
    let (event_kind, event_name) = match &*kind {
        "page_view" => ("page_view", None),
        "transaction" => ("purchase", Some(Cow::Borrowed("transaction"))),
        "struct" => {
            out.put("action_target", event.take("se_label"));
            ("custom", event.take("se_action").and_then(Value::into_text))
        }
        _ if name.as_deref() == Some("link_click") => ("click", name),
        _ if name.as_deref() == Some("application_error") => ("error", name),
        _ => ("custom", name.or(Some(kind))),
    };
    out.text("event_kind", Some(event_kind));
    out.text("event_name", event_name);
    let page = [
        "contexts_com_snowplowanalytics_snowplow_web_page_1_0_0",
        "contexts_com_snowplowanalytics_snowplow_web_page_1",
    ];
    let page =
        event.take_any(&page).map(Value::into_elements).unwrap_or_default().into_iter().next();
    out.put("view_id", page.and_then(|mut page| page.take("id")));
    for key in ["contexts", "derived_contexts", "unstruct_event"] {
        if let Some(json) = event.take(key) {
            self_describing(&mut out, json.unfolded());
        }
    }
    out.put("url_path", event.take("page_urlpath"));
    for (column, keys) in COLUMNS {
        if !out.has(column) {
            out.put(*column, event.take_any(keys));
        }
    }
    given.record("events", out.rest(event));
    Ok(())
}

/// Data that says by a schema what it is: each goes under the name of its schema.
fn self_describing<'a>(out: &mut Record<'a>, mut json: Value<'a>) {
    let inner = json.take("data").unwrap_or(json);
    let all = match inner {
        Value::Array(all) => all,
        one => vec![one],
    };
    for mut one in all {
        let Some(name) =
            one.text_at("schema").and_then(|schema| schema.split('/').nth(1)).map(str::to_owned)
        else {
            continue;
        };
        let Some(mut data) = one.take("data") else { continue };
        match &*name {
            "web_page" => out.put("view_id", data.take("id")),
            "client_session" => {
                out.put("session_id", data.take("sessionId"));
                out.put("session_previous_id", data.take("previousSessionId"));
            }
            "application_error" => {
                out.put("exception_type", data.take("exceptionName"));
                out.put("exception_message", data.take("message"));
                out.put("exception_stacktrace", data.take("stackTrace"));
            }
            "link_click" => out.put("action_target", data.take_any(&["elementId", "targetUrl"])),
            "ua_parser_context" => {
                out.put("browser_name", data.take("useragentFamily"));
                out.put("os_name", data.take("osFamily"));
            }
            _ => {}
        }
        out.put(name, Some(data));
    }
}
