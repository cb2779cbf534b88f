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
    if let Some(group) = &args.group {
        check_group(&session, group).await?;
    }
    let call = call(args);
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

async fn check_group(session: &Session, id: &str) -> Result<(), Failure> {
    let known = fetch(session, "SELECT error_group_id FROM error_groups ORDER BY 1").await?;
    let ids = (0..known.len()).filter_map(|row_idx| known.text(row_idx, "error_group_id"));
    if ids.clone().any(|known| known == id) {
        return Ok(());
    }
    let failure = Failure::refused(format!("there is no error group \"{id}\""));
    Err(match brunt::nearest(id, ids) {
        Some(meant) => failure.hint(format!("Did you mean \"{meant}\"?")),
        None => failure.hint("`brunt errors` lists the groups."),
    })
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
