//! `brunt errors`: error groups, the most frequent first; of a period, those that it has more of than its baseline
//! first; one of them explained, resolved, ignored or reopened; rules tested on them.

mod decide;
mod explain;
pub(super) mod regrouping;

use brunt::{Session, Store};
use brunt_model::Ts;

use super::rows::{fetch, show};
use super::{Context, quote};
use crate::args::{Errors, ErrorsAction, TestRules};
use crate::failure::{ExitStatus, Failure};
use crate::output::{layout, tell};

pub(super) async fn run(ctx: &Context, args: &Errors) -> Result<ExitStatus, Failure> {
    match &args.action {
        None => list(ctx, args).await,
        Some(ErrorsAction::Explain(explain)) => explain::run(ctx, explain).await,
        Some(ErrorsAction::Test(test)) => test_rules(ctx, test).await,
        Some(ErrorsAction::Resolve(resolve)) => decide::resolve(ctx, resolve).await,
        Some(ErrorsAction::Ignore(ignore)) => decide::ignore(ctx, ignore).await,
        Some(ErrorsAction::Reopen(reopen)) => decide::reopen(ctx, reopen).await,
    }
}

async fn list(ctx: &Context, args: &Errors) -> Result<ExitStatus, Failure> {
    let session = ctx.open().await?.session().await?;
    let Some(since) = &args.since else {
        let sql = format!(
            "SELECT error_group_id, state, title, array_to_string(service_names, ', ') AS services, \
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

/// A time as it is, or a span counted back from the newest error, so that old exports answer as well as today's; `None`
/// where there are none to count back from.
async fn newest_since(session: &Session, since: &str) -> Result<Option<Ts>, Failure> {
    let is_span = since.starts_with(|c: char| c.is_ascii_digit())
        && since.contains(char::is_alphabetic)
        && !since.contains('-');
    let time = if is_span {
        format!("(SELECT max(ts) FROM errors) - CAST({} AS INTERVAL)", quote(since))
    } else {
        format!("CAST({} AS TIMESTAMP WITH TIME ZONE)", quote(since))
    };
    let sql =
        format!("SELECT arrow_cast({time}, 'Timestamp(Microsecond, Some(\"UTC\"))') AS since");
    let sql = format!("SELECT arrow_cast(since, 'Int64') AS since_us FROM ({sql})");
    let found = fetch(session, &sql).await.map_err(|_| {
        Failure::refused(format!("--since is neither a span nor a time: '{since}'"))
            .hint("Give a span such as '14 days', or a time such as '2025-10-01'.")
    })?;
    Ok(found.integer(0, "since_us").map(Ts))
}
