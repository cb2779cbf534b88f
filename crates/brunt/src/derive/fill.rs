//! Back-propagation: which session, user and account a row belongs to, and how that is known.
//!
//! Two steps, and no third: a row takes what the rows of its trace carry themselves, then what the rows of its session
//! carry themselves or got from their traces. Evidence that disagrees fills nothing.
//!
//! So that a day needs two days on each side and no more, the second step asks of rows that are two days away only
//! what they carry themselves: what those got from their traces could be three days away. It matters only where a row
//! has its session by a trace over midnight, and that session runs over the next midnight too.

use brunt_model::Day;

use super::context::Context;
use super::cut::NO_SEGMENT;
use super::evidence::{Evidence, Seen};
use super::facts::{Described, UNKNOWN_DAY};
use super::symbols::Sym;
use super::units::Unit;
use super::window::{At, Window};

/// How an id of a derived row is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    Own,
    Span,
    Trace,
    Session,
    Gap,
}

/// A session: the segment that it begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Piece {
    /// By its id.
    Id { day: Day, segment: u32 },
    /// By the silence of a user without session ids.
    Gap { day: Day, segment: u32 },
}

/// One id of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Found<T> {
    #[default]
    Nothing,
    /// The evidence disagrees.
    Conflict,
    Known(T, Source),
}

/// What a row carries itself, or takes from its span or trace.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct TraceLevel {
    /// The session's id and its piece; rows of unknown time have no piece.
    pub(super) session: Found<(Sym, Option<Piece>)>,
    pub(super) user: Found<Sym>,
    pub(super) account: Found<Sym>,
    pub(super) pseudo: Sym,
}

/// The ids of a derived row.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Ids {
    pub(super) session: Sym,
    pub(super) session_started_at: Option<i64>,
    pub(super) session_source: Option<Source>,
    pub(super) user: Sym,
    pub(super) user_source: Option<Source>,
    pub(super) account: Sym,
    pub(super) account_source: Option<Source>,
    pub(super) pseudo: Sym,
    /// The row's own, and of its session what describes device and plan where the row does not say.
    pub(super) context: Context,
}

impl Source {
    pub(super) fn text(self) -> &'static str {
        match self {
            Self::Own => "own",
            Self::Span => "span",
            Self::Trace => "trace",
            Self::Session => "session",
            Self::Gap => "gap",
        }
    }
}

impl Piece {
    /// The day that it begins on.
    pub(super) fn day(self) -> Day {
        match self {
            Self::Id { day, .. } | Self::Gap { day, .. } => day,
        }
    }
}

impl<T: Copy> Found<T> {
    pub(super) fn value(self) -> Option<T> {
        if let Self::Known(value, _) = self { Some(value) } else { None }
    }

    pub(super) fn source(self) -> Option<Source> {
        if let Self::Known(_, source) = self { Some(source) } else { None }
    }

    /// What the next source says, where this one says nothing.
    fn or(self, next: impl FnOnce() -> Self) -> Self {
        if matches!(self, Self::Nothing) { next() } else { self }
    }
}

impl Found<Sym> {
    fn own(sym: Sym, source: Source) -> Self {
        if sym.is_none() { Self::Nothing } else { Self::Known(sym, source) }
    }

    pub(super) fn of(seen: Seen, source: Source) -> Self {
        match seen {
            Seen::None => Self::Nothing,
            Seen::One(sym) => Self::Known(sym, source),
            Seen::Many => Self::Conflict,
        }
    }

    pub(super) fn sym(self) -> Sym {
        self.value().unwrap_or_default()
    }
}

impl TraceLevel {
    pub(super) fn piece(&self) -> Option<Piece> {
        self.session.value().and_then(|(_, piece)| piece)
    }
}

/// The trace that a row is in.
pub(super) fn unit_of(window: &Window, at: At) -> Option<(Day, u32)> {
    let state = window.state(at.day);
    let segment = *state.facts.traces.segment_of.get(at.row as usize)?;
    if segment == NO_SEGMENT {
        return None;
    }
    if state.traces.prev[segment as usize] == NO_SEGMENT {
        let unit = *state.units.as_ref()?.of_head.get(segment as usize)?;
        return Some((at.day, unit));
    }
    let before = at.day.plus(-1);
    if !window.has(before) {
        return None;
    }
    let unit = *window.state(before).units.as_ref()?.of_tail.get(segment as usize)?;
    Some((before, unit))
}

/// The trace of this number.
pub(super) fn unit(window: &Window, (day, unit): (Day, u32)) -> Option<&Unit> {
    window.state(day).units.as_ref()?.units.get(unit as usize)
}

/// First step: own, then that of the row's span, then what the trace agrees on.
///
/// `span` is the span that the row was recorded in; it matters only where the trace disagrees.
pub(super) fn trace_level(window: &Window, at: At, span: Option<At>) -> TraceLevel {
    let row = window.row(at);
    let unit = unit_of(window, at).and_then(|number| unit(window, number));
    let evidence = unit.map(|unit| unit.evidence).unwrap_or_default();
    let span = span.filter(|span| *span != at);
    let span_row = span.map(|span| window.row(span));
    let of_span = |sym: fn(&super::facts::Row) -> Sym| {
        Found::own(span_row.map(sym).unwrap_or_default(), Source::Span)
    };
    let session = match own_session(window, at, Source::Own) {
        Found::Nothing => {
            span.map_or(Found::Nothing, |span| own_session(window, span, Source::Span))
        }
        found => found,
    };
    TraceLevel {
        session: session.or(|| match (evidence.session, unit) {
            (Seen::One(sym), Some(unit)) => Found::Known((sym, unit.session), Source::Trace),
            (Seen::Many, _) => Found::Conflict,
            _ => Found::Nothing,
        }),
        user: Found::own(row.user, Source::Own)
            .or(|| of_span(|row| row.user))
            .or(|| Found::of(evidence.user, Source::Trace)),
        account: Found::own(row.account, Source::Own)
            .or(|| of_span(|row| row.account))
            .or(|| Found::of(evidence.account, Source::Trace)),
        pseudo: row
            .pseudo
            .or(span_row.map_or(Sym::NONE, |row| row.pseudo))
            .or(evidence.pseudo.one()),
    }
}

/// The first step, and where it gives no session the one by the silence of the row's user.
pub(super) fn with_gap(window: &Window, at: At, span: Option<At>) -> TraceLevel {
    let mut level = trace_level(window, at, span);
    if level.session == Found::Nothing
        && let Some(piece) = gap_piece(window, at)
    {
        level.session = Found::Known((gap_id(window, piece), Some(piece)), Source::Gap);
    }
    level
}

/// Both steps, for a derived row of this day.
pub(super) fn ids(window: &Window, at: At, span: Option<At>, day: Day) -> Ids {
    let level = with_gap(window, at, span);
    let own = window.known.contexts.context(window.row(at).context);
    let mut ids = Ids {
        session: level.session.value().map_or(Sym::NONE, |(sym, _)| sym),
        session_source: level.session.source(),
        pseudo: level.pseudo,
        context: own,
        ..Ids::default()
    };
    let (mut user, mut account) = (level.user, level.account);
    if let Some(piece) = level.piece() {
        let source = if matches!(piece, Piece::Gap { .. }) { Source::Gap } else { Source::Session };
        let evidence = session_evidence(window, piece, day);
        user = user.or(|| Found::of(evidence.user, source));
        account = account.or(|| Found::of(evidence.account, source));
        ids.pseudo = ids.pseudo.or(evidence.pseudo.one());
        ids.session_started_at = started_at(window, piece);
        ids.context = own.with_device_of(session_context(window, piece, day));
    }
    (ids.user, ids.user_source) = (user.sym(), user.source());
    (ids.account, ids.account_source) = (account.sym(), account.source());
    ids
}

/// What a session's rows say, as seen from a day: from rows within a day of it also what they got from their traces,
/// from rows two days away what they carry themselves.
pub(super) fn session_evidence(window: &Window, piece: Piece, from: Day) -> Evidence {
    let mut evidence = Evidence::default();
    for (day, segment) in parts(window, piece) {
        let near = (day.0 - from.0).abs() <= 1;
        let state = window.state(day);
        let part = match (piece, near) {
            (Piece::Id { .. }, true) => {
                state.members.as_ref().and_then(|members| members.evidence.get(segment as usize))
            }
            (Piece::Id { .. }, false) => state.facts.sessions.own.get(segment as usize),
            (Piece::Gap { .. }, true) => {
                state.gaps.as_ref().and_then(|gaps| gaps.evidence.get(segment as usize))
            }
            // Whether a row is without session id depends on its trace.
            (Piece::Gap { .. }, false) => None,
        };
        evidence = evidence.and(part.copied().unwrap_or_default());
    }
    evidence
}

/// What a session's own rows say of program and device: each column from the first row of the client that has it, else
/// from the first row.
pub(super) fn session_context(window: &Window, piece: Piece, from: Day) -> Context {
    let mut described = Described::default();
    for (day, segment) in parts(window, piece) {
        let state = window.state(day);
        let part = match piece {
            Piece::Id { .. } => state.facts.described.get(segment as usize),
            Piece::Gap { .. } if (day.0 - from.0).abs() <= 1 => {
                state.gaps.as_ref().and_then(|gaps| gaps.described.get(segment as usize))
            }
            Piece::Gap { .. } => None,
        };
        if let Some(part) = part {
            described.client = described.client.or(part.client);
            described.any = described.any.or(part.any);
        }
    }
    described.client.or(described.any)
}

/// The one or two segments of a session, as (day, segment), as far as the window goes.
pub(super) fn parts(window: &Window, piece: Piece) -> impl Iterator<Item = (Day, u32)> {
    let (day, segment, next) = match piece {
        Piece::Id { day, segment } => {
            (day, segment, window.state(day).sessions.next.get(segment as usize).copied())
        }
        Piece::Gap { day, segment } => {
            let gaps = window.state(day).gaps.as_ref();
            (day, segment, gaps.and_then(|gaps| gaps.links.next.get(segment as usize).copied()))
        }
    };
    let after = next.filter(|next| *next != NO_SEGMENT).map(|next| (day.plus(1), next));
    std::iter::once((day, segment)).chain(after)
}

/// The first `ts` of a session.
pub(super) fn started_at(window: &Window, piece: Piece) -> Option<i64> {
    match piece {
        Piece::Id { day, segment } => {
            window.facts(day).sessions.segments.get(segment as usize).map(|segment| segment.first)
        }
        Piece::Gap { day, segment } => {
            let gaps = window.state(day).gaps.as_ref()?;
            gaps.segments.get(segment as usize).map(|segment| segment.first)
        }
    }
}

/// The session of a row's own session id.
pub(super) fn own_piece(window: &Window, at: At) -> Option<Piece> {
    let segment = window.session_segment(at);
    if segment == NO_SEGMENT {
        return None;
    }
    let prev = window.state(at.day).sessions.prev[segment as usize];
    Some(match prev {
        NO_SEGMENT => Piece::Id { day: at.day, segment },
        segment => Piece::Id { day: at.day.plus(-1), segment },
    })
}

fn own_session(window: &Window, at: At, source: Source) -> Found<(Sym, Option<Piece>)> {
    let session = window.row(at).session;
    if session.is_none() {
        return Found::Nothing;
    }
    Found::Known((session, own_piece(window, at)), source)
}

fn gap_piece(window: &Window, at: At) -> Option<Piece> {
    if at.day == UNKNOWN_DAY {
        return None;
    }
    let gaps = window.state(at.day).gaps.as_ref()?;
    let segment = *gaps.segment_of.get(&at.row)?;
    Some(match gaps.links.prev[segment as usize] {
        NO_SEGMENT => Piece::Gap { day: at.day, segment },
        segment => Piece::Gap { day: at.day.plus(-1), segment },
    })
}

fn gap_id(window: &Window, piece: Piece) -> Sym {
    let Piece::Gap { day, segment } = piece else { return Sym::NONE };
    let gaps = window.state(day).gaps.as_ref();
    gaps.and_then(|gaps| gaps.ids.get(segment as usize)).copied().unwrap_or_default()
}

#[cfg(test)]
#[allow(
    clippy::cast_possible_truncation,
    clippy::needless_pass_by_value,
    reason = "small values of a test"
)]
mod tests {
    use serde_json::{Value, json};

    use crate::derive::testing::{Memory, event, log, span};

    /// The only error's ids and sources, as `session/source user/source account/source`.
    fn error_ids(memory: &mut Memory) -> String {
        let row = memory.derived().row("errors");
        let id = |name: &str| {
            let text = |key: &str| row.get(key).and_then(Value::as_str).unwrap_or("-").to_owned();
            format!("{}/{}", text(name), text(&format!("{name}_source")))
        };
        [id("session_id"), id("user_id"), id("account_id")].join(" ")
    }

    fn failed(time: &str, trace: u8, more: Value) -> Value {
        let mut row = log(time, trace, json!({"severity_number": 17, "body": "broken"}));
        for (key, value) in more.as_object().unwrap() {
            row[key] = value.clone();
        }
        row
    }

    #[test]
    fn a_log_takes_ids_from_its_trace_and_then_from_its_session() {
        let mut memory = Memory::default();
        memory
            .add("logs", &[failed("10:00:01", 1, json!({}))])
            .add("spans", &[span("10:00:00", 1, 1, 0, json!({"session_id": "s", "user_id": "u"}))])
            .add(
                "events",
                &[event("09:00:00", "s", json!({"account_id": "a", "device_type": "mobile"}))],
            );
        assert_eq!(error_ids(&mut memory), "s/trace u/trace a/session");
        let error = memory.row("errors");
        assert_eq!(error["session_started_at"], "2025-01-06T09:00:00Z");
        assert_eq!(error["device_type"], "mobile");
        assert_eq!(error["service_name"], "shop");
    }

    #[test]
    fn what_a_row_carries_itself_comes_first_then_its_span() {
        let mut memory = Memory::default();
        memory
            .add(
                "logs",
                &[failed(
                    "10:00:01",
                    1,
                    json!({"session_id": "own", "span_id": "0000000000000002"}),
                )],
            )
            .add(
                "spans",
                &[
                    span("10:00:00", 1, 1, 0, json!({"user_id": "u1", "account_id": "a"})),
                    span("10:00:00", 1, 2, 1, json!({"user_id": "u2"})),
                ],
            );
        assert_eq!(error_ids(&mut memory), "own/own u2/span a/trace");
    }

    #[test]
    fn evidence_that_disagrees_fills_nothing_and_is_named() {
        let mut memory = Memory::default();
        memory
            .add("logs", &[failed("10:00:01", 1, json!({}))])
            .add(
                "spans",
                &[
                    span("10:00:00", 1, 1, 0, json!({"session_id": "s", "user_id": "u1"})),
                    span("10:00:00", 1, 2, 1, json!({"session_id": "s", "user_id": "u2"})),
                ],
            )
            .add("events", &[event("09:59:00", "s", json!({"user_id": "u1", "account_id": "a"}))]);
        assert_eq!(error_ids(&mut memory), "s/trace -/- a/session");
        assert_eq!(memory.row("traces")["conflicts"], json!(["user_id"]));
        assert_eq!(memory.row("sessions")["conflicts"], json!(["user_id"]));
        assert_eq!(memory.row("sessions").get("user_id"), None);
    }

    #[test]
    fn a_trace_of_two_sessions_belongs_to_none_and_makes_none() {
        let mut memory = Memory::default();
        memory.add("logs", &[failed("10:00:01", 1, json!({"user_id": "u"}))]).add(
            "events",
            &[
                event("10:00:00", "s1", json!({"trace_id": format!("{:032x}", 1)})),
                event("10:00:00", "s2", json!({"trace_id": format!("{:032x}", 1)})),
            ],
        );
        assert_eq!(error_ids(&mut memory), "-/- u/own -/-");
        assert_eq!(memory.row("traces")["conflicts"], json!(["session_id"]));
    }

    #[test]
    fn without_session_ids_a_users_silence_makes_sessions() {
        let mut memory = Memory::default();
        memory.add(
            "logs",
            &[
                failed("10:29:00", 0, json!({"user_id": "u"})),
                log("10:00:00", 0, json!({"user_id": "u", "account_id": "a"})),
                log("10:59:00", 0, json!({"user_id": "u"})),
                log("10:00:00", 0, json!({"user_pseudo_id": "u"})),
            ],
        );
        let ids = error_ids(&mut memory);
        assert!(ids.starts_with("gap-") && ids.ends_with("/gap u/own a/gap"), "{ids}");
        let sessions = memory.rows("sessions");
        assert_eq!(sessions.len(), 3);
        assert!(sessions.iter().all(|row| row["session_id_source"] == "gap"));
        assert_eq!(memory.row("errors")["session_started_at"], "2025-01-06T10:00:00Z");
    }

    #[test]
    fn without_session_ids_a_program_says_where_a_session_starts_and_ends() {
        let mut memory = Memory::default();
        let said = |ts: &str, name: &str| {
            let ts = format!("2025-01-06T{ts}Z");
            json!({"ts": ts, "event_name": name, "user_id": "u"})
        };
        let events = [
            said("23:50:00", "session.start"),
            said("23:51:00", "search"),
            said("23:52:00", "session.end"),
            said("23:53:00", "search"),
            // The next minute is the next day's.
            said("23:59:59", "$session_end"),
            json!({"ts": "2025-01-07T00:00:00Z", "event_name": "search", "user_id": "u"}),
            json!({"ts": "2025-01-07T00:01:00Z", "event_name": "session_start", "user_id": "u"}),
        ];
        memory.add("events", &events);
        let started: Vec<String> = memory
            .derived()
            .rows("sessions")
            .iter()
            .map(|row| format!("{} {}", row["ts"].as_str().unwrap(), row["n_events"]))
            .collect();
        let expected = [
            "2025-01-06T23:50:00Z 3",
            "2025-01-06T23:53:00Z 2",
            "2025-01-07T00:00:00Z 1",
            "2025-01-07T00:01:00Z 1",
        ];
        assert_eq!(started, expected);
    }

    /// An error whose trace runs over the first midnight into a session, which runs over the second to a row whose
    /// trace runs over the third, where a user is known.
    fn over_three_midnights() -> Memory {
        let january = |day: u8, hour: &str| format!("2025-01-0{day}T{hour}Z");
        let session = |day, hour| event(&january(day, hour), "s", json!({}));
        let mut memory = Memory::default();
        memory
            .add(
                "logs",
                &[
                    failed(&january(6, "23:59:00"), 1, json!({})),
                    log(&january(7, "03:30:00"), 1, json!({})),
                    log(&january(7, "07:00:00"), 1, json!({"session_id": "s"})),
                    log(&january(8, "14:30:00"), 2, json!({"session_id": "s"})),
                    log(&january(8, "18:00:00"), 2, json!({})),
                    log(&january(8, "21:30:00"), 2, json!({})),
                    log(&january(9, "01:00:00"), 2, json!({"user_id": "u"})),
                ],
            )
            .add(
                "events",
                &[
                    session(7, "10:30:00"),
                    session(7, "14:00:00"),
                    session(7, "17:30:00"),
                    session(7, "21:00:00"),
                    session(8, "00:30:00"),
                    session(8, "04:00:00"),
                    session(8, "07:30:00"),
                    session(8, "11:00:00"),
                ],
            );
        memory
    }

    #[test]
    fn evidence_reaches_over_two_midnights_and_not_over_three() {
        let mut memory = over_three_midnights();
        assert_eq!(error_ids(&mut memory), "s/trace -/- -/-");
        assert_eq!(memory.row("sessions")["user_id"], "u");
        let known = event("2025-01-08T11:00:01Z", "s", json!({"account_id": "a"}));
        memory.add("events", &[known]);
        assert_eq!(error_ids(&mut memory), "s/trace -/- a/session");
    }

    #[test]
    fn rows_of_unknown_time_are_errors_and_nothing_else() {
        let mut memory = Memory::default();
        let unknown = "1970-01-01T00:00:00Z";
        memory
            .add("logs", &[failed(unknown, 1, json!({"session_id": "s", "user_id": "u"}))])
            .add("spans", &[span(unknown, 1, 1, 0, json!({"account_id": "a"}))])
            .add("events", &[event(unknown, "s", json!({}))]);
        assert_eq!(error_ids(&mut memory), "s/own u/own a/trace");
        assert_eq!(memory.row("errors").get("activity_id"), None);
        assert_eq!(memory.row("errors").get("session_started_at"), None);
        assert!(memory.rows("sessions").is_empty());
        assert!(memory.rows("activities").is_empty());
    }
}
