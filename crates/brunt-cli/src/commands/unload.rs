//! `brunt unload`: takes loads back.

use super::{Context, now};
use crate::args::Unload;
use crate::failure::{ExitStatus, Failure};
use crate::output::tell;

pub(super) async fn run(ctx: &Context, args: &Unload) -> Result<ExitStatus, Failure> {
    let store = ctx.open().await?;
    for load_id in &args.load_ids {
        let unloaded = store.unload(load_id, now()).await.map_err(Failure::of_id)?;
        tell(&format!(
            "took back {load_id} ({}): {} rows are gone, {} belong to other loads now",
            unloaded.input, unloaded.n_rows_dropped, unloaded.n_rows_kept
        ));
    }
    Ok(ExitStatus::Done)
}
