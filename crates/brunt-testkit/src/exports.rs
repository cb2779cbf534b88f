//! The shop as the files that its teams would export. The same visits as in memory, one to one.
//!
//! ```text
//! traces/traces-DAY.jsonl              OTLP/JSON, resourceSpans, a batch a line
//! logs/logs-DAY.jsonl                  OTLP/JSON, resourceLogs
//! events/session-events-DAY.jsonl      session events, dotted keys
//! tickets.jsonl accounts.csv releases.jsonl
//! definitions/journeys.toml            the journey `checkout`
//! ```

mod business;
mod calendar_text;
mod files;
mod json;
mod otlp;
mod session_events;
mod thrown;
mod trace;

use std::fs;
use std::io;
use std::path::Path;

use self::business::{ACCOUNTS_HEADER, JOURNEYS, Ticket};
use self::files::{DayFiles, LineFile};
use self::otlp::{Batches, Log, Severity, Signal, SpanFacts};
use self::session_events::{Detail, Event, Session};
use self::thrown::{Thrown, throw};
use self::trace::{SERVICES, Span, span_of, spans};
use crate::bugs::{Bug, Place};
use crate::draws::{Stream, whole};
use crate::ops::Op;
use crate::people::{Person, account_id, account_of, company, n_companies, person, user_id};
use crate::shop::Shop;
use crate::visit::{Act, HOUR, PURCHASE, Plan, plan_visits};

/// What the exports hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Written {
    pub n_sessions: u64,
    pub n_spans: u64,
    pub n_logs: u64,
    pub n_events: u64,
    /// Lines of tickets: tickets and comments.
    pub n_ticket_updates: u64,
    pub n_account_updates: u64,
    pub n_releases: u64,
    pub n_bytes: u64,
}

impl Shop {
    /// Writes all exports below `dir`, which is made where it is missing. Equal options give equal bytes.
    /// Memory stays at a few megabytes for each day, whatever the number of users.
    pub fn write_exports(&self, dir: &Path) -> io::Result<Written> {
        let mut exports = Exports::open(self, dir)?;
        exports.write_business(dir)?;
        exports.write_heartbeats()?;
        let mut acts = Vec::new();
        for unit in 0..self.options.n_users {
            let person = person(&self.options, unit);
            for plan in plan_visits(&person, &self.calendar) {
                self.walk(&person, &plan, self.options.bugs, &mut acts);
                exports.write_visit(&person, &plan, &acts)?;
            }
        }
        exports.finish()
    }
}

struct Exports<'a> {
    shop: &'a Shop,
    traces: Batches,
    logs: Batches,
    events: DayFiles,
    tickets: LineFile,
    line: String,
    written: Written,
}

/// A request under way, with the ids that its telemetry carries.
struct Request<'a> {
    act: &'a Act,
    stream: Stream,
    trace_id: String,
    spans: Vec<Span>,
    session_id: &'a str,
    user_id: &'a str,
    version: u8,
}

impl<'a> Exports<'a> {
    fn open(shop: &'a Shop, dir: &Path) -> io::Result<Self> {
        let traces = DayFiles::new(dir.join("traces"), "traces")?;
        let logs = DayFiles::new(dir.join("logs"), "logs")?;
        Ok(Self {
            shop,
            traces: Batches::new(Signal::Traces, traces),
            logs: Batches::new(Signal::Logs, logs),
            events: DayFiles::new(dir.join("events"), "session-events")?,
            tickets: LineFile::new(dir.join("tickets.jsonl"))?,
            line: String::new(),
            written: Written::default(),
        })
    }

    fn write_business(&mut self, dir: &Path) -> io::Result<()> {
        let shop = self.shop;
        let mut accounts = LineFile::new(dir.join("accounts.csv"))?;
        self.line.push_str(ACCOUNTS_HEADER);
        accounts.write(&mut self.line)?;
        for idx in 0..n_companies(&shop.options) {
            let account = company(&shop.options, idx);
            business::push_account(&mut self.line, &account, account.country, &shop.calendar);
            self.written.n_account_updates += self.line.lines().count() as u64;
            accounts.write(&mut self.line)?;
        }
        for unit in 0..shop.options.n_users {
            let account = account_of(&shop.options, unit);
            if !account.company {
                let country = person(&shop.options, unit).country;
                business::push_account(&mut self.line, &account, country, &shop.calendar);
                self.written.n_account_updates += 1;
                accounts.write(&mut self.line)?;
            }
        }
        let mut releases = LineFile::new(dir.join("releases.jsonl"))?;
        for mut line in business::releases(&shop.calendar, Stream::new(shop.options.seed)) {
            self.written.n_releases += 1;
            releases.write(&mut line)?;
        }
        self.written.n_bytes += accounts.finish()? + releases.finish()?;
        let definitions = dir.join("definitions");
        fs::create_dir_all(&definitions)?;
        fs::write(definitions.join("journeys.toml"), JOURNEYS)
    }

    /// Every service says each hour that it is well, without a trace; the last line is the newest of all data.
    fn write_heartbeats(&mut self) -> io::Result<()> {
        let (start, until) = (self.shop.calendar.start, self.shop.calendar.until);
        let mut beat = |ts: i64, service: usize| {
            let log = Log::info(ts * 1_000, "health check ok");
            self.logs.record(ts, service).map(|out| otlp::push_log(out, &log))
        };
        for hour in 0..(until - start) / HOUR {
            for (offset, service) in (0..).step_by(137_000_211).zip(0..SERVICES.len()) {
                beat(start + hour * HOUR + offset, service)?;
            }
        }
        beat(until, 0)
    }

    fn write_visit(&mut self, person: &Person, plan: &Plan, acts: &[Act]) -> io::Result<()> {
        let (user_id, account_id) = (user_id(person.unit), account_id(person.account.idx));
        let flagged = plan.start >= business::flag_at(&self.shop.calendar)
            && person.stream.uniform("flag") < 0.5;
        let mut previous = None;
        for of_session in acts.chunk_by(|a, b| a.session == b.session) {
            let stream = plan.stream.named("session").nth(of_session[0].session);
            let mut session = Session {
                person,
                plan,
                id: format!("s-{:016x}", stream.bits("id")),
                previous: previous.take(),
                user_id: &user_id,
                account_id: &account_id,
                known_from: 0,
                flagged,
                n_events: 0,
            };
            let n_events = of_session.iter().filter(|act| !act.op.is_request()).count();
            if n_events > 1 && stream.uniform("recognised late") < 0.15 {
                session.known_from = 1;
            }
            for act in of_session {
                let idx = acts.iter().position(|of| std::ptr::eq(of, act)).unwrap_or(0);
                self.write_act(&mut session, act, plan.stream.nth(idx as u64).named("export"))?;
            }
            self.written.n_sessions += 1;
            self.written.n_events += session.n_events.unsigned_abs();
            previous = Some(session.id);
        }
        self.write_tickets(person, plan, acts)
    }

    fn write_act(
        &mut self,
        session: &mut Session<'_>,
        act: &Act,
        stream: Stream,
    ) -> io::Result<()> {
        let facts = act.op.facts();
        let mut trace_id = None;
        if act.op.is_request() {
            let request = Request {
                act,
                stream,
                trace_id: format!(
                    "{:016x}{:016x}",
                    stream.bits("trace high"),
                    stream.bits("trace low").max(1)
                ),
                spans: spans(act, stream.named("spans"), self.shop.options.spans_per_request),
                session_id: &session.id,
                user_id: session.user_id,
                version: session.plan.version,
            };
            self.write_request(&request)?;
            trace_id = Some(request.trace_id);
        }
        let at = Event {
            ts: act.ts,
            kind: "custom",
            name: "",
            page: facts.page,
            trace_id: trace_id.as_deref(),
            detail: Detail::None,
        };
        if let Some((name, kind)) = facts.event.filter(|_| act.worked || !act.op.is_request()) {
            // The event of a request comes when the answer does, in the request's trace.
            let ts = if act.op.is_request() { act.ts + act.duration + 4_000 } else { act.ts };
            self.write_event(session, &Event { ts, kind, name, ..at })?;
        }
        for bug in act.bugs.iter().filter(|bug| bug.facts().place == Place::Client) {
            let thrown = throw(bug, stream, session.plan.version);
            let ts = act.ts + 150_000 + whole(1e6 * stream.named(bug.name()).uniform("offset"));
            let detail = Detail::Error(&thrown);
            self.write_event(session, &Event { ts, kind: "error", name: "error", detail, ..at })?;
        }
        if !act.worked && stream.uniform("rages") < 0.3 {
            let target = if act.op == Op::Payment { "button#pay" } else { "button.primary" };
            let (ts, kind, name) = (act.ts + act.duration + 300_000, "frustration", "rage_click");
            let detail = Detail::Frustration { kind: name, target };
            self.write_event(session, &Event { ts, kind, name, detail, ..at })?;
        }
        if act.steps & (1 << PURCHASE) != 0 {
            let id = format!("ord-{:06}-{}", session.person.unit, session.plan.idx);
            let ts = act.ts + act.duration + 30_000;
            let detail = Detail::Order { id: &id, cents: session.plan.basket_cents };
            self.write_event(
                session,
                &Event { ts, kind: "purchase", name: "purchase", detail, ..at },
            )?;
        }
        Ok(())
    }

    fn write_event(&mut self, session: &mut Session<'_>, event: &Event<'_>) -> io::Result<()> {
        session_events::push_event(&mut self.line, session, event);
        self.events.write(event.ts, &mut self.line)
    }

    fn write_request(&mut self, request: &Request<'_>) -> io::Result<()> {
        let Request { act, stream, trace_id, spans, .. } = request;
        let struck: Vec<(Bug, usize, Thrown)> = act
            .bugs
            .iter()
            .filter_map(|bug| {
                let service = trace::service_idx(bug.facts().look.service)?;
                Some((bug, service, throw(bug, *stream, request.version)))
            })
            .collect();
        // In a share of requests the session is known from the access log only.
        let on_root = stream.uniform("session on root") < 0.85;
        for span in spans {
            let root = span.parent.is_none();
            let thrown: Vec<Thrown> = struck
                .iter()
                .filter(|(bug, service, _)| {
                    bug.facts().place.on_span()
                        && span_of(spans, *service).is_some_and(|of| of.id == span.id)
                })
                .map(|(.., thrown)| thrown.clone())
                .collect();
            let path = root.then(|| url_path(act.op, *stream));
            let facts = SpanFacts {
                status_code: if thrown.is_empty() && !root {
                    200
                } else {
                    status_code(act, !thrown.is_empty())
                },
                url_path: path.as_deref(),
                session_id: (root && on_root).then_some(request.session_id),
                user_id: (root && on_root && stream.uniform("user on root") < 0.4)
                    .then_some(request.user_id),
                thrown: &thrown,
            };
            otlp::push_span(self.traces.record(act.ts, span.service)?, trace_id, span, &facts);
        }
        self.write_logs(request, on_root, &struck)
    }

    fn write_logs(
        &mut self,
        request: &Request<'_>,
        on_root: bool,
        struck: &[(Bug, usize, Thrown)],
    ) -> io::Result<()> {
        let Request { act, stream, trace_id, spans, .. } = request;
        let root = &spans[0];
        if !on_root || stream.uniform("access log") < 0.4 {
            let body =
                format!("{} {} in {} ms", root.name, status_code(act, false), act.duration / 1_000);
            let mut log = Log::info(root.end, &body);
            log.trace_id = Some(trace_id);
            log.span_id = Some(root.id);
            log.session_id = (!on_root).then_some(request.session_id);
            otlp::push_log(self.logs.record(act.ts, root.service)?, &log);
        }
        for (idx, span) in spans
            .iter()
            .enumerate()
            .skip(1)
            .filter(|(_, span)| span.work == trace::Work::Serve)
            .take(3)
        {
            let draw = stream.named("log").nth(idx as u64);
            if draw.uniform("writes") < 0.3 {
                let number = draw.below("number", 90_000);
                let body = match (span.service, act.worked) {
                    (10, false) => format!("charge {number} not accepted"),
                    _ => format!("{} done, {number} units of work left", span.name),
                };
                let mut log = Log::info(i64::midpoint(span.start, span.end), &body);
                log.trace_id = Some(trace_id);
                log.span_id = (draw.uniform("with span") < 0.5).then_some(span.id);
                otlp::push_log(self.logs.record(act.ts, span.service)?, &log);
            }
        }
        for (bug, service, thrown) in struck.iter().filter(|(bug, ..)| bug.facts().place.in_log()) {
            let Some(span) = span_of(spans, *service) else { continue };
            let mut log = Log::info(span.end - 50_000, &thrown.message);
            log.trace_id = Some(trace_id);
            log.severity = Severity::Error;
            log.thrown = Some(thrown);
            // Where the span has the exception too, half of the copies name the span.
            log.span_id =
                (bug.facts().place.on_span() && stream.uniform("copy") < 0.5).then_some(span.id);
            otlp::push_log(self.logs.record(act.ts, *service)?, &log);
        }
        Ok(())
    }

    fn write_tickets(&mut self, person: &Person, plan: &Plan, acts: &[Act]) -> io::Result<()> {
        let mut written: Vec<Ticket> = Vec::new();
        for bug in acts.iter().fold(crate::BugSet::NONE, |met, act| met.union(act.bugs)).iter() {
            let last =
                acts.iter().rfind(|act| act.bugs.contains(bug)).map_or(plan.start, |act| act.ts);
            written.extend(business::complain(person, plan.stream, bug, last, 0));
        }
        written.extend(business::ask(person, plan.stream, plan.start, 0));
        for mut ticket in written.into_iter().filter(|ticket| ticket.ts < self.shop.calendar.until)
        {
            ticket.id = 80_001 + self.written.n_ticket_updates;
            business::push_ticket(&mut self.line, &ticket);
            self.tickets.write(&mut self.line)?;
            self.written.n_ticket_updates += 1;
            let answered_at = ticket.ts + HOUR + 7 * 60_000_000;
            if ticket.id % 4 == 0 && answered_at < self.shop.calendar.until {
                business::push_comment(&mut self.line, &ticket, answered_at);
                self.tickets.write(&mut self.line)?;
                self.written.n_ticket_updates += 1;
            }
        }
        Ok(())
    }

    fn finish(self) -> io::Result<Written> {
        let mut written = self.written;
        written.n_spans = self.traces.n_records;
        written.n_logs = self.logs.n_records;
        written.n_bytes += self.traces.finish()?
            + self.logs.finish()?
            + self.events.finish()?
            + self.tickets.finish()?;
        Ok(written)
    }
}

/// The HTTP status of the answer; of a span that threw, its own.
fn status_code(act: &Act, threw: bool) -> i64 {
    let blocked = act.bugs.iter().any(|bug| bug.facts().effect.blocks);
    match act.op {
        _ if threw || (blocked && !act.worked) => 500,
        Op::Payment if !act.worked => 402,
        Op::AddToCart if !act.worked => 409,
        Op::Login | Op::AddToCart | Op::Checkout | Op::Payment => 201,
        _ => 200,
    }
}

fn url_path(op: Op, stream: Stream) -> String {
    let (_, route) = op.facts().request.unwrap_or(("", ""));
    route.replace("{id}", &(1_000 + stream.below("path id", 9_000)).to_string())
}
