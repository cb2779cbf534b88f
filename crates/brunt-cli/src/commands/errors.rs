//! `brunt errors`: error groups, the most frequent first; of a period, those that it has more of than its baseline first.

use super::rows::{fetch, show};
use super::{Context, quote};
use crate::args::Errors;
use crate::failure::{ExitStatus, Failure};
use crate::output::{layout, tell};

pub(super) async fn run(ctx: &Context, args: &Errors) -> Result<ExitStatus, Failure> {
    let session = ctx.open().await?.session().await?;
    let Some(since) = &args.since else {
        let sql = format!(
            "SELECT error_group_id, title, array_to_string(service_names, ', ') AS services, \
             n_occurrences, n_sessions, n_users, n_tickets, last_seen_at \
             FROM error_groups ORDER BY n_occurrences DESC, error_group_id LIMIT {}",
            args.limit
        );
        return show(&session, &sql, &layout(ctx.json)).await;
    };
    let call = call(since, args);
    let sql = format!(
        "SELECT error_group_id, title, coalesce(root_service_name, service_name) AS service, \
         n_incidents AS incidents, round(expected, 1) AS expected, round(excess, 1) AS excess, \
         round(excess_lo, 1) AS excess_lo, n_errors AS errors FROM {call} ORDER BY rank LIMIT {}",
        args.limit
    );
    show(&session, &sql, &layout(ctx.json)).await?;
    let without = format!("SELECT 1 FROM {call} WHERE array_has(warnings, 'no_baseline') LIMIT 1");
    if fetch(&session, &without).await?.len() > 0 {
        tell("the baseline has no data, so nothing is expected; --baseline names another");
    }
    Ok(ExitStatus::Done)
}

fn call(since: &str, args: &Errors) -> String {
    let mut given = vec![format!("since => {}", quote(since))];
    given.extend(args.until.iter().map(|until| format!("until => {}", quote(until))));
    if !args.baseline.is_empty() {
        given.push(format!("baseline => {}", quote(&args.baseline.join(","))));
    }
    format!("error_excess({})", given.join(", "))
}
