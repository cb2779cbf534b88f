//! One shop through its exports, the loader and SQL: the same figures as in memory.

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{Float64Type, Int64Type};
use brunt::{Input, LoadOptions, OpenOptions, Session, Store};
use brunt_model::Ts;
use brunt_stats::m1::GroupImpact;
use brunt_testkit::{END_DAY, Shop, ShopOptions};

use super::memory::judge;

const TIMEOUT: &str = "com.shop.payment.PaymentTimeoutException";
const RETRY: &str = "UpstreamRetryError";

const NOW: Ts = Ts(END_DAY as i64 * 86_400_000_000);

#[tokio::test(flavor = "multi_thread")]
async fn exports_loaded_and_asked_in_sql_give_the_figures_of_memory() {
    let options = ShopOptions {
        seed: 70_001,
        n_users: 4_000,
        spans_per_request: 2.5,
        ..ShopOptions::default()
    };
    let shop = Shop::new(options);
    let store = loaded(&shop).await;
    let session = store.session().await.expect("a session");
    let all = judge(&shop, 2);
    let mut groups = Vec::new();
    for judged in &all {
        groups.push(group_of(&session, &judged.planted.look).await);
    }
    for (judged, group) in all.iter().zip(&groups) {
        if judged.planted.n_affected == 0 {
            continue;
        }
        let name = judged.planted.name;
        let sql = format!(
            "SELECT *, arrow_cast(revenue_at_risk, 'Float64') AS revenue, arrow_cast(revenue_at_risk_lo, 'Float64') AS revenue_lo, \
             arrow_cast(revenue_at_risk_hi, 'Float64') AS revenue_hi, concat_ws(' ', coalesce(rank, 0), accused, \
             coalesce(partner, 'nobody'), array_to_string(adjusted_for, ','), array_to_string(warnings, ',')) AS words \
             FROM error_impact(journey => 'checkout', error_group_id => '{group}')"
        );
        let row = rows(&session, &sql).await;
        let impact = &judged.impact;
        assert_eq!(row.num_rows(), 1, "{name}");
        assert_eq!(bigint(&row, "n_affected"), impact.n_affected, "{name}");
        assert_eq!(bigint(&row, "n_matched"), impact.n_matched, "{name}");
        assert_eq!(bigint(&row, "n_unaffected"), impact.n_unaffected, "{name}");
        assert_eq!(bigint(&row, "n_users"), impact.n_users, "{name}");
        assert_eq!(bigint(&row, "n_accounts"), impact.n_accounts, "{name}");
        let near = |column: &str, want: Option<f64>| {
            let got = double(&row, column);
            let same = match (got, want) {
                (Some(got), Some(want)) => (got - want).abs() <= 1e-6 * want.abs().max(1.0),
                (got, want) => got == want,
            };
            assert!(same, "{name}: {column} is {got:?} in the store and {want:?} in memory");
        };
        let (lost, loss) = (impact.lost_conversions, impact.loss_pp);
        near("lost_conversions", lost.map(|lost| lost.value));
        near("lost_conversions_lo", lost.and_then(|lost| lost.lo));
        near("lost_conversions_hi", lost.and_then(|lost| lost.hi));
        near("loss_pp", loss.map(|loss| loss.value));
        near("loss_pp_lo", loss.and_then(|loss| loss.lo));
        near("loss_pp_hi", loss.and_then(|loss| loss.hi));
        near("p_value", impact.p_value);
        near("q_value", impact.q_value);
        near("unadjusted_loss_pp", impact.unadjusted_loss_pp);
        near("conversion_expected", impact.conversion_expected);
        near("clusters_effective", impact.clusters_effective);
        near("e_value", impact.e_value);
        near("rank_score", impact.rank_score);
        near("overlap_share", impact.overlap_share);
        let revenue = impact.revenue_at_risk;
        // Money has four decimals in SQL.
        let cents = |value: f64| (value * 1e4).round() / 1e4;
        near("revenue", revenue.map(|revenue| cents(revenue.value)));
        near("revenue_lo", revenue.and_then(|revenue| revenue.lo).map(cents));
        near("revenue_hi", revenue.and_then(|revenue| revenue.hi).map(cents));
        assert_eq!(text(&row, "words"), words(impact, &groups), "{name}");
    }
    incidents_are_the_planted_failures(&session).await;
}

/// The shop plants one failure that two services tell of, every other error is a failure of its own: a payment that
/// times out, and the gateway that gives up trying it.
async fn incidents_are_the_planted_failures(session: &Session) {
    let told = format!(
        "SELECT count(*) AS n_planted, count(*) FILTER (WHERE p.incident_id = g.incident_id AND p.root_cause \
         AND NOT g.root_cause AND g.root_service_name = 'payment' AND NOT p.handled) AS n_whole FROM errors p \
         JOIN errors g ON g.trace_id = p.trace_id AND g.exception_type = '{RETRY}' WHERE p.exception_type = '{TIMEOUT}'"
    );
    let row = rows(session, &told).await;
    let (n_planted, n_whole) = (bigint(&row, "n_planted"), bigint(&row, "n_whole"));
    assert!(n_planted > 0);
    assert_eq!(n_whole, n_planted, "payments that timed out, and those whose incident says so");
    let pairs = format!(
        "SELECT count(*) AS n, count(*) FILTER (WHERE a.trace_id = b.trace_id AND a.exception_type = '{RETRY}' \
         AND b.exception_type = '{TIMEOUT}') AS n_planted FROM errors a \
         JOIN errors b ON a.incident_id = b.incident_id AND a.error_id <> b.error_id \
         AND (a.exception_type, a.error_id) < (b.exception_type, b.error_id)"
    );
    let row = rows(session, &pairs).await;
    let (n_joined, n_true) = (bigint(&row, "n"), bigint(&row, "n_planted"));
    assert_eq!(n_true, n_planted, "pairs of errors that are one failure");
    // 133 of 182 when this was written. The others are the bank probe, which the payment service logs without naming a
    // span while its own span fails, and errors that say the same twice in two seconds.
    let precision = n_true as f64 / n_joined as f64;
    assert!(precision >= 0.7, "{n_true} of {n_joined} pairs of one incident are one failure");
}

/// What an impact says in words, as the query of the test puts it.
fn words(impact: &GroupImpact, groups: &[String]) -> String {
    let warnings: Vec<String> = impact.warnings.iter().map(ToString::to_string).collect();
    [
        impact.rank.unwrap_or(0).to_string(),
        impact.accused.to_string(),
        impact.partner.map_or("nobody", |partner| &groups[partner]).to_owned(),
        impact.adjusted_for.join(","),
        warnings.join(","),
    ]
    .join(" ")
}

/// A store in memory, loaded with the shop's exports.
async fn loaded(shop: &Shop) -> Store {
    let folder = tempfile::tempdir().expect("a temporary folder");
    shop.write_exports(folder.path()).expect("exports are written");
    let definitions = OpenOptions {
        definitions: Some(folder.path().join("definitions")),
        ..OpenOptions::default()
    };
    let store = Store::in_memory_with(definitions, NOW).await.expect("a store in memory");
    let inputs = Input::find(&folder.path().to_string_lossy()).expect("the exports are there");
    store.load(&inputs, &LoadOptions::default(), NOW, &|_| ()).await.expect("the exports load");
    store
}

/// The one error group that looks like a planted bug.
async fn group_of(session: &Session, look: &brunt_testkit::ErrorLook) -> String {
    let message = look.message_prefix.replace('\'', "''");
    let sql = format!(
        "SELECT DISTINCT error_group_id FROM errors WHERE service_name = '{}' AND exception_type = '{}' AND starts_with(exception_message, '{message}')",
        look.service, look.exception_type
    );
    let found = rows(session, &sql).await;
    assert_eq!(found.num_rows(), 1, "{look:?}");
    text(&found, "error_group_id")
}

async fn rows(session: &Session, sql: &str) -> RecordBatch {
    let answer = session.sql(sql).await.expect(sql);
    let schema = std::sync::Arc::clone(&answer.schema);
    let batches = answer.collect().await.expect(sql);
    arrow::compute::concat_batches(&schema, &batches)
        .expect("batches have the schema of their answer")
}

fn text(rows: &RecordBatch, column: &str) -> String {
    let column = arrow::compute::cast(&rows[column], &arrow::datatypes::DataType::Utf8);
    column.expect("text").as_string::<i32>().value(0).to_owned()
}

fn bigint(rows: &RecordBatch, column: &str) -> u64 {
    let column = rows[column].as_primitive::<Int64Type>();
    assert!(column.is_valid(0));
    column.value(0).unsigned_abs()
}

fn double(rows: &RecordBatch, column: &str) -> Option<f64> {
    let column = rows[column].as_primitive::<Float64Type>();
    column.is_valid(0).then(|| column.value(0))
}
