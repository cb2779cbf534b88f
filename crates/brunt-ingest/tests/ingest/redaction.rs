//! A secret planted anywhere, in any format, is in nothing that comes out.

use brunt_ingest::{Format, Mapping, Options, Policy, table_named};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::reading::{Read, named, options, read};

const TRACE: &str = "5b8aa5a2d2c872e8321cf37308d69df2";
const NS: &str = "1761661273000000000";

/// A secret as people and programs write it, with the part of it that must not survive.
fn secret() -> impl Strategy<Value = (String, String)> {
    let token = "[A-Za-z0-9]{20,30}";
    prop_oneof![
        "[a-z]{3,8}\\.[a-z0-9+]{1,6}@[a-z]{3,9}\\.example\\.com"
            .prop_map(|mail| (mail.clone(), mail)),
        (0_usize..4, 0_u64..1_000_000_000).prop_map(|(network, rest)| {
            let card = card(["4", "51", "6011", "2221"][network], 16, rest);
            (card.clone(), card)
        }),
        (0_u64..1_000_000_000).prop_map(|rest| {
            let card = card("37", 15, rest);
            let spaced = format!("{} {} {}", &card[..4], &card[4..10], &card[10..]);
            (spaced.clone(), spaced)
        }),
        token.prop_map(|token| (format!("Bearer {token}"), token)),
        token.prop_map(|token| (format!("https://shop.example/a?x=1&api_key={token}&y=2"), token)),
        token.prop_map(|token| (format!("ghp_{token}"), token)),
        "[A-Z0-9]{16}".prop_map(|key| (format!("AKIA{key}"), key)),
    ]
}

/// A number with a right check digit.
fn card(prefix: &str, len: usize, rest: u64) -> String {
    let mut digits = format!("{prefix}{rest:0>width$}", width = len - 1 - prefix.len());
    digits.truncate(len - 1);
    let sum: u32 = digits
        .bytes()
        .rev()
        .enumerate()
        .map(|(place, byte)| {
            let digit = u32::from(byte - b'0') * if place % 2 == 0 { 2 } else { 1 };
            if digit > 9 { digit - 9 } else { digit }
        })
        .sum();
    format!("{digits}{}", (10 - sum % 10) % 10)
}

/// Text around a secret.
fn wrapped() -> impl Strategy<Value = (String, String)> {
    let before = prop_oneof![
        "",
        "[a-z ]{1,12}[ (\"',:=]",
        Just("Érreur pour ".to_owned()),
        Just("mailto:".to_owned())
    ];
    let after = prop_oneof!["", "[ )\"',;!][a-z ]{0,12}", Just("\nat x".to_owned())];
    (secret(), before, after)
        .prop_map(|((text, core), before, after)| (format!("{before}{text}{after}"), core))
}

/// The text at the bottom of so many objects, lists and JSON texts.
fn buried(text: &str, way: &[u8]) -> Value {
    way.iter().fold(json!(text), |inner, step| match step % 4 {
        0 => json!({"a": 1, "inner": inner}),
        1 => json!([inner, 2]),
        2 => json!({ "deep.er": {"x": inner} }),
        _ => json!(inner.to_string()),
    })
}

fn any_value(value: &Value) -> Value {
    match value {
        Value::String(text) => json!({"stringValue": text}),
        Value::Array(values) => {
            json!({"arrayValue": {"values": values.iter().map(any_value).collect::<Vec<_>>()}})
        }
        Value::Object(fields) => {
            let values: Vec<_> = fields
                .iter()
                .map(|(key, value)| json!({"key": key, "value": any_value(value)}))
                .collect();
            json!({"kvlistValue": {"values": values}})
        }
        other => json!({"doubleValue": other}),
    }
}

/// Every place of OTLP where text may stand.
fn otlp(text: &str, value: &Value, place: usize) -> Value {
    let attributes = json!([{"key": "note", "value": any_value(value)}]);
    let key = json!([{"key": text, "value": {"intValue": "1"}}]);
    let mut log = json!({"timeUnixNano": NS});
    let mut span = json!({"traceId": TRACE, "spanId": "051581bf3cb55c13", "name": "s", "startTimeUnixNano": NS});
    let mut event = json!({"name": "e", "timeUnixNano": NS});
    let mut link = json!({"traceId": TRACE, "spanId": "051581bf3cb55c13"});
    let (mut resource, mut scope) = (json!({}), json!({"name": "lib"}));
    match place {
        0 => log["body"] = any_value(value),
        1 => log["attributes"] = attributes,
        2 => log["attributes"] = key,
        3 => {
            log["attributes"] =
                json!([{"key": "exception.stacktrace", "value": {"stringValue": text}}]);
        }
        4 => log["severityText"] = json!(text),
        5 => log["eventName"] = json!(text),
        6 => span["name"] = json!(text),
        7 => span["status"] = json!({"code": 2, "message": text}),
        8 => span["attributes"] = json!([{"key": "url.full", "value": {"stringValue": text}}]),
        9 => event["attributes"] = attributes,
        10 => event["name"] = json!(text),
        11 => link["attributes"] = attributes,
        12 => scope["attributes"] = attributes,
        13 => scope["version"] = json!(text),
        14 => resource["attributes"] = attributes,
        15 => span["traceState"] = json!(text),
        // Refused, so that the secret could stand in the sample.
        16 => (log["body"], log["traceId"]) = (any_value(value), json!("nonsense")),
        17 => log["traceId"] = json!(format!("id {text}")),
        _ => span["status"] = json!({"code": text}),
    }
    (span["events"], span["links"]) = (json!([event]), json!([link]));
    json!({
        "resourceLogs": [{"resource": resource, "scopeLogs": [{"scope": scope, "logRecords": [log]}]}],
        "resourceSpans": [{"resource": resource, "scopeSpans": [{"scope": scope, "spans": [span]}]}],
    })
}

/// Every character of the core as an escape, where the text is JSON and JSON would allow it.
fn escaped(document: &str, core: &str, escape: bool) -> String {
    let hidden: String = core.chars().map(|c| format!("\\u{:04x}", u32::from(c))).collect();
    if escape && core.is_ascii() { document.replace(core, &hidden) } else { document.to_owned() }
}

fn assert_gone(read: &Read, core: &str, from: &str) {
    let mut out = read.to_text();
    for batch in read.rows.values().flatten() {
        out.push_str(&format!("{:?}", batch.columns()));
    }
    assert!(!out.contains(core), "{core} of\n{from}\nsurvived in\n{out}");
}

fn with_table(format: Format, table: &str) -> Options {
    let mut options = options();
    (options.format, options.table) = (Some(format), table_named(table));
    options
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn nothing_secret_survives_otlp(
        (text, core) in wrapped(), way in prop::collection::vec(0_u8..8, 0..6), place in 0_usize..19, escape: bool,
        cut in prop::option::of(0.2_f64..1.0),
    ) {
        let mut document = escaped(&otlp(&text, &buried(&text, &way), place).to_string(), &core, escape);
        if let Some(share) = cut {
            let at = document.floor_char_boundary((document.len() as f64 * share) as usize);
            document.truncate(at);
        }
        let mut options = options();
        options.format = Some(named("otlp_json"));
        assert_gone(&read("x.json", document.as_bytes(), &options), &core, &document);
    }

    #[test]
    fn nothing_secret_survives_plain_records(
        (text, core) in wrapped(), way in prop::collection::vec(0_u8..8, 0..6), place in 0_usize..8, escape: bool,
        table in prop::sample::select(vec!["logs", "spans", "events", "tickets", "accounts", "releases"]),
    ) {
        let value = buried(&text, &way);
        let field = ["message", "anything", "labels", "url", "description", "name", "status", "tags"][place];
        let record = json!({"ts": "2025-10-28T14:21:13Z", field: value, (text.as_str()): {"k": text}});
        let document = escaped(&record.to_string(), &core, escape);
        assert_gone(&read("x.jsonl", document.as_bytes(), &with_table(named("jsonl"), table)), &core, &document);
    }

    #[test]
    fn nothing_secret_survives_csv_nor_a_mapping(
        (text, core) in wrapped(), way in prop::collection::vec(0_u8..8, 0..4), n_fields in 2_usize..5,
    ) {
        let quoted = format!("\"{}\"", buried(&text, &way).to_string().replace('"', "\"\""));
        let fields = [quoted.as_str(), "1", "x", "y"];
        let document = format!("Log,n,{},\"{}\"\n{}\n", "body", text.replace('"', "\"\""), fields[..n_fields.min(4)].join(","));
        assert_gone(&read("x.csv", document.as_bytes(), &with_table(named("csv"), "logs")), &core, &document);
        let mapping = "format = \"csv\"\ntable = \"logs\"\njson = [\"Log\"]\n[columns]\nbody = [\"Log.inner\", \"Log\"]\n";
        let mut options = options();
        options.mapping = Some(Mapping::parse(mapping, "m.toml").unwrap());
        assert_gone(&read("x.csv", document.as_bytes(), &options), &core, &document);
    }
}

#[test]
fn without_masks_all_of_these_would_survive() {
    let text = "ann@shop.example 4111111111111111 token=abc";
    for place in 0..16 {
        let mut options = options();
        options.policy = Policy::parse("mask = []", "r.toml").unwrap();
        let document = otlp(text, &buried(text, &[0, 1, 2, 3]), place).to_string();
        assert!(read("x.json", document.as_bytes(), &options).to_text().contains(text), "{place}");
    }
}

#[test]
fn a_card_number_written_as_a_number_is_masked_too() {
    let line = br#"{"ts":"2025-10-28T14:21:13Z","level":"info","message":"x","pan":4111111111111111,"list":[4111111111111111]}"#;
    let row = read("x.jsonl", line, &options()).rows_of("logs").remove(0);
    assert_eq!(row["attributes"], json!({"pan": "[card]", "list": ["[card]"]}));
}

#[test]
fn one_secret_joins_a_user_over_all_tables() {
    let policy = "[[rule]]\nfield = \"user_id\"\naction = \"hash\"\n";
    let hashed = |table: &str, line: &str| {
        let mut options = with_table(named("jsonl"), table);
        options.policy = Policy::parse(policy, "r.toml").unwrap().with_secret(b"s".to_vec());
        let read = read("x.jsonl", line.as_bytes(), &options);
        assert_gone(&read, "u-4242", line);
        let name = table_named(table).unwrap().name;
        read.rows_of(name)[0]["user_id"].as_str().unwrap().to_owned()
    };
    let ids = [
        hashed(
            "logs",
            r#"{"message": "m", "user_id": "u-4242", "usr.id": "u-4242", "ctx": [{"usr": {"id": "u-4242"}}]}"#,
        ),
        hashed("events", r#"{"type": "click", "distinct_id": "u-4242"}"#),
        hashed("tickets", r#"{"ticket.id": "1", "requester": {"external_id": "u-4242"}}"#),
    ];
    assert!(ids.iter().all(|id| *id == ids[0] && id.len() == 64), "{ids:?}");
}

#[test]
fn an_address_as_an_id_is_kept_with_a_warning() {
    let read = read(
        "x.jsonl",
        br#"{"level":"info","message":"m","ts":1761661273,"user_id":"ann@shop.example"}"#,
        &options(),
    );
    assert_eq!(read.rows_of("logs")[0]["user_id"], "ann@shop.example");
    assert!(
        read.summary().warnings[0].contains("e-mail addresses"),
        "{:?}",
        read.summary().warnings
    );
}
