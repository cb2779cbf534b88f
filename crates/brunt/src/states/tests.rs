//! Decisions in a small store: what holds after them, and what they outlive.

use brunt_model::{Money, Ts};

use super::{Decision, GroupUpdate};
use crate::code::Code;
use crate::fixture::{NOW, ask};
use crate::load::{ForgetOptions, Input, LoadOptions, Subject};
use crate::store::Store;

const HOUR: i64 = 3_600_000_000;

/// Hours after `NOW`.
fn later(hours: i64) -> Ts {
    Ts(NOW.0 + hours * HOUR)
}

async fn load(store: &Store, table: &str, name: &str, lines: &str, now: Ts) {
    let options = LoadOptions { table: Some(table.to_owned()), ..LoadOptions::default() };
    let input = Input::from_bytes(name, lines.as_bytes());
    let summary = store.load(&[input], &options, now, &|_| ()).await.unwrap();
    assert_eq!(summary.n_rejects(), 0, "{}", summary.to_json());
}

fn error(ts: &str, kind: &str, version: &str, environment: &str) -> String {
    format!(
        "{{\"ts\":\"{ts}\",\"level\":\"error\",\"service.name\":\"pay\",\"exception.type\":\"{kind}\",\
         \"exception.message\":\"broken\",\"service.version\":\"{version}\",\"deployment.environment.name\":\"{environment}\"}}\n"
    )
}

/// Timeouts in 1.4.1 in production, and a crash a month before.
async fn shop() -> Store {
    let store = Store::in_memory(NOW).await.unwrap();
    let logs = error("2025-10-28T10:00:00Z", "TimeoutError", "1.4.1", "production")
        + &error("2025-09-28T10:00:00Z", "CrashError", "1.3.0", "production");
    load(&store, "logs", "first.jsonl", &logs, NOW).await;
    store
}

async fn rows(store: &Store, sql: &str) -> Vec<String> {
    ask(&store.session().await.unwrap(), sql).await
}

/// The id of the group of an exception's type.
async fn group(store: &Store, kind: &str) -> String {
    let sql = format!("SELECT error_group_id FROM errors WHERE exception_type = '{kind}'");
    rows(store, &sql).await.remove(0)
}

async fn decide(store: &Store, id: &str, decision: Decision, now: Ts) -> String {
    let update = GroupUpdate { decision, comment: None, actor: Some("ann".to_owned()) };
    let updated = store.update_error_group(id, &update, now).await.unwrap();
    format!("{}: {}", updated.state, updated.state_reason)
}

fn resolve(version: Option<&str>) -> Decision {
    Decision::Resolve { version: version.map(str::to_owned), environment: None }
}

const STATES: &str = "SELECT left(title, 7), state, state_reason FROM error_groups ORDER BY 1";

#[tokio::test]
async fn what_nobody_decided_is_new_for_a_week_and_open_after_it() {
    let store = shop().await;
    assert_eq!(rows(&store, STATES).await, ["CrashEr|open|NULL", "Timeout|new|NULL"]);
    let log = "{\"ts\":\"2025-11-04T10:00:00Z\",\"message\":\"fine\"}";
    load(&store, "logs", "week.jsonl", log, later(24 * 8)).await;
    assert_eq!(rows(&store, STATES).await[1], "Timeout|new|NULL", "seven days to the second");
    let log = "{\"ts\":\"2025-11-04T10:00:01Z\",\"message\":\"fine\"}";
    load(&store, "logs", "later.jsonl", log, later(24 * 8)).await;
    assert_eq!(rows(&store, STATES).await[1], "Timeout|open|NULL");
}

#[tokio::test]
async fn a_resolved_group_regresses_in_a_later_version_and_can_be_reopened() {
    let store = shop().await;
    let id = group(&store, "TimeoutError").await;
    let release = "{\"ts\":\"2025-10-29T00:00:00Z\",\"release.kind\":\"release\",\"service.name\":\"pay\",\"service.version\":\"v1.4.2\"}";
    load(&store, "releases", "releases.jsonl", release, NOW).await;
    let said = "resolved in version 1.4.2 at 2025-10-29 02:06:40 UTC by ann";
    assert_eq!(
        decide(&store, &id, resolve(Some("1.4.2")), later(1)).await,
        format!("resolved: {said}")
    );
    let more = error("2025-10-29T00:30:00Z", "TimeoutError", "1.4.1", "production");
    load(&store, "logs", "old.jsonl", &more, later(2)).await;
    assert_eq!(rows(&store, STATES).await[1], format!("Timeout|resolved|{said}"));
    let more = error("2025-10-29T00:40:00Z", "TimeoutError", "1.5.0", "production");
    load(&store, "logs", "new.jsonl", &more, later(2)).await;
    let why = "last seen at 2025-10-29 00:40:00 UTC in version 1.5.0 in production, which is not before 1.4.2";
    assert_eq!(rows(&store, STATES).await[1], format!("Timeout|regressed|{why}; {said}"));
    let reopened = decide(&store, &id, Decision::Reopen, later(3)).await;
    assert_eq!(reopened, "open: reopened at 2025-10-29 04:06:40 UTC by ann");
    // Who asks for the past gets the state of then, and the history has all of it.
    let sql = "SELECT loaded_at, action, service_version, actor FROM system.error_group_updates ORDER BY 1";
    let history =
        ["2025-10-29T02:06:40Z|resolve|1.4.2|ann", "2025-10-29T04:06:40Z|reopen|NULL|ann"];
    assert_eq!(rows(&store, sql).await, history);
    let session = store.session().await.unwrap();
    ask(&session, "SET brunt.epoch = 3").await;
    session.pin().await.unwrap();
    assert_eq!(ask(&session, STATES).await[1], format!("Timeout|resolved|{said}"));
}

#[tokio::test]
async fn decisions_outlive_what_is_done_to_the_rows() {
    let store = shop().await;
    let id = group(&store, "TimeoutError").await;
    let said = "resolved at 2025-10-29 02:06:40 UTC by ann";
    assert_eq!(decide(&store, &id, resolve(None), later(1)).await, format!("resolved: {said}"));
    let want = format!("Timeout|resolved|{said}");
    store.derive_all(later(2)).await.unwrap();
    assert_eq!(rows(&store, STATES).await[1], want);
    let load_id = rows(&store, "SELECT load_id FROM system.loads").await.remove(0);
    store.unload(&load_id, later(3)).await.unwrap();
    assert_eq!(rows(&store, STATES).await, [""; 0]);
    let sql = "SELECT error_group_id, state FROM error_group_states";
    assert_eq!(rows(&store, sql).await, [format!("{id}|resolved")], "though it has no rows");
    let logs = error("2025-10-28T10:00:00Z", "TimeoutError", "1.4.1", "production");
    load(&store, "logs", "first.jsonl", &logs, later(4)).await;
    store
        .write_definition("retention.toml", "[[retention]]\ntable = \"logs\"\nkeep = \"1 day\"")
        .await
        .unwrap();
    store.apply_retention(false, later(48)).await.unwrap();
    store.optimize(later(48)).await.unwrap();
    store.vacuum(false).await.unwrap();
    assert_eq!(rows(&store, STATES).await, [want]);
}

#[tokio::test]
async fn a_decision_follows_its_group_to_another_id() {
    let store = shop().await;
    let (timeout, crash) = (group(&store, "TimeoutError").await, group(&store, "CrashError").await);
    let ignore = Decision::Ignore { until_cost: None, currency: None };
    decide(&store, &timeout, ignore, later(1)).await;
    let rules = format!("schema = 1\n[[merge]]\ninto = \"{crash}\"\nids = [\"{timeout}\"]\n");
    store.write_definition("errors.toml", &rules).await.unwrap();
    store.derive_all(later(2)).await.unwrap();
    let states = "SELECT error_group_id, state FROM error_groups";
    assert_eq!(rows(&store, states).await, [format!("{crash}|ignored")]);
    let current = format!(
        "SELECT error_group_current('{timeout}') = '{crash}', error_group_current('{crash}') = '{crash}', \
         error_group_current('e0:never'), error_group_current(NULL)"
    );
    assert_eq!(rows(&store, &current).await, ["true|true|e0:never|NULL"]);
    // By the old id, too; what is said of the merged group is the crash's when they part again.
    decide(&store, &timeout, Decision::Reopen, later(3)).await;
    let of = "SELECT error_group_id, action FROM system.error_group_updates ORDER BY loaded_at";
    let want = [format!("{timeout}|ignore"), format!("{crash}|reopen")];
    assert_eq!(rows(&store, of).await, want);
    let session = store.session().await.unwrap();
    ask(&session, "SET brunt.epoch = 2").await;
    session.pin().await.unwrap();
    let before = "SELECT error_group_current(error_group_id) = error_group_id, state FROM error_groups ORDER BY title DESC";
    assert_eq!(ask(&session, before).await, ["true|ignored", "true|open"], "at an older epoch");
}

#[tokio::test]
async fn ids_may_be_shortened_and_those_that_are_not_there_are_refused() {
    let store = shop().await;
    let id = group(&store, "CrashError").await;
    let reopen = || GroupUpdate { decision: Decision::Reopen, comment: None, actor: None };
    for short in [&id[..12], &id[3..12]] {
        let updated = store.update_error_group(short, &reopen(), NOW).await.unwrap();
        assert_eq!(updated.error_group_id, id);
    }
    let refused = async |id: &str| {
        let error = store.update_error_group(id, &reopen(), NOW).await.unwrap_err();
        (error.code(), error.to_string(), error.hint().unwrap_or_default())
    };
    let (code, message, hint) = refused("e0:").await;
    assert_eq!(code, Code::InvalidArgument);
    assert_eq!(message, "2 error groups have an id that begins \"e0:\"");
    assert!(hint.contains(&id), "{hint}");
    let wrong = format!("{}!", &id[..20]);
    let (code, message, hint) = refused(&wrong).await;
    assert_eq!((code, message), (Code::UndefinedObject, format!("no error group \"{wrong}\"")));
    assert_eq!(hint, format!("The nearest: {id}."));
    assert_eq!(refused("e9:nothing").await.2, "`brunt errors` lists the groups.");
    assert_eq!(refused("").await.0, Code::UndefinedObject);
    assert_eq!(rows(&store, "SELECT count(*) FROM system.error_group_updates").await, ["2"]);
}

#[tokio::test]
async fn what_says_nothing_is_refused() {
    let store = shop().await;
    let id = group(&store, "CrashError").await;
    let cost = |text: &str, currency: &str| Decision::Ignore {
        until_cost: Money::parse(text),
        currency: Some(currency.to_owned()),
    };
    for (decision, message) in [
        (resolve(Some(" ")), "the version is empty"),
        (cost("-5", "USD"), "the cost -5.0000 is negative"),
        (cost("5", "dollars"), "\"DOLLARS\" is no currency"),
    ] {
        let update = GroupUpdate { decision, comment: None, actor: None };
        let error = store.update_error_group(&id, &update, NOW).await.unwrap_err();
        assert_eq!((error.code(), error.to_string().as_str()), (Code::Usage, message));
    }
}

#[tokio::test]
async fn who_is_forgotten_is_so_in_comments_too() {
    let store = shop().await;
    let id = group(&store, "CrashError").await;
    let comment = Some("reported by user-4711, ann@example.com".to_owned());
    let update = GroupUpdate { decision: Decision::Reopen, comment, actor: None };
    store.update_error_group(&id, &update, NOW).await.unwrap();
    let subject = Subject::User("user-4711".to_owned());
    let receipt = store.forget(&subject, &ForgetOptions::default(), NOW).await.unwrap();
    assert_eq!(receipt.tables[0].table, "system.error_group_updates");
    let comments = "SELECT comment FROM system.error_group_updates";
    assert_eq!(rows(&store, comments).await, ["reported by [forgotten], [email]"]);
}
