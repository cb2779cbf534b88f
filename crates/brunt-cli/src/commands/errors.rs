//! `brunt errors`: error groups, the most frequent first; of a period, those that it has more of than its baseline first.

use super::rows::show;
use super::{Context, quote};
use crate::args::Errors;
use crate::failure::{ExitStatus, Failure};
use crate::output::layout;

pub(super) async fn run(ctx: &Context, args: &Errors) -> Result<ExitStatus, Failure> {
    let session = ctx.open().await?.session().await?;
    let sql = match &args.since {
        Some(since) => in_period(since, args),
        None => format!(
            "SELECT error_group_id, title, array_to_string(service_names, ', ') AS services, \
             n_occurrences, n_sessions, n_users, n_tickets, last_seen_at \
             FROM error_groups ORDER BY n_occurrences DESC, error_group_id LIMIT {}",
            args.limit
        ),
    };
    show(&session, &sql, &layout(ctx.json)).await
}

fn in_period(since: &str, args: &Errors) -> String {
    let mut call = format!("since => {}", quote(since));
    if let Some(until) = &args.until {
        call += &format!(", until => {}", quote(until));
    }
    if !args.baseline.is_empty() {
        call += &format!(", baseline => {}", quote(&args.baseline.join(",")));
    }
    format!(
        "SELECT rank, error_group_id, coalesce(root_service_name, service_name) AS service, \
         n_incidents AS incidents, round(expected, 1) AS expected, round(excess, 1) AS excess, \
         round(excess_lo, 1) AS excess_lo, n_errors AS errors, title \
         FROM error_excess({call}) ORDER BY rank LIMIT {}",
        args.limit
    )
}
