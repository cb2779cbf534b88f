//! `error_excess`: which error groups a period has more of than it would have, had nothing happened.
//!
//! Errors occur without a fault, and a fault in one service makes others complain. So only the failures count that began
//! with a group (`root_cause`), and they are compared with what the baseline leads to expect.
//!
//! With `n` failures in `t` of the period and `m` in `u` of the baseline, both counts Poisson, `n` given `n + m` is
//! binomial with share `p = r t / (r t + u)`, where `r` is the ratio of the rates (Przyborowski and Wilenski 1940; Gu, Ng,
//! Tang and Schucany 2008, who compare tests of it). The exact interval of `p` gives that of `r`, and the excess is
//! `n - m t / u = n (1 - 1 / r)`, the attributable part of `n` (Miettinen 1974), so that its bounds follow from those of
//! `r`. Exact, since a ranking by the lower bound would put groups first that occurred once, were it too high for them.
//!
//! `t` and `u` count only minutes in which the store has logs, spans or events, so that a gap in the exports is no
//! calm. A store of nothing but errors cannot show that it was watched while nothing failed: there all the time between the
//! first and the last of them counts.
//!
//! A rate is one of time, not of requests: where traffic grows, errors that come with it have an excess as well, and a
//! baseline of like traffic (the same hours of the week before) takes it away.
//!
//! Occurrences that stand for several (`sample_weight`) count as many. A sum of weights varies like one weight of the size
//! `sum(w^2) / sum(w)` for each of `sum(w)^2 / sum(w^2)` occurrences (Fay and Feuer 1997, of weighted sums of Poisson
//! counts), so the interval is that of so many occurrences, rounded. Of equal weights it is exact as without any.
//! Of unequal ones it is an approximation, and a little narrow where few occurrences have great weights.

use std::sync::LazyLock;

use arrow::datatypes::{IntervalMonthDayNano, SchemaRef};
use brunt_model::ColumnType;
use brunt_model::ColumnType::{BigInt, Double, Text, TextArray};
use datafusion::logical_expr::LogicalPlan;

use crate::code::Code;
use crate::computed::schema_of;
use crate::error::{Error, Fault};
use crate::relation::{
    Argument, ArgumentType, Arguments, PlanContext, Since, TableFunction, moment,
};

/// The table function.
#[derive(Debug)]
pub(crate) struct ErrorExcess;

const NAME: &str = "error_excess";

const ARGUMENTS: &[Argument] = &[
    Argument {
        name: "since",
        ty: ArgumentType::Moment,
        default: None,
        doc: "The first time of the period, or a span back from its end, such as '1 hour'.",
    },
    Argument {
        name: "until",
        ty: ArgumentType::Timestamp,
        default: Some("NULL"),
        doc: "The time at which the period is over; the end of the minute of the newest row of logs, spans and events where none is given.",
    },
    Argument {
        name: "baseline",
        ty: ArgumentType::Text,
        default: Some("NULL"),
        doc: "Periods to compare with, such as '2025-10-01T08:00:00/2025-10-01T09:00:00', with commas between several; everything before \"since\" where none is given. What they share with the period is left out.",
    },
];

/// Name, type, what it says.
const COLUMNS: [(&str, ColumnType, &str); 15] = [
    ("rank", BigInt, "Place by excess_lo, from 1."),
    ("error_group_id", Text, "Error group."),
    ("title", Text, "Short type and message template of the group."),
    ("service_name", Text, "Service that recorded the group's errors."),
    (
        "root_service_name",
        Text,
        "Service that most failures which began with them began in; NULL where none did.",
    ),
    (
        "n_errors",
        BigInt,
        "Occurrences in the period, each as many as it stands for (sample_weight).",
    ),
    ("n_incidents", BigInt, "Incidents of the period that began with one of them, by weight too."),
    ("n_incidents_baseline", BigInt, "Incidents of the baseline that did, by weight too."),
    ("expected", Double, "Incidents that the period would have at the baseline's rate."),
    ("excess", Double, "n_incidents less expected."),
    (
        "excess_lo",
        Double,
        "Lower bound of excess, at the session's confidence; NULL where n_incidents is 0.",
    ),
    ("excess_hi", Double, "Upper bound of excess; NULL where n_incidents is 0."),
    ("rate_ratio", Double, "Rate in the period by rate in the baseline; NULL where that is 0."),
    ("baseline_ns", BigInt, "Time that the baseline has data of, in nanoseconds."),
    (
        "warnings",
        TextArray,
        "no_baseline where the baseline has no data: nothing is expected then.",
    ),
];

impl TableFunction for ErrorExcess {
    fn name(&self) -> &'static str {
        NAME
    }

    fn doc(&self) -> &'static str {
        "Error groups of a period by how many more failures began with them than the baseline leads to expect: one row a group and service."
    }

    fn example(&self) -> &'static str {
        "SELECT rank, service_name, title, n_incidents, expected, excess_lo FROM error_excess(since => '1 hour') ORDER BY rank"
    }

    fn arguments(&self) -> &'static [Argument] {
        ARGUMENTS
    }

    fn schema(&self) -> SchemaRef {
        static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| schema_of(&COLUMNS));
        SchemaRef::clone(&SCHEMA)
    }

    fn plan(&self, arguments: &Arguments, context: &PlanContext<'_>) -> Result<LogicalPlan, Error> {
        context.sql(&query(arguments)?)
    }
}

/// The period and the baseline as SQL, in microseconds.
fn query(arguments: &Arguments) -> Result<String, Fault> {
    let until = arguments.timestamp("until");
    let since = arguments.text("since").unwrap_or_default();
    let begin = Since::parse(NAME, since)?;
    let is_backward = match begin {
        Since::At(from) => until.is_some_and(|until| from >= until),
        Since::Back(span) => !is_positive(span),
        Since::Ever => false,
    };
    if is_backward {
        return Err(Fault::new(Code::InvalidArgument, "the period ends before it begins")
            .with_hint("Give a \"since\" before \"until\"."));
    }
    let begins = match begin {
        Since::At(from) => from.0.to_string(),
        Since::Back(_) | Since::Ever => {
            let span = since.replace('\'', "''");
            format!("CAST(ends - CAST('{span}' AS INTERVAL) AS BIGINT)")
        }
    };
    let ends = match until {
        Some(until) => format!("arrow_cast({}, 'Timestamp(Microsecond, Some(\"UTC\"))')", until.0),
        // A minute counts whole: of a part of one a rate would be as if all of it had come at once.
        None => {
            "(SELECT date_trunc('minute', max(ts)) + INTERVAL '1 minute' FROM telemetry)".to_owned()
        }
    };
    let baseline = match arguments.text("baseline") {
        Some(text) => parse_baseline(text)?
            .iter()
            .map(|(from, until)| format!("({from}, {until})"))
            .collect::<Vec<_>>()
            .join(", "),
        // Rows of the first day of all have no usable time.
        None => format!("({}, {})", 86_400_000_000_i64, i64::MAX),
    };
    let only_before = arguments.text("baseline").is_none();
    Ok(SQL
        .replace("{ends}", &ends)
        .replace("{begins}", &begins)
        .replace("{baseline}", &baseline)
        .replace("{only_before}", if only_before { "TRUE" } else { "FALSE" }))
}

/// Whether a span leads forward; of months as long as they are on average.
fn is_positive(span: IntervalMonthDayNano) -> bool {
    const DAY_NS: i128 = 86_400_000_000_000;
    let days = i128::from(span.months) * 30 + i128::from(span.days);
    days * DAY_NS + i128::from(span.nanoseconds) > 0
}

/// Periods in microseconds, in order; those that meet are one.
fn parse_baseline(text: &str) -> Result<Vec<(i64, i64)>, Fault> {
    let wrong = || {
        Fault::new(
            Code::InvalidArgument,
            format!("argument \"baseline\" of \"{NAME}\" is not '{text}'"),
        )
        .with_hint(
            "Give two times with a slash between, the earlier first, such as '2025-10-01T08:00:00/2025-10-01T09:00:00', and commas between several such periods.",
        )
    };
    let mut periods = Vec::new();
    for part in text.split(',') {
        let (from, until) = part.split_once('/').ok_or_else(wrong)?;
        let (from, until) = (moment(from).ok_or_else(wrong)?, moment(until).ok_or_else(wrong)?);
        if from >= until {
            return Err(wrong());
        }
        periods.push((from.0, until.0));
    }
    periods.sort_unstable();
    let mut merged: Vec<(i64, i64)> = Vec::with_capacity(periods.len());
    for (from, until) in periods {
        match merged.last_mut() {
            Some(last) if from <= last.1 => last.1 = last.1.max(until),
            _ => merged.push((from, until)),
        }
    }
    Ok(merged)
}

const SQL: &str = r"
WITH telemetry AS (
    SELECT ts FROM logs WHERE day > DATE '1970-01-01'
    UNION ALL
    SELECT ts FROM spans WHERE day > DATE '1970-01-01'
    UNION ALL
    SELECT ts FROM events WHERE day > DATE '1970-01-01'
),
period AS (
    SELECT {begins} AS from_us, CAST(ends AS BIGINT) AS until_us
    FROM (SELECT {ends} AS ends) AS e
),
periods AS (
    SELECT TRUE AS inside, from_us, until_us FROM period
    UNION ALL
    SELECT FALSE, b.from_us, least(b.until_us, p.from_us)
    FROM period p CROSS JOIN (VALUES {baseline}) AS b (from_us, until_us)
    UNION ALL
    SELECT FALSE, greatest(b.from_us, p.until_us), b.until_us
    FROM period p CROSS JOIN (VALUES {baseline}) AS b (from_us, until_us)
    WHERE NOT {only_before}
),
well AS (
    SELECT count(*) > 0 AS is_there
    FROM (
        (SELECT 1 AS one FROM spans WHERE day > DATE '1970-01-01' LIMIT 1)
        UNION ALL
        (SELECT 1 FROM logs WHERE day > DATE '1970-01-01' AND exception_type IS NULL AND coalesce(severity_number, 0) < 17 LIMIT 1)
        UNION ALL
        (SELECT 1 FROM events WHERE day > DATE '1970-01-01' AND event_kind IS DISTINCT FROM 'error' LIMIT 1)
    ) AS one_each
),
minutes AS (
    SELECT DISTINCT CAST(ts AS BIGINT) / 60000000 * 60000000 AS from_us FROM telemetry
),
watched AS (
    SELECT m.from_us, m.from_us + 60000000 AS until_us FROM minutes m CROSS JOIN well w WHERE w.is_there
    UNION ALL
    SELECT m.from_us, m.until_us
    FROM (SELECT min(from_us) AS from_us, max(from_us) + 60000000 AS until_us FROM minutes) AS m CROSS JOIN well w
    WHERE NOT w.is_there
),
seen AS (
    SELECT
        CAST(sum(least(m.until_us, p.until_us) - greatest(m.from_us, p.from_us)) FILTER (WHERE p.inside) AS DOUBLE) AS t,
        CAST(sum(least(m.until_us, p.until_us) - greatest(m.from_us, p.from_us)) FILTER (WHERE NOT p.inside) AS DOUBLE) AS u
    FROM watched m
    JOIN periods p ON m.until_us > p.from_us AND m.from_us < p.until_us AND p.from_us < p.until_us
),
weighed AS (
    SELECT error_group_id, service_name, root_service_name, ts, root_cause, coalesce(sample_weight, 1.0) AS w
    FROM errors
    WHERE error_group_id IS NOT NULL
),
met AS (
    SELECT
        e.error_group_id,
        e.service_name,
        e.root_service_name,
        sum(e.w) FILTER (WHERE p.inside) AS n_errors,
        coalesce(sum(e.w) FILTER (WHERE p.inside AND e.root_cause), 0) AS n,
        coalesce(sum(e.w * e.w) FILTER (WHERE p.inside AND e.root_cause), 0) AS n_squares,
        coalesce(sum(e.w) FILTER (WHERE NOT p.inside AND e.root_cause), 0) AS m,
        coalesce(sum(e.w * e.w) FILTER (WHERE NOT p.inside AND e.root_cause), 0) AS m_squares
    FROM weighed e
    JOIN periods p ON CAST(e.ts AS BIGINT) >= p.from_us AND CAST(e.ts AS BIGINT) < p.until_us
    GROUP BY e.error_group_id, e.service_name, e.root_service_name
),
counted AS (
    SELECT
        error_group_id,
        service_name,
        first_value(root_service_name ORDER BY n DESC, root_service_name) FILTER (WHERE n > 0) AS root_service_name,
        sum(n_errors) AS n_errors,
        sum(n) AS n,
        sum(m) AS m,
        CAST(round(sum(n) * sum(n) / nullif(sum(n_squares), 0)) AS BIGINT) AS n_alike,
        CAST(round(coalesce(sum(m) * sum(m) / nullif(sum(m_squares), 0), 0)) AS BIGINT) AS m_alike
    FROM met
    GROUP BY error_group_id, service_name
    HAVING sum(n_errors) > 0
),
compared AS (
    SELECT
        c.*,
        s.u,
        s.t / s.u AS share,
        clopper_pearson(c.n_alike, c.n_alike + c.m_alike) AS p,
        -- A weight of the baseline over one of the period.
        CASE WHEN c.m > 0 THEN c.m / c.m_alike / (c.n / c.n_alike) ELSE 1 END AS weight_ratio
    FROM counted c CROSS JOIN seen s
),
bounded AS (
    SELECT
        *,
        n - m * share AS excess,
        n - n * (1 - get_field(p, 'lo')) / get_field(p, 'lo') * weight_ratio * share AS excess_lo,
        n - n * (1 - get_field(p, 'hi')) / get_field(p, 'hi') * weight_ratio * share AS excess_hi
    FROM compared
)
SELECT
    row_number() OVER (
        ORDER BY b.excess_lo DESC NULLS LAST, b.n DESC, b.n_errors DESC, b.error_group_id, b.service_name
    ) AS rank,
    b.error_group_id,
    g.title,
    b.service_name,
    b.root_service_name,
    CAST(round(b.n_errors) AS BIGINT) AS n_errors,
    CAST(round(b.n) AS BIGINT) AS n_incidents,
    CAST(round(b.m) AS BIGINT) AS n_incidents_baseline,
    b.m * b.share AS expected,
    b.excess,
    b.excess_lo,
    b.excess_hi,
    CASE WHEN b.m > 0 THEN b.n / (b.m * b.share) END AS rate_ratio,
    CAST(coalesce(b.u, 0) * 1000 AS BIGINT) AS baseline_ns,
    CASE WHEN b.u IS NULL THEN make_array('no_baseline') END AS warnings
FROM bounded b
LEFT JOIN error_groups g ON g.error_group_id = b.error_group_id
";

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use super::*;
    use crate::fixture::{ask, empty_store, fails, put, session};

    /// A store that is seen in minutes 0 to 9 and 20 to 24 of an hour, and errors: minute, group, service, service that
    /// the incident began in.
    async fn store(errors: &[(u32, &str, &str, &str)]) -> brunt_store::Store {
        store_by_weight(errors, &vec![1; errors.len()]).await
    }

    async fn store_by_weight(
        errors: &[(u32, &str, &str, &str)],
        weights: &[u32],
    ) -> brunt_store::Store {
        let store = empty_store().await;
        let mut lines = String::new();
        for minute in (0..10).chain(20..25) {
            writeln!(lines, r#"{{"ts":"2025-10-01T10:{minute:02}:30Z","body":"work"}}"#).unwrap();
        }
        put(&store, "logs", &lines).await;
        let mut lines = String::new();
        for (n, ((minute, group, service, root), weight)) in errors.iter().zip(weights).enumerate()
        {
            writeln!(
                lines,
                r#"{{"ts":"2025-10-01T10:{minute:02}:00Z","error_id":"e{n:03}","incident_id":"i{n:03}","error_group_id":"{group}","title":"{group} broke","service_name":"{service}","root_service_name":"{root}","root_cause":{},"sample_weight":{weight}}}"#,
                service == root
            )
            .unwrap();
        }
        put(&store, "errors", &lines).await;
        store
    }

    const FIGURES: &str = "rank, error_group_id, service_name, root_service_name, n_errors, n_incidents, n_incidents_baseline, expected, excess";

    #[tokio::test]
    async fn what_is_always_there_and_what_began_elsewhere_come_after_what_is_new() {
        let mut errors = vec![(24, "new", "stock", "stock"); 4];
        errors.extend([(24, "chatty", "mail", "mail"); 9]);
        errors.extend((0..10).flat_map(|minute| [(minute, "chatty", "mail", "mail"); 2]));
        errors.extend([(24, "upstream", "front", "stock"); 12]);
        let session = session(&store(&errors).await).await;
        let sql = format!(
            "SELECT {FIGURES}, title FROM error_excess(since => '2025-10-01T10:20:00', until => '2025-10-01T10:25:00') ORDER BY rank"
        );
        // The baseline is ten minutes with data, not twenty.
        assert_eq!(
            ask(&session, &sql).await,
            [
                "1|new|stock|stock|4|4|0|0.0|4.0|new broke",
                "2|chatty|mail|mail|9|9|20|10.0|-1.0|chatty broke",
                "3|upstream|front|NULL|12|0|0|0.0|0.0|upstream broke",
            ]
        );
        let newest =
            "SELECT rank, n_incidents, expected FROM error_excess('5 minutes') ORDER BY rank";
        assert_eq!(ask(&session, newest).await[0], "1|4|0.0");
    }

    #[tokio::test]
    async fn errors_alone_are_watched_from_the_first_to_the_last() {
        let store = empty_store().await;
        let mut lines = String::new();
        for minute in [0, 20, 24] {
            let ts = format!("2025-10-01T10:{minute:02}:30Z");
            writeln!(lines, r#"{{"ts":"{ts}","severity_number":17,"body":"broken"}}"#).unwrap();
        }
        put(&store, "logs", &lines).await;
        let lines =
            lines.replace("\"severity_number\":17", r#""error_group_id":"g","root_cause":true"#);
        put(&store, "errors", &lines).await;
        let session = session(&store).await;
        let sql = "SELECT n_incidents, n_incidents_baseline, expected, baseline_ns FROM \
                   error_excess('2025-10-01T10:20:00', '2025-10-01T10:25:00')";
        assert_eq!(ask(&session, sql).await, ["2|1|0.25|1200000000000"]);
        // A log that is no error shows that somebody watched, in its minute.
        put(&store, "logs", r#"{"ts":"2025-10-01T10:10:00Z","severity_number":9,"body":"work"}"#)
            .await;
        let session = crate::fixture::session(&store).await;
        assert_eq!(ask(&session, sql).await, ["2|1|1.0|120000000000"]);
    }

    #[tokio::test]
    async fn bounds_are_those_of_the_conditional_binomial() {
        let mut errors = vec![(20, "g", "s", "s"); 8];
        errors.extend([(0, "g", "s", "s"); 4]);
        let session = session(&store(&errors).await).await;
        let sql = "SELECT rate_ratio, round(excess_lo, 4), round(excess_hi, 4), baseline_ns FROM \
                   error_excess('2025-10-01T10:20:00', '2025-10-01T10:25:00')";
        // scipy 1.17.1: binomtest(8, 12).proportion_ci(.95, "exact") is .348876 to .900754; at r = 2 p / (1 - p) the
        // excess is 8 - 8 / r.
        assert_eq!(ask(&session, sql).await, ["4.0|0.5346|7.5593|600000000000"]);
    }

    #[tokio::test]
    async fn what_stands_for_several_counts_as_many() {
        let errors = [vec![(20, "g", "s", "s"); 8], vec![(0, "g", "s", "s"); 4]].concat();
        let figures = async |weights: &[u32]| {
            let session = session(&store_by_weight(&errors, weights).await).await;
            let sql = "SELECT n_errors, n_incidents, n_incidents_baseline, rate_ratio, round(excess, 4), \
                       round(excess_lo, 4), round(excess_hi, 4) FROM \
                       error_excess('2025-10-01T10:20:00', '2025-10-01T10:25:00')";
            ask(&session, sql).await.remove(0)
        };
        assert_eq!(figures(&[10; 12]).await, "80|80|40|4.0|60.0|5.3459|75.5928");
        // Half of the period's stand for ten, so that it is as uncertain as 5 of 44/5: scipy 1.17.1,
        // binomtest(5, 9).proportion_ci(.95, "exact") is .212009 to .863004, and the excess 44 - 44 (1 - p) / p * 5 / 44 / 2.
        let mixed = [1, 1, 1, 1, 10, 10, 10, 10, 1, 1, 1, 1];
        assert_eq!(figures(&mixed).await, "44|44|4|22.0|42.0|34.708|43.6031");
    }

    #[tokio::test]
    async fn what_comes_at_a_steady_rate_is_no_excess_of_the_newest_minutes() {
        let store = empty_store().await;
        // One error every eleven minutes, and nothing else.
        let lines = |fields: &str| -> String {
            let times = (0..60).map(|n| n * 11).map(|minute| (minute / 60, minute % 60));
            times
                .map(|(hour, minute)| {
                    format!(
                        "{{\"ts\":\"2025-10-01T{hour:02}:{minute:02}:00Z\",{}}}\n",
                        fields.replace('N', &(hour * 60 + minute).to_string())
                    )
                })
                .collect()
        };
        put(&store, "logs", &lines(r#""body":"N""#)).await;
        put(&store, "errors", &lines(r#""error_id":"eN","incident_id":"iN","error_group_id":"g","title":"g","root_cause":true"#)).await;
        let session = session(&store).await;
        let sql = "SELECT n_incidents, expected, excess_lo < 0 FROM error_excess('10 minutes')";
        assert_eq!(ask(&session, sql).await, ["1|1.0|true"]);
    }

    #[tokio::test]
    async fn what_occurred_once_is_no_excess() {
        let session = session(&store(&[(22, "once", "s", "s")]).await).await;
        let sql = "SELECT baseline_per_hour, excess_last_day FROM error_groups";
        assert_eq!(
            ask(&session, sql).await,
            ["NULL|NULL"],
            "there is no minute before the last day"
        );
        let sql = "SELECT excess > 0, excess_lo < 0 FROM error_excess('5 minutes')";
        assert_eq!(ask(&session, sql).await, ["true|true"]);
    }

    #[tokio::test]
    async fn a_baseline_may_lie_anywhere_and_leaves_out_the_period() {
        let errors =
            [(1, "g", "s", "s"), (5, "g", "s", "s"), (22, "g", "s", "s"), (24, "g", "s", "s")];
        let session = session(&store(&errors).await).await;
        let figures = async |call: &str| {
            let sql = format!(
                "SELECT n_incidents, n_incidents_baseline, baseline_ns / 60000000000, warnings FROM {call}"
            );
            ask(&session, &sql).await
        };
        let call = |baseline: &str| {
            format!(
                "error_excess('2025-10-01T10:04:00', '2025-10-01T10:06:00', baseline => '{baseline}')"
            )
        };
        let whole = call("2025-10-01T10:00:00/2025-10-01T11:00:00");
        assert_eq!(figures(&whole).await, ["1|3|13|NULL"]);
        let parts = call(
            "2025-10-01T10:20:00/2025-10-01T10:23:00, 2025-10-01T10:00:00/2025-10-01T10:03:00,2025-10-01T10:02:00/2025-10-01T10:04:00",
        );
        assert_eq!(figures(&parts).await, ["1|2|7|NULL"]);
        let nothing = call("2025-09-01/2025-09-02");
        assert_eq!(figures(&nothing).await, ["1|0|0|[no_baseline]"]);
        let sql = format!("SELECT expected, excess, excess_lo FROM {nothing}");
        assert_eq!(ask(&session, &sql).await, ["NULL|NULL|NULL"]);
    }

    #[tokio::test]
    async fn error_groups_have_the_excess_of_the_last_day() {
        let store = empty_store().await;
        let mut lines = String::new();
        let mut errors = String::new();
        // Two minutes an hour on three days, and a group that begins a failure in one, on the last day in both.
        for (day, hour, minute) in
            (1..4).flat_map(|day| (0..24).flat_map(move |hour| [(day, hour, 10), (day, hour, 40)]))
        {
            let ts = format!("2025-10-0{day}T{hour:02}:{minute}:00Z");
            writeln!(lines, r#"{{"ts":"{ts}","body":"work"}}"#).unwrap();
            if minute == 10 || day == 3 {
                writeln!(errors, r#"{{"ts":"{ts}","error_id":"{ts}","incident_id":"{ts}","error_group_id":"g","title":"g broke","root_cause":true}}"#).unwrap();
            }
        }
        put(&store, "logs", &lines).await;
        put(&store, "errors", &errors).await;
        let session = session(&store).await;
        let of_groups =
            "SELECT round(baseline_per_hour, 3), round(excess_last_day, 3) FROM error_groups";
        // Thirty failures in an hour of minutes, and 48 minutes in which 24 are too many.
        assert_eq!(ask(&session, of_groups).await, ["30.0|24.0"]);
        let of_period = "SELECT round(n_incidents_baseline / (baseline_ns / 3.6e12), 3), round(excess, 3) FROM error_excess(since => '2025-10-03', until => '2025-10-04')";
        assert_eq!(ask(&session, of_period).await, ["30.0|24.0"]);
    }

    #[tokio::test]
    async fn periods_that_make_no_sense_are_refused() {
        let session = session(&store(&[]).await).await;
        for (call, message) in [
            ("error_excess('2025-10-02', '2025-10-01')", "the period ends before it begins"),
            ("error_excess('-1 hour')", "the period ends before it begins"),
            ("error_excess('1 day -24 hours')", "the period ends before it begins"),
            (
                "error_excess('290000 years')",
                "argument \"since\" of \"error_excess\" is not '290000 years'",
            ),
            ("error_excess('soon')", "argument \"since\" of \"error_excess\" is not 'soon'"),
            (
                "error_excess('1 hour', baseline => '2025-10-01')",
                "argument \"baseline\" of \"error_excess\" is not '2025-10-01'",
            ),
        ] {
            let err = fails(&session, &format!("SELECT * FROM {call}")).await;
            assert_eq!((err.code(), err.to_string().as_str()), (Code::InvalidArgument, message));
        }
        let missing = fails(&session, "SELECT * FROM error_excess()").await;
        assert_eq!(missing.to_string(), "\"error_excess\" needs its argument \"since\"");
    }
}
