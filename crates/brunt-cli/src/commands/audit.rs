//! `brunt audit`: what should not be stored.

use super::Context;
use super::rows::show_rows;
use crate::args::Audit;
use crate::failure::{ExitStatus, Failure};
use crate::output::{layout, print, tell};

pub(super) async fn run(ctx: &Context, args: &Audit) -> Result<ExitStatus, Failure> {
    let Audit::Pii { suggest } = args;
    let store = ctx.open().await?;
    if *suggest {
        if let Some(toml) = store.suggest_redaction().await? {
            print(&toml);
            return Ok(ExitStatus::No);
        }
    } else {
        let session = store.session().await?;
        let sql = "SELECT table_name AS \"table\", column_name AS \"column\", key, kind, n_found AS found, sample, \
                   suggestion FROM system.pii ORDER BY n_found DESC, 1, 2, 3, 4";
        if show_rows(&session, sql, &layout(ctx.json)).await? > 0 {
            tell(
                "what is stored stays as it is; --suggest proposes a redaction.toml for what is loaded from now on",
            );
            return Ok(ExitStatus::No);
        }
    }
    tell("nothing personal or secret was found");
    Ok(ExitStatus::Done)
}
