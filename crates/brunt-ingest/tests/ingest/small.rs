//! Small inputs, each for one rule of the tables.

use brunt_ingest::{Detected, Error, detect, identity, table_named};
use brunt_model::table;
use serde_json::{Value, json};

use crate::reading::{options, read};

const TRACE: &str = "5b8aa5a2d2c872e8321cf37308d69df2";

fn otlp_log(record: &Value) -> Vec<u8> {
    json!({"resourceLogs": [{"scopeLogs": [{"logRecords": [record]}]}]}).to_string().into_bytes()
}

#[test]
fn the_ticket_of_the_brief_loads_as_it_is() {
    let ticket = br#"{"source":"support_desk","kind":"ticket","topic":"checkout","severity":"customer_blocking","account.id":"acct_123","ticket.id":"84219","message":"Payment authorization timing out on mobile","labels":["mobile","latam"],"ts":"2025-10-28T14:21:13Z","link.url":"https://support.example.com/tickets/84219"}"#;
    let rows = read("export.json", ticket, &options()).rows_of("ticket_updates");
    assert_eq!(
        Value::from(rows),
        json!([{
            "ts": "2025-10-28T14:21:13Z", "day": "2025-10-28", "load_id": "load",
            "source": "support_desk", "kind": "ticket", "topic": "checkout", "severity": "customer_blocking",
            "account_id": "acct_123", "ticket_id": "84219", "message": "Payment authorization timing out on mobile",
            "labels": ["mobile", "latam"], "link_url": "https://support.example.com/tickets/84219",
        }])
    );
}

#[test]
fn the_nearest_level_gives_an_id_and_the_resource_keeps_its_own() {
    let attribute = |value: &str| json!([{"key": "session.id", "value": {"stringValue": value}}]);
    let document = json!({"resourceSpans": [{
        "scopeSpans": [{
            "spans": [
                {"name": "a", "traceId": TRACE, "spanId": "0000000000000001", "startTimeUnixNano": "1761661273000000000"},
                {"name": "b", "traceId": TRACE, "spanId": "0000000000000002", "startTimeUnixNano": "1761661273000000000",
                 "attributes": attribute("record")},
                {"name": "c", "traceId": TRACE, "spanId": "0000000000000003", "startTimeUnixNano": "1761661273000000000",
                 "attributes": attribute("record"),
                 "events": [{"name": "e", "timeUnixNano": "1761661273000000000", "attributes": attribute("event")}]},
            ],
            "scope": {"name": "lib", "attributes": attribute("scope")},
        }],
        "resource": {"attributes": [
            {"key": "baggage.user.id", "value": {"stringValue": "u1"}},
            {"key": "session.id", "value": {"stringValue": "resource"}},
        ]},
    }]});
    let rows = read("x.json", document.to_string().as_bytes(), &options()).rows_of("spans");
    let sessions: Vec<_> = rows
        .iter()
        .map(|row| (row["span_name"].as_str().unwrap(), row["session_id"].as_str().unwrap()))
        .collect();
    assert_eq!(sessions, [("a", "scope"), ("b", "record"), ("c", "event")]);
    assert!(rows.iter().all(
        |row| row["user_id"] == "u1" && row["resource_attributes"]["session.id"] == "resource"
    ));
}

#[test]
fn a_time_that_is_lost_comes_from_span_or_trace_else_it_is_1970() {
    let document = json!({
        "resourceLogs": [{"scopeLogs": [{"logRecords": [
            {"timeUnixNano": "0", "traceId": TRACE, "spanId": "0000000000000002", "body": {"stringValue": "of its span"}},
            {"traceId": TRACE, "body": {"stringValue": "of its trace"}},
            {"timeUnixNano": "1", "body": {"stringValue": "of nothing"}},
            {"observedTimeUnixNano": "1761661274000000000", "body": {"stringValue": "of its collector"}},
        ]}]}],
        "resourceSpans": [{"scopeSpans": [{"spans": [
            {"name": "a", "traceId": TRACE, "spanId": "0000000000000001", "startTimeUnixNano": "1761661273000000000"},
            {"name": "b", "traceId": TRACE, "spanId": "0000000000000002", "startTimeUnixNano": "1761661275000000000",
             "endTimeUnixNano": "1761661275000000042"},
        ]}]}],
    });
    let outcome = read("x.json", document.to_string().as_bytes(), &options());
    let mut times: Vec<_> = outcome
        .rows_of("logs")
        .iter()
        .map(|row| {
            [&row["body"], &row["ts"], &row["ts_quality"]]
                .map(|value| value.as_str().unwrap().to_owned())
        })
        .collect();
    times.sort();
    assert_eq!(
        times,
        [
            ["of its collector", "2025-10-28T14:21:14Z", "inferred"],
            ["of its span", "2025-10-28T14:21:15Z", "inferred"],
            ["of its trace", "2025-10-28T14:21:13Z", "inferred"],
            ["of nothing", "1970-01-01T00:00:00Z", "absurd"],
        ]
    );
    assert_eq!(outcome.rows_of("spans")[1]["duration_ns"], 42);
    let lost = outcome.rows_of("logs");
    assert!(
        lost.iter()
            .any(|row| row["body"] == "of nothing" && row["attributes"]["timeUnixNano"] == "1")
    );
}

#[test]
fn the_last_exception_event_fills_the_span() {
    let exception = |kind: &str| {
        json!({"name": "exception", "timeUnixNano": "1761661273000000000", "attributes": [
            {"key": "exception.type", "value": {"stringValue": kind}},
            {"key": "exception.message", "value": {"stringValue": "no"}},
        ]})
    };
    let flag = json!({"name": "feature_flag.evaluation", "attributes": [
        {"key": "feature_flag.key", "value": {"stringValue": "new_cart"}},
        {"key": "feature_flag.result.variant", "value": {"stringValue": "b"}},
    ]});
    let span = json!({"name": "a", "traceId": TRACE, "spanId": "0000000000000001", "kind": "SPAN_KIND_SERVER",
        "startTimeUnixNano": 1_761_661_273_000_000_000_i64, "status": {"code": 2, "message": "failed"},
        "attributes": [{"key": "http.method", "value": {"stringValue": "post"}}, {"key": "http.status_code", "value": {"intValue": "500"}}],
        "events": [exception("First"), exception("Last"), flag],
        "links": [{"traceId": TRACE.to_uppercase(), "spanId": "0000000000000009"}]});
    let document = json!({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]});
    let row =
        read("x.json", document.to_string().as_bytes(), &options()).rows_of("spans").remove(0);
    assert_eq!(row["exception_type"], "Last");
    assert_eq!(row["span_kind"], "SERVER");
    assert_eq!((&row["status_code"], &row["status_message"]), (&json!("ERROR"), &json!("failed")));
    assert_eq!(
        (&row["http_request_method"], &row["http_response_status_code"]),
        (&json!("POST"), &json!(500))
    );
    assert_eq!(row["feature_flags"], json!({"new_cart": "b"}));
    assert_eq!(row["span_links"], json!([{"trace_id": TRACE, "span_id": "0000000000000009"}]));
    assert_eq!(row["span_events"][0]["ts"], "2025-10-28T14:21:13.000000Z");
    assert_eq!(row["span_events"][1]["attributes"]["exception.type"], "Last");
    assert!(!row.contains_key("attributes"));
}

#[test]
fn session_events_load_with_dotted_nested_or_snake_keys() {
    let lines = concat!(
        r#"{"ts":"2025-10-28T14:21:13Z","event.kind":"page_view","session.id":"s1","user.id":"u1","view_name":"Cart","feature_flags.new_cart":"b"}"#,
        "\n",
        r#"{"timestamp":1761661274000,"event":"rage_click","session":{"id":"s1"},"context":{"browser":{"name":"Firefox"}},"device":"iPhone"}"#,
        "\n",
        r#"{"ts":1761661275,"type":"order_completed","session_id":"s1","orderId":"o1","order_value":19.90,"currency":"usd","plan":"PRO"}"#,
        "\r\n\n",
        r#"{"ts":"2025-10-28T14:21:16Z","name":"boom","sessionId":"s1","error":{"message":"x is undefined","stack":"at a.js:1"}}"#,
    );
    let outcome = read("session_events.jsonl", lines.as_bytes(), &options());
    assert_eq!(outcome.summary().n_records, 4);
    let rows = outcome.rows_of("events");
    let kinds: Vec<_> = rows.iter().map(|row| row["event_kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["page_view", "frustration", "purchase", "error"]);
    assert!(rows.iter().all(|row| row["session_id"] == "s1"));
    assert_eq!(rows[0]["feature_flags"], json!({"new_cart": "b"}));
    assert_eq!(
        (&rows[1]["frustration"], &rows[1]["device_type"]),
        (&json!("rage_click"), &json!("mobile"))
    );
    assert_eq!(rows[1]["browser_name"], "Firefox");
    assert_eq!(rows[2]["order_value"], "19.9000");
    assert_eq!((&rows[2]["currency"], &rows[2]["plan_tier"]), (&json!("USD"), &json!("pro")));
    assert_eq!(rows[3]["exception_message"], "x is undefined");
}

#[test]
fn broken_records_are_rejects_with_their_place_and_cost_only_themselves() {
    let good = String::from_utf8(otlp_log(
        &json!({"timeUnixNano": "1761661273000000000", "body": {"stringValue": "ok"}}),
    ))
    .unwrap();
    let lines = [
        good.as_str(),
        "this is not json",
        r#"{"invalid": "not otlp"}"#,
        r#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"traceId":"xyz"},{"timeUnixNano":"1761661273000000000"}]}]}]}"#,
        r#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"timeUnixNano":"1761661273000000000","body":{"stringVal"#,
    ]
    .join("\n");
    let outcome = read("x.jsonl", lines.as_bytes(), &options());
    assert_eq!(outcome.summary().n_rows["logs"], 2);
    let rejects: Vec<_> =
        outcome.rejects.iter().map(|reject| (reject.line, reject.column, reject.code)).collect();
    assert_eq!(
        rejects,
        [
            (2, Some(1), "json_syntax"),
            (3, Some(1), "not_otlp"),
            (4, Some(58), "invalid_trace_id"),
            (5, Some(103), "json_truncated"),
        ]
    );
}

#[test]
fn metrics_are_counted_and_not_stored() {
    let document = br#"{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"a"},{"name":"b"}]}]},{"scopeMetrics":3}]}"#;
    let outcome = read("x.json", document, &options());
    assert_eq!((outcome.summary().n_records, outcome.summary().unsupported["metrics"]), (0, 3));
}

#[test]
fn what_is_no_export_is_named_with_a_reason() {
    for (name, head) in [
        ("LICENSE", &b"{}"[..]),
        ("data/README.md", b"{}"),
        ("x/SOURCE.txt", b"repo: x"),
        (".DS_Store", b"\0\0"),
        ("empty.jsonl", b""),
        ("blank.jsonl", b" \n\t\n"),
        ("traces.pb", b"\x0a\x01\x02\x03\x04\x05\x00\x00"),
        ("notes", b"hello there"),
    ] {
        assert!(
            matches!(detect(name, head), Detected::Companion | Detected::NotAnExport { .. }),
            "{name}"
        );
    }
    assert!(matches!(
        read("traces.pb", b"\x0a\x01\x02\x00\x00", &options()).outcome,
        Err(Error::NotAnExport { .. })
    ));
    assert_eq!(read("empty.jsonl", b"", &options()).summary().warnings, ["the input is empty"]);
    // The last page of many is often empty, and then nothing in it tells its table.
    for page in ["[]", "{\"tickets\":[],\"next_page\":null}\n", "{\n  \"hits\": {\"hits\": []}\n}"]
    {
        let read = read("page.json", page.as_bytes(), &options());
        assert_eq!(read.summary().warnings, ["the input is empty"], "{page}");
        assert_eq!((read.summary().n_records, read.summary().n_rejects), (0, 0), "{page}");
    }
    // Another page may follow.
    let two = "{\n \"tickets\": []\n}\n{\n \"tickets\": [{\"id\": 1}]\n}";
    assert!(matches!(
        read("x.json", two.as_bytes(), &options()).outcome,
        Err(Error::UnknownTable { .. })
    ));
    assert!(matches!(
        read("x.json", br#"{"a": {"b": 1}}"#, &options()).outcome,
        Err(Error::UnknownTable { .. })
    ));
}

#[test]
fn an_identity_ignores_the_load_and_tells_rows_apart() {
    let document =
        otlp_log(&json!({"timeUnixNano": "1761661273000000000", "body": {"stringValue": "x"}}));
    let logs = table("logs").unwrap();
    let identities = |load_id: &str| {
        let mut options = options();
        load_id.clone_into(&mut options.load_id);
        let outcome = read("x.json", &document, &options);
        identity(&outcome.rows["logs"][0], logs)
    };
    let (one, two) = (identities("one")[0], identities("two")[0]);
    assert_eq!(one, two);
    assert!(one.by_content && one.nth(0) == one.key && one.nth(1) != one.key);
    let span = |name: &str, kind: u8| {
        let span = json!({"name": name, "traceId": TRACE, "spanId": "0000000000000001", "kind": kind, "startTimeUnixNano": "1761661273000000000"});
        let document = json!({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}).to_string();
        identity(
            &read("x.json", document.as_bytes(), &options()).rows["spans"][0],
            table("spans").unwrap(),
        )[0]
    };
    let (half, whole, other) = (span("a", 2), span("b", 2), span("a", 3));
    assert!(
        half.key == whole.key
            && half.content != whole.content
            && half.key != other.key
            && !half.by_content
    );
}

#[test]
fn an_identity_does_not_depend_on_the_batch() {
    let line = |n: u32| match n % 3 {
        0 => format!("{{\"event_id\":\"e{n}\",\"type\":\"click\",\"value\":{n}}}\n"),
        1 => {
            format!("{{\"ts\":\"2025-10-28T10:00:00Z\",\"type\":\"click\",\"user_id\":\"u{n}\"}}\n")
        }
        _ => "{\"type\":\"view\"}\n".to_owned(),
    };
    let lines: String = (0..3_000).map(line).collect();
    let mut options = options();
    options.table = table("events");
    let outcome = read("events.jsonl", lines.as_bytes(), &options);
    let (batches, events) = (&outcome.rows["events"], table("events").unwrap());
    let batch = arrow::compute::concat_batches(batches[0].schema_ref(), batches).unwrap();
    let whole = identity(&batch, events);
    assert_eq!(whole.len(), 3_000);
    for (row_idx, row) in whole.iter().enumerate() {
        assert_eq!(identity(&batch.slice(row_idx, 1), events), [*row], "{row_idx}");
    }
}

#[test]
fn tables_go_by_the_words_that_people_use() {
    for (word, name) in [("tickets", "ticket_updates"), ("orders", "events"), ("logs", "logs")] {
        assert_eq!(table_named(word).map(|table| table.name), Some(name));
    }
    assert!(table_named("sessions").is_none());
}

#[test]
fn events_of_browsers_and_apps_are_session_events_and_other_log_events_stay_logs() {
    let attribute = |key: &str, value: &str| json!({"key": key, "value": {"stringValue": value}});
    let record = |name: &str, attributes: Value, body: Value| {
        json!({"timeUnixNano": "1761661273000000000", "severityNumber": 9, "eventName": name,
            "attributes": attributes, "body": body})
    };
    let document = json!({"resourceLogs": [{
        "resource": {"attributes": [attribute("service.name", "shop-web")]},
        "scopeLogs": [{"logRecords": [
            record("session.start", json!([
                attribute("session.id", "s2"), attribute("session.previous_id", "s1"),
            ]), Value::Null),
            record("browser.page_view", json!([
                attribute("session.id", "s2"), attribute("url.full", "https://shop.example/cart?x=1"),
            ]), Value::Null),
            record("app.widget.click", json!([
                attribute("session.id", "s2"), attribute("app.widget.name", "Pay"), attribute("x", "1"),
            ]), Value::Null),
            record("browser.web_vital", json!([attribute("session.id", "s2")]),
                json!({"kvlistValue": {"values": [attribute("name", "lcp")]}})),
            record("exception", json!([attribute("exception.type", "TypeError")]), Value::Null),
        ]}],
    }]});
    let outcome = read("x.json", document.to_string().as_bytes(), &options());
    let mut events: Vec<Value> = outcome.rows_of("events").into_iter().map(Value::from).collect();
    events.sort_by_key(|event| event["event_name"].to_string());
    let shown: Vec<_> = events
        .iter()
        .map(|event| {
            json!([
                event["event_name"],
                event["event_kind"],
                event["session_id"],
                event["service_name"],
                event["session_previous_id"],
                event["url_path"],
                event["action_target"],
                event["attributes"],
            ])
        })
        .collect();
    assert_eq!(
        Value::from(shown),
        json!([
            ["app.widget.click", "click", "s2", "shop-web", null, null, "Pay", {"severityNumber": 9, "x": "1"}],
            ["browser.page_view", "page_view", "s2", "shop-web", null, "/cart", null,
                {"severityNumber": 9, "url.full": "https://shop.example/cart?x=1"}],
            ["browser.web_vital", "custom", "s2", "shop-web", null, null, null, {"severityNumber": 9, "name": "lcp"}],
            ["session.start", "custom", "s2", "shop-web", "s1", null, null, {"severityNumber": 9}],
        ])
    );
    assert_eq!(outcome.rows_of("logs").len(), 1);
}
