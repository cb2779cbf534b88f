//! Rules of grouping over a small store: what they change, what they would change, and why an error is where it is.

use crate::code::Code;
use crate::fixture::{NOW, ask};
use crate::groups::{Merge, Split, UnusedRule};
use crate::load::{Input, LoadOptions};
use crate::store::Store;

const STACK: &str = "com.acme.StockException: no stock of 7\\n\\tat com.acme.base.Ensure.stocked(Ensure.java:9)\\n\\tat com.acme.retry.Retry.run(Retry.java:4)\\n\\tat com.acme.stock.Shelf.take(Shelf.java:12)";

/// Errors of two queues and a third of no queue, and one of another type a week before.
fn logs() -> String {
    let log = |ts: &str, more: &str| {
        format!("{{\"ts\":\"{ts}\",\"level\":\"error\",\"service.name\":\"shop\",{more}}}\n")
    };
    let stack = format!("\"exception.stacktrace\":\"{STACK}\"");
    log("2025-10-28T10:00:00Z", &format!("{stack},\"queue.name\":\"a\""))
        + &log("2025-10-28T10:00:01Z", &format!("{stack},\"queue.name\":\"a\""))
        + &log("2025-10-28T10:00:02Z", &format!("{stack},\"queue\":{{\"name\":\"b\"}}"))
        + &log("2025-10-28T10:00:03Z", &stack)
        + &log(
            "2025-10-21T10:00:00Z",
            "\"exception.type\":\"TimeoutError\",\"exception.message\":\"after 30 s\"",
        )
}

async fn load(store: &Store, lines: &str) {
    let options = LoadOptions { table: Some("logs".to_owned()), ..LoadOptions::default() };
    let input = Input::from_bytes("logs.jsonl", lines.as_bytes());
    let summary = store.load(&[input], &options, NOW, &|_| ()).await.unwrap();
    assert_eq!(summary.n_rejects(), 0, "{}", summary.to_json());
}

async fn shop() -> Store {
    let store = Store::in_memory(NOW).await.unwrap();
    load(&store, &logs()).await;
    store
}

async fn rows(store: &Store, sql: &str) -> Vec<String> {
    ask(&store.session().await.unwrap(), sql).await
}

async fn define(store: &Store, rules: &str) {
    store.write_definition("errors.toml", &format!("schema = 1\n{rules}")).await.unwrap();
}

const GROUPS: &str = "SELECT title, n_occurrences FROM error_groups ORDER BY 2 DESC, 1";
/// Whether the function gives the ids of the table.
const SAME_IDS: &str = "SELECT count(*), count(DISTINCT e.error_group_id), bool_and(e.error_group_id = error_group_id(\
    l.exception_type, l.exception_message, l.exception_stacktrace, l.service_name, NULL, l.attributes)) \
    FROM errors e JOIN logs l ON l.ts = e.ts";

/// How many old ids a new one has, with the rows and the share that came from each, the earlier change first.
const ALIASES: &str = "SELECT count(*) OVER (PARTITION BY new_id), n_occurrences, share, old_id <> new_id \
    FROM system.error_aliases ORDER BY 1, 2 DESC, 3";
/// Whether the ids that were left are where the errors of the oldest id went, and come back to it.
const WAYS: &str = "SELECT bool_and(b.new_id = a.old_id) FROM system.error_aliases a JOIN system.error_aliases b \
    ON b.old_id = a.new_id AND b.share = 1 AND a.share < 1";

/// Groups that were split from another, the most errors of one, and whether they name it; then the other groups.
const SPLIT: &str = "SELECT count(DISTINCT g.error_group_id), max(g.n_occurrences), bool_and(g.state_reason = 'split from ' || \
    error_group_current(a.old_id)) FROM error_groups g LEFT JOIN system.error_aliases a ON a.new_id = g.error_group_id AND a.share < 1 \
    GROUP BY g.state_reason IS NOT NULL ORDER BY 1, 2";

#[tokio::test]
async fn changed_rules_regroup_everything_with_the_next_load() {
    let store = shop().await;
    let plain = ["StockException: no stock of <*>|4", "TimeoutError: after <*>|1"];
    assert_eq!(rows(&store, GROUPS).await, plain);
    assert_eq!(rows(&store, SAME_IDS).await, ["5|2|true"]);
    let before = rows(&store, "SELECT DISTINCT error_group_id FROM errors ORDER BY 1").await;
    store.derive_all(NOW).await.unwrap();
    assert_eq!(rows(&store, ALIASES).await, [""; 0], "no group changed");

    define(
        &store,
        "[[rule]]\nwhen = { type = \"*Stock*\" }\ngroup = \"{default}|{attr.queue.name}\"\ntitle = \"Out of stock\"",
    )
    .await;
    assert_eq!(rows(&store, GROUPS).await, plain, "nothing was derived yet");
    assert_eq!(rows(&store, SAME_IDS).await, ["5|2|true"], "by the rules of the epoch");
    load(&store, "{\"ts\":\"2025-10-28T11:00:00Z\",\"message\":\"another\"}\n").await;
    let regrouped =
        ["Out of stock|2", "Out of stock|1", "Out of stock|1", "TimeoutError: after <*>|1"];
    assert_eq!(rows(&store, GROUPS).await, regrouped);
    assert_eq!(rows(&store, SAME_IDS).await, ["5|4|true"]);
    // One group went to three; the other stayed.
    assert_eq!(rows(&store, ALIASES).await, ["1|2|0.5|true", "1|1|0.25|true", "1|1|0.25|true"]);
    // The one that most errors went to goes on; the others say where they come from.
    assert_eq!(rows(&store, SPLIT).await, ["2|1|true", "2|2|NULL"]);

    let session = store.session().await.unwrap();
    ask(&session, "SET brunt.epoch = 1").await;
    session.pin().await.unwrap();
    assert_eq!(ask(&session, SAME_IDS).await, ["5|2|true"], "by the rules of the older epoch");

    store.write_definition("errors.toml", "schema = 1\n").await.unwrap();
    store.derive_all(brunt_model::Ts(NOW.0 + 1)).await.unwrap();
    assert_eq!(rows(&store, "SELECT DISTINCT error_group_id FROM errors ORDER BY 1").await, before);
    // Three groups went to one.
    let back = ["3|2|1.0|true", "3|1|1.0|true", "3|1|1.0|true"];
    let all = [&["1|2|0.5|true", "1|1|0.25|true", "1|1|0.25|true"], &back[..]].concat();
    assert_eq!(rows(&store, ALIASES).await, all);
    assert_eq!(rows(&store, WAYS).await, ["true"]);
    assert_eq!(rows(&store, SPLIT).await, ["2|4|NULL"], "they are one again");
}

#[tokio::test]
async fn attributes_that_have_a_column_are_looked_at_there() {
    let store = Store::in_memory(NOW).await.unwrap();
    define(
        &store,
        "[[rule]]\nwhen = { service = \"*\" }\ngroup = \"{attr.http.response.status_code}\"",
    )
    .await;
    let log = |second: u8, status: u16| {
        format!(
            "{{\"ts\":\"2025-10-28T10:00:0{second}Z\",\"level\":\"error\",\"service.name\":\"shop\",\
             \"message\":\"failed\",\"http.response.status_code\":{status}}}\n"
        )
    };
    load(&store, &(log(0, 503) + &log(1, 500) + &log(2, 503))).await;
    let sql = "SELECT count(*), string_agg(http_response_status_code, ',') FROM errors GROUP BY error_group_id ORDER BY 1";
    assert_eq!(rows(&store, sql).await, ["1|500", "2|503,503"]);
}

#[tokio::test]
async fn what_rules_expect_is_expected_and_stays_in_its_group() {
    let store = shop().await;
    let sql = "SELECT root_type, expected, error_class, error_class_rule FROM errors WHERE day < DATE '2025-10-28'";
    let groups = "SELECT string_agg(error_group_id, ' ' ORDER BY error_group_id) FROM error_groups";
    let before = rows(&store, groups).await;
    assert_eq!(rows(&store, sql).await, ["TimeoutError|false|transient|type_transient"]);
    define(&store, "[[expected]]\nwhen = { type = \"TimeoutError\" }").await;
    store.derive_all(NOW).await.unwrap();
    assert_eq!(rows(&store, sql).await, ["TimeoutError|true|expected|rule"]);
    assert_eq!(rows(&store, "SELECT count(*) FROM errors WHERE expected").await, ["1"]);
    assert_eq!(rows(&store, groups).await, before);
    assert_eq!(rows(&store, ALIASES).await, [""; 0], "no group changed");
}

#[tokio::test]
async fn rules_are_tested_before_they_are_kept() {
    let store = shop().await;
    let id = rows(&store, "SELECT error_group_id FROM error_groups ORDER BY n_occurrences").await;
    let head = store.tables().head().await.unwrap();
    let test = async |rules: &str, since| {
        let text = format!("schema = 1\n{rules}");
        store.test_rules(("new.toml", &text), since).await.unwrap()
    };

    let none = test("[[helper]]\nsymbol = \"com.other.*\"", None).await;
    assert_eq!((none.n_occurrences, none.n_moved), (5, 0));
    assert_eq!((none.n_new, none.n_gone), (0, 0));
    assert!(none.merges.is_empty() && none.splits.is_empty() && none.renamed.is_empty());
    assert_eq!(none.unused, [UnusedRule { line: 2, name: "helper 1".to_owned() }]);

    let split =
        test(&format!("[[split]]\nid = \"{}\"\nby = \"attr.queue.name\"", id[1]), None).await;
    assert_eq!((split.n_moved, split.n_groups_before, split.n_groups_after), (4, 2, 4));
    let [Split { from, into }] = &split.splits[..] else { panic!("{split:?}") };
    assert_eq!((&from.error_group_id, from.n_occurrences), (&id[1], 4));
    assert_eq!(into.iter().map(|group| group.n_occurrences).collect::<Vec<_>>(), [2, 1, 1]);
    assert!(split.unused.is_empty() && split.merges.is_empty() && split.renamed.is_empty());

    let merge = format!("[[merge]]\ninto = \"{}\"\nids = [\"{}\"]", id[1], id[0]);
    let merged = test(&merge, None).await;
    assert_eq!((merged.n_moved, merged.n_groups_after), (1, 1));
    let [Merge { into, from }] = &merged.merges[..] else { panic!("{merged:?}") };
    assert_eq!((&into.error_group_id, into.n_occurrences), (&id[1], 5));
    let from: Vec<_> = from.iter().map(|of| (&of.error_group_id, of.n_occurrences)).collect();
    assert_eq!(from, [(&id[1], 4), (&id[0], 1)]);

    // 2025-10-22: the group that would be merged was not seen since then.
    let since = Some(brunt_model::Ts(1_761_091_200_000_000));
    let merged = test(&merge, since).await;
    assert_eq!((merged.n_occurrences, merged.n_moved), (4, 0));
    assert_eq!(merged.unused, [UnusedRule { line: 2, name: "merge 1".to_owned() }]);

    let renamed = test("[[helper]]\nsymbol = \"com.acme.retry.*\"", None).await;
    let [(old, new)] = &renamed.renamed[..] else { panic!("{renamed:?}") };
    assert_eq!((&old.error_group_id, old.n_occurrences, new.n_occurrences), (&id[1], 4, 4));
    assert_ne!(old.error_group_id, new.error_group_id);

    assert_eq!(store.tables().head().await.unwrap(), head, "nothing is stored");
    let wrong = store.test_rules(("new.toml", "schema = 1\n[[helper]]\n"), None).await.unwrap_err();
    assert_eq!(
        wrong.to_string(),
        "definition file \"new.toml\" line 2: helper 1: it has either a symbol or a not_helper"
    );
    assert_eq!(wrong.code(), Code::InvalidDefinition);
}

#[tokio::test]
async fn errors_of_a_trace_that_rules_would_make_one_are_counted_as_gone() {
    let store = Store::in_memory(NOW).await.unwrap();
    let log = |second: u8, trace: u8, cause: &str| {
        let stack = format!(
            "com.acme.OrderException: no order\\n\\tat com.acme.Order.place(Order.java:9)\\nCaused by: {cause}: no\\n\\tat com.base.Pool.take(Pool.java:4)"
        );
        format!(
            "{{\"ts\":\"2025-10-28T10:00:0{second}Z\",\"level\":\"error\",\"service.name\":\"shop\",\
             \"trace_id\":\"{trace:032x}\",\"exception.stacktrace\":\"{stack}\"}}\n"
        )
    };
    let (a, b) = ("com.base.EmptyException", "com.base.ClosedException");
    load(&store, &(log(0, 1, a) + &log(1, 1, b) + &log(2, 2, a) + &log(3, 3, a) + &log(4, 3, b)))
        .await;
    let rules = "schema = 1\n[in_app]\nexclude = [\"java:com.base.**\"]";
    let of = async |since| {
        let found = store.test_rules(("new.toml", rules), since).await.unwrap();
        (found.n_occurrences, found.n_new, found.n_gone)
    };
    let same = store.test_regrouping(None).await.unwrap();
    assert_eq!((same.n_occurrences, same.n_new, same.n_gone), (5, 0, 0));
    assert_eq!(of(None).await, (3, 0, 2));
    // 10:00:02: the first trace was before.
    assert_eq!(of(Some(brunt_model::Ts(1_761_645_602_000_000))).await, (2, 0, 1));
    define(&store, rules.trim_start_matches("schema = 1\n")).await;
    store.derive_all(NOW).await.unwrap();
    assert_eq!(rows(&store, "SELECT count(*) FROM errors").await, ["3"]);
}

#[tokio::test]
async fn rules_that_wait_for_derivation_are_seen_in_advance() {
    let store = shop().await;
    assert_eq!(store.test_regrouping(None).await.unwrap().n_moved, 0);
    define(&store, "[[helper]]\nsymbol = \"com.acme.retry.*\"").await;
    assert_eq!(store.test_regrouping(None).await.unwrap().n_moved, 4);
    store.derive_all(NOW).await.unwrap();
    assert_eq!(store.test_regrouping(None).await.unwrap().n_moved, 0);
}

#[tokio::test]
async fn a_group_is_explained_by_its_best_error_and_an_error_by_itself() {
    let store = shop().await;
    define(&store, "[[helper]]\nsymbol = \"com.acme.retry.*\"\n[[drop]]\nsymbol = \"nothing\"")
        .await;
    store.derive_all(NOW).await.unwrap();
    let ids =
        "SELECT error_group_id || ' ' || error_id FROM errors WHERE ts > '2025-10-28' ORDER BY ts";
    let ids = rows(&store, ids).await;
    let (group, error) = ids[0].split_once(' ').unwrap();
    let (_, latest) = ids[3].split_once(' ').unwrap();

    let explained = store.explain_error(group).await.unwrap();
    assert_eq!(explained.error_group_id, group);
    assert_eq!(explained.title, "StockException: no stock of <*>");
    assert_eq!(explained.culprit.as_deref(), Some("com.acme.stock.Shelf.take"));
    assert_eq!(explained.rules, ["errors.toml:2: helper 1"]);
    let frames: Vec<_> = explained.frames.iter().map(|of| (of.role, of.used, of.reason)).collect();
    assert_eq!(
        frames,
        [
            ("throw_helper", false, "skipped: throw helper"),
            ("throw_helper", false, "skipped: throw helper"),
            ("culprit", true, "used: culprit"),
        ]
    );
    assert!(explained.why.iter().any(|part| part.part == "service" && part.value == "shop"));
    let stored = explained.stored.unwrap();
    assert_eq!(stored.error_id, latest);
    assert_eq!((stored.n_occurrences, stored.n_sites, stored.n_variants), (4, 1, 1));
    assert_eq!(stored.first_seen_at.as_deref(), Some("2025-10-28T10:00:00Z"));

    let of_error = store.explain_error(error).await.unwrap();
    assert_eq!(of_error.stored.unwrap().error_id, error);
    let stack = STACK.replace("\\n", "\n").replace("\\t", "\t");
    let of_stack = store.explain_stack(&stack, Some("shop")).await.unwrap();
    assert_eq!(of_stack.error_group_id, group);
    assert!(of_stack.stored.is_none());
    let missing = store.explain_error("e0:none' OR true --").await.unwrap_err();
    assert_eq!(missing.to_string(), "no error or error group \"e0:none' OR true --\"");
    assert_eq!(missing.code(), Code::UndefinedObject);
}

#[tokio::test]
async fn a_group_is_explained_by_an_error_whose_rows_retention_left() {
    let store = Store::in_memory(NOW).await.unwrap();
    define(&store, "[[rule]]\nwhen = { type = \"*Stock*\" }\ngroup = \"stock\"").await;
    let log = |ts: &str, exception: &str| {
        format!("{{\"ts\":\"{ts}\",\"level\":\"error\",\"service.name\":\"shop\",{exception}}}\n")
    };
    let stack = format!("\"exception.stacktrace\":\"{STACK}\"");
    let said = "\"exception.type\":\"StockException\",\"exception.message\":\"none\"";
    load(&store, &(log("2025-09-26T10:00:00Z", &stack) + &log("2025-10-28T10:00:00Z", said))).await;
    let keep = |days: u32| format!("[[retention]]\ntable = \"logs\"\nkeep = \"{days} days\"\n");
    store.write_definition("retention.toml", &keep(10)).await.unwrap();
    store.apply_retention(false, NOW).await.unwrap();
    let ids = "SELECT error_group_id, error_id FROM errors ORDER BY ts";
    let ids = rows(&store, ids).await;
    let [(group, old), (_, left)] = [0, 1].map(|idx: usize| ids[idx].split_once('|').unwrap());

    let explained = store.explain_error(group).await.unwrap();
    assert_eq!((explained.error_group_id.as_str(), explained.quality), (group, "message_only"));
    let stored = explained.stored.unwrap();
    assert_eq!((stored.error_id.as_str(), stored.n_occurrences), (left, 2));
    let gone = store.explain_error(old).await.unwrap_err();
    let said = format!("the rows that \"{old}\" was made of are not stored");
    assert_eq!((gone.to_string(), gone.code()), (said, Code::UndefinedObject));

    let later = brunt_model::Ts(NOW.0 + 20 * 86_400_000_000);
    store.apply_retention(false, later).await.unwrap();
    let gone = store.explain_error(group).await.unwrap_err();
    let said = format!("the rows that \"{group}\" was made of are not stored");
    assert_eq!((gone.to_string(), gone.code()), (said, Code::UndefinedObject));
}

#[tokio::test]
async fn functions_say_what_the_rules_of_the_store_make_of_a_stack() {
    let store = shop().await;
    define(&store, "[[drop]]\nsymbol = \"com.acme.base.*\"").await;
    store.derive_all(NOW).await.unwrap();
    let sql = "SELECT f.symbol, f.line, f.role, f.used FROM (SELECT unnest(error_frames(exception_stacktrace)) AS f \
               FROM logs WHERE ts = '2025-10-28T10:00:00Z')";
    assert_eq!(
        rows(&store, sql).await,
        [
            "com.acme.base.Ensure.stocked|9|dropped|false",
            "com.acme.retry.Retry.run|4|culprit|true",
            "com.acme.stock.Shelf.take|12|app|false",
        ]
    );
}

#[tokio::test]
async fn derivation_and_the_function_share_what_the_store_remembers() {
    let store = shop().await;
    let session = store.session().await.unwrap();
    let n_bytes = || session.engine().grouped().size_bytes();
    let derived = n_bytes();
    assert!(derived > 0);
    assert_eq!(ask(&session, SAME_IDS).await, ["5|2|true"]);
    assert_eq!(n_bytes(), derived);
    ask(&session, "SELECT error_group_id('StockException', 'no stock', NULL)").await;
    assert!(n_bytes() > derived);
}
