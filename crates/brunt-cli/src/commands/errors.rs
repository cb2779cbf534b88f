//! `brunt errors`: error groups, the most frequent first.

use super::rows::show;
use super::{Context, quote};
use crate::args::Errors;
use crate::failure::{ExitStatus, Failure};
use crate::output::layout;

pub(super) async fn run(ctx: &Context, args: &Errors) -> Result<ExitStatus, Failure> {
    let session = ctx.open().await?.session().await?;
    let since = args.since.as_deref().map_or_else(String::new, since_condition);
    let sql = format!(
        "SELECT error_group_id, title, array_to_string(service_names, ', ') AS services, \
         n_occurrences, n_sessions, n_users, n_tickets, last_seen_at \
         FROM error_groups {since} ORDER BY n_occurrences DESC, error_group_id LIMIT {}",
        args.limit
    );
    show(&session, &sql, &layout(ctx.json)).await
}

/// A time as it is, or a span counted back from the newest error, so that old exports answer as well as today's.
fn since_condition(since: &str) -> String {
    let newest = "(SELECT max(last_seen_at) FROM error_groups)";
    if since.starts_with(|c: char| c.is_ascii_digit())
        && since.contains(char::is_alphabetic)
        && !since.contains('-')
    {
        format!("WHERE last_seen_at >= {newest} - CAST({} AS INTERVAL)", quote(since))
    } else {
        format!("WHERE last_seen_at >= CAST({} AS TIMESTAMP WITH TIME ZONE)", quote(since))
    }
}
