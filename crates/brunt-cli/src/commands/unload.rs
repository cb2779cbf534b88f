//! `brunt unload`: takes loads back.

use brunt::Unloaded;

use super::{Context, now};
use crate::args::Unload;
use crate::failure::{ExitStatus, Failure};
use crate::output::tell;

pub(super) async fn run(ctx: &Context, args: &Unload) -> Result<ExitStatus, Failure> {
    let store = ctx.open().await?;
    for load_id in &args.load_ids {
        let unloaded = store.unload(load_id, now()).await.map_err(Failure::of_id)?;
        tell(&format!("took back {load_id} ({}): {}", unloaded.input, what_went(&unloaded)));
    }
    Ok(ExitStatus::Done)
}

pub(super) fn what_went(unloaded: &Unloaded) -> String {
    let Unloaded { n_rows_dropped, n_rows_kept, .. } = unloaded;
    format!("{n_rows_dropped} rows are gone, {n_rows_kept} belong to other loads now")
}
