//! Session events as a browser agent reports them: one JSON object a line, dotted keys.

use super::calendar_text::rfc3339;
use super::json::{Object, push};
use super::thrown::Thrown;
use crate::people::{BROWSERS, COUNTRIES, DEVICES, PLANS, Person, VERSIONS};
use crate::visit::Plan;

/// A browser session under way.
#[derive(Debug)]
pub(crate) struct Session<'a> {
    pub(crate) person: &'a Person,
    pub(crate) plan: &'a Plan,
    pub(crate) id: String,
    pub(crate) previous: Option<String>,
    pub(crate) user_id: &'a str,
    pub(crate) account_id: &'a str,
    /// The first event that carries the user's id: 0, or 1 where the visitor was recognised late.
    pub(crate) known_from: i64,
    pub(crate) flagged: bool,
    /// Events so far.
    pub(crate) n_events: i64,
}

/// What an event is, besides the session that it belongs to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Event<'a> {
    pub(crate) ts: i64,
    pub(crate) kind: &'static str,
    pub(crate) name: &'static str,
    pub(crate) page: &'a str,
    pub(crate) trace_id: Option<&'a str>,
    pub(crate) detail: Detail<'a>,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Detail<'a> {
    None,
    Error(&'a Thrown),
    Order { id: &'a str, cents: i64 },
    Frustration { kind: &'static str, target: &'static str },
}

/// Appends one event to `out`, and counts it.
pub(crate) fn push_event(out: &mut String, session: &mut Session<'_>, event: &Event<'_>) {
    let n = session.n_events;
    session.n_events += 1;
    let mut object = Object::begin(out);
    object.text("ts", &rfc3339(event.ts));
    push(object.key("event.id"), format_args!("\"{}-{n:03}\"", session.id));
    object.text("event.kind", event.kind).text("event.name", event.name).number("sequence_no", n);
    object.text("session.id", &session.id);
    // The first two events say who it is where they can, later ones now and then.
    if n == session.known_from
        || (n > session.known_from && (n + i64::from(session.person.unit)) % 3 == 0)
    {
        object.text("usr.id", session.user_id);
    }
    object.text("service.name", "frontend");
    if n == 0 || matches!(event.detail, Detail::Error(_)) {
        object.text("service.version", VERSIONS[usize::from(session.plan.version)]);
    }
    if n == 0 {
        push_context(&mut object, session);
    }
    object.text("view.name", page_name(event.page)).text("url.path", event.page);
    if let Some(trace_id) = event.trace_id {
        object.text("trace_id", trace_id);
    }
    match event.detail {
        Detail::None => {}
        Detail::Error(thrown) => {
            object
                .text("exception.type", thrown.exception_type)
                .text("exception.message", &thrown.message)
                .text("exception.stacktrace", &thrown.stacktrace);
        }
        Detail::Order { id, cents } => {
            object.text("order.id", id).cents("order.value", cents).text("currency", "USD");
        }
        Detail::Frustration { kind, target } => {
            object.text("frustration", kind).text("action.target", target);
        }
    }
    object.end();
}

/// What a session says once, with its first event.
fn push_context(object: &mut Object<'_>, session: &Session<'_>) {
    let person = session.person;
    object.text("account.id", session.account_id);
    push(
        object.key("enduser.pseudo.id"),
        format_args!("\"anon-{:016x}\"", person.stream.bits("pseudo")),
    );
    if let Some(previous) = &session.previous {
        object.text("session.previous_id", previous);
    }
    object
        .text("plan.tier", PLANS[usize::from(person.plan)])
        .text("device.type", DEVICES[usize::from(person.device)])
        .text("browser.name", BROWSERS[usize::from(person.browser)])
        .text("os.name", os_name(person))
        .text("geo.country", COUNTRIES[usize::from(person.country)])
        .text("deployment.environment.name", "production")
        .text("app.channel", "web");
    if session.flagged {
        object.text("feature_flags.new_checkout", "on");
    }
}

fn os_name(person: &Person) -> &'static str {
    match (DEVICES[usize::from(person.device)], BROWSERS[usize::from(person.browser)]) {
        ("desktop", "Safari") => "macOS",
        ("desktop", _) => "Windows",
        (_, "Safari") => "iOS",
        _ => "Android",
    }
}

fn page_name(page: &str) -> &str {
    match page {
        "/" => "home",
        other => other.trim_start_matches('/'),
    }
}
