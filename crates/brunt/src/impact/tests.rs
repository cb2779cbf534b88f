//! The whole way from derived rows to answers, over small stores.

use std::fmt::Write;

use brunt_store::Store;
use bytes::Bytes;

use crate::code::Code;
use crate::fixture::{NOW, ask, empty_store, explain, fails, put, session};
use crate::session::Session;

const JOURNEY: &str = r#"
[[journey]]
name = "checkout"
unit = "user"
window = "24 hours"
order = "strict"
currency = "USD"

[[journey.step]]
name = "cart"
table = "events"
where = "event_name = 'add_to_cart'"

[[journey.step]]
name = "purchase"
table = "orders"
value = "order_value"
"#;

async fn define(store: &Store, text: &str) {
    let files = [("journeys.toml".to_owned(), Bytes::from(text.to_owned()))];
    store
        .write::<_, brunt_store::Error>(NOW, async |tx| {
            tx.set_definitions("made-for-this-test", &files).await
        })
        .await
        .unwrap();
}

/// What one person does, `n` half minutes after 10:00 on 2025-10-02, all in one band of hours; a second activity tries
/// to pay.
#[derive(Debug, Clone, Copy, Default)]
struct Visit<'a> {
    n: usize,
    /// Error groups at the try to pay.
    groups: &'a [&'a str],
    buys: bool,
    currency: Option<&'a str>,
    synthetic: Option<&'a str>,
    is_anonymous: bool,
}

#[derive(Debug, Default)]
struct Lines {
    sessions: String,
    activities: String,
    errors: String,
    steps: String,
}

impl Lines {
    fn visit(&mut self, visit: &Visit<'_>) {
        let Visit { n, groups, buys, .. } = *visit;
        let (hour, minute, second) = (n / 120, n / 2 % 60, n % 2 * 30);
        let start = format!("2025-10-02T1{hour}:{minute:02}:{second:02}Z");
        let paid = format!("2025-10-02T1{hour}:{minute:02}:{:02}Z", second + 20);
        let text =
            |text: Option<&str>| text.map_or("null".to_owned(), |text| format!("\"{text}\""));
        let user = if visit.is_anonymous { "null".to_owned() } else { format!("\"u{n}\"") };
        let synthetic = text(visit.synthetic);
        let ids = format!(
            r#""session_id":"s{n}","session_started_at":"{start}","user_id":{user},"user_pseudo_id":"p{n}","account_id":"a{}""#,
            n % 50
        );
        writeln!(
            self.sessions,
            r#"{{"ts":"{start}","ended_at":"{paid}","session_id":"s{n}","user_id":{user},"user_pseudo_id":"p{n}","synthetic_type":{synthetic},"device_type":"d{}"}}"#,
            n / 2 % 2
        )
        .unwrap();
        for (ts, op) in [(&start, "add"), (&paid, "pay")] {
            writeln!(
                self.activities,
                r#"{{"ts":"{ts}",{ids},"activity_id":"{op}{n}","activity_kind":"event","op":"{op}"}}"#
            )
            .unwrap();
        }
        for group in groups {
            writeln!(
                self.errors,
                r#"{{"ts":"{paid}",{ids},"error_id":"{group}{n}","activity_id":"pay{n}","error_group_id":"{group}","root_type":"{group}","title":"{group}","service_version":"1.{}"}}"#,
                n % 3
            )
            .unwrap();
        }
        let mut step = |ts: &str, idx: u8, activity: &str, value: &str| {
            writeln!(
                self.steps,
                r#"{{"ts":"{ts}",{ids},"journey":"checkout","step_idx":{idx},"activity_id":"{activity}{n}"{value}}}"#
            )
            .unwrap();
        };
        step(&start, 1, "add", "");
        if buys {
            let currency = visit.currency.unwrap_or("USD");
            step(&paid, 2, "pay", &format!(r#","value":"20.0","currency":"{currency}""#));
        }
    }

    async fn store(&self) -> Store {
        let store = empty_store().await;
        for (table, lines) in [
            ("sessions", &self.sessions),
            ("activities", &self.activities),
            ("errors", &self.errors),
            ("journey_steps", &self.steps),
        ] {
            put(&store, table, lines).await;
        }
        // The newest row of the telemetry says how far the data reach.
        put(
            &store,
            "logs",
            "{\"ts\":\"2025-10-01T09:00:00Z\"}\n{\"ts\":\"2025-10-04T10:00:00Z\"}\n",
        )
        .await;
        define(&store, JOURNEY).await;
        store
    }
}

/// 200 people: every other buys; of the first 40, who are told `timeout` and `retry`, one in four; a few meet `rare`.
fn shop() -> Lines {
    let mut lines = Lines::default();
    for n in 0..200 {
        let groups: &[&str] = match n {
            0..40 => &["timeout", "retry"],
            40..43 => &["rare"],
            _ => &[],
        };
        let buys = if n < 40 { n % 4 == 0 } else { n % 2 == 0 };
        lines.visit(&Visit { n, groups, buys, ..Visit::default() });
    }
    lines
}

async fn notices(session: &Session, sql: &str) -> (usize, Vec<String>) {
    let answer = session.sql(sql).await.unwrap();
    let notices = answer.notices.clone();
    let batches = answer.collect().await.unwrap();
    (batches.iter().map(arrow::array::RecordBatch::num_rows).sum(), notices)
}

#[tokio::test]
async fn a_group_costs_what_the_unaffected_of_its_moment_achieved_more() {
    let store = shop().store().await;
    put(&store, "accounts", "{\"ts\":\"2025-10-01T00:00:00Z\",\"account_id\":\"a1\",\"mrr\":\"100.5\",\"currency\":\"USD\"}\n{\"ts\":\"2025-10-01T00:00:00Z\",\"account_id\":\"a2\",\"mrr\":\"50\",\"currency\":\"EUR\"}\n").await;
    let session = session(&store).await;
    let rows = ask(&session, "SELECT rank_by_count, journey, error_group_id, title, n_affected, n_matched, n_unaffected, n_users, n_accounts, conversion_affected, conversion_expected, loss_pp, lost_conversions, revenue_at_risk, currency, accused, partner, mrr_touched, n_tickets, introduced_in, method, confidence, warnings FROM error_impact(journey => 'checkout') WHERE error_group_id = 'timeout'").await;
    assert_eq!(
        rows,
        [
            "2|checkout|timeout|timeout|40|40|160|40|40|0.25|0.5|25.0|10.0|200.0000|USD|true|retry|100.5000|0|1.0|m1|0.95|[co_occurs]"
        ]
    );
    let bounds = ask(&session, "SELECT rank, loss_pp_lo < loss_pp AND loss_pp < loss_pp_hi, revenue_at_risk_lo < revenue_at_risk AND revenue_at_risk < revenue_at_risk_hi, p_value <= q_value, q_value < 0.05, rank_score > 0 AND rank_score < lost_conversions, unadjusted_loss_pp, overlap_share, e_value > 1, clusters_effective > 10, adjusted_for[1], alone_pp IS NULL AND n_alone IS NULL FROM error_impact() WHERE n_affected > 5").await;
    assert_eq!(bounds[0], "1|true|true|true|true|true|25.0|1.0|true|true|stage|true");
    assert_eq!(bounds.len(), 2);
}

#[tokio::test]
async fn few_affected_are_counted_and_not_judged() {
    let session = session(&shop().store().await).await;
    let sql = "SELECT rank, n_affected, n_users, n_unaffected, lost_conversions, p_value, accused, warnings FROM error_impact() WHERE error_group_id = 'rare'";
    assert_eq!(ask(&session, sql).await, ["NULL|3|3|197|NULL|NULL|false|[few_affected]"]);
}

#[tokio::test]
async fn a_group_is_shown_alone_with_its_place_among_all() {
    let session = session(&shop().store().await).await;
    let of = |rows: Vec<String>| rows;
    let filtered = ask(
        &session,
        "SELECT rank, q_value, partner FROM error_impact() WHERE error_group_id = 'retry'",
    )
    .await;
    let asked =
        ask(&session, "SELECT rank, q_value, partner FROM error_impact(error_group_id => 'retry')")
            .await;
    assert_eq!(of(filtered), asked);
    assert!(asked[0].ends_with("|timeout"), "{asked:?}");
    let (n_rows, notices) =
        notices(&session, "SELECT * FROM error_impact(error_group_id => 'none')").await;
    assert_eq!(
        (n_rows, notices),
        (0, vec!["No activity of the period met error group \"none\".".to_owned()])
    );
}

#[tokio::test]
async fn synthetic_visits_count_only_where_they_are_asked_for() {
    let mut lines = shop();
    for n in 200..210 {
        lines.visit(&Visit { n, groups: &["timeout"], synthetic: Some("bot"), ..Visit::default() });
    }
    let session = session(&lines.store().await).await;
    let n_affected =
        |call: &str| format!("SELECT n_affected FROM {call} WHERE error_group_id = 'timeout'");
    assert_eq!(ask(&session, &n_affected("error_impact()")).await, ["40"]);
    assert_eq!(ask(&session, &n_affected("error_impact(include_synthetic => true)")).await, ["50"]);
    assert_eq!(ask(&session, &n_affected("error_impact_default")).await, ["40"]);
}

#[tokio::test]
async fn an_anonymous_visit_is_a_unit_of_its_own() {
    let mut lines = shop();
    lines.visit(&Visit { n: 201, groups: &["timeout"], is_anonymous: true, ..Visit::default() });
    let session = session(&lines.store().await).await;
    let sql = "SELECT n_affected, n_users FROM error_impact() WHERE error_group_id = 'timeout'";
    assert_eq!(ask(&session, sql).await, ["41|40"]);
}

#[tokio::test]
async fn orders_in_another_currency_count_as_conversions_only() {
    let mut lines = shop();
    for n in 200..220 {
        lines.visit(&Visit { n, buys: true, currency: Some("EUR"), ..Visit::default() });
    }
    let session = session(&lines.store().await).await;
    let sql = "SELECT currency, conversion_expected > 0.5, revenue_at_risk < 20 * lost_conversions, array_has(warnings, 'other_currency') FROM error_impact() WHERE error_group_id = 'timeout'";
    assert_eq!(ask(&session, sql).await, ["USD|true|true|true"]);
}

#[tokio::test]
async fn sessions_are_units_where_the_journey_says_so() {
    let store = shop().store().await;
    define(&store, &JOURNEY.replace("unit = \"user\"", "unit = \"session\"")).await;
    let session = session(&store).await;
    let sql = "SELECT n_affected, n_users, lost_conversions FROM error_impact() WHERE error_group_id = 'timeout'";
    assert_eq!(ask(&session, sql).await, ["40|40|10.0"]);
}

#[tokio::test]
async fn a_period_leaves_out_entries_before_it() {
    let session = session(&shop().store().await).await;
    let sql = |since: &str| {
        format!(
            "SELECT n_affected FROM error_impact(since => {since}) WHERE error_group_id = 'timeout'"
        )
    };
    assert_eq!(ask(&session, &sql("'10 days'")).await, ["40"]);
    // The data end on 4 October at 10:00; the first visits begin on the 2nd at 10:00, two a minute.
    assert_eq!(ask(&session, &sql("'2025-10-02 10:15:00'")).await, ["10"]);
    assert_eq!(ask(&session, &sql("INTERVAL '47 hours 45 minutes'")).await, ["10"]);
    assert_eq!(ask(&session, &sql("TIMESTAMP '2025-10-02 10:15:00'")).await, ["10"]);
    let until = "SELECT n_affected FROM error_impact(until => '2025-10-03 10:05:00') WHERE error_group_id = 'timeout'";
    assert_eq!(ask(&session, until).await, ["11"]);
}

#[tokio::test]
async fn without_a_journey_there_are_no_rows_and_a_hint() {
    let store = empty_store().await;
    put(&store, "logs", "{\"ts\":\"2025-10-01T09:00:00Z\"}\n").await;
    let session = session(&store).await;
    for call in ["error_impact()", "error_impact_default"] {
        let (n_rows, notices) = notices(&session, &format!("SELECT * FROM {call}")).await;
        assert_eq!(n_rows, 0);
        assert!(
            notices.len() == 1 && notices[0].starts_with("No journey is defined"),
            "{notices:?}"
        );
        assert!(notices[0].contains("brunt check --suggest"), "{notices:?}");
    }
    let error = fails(&session, "SELECT * FROM error_impact(journey => 'checkout')").await;
    assert_eq!(error.code(), Code::UndefinedObject);
}

#[tokio::test]
async fn where_no_window_is_over_the_hint_names_it_and_the_days() {
    let session = session(&shop().store().await).await;
    let (n_rows, told) =
        notices(&session, "SELECT rank FROM error_impact(until => '2025-10-02 23:00:00')").await;
    assert_eq!(n_rows, 0);
    assert_eq!(
        told,
        [
            "No entry of journey \"checkout\" has its window of 24 hours over: the store has 4 days of data (2025-10-01 to 2025-10-04), and the period ends at 2025-10-02 23:00:00 UTC. Load more days, or give the journey a shorter window."
        ]
    );
    let (_, told) =
        notices(&session, "SELECT rank FROM error_impact(since => '2025-10-03 12:00:00')").await;
    assert!(told[0].starts_with("No entry of journey"), "{told:?}");
    let (n_rows, told) = notices(&session, "SELECT rank FROM error_impact()").await;
    assert_eq!((n_rows, told), (3, Vec::new()));
}

#[tokio::test]
async fn nobody_at_the_first_step_is_said() {
    let store = empty_store().await;
    put(&store, "logs", "{\"ts\":\"2025-10-01T09:00:00Z\"}\n").await;
    define(&store, JOURNEY).await;
    let (n_rows, told) = notices(&session(&store).await, "SELECT rank FROM error_impact()").await;
    assert_eq!(n_rows, 0);
    assert!(told[0].starts_with("Nobody entered journey \"checkout\": no row of the period does its first step \"cart\", among 1 day of data"), "{told:?}");
    let empty = empty_store().await;
    define(&empty, JOURNEY).await;
    let (_, told) = notices(&session(&empty).await, "SELECT rank FROM error_impact()").await;
    assert_eq!(
        told,
        ["The store has no logs, spans or events yet. Load exports with `brunt load`."]
    );
}

#[tokio::test]
async fn wrong_arguments_are_answered_with_what_would_do() {
    let session = session(&shop().store().await).await;
    for (call, message, hint) in [
        ("journey => 'chekout'", "no journey \"chekout\"", "Did you mean \"checkout\"?"),
        ("journey => 'returns'", "no journey \"returns\"", "Journeys are: checkout."),
        (
            "since => 'lately'",
            "argument \"since\" of \"error_impact\" is not 'lately'",
            "Give a span such as '14 days', or a time such as '2025-10-01'.",
        ),
        (
            "since => '2025-10-05'",
            "the period ends before it begins",
            "Give a \"since\" before \"until\", which is the newest time of the store where none is given.",
        ),
    ] {
        let error = fails(&session, &format!("SELECT * FROM error_impact({call})")).await;
        assert_eq!((error.to_string().as_str(), error.hint().as_deref()), (message, Some(hint)));
    }
}

#[tokio::test]
async fn the_plan_reads_scans_and_only_what_its_columns_need() {
    let session = session(&shop().store().await).await;
    let all = explain(&session, "SELECT * FROM error_impact(since => '2 days')").await;
    assert!(all.contains("ImpactExec: journeys=[checkout], until=2025-10-04 10:00:00 UTC, since=2025-10-02 10:00:00 UTC"), "{all}");
    assert!(all.contains("DataSourceExec") && all.contains("activities/"), "{all}");
    let few = explain(&session, "SELECT rank, lost_conversions FROM error_impact()").await;
    assert!(few.contains("EmptyExec"), "{few}");
    assert!(few.matches("DataSourceExec").count() < all.matches("DataSourceExec").count(), "{few}");
    assert_eq!(ask(&session, "SELECT count(*) FROM error_impact()").await, ["3"]);
}

#[tokio::test]
async fn parameters_are_arguments_too() {
    let session = session(&shop().store().await).await;
    let statement = crate::session::Statement::parse("SELECT n_affected FROM error_impact(journey => $1, since => $2) WHERE error_group_id = 'timeout'").unwrap().remove(0);
    let prepared = session.prepare(statement).await.unwrap();
    let values = datafusion::common::ParamValues::from(vec![
        datafusion::common::ScalarValue::from("checkout"),
        datafusion::common::ScalarValue::from("2025-10-02 10:15:00"),
    ]);
    let answer = session.execute(&prepared, Some(values)).await.unwrap().collect().await.unwrap();
    assert_eq!(answer.iter().map(arrow::array::RecordBatch::num_rows).sum::<usize>(), 1);
}

#[tokio::test]
async fn a_group_without_effect_is_proposed_as_expected_and_one_that_hurts_is_not() {
    let mut lines = Lines::default();
    for n in 0..200 {
        let groups: &[&str] = match n {
            0..40 => &["timeout"],
            _ if n % 8 < 4 => &["quiet"],
            _ => &[],
        };
        let buys = if n < 40 { n % 20 == 0 } else { n % 2 == 0 };
        lines.visit(&Visit { n, groups, buys, ..Visit::default() });
    }
    lines.errors = lines.errors.replace("\"error_id\"", "\"handled\":true,\"error_id\"");
    let session = session(&lines.store().await).await;
    let sql = "SELECT error_group_id, reasons, journey, loss_pp_lo < loss_pp AND loss_pp < loss_pp_hi FROM expected_errors(margin_pp => $M) ORDER BY 1";
    let at = async |margin: &str| ask(&session, &sql.replace("$M", margin)).await;
    let no_effect = "quiet|[no_effect, handled]|checkout|true";
    assert_eq!(at("40").await, [no_effect, "timeout|[handled]|checkout|true"]);
    // The loss of the one is above this margin for sure, and whether that of the other is below it is not known.
    assert_eq!(at("20").await, ["quiet|[handled]|checkout|true"]);
    assert_eq!(at("100").await, [no_effect, "timeout|[no_effect, handled]|checkout|true"]);
}

#[tokio::test]
async fn a_group_is_ignored_until_it_costs_more() {
    let store = shop().store().await;
    let brunt = crate::Store::over(store.clone(), crate::OpenOptions::default()).unwrap();
    let ignore = async |hour: i64, until: &str, currency: &str| {
        let now = brunt_model::Ts(NOW.0 + hour * 3_600_000_000);
        let decision = crate::Decision::Ignore {
            until_cost: brunt_model::Money::parse(until),
            currency: Some(currency.to_owned()),
        };
        let update = crate::GroupUpdate { decision, comment: None, actor: None };
        brunt.update_error_group("timeout", &update, now).await.unwrap()
    };
    let cheap = ignore(0, "10000", "USD").await;
    assert_eq!(cheap.state, "ignored", "{cheap:?}");
    let said = "ignored until it costs more than 10000.0000 USD at 2025-10-29 01:06:40 UTC; costs ";
    assert!(cheap.state_reason.starts_with(said), "{cheap:?}");
    let dear = ignore(1, "10", "usd").await;
    assert_eq!(dear.state, "open", "{dear:?}");
    let session = session(&store).await;
    let cost = "SELECT revenue_at_risk, revenue_at_risk_lo, revenue_at_risk_hi FROM error_impact() WHERE error_group_id = 'timeout'";
    let cost = ask(&session, cost).await.remove(0);
    let [cost, lo, hi] = cost.split('|').collect::<Vec<_>>()[..] else { panic!("{cost}") };
    let costs = format!(
        "costs {cost} USD ({lo} to {hi}) in journey \"checkout\", more than 10.0000; ignored"
    );
    assert!(dear.state_reason.starts_with(&costs), "{dear:?} {costs}");
    // The estimate looks groups up whose state rests on it.
    let title = "SELECT title FROM error_impact() WHERE error_group_id = 'timeout'";
    assert_eq!(ask(&session, title).await, ["timeout"]);
}

#[tokio::test]
async fn totals_are_of_what_a_sample_stands_for() {
    let sql = "SELECT n_affected, round(loss_pp, 9), round(lost_conversions, 6), round(revenue_at_risk, 4), \
        round(lost_conversions_hi - lost_conversions_lo, 6), round(revenue_at_risk_hi - revenue_at_risk_lo, 4) \
        FROM error_impact() WHERE error_group_id = 'timeout'";
    let figures = async |lines: Lines| -> Vec<f64> {
        let rows = ask(&session(&lines.store().await).await, sql).await;
        rows[0].split('|').map(|figure| figure.parse().unwrap()).collect()
    };
    let whole = figures(shop()).await;
    let mut sample = shop();
    sample.activities = sample.activities.replace("\"op\":", "\"sample_weight\":4.0,\"op\":");
    let sample = figures(sample).await;
    assert_eq!((sample[0], sample[1]), (whole[0], whole[1]), "stored entries and their share");
    for place in [2, 3] {
        assert!((sample[place] - 4.0 * whole[place]).abs() < 1e-3, "{sample:?} of {whole:?}");
    }
    for place in [4, 5] {
        assert!(sample[place] > 3.0 * whole[place], "no surer than the same of fewer: {sample:?}");
    }
}
