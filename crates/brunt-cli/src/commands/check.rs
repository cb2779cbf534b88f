//! `brunt check`: definitions and mappings, each fault with its place and what to do.

use super::Context;
use crate::args::Check;
use crate::failure::{ExitStatus, Failure};
use crate::output::{print, tell};

pub(super) async fn run(ctx: &Context, args: &Check) -> Result<ExitStatus, Failure> {
    let store = ctx.open().await?;
    if args.suggest {
        return if let Some(toml) = store.suggest_journey().await? {
            print(&toml);
            Ok(ExitStatus::Done)
        } else {
            tell(
                "no sessions with events or requests that lead to an order were found, so there is nothing to propose",
            );
            Ok(ExitStatus::No)
        };
    }
    let mut findings = store.check().await?;
    if let Some(path) = &args.mapping {
        let text = std::fs::read_to_string(path).map_err(|error| {
            Failure::refused(format!("mapping \"{}\" cannot be read: {error}", path.display()))
        })?;
        findings.extend(brunt::check_mapping(&path.display().to_string(), &text));
    }
    for finding in &findings {
        print(&format!("{finding}\n"));
    }
    if findings.is_empty() {
        tell("definitions are right");
        return Ok(ExitStatus::Done);
    }
    Ok(ExitStatus::No)
}
