//! `brunt optimize` and `brunt vacuum`.

use super::{Context, now};
use crate::args::Vacuum;
use crate::failure::{ExitStatus, Failure};
use crate::output::tell;

pub(super) async fn optimize(ctx: &Context) -> Result<ExitStatus, Failure> {
    let merged = ctx.open().await?.optimize(now()).await?;
    tell(&format!(
        "merged {} files into {} in {} days",
        merged.n_files_before, merged.n_files_after, merged.n_days
    ));
    if merged.n_days_dropped > 0 {
        tell(&format!(
            "{} days were changed by others meanwhile; run it again for them",
            merged.n_days_dropped
        ));
    }
    Ok(ExitStatus::Done)
}

pub(super) async fn vacuum(ctx: &Context, args: &Vacuum) -> Result<ExitStatus, Failure> {
    let store = ctx.open().await?;
    let would = if args.dry_run { "would be " } else { "" };
    for expired in store.apply_retention(args.dry_run, now()).await? {
        tell(&format!(
            "{}: {} rows from before {} {would}dropped",
            expired.table, expired.n_rows, expired.first_day
        ));
    }
    let deleted = store.vacuum(args.dry_run).await?;
    let verb = if args.dry_run { "would delete" } else { "deleted" };
    tell(&format!("{verb} {} files, {} bytes", deleted.paths.len(), deleted.n_bytes));
    Ok(ExitStatus::Done)
}
