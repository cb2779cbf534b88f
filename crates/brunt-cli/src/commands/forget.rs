//! `brunt forget`: erases a person, an account or a session, and gives a receipt.

use brunt::{ForgetOptions, Receipt, Subject};

use super::{Context, now, secret};
use crate::args::Forget;
use crate::failure::{ExitStatus, Failure};
use crate::output::{print, tell};

pub(super) async fn run(ctx: &Context, args: Forget) -> Result<ExitStatus, Failure> {
    let subject = match (args.user, args.account, args.session) {
        (Some(id), _, _) => Subject::User(id),
        (_, Some(id), _) => Subject::Account(id),
        (_, _, Some(id)) => Subject::Session(id),
        _ => return Err(Failure::usage("give one of --user, --account and --session")),
    };
    let options = ForgetOptions { secret: secret()?, dry_run: args.dry_run };
    let receipt = ctx.open().await?.forget(&subject, &options, now()).await?;
    let json = format!("{}\n", receipt.to_json());
    if let Some(path) = &args.output {
        std::fs::write(path, &json)
            .map_err(|error| Failure::system(&format!("write \"{}\"", path.display()), &error))?;
    }
    if ctx.json {
        print(&json);
    } else {
        print(&table(&receipt));
    }
    remark(&receipt);
    Ok(ExitStatus::Done)
}

/// A line for each table.
fn table(receipt: &Receipt) -> String {
    let mut text = String::new();
    for rows in &receipt.tables {
        text.push_str(&format!(
            "{}: {} rows deleted, {} rows with the id taken out\n",
            rows.table, rows.n_deleted, rows.n_masked
        ));
    }
    text
}

fn remark(receipt: &Receipt) {
    if receipt.tables.is_empty() {
        tell(&format!("nothing of this {} is stored", receipt.subject));
    }
    if !receipt.mentions_searched {
        tell(
            "warning: the id is too short to be told from other words, so it was not looked for in texts",
        );
    }
    if receipt.dry_run {
        tell("nothing was deleted: this was a dry run");
        return;
    }
    tell(&format!(
        "wrote {} files again and deleted {}; the oldest epoch that can be read is {}",
        receipt.n_files_rewritten,
        receipt.n_files_deleted,
        receipt.epoch.unwrap_or_default()
    ));
    if receipt.n_files_left > 0 {
        tell(&format!(
            "warning: {} files that no epoch names may belong to a write under way and stay for now; run `brunt vacuum` in 24 hours",
            receipt.n_files_left
        ));
    }
}
