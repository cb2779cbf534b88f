//! `expected_errors`: which error groups look like part of normal work, with the evidence and a rule to say so.
//!
//! A group is proposed where nothing shows that it hurts anybody, and either
//! - its effect on conversion is too small to matter: in each journey that has an estimate of it, the interval lies
//!   inside the margin on both sides, which is two one-sided tests of equivalence (Schuirmann 1987), each at half of what
//!   the session's confidence leaves, so that 0.95 asks more of it than the usual 0.90; or
//! - nine tenths of its occurrences, of five at least, were harmless in one way: caught by the program, followed by a
//!   success of the same operation, cancelled by whoever asked, or refusals of a request of which half succeeded later.
//!
//! Hurt is shown where the lower bound of a loss is above the margin, whatever else speaks for the group. The rule names
//! the group, and nothing changes before somebody puts it into `errors.toml`.

use std::sync::LazyLock;

use arrow::datatypes::SchemaRef;
use brunt_model::ColumnType;
use brunt_model::ColumnType::{BigInt, Double, Text, TextArray};
use datafusion::logical_expr::LogicalPlan;

use crate::code::Code;
use crate::computed::schema_of;
use crate::error::{Error, Fault};
use crate::relation::{Argument, ArgumentType, Arguments, PlanContext, TableFunction};

/// The table function.
#[derive(Debug)]
pub(crate) struct ExpectedErrors;

const NAME: &str = "expected_errors";

const ARGUMENTS: &[Argument] = &[Argument {
    name: "margin_pp",
    ty: ArgumentType::Double,
    default: Some("1.0"),
    doc: "Percentage points of conversion, above 0, below which a loss or gain does not matter.",
}];

/// Name, type, what it says.
const COLUMNS: [(&str, ColumnType, &str); 14] = [
    ("error_group_id", Text, "Error group."),
    ("title", Text, "Short type and message template of the group."),
    (
        "reasons",
        TextArray,
        "Why it is proposed: `no_effect handled recovered cancelled refused_then_ok`, one at least.",
    ),
    ("n_errors", BigInt, "Occurrences, without repeats."),
    ("share_of_errors", Double, "The same as a share of those of all groups, 0 to 1."),
    ("n_handled", BigInt, "Occurrences that the program caught."),
    ("n_recovered", BigInt, "Occurrences after which the same operation succeeded."),
    (
        "n_cancelled",
        BigInt,
        "Occurrences with HTTP status 499 or a type that speaks of cancelling or aborting.",
    ),
    ("n_refused", BigInt, "Occurrences with HTTP status 400, 401, 403, 404, 409, 422 or 429."),
    (
        "journey",
        Text,
        "Journey whose loss could be greatest; NULL where no journey has an estimate.",
    ),
    ("loss_pp", Double, "Loss of its conversion in percentage points; negative is a gain."),
    ("loss_pp_lo", Double, "Lower bound of loss_pp."),
    ("loss_pp_hi", Double, "Upper bound of loss_pp."),
    ("proposed_rule", Text, "What to add to errors.toml if you agree."),
];

impl TableFunction for ExpectedErrors {
    fn name(&self) -> &'static str {
        NAME
    }

    fn doc(&self) -> &'static str {
        "Error groups that look like part of normal work, with the evidence: one row a group that no rule calls expected yet."
    }

    fn example(&self) -> &'static str {
        "SELECT title, reasons, n_errors, loss_pp_lo, loss_pp_hi, proposed_rule FROM expected_errors(margin_pp => 0.5) ORDER BY n_errors DESC"
    }

    fn arguments(&self) -> &'static [Argument] {
        ARGUMENTS
    }

    fn schema(&self) -> SchemaRef {
        static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| schema_of(&COLUMNS));
        SchemaRef::clone(&SCHEMA)
    }

    fn plan(&self, arguments: &Arguments, context: &PlanContext<'_>) -> Result<LogicalPlan, Error> {
        let margin = arguments.double("margin_pp").unwrap_or(f64::NAN);
        if !(margin > 0.0 && margin.is_finite()) {
            let message = format!("argument \"margin_pp\" of \"{NAME}\" is not above 0");
            let fault = Fault::new(Code::InvalidArgument, message);
            return Err(fault.with_hint("Give percentage points, such as 0.5.").into());
        }
        context.sql(&SQL.replace("{margin}", &format!("CAST('{margin}' AS DOUBLE)")))
    }
}

const SQL: &str = r"
WITH occurrences AS (
    SELECT
        error_group_id,
        handled,
        recovered,
        http_response_status_code IN (400, 401, 403, 404, 409, 422, 429) AS refused,
        coalesce(http_response_status_code = 499, FALSE)
            OR regexp_like(concat_ws(' ', error_type, root_type, exception_type), 'cancel|abort', 'i') AS cancelled
    FROM errors
    WHERE error_group_id IS NOT NULL AND duplicate_of IS NULL AND expected IS NOT TRUE
),
counted AS (
    SELECT
        error_group_id,
        count(*) AS n_errors,
        count(*) FILTER (WHERE handled) AS n_handled,
        count(*) FILTER (WHERE recovered) AS n_recovered,
        count(*) FILTER (WHERE cancelled) AS n_cancelled,
        count(*) FILTER (WHERE refused) AS n_refused,
        count(*) FILTER (WHERE refused AND recovered) AS n_refused_then_ok
    FROM occurrences
    GROUP BY error_group_id
),
total AS (
    SELECT count(*) AS n_errors
    FROM errors
    WHERE error_group_id IS NOT NULL AND duplicate_of IS NULL
),
effect AS (
    SELECT
        error_group_id,
        first_value(journey ORDER BY loss_pp_hi DESC, journey) AS journey,
        first_value(loss_pp ORDER BY loss_pp_hi DESC, journey) AS loss_pp,
        first_value(loss_pp_lo ORDER BY loss_pp_hi DESC, journey) AS loss_pp_lo,
        max(loss_pp_hi) AS loss_pp_hi,
        bool_and(loss_pp_lo > -{margin} AND loss_pp_hi < {margin}) AS is_none,
        bool_or(loss_pp_lo > {margin}) AS is_harm
    FROM error_impact()
    WHERE loss_pp_lo IS NOT NULL AND loss_pp_hi IS NOT NULL
    GROUP BY error_group_id
),
proposed AS (
    SELECT
        c.*,
        e.journey,
        e.loss_pp,
        e.loss_pp_lo,
        e.loss_pp_hi,
        array_remove_all(make_array(
            CASE WHEN e.is_none THEN 'no_effect' ELSE '' END,
            CASE WHEN c.n_handled >= greatest(5, 0.9 * c.n_errors) THEN 'handled' ELSE '' END,
            CASE WHEN c.n_recovered >= greatest(5, 0.9 * c.n_errors) THEN 'recovered' ELSE '' END,
            CASE WHEN c.n_cancelled >= greatest(5, 0.9 * c.n_errors) THEN 'cancelled' ELSE '' END,
            CASE
                WHEN c.n_refused >= greatest(5, 0.9 * c.n_errors) AND 2 * c.n_refused_then_ok >= c.n_refused
                THEN 'refused_then_ok'
                ELSE ''
            END
        ), '') AS reasons
    FROM counted c
    LEFT JOIN effect e ON e.error_group_id = c.error_group_id
    WHERE e.is_harm IS NOT TRUE
)
SELECT
    p.error_group_id,
    g.title,
    p.reasons,
    p.n_errors,
    p.n_errors / CAST(t.n_errors AS DOUBLE) AS share_of_errors,
    p.n_handled,
    p.n_recovered,
    p.n_cancelled,
    p.n_refused,
    p.journey,
    p.loss_pp,
    p.loss_pp_lo,
    p.loss_pp_hi,
    concat('[[expected]]', chr(10), 'id = ', chr(34), p.error_group_id, chr(34)) AS proposed_rule
FROM proposed p
CROSS JOIN total t
LEFT JOIN error_groups g ON g.error_group_id = p.error_group_id
WHERE array_length(p.reasons) > 0";

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use crate::code::Code;
    use crate::fixture::{ask, empty_store, fails, put, session};

    /// Ten errors a group, the first so many of which are as the JSON says.
    fn errors(groups: &[(&str, usize, &str)]) -> String {
        let mut lines = String::new();
        for (group, n_such, such) in groups {
            for n in 0..10 {
                let more = if n < *n_such { *such } else { "\"handled\":false" };
                writeln!(
                    lines,
                    r#"{{"ts":"2025-10-01T10:{n:02}:00Z","error_id":"{group}{n}","error_group_id":"{group}","title":"{group} broke",{more}}}"#
                )
                .unwrap();
            }
        }
        lines
    }

    #[tokio::test]
    async fn what_is_harmless_nine_times_in_ten_is_proposed_with_its_rule() {
        let store = empty_store().await;
        let refused = "\"http_response_status_code\":404";
        let refused_then_ok = "\"http_response_status_code\":404,\"recovered\":true";
        let groups = [
            ("caught", 9, "\"handled\":true"),
            ("often", 8, "\"handled\":true"),
            ("again", 10, "\"recovered\":true,\"handled\":false"),
            ("left", 10, "\"root_type\":\"java.util.concurrent.CancellationException\""),
            ("closed", 9, "\"http_response_status_code\":499"),
            ("missing", 10, refused),
            ("known", 10, "\"handled\":true,\"expected\":true"),
            ("twice", 10, "\"handled\":true,\"duplicate_of\":\"caught0\""),
        ];
        let mut lines = errors(&groups);
        lines.push_str(&errors(&[("typed", 10, refused_then_ok)]).replacen("true", "false", 5));
        put(&store, "errors", &lines).await;
        let session = session(&store).await;
        let sql = "SELECT error_group_id, title, reasons, n_errors, n_handled, n_recovered, n_cancelled, n_refused, journey FROM expected_errors() ORDER BY 1";
        assert_eq!(
            ask(&session, sql).await,
            [
                "again|again broke|[recovered]|10|0|10|0|0|NULL",
                "caught|caught broke|[handled]|10|9|0|0|0|NULL",
                "closed|closed broke|[cancelled]|10|0|0|9|0|NULL",
                "left|left broke|[cancelled]|10|0|0|10|0|NULL",
                "typed|typed broke|[refused_then_ok]|10|0|5|0|10|NULL",
            ]
        );
        let rule = "SELECT proposed_rule, share_of_errors FROM expected_errors(margin_pp => 0.2) WHERE error_group_id = 'left'";
        assert_eq!(ask(&session, rule).await, ["[[expected]]\nid = \"left\"|0.125"]);
    }

    #[tokio::test]
    async fn a_margin_is_above_nothing() {
        let session = session(&empty_store().await).await;
        for margin in ["0", "-1", "'NaN'", "NULL"] {
            let sql = format!("SELECT * FROM expected_errors({margin})");
            assert_eq!(fails(&session, &sql).await.code(), Code::InvalidArgument, "{margin}");
        }
    }
}
