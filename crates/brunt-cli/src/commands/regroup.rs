//! `brunt regroup`: all errors grouped again with the rules as they are now, and what that changes.

use super::errors::regrouping::show;
use super::{Context, now};
use crate::args::Regroup;
use crate::failure::{ExitStatus, Failure};
use crate::output::tell;

pub(super) async fn run(ctx: &Context, args: &Regroup) -> Result<ExitStatus, Failure> {
    let store = ctx.open().await?;
    show(&store.test_regrouping(None).await?, "errors.toml", ctx.json);
    if args.dry_run {
        tell("nothing was stored: this was a dry run");
    } else {
        let n_days = store.derive_all(now()).await?;
        tell(&format!("derived {n_days} days"));
    }
    Ok(ExitStatus::Done)
}
