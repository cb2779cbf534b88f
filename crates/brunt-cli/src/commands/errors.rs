//! `brunt errors`: error groups, the most frequent first; one of them explained; rules tested on them.

mod explain;
pub(super) mod regrouping;

use brunt::{Session, Store};
use brunt_model::Ts;

use super::rows::{fetch, show};
use super::{Context, quote};
use crate::args::{Errors, ErrorsAction, TestRules};
use crate::failure::{ExitStatus, Failure};
use crate::output::layout;

pub(super) async fn run(ctx: &Context, args: &Errors) -> Result<ExitStatus, Failure> {
    match &args.action {
        None => list(ctx, args).await,
        Some(ErrorsAction::Explain(explain)) => explain::run(ctx, explain).await,
        Some(ErrorsAction::Test(test)) => test_rules(ctx, test).await,
    }
}

async fn list(ctx: &Context, args: &Errors) -> Result<ExitStatus, Failure> {
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

async fn test_rules(ctx: &Context, args: &TestRules) -> Result<ExitStatus, Failure> {
    let file = args.rules.display().to_string();
    let text = std::fs::read_to_string(&args.rules)
        .map_err(|error| Failure::refused(format!("rules \"{file}\" cannot be read: {error}")))?;
    let store: Store = ctx.open().await?;
    let since = match &args.since {
        Some(since) => newest_since(&store.session().await?, since).await?,
        None => None,
    };
    let regrouping = store.test_rules((&file, &text), since).await?;
    regrouping::show(&regrouping, &file, ctx.json);
    Ok(ExitStatus::Done)
}

fn since_condition(since: &str) -> String {
    format!(
        "WHERE last_seen_at >= {}",
        since_time(since, "(SELECT max(last_seen_at) FROM error_groups)")
    )
}

/// The same for errors; `None` where there are none to count back from.
async fn newest_since(session: &Session, since: &str) -> Result<Option<Ts>, Failure> {
    let time = since_time(since, "(SELECT max(ts) FROM errors)");
    let sql =
        format!("SELECT arrow_cast({time}, 'Timestamp(Microsecond, Some(\"UTC\"))') AS since");
    let sql = format!("SELECT arrow_cast(since, 'Int64') AS since_us FROM ({sql})");
    Ok(fetch(session, &sql).await?.integer(0, "since_us").map(Ts))
}

/// A time as it is, or a span counted back from the newest, so that old exports answer as well as today's.
fn since_time(since: &str, newest: &str) -> String {
    if since.starts_with(|c: char| c.is_ascii_digit())
        && since.contains(char::is_alphabetic)
        && !since.contains('-')
    {
        format!("{newest} - CAST({} AS INTERVAL)", quote(since))
    } else {
        format!("CAST({} AS TIMESTAMP WITH TIME ZONE)", quote(since))
    }
}
