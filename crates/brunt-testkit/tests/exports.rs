//! What the exports say, read back line by line and put together without the shop's own code: it must be what the
//! shop has in memory.

#![expect(
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    reason = "a test may stop, and its numbers are small"
)]

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::path::{Path, PathBuf};

use brunt_testkit::{Bug, STEPS, Shop, ShopOptions, Written, op_names, user_id};
use serde_json::Value;

/// A folder of this test's own, removed when the test is over.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path =
            std::env::temp_dir().join(format!("brunt-testkit-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn shop(seed: u64, n_users: u32) -> Shop {
    Shop::new(ShopOptions { seed, n_users, spans_per_request: 5.0, ..ShopOptions::default() })
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn lines(dir: &Path) -> Vec<Value> {
    let read = |path: &PathBuf| fs::read_to_string(path).unwrap();
    let texts: Vec<String> = files(dir).iter().map(read).collect();
    texts
        .iter()
        .flat_map(|text| text.lines())
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn attributes(of: &Value) -> BTreeMap<&str, String> {
    let list = of["attributes"].as_array().map_or(&[][..], Vec::as_slice);
    let value =
        |v: &Value| v["stringValue"].as_str().or(v["intValue"].as_str()).unwrap().to_owned();
    list.iter().map(|a| (a["key"].as_str().unwrap(), value(&a["value"]))).collect()
}

/// Spans or log records with the name of their service.
fn otlp(dir: &Path, resources: &str, scopes: &str, records: &str) -> Vec<(String, Value)> {
    let mut found = Vec::new();
    for line in lines(dir) {
        for resource in line[resources].as_array().unwrap() {
            let service = attributes(&resource["resource"])["service.name"].clone();
            for record in resource[scopes][0][records].as_array().unwrap() {
                found.push((service.clone(), record.clone()));
            }
        }
    }
    found
}

fn text<'a>(of: &'a Value, key: &str) -> Option<&'a str> {
    of[key].as_str()
}

fn micros(nanos: &Value) -> i64 {
    nanos.as_str().unwrap().parse::<i64>().unwrap() / 1_000
}

/// Microseconds of `2025-10-28T14:21:13.000123Z`; the shop's days lie in one October.
fn parse_ts(ts: &str) -> i64 {
    let n = |range: std::ops::Range<usize>| ts[range].parse::<i64>().unwrap();
    assert_eq!(&ts[..8], "2025-10-");
    let days = 20_362 + n(8..10) - 1;
    let seconds = ((days * 24 + n(11..13)) * 60 + n(14..16)) * 60 + n(17..19);
    seconds * 1_000_000 + n(20..26)
}

/// An activity as the exports tell it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Told {
    user: String,
    ts: i64,
    op: String,
    steps: u8,
    errors: BTreeSet<String>,
}

/// Puts activities together from events, spans and logs by the rules of the tables: a request is a root span, an
/// event one that shares no trace with a request, ids come from the trace and from the session, an error belongs to
/// its trace's activity or to the latest of its session within two seconds.
fn tell(dir: &Path) -> Vec<Told> {
    let spans = otlp(&dir.join("traces"), "resourceSpans", "scopeSpans", "spans");
    let logs = otlp(&dir.join("logs"), "resourceLogs", "scopeLogs", "logRecords");
    let events = lines(&dir.join("events"));
    let session_of_trace = sessions_of_traces(spans.iter().chain(&logs));
    let user_of_session: HashMap<&str, &str> =
        events.iter().filter_map(|e| Some((text(e, "session.id")?, text(e, "usr.id")?))).collect();
    let mut told: BTreeMap<(String, i64), Told> = BTreeMap::new();
    let mut key_of_trace: HashMap<String, (String, i64)> = HashMap::new();
    let mut begin = |session: &str, ts: i64, op: String| {
        let user = user_of_session[session].to_owned();
        let errors = BTreeSet::new();
        told.insert((session.to_owned(), ts), Told { user, ts, op, steps: 0, errors });
        (session.to_owned(), ts)
    };
    for (_, span) in spans.iter().filter(|(_, span)| span["parentSpanId"].is_null()) {
        let (facts, trace) = (attributes(span), text(span, "traceId").unwrap());
        let op = format!("{} {}", facts["http.request.method"], facts["http.route"]);
        let key = begin(&session_of_trace[trace], micros(&span["startTimeUnixNano"]), op);
        key_of_trace.insert(trace.to_owned(), key);
    }
    for event in events.iter().filter(|event| text(event, "trace_id").is_none()) {
        if ["page_view", "click", "step", "custom"].contains(&text(event, "event.kind").unwrap()) {
            let op = text(event, "event.name").unwrap().to_owned();
            begin(text(event, "session.id").unwrap(), parse_ts(text(event, "ts").unwrap()), op);
        }
    }
    for event in &events {
        let key = key_of_event(event, &told, &key_of_trace);
        let activity = told.get_mut(&key).unwrap();
        match (text(event, "event.name").unwrap(), text(event, "order.id")) {
            ("view_home", _) => activity.steps |= 1 << 0,
            ("view_product", _) => activity.steps |= 1 << 1,
            ("add_to_cart", _) => activity.steps |= 1 << 2,
            ("begin_checkout", _) => activity.steps |= 1 << 3,
            (_, Some(_)) => activity.steps |= 1 << 5,
            _ => {}
        }
        activity.errors.extend(text(event, "exception.type").map(str::to_owned));
    }
    for (service, record) in spans.iter().chain(&logs) {
        let Some(key) = text(record, "traceId").map(|trace| &key_of_trace[trace]) else { continue };
        let activity = told.get_mut(key).unwrap();
        if service == "payment" && record["kind"] == 2 {
            activity.steps |= 1 << 4;
        }
        let of_events = record["events"].as_array().map_or(&[][..], Vec::as_slice);
        for facts in of_events.iter().map(attributes).chain([attributes(record)]) {
            activity.errors.extend(facts.get("exception.type").cloned());
        }
    }
    let mut told: Vec<Told> = told.into_values().collect();
    told.sort();
    told
}

fn sessions_of_traces<'a>(
    records: impl Iterator<Item = &'a (String, Value)>,
) -> HashMap<String, String> {
    let pair = |record: &Value| {
        let session = attributes(record).get("session.id")?.clone();
        Some((text(record, "traceId")?.to_owned(), session))
    };
    records.filter_map(|(_, record)| pair(record)).collect()
}

/// The activity that an event belongs to.
fn key_of_event(
    event: &Value,
    told: &BTreeMap<(String, i64), Told>,
    key_of_trace: &HashMap<String, (String, i64)>,
) -> (String, i64) {
    if let Some(trace) = text(event, "trace_id") {
        return key_of_trace[trace].clone();
    }
    let session = text(event, "session.id").unwrap().to_owned();
    let ts = parse_ts(text(event, "ts").unwrap());
    let within = (session.clone(), ts - 2_000_000)..=(session, ts);
    told.range(within).next_back().unwrap().0.clone()
}

fn remembered(shop: &Shop) -> Vec<Told> {
    let of = shop.activities();
    let names = op_names();
    let mut all = Vec::new();
    for unit in 0..of.n_units() {
        for row in of.unit_rows(unit) {
            let errors = Bug::all().filter(|bug| of.bugs[row] & (1 << *bug as u8) != 0);
            all.push(Told {
                user: user_id(unit as u32),
                ts: of.ts[row],
                op: names[usize::from(of.op[row])].clone(),
                steps: of.steps[row],
                errors: errors.map(|bug| look(shop, bug)).collect(),
            });
        }
    }
    all.sort();
    all
}

fn look(shop: &Shop, bug: Bug) -> String {
    shop.truth().iter().find(|planted| planted.bug == bug).unwrap().look.exception_type.to_owned()
}

#[test]
fn exports_tell_the_same_activities_as_memory() {
    let folder = Folder::new("same");
    let shop = shop(41, 120);
    shop.write_exports(&folder.0).unwrap();
    let (told, remembered) = (tell(&folder.0), remembered(&shop));
    assert!(remembered.len() > 700 && remembered.iter().any(|told| told.steps == 0b11_0000));
    assert_eq!(told.len(), remembered.len());
    for (told, remembered) in told.iter().zip(&remembered) {
        assert_eq!(told, remembered);
    }
    assert_eq!(STEPS.len(), 6);
}

#[test]
fn equal_options_give_equal_bytes() {
    let (one, other) = (Folder::new("one"), Folder::new("other"));
    let written = shop(42, 300).write_exports(&one.0).unwrap();
    assert_eq!(written, shop(42, 300).write_exports(&other.0).unwrap());
    let (a, b) = (files(&one.0), files(&other.0));
    assert_eq!(a.len(), 14 * 3 + 4);
    assert_eq!(a.len(), b.len());
    for (a, b) in a.iter().zip(&b) {
        assert_eq!(a.strip_prefix(&one.0).unwrap(), b.strip_prefix(&other.0).unwrap());
        assert!(fs::read(a).unwrap() == fs::read(b).unwrap(), "{}", a.display());
    }
    let n_bytes: u64 = a
        .iter()
        .filter(|path| !path.ends_with("journeys.toml"))
        .map(|p| p.metadata().unwrap().len())
        .sum();
    assert_eq!(written.n_bytes, n_bytes);
}

#[test]
fn counts_are_those_of_the_files() {
    let folder = Folder::new("counts");
    let shop = shop(43, 400);
    let written = shop.write_exports(&folder.0).unwrap();
    let dir = &folder.0;
    let tickets = fs::read_to_string(dir.join("tickets.jsonl")).unwrap();
    let accounts = fs::read_to_string(dir.join("accounts.csv")).unwrap();
    let releases = fs::read_to_string(dir.join("releases.jsonl")).unwrap();
    let events = lines(&dir.join("events"));
    let sessions: BTreeSet<&str> =
        events.iter().map(|event| text(event, "session.id").unwrap()).collect();
    let n_bytes = written.n_bytes;
    let counted = Written {
        n_sessions: sessions.len() as u64,
        n_spans: otlp(&dir.join("traces"), "resourceSpans", "scopeSpans", "spans").len() as u64,
        n_logs: otlp(&dir.join("logs"), "resourceLogs", "scopeLogs", "logRecords").len() as u64,
        n_events: events.len() as u64,
        n_ticket_updates: tickets.lines().count() as u64,
        n_account_updates: accounts.lines().count() as u64 - 1,
        n_releases: releases.lines().count() as u64,
        n_bytes,
    };
    assert_eq!(written, counted);
}

#[test]
fn tickets_have_the_shape_of_a_support_desk_export() {
    let folder = Folder::new("tickets");
    shop(44, 4_000).write_exports(&folder.0).unwrap();
    let tickets = fs::read_to_string(folder.0.join("tickets.jsonl")).unwrap();
    let first: Value = serde_json::from_str(tickets.lines().next().unwrap()).unwrap();
    let mut keys: Vec<&str> = first.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    let expected = [
        "account.id",
        "kind",
        "labels",
        "link.url",
        "message",
        "severity",
        "source",
        "ticket.id",
        "topic",
        "ts",
    ];
    assert_eq!(keys, expected);
    assert_eq!(text(&first, "ts").unwrap().len(), "2025-10-28T14:21:13Z".len());
    assert!(tickets.lines().any(|line| line.contains("Payment authorization timing out on")));
    assert!(tickets.lines().any(|line| line.contains("\"kind\":\"comment\"")));
    assert!(tickets.contains("@example.com"), "something to redact");
}

#[test]
fn logs_mostly_carry_a_trace_and_no_session_and_the_last_one_ends_the_data() {
    let folder = Folder::new("logs");
    let shop = shop(45, 400);
    shop.write_exports(&folder.0).unwrap();
    let logs = otlp(&folder.0.join("logs"), "resourceLogs", "scopeLogs", "logRecords");
    let traced = logs.iter().filter(|(_, log)| text(log, "traceId").is_some());
    let alone =
        traced.clone().filter(|(_, log)| !attributes(log).contains_key("session.id")).count();
    assert!(alone as f64 > 0.6 * traced.count() as f64);
    let newest = logs.iter().map(|(_, log)| micros(&log["timeUnixNano"])).max().unwrap();
    assert_eq!(newest, shop.until());
    let events = lines(&folder.0.join("events"));
    assert!(events.iter().all(|event| parse_ts(text(event, "ts").unwrap()) < shop.until()));
}

#[test]
fn a_failure_seen_by_span_and_log_is_told_twice_with_one_stack() {
    let folder = Folder::new("twice");
    shop(46, 3_000).write_exports(&folder.0).unwrap();
    let of_type = |record: &Value| {
        let facts = attributes(record);
        let timeout = facts.get("exception.type")?.ends_with("PaymentTimeoutException");
        timeout.then(|| facts["exception.stacktrace"].clone())
    };
    let mut from_spans = HashMap::new();
    for (service, span) in otlp(&folder.0.join("traces"), "resourceSpans", "scopeSpans", "spans") {
        for stack in span["events"].as_array().into_iter().flatten().filter_map(of_type) {
            assert_eq!((service.as_str(), &span["status"]["code"]), ("payment", &Value::from(2)));
            from_spans.insert(text(&span, "traceId").unwrap().to_owned(), stack);
        }
    }
    let mut from_logs = HashMap::new();
    for (_, log) in otlp(&folder.0.join("logs"), "resourceLogs", "scopeLogs", "logRecords") {
        if let Some(stack) = of_type(&log) {
            from_logs.insert(text(&log, "traceId").unwrap().to_owned(), stack);
        }
    }
    assert!(from_spans.len() > 20);
    assert_eq!(from_spans, from_logs);
}

#[test]
fn traces_are_as_rich_as_asked_and_hold_together() {
    for (wanted, tolerance) in [(3.0, 0.25), (5.0, 0.08), (10.1, 0.06), (20.0, 0.06)] {
        let folder = Folder::new(&format!("spans-{wanted}"));
        let options = ShopOptions {
            seed: 47,
            n_users: 600,
            spans_per_request: wanted,
            ..ShopOptions::default()
        };
        let written = Shop::new(options).write_exports(&folder.0).unwrap();
        let spans = otlp(&folder.0.join("traces"), "resourceSpans", "scopeSpans", "spans");
        let by_id: HashMap<(&str, &str), &Value> = spans
            .iter()
            .map(|(_, span)| {
                ((text(span, "traceId").unwrap(), text(span, "spanId").unwrap()), span)
            })
            .collect();
        assert_eq!(by_id.len(), spans.len(), "span ids differ");
        let mut n_requests = 0.0;
        for (_, span) in &spans {
            let Some(parent) = text(span, "parentSpanId") else {
                n_requests += 1.0;
                continue;
            };
            let parent = by_id[&(text(span, "traceId").unwrap(), parent)];
            assert!(micros(&parent["startTimeUnixNano"]) <= micros(&span["startTimeUnixNano"]));
            assert!(micros(&parent["endTimeUnixNano"]) >= micros(&span["endTimeUnixNano"]));
        }
        let mean = spans.len() as f64 / n_requests;
        assert!((mean / wanted - 1.0).abs() < tolerance, "{mean} spans a request, {wanted} asked");
        if wanted == 10.1 {
            let of_session = spans.len() as f64 / written.n_sessions as f64;
            assert!((30.0..37.0).contains(&of_session), "{of_session} spans a session");
        }
    }
}
