//! `brunt impact`: what error groups cost, with the interval beside each figure.

use super::rows::show;
use super::{Context, quote};
use crate::args::Impact;
use crate::failure::{ExitStatus, Failure};
use crate::output::layout;
use brunt_notebook::Format;

pub(super) async fn run(ctx: &Context, args: &Impact) -> Result<ExitStatus, Failure> {
    let session = ctx.open().await?.session().await?;
    let call = call(args);
    let mut layout = layout(ctx.json);
    if args.group.is_some() && !ctx.json {
        // One group is read line by line: every figure, and the words for what cannot be told.
        layout.format = Format::Expanded;
        return show(&session, &format!("SELECT * FROM {call}"), &layout).await;
    }
    let sql = format!(
        "SELECT rank, rank_by_count AS by_count, title, n_affected AS affected, \
         round(lost_conversions, 1) AS lost, round(lost_conversions_lo, 1) AS lost_lo, round(lost_conversions_hi, 1) AS lost_hi, \
         round(loss_pp, 1) AS loss_pp, round(revenue_at_risk) AS revenue, currency, accused, journey, error_group_id \
         FROM {call} ORDER BY journey, rank, error_group_id LIMIT {}",
        args.limit
    );
    show(&session, &sql, &layout).await
}

fn call(args: &Impact) -> String {
    let given = [
        ("journey", &args.journey),
        ("error_group_id", &args.group),
        ("since", &args.since),
        ("until", &args.until),
    ];
    let arguments: Vec<String> = given
        .iter()
        .filter_map(|(name, value)| {
            value.as_deref().map(|value| format!("{name} => {}", quote(value)))
        })
        .collect();
    format!("error_impact({})", arguments.join(", "))
}
