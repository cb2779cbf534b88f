//! Screens of each command over the small fixtures, as they were looked at and accepted.

use std::path::Path;

use super::{Place, count};

/// A store with the journeys of a folder of fixtures, and its exports beside it.
fn of(fixtures: &str) -> Place {
    let place = Place::new();
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures").join(fixtures);
    for entry in fixtures.read_dir().unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() && path.extension().is_none_or(|ending| ending != "py") {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            place.write(&format!("in/{name}"), std::fs::read(path).unwrap());
        }
    }
    let journeys = std::fs::read(fixtures.join("definitions/journeys.toml")).unwrap();
    place.write("store/definitions/journeys.toml", journeys);
    place
}

fn loaded() -> Place {
    loaded_from("small")
}

fn loaded_from(fixtures: &str) -> Place {
    let place = of(fixtures);
    let ran = place.run(&["load", &place.path("in").display().to_string()]);
    assert_eq!(ran.status, 0, "{ran:?}");
    place
}

/// What a command prints, below the command itself.
fn screen(place: &Place, arguments: &[&str]) -> String {
    let ran = place.run(arguments);
    let line = |line: &str| line.trim_end().to_owned() + "\n";
    let out: String = ran.out.lines().map(line).collect();
    let err: String = ran.err.lines().map(line).collect();
    let mut screen = format!("$ brunt {}\n{out}", arguments.join(" "))
        .replace(place.folder.path().to_str().unwrap(), "PLACE");
    if !err.is_empty() {
        screen += &format!("--- standard error\n{err}");
    }
    if ran.status != 0 {
        screen += &format!("--- exit status {}\n", ran.status);
    }
    screen
}

#[test]
fn load() {
    let place = of("small");
    let folder = place.path("in").display().to_string();
    insta::assert_snapshot!("load", screen(&place, &["load", &folder]));
    insta::assert_snapshot!("load_again", screen(&place, &["load", &folder]));
}

#[test]
fn what_the_store_says() {
    let place = loaded();
    for (name, arguments) in [
        ("errors", &["errors"][..]),
        ("errors_since", &["errors", "--since", "1 hour", "--until", "2025-10-28T15:00:00Z"]),
        ("impact", &["impact"]),
        ("trace", &["trace", "0000000000000000000000000000a002"]),
        ("session", &["session", "s1"]),
        ("ticket", &["ticket", "84219"]),
        ("notebooks", &["notebook", "list"]),
        ("check", &["check"]),
        ("suggest", &["check", "--suggest"]),
    ] {
        insta::assert_snapshot!(name, screen(&place, arguments));
    }
}

#[test]
fn what_errors_cost() {
    let place = loaded_from("impact");
    insta::assert_snapshot!("impact_measured", screen(&place, &["impact"]));
    let group = count(&place, "SELECT error_group_id FROM error_groups WHERE title LIKE 'Time%'");
    insta::assert_snapshot!("impact_group", screen(&place, &["impact", &group]));
    let notebook = screen(&place, &["notebook", "run", "impact"]);
    insta::assert_snapshot!("notebook_impact", notebook);
}

#[test]
fn why_an_error_is_in_its_group() {
    let place = loaded();
    let group = count(&place, "SELECT error_group_id FROM error_groups WHERE culprit LIKE 'com%'");
    insta::assert_snapshot!("errors_explain", screen(&place, &["errors", "explain", &group]));
    let json = place.run(&["--json", "errors", "explain", &group]);
    assert!(json.out.starts_with(&format!("{{\"error_group_id\":\"{group}\"")), "{json:?}");
    let missing = screen(&place, &["errors", "explain", "e0:none"]);
    insta::assert_snapshot!("errors_explain_missing", missing);

    // No store is needed for a text.
    let elsewhere = Place::new();
    let stack = "java.lang.IllegalStateException: card 4711 declined\n\tat com.acme.pay.Card.charge(Card.java:42)\n\tat java.lang.Thread.run(Thread.java:1)\n";
    elsewhere.write("stack.txt", stack);
    let rules =
        "schema = 1\n[[rule]]\nwhen = { message = \"card *\" }\ntitle = \"Card declined\"\n";
    let rules = elsewhere.write("definitions/errors.toml", rules);
    let (file, folder) = (elsewhere.path("stack.txt"), Path::new(&rules).parent().unwrap());
    let ask = [
        "--definitions",
        folder.to_str().unwrap(),
        "errors",
        "explain",
        "--service",
        "shop",
        "--text",
    ];
    let ask = [&ask[..], &[file.to_str().unwrap()]].concat();
    insta::assert_snapshot!("errors_explain_text", screen(&elsewhere, &ask));
    assert!(!elsewhere.path("store").exists(), "nothing is written");
    assert_eq!(elsewhere.run(&["errors", "explain"]).status, 2);
}

#[test]
fn what_was_decided_of_a_group() {
    let place = loaded();
    let group = count(&place, "SELECT error_group_id FROM error_groups WHERE culprit LIKE 'com%'");
    // The time of a decision is that of the run.
    let decided = |arguments: &[&str]| {
        let screen = screen(&place, &[arguments, &["--by", "ann"]].concat());
        let at = count(
            &place,
            "SELECT coalesce(to_char(max(loaded_at), '%Y-%m-%d %H:%M:%S UTC'), 'never') FROM system.error_group_updates",
        );
        screen.replace(&at, "NOW")
    };
    let screens = [
        decided(&["errors", "resolve", &group, "--in", "1.4.1", "--environment", "live"]),
        decided(&["errors", "resolve", &group[..9], "--in", "v1.3.9", "--comment", "new client"]),
        decided(&["errors", "ignore", &group, "--until-costs", "1000", "--currency", "usd"]),
        decided(&["errors", "reopen", &group]),
        decided(&["--json", "errors", "ignore", &group]),
        decided(&["errors", "resolve", "e0:"]),
        decided(&["errors", "resolve", &format!("{}zzz", &group[..9])]),
        decided(&["errors", "ignore", &group, "--until-costs", "much"]),
        decided(&["errors", "ignore", &group, "--until-costs=-1"]),
        decided(&["errors", "resolve", &group, "--in", ""]),
    ];
    insta::assert_snapshot!("errors_decide", screens.join("\n"));
    let history = "SELECT string_agg(concat_ws(' ', action, service_version, deployment_environment_name, until_cost, currency, actor, comment), ', ' ORDER BY loaded_at) FROM system.error_group_updates";
    assert_eq!(
        count(&place, history),
        "\"resolve 1.4.1 production ann, resolve v1.3.9 ann new client, ignore 1000.0000 USD ann, reopen ann, ignore ann\""
    );
    let groups = place.run(&["errors"]).out;
    assert!(groups.contains("ignored") && groups.contains("new"), "{groups}");
}

#[test]
fn what_rules_would_change() {
    let place = loaded();
    let group = |of: &str| {
        count(
            &place,
            &format!("SELECT error_group_id FROM error_groups WHERE culprit LIKE '{of}%'"),
        )
    };
    let (payment, web) = (group("com"), group("app"));
    let rules = place.write(
        "new.toml",
        format!(
            "schema = 1\n\n[[merge]]\ninto = \"{web}\"\nids = [\"{payment}\"]\n\n[[helper]]\nsymbol = \"com.nowhere.*\"\n"
        ),
    );
    insta::assert_snapshot!("errors_test", screen(&place, &["errors", "test", &rules]));
    let since = screen(&place, &["errors", "test", &rules, "--since", "5 minutes"]);
    assert!(since.contains("1 occurrences, of which 0 would move"), "{since}");
    assert_eq!(
        since,
        screen(&place, &["errors", "test", &rules, "--since", "2025-10-28T14:15:20Z"])
            .replace("2025-10-28T14:15:20Z", "5 minutes")
    );
    assert!(screen(&place, &["errors", "test", &rules, "--since", "7d"]).contains("2 occurrences"));
    let odd = screen(&place, &["errors", "test", &rules, "--since", "foo"]);
    assert!(odd.contains("--since is neither a span nor a time: 'foo'"), "{odd}");
    let empty = place.write("empty.txt", " \n");
    let nothing = screen(&place, &["errors", "explain", "--text", &empty]);
    assert!(
        nothing.contains("empty.txt\" is empty") && nothing.contains("exit status 3"),
        "{nothing}"
    );
    assert_eq!(count(&place, "SELECT count(*) FROM error_groups"), "2", "nothing is stored");

    place.write("store/definitions/errors.toml", std::fs::read(&rules).unwrap());
    insta::assert_snapshot!("regroup_dry_run", screen(&place, &["regroup", "--dry-run"]));
    assert_eq!(count(&place, "SELECT count(*) FROM error_groups"), "2", "nothing is stored");
    assert_eq!(place.run(&["regroup"]).status, 0);
    assert_eq!(count(&place, "SELECT error_group_id FROM error_groups"), web);

    place.write("store/definitions/errors.toml", "schema = 1\n[[helpr]]\n");
    insta::assert_snapshot!("check_rules", screen(&place, &["check"]));
}

#[test]
fn forms_of_an_answer() {
    let place = loaded();
    let sql = "SELECT ts, span_name, duration_ns, http_route FROM spans ORDER BY ts LIMIT 2";
    for format in ["table", "expanded", "csv", "json", "ndjson", "markdown"] {
        let name = format!("sql_{format}");
        insta::assert_snapshot!(name, screen(&place, &["sql", "--format", format, sql]));
    }
}

#[test]
fn help() {
    let place = Place::new();
    insta::assert_snapshot!("help", screen(&place, &["--help"]));
    for command in ["load", "sql", "serve", "errors", "forget"] {
        insta::assert_snapshot!(format!("help_{command}"), screen(&place, &[command, "--help"]));
    }
}

#[test]
fn explain() {
    let place = Place::new();
    let lines = r#"{"time":"2025-10-28T14:21:13Z","level":"info","msg":"paid","dd.trace_id":"5208512171318403364","usr.id":"u1","host":"web-1"}
{"time":"2025-10-28T14:21:14Z","level":"error","msg":"card of ann@shop.example declined","usr.id":"u1","userId":"u2","host":"web-2"}
{"time":"2025-10-28T14:21:15Z","level":
"#;
    place.write("app.jsonl", lines);
    let (file, mapping) = (place.path("app.jsonl"), place.path("app.toml"));
    let (file, mapping) = (file.to_str().unwrap(), mapping.to_str().unwrap());
    let ask = ["load", "--explain", "--write-mapping", mapping, file];
    insta::assert_snapshot!("explain", screen(&place, &ask));
    insta::assert_snapshot!("explain_mapping", std::fs::read_to_string(mapping).unwrap());
    assert!(!place.path("store").exists(), "nothing is written");
    let ran = place.run(&["load", "--mapping", mapping, file]);
    assert_eq!(ran.status, 0, "{ran:?}");

    let spans = r#"{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}}]},"scopeSpans":[{"spans":[{"name":"a","traceId":"5b8aa5a2d2c872e8321cf37308d69df2","spanId":"0000000000000001","startTimeUnixNano":"1761661273000000000"}]}]}]}"#;
    place.write("spans.json", spans);
    let spans = place.path("spans.json");
    let spans = spans.to_str().unwrap();
    insta::assert_snapshot!("explain_otlp", screen(&place, &["load", "--explain", spans]));
    place.write("notes/README.md", "# Notes");
    let notes = place.path("notes/README.md");
    let notes = notes.to_str().unwrap();
    let named = screen(&place, &["load", "--explain", spans, notes]);
    assert!(
        named.contains("README.md\" was not loaded: it is no export: it goes with exports"),
        "{named}"
    );
    assert!(named.contains("exit status 3"), "{named}");
    let refused = screen(&place, &["load", "--explain", "--write-mapping", mapping, spans]);
    assert!(
        refused.contains("needs no mapping: otlp_json says itself what feeds what"),
        "{refused}"
    );
    assert!(refused.contains("exit status 3"), "{refused}");
}
