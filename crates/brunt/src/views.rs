//! The views that answer, from their SQL files.

use datafusion::common::config::Dialect;
use datafusion::datasource::ViewTable;
use datafusion::error::Result;
use datafusion::execution::SessionState;

/// Plans a view over what the session reads now. Our own SQL uses the engine's whole dialect.
pub(crate) async fn plan(state: &SessionState, sql: &'static str) -> Result<ViewTable> {
    let statement = state.sql_to_statement(sql, &Dialect::Generic)?;
    let plan = state.statement_to_plan(statement).await?;
    Ok(ViewTable::new(plan, Some(sql.to_owned())))
}

/// The SQL of a view.
pub(crate) fn view(name: &str) -> Option<&'static str> {
    brunt_sql::views().iter().find(|view| view.0 == name).map(|view| view.1)
}

/// Their names, each after the views that it reads.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    brunt_sql::views().iter().map(|view| view.0)
}

#[cfg(test)]
mod tests {
    use super::names;
    use crate::fixture::{ask, empty_store, put, session};

    #[tokio::test]
    async fn every_view_works_over_no_data() {
        let session = session(&empty_store().await).await;
        for name in names() {
            let rows = ask(&session, &format!("SELECT * FROM {name}")).await;
            assert_eq!(rows, Vec::<String>::new(), "{name}");
        }
    }

    #[tokio::test]
    async fn an_order_is_its_richest_event_and_a_refund_is_one_of_its_own() {
        let store = empty_store().await;
        put(
            &store,
            "events",
            r#"{"ts":"2025-10-01T10:00:00Z","event_kind":"purchase","order_id":"o1","order_value":"12.50"}
{"ts":"2025-10-01T10:00:01Z","event_kind":"purchase","order_id":"o1","order_value":"12.50","currency":"USD","user_id":"u1"}
{"ts":"2025-10-02T10:00:00Z","event_kind":"custom","order_id":"o1","order_value":"-2.50","currency":"USD"}
{"ts":"2025-10-02T11:00:00Z","event_kind":"click"}"#,
        )
        .await;
        let session = session(&store).await;
        assert_eq!(
            ask(&session, "SELECT ts, order_id, order_value, currency, user_id, refund FROM orders ORDER BY ts").await,
            [
                "2025-10-01T10:00:01Z|o1|12.5000|USD|u1|false",
                "2025-10-02T10:00:00Z|o1|-2.5000|USD|NULL|true"
            ]
        );
    }

    /// Sessions of an hour each: hour, pseudonymous id, user, account.
    async fn sessions_of(rows: &[(u32, &str, &str, &str)]) -> brunt_store::Store {
        let store = empty_store().await;
        let json = |(hour, pseudo, user, account): &(u32, &str, &str, &str)| {
            let field = |name: &str, value: &str| match value {
                "" => String::new(),
                value => format!(",\"{name}\":\"{value}\""),
            };
            format!(
                "{{\"ts\":\"2025-10-01T{hour:02}:00:00Z\",\"ended_at\":\"2025-10-01T{hour:02}:30:00Z\",\"session_id\":\"s{hour}\"{}{}{}}}",
                field("user_pseudo_id", pseudo),
                field("user_id", user),
                field("account_id", account)
            )
        };
        let lines: Vec<String> = rows.iter().map(json).collect();
        put(&store, "sessions", &lines.join("\n")).await;
        store
    }

    #[tokio::test]
    async fn a_pseudonymous_id_is_its_one_user_from_the_start_and_several_are_nobody_in_between() {
        let store = sessions_of(&[
            (1, "p1", "", ""),
            (2, "p1", "u1", ""),
            (3, "p1", "", ""),
            (4, "p2", "", ""),
            (5, "p2", "u1", ""),
            (6, "p2", "", ""),
            (7, "p2", "u2", ""),
            (8, "p2", "u2", ""),
            (9, "p2", "u1", ""),
        ])
        .await;
        let session = session(&store).await;
        let sql = "SELECT id, resolved_id, valid_from, valid_until, conflict, n_sessions FROM identities ORDER BY id, valid_from";
        assert_eq!(
            ask(&session, sql).await,
            [
                "p1|u1|2025-10-01T01:00:00Z|NULL|false|1",
                "p2|u1|2025-10-01T05:00:00Z|2025-10-01T05:30:00.000001Z|true|1",
                "p2|u2|2025-10-01T07:00:00Z|2025-10-01T08:30:00.000001Z|true|2",
                "p2|u1|2025-10-01T09:00:00Z|2025-10-01T09:30:00.000001Z|true|1",
            ]
        );
        let sql = "SELECT session_id, user_id, user_id_source FROM sessions_enriched WHERE session_id IN ('s1', 's3', 's4', 's6') ORDER BY 1";
        assert_eq!(
            ask(&session, sql).await,
            ["s1|u1|identity", "s3|u1|identity", "s4|NULL|NULL", "s6|NULL|NULL"]
        );
    }

    #[tokio::test]
    async fn a_user_has_the_account_of_the_time_and_the_account_its_plan() {
        let store = sessions_of(&[
            (1, "p1", "u1", "a1"),
            (2, "p1", "", ""),
            (3, "p1", "u1", "a2"),
            (4, "p1", "u1", ""),
            (5, "p2", "u2", "a1"),
            (6, "p2", "u2", "a2"),
            (7, "p2", "u2", ""),
            (8, "p2", "u2", "a1"),
        ])
        .await;
        put(
            &store,
            "account_updates",
            r#"{"ts":"2025-09-01T00:00:00Z","account_id":"a1","plan_tier":"free"}
{"ts":"2025-10-01T03:30:00Z","account_id":"a2","plan_tier":"team"}"#,
        )
        .await;
        let session = session(&store).await;
        let sql = "SELECT session_id, user_id, account_id, account_id_source, plan_tier, plan_tier_source FROM sessions_enriched ORDER BY 1";
        assert_eq!(
            ask(&session, sql).await,
            [
                "s1|u1|a1|NULL|free|account_time",
                "s2|u1|a1|identity|free|account_time",
                "s3|u1|a2|NULL|NULL|NULL",
                "s4|u1|a2|identity|team|account_time",
                "s5|u2|a1|NULL|free|account_time",
                "s6|u2|a2|NULL|team|account_time",
                "s7|u2|NULL|NULL|NULL|NULL",
                "s8|u2|a1|NULL|free|account_time",
            ]
        );
        let sql = "SELECT count(*) FROM identities WHERE id = 'u2' AND conflict";
        assert_eq!(ask(&session, sql).await, ["3"]);
    }

    #[tokio::test]
    async fn unequal_samples_and_double_signals_are_reported_by_service() {
        let store = empty_store().await;
        put(
            &store,
            "activities",
            r#"{"ts":"2025-10-01T10:00:00Z","activity_kind":"request","service_name":"tail","n_errors":1}
{"ts":"2025-10-01T10:00:01Z","activity_kind":"request","service_name":"tail","n_errors":0,"sample_weight":10}
{"ts":"2025-10-01T10:00:02Z","activity_kind":"request","service_name":"head","n_errors":1,"sample_weight":4}
{"ts":"2025-10-01T10:00:03Z","activity_kind":"request","service_name":"head","n_errors":0,"sample_weight":4}
{"ts":"2025-10-01T10:00:04Z","activity_kind":"event","service_name":"web","n_errors":0}
{"ts":"2025-10-01T10:00:05Z","activity_kind":"request","service_name":"calm","n_errors":0}"#,
        )
        .await;
        put(
            &store,
            "errors",
            r#"{"ts":"2025-10-01T10:00:00Z","error_id":"e1","service_name":"tail","error_group_id":"g","signals":["log","span_event"],"sample_weight":3}
{"ts":"2025-10-01T10:00:01Z","error_id":"e2","service_name":"tail","error_group_id":"g","signals":["log"]}
{"ts":"2025-10-01T10:00:02Z","error_id":"e3","service_name":"web","error_group_id":"g","signals":["event"]}
{"ts":"2025-10-01T10:00:03Z","error_id":"e4","service_name":"till","signals":["log","span"]}
{"ts":"2025-10-01T10:00:04Z","error_id":"e5","service_name":"till","signals":["span","span_event"]}
{"ts":"2025-10-01T10:00:05Z","error_id":"e6","service_name":"till","signals":["span"]}"#,
        )
        .await;
        let session = session(&store).await;
        let sql = "SELECT service_name, weight_failed, weight_ok, unequal FROM sampling ORDER BY 1";
        assert_eq!(
            ask(&session, sql).await,
            ["calm|NULL|1.0|false", "head|4.0|4.0|false", "tail|1.0|10.0|true"]
        );
        let sql = "SELECT service_name, n_occurrences, n_log_only, n_span_event_only, n_both, n_status_only, n_client_only, n_signals FROM exception_signals ORDER BY 1";
        assert_eq!(
            ask(&session, sql).await,
            ["tail|2|1|0|1|0|0|3", "till|3|1|1|0|1|0|5", "web|1|0|0|0|0|1|1"]
        );
        let sql = "SELECT n_occurrences FROM error_groups";
        assert_eq!(ask(&session, sql).await, ["5"], "one occurrence stands for three");
    }

    #[tokio::test]
    async fn an_account_has_one_state_at_a_time() {
        let store = empty_store().await;
        put(
            &store,
            "account_updates",
            r#"{"ts":"2025-10-01T00:00:00Z","account_id":"a","plan_tier":"free","mrr":"0"}
{"ts":"2025-10-05T00:00:00Z","account_id":"a","plan_tier":"pro","mrr":"99"}"#,
        )
        .await;
        let session = session(&store).await;
        assert_eq!(
            ask(&session, "SELECT plan_tier, mrr, valid_from, valid_until FROM account_history ORDER BY valid_from").await,
            ["free|0.0000|2025-10-01T00:00:00Z|2025-10-05T00:00:00Z", "pro|99.0000|2025-10-05T00:00:00Z|NULL"]
        );
    }

    /// A trace that carries its session, the session that carries its user, a log that carries only the trace, and a
    /// second life of both ids a week later.
    async fn filled() -> brunt_store::Store {
        let store = empty_store().await;
        let trace = "0af7651916cd43dd8448eb211c80319c";
        put(
            &store,
            "logs",
            &format!(
                r#"{{"ts":"2025-10-01T10:00:05Z","body":"only the trace","trace_id":"{trace}"}}
{{"ts":"2025-10-08T10:00:05Z","body":"a week later","trace_id":"{trace}"}}
{{"ts":"2025-10-01T10:00:06Z","body":"its own","trace_id":"{trace}","session_id":"own","user_id":"me"}}
{{"ts":"2025-10-01T12:00:10Z","body":"by user","user_pseudo_id":"p1"}}
{{"ts":"2025-10-01T13:00:10Z","body":"nobody"}}"#
            ),
        )
        .await;
        put(
            &store,
            "traces",
            &format!(
                r#"{{"ts":"2025-10-01T10:00:00Z","trace_id":"{trace}","session_id":"s1","session_id_source":"own","session_started_at":"2025-10-01T09:00:00Z"}}
{{"ts":"2025-10-08T10:00:00Z","trace_id":"{trace}","session_id":"s1","session_id_source":"own","account_id":"a2","account_id_source":"own"}}"#
            ),
        )
        .await;
        put(
            &store,
            "sessions",
            r#"{"ts":"2025-10-01T09:00:00Z","ended_at":"2025-10-01T10:30:00Z","session_id":"s1","session_id_source":"own","user_id":"u1","account_id":"a1"}
{"ts":"2025-10-08T09:00:00Z","ended_at":"2025-10-08T10:30:00Z","session_id":"s1","session_id_source":"own","user_id":"u2"}
{"ts":"2025-10-01T12:00:00Z","ended_at":"2025-10-01T12:30:00Z","session_id":"gap-1","session_id_source":"gap","user_pseudo_id":"p1","account_id":"a3"}"#,
        )
        .await;
        store
    }

    #[tokio::test]
    async fn logs_get_the_ids_of_their_trace_and_session_of_that_time() {
        let session = session(&filled().await).await;
        assert_eq!(
            ask(
                &session,
                "SELECT body, session_id, session_id_source, user_id, user_id_source, account_id, account_id_source, \
                 session_started_at FROM logs_enriched ORDER BY body"
            )
            .await,
            [
                "a week later|s1|trace|u2|session|a2|trace|2025-10-08T09:00:00Z",
                "by user|gap-1|gap|NULL|NULL|a3|gap|2025-10-01T12:00:00Z",
                "its own|own|own|me|own|NULL|NULL|2025-10-01T09:00:00Z",
                "nobody|NULL|NULL|NULL|NULL|NULL|NULL|NULL",
                "only the trace|s1|trace|u1|session|a1|session|2025-10-01T09:00:00Z",
            ]
        );
        assert_eq!(
            ask(&session, "SELECT body FROM logs_enriched WHERE user_id = 'u1'").await,
            ["only the trace"]
        );
        let columns = ask(&session, "SELECT column_name FROM information_schema.columns WHERE table_name = 'logs_enriched' LIMIT 5").await;
        assert_eq!(columns, ["ts", "day", "trace_id", "span_id", "session_id"]);
    }

    #[tokio::test]
    async fn a_timeline_has_what_a_session_did_whatever_names_it() {
        let store = filled().await;
        put(&store, "events", r#"{"ts":"2025-10-01T09:00:00Z","event_kind":"page_view","view_name":"cart","session_id":"s1"}"#).await;
        put(
            &store,
            "errors",
            r#"{"ts":"2025-10-01T10:00:06Z","session_id":"s1","error_group_id":"g1","exception_type":"Timeout","exception_message":"30 s","error_class":"transient"}"#,
        )
        .await;
        let session = session(&store).await;
        assert_eq!(
            ask(
                &session,
                "SELECT ts, source, kind, summary, error_group_id FROM session_timeline \
                 WHERE session_id = 's1' AND ts < '2025-10-02' ORDER BY ts, source"
            )
            .await,
            [
                "2025-10-01T09:00:00Z|events|page_view|cart|NULL",
                "2025-10-01T10:00:05Z|logs|log|only the trace|NULL",
                "2025-10-01T10:00:06Z|errors|transient|Timeout: 30 s|g1",
            ]
        );
        assert_eq!(
            ask(&session, "SELECT summary FROM session_timeline WHERE session_id = 'gap-1'").await,
            ["by user"]
        );
    }

    /// Group g1 met by two users of account a1, and a ticket of one of them.
    async fn ticketed() -> brunt_store::Store {
        let store = empty_store().await;
        put(
            &store,
            "errors",
            r#"{"ts":"2025-10-01T10:00:00Z","error_id":"e1","error_group_id":"g1","session_id":"s1","user_id":"u1","account_id":"a1","service_name":"pay","service_version":"1.1","root_type":"java.net.TimeoutException","exception_message":"no answer after 30 s","title":"TimeoutException: no answer after <*>","culprit":"Pay.charge","plan_tier":"pro"}
{"ts":"2025-10-01T11:00:00Z","error_id":"e2","error_group_id":"g1","session_id":"s2","user_id":"u2","account_id":"a1","service_name":"cart","service_version":"1.2","exception_message":"no answer after 31 s"}
{"ts":"2025-10-01T11:00:01Z","error_id":"e3","error_group_id":"g1","session_id":"s2","user_id":"u2","account_id":"a1","service_name":"cart","duplicate_of":"e2"}
{"ts":"2025-09-01T11:00:00Z","error_id":"e4","error_group_id":"g2","session_id":"s3","user_id":"u1","account_id":"a1"}
{"ts":"2025-10-01T11:00:02Z","error_id":"e5","error_group_id":"g3","session_id":"s2","user_id":"u2","account_id":"a1","service_name":"web","title":"Told again","duplicate_of":"e2"}"#,
        )
        .await;
        put(
            &store,
            "sessions",
            r#"{"ts":"2025-10-01T09:50:00Z","ended_at":"2025-10-01T10:30:00Z","session_id":"s1","user_id":"u1","account_id":"a1"}
{"ts":"2025-09-20T09:50:00Z","ended_at":"2025-09-20T10:30:00Z","session_id":"s0","user_id":"u1","account_id":"a1"}"#,
        )
        .await;
        put(
            &store,
            "tickets",
            r#"{"ts":"2025-10-03T00:00:00Z","created_at":"2025-10-01T12:00:00Z","source":"desk","ticket_id":"7","user_id":"u1","account_id":"a1","status":"open"}
{"ts":"2025-10-02T00:00:00Z","created_at":"2025-10-01T12:00:00Z","source":"desk","ticket_id":"8","account_id":"a1","status":"solved"}"#,
        )
        .await;
        put(&store, "accounts", r#"{"ts":"2025-09-01T00:00:00Z","account_id":"a1","plan_tier":"enterprise","mrr":"500","currency":"USD"}"#).await;
        store
    }

    #[tokio::test]
    async fn a_ticket_finds_what_its_people_met_the_day_before() {
        let session = session(&ticketed().await).await;
        assert_eq!(
            ask(&session, "SELECT ticket_id, session_id, error_group_id, link, lag_ns / 1000000000 FROM ticket_context WHERE ticket_id = '7' ORDER BY lag_ns").await,
            ["7|s2|g1|account|3600", "7|s1|g1|user|7200", "7|s1|NULL|user|7800"]
        );
    }

    #[tokio::test]
    async fn a_group_says_what_it_is_and_how_far_it_reached() {
        let session = session(&ticketed().await).await;
        assert_eq!(
            ask(
                &session,
                "SELECT title, culprit, state, first_seen_at, last_seen_at, introduced_in, service_names, n_occurrences, \
                 n_sessions, n_users, n_accounts, n_tickets FROM error_groups WHERE error_group_id = 'g1'"
            )
            .await,
            ["TimeoutException: no answer after <*>|Pay.charge|open|2025-10-01T10:00:00Z|2025-10-01T11:00:01Z|1.1|[cart, pay]|2|2|2|1|2"]
        );
        assert_eq!(
            ask(
                &session,
                "SELECT title, last_seen_at, n_occurrences, n_sessions, n_users, n_accounts FROM error_groups WHERE error_group_id = 'g3'"
            )
            .await,
            ["Told again|2025-10-01T11:00:02Z|0|0|0|0"]
        );
    }

    #[tokio::test]
    async fn an_account_is_shown_with_the_groups_that_it_met() {
        let session = session(&ticketed().await).await;
        assert_eq!(
            ask(
                &session,
                "SELECT account_id, plan_tier, mrr, currency, n_users, n_sessions, n_occurrences, n_open_tickets, last_seen_at \
                 FROM affected_accounts WHERE error_group_id = 'g1'"
            )
            .await,
            ["a1|enterprise|500.0000|USD|2|2|2|1|2025-10-01T11:00:00Z"]
        );
    }

    /// Two incidents: `stock` breaks and `cart` and the browser tell of it, then `cart` alone.
    async fn failed() -> brunt_store::Store {
        let store = empty_store().await;
        put(
            &store,
            "errors",
            r#"{"ts":"2025-10-01T10:00:00Z","error_id":"e1","incident_id":"i1","service_name":"cart","root_service_name":"stock","error_group_id":"g1","signals":["span"],"root_cause":false,"root_evidence":"deepest_failing_span","n_records":2,"session_id":"s1","trace_id":"t1","recovered":true,"handled":false,"error_class":"server_error"}
{"ts":"2025-10-01T10:00:01Z","error_id":"e2","incident_id":"i1","service_name":"stock","root_service_name":"stock","error_group_id":"g2","signals":["log","span_event"],"root_cause":true,"root_evidence":"deepest_failing_span","n_records":3,"trace_id":"t1","user_id":"u1","recovered":false,"error_class":"transient"}
{"ts":"2025-10-01T10:00:02Z","error_id":"e3","incident_id":"i1","service_name":"web","root_service_name":"stock","error_group_id":"g2","signals":["event"],"root_cause":false,"root_evidence":"time_only","n_records":1,"session_id":"s1","user_id":"u2","duplicate_of":"e2"}
{"ts":"2025-10-01T11:00:00Z","error_id":"e4","incident_id":"i4","service_name":"cart","root_service_name":"cart","error_group_id":"g1","signals":["log"],"root_cause":true,"root_evidence":"earliest_error","n_records":1}"#,
        )
        .await;
        store
    }

    #[tokio::test]
    async fn a_failure_is_one_row_however_many_told_of_it() {
        let session = session(&failed().await).await;
        let sql = "SELECT incident_id, ts, ended_at, root_service_name, root_group_id, root_evidence, error_class, \
                   service_names, signals, n_records, n_errors, n_groups, handled, recovered, session_id, user_id, trace_id \
                   FROM error_incidents ORDER BY ts";
        assert_eq!(
            ask(&session, sql).await,
            [
                "i1|2025-10-01T10:00:00Z|2025-10-01T10:00:02Z|stock|g2|deepest_failing_span|transient|[cart, stock, web]|\
                 [event, log, span, span_event]|6|3|2|false|false|s1|u1|t1",
                "i4|2025-10-01T11:00:00Z|2025-10-01T11:00:00Z|cart|g1|earliest_error|NULL|[cart]|[log]|1|1|1|NULL|NULL|\
                 NULL|NULL|NULL",
            ]
        );
    }

    #[tokio::test]
    async fn services_are_told_how_often_they_say_one_thing_and_whose_failure_it_was() {
        let session = session(&failed().await).await;
        let sql = "SELECT service_name, n_records, n_errors, n_duplicates, n_incidents, n_alone, duplication_factor \
                   FROM duplication_factor ORDER BY 1";
        assert_eq!(
            ask(&session, sql).await,
            ["cart|3|2|0|2|1|1.5", "stock|3|1|0|1|0|3.0", "web|1|1|1|1|0|1.0"]
        );
        let sql = "SELECT service_name, n_errors, n_elsewhere, n_time_only, share_elsewhere, round(share_elsewhere_lo, 3), \
                   round(share_elsewhere_hi, 3), root_service_name FROM misattribution ORDER BY 1";
        // Wilson's interval with z = 1.959964, worked out by hand for 1 of 2, 0 of 1 and 1 of 1.
        assert_eq!(
            ask(&session, sql).await,
            [
                "cart|2|1|0|0.5|0.095|0.905|stock",
                "stock|1|0|0|0.0|0.0|0.793|NULL",
                "web|1|1|1|1.0|0.207|1.0|stock",
            ]
        );
        let sql = "SELECT service_a, service_b, n_shared, n_a, n_b, n_root_a, n_root_b, overlap FROM service_overlap ORDER BY 1, 2";
        assert_eq!(
            ask(&session, sql).await,
            ["cart|stock|1|2|1|0|1|0.5", "cart|web|1|2|1|0|0|0.5", "stock|web|1|1|1|1|0|1.0"]
        );
    }

    #[tokio::test]
    async fn severity_is_compared_with_the_text_and_with_what_came_of_it() {
        let store = empty_store().await;
        let mut errors = Vec::new();
        let mut error = |n: usize, group: &str, more: &str| {
            for second in 0..n {
                errors.push(format!(
                    r#"{{"ts":"2025-10-01T10:00:{second:02}Z","error_id":"{group}{}","error_group_id":"{group}","service_name":"pay","title":"{group} broke",{more}}}"#,
                    errors.len()
                ));
            }
        };
        error(6, "caught", r#""severity_number":17,"handled":true"#);
        error(3, "caught", r#""severity_number":17,"recovered":true,"error_class":"client_error""#);
        error(1, "caught", r#""severity_number":18,"handled":false"#);
        error(5, "real", r#""severity_number":17,"handled":true"#);
        error(1, "real", r#""severity_number":17"#);
        error(4, "rare", r#""severity_number":17,"handled":true"#);
        error(5, "low", r#""severity_number":13,"handled":true"#);
        let mut sessions = Vec::new();
        for (group, n_ended) in [("lost", 7), ("met", 3)] {
            for number in 0..10 {
                let id = format!("{group}{number}");
                let more = format!(
                    r#""severity_number":17,"handled":true,"session_id":"{id}","session_started_at":"2025-10-01T10:00:00Z""#
                );
                error(1, group, &more);
                let ended = number < n_ended;
                sessions.push(format!(
                    r#"{{"ts":"2025-10-01T10:00:00Z","session_id":"{id}","n_errors":1,"ended_with_error":{ended}}}"#
                ));
            }
        }
        put(&store, "errors", &errors.join("\n")).await;
        put(&store, "sessions", &sessions.join("\n")).await;
        let mut logs = Vec::new();
        let mut log = |n: usize, severity: u8, body: &str| {
            for second in 0..n {
                logs.push(format!(
                    r#"{{"ts":"2025-10-01T10:01:{second:02}Z","service_name":"mail","severity_number":{severity},"body":"{body} {second}"}}"#
                ));
            }
        };
        log(5, 9, "Sending failed for order");
        log(4, 9, "Printing failed for order");
        log(5, 17, "Storing failed for order");
        log(5, 9, "Sent without failures, order");
        log(5, 9, "Sent order");
        put(&store, "logs", &logs.join("\n")).await;
        let session = session(&store).await;
        let sql = "SELECT service_name, finding, text, error_group_id, severity_number, n_records, n_evidence, n_handled, \
                   n_recovered, n_refused, n_sessions, n_ended FROM severity_audit ORDER BY finding, text";
        assert_eq!(
            ask(&session, sql).await,
            [
                "pay|too_high|caught broke|caught|18|10|9|6|3|3|0|0",
                // Of those who met "lost", that was handled too, more went away at it.
                "pay|too_high|met broke|met|17|10|10|10|0|0|10|3",
                "mail|too_low|Sending failed for order <*>|NULL|9|5|5|NULL|NULL|NULL|NULL|NULL",
            ]
        );
    }
}
