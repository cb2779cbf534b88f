//! `brunt impact`: what error groups cost, with the interval beside each figure.

use brunt::{Session, Store};
use brunt_notebook::Format;

use super::rows::{fetch, show};
use super::{Context, quote};
use crate::args::Impact;
use crate::failure::{ExitStatus, Failure};
use crate::output::{layout, tell};

pub(super) async fn run(ctx: &Context, args: &Impact) -> Result<ExitStatus, Failure> {
    let store = ctx.open().await?;
    let session = store.session().await?;
    check_definitions(&store, &session).await?;
    let group = match &args.group {
        Some(id) => Some(session.find_error_group(id).await.map_err(Failure::of_id)?),
        None => None,
    };
    let call = call(args, group.as_deref());
    let mut layout = layout(ctx.json);
    if args.group.is_some() && !ctx.json {
        // One group is read line by line: every figure, and the words for what cannot be told.
        layout.format = Format::Expanded;
        return show(&session, &format!("SELECT * FROM {call}"), &layout).await;
    }
    let sql = format!(
        "SELECT rank, title, n_affected AS affected, \
         round(lost_conversions, 1) AS lost, round(lost_conversions_lo, 1) AS lost_lo, round(lost_conversions_hi, 1) AS lost_hi, \
         round(revenue_at_risk) AS revenue, accused, currency, rank_by_count AS by_count, round(loss_pp, 1) AS loss_pp, \
         journey, error_group_id \
         FROM {call} ORDER BY journey, rank, error_group_id LIMIT {}",
        args.limit
    );
    show(&session, &sql, &layout).await
}

/// A journey that cannot be read is not one that nobody defined. Where the store has journeys of an earlier derivation,
/// the question has its answer by those.
async fn check_definitions(store: &Store, session: &Session) -> Result<(), Failure> {
    let Err(fault) = store.verify_definitions().await else { return Ok(()) };
    if fetch(session, "SELECT 1 FROM journeys LIMIT 1").await?.len() == 0 {
        return Err(fault.into());
    }
    tell(&format!("{fault}; these figures are by the definitions as they were before"));
    Ok(())
}

fn call(args: &Impact, group: Option<&str>) -> String {
    let given = [
        ("journey", args.journey.as_deref()),
        ("error_group_id", group),
        ("since", args.since.as_deref()),
        ("until", args.until.as_deref()),
    ];
    let arguments: Vec<String> = given
        .iter()
        .filter_map(|(name, value)| value.map(|value| format!("{name} => {}", quote(value))))
        .collect();
    format!("error_impact({})", arguments.join(", "))
}
