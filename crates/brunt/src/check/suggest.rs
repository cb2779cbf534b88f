//! A journey proposed from what sessions that end in an order do before it.

use arrow::array::AsArray;

use crate::error::Error;
use crate::store::Store;

/// Steps between the first and the order.
const STEPS_MAX: usize = 4;

/// Operations of sessions with orders: how many of those sessions did them, how many of the others, and how early.
///
/// A step is worth proposing where most buyers pass it and others do less often.
const STEPS_SQL: &str = "
WITH buyers AS (SELECT session_id, min(ts) AS ordered_at FROM orders WHERE order_value > 0 GROUP BY session_id),
done AS (
    SELECT a.op, a.activity_kind, a.session_id, min(a.ts) AS done_at
    FROM activities a WHERE a.session_id IS NOT NULL AND a.op IS NOT NULL AND a.activity_kind <> 'orphan'
    GROUP BY a.op, a.activity_kind, a.session_id
),
shares AS (
    SELECT d.op, d.activity_kind,
           count(*) FILTER (WHERE b.session_id IS NOT NULL AND d.done_at <= b.ordered_at)
               / CAST((SELECT count(*) FROM buyers) AS DOUBLE) AS buyer_share,
           count(*) / CAST((SELECT count(*) FROM sessions) AS DOUBLE) AS all_share
    FROM done d LEFT JOIN buyers b USING (session_id)
    GROUP BY d.op, d.activity_kind
)
SELECT op, activity_kind FROM shares
WHERE buyer_share >= 0.8
ORDER BY all_share DESC, op
";

/// See [`Store::suggest_journey`].
pub(crate) async fn suggest(store: &Store) -> Result<Option<String>, Error> {
    let mut steps: Vec<(String, String)> = Vec::new();
    for batch in store.sql(STEPS_SQL).await?.collect().await? {
        let column =
            |idx: usize| arrow::compute::cast(batch.column(idx), &arrow::datatypes::DataType::Utf8);
        if let (Ok(ops), Ok(kinds)) = (column(0), column(1)) {
            let pairs = ops.as_string::<i32>().iter().zip(kinds.as_string::<i32>().iter());
            steps.extend(pairs.filter_map(|(op, kind)| Some((op?.to_owned(), kind?.to_owned()))));
        }
    }
    // The rarer a step that all buyers pass, the nearer it is to the order.
    let n_skipped = steps.len().saturating_sub(STEPS_MAX);
    let steps = steps.split_off(n_skipped);
    Ok((!steps.is_empty()).then(|| journey(&steps)))
}

fn journey(steps: &[(String, String)]) -> String {
    let mut toml = String::from(
        "[[journey]]\nname = \"checkout\"\nunit = \"user\"\nwindow = \"24 hours\"\norder = \"strict\"\n",
    );
    for (op, kind) in steps {
        let (table, condition) = match (kind.as_str(), op.split_once(' ')) {
            ("event", _) => ("events", format!("event_name = {}", quote(op))),
            (_, Some((method, route))) if route.starts_with('/') => (
                "spans",
                format!(
                    "http_request_method = {} and http_route = {}",
                    quote(method),
                    quote(route)
                ),
            ),
            _ => ("spans", format!("span_name = {}", quote(op))),
        };
        toml.push_str(&format!(
            "\n[[journey.step]]\nname = {op:?}\ntable = \"{table}\"\nwhere = {condition:?}\n"
        ));
    }
    toml.push_str(
        "\n[[journey.step]]\nname = \"purchase\"\ntable = \"orders\"\nwhere = \"order_value > 0\"\nvalue = \"order_value\"\n",
    );
    toml
}

fn quote(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
