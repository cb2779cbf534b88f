//! `brunt status`: what the store holds, and what waits to be done.

use super::Context;
use super::rows::show;
use crate::failure::{ExitStatus, Failure};
use crate::output::{layout, tell};

pub(super) async fn run(ctx: &Context) -> Result<ExitStatus, Failure> {
    let store = ctx.open().await?;
    let status = store.status().await?;
    let session = store.session().await?;
    let sql = "SELECT table_name AS \"table\", sum(n_rows) AS rows, count(*) AS files, sum(size_bytes) AS bytes, \
               min(day) AS first_day, max(day) AS last_day FROM system.files GROUP BY table_name ORDER BY table_name";
    show(&session, sql, &layout(ctx.json)).await?;
    if !ctx.json {
        tell(&format!("store {}, epoch {}, {} loads", store.url(), status.epoch, status.n_loads));
    }
    if status.definitions_changed {
        tell("definitions have changed since the derived tables were made: run `brunt derive`");
    }
    Ok(ExitStatus::Done)
}
