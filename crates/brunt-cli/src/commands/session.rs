//! `brunt session`: one session as a timeline.

use super::rows::{fetch, show};
use super::{Context, quote};
use crate::args::SessionArgs;
use crate::failure::{ExitStatus, Failure};
use crate::output::layout;

pub(super) async fn run(ctx: &Context, args: &SessionArgs) -> Result<ExitStatus, Failure> {
    let session = ctx.open().await?.session().await?;
    let id = quote(&args.id);
    let head = format!(
        "SELECT session_id, ts AS started_at, ended_at, user_id, account_id, plan_tier, device_type, browser_name, \
         n_events, n_spans, n_logs, n_errors, n_orders, revenue, currency FROM sessions WHERE session_id = {id} ORDER BY ts"
    );
    if fetch(&session, &head).await?.len() == 0 {
        return Err(Failure::refused(format!("there is no session \"{}\"", args.id))
            .hint("`brunt sql 'SELECT session_id FROM sessions LIMIT 5'` shows some."));
    }
    let mut layout = layout(ctx.json);
    if !ctx.json {
        let format = std::mem::replace(&mut layout.format, brunt_notebook::Format::Expanded);
        show(&session, &head, &layout).await?;
        layout.format = format;
    }
    let timeline = format!(
        "SELECT ts, kind, service_name AS service, summary, round(duration_ns / 1e6, 1) AS ms, error_group_id, trace_id \
         FROM session_timeline WHERE session_id = {id} ORDER BY ts, trace_id, span_id"
    );
    show(&session, &timeline, &layout).await
}
