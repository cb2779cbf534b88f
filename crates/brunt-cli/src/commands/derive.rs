//! `brunt derive`: the derived tables again, from the base tables and the definitions as they are now.

use super::{Context, now};
use crate::args::Derive;
use crate::failure::{ExitStatus, Failure};
use crate::output::tell;

pub(super) async fn run(ctx: &Context, args: &Derive) -> Result<ExitStatus, Failure> {
    let store = ctx.open().await?;
    if !args.all && !store.status().await?.definitions_changed {
        tell("derived tables are up to date; --all makes them again all the same");
        return Ok(ExitStatus::Done);
    }
    let n_days = store.derive_all(now()).await?;
    tell(&format!("derived {n_days} days"));
    Ok(ExitStatus::Done)
}
