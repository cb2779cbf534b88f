//! A day's base rows as compact facts, in an order that depends on their content alone.

use brunt_model::Day;

use super::context::{Context, Contexts};
use super::cut::{Mark, NO_SEGMENT, QUIET_MICROS, Segment, cut};
use super::evidence::{Evidence, Seen};
use super::numbers::{Amount, Perhaps, Weight};
use super::symbols::Sym;

/// Rows whose time is not known are stored on this day; they have no session, activity or journey.
pub(super) const UNKNOWN_DAY: Day = Day(0);

/// No index.
pub(super) const NO_ROW: u32 = u32::MAX;

/// One row of `spans`, `logs` or `events`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    pub(super) ts: i64,
    /// Hash of the row's identity or content, which orders rows of one time.
    pub(super) key: u64,
    /// 0 where there is none.
    pub(super) span: u64,
    pub(super) trace: Sym,
    pub(super) session: Sym,
    pub(super) user: Sym,
    pub(super) pseudo: Sym,
    pub(super) account: Sym,
    pub(super) context: u32,
    /// Place in [`Facts::spans`] or [`Facts::events`], or [`NO_ROW`].
    pub(super) detail: u32,
    pub(super) kind: RowKind,
    /// Whether [`Facts::records`] has it.
    pub(super) in_records: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum RowKind {
    Event,
    Span,
    Log,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    /// 0 where there is none.
    pub(super) parent: u64,
    pub(super) duration_ns: Perhaps,
    pub(super) observed_at: Perhaps,
    pub(super) name: Sym,
    /// Of spans that can be activities: roots and server spans.
    pub(super) op: Sym,
    pub(super) kind: SpanKind,
    pub(super) status: Status,
    /// What its HTTP status says, whatever the span's own status does.
    pub(super) answer: Answer,
    pub(super) weight: Weight,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SpanKind {
    Server,
    Client,
    Internal,
    Producer,
    Consumer,
    None,
}

/// What an HTTP status says of a call, on its side of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    /// Nothing was said against it.
    Fine,
    /// What was asked for was refused, which is no failure of who refused it.
    Refused,
    Failed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    Ok,
    Error,
    Unset,
    None,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Event {
    pub(super) kind: EventKind,
    pub(super) frustration: Frustration,
    pub(super) mark: Mark,
    pub(super) op: Sym,
    pub(super) sequence_no: Perhaps,
    pub(super) observed_at: Perhaps,
    pub(super) duration_ns: Perhaps,
    pub(super) order: Sym,
    pub(super) order_value: Amount,
    pub(super) currency: Sym,
    pub(super) session_previous: Sym,
    pub(super) replay_url: Sym,
    pub(super) weight: Weight,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EventKind {
    PageView,
    Click,
    Step,
    Purchase,
    Error,
    Frustration,
    Custom,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Frustration {
    RageClick,
    DeadClick,
    ErrorClick,
    Reload,
    None,
}

/// One record of an error: an exception log, an exception event of a span, a failed span, a front-end error.
#[derive(Debug, Clone, Copy)]
pub(super) struct Record {
    pub(super) row: u32,
    /// Counts the records of the row.
    pub(super) part: u32,
    pub(super) ts: i64,
    /// Bits of [`signal`].
    pub(super) signals: u8,
    pub(super) says: Says,
    pub(super) grouping: u32,
    pub(super) exception_type: Sym,
    pub(super) message: Sym,
    pub(super) error_type: Sym,
    pub(super) stack_len: u32,
    /// 0 where there is none.
    pub(super) severity: i16,
    pub(super) handled: Option<bool>,
    pub(super) http_method: Sym,
    pub(super) http_route: Sym,
    pub(super) http_status: Option<i32>,
    pub(super) url_path: Sym,
    pub(super) weight: Weight,
}

/// What a record rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Says {
    /// An exception, or an error log or event.
    Error,
    /// A span's error status with its message, without an exception.
    Status,
    /// A span's error status alone.
    Nothing,
}

/// Which kinds of record an occurrence has, as bits.
pub(super) mod signal {
    pub(in super::super) const LOG: u8 = 1;
    pub(in super::super) const SPAN: u8 = 2;
    pub(in super::super) const SPAN_EVENT: u8 = 4;
    pub(in super::super) const EVENT: u8 = 8;
    /// In the order in which the column lists them.
    pub(in super::super) const ALL: [(u8, &str); 4] =
        [(LOG, "log"), (SPAN, "span"), (SPAN_EVENT, "span_event"), (EVENT, "event")];
}

/// A row that does a step of a journey.
#[derive(Debug, Clone, Copy)]
pub(super) struct StepRow {
    pub(super) row: u32,
    /// Place in the list of all steps of all journeys.
    pub(super) step: u32,
    /// Ten-thousandths.
    pub(super) value: Option<i128>,
}

/// A day's rows by one kind of id.
#[derive(Debug, Default)]
pub(super) struct Index {
    pub(super) segments: Vec<Segment>,
    /// Rows by (id, time); a segment's rows are places in here.
    pub(super) rows: Vec<u32>,
    /// For each row its segment, or [`NO_SEGMENT`].
    pub(super) segment_of: Vec<u32>,
    /// What the rows of each segment carry themselves.
    pub(super) own: Vec<Evidence>,
}

/// What a session segment's own rows say of program and device.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Described {
    /// Of the rows from the client, `events`.
    pub(super) client: Context,
    /// Of all rows.
    pub(super) any: Context,
}

/// A day.
#[derive(Debug)]
pub(super) struct Facts {
    pub(super) day: Day,
    /// By (time, kind, key).
    pub(super) rows: Vec<Row>,
    pub(super) spans: Vec<Span>,
    pub(super) events: Vec<Event>,
    /// By (row, part).
    pub(super) records: Vec<Record>,
    /// By (row, step).
    pub(super) steps: Vec<StepRow>,
    pub(super) traces: Index,
    /// Empty on the day of unknown times.
    pub(super) sessions: Index,
    /// Of the session segments.
    pub(super) described: Vec<Described>,
}

impl Facts {
    /// Puts a day's rows into the one order and finds their traces and sessions.
    pub(super) fn new(
        day: Day,
        rows: Vec<Row>,
        spans: Vec<Span>,
        events: Vec<Event>,
        records: Vec<Record>,
        steps: Vec<StepRow>,
        contexts: &Contexts,
    ) -> Self {
        let mut facts = Self {
            day,
            rows,
            spans,
            events,
            records,
            steps,
            traces: Index::default(),
            sessions: Index::default(),
            described: Vec::new(),
        };
        facts.sort();
        facts.traces = index(day, &facts.rows, |row| row.trace);
        if day != UNKNOWN_DAY {
            facts.sessions = index(day, &facts.rows, |row| row.session);
        }
        facts.described = describe(&facts.rows, &facts.sessions, contexts);
        facts
    }

    pub(super) fn span(&self, row: &Row) -> Option<&Span> {
        if row.kind == RowKind::Span { self.spans.get(row.detail as usize) } else { None }
    }

    pub(super) fn event(&self, row: &Row) -> Option<&Event> {
        if row.kind == RowKind::Event { self.events.get(row.detail as usize) } else { None }
    }

    /// The rows of a segment, by time.
    #[expect(clippy::unused_self, reason = "asked of the facts, which own the index")]
    pub(super) fn rows_of<'a>(&'a self, index: &'a Index, segment: u32) -> &'a [u32] {
        let range = &index.segments[segment as usize].rows;
        &index.rows[range.start as usize..range.end as usize]
    }

    /// The records of a row, as places in [`Facts::records`].
    pub(super) fn records_of(&self, row: u32) -> std::ops::Range<usize> {
        let first = self.records.partition_point(|record| record.row < row);
        let n = self.records[first..].iter().take_while(|record| record.row == row).count();
        first..first + n
    }

    /// How many rows before this one are its equals in everything; tells equal rows apart.
    pub(super) fn ordinal(&self, row: u32) -> u32 {
        let idx = row as usize;
        let of = &self.rows[idx];
        let equal = |other: &&Row| (other.ts, other.kind, other.key) == (of.ts, of.kind, of.key);
        let n = self.rows[..idx].iter().rev().take_while(equal).count();
        u32::try_from(n).unwrap_or(u32::MAX)
    }

    fn sort(&mut self) {
        let mut order: Vec<u32> =
            (0..self.rows.len()).filter_map(|idx| u32::try_from(idx).ok()).collect();
        order.sort_unstable_by_key(|idx| {
            let row = &self.rows[*idx as usize];
            (row.ts, row.kind, row.key)
        });
        let mut place = vec![0_u32; order.len()];
        for (new, old) in (0_u32..).zip(&order) {
            place[*old as usize] = new;
        }
        self.rows = order.iter().map(|old| self.rows[*old as usize]).collect();
        for record in &mut self.records {
            record.row = place[record.row as usize];
            self.rows[record.row as usize].in_records = true;
        }
        for step in &mut self.steps {
            step.row = place[step.row as usize];
        }
        self.records.sort_unstable_by_key(|record| (record.row, record.part));
        self.steps.sort_unstable_by_key(|step| (step.row, step.step));
    }
}

impl Span {
    /// The status; where the span does not set one, the error that its HTTP status is.
    pub(super) fn outcome(&self) -> Status {
        match self.status {
            Status::Unset | Status::None if self.answer == Answer::Failed => Status::Error,
            status => status,
        }
    }

    /// Whether it did what it was asked for; a refusal is no failure, and did not.
    pub(super) fn has_succeeded(&self) -> bool {
        self.status == Status::Ok
            || (self.outcome() != Status::Error && self.answer == Answer::Fine)
    }

    /// When it ended, in microseconds; a span without duration ends when it begins.
    pub(super) fn end(&self, ts: i64) -> i64 {
        ts.saturating_add(self.duration_ns.get().unwrap_or(0).max(0) / 1_000)
    }
}

impl SpanKind {
    const ALL: [(Self, &'static str); 5] = [
        (Self::Server, "SERVER"),
        (Self::Client, "CLIENT"),
        (Self::Internal, "INTERNAL"),
        (Self::Producer, "PRODUCER"),
        (Self::Consumer, "CONSUMER"),
    ];

    pub(super) fn parse(text: Option<&str>) -> Self {
        word(&Self::ALL, text).unwrap_or(Self::None)
    }

    pub(super) fn text(self) -> Option<&'static str> {
        text(&Self::ALL, self)
    }

    /// What an HTTP status says on this side of a call, by OpenTelemetry's conventions: errors are from 500 for servers,
    /// from 400 for clients, none for others.
    pub(super) fn answer(self, http_status: i32) -> Answer {
        match (self, http_status) {
            (Self::Server, 500..) | (Self::Client, 400..) => Answer::Failed,
            (Self::Server, 400..) => Answer::Refused,
            _ => Answer::Fine,
        }
    }
}

impl Status {
    const ALL: [(Self, &'static str); 3] =
        [(Self::Ok, "OK"), (Self::Error, "ERROR"), (Self::Unset, "UNSET")];

    pub(super) fn parse(text: Option<&str>) -> Self {
        word(&Self::ALL, text).unwrap_or(Self::None)
    }

    pub(super) fn text(self) -> Option<&'static str> {
        text(&Self::ALL, self)
    }
}

impl EventKind {
    /// A kind that is missing or not known is `custom`.
    pub(super) fn parse(text: Option<&str>) -> Self {
        const ALL: [(EventKind, &str); 6] = [
            (EventKind::PageView, "page_view"),
            (EventKind::Click, "click"),
            (EventKind::Step, "step"),
            (EventKind::Purchase, "purchase"),
            (EventKind::Error, "error"),
            (EventKind::Frustration, "frustration"),
        ];
        word(&ALL, text).unwrap_or(Self::Custom)
    }

    /// Purchases and frustration are outcomes, errors are what activities meet.
    pub(super) fn is_activity(self) -> bool {
        matches!(self, Self::PageView | Self::Click | Self::Step | Self::Custom)
    }
}

impl Frustration {
    pub(super) fn parse(text: Option<&str>) -> Self {
        const ALL: [(Frustration, &str); 4] = [
            (Frustration::RageClick, "rage_click"),
            (Frustration::DeadClick, "dead_click"),
            (Frustration::ErrorClick, "error_click"),
            (Frustration::Reload, "reload"),
        ];
        word(&ALL, text).unwrap_or(Self::None)
    }
}

fn word<T: Copy>(all: &[(T, &str)], text: Option<&str>) -> Option<T> {
    let text = text?;
    all.iter().find(|(_, word)| *word == text).map(|(meaning, _)| *meaning)
}

fn text<T: Copy + PartialEq>(all: &[(T, &'static str)], meaning: T) -> Option<&'static str> {
    all.iter().find(|(other, _)| *other == meaning).map(|(_, word)| *word)
}

fn index(day: Day, rows: &[Row], id: impl Fn(&Row) -> Sym) -> Index {
    let mut order: Vec<u32> =
        (0_u32..).zip(rows).filter(|(_, row)| id(row).is_some()).map(|(idx, _)| idx).collect();
    order.shrink_to_fit();
    // Rows are by time already, so their number stands for it.
    order.sort_unstable_by_key(|idx| (id(&rows[*idx as usize]), *idx));
    let segments = cut(
        day,
        QUIET_MICROS,
        order.iter().map(|idx| (id(&rows[*idx as usize]), rows[*idx as usize].ts, Mark::None)),
    );
    let mut segment_of = vec![NO_SEGMENT; rows.len()];
    let mut own = Vec::with_capacity(segments.len());
    for (segment_idx, segment) in (0_u32..).zip(&segments) {
        let mut evidence = Evidence::default();
        for idx in &order[segment.rows.start as usize..segment.rows.end as usize] {
            segment_of[*idx as usize] = segment_idx;
            evidence = evidence.and(own_evidence(&rows[*idx as usize]));
        }
        own.push(evidence);
    }
    Index { segments, rows: order, segment_of, own }
}

fn own_evidence(row: &Row) -> Evidence {
    Evidence {
        session: Seen::of(row.session),
        user: Seen::of(row.user),
        account: Seen::of(row.account),
        pseudo: Seen::of(row.pseudo),
    }
}

/// Each column from the first row that has it.
pub(super) fn described<'a>(rows: impl Iterator<Item = &'a Row>, contexts: &Contexts) -> Described {
    let mut described = Described::default();
    let mut last = None;
    for row in rows {
        if last == Some((row.kind, row.context)) {
            continue;
        }
        last = Some((row.kind, row.context));
        let context = contexts.context(row.context);
        described.any = described.any.or(context);
        if row.kind == RowKind::Event {
            described.client = described.client.or(context);
        }
    }
    described
}

fn describe(rows: &[Row], sessions: &Index, contexts: &Contexts) -> Vec<Described> {
    sessions
        .segments
        .iter()
        .map(|segment| {
            let places = segment.rows.start as usize..segment.rows.end as usize;
            described(sessions.rows[places].iter().map(|idx| &rows[*idx as usize]), contexts)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(ts: i64, key: u64, trace: u32) -> Row {
        Row {
            ts,
            key,
            span: 0,
            trace: Sym(trace),
            session: Sym::NONE,
            user: Sym::NONE,
            pseudo: Sym::NONE,
            account: Sym::NONE,
            context: 0,
            detail: NO_ROW,
            kind: RowKind::Log,
            in_records: false,
        }
    }

    fn facts(rows: Vec<Row>) -> Facts {
        let mut contexts = Contexts::default();
        contexts.intern(Context::default());
        let steps = vec![StepRow { row: 0, step: 4, value: None }];
        Facts::new(Day(1), rows, vec![], vec![], vec![], steps, &contexts)
    }

    #[test]
    fn rows_are_in_the_order_of_their_content_and_what_points_at_them_follows() {
        let day = Day(1).start().0;
        let facts = facts(vec![row(day + 5, 9, 3), row(day + 5, 2, 3), row(day, 7, 0)]);
        let keys: Vec<u64> = facts.rows.iter().map(|row| row.key).collect();
        assert_eq!(keys, [7, 2, 9]);
        assert_eq!(facts.steps[0].row, 2);
        assert_eq!(facts.traces.segment_of, [NO_SEGMENT, 0, 0]);
        assert_eq!(facts.rows_of(&facts.traces, 0), [1, 2]);
    }

    #[test]
    fn what_there_is_most_of_is_small() {
        assert_eq!((size_of::<Row>(), size_of::<Span>()), (56, 40));
        let numbers = [Some(-1), Some(i64::MAX), None];
        assert_eq!(numbers.map(|it| Perhaps::new(it).get()), numbers);
        assert_eq!([None, Some(0.5)].map(|it| Weight::new(it).double()), [None, Some(0.5)]);
    }

    #[test]
    fn equal_rows_are_told_apart_by_their_ordinal() {
        let facts = facts(vec![row(86_400_000_000, 1, 0), row(86_400_000_000, 1, 0)]);
        assert_eq!((facts.ordinal(0), facts.ordinal(1)), (0, 1));
    }

    #[test]
    fn words_of_enumerations_read_and_print() {
        assert_eq!(SpanKind::parse(Some("CLIENT")).text(), Some("CLIENT"));
        assert_eq!(SpanKind::parse(Some("client")), SpanKind::None);
        assert_eq!(SpanKind::None.text(), None);
        assert_eq!(EventKind::parse(None), EventKind::Custom);
        assert!(!EventKind::parse(Some("purchase")).is_activity());
    }
}
