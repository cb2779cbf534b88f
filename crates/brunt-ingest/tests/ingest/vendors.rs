//! Real exports of session events, tickets and chats: exact counts, and what must hold for every row.

use std::collections::BTreeMap;
use std::path::Path;

use brunt_ingest::{Detected, Error, Format, detect};
use brunt_testkit::needs;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::broken::mutated;
use crate::exports::{count_by, files, mapped, plain};
use crate::reading::{options, read};

/// What each file of a folder gives: format, rows by table, rejects; a file that tells no table gives its name alone.
fn outcomes(folder: &Path) -> BTreeMap<String, String> {
    let name = |path: &Path| path.strip_prefix(folder).unwrap().to_string_lossy().into_owned();
    let mut outcomes = BTreeMap::new();
    for path in files(folder) {
        let read = plain(&path);
        let outcome = match &read.outcome {
            Ok(summary) => {
                let rows: Vec<String> =
                    summary.n_rows.iter().map(|(table, n)| format!("{table} {n}")).collect();
                assert_eq!(summary.n_rejects, 0, "{}: {:?}", path.display(), read.rejects);
                format!("{}: {}", summary.format.name(), rows.join(", "))
            }
            Err(Error::UnknownTable { .. }) => continue,
            Err(Error::NotAnExport { .. }) => {
                assert!(matches!(detect(&name(&path), b"x"), Detected::Companion));
                continue;
            }
            Err(error) => panic!("{}: {error}", path.display()),
        };
        outcomes.insert(name(&path), outcome);
    }
    outcomes
}

fn expected(outcomes: &[(&str, &str)]) -> BTreeMap<String, String> {
    outcomes.iter().map(|(file, outcome)| ((*file).to_owned(), (*outcome).to_owned())).collect()
}

fn with<'r>(
    rows: &'r [Map<String, Value>],
    column: &str,
    value: &Value,
) -> Vec<&'r Map<String, Value>> {
    rows.iter().filter(|row| row.get(column) == Some(value)).collect()
}

#[test]
fn events_of_datadog_rum_load_as_sdks_send_them_and_as_the_api_lists_them() {
    let Some(folder) = needs::exports("datadog") else { return };
    let mut rows = Vec::new();
    for path in files(&folder.join("rum-events-format-samples")) {
        let read = plain(&path);
        assert_eq!(read.summary().format.name(), "datadog_rum");
        assert_eq!(
            (read.summary().n_records, read.summary().n_rejects),
            (1, 0),
            "{}",
            path.display()
        );
        rows.extend(read.rows_of("events"));
    }
    // By their "type", counted with `grep -h '^  "type"' * | sort | uniq -c`.
    assert_eq!(
        count_by(&rows, "event_kind"),
        BTreeMap::from([
            ("click".into(), 1),
            ("custom".into(), 7),
            ("error".into(), 2),
            ("page_view".into(), 4)
        ])
    );
    assert!(rows.iter().all(|row| !row.contains_key("ts_quality") && row.contains_key("event_id")));
    assert_eq!(with(&rows, "frustration", &json!("rage_click")).len(), 1);
    assert_eq!(with(&rows, "user_id", &json!("4815162342")).len(), 1);
    // 100 divided by 12.45.
    assert_eq!(
        rows.iter().filter(|row| row.get("sample_weight") == Some(&json!(100.0 / 12.45))).count(),
        2
    );
    // `printf '%016x' 7890` and `printf '%016x' 12345`
    let traced = with(&rows, "trace_id", &json!("00000000000000000000000000001ed2"));
    assert_eq!(traced.len(), 2);
    assert!(traced.iter().all(|row| row["span_id"] == "0000000000003039"));

    let mut listed = Vec::new();
    for path in files(&folder.join("v2-RUM")) {
        let read = plain(&path);
        assert_eq!((read.summary().format.name(), read.summary().n_rejects), ("datadog_rum", 0));
        listed.extend(read.rows_of("events"));
    }
    // Two pages of two and one, by each of two ways to ask.
    assert_eq!(listed.len(), 6);
    assert!(listed.iter().all(|row| row["event_name"] == "resource"
        && row["deployment_environment_name"] == "production"
        && row.contains_key("session_id")));
    assert_eq!(
        count_by(&listed, "geo_country"),
        BTreeMap::from([("GB".into(), 4), ("IE".into(), 2)])
    );
    // `printf '%032x' 4461593448038214218`
    assert_eq!(with(&listed, "trace_id", &json!("00000000000000003deac39a3a872a4a")).len(), 2);
}

#[test]
fn warehouse_tables_of_tickets_and_events_load_and_those_beside_them_do_not() {
    let Some(folder) = needs::exports("fivetran-seeds") else { return };
    // Counts by `python3 -c "import csv,sys;print(sum(1 for _ in csv.DictReader(open(sys.argv[1],newline=''))))"`.
    assert_eq!(
        outcomes(&folder),
        expected(&[
            ("amplitude/amplitude_event_data.csv", "amplitude: events 10"),
            ("intercom/company_history_data.csv", "intercom: account_updates 9"),
            ("intercom/conversation_history_data.csv", "intercom: ticket_updates 9"),
            ("intercom/conversation_part_history_data.csv", "intercom: ticket_updates 9"),
            ("jira/comment_redshift.csv", "jira: ticket_updates 5"),
            ("jira/issue.csv", "jira: ticket_updates 4"),
            ("jira/issue_field_history.csv", "jira: ticket_updates 10"),
            ("jira/issue_multiselect_history.csv", "jira: ticket_updates 8"),
            ("mixpanel/event.csv", "mixpanel: events 5"),
            ("zendesk/organization_data.csv", "zendesk: account_updates 10"),
            ("zendesk/ticket_comment_data.csv", "zendesk: ticket_updates 20"),
            ("zendesk/ticket_data.csv", "zendesk: ticket_updates 10"),
            ("zendesk/ticket_field_history_data.csv", "zendesk: ticket_updates 38"),
        ])
    );
    let tickets = plain(&folder.join("zendesk/ticket_data.csv")).rows_of("ticket_updates");
    assert_eq!(with(&tickets, "source", &json!("zendesk")).len(), 10);
    // One has another description.
    assert_eq!(with(&tickets, "message", &json!("subject1\n\ndescription1")).len(), 9);
    let history =
        plain(&folder.join("zendesk/ticket_field_history_data.csv")).rows_of("ticket_updates");
    // `cut -d, -f1,6 ticket_field_history_data.csv | grep -c 'status,on-hold'`
    assert_eq!(with(&history, "status", &json!("on_hold")).len(), 3);
    let amplitude = plain(&folder.join("amplitude/amplitude_event_data.csv")).rows_of("events");
    assert!(amplitude.iter().all(|row| !row.contains_key("session_id")), "-1 is no session");
}

#[test]
fn events_of_snowplow_keep_their_sessions_and_kinds() {
    let Some(folder) = needs::exports("snowplow-web") else { return };
    let read = plain(&folder.join("snowplow_web_events.csv"));
    assert_eq!(
        (read.summary().format.name(), read.summary().n_records, read.summary().n_rejects),
        ("snowplow", 92, 0)
    );
    let rows = read.rows_of("events");
    // event and event_name, counted in Python; ten of the 31 "unstruct" are clicks.
    assert_eq!(
        count_by(&rows, "event_kind"),
        BTreeMap::from([("click".into(), 10), ("custom".into(), 33), ("page_view".into(), 49)])
    );
    assert_eq!(with(&rows, "event_name", &json!("login")).len(), 6);
    assert!(rows.iter().all(|row| !row.contains_key("ts_quality")));
    // One has no domain_sessionid.
    assert_eq!(rows.iter().filter(|row| row.contains_key("session_id")).count(), 91);
    // `len({row["event_id"] for row in rows})`: three are sent twice, which the store tells apart.
    assert_eq!(count_by(&rows, "event_id").len(), 89);
}

#[test]
fn shop_sessions_load_through_a_mapping_event_by_event() {
    let Some(folder) = needs::exports("otto") else { return };
    assert_eq!(outcomes(&folder), BTreeMap::new(), "no table is told");
    let read = mapped(&folder.join("train.jsonl"), "otto.toml");
    // The sum of the lengths of "events", and their types, counted in Python.
    assert_eq!((read.summary().n_records, read.summary().n_rejects), (862, 0));
    let rows = read.rows_of("events");
    assert_eq!(count_by(&rows, "session_id").len(), 20);
    assert!(
        rows.iter().all(|row| !row.contains_key("order_id") && !row.contains_key("ts_quality"))
    );
    assert_eq!(
        count_by(&rows, "event_kind").keys().collect::<Vec<_>>(),
        ["click", "purchase", "step"]
    );
}

#[test]
fn chats_and_questions_without_a_time_load_through_mappings_and_say_so() {
    for (name, file, mapping, n_rows, n_topics) in [
        // `len(json.load(..))`, and `csv.DictReader` with its categories, in Python.
        ("abcd", "abcd_sample.json", "abcd.toml", 3, 2),
        ("banking77", "test.csv", "banking77.toml", 3_080, 77),
    ] {
        let Some(folder) = needs::exports(name) else { continue };
        assert_eq!(outcomes(&folder), BTreeMap::new(), "no table is told");
        let read = mapped(&folder.join(file), mapping);
        assert_eq!((read.summary().n_records, read.summary().n_rejects), (n_rows, 0), "{name}");
        let rows = read.rows_of("ticket_updates");
        assert!(
            rows.iter().all(|row| row["ts_quality"] == "missing" && row.contains_key("message"))
        );
        assert_eq!(count_by(&rows, "topic").len(), n_topics, "{name}");
    }
}

/// The cases of formats that tell their tables: format and input.
fn cases_of_vendors() -> Vec<(Format, Vec<u8>)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/exports");
    let inputs = files(&root).into_iter().filter_map(|path| {
        let format = path.strip_prefix(&root).unwrap().iter().next()?.to_str()?;
        let format = Format::parse(format).filter(|format| !format.is_generic())?;
        let is_input = !matches!(path.file_name()?.to_str()?, "options.toml" | "expected.json");
        is_input.then(|| (format, std::fs::read(&path).unwrap()))
    });
    inputs.collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn damaged_exports_of_vendors_are_rejects_or_clear_errors(
        changes in prop::collection::vec((any::<u32>(), any::<u8>(), any::<u8>()), 1..6),
        which in any::<prop::sample::Index>(),
    ) {
        let cases = cases_of_vendors();
        let (format, bytes) = which.get(&cases);
        let mut options = options();
        options.format = Some(*format);
        let damaged = mutated(bytes.clone(), &changes);
        let _ = read("x", &damaged, &options);
        let _ = read("x", &damaged, &crate::reading::options());
    }
}
