//! The functions that SQL has beside the engine's own: one registry, by name.

mod clopper_pearson;
mod cohort_diff;
mod error_frames;
mod error_group_aliases;
mod error_group_id;
mod error_info;
mod error_template;
mod newcombe;
mod wilson;
mod window_funnel;

use std::sync::Arc;

use datafusion::error::Result;
use datafusion::execution::FunctionRegistry;
use datafusion::logical_expr::{AggregateUDF, DocSection, Documentation, ScalarUDF};

/// What the reference says of a function.
#[derive(Debug)]
pub(crate) struct Document {
    pub(crate) name: &'static str,
    /// Each with its type; optional ones in brackets.
    pub(crate) arguments: &'static str,
    pub(crate) returns: &'static str,
    pub(crate) description: &'static str,
    /// A statement that runs on any store.
    pub(crate) example: &'static str,
}

impl Document {
    /// The same for the engine's own catalog.
    pub(crate) fn build(&self) -> Documentation {
        let syntax = format!("{}({})", self.name, self.arguments);
        Documentation::builder(DocSection::default(), self.description, syntax)
            .with_sql_example(self.example)
            .build()
    }
}

/// Registers every scalar and aggregate function, and JSON's `->` and `->>`.
pub(crate) fn register_all(registry: &mut dyn FunctionRegistry) -> Result<()> {
    datafusion_functions_json::register_all(registry)?;
    for function in scalars() {
        registry.register_udf(Arc::new(function))?;
    }
    for function in aggregates() {
        registry.register_udaf(Arc::new(function))?;
    }
    Ok(())
}

/// What the reference says of each of them.
pub(crate) fn documents() -> [&'static Document; 11] {
    [
        &clopper_pearson::DOCUMENT,
        &cohort_diff::DOCUMENT,
        &error_frames::DOCUMENT,
        &error_group_aliases::CURRENT,
        &error_group_aliases::SPLIT_FROM,
        &error_group_id::DOCUMENT,
        &error_info::DOCUMENT,
        &error_template::DOCUMENT,
        &newcombe::DOCUMENT,
        &wilson::DOCUMENT,
        &window_funnel::DOCUMENT,
    ]
}

fn scalars() -> [ScalarUDF; 9] {
    [
        clopper_pearson::clopper_pearson(),
        ScalarUDF::new_from_impl(error_frames::ErrorFrames::new()),
        ScalarUDF::new_from_impl(error_group_aliases::OfGroup::current()),
        ScalarUDF::new_from_impl(error_group_aliases::OfGroup::split_from()),
        ScalarUDF::new_from_impl(error_group_id::ErrorGroupId::new()),
        ScalarUDF::new_from_impl(error_info::ErrorInfoOf::new()),
        ScalarUDF::new_from_impl(error_template::ErrorTemplate::new()),
        ScalarUDF::new_from_impl(newcombe::Newcombe::new()),
        wilson::wilson(),
    ]
}

fn aggregates() -> [AggregateUDF; 2] {
    [
        AggregateUDF::new_from_impl(cohort_diff::CohortDiff::new()),
        AggregateUDF::new_from_impl(window_funnel::WindowFunnel::new()),
    ]
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use super::*;
    use crate::code::Code;
    use crate::fixture::{ask, empty_store, fails, put, session};

    #[tokio::test]
    async fn shares_come_with_their_intervals() {
        let session = session(&empty_store().await).await;
        // statsmodels 0.15.0: proportion_confint(3, 17, alpha=.1, method="wilson")
        assert_eq!(
            ask(&session, "SELECT round(w.lo, 6), round(w.hi, 6), round(w.estimate, 6) FROM (SELECT wilson(3, 17, 0.9) AS w)").await,
            ["0.072814|0.368967|0.176471"]
        );
        // statsmodels 0.15.0: confint_proportions_2indep(56, 70, 48, 80, method="newcomb", compare="diff", alpha=.05)
        assert_eq!(
            ask(&session, "SELECT round(d.lo, 6), round(d.hi, 6), round(d.estimate, 6) FROM (SELECT newcombe(56, 70, 48, 80) AS d)").await,
            ["0.052431|0.333873|0.2"]
        );
        assert_eq!(ask(&session, "SELECT round((wilson(3, 17)).hi, 4)").await, ["0.4103"]);
    }

    #[tokio::test]
    async fn the_session_sets_the_confidence_where_a_call_does_not() {
        let session = session(&empty_store().await).await;
        ask(&session, "SET brunt.confidence = 0.9").await;
        assert_eq!(ask(&session, "SELECT wilson(3, 17) = wilson(3, 17, 0.9), wilson(n, 17) = wilson(n, 17, 0.95) FROM (VALUES (3)) t (n)").await, ["true|false"]);
        let err = fails(&session, "SELECT wilson(3, 17, 95)").await;
        assert_eq!(
            (err.code(), err.to_string().as_str()),
            (Code::InvalidArgument, "confidence 95 is not between 0 and 1")
        );
    }

    #[tokio::test]
    async fn what_cannot_be_estimated_is_null() {
        let session = session(&empty_store().await).await;
        for call in [
            "wilson(0, 0)",
            "wilson(NULL, 5)",
            "wilson(1, 5, NULL)",
            "wilson(-1, 5)",
            "wilson(11, 10)",
            "clopper_pearson(11, 10)",
            "newcombe(11, 10, 1, 10)",
            "newcombe(1, 2, 0, 0)",
        ] {
            assert_eq!(ask(&session, &format!("SELECT {call} IS NULL")).await, ["true"], "{call}");
        }
    }

    #[tokio::test]
    async fn errors_are_grouped_and_masked_as_when_they_are_derived() {
        let session = session(&empty_store().await).await;
        let template = brunt_fingerprint::template("card 4711 declined");
        assert_eq!(
            ask(&session, "SELECT error_template('card 4711 declined'), error_template(NULL)")
                .await,
            [format!("{template}|NULL")]
        );
        let occurrence = brunt_fingerprint::Occurrence {
            exception_type: Some("TimeoutError"),
            message: Some("timed out after 30 s"),
            service: Some("payment"),
            ..brunt_fingerprint::Occurrence::default()
        };
        let group = brunt_fingerprint::group_id(&occurrence, &brunt_fingerprint::Rules::default());
        let calls = "error_group_id('TimeoutError', 'timed out after 30 s', NULL, 'payment')";
        assert_eq!(
            ask(&session, &format!("SELECT {calls}, error_group_id(NULL, NULL, NULL)")).await,
            [format!("{group}|NULL")]
        );
    }

    #[tokio::test]
    async fn cohorts_are_compared_within_strata() {
        let store = empty_store().await;
        // Inside each stratum the affected have 1 less; the naive difference has the other sign.
        let mut lines = String::new();
        for n in 0..40 {
            let (stratum, affected) = (n % 2, n % 4 == 0 || n % 8 == 1);
            let outcome = 10 * (1 - stratum) + i32::from(!affected) + n % 3;
            writeln!(
                lines,
                r#"{{"ts":"2025-10-0{}T10:00:00Z","session_id":"s{n}","device_type":"d{stratum}","user_id":"u{}","n_errors":{},"n_logs":{outcome}}}"#,
                n % 5 + 1,
                n / 3,
                i32::from(affected),
            )
            .unwrap();
        }
        put(&store, "sessions", &lines).await;
        let session = session(&store).await;
        let call = "cohort_diff(n_errors > 0, n_logs, device_type, user_id)";
        let mut sums = brunt_stats::CohortDiff::default();
        for n in 0..40_i32 {
            let (stratum, affected) = (n % 2, n % 4 == 0 || n % 8 == 1);
            let outcome = 10 * (1 - stratum) + i32::from(!affected) + n % 3;
            sums.push(
                affected,
                f64::from(outcome),
                u64::from(stratum.unsigned_abs()),
                Some(u64::from((n / 3).unsigned_abs())),
            );
        }
        let want = sums.finish(0.95);
        let rows = ask(&session, &format!("SELECT d.estimate, d.lo, d.hi, d.p_value, d.n_affected, d.n_unaffected, d.overlap_share, d.confidence FROM (SELECT {call} AS d FROM sessions)")).await;
        let got: Vec<f64> = rows[0].split('|').map(|value| value.parse().unwrap()).collect();
        let interval = want.interval.unwrap();
        let want = [
            want.estimate.unwrap(),
            interval.lo,
            interval.hi,
            want.p_value.unwrap(),
            want.n_affected as f64,
            want.n_unaffected as f64,
            want.overlap_share.unwrap(),
            0.95,
        ];
        for (got, want) in got.iter().zip(want) {
            assert!((got - want).abs() <= 1e-9 * want.abs().max(1.0), "{got} {want}");
        }
        // Groups, a Boolean outcome, and no strata.
        let by_day = ask(&session, "SELECT day, (cohort_diff(n_errors > 0, n_logs > 5)).n_affected FROM sessions GROUP BY day ORDER BY day").await;
        assert_eq!(by_day.len(), 5);
        assert_eq!(
            ask(&session, "SELECT (cohort_diff(true, 1.0)).estimate IS NULL").await,
            ["true"]
        );
        assert_eq!(
            fails(&session, "SELECT cohort_diff(1, 'x')").await.code(),
            Code::UndefinedFunction
        );
    }

    #[tokio::test]
    async fn funnels_count_how_far_each_group_got() {
        let store = empty_store().await;
        let mut lines = String::new();
        for (session, kind, minute) in [
            ("s1", "view", 0),
            ("s1", "cart", 1),
            ("s1", "buy", 2),
            ("s2", "view", 0),
            ("s2", "buy", 1),
            ("s2", "cart", 50),
            ("s3", "cart", 0),
        ] {
            writeln!(
                lines,
                r#"{{"ts":"2025-10-01T10:{minute:02}:00Z","session_id":"{session}","op":"{kind}"}}"#
            )
            .unwrap();
        }
        put(&store, "activities", &lines).await;
        let session = session(&store).await;
        let sql = |window: &str, modes: &str| {
            format!(
                "SELECT session_id, window_funnel({window}, ts, op = 'view', op = 'cart', op = 'buy'{modes}) FROM activities GROUP BY session_id ORDER BY session_id"
            )
        };
        assert_eq!(ask(&session, &sql("INTERVAL '1 hour'", "")).await, ["s1|3", "s2|2", "s3|0"]);
        assert_eq!(
            ask(&session, &sql("INTERVAL '90 seconds'", "")).await,
            ["s1|2", "s2|1", "s3|0"]
        );
        assert_eq!(ask(&session, &sql("90", "")).await, ["s1|2", "s2|1", "s3|0"]);
        assert_eq!(
            ask(&session, &sql("'1 hour'", ", 'strict_order', 'strict_increase'")).await,
            ["s1|3", "s2|1", "s3|0"]
        );
        let err = fails(&session, &sql("90", ", 'strict_ordre'")).await;
        assert_eq!(err.hint().as_deref(), Some("Did you mean \"strict_order\"?"), "{err}");
        assert_eq!(
            fails(&session, &sql("INTERVAL '1 month'", "")).await.code(),
            Code::InvalidArgument
        );
        assert_eq!(
            fails(&session, "SELECT window_funnel(1, ts) FROM activities").await.code(),
            Code::UndefinedFunction
        );
    }

    #[tokio::test]
    async fn examples_of_the_reference_run() {
        let session = session(&empty_store().await).await;
        for document in documents() {
            ask(&session, document.example).await;
        }
    }
}
