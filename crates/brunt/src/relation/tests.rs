//! Calls of table functions, right and wrong, through one small function that only tests have.

use std::sync::LazyLock;

use arrow::datatypes::{DataType, Field, Schema};
use datafusion::common::{ParamValues, ScalarValue};

use super::*;
use crate::config::EpochSetting;
use crate::fixture::{ask, empty_store, engine, explain, fails, put};
use crate::session::{Session, Statement};

/// `errors_since(since, [class], [most])`: what a function of rows needs, and no more.
#[derive(Debug)]
struct ErrorsSince;

const ARGUMENTS: &[Argument] = &[
    Argument {
        name: "since",
        ty: ArgumentType::Timestamp,
        default: None,
        doc: "The first time that counts.",
    },
    Argument {
        name: "class",
        ty: ArgumentType::Text,
        default: Some("NULL"),
        doc: "One error class.",
    },
    Argument { name: "most", ty: ArgumentType::Double, default: Some("10"), doc: "Rows at most." },
];

impl TableFunction for ErrorsSince {
    fn name(&self) -> &'static str {
        "errors_since"
    }

    fn doc(&self) -> &'static str {
        "One row is an error."
    }

    fn example(&self) -> &'static str {
        "SELECT * FROM errors_since(since => now() - INTERVAL '1 day')"
    }

    fn arguments(&self) -> &'static [Argument] {
        ARGUMENTS
    }

    fn schema(&self) -> SchemaRef {
        static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
            Arc::new(Schema::new(vec![
                Field::new("error_id", DataType::Utf8, true),
                Field::new("n_days", DataType::Int64, true),
            ]))
        });
        Arc::clone(&SCHEMA)
    }

    fn plan(&self, arguments: &Arguments, context: &PlanContext<'_>) -> Result<LogicalPlan, Error> {
        let class = arguments
            .text("class")
            .map_or_else(String::new, |class| format!("AND error_class = '{class}'"));
        context.sql(&format!(
            "SELECT 1 AS n_days, error_id FROM errors WHERE ts >= to_timestamp_micros({}) {class} LIMIT {}",
            arguments.timestamp("since").map_or(0, |since| since.0),
            arguments.double("most").unwrap_or_default(),
        ))
    }
}

async fn session() -> Session {
    let store = empty_store().await;
    let lines = ["a", "b", "c"].map(|id| {
        let n = id.as_bytes()[0] - b'a' + 1;
        format!(
            "{{\"ts\":\"2025-10-0{n}T10:00:00Z\",\"error_id\":\"{id}\",\"error_class\":\"k{n}\"}}\n"
        )
    });
    put(&store, "errors", &lines.concat()).await;
    let engine = engine(&store).await;
    let pin = engine.pin(EpochSetting::Newest).await.unwrap();
    Session::new(engine, pin, vec![Arc::new(ErrorsSince)]).unwrap()
}

#[tokio::test]
async fn arguments_go_by_name_by_place_and_by_default() {
    let session = session().await;
    for (call, rows) in [
        ("errors_since(since => '2025-10-02')", vec!["b|1", "c|1"]),
        ("errors_since(TIMESTAMP '2025-10-02 00:00:00')", vec!["b|1", "c|1"]),
        ("errors_since(class => 'k3', since => '2025-10-01')", vec!["c|1"]),
        ("errors_since('2025-10-01', most => 1 + 1)", vec!["a|1", "b|1"]),
        ("errors_since(since := '2025-10-03')", vec!["c|1"]),
        ("errors_since(since => now())", vec![]),
        ("brunt.errors_since(since => '2025-10-03')", vec!["c|1"]),
        ("public.errors_since(since => '2025-10-03')", vec!["c|1"]),
        ("brunt.public.Errors_Since(SINCE => '2025-10-03')", vec!["c|1"]),
    ] {
        assert_eq!(
            ask(&session, &format!("SELECT * FROM {call} ORDER BY 1")).await,
            rows,
            "{call}"
        );
    }
}

#[tokio::test]
async fn a_call_stands_wherever_a_table_does() {
    let session = session().await;
    for sql in [
        "SELECT errors_since.error_id FROM errors_since('2025-10-03')",
        "SELECT x.error_id FROM errors_since('2025-10-03') x JOIN errors USING (error_id)",
        "WITH w AS (SELECT * FROM errors_since('2025-10-03')) SELECT error_id FROM w",
        "SELECT error_id FROM errors WHERE error_id IN (SELECT error_id FROM errors_since('2025-10-03'))",
        "SELECT i FROM errors_since('2025-10-03') AS t (i, d)",
    ] {
        assert_eq!(ask(&session, sql).await, ["c"], "{sql}");
    }
}

#[tokio::test]
async fn the_plan_is_inlined_so_that_scans_see_filters() {
    let session = session().await;
    let plan = explain(&session, "SELECT error_id FROM errors_since('2025-10-03')").await;
    assert_eq!(plan.matches(".parquet").count(), 1, "{plan}");
}

/// Call, code, message, hint.
const WRONG: &[(&str, Code, &str, &str)] = &[
    (
        "errors_since(sinse => '2025-10-03')",
        Code::UndefinedFunction,
        "\"errors_since\" has no argument \"sinse\"",
        "Did you mean \"since\"?",
    ),
    (
        "errors_since(colour => 1)",
        Code::UndefinedFunction,
        "\"errors_since\" has no argument \"colour\"",
        "It takes since, class, most.",
    ),
    (
        "errors_since()",
        Code::InvalidArgument,
        "\"errors_since\" needs its argument \"since\"",
        "The first time that counts.",
    ),
    (
        "errors_since('soon')",
        Code::DatatypeMismatch,
        "argument \"since\" of \"errors_since\" is timestamp with time zone, not 'soon'",
        "The first time that counts.",
    ),
    (
        "errors_since('2025-10-03', most => TIMESTAMP '2025-10-03 00:00:00')",
        Code::DatatypeMismatch,
        "argument \"most\" of \"errors_since\" is double precision, not timestamp",
        "Rows at most.",
    ),
    (
        "errors_since('2025-10-03', since => '2025-10-03')",
        Code::InvalidArgument,
        "argument \"since\" of \"errors_since\" is given twice",
        "",
    ),
    (
        "errors_since(class => 'k1', '2025-10-03')",
        Code::Syntax,
        "an argument of \"errors_since\" without a name follows one with a name",
        "",
    ),
    (
        "errors_since('2025-10-03', 'k1', 1, 5)",
        Code::UndefinedFunction,
        "\"errors_since\" takes at most 3 arguments",
        "",
    ),
    (
        "errors_since(since => yesterday)",
        Code::InvalidArgument,
        "argument \"since\" of \"errors_since\" is not a constant",
        "Give a literal or a parameter; text stands in single quotes.",
    ),
    (
        "errors_since(since => (SELECT max(ts) FROM errors))",
        Code::InvalidArgument,
        "argument \"since\" of \"errors_since\" is not a constant",
        "Give a literal or a parameter; columns and subqueries cannot be arguments.",
    ),
    (
        "errors_since(*)",
        Code::InvalidArgument,
        "argument \"since\" of \"errors_since\" cannot be *",
        "",
    ),
    (
        "error_since('2025-10-03')",
        Code::UndefinedFunction,
        "no table function \"error_since\"",
        "Did you mean \"errors_since\"?",
    ),
    (
        "pg_temp.errors_since('2025-10-03')",
        Code::UndefinedFunction,
        "no table function \"pg_temp.errors_since\"",
        "Did you mean \"errors_since\"?",
    ),
];

#[tokio::test]
async fn a_wrong_call_says_what_is_wrong() {
    let session = session().await;
    for (call, code, message, hint) in WRONG {
        let err = fails(&session, &format!("SELECT * FROM {call}")).await;
        let got = (err.code(), err.to_string(), err.hint().unwrap_or_default());
        assert_eq!(got, (*code, (*message).to_owned(), (*hint).to_owned()), "{call}");
    }
}

#[tokio::test]
async fn a_parameter_is_described_by_its_argument_and_planned_when_bound() {
    let session = session().await;
    let text = "SELECT error_id FROM errors_since(since => $1, most => $2 + 1) ORDER BY 1";
    let prepared = session.prepare(Statement::parse(text).unwrap().remove(0)).await.unwrap();
    assert_eq!(prepared.schema().field(0).name(), "error_id");
    let types = prepared.parameter_types().unwrap();
    assert_eq!(types[0], Some(ArgumentType::Timestamp.data_type()));
    assert_eq!(types[1], Some(DataType::Int64));
    for (since, rows) in [("2025-10-02", 2), ("2025-10-03T00:00:00Z", 1)] {
        let values = vec![ScalarValue::from(since), ScalarValue::from(4_i64)];
        let answer = session.execute(&prepared, Some(ParamValues::from(values))).await.unwrap();
        let batches = answer.collect().await.unwrap();
        assert_eq!(batches.iter().map(arrow::array::RecordBatch::num_rows).sum::<usize>(), rows);
    }
    let err = session.execute(&prepared, None).await.unwrap_err();
    assert_eq!(err.code(), Code::UndefinedParameter, "{err}");
}

#[tokio::test]
async fn the_reference_lists_it() {
    let session = session().await;
    assert_eq!(
        ask(
            &session,
            "SELECT kind, arguments, returns FROM system.functions WHERE name = 'errors_since'"
        )
        .await,
        [
            "table|since timestamp with time zone, [class text], [most double precision]|table(error_id text, n_days bigint)"
        ]
    );
}
