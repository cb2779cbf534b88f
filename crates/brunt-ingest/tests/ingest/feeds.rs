//! Which keys fed which columns, the user's own names of columns, and mappings as a start.

use brunt_ingest::{Error, Feed, Mapping, Options, Traffic, UserAliases};

use crate::goldens;
use crate::reading::{options, read};

const LINES: &str = r#"{"time":"2025-10-28T14:21:13Z","level":"info","msg":"paid","dd.trace_id":"5208512171318403364","usr.id":"u1","host":"web-1","took":{"ms":12}}
{"time":"2025-10-28T14:21:14Z","level":"error","msg":"card of ann@shop.example declined","usr.id":"u1","userId":"u2","host":"web-2"}
{"time":"2025-10-28T14:21:15Z","level":"info","msg":"paid","trace_id":"not an id","usr.id":"u3","userId":"u3"}
"#;

fn feed<'f>(feeds: &'f [Feed], column: &str, key: &str) -> &'f Feed {
    feeds
        .iter()
        .find(|feed| feed.column == column && feed.key == key)
        .unwrap_or_else(|| panic!("{column} {key}: {feeds:?}"))
}

#[test]
fn keys_are_counted_with_what_was_unread_and_what_disagreed() {
    let feeds = read("app.jsonl", LINES.as_bytes(), &options()).outcome.unwrap().feeds;
    assert_eq!(feed(&feeds, "body", "msg").n_values, 3);
    let user = feed(&feeds, "user_id", "userId");
    let usr = feed(&feeds, "user_id", "usr.id");
    assert_eq!(user.n_values + usr.n_values, 3);
    assert_eq!(user.n_conflicts + usr.n_conflicts, 1, "the same value twice is no conflict");
    let unread = feed(&feeds, "trace_id", "trace_id");
    assert_eq!((unread.n_values, unread.n_unread), (1, 1));
    assert_eq!(feed(&feeds, "trace_id", "dd.trace_id").n_unread, 0);
    assert_eq!(feed(&feeds, "ts", "time").level, "record");
    assert!(feeds.iter().all(|feed| feed.examples.is_empty() && feed.column != "attributes"));
}

#[test]
fn examples_are_masked_and_keys_without_a_column_are_named() {
    let options = Options { examples: true, ..options() };
    let feeds = read("app.jsonl", LINES.as_bytes(), &options).outcome.unwrap().feeds;
    let body = feed(&feeds, "body", "msg");
    assert_eq!(body.examples.len(), 2);
    assert!(body.examples.iter().all(|example| !example.contains("ann@")), "{body:?}");
    assert_eq!(feed(&feeds, "attributes", "host").examples, ["web-1", "web-2"]);
    assert_eq!(feed(&feeds, "attributes", "took.ms").n_values, 1);
}

#[test]
fn a_look_ends_where_enough_was_read() {
    let lines = LINES.repeat(100);
    let options = Options { n_rows_max: Some(10), ..options() };
    let summary = read("app.jsonl", lines.as_bytes(), &options).outcome.unwrap();
    assert_eq!(summary.n_rows.values().sum::<u64>(), 10);
}

#[test]
fn a_drafted_mapping_reads_the_input_as_it_was_read() {
    let with_examples = Options { examples: true, ..options() };
    let csv = "timestamp,severity,message,session_id,shop_code\n\
               2025-10-28T14:21:13Z,INFO,paid,s1,x7\n2025-10-28T14:21:14Z,WARN,slow,s2,x8\n";
    // A second key with the same value is nothing new by aliases, and a field that no column takes by a mapping.
    let lines: Vec<&str> = LINES.lines().filter(|line| !line.contains("u3")).collect();
    for (name, text) in [("app.jsonl", lines.join("\n")), ("app.csv", csv.to_owned())] {
        let without = read(name, text.as_bytes(), &with_examples);
        let toml = Mapping::draft(without.outcome.as_ref().unwrap()).unwrap();
        let mapping = Mapping::parse(&toml, "draft.toml").unwrap_or_else(|e| panic!("{e}\n{toml}"));
        let with = Options { mapping: Some(mapping), ..options() };
        let with = read(name, text.as_bytes(), &with);
        assert_eq!(with.rows_of("logs"), without.rows_of("logs"), "{toml}");
    }
}

#[test]
fn keys_that_are_read_in_several_ways_stay_so_in_a_draft() {
    let lines = r#"{"ts":"2025-10-28T14:21:13Z","type":"checkout","attributes":{"usr.id":"u1","shop":"7"},"duration_ms":12,"dd.trace_id":"5208512171318403364"}
{"ts":"2025-10-28T14:21:14Z","type":"heartbeat","duration_s":2,"is_bot":true,"trace_id":"5b8aa5a2d2c872e8321cf37308d69df2"}
{"ts":"2025-10-28T14:21:15Z","type":"checkout","sample_rate":0.5,"user_agent":"Googlebot/2.1"}"#;
    let plain = read("events.jsonl", lines.as_bytes(), &options());
    let toml = Mapping::draft(plain.outcome.as_ref().unwrap()).unwrap();
    let mapping = Mapping::parse(&toml, "draft.toml").unwrap_or_else(|e| panic!("{e}\n{toml}"));
    let drafted =
        read("events.jsonl", lines.as_bytes(), &Options { mapping: Some(mapping), ..options() });
    assert_eq!(drafted.to_text(), plain.to_text(), "{toml}");
    let rows = drafted.rows_of("events");
    assert_eq!(rows.iter().filter(|row| row.contains_key("synthetic_type")).count(), 2, "{rows:?}");
    let durations: Vec<_> = rows.iter().filter_map(|row| row.get("duration_ns")).collect();
    assert_eq!(durations, [12_000_000_i64, 2_000_000_000]);
    assert_eq!(feed(&plain.outcome.unwrap().feeds, "user_id", "attributes.usr.id").n_values, 1);
}

#[test]
fn the_draft_of_every_case_reads_it_as_it_was_read() {
    let (mut n_drafts, mut faults) = (0, Vec::new());
    for case in goldens::cases() {
        let without = goldens::options(&case);
        if without.mapping.is_some() {
            continue;
        }
        let input = goldens::input_of(&case);
        let (name, bytes) = (input.to_string_lossy(), std::fs::read(&input).unwrap());
        let plain = read(&name, &bytes, &without);
        let Some(toml) = plain.outcome.as_ref().ok().and_then(Mapping::draft) else { continue };
        let mapping = Mapping::parse(&toml, "draft.toml").unwrap_or_else(|e| panic!("{e}\n{toml}"));
        let drafted = read(&name, &bytes, &Options { mapping: Some(mapping), ..without });
        if drafted.to_text() != plain.to_text() {
            faults.push(format!(
                "{}:\n{toml}\n{}{}",
                case.display(),
                plain.to_text(),
                drafted.to_text()
            ));
        }
        n_drafts += 1;
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(n_drafts > 10, "{n_drafts} drafts");
}

#[test]
fn a_format_that_knows_its_columns_gives_no_mapping() {
    let span = r#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"name":"a","traceId":"5b8aa5a2d2c872e8321cf37308d69df2","spanId":"0000000000000001","startTimeUnixNano":"1761661273000000000"}]}]}]}"#;
    let summary = read("x.json", span.as_bytes(), &options()).outcome.unwrap();
    assert_eq!(Mapping::draft(&summary), None);
    assert_eq!(feed(&summary.feeds, "trace_id", "traceId").n_values, 1);
}

#[test]
fn names_of_the_users_own_go_first_at_any_level() {
    let aliases = UserAliases::parse(
        "[[alias]]\ncolumn = \"session_id\"\nkeys = [\"web.visit\"]\n\
         [[alias]]\ncolumn = \"account_id\"\nkeys = [\"host\"]\ntable = \"logs\"\n",
        "aliases.toml",
    )
    .unwrap();
    let options = Options { aliases, ..options() };
    let line = r#"{"time":"2025-10-28T14:21:13Z","level":"info","msg":"paid","context":{"webVisit":"v1"},"session":"s1","host":"shop-7"}"#;
    let rows = read("app.jsonl", line.as_bytes(), &options).rows_of("logs");
    assert_eq!((&rows[0]["session_id"], &rows[0]["account_id"]), (&"s1".into(), &"shop-7".into()));
    let line = line.replace("\"session\":\"s1\",", "");
    let rows = read("app.jsonl", line.as_bytes(), &options).rows_of("logs");
    assert_eq!(rows[0]["session_id"], "v1");
    let span = r#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"name":"a","traceId":"5b8aa5a2d2c872e8321cf37308d69df2","spanId":"0000000000000001","startTimeUnixNano":"1761661273000000000","attributes":[{"key":"web.visit","value":{"stringValue":"v2"}}]}]}]}]}"#;
    let rows = read("x.json", span.as_bytes(), &options).rows_of("spans");
    assert_eq!(rows[0]["session_id"], "v2");
}

#[test]
fn names_of_the_users_own_tell_what_a_file_of_any_shape_is() {
    let aliases = "[[alias]]\ncolumn = \"body\"\nkeys = [\"meldung\"]\n\
                   [[alias]]\ncolumn = \"severity_text\"\nkeys = [\"stufe\"]\n\
                   [[alias]]\ncolumn = \"order_id\"\nkeys = [\"bestellung\"]\ntable = \"events\"\n";
    let aliases = UserAliases::parse(aliases, "aliases.toml").unwrap();
    for (name, text, table) in [
        (
            "app.jsonl",
            r#"{"zeit":"2025-10-28T14:21:13Z","stufe":"warn","meldung":"langsam"}"#,
            "logs",
        ),
        ("shop.json", r#"[{"bestellung":"o1","wann":"2025-10-28T14:21:13Z"}]"#, "events"),
        ("shop.csv", "bestellung,wann\no1,2025-10-28T14:21:13Z\n", "events"),
    ] {
        let unknown = read(name, text.as_bytes(), &options()).outcome;
        assert!(matches!(unknown, Err(Error::UnknownTable { .. })), "{name}: {unknown:?}");
        let options = Options { aliases: aliases.clone(), ..options() };
        assert_eq!(read(name, text.as_bytes(), &options).rows_of(table).len(), 1, "{name}");
    }
}

#[test]
fn internal_traffic_is_marked_where_the_export_says_nothing() {
    let traffic = Traffic::parse(
        "[[internal]]\nuser_id = [\"qa-*\"]\n[[internal]]\naccount_id = [\"staff\"]\nservice_name = [\"shop\"]\n",
        "traffic.toml",
    );
    let options = Options { traffic: traffic.unwrap(), ..options() };
    let lines = r#"{"time":"2025-10-28T14:21:11Z","msg":"1","level":"info","usr.id":"qa-7"}
{"time":"2025-10-28T14:21:12Z","msg":"2","level":"info","usr.id":"u1","account.id":"staff","service":"shop"}
{"time":"2025-10-28T14:21:13Z","msg":"3","level":"info","usr.id":"u1","account.id":"staff","service":"till"}
{"time":"2025-10-28T14:21:14Z","msg":"4","level":"info","usr.id":"qa-7","synthetic_type":"bot"}"#;
    let mut rows = read("app.jsonl", lines.as_bytes(), &options).rows_of("logs");
    rows.sort_by_key(|row| row["body"].to_string());
    let types: Vec<_> = rows.iter().map(|row| row.get("synthetic_type").cloned()).collect();
    assert_eq!(types, [Some("internal".into()), Some("internal".into()), None, Some("bot".into())]);
}
