//! `brunt errors resolve`, `ignore`, `reopen`: keeps what is to hold for an error group, and says what it is then.

use brunt::{Decision, GroupUpdate};

use super::super::{Context, now};
use crate::args::{IgnoreGroup, Remark, ReopenGroup, ResolveGroup};
use crate::failure::{ExitStatus, Failure};
use crate::output::print;

pub(super) async fn resolve(ctx: &Context, args: &ResolveGroup) -> Result<ExitStatus, Failure> {
    let decision =
        Decision::Resolve { version: args.version.clone(), environment: args.environment.clone() };
    decide(ctx, &args.id, decision, &args.remark).await
}

pub(super) async fn ignore(ctx: &Context, args: &IgnoreGroup) -> Result<ExitStatus, Failure> {
    let decision =
        Decision::Ignore { until_cost: args.until_costs, currency: args.currency.clone() };
    decide(ctx, &args.id, decision, &args.remark).await
}

pub(super) async fn reopen(ctx: &Context, args: &ReopenGroup) -> Result<ExitStatus, Failure> {
    decide(ctx, &args.id, Decision::Reopen, &args.remark).await
}

async fn decide(
    ctx: &Context,
    id: &str,
    decision: Decision,
    remark: &Remark,
) -> Result<ExitStatus, Failure> {
    let actor = remark.by.clone().filter(|name| !name.trim().is_empty());
    let update = GroupUpdate { decision, comment: remark.comment.clone(), actor };
    let updated = ctx.open().await?.update_error_group(id, &update, now()).await;
    let updated = updated.map_err(Failure::of_id)?;
    let line = if ctx.json {
        updated.to_json()
    } else {
        let title = updated.title.as_ref().map_or(String::new(), |title| format!(" ({title})"));
        let (id, state, reason) = (&updated.error_group_id, &updated.state, &updated.state_reason);
        // Most reasons begin with the state.
        let state = if reason.starts_with(state) { String::new() } else { format!("{state}, ") };
        format!("{id}{title}: {state}{reason}")
    };
    print(&(line + "\n"));
    Ok(ExitStatus::Done)
}
