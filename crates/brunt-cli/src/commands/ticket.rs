//! `brunt ticket`: a ticket, and the sessions and errors of the 24 hours before it.

use brunt_notebook::Format;

use super::rows::{fetch, show};
use super::{Context, quote};
use crate::args::Ticket;
use crate::failure::{ExitStatus, Failure};
use crate::output::layout;

pub(super) async fn run(ctx: &Context, args: &Ticket) -> Result<ExitStatus, Failure> {
    let session = ctx.open().await?.session().await?;
    let id = quote(&args.id);
    let head = format!(
        "SELECT ticket_id, source, ts, status, severity, topic, message, labels, account_id, user_id, n_updates, link_url \
         FROM tickets WHERE ticket_id = {id}"
    );
    if fetch(&session, &head).await?.len() == 0 {
        return Err(Failure::refused(format!("there is no ticket \"{}\"", args.id))
            .hint("`brunt sql 'SELECT ticket_id FROM tickets LIMIT 5'` shows some."));
    }
    let mut layout = layout(ctx.json);
    if !ctx.json {
        let format = std::mem::replace(&mut layout.format, Format::Expanded);
        show(&session, &head, &layout).await?;
        layout.format = format;
    }
    let context = format!(
        "SELECT round(c.lag_ns / 6e10, 1) AS minutes_before, c.link, c.session_id, g.title, c.error_group_id, c.trace_id \
         FROM ticket_context c LEFT JOIN error_groups g USING (error_group_id) \
         WHERE c.ticket_id = {id} ORDER BY c.lag_ns, c.error_group_id"
    );
    show(&session, &context, &layout).await
}
