//! Traces as they are cut: what each says about ids, its activities, its errors. Rows without a trace stand alone.

use brunt_model::Day;
use twox_hash::XxHash3_128;

use super::cut::NO_SEGMENT;
use super::evidence::{Evidence, Seen};
use super::facts::{Facts, Row, RowKind, SpanKind, Status, UNKNOWN_DAY};
use super::fill::{Piece, own_piece};
use super::occurrences::{self, Occurrence};
use super::symbols::Sym;
use super::tree::{NO_NODE, Tree};
use super::window::{At, Window};

/// No trace, no activity.
pub(super) const NONE: u32 = u32::MAX;

/// The traces that begin on a day, and what stands alone on it.
#[derive(Debug, Default)]
pub(super) struct Units {
    pub(super) units: Vec<Unit>,
    /// The unit of each trace segment of the day that begins one, and of each of the next day that goes on with one.
    pub(super) of_head: Vec<u32>,
    pub(super) of_tail: Vec<u32>,
    /// Those of a unit lie together.
    pub(super) activities: Vec<Activity>,
    pub(super) occurrences: Vec<Occurrence>,
}

/// A trace: one or two segments.
#[derive(Debug, Clone)]
pub(super) struct Unit {
    pub(super) trace: Sym,
    pub(super) head: u32,
    /// On the next day, or [`NO_SEGMENT`].
    pub(super) tail: u32,
    /// What its rows carry themselves.
    pub(super) evidence: Evidence,
    /// The session that its rows without session id belong to: of the first row that carries it.
    pub(super) session: Option<Piece>,
    /// The earliest span without a parent.
    pub(super) root: Option<At>,
    /// Spans whose parent is not in the trace.
    pub(super) n_orphan_spans: i64,
    /// Places in [`Units::activities`].
    pub(super) activities: std::ops::Range<u32>,
    pub(super) n_occurrences: i64,
}

/// One chance to meet an error; errors with neither request nor event make theirs later.
#[derive(Debug, Clone, Copy)]
pub(super) struct Activity {
    pub(super) at: At,
    pub(super) id: u128,
    pub(super) kind: ActivityKind,
    pub(super) ts: i64,
    /// A request's end; an event is a point in time.
    pub(super) end: i64,
    pub(super) op: Sym,
    pub(super) status: Status,
    /// Error occurrences of its trace.
    pub(super) n_errors: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ActivityKind {
    Request,
    Event,
}

/// Finds the traces that begin on a day; the day before and the day after must be in the window where they have rows.
pub(super) fn find(window: &Window, day: Day) -> Units {
    let state = window.state(day);
    let n_after =
        if window.has(day.plus(1)) { window.facts(day.plus(1)).traces.segments.len() } else { 0 };
    let mut units = Units {
        of_head: vec![NONE; state.facts.traces.segments.len()],
        of_tail: vec![NONE; n_after],
        ..Units::default()
    };
    let mut rows: Vec<At> = Vec::new();
    let mut tree = Tree::default();
    for (head, prev) in (0_u32..).zip(&state.traces.prev) {
        if *prev == NO_SEGMENT {
            let mut unit = new_unit(window, day, head, &mut rows);
            tree.rebuild(window, &rows);
            describe(window, &rows, &tree, &mut unit);
            units.add(window, day, unit, &rows, &tree);
        }
    }
    add_loose(window, day, &mut units);
    units
}

/// The rows of a trace, by time.
pub(super) fn rows_of(window: &Window, day: Day, unit: &Unit) -> Vec<At> {
    let mut rows = Vec::new();
    extend(&mut rows, window.facts(day), unit.head);
    if unit.tail != NO_SEGMENT {
        extend(&mut rows, window.facts(day.plus(1)), unit.tail);
    }
    rows
}

/// Which of a trace's activities a row of it belongs to: the row itself, else the root above its span, else the latest
/// that began by then, else the first.
pub(super) fn carrier(
    window: &Window,
    activities: &[Activity],
    tree: &Tree,
    at: At,
    ts: i64,
    span: Option<At>,
) -> Option<usize> {
    if activities.len() < 2 {
        return (!activities.is_empty()).then_some(0);
    }
    let itself = |at: At| activities.iter().position(|activity| activity.at == at);
    if let Some(place) = itself(at) {
        return Some(place);
    }
    let node = span.and_then(|span| tree.node_of(window.row(span).span, span));
    if let Some(node) = node
        && let Some(place) =
            tree.path_up(node).find_map(|above| itself(tree.nodes[above as usize].at))
    {
        return Some(place);
    }
    Some(activities.iter().rposition(|activity| activity.ts <= ts).unwrap_or(0))
}

/// The key of an activity or error: 32 hexadecimal digits that depend on the row's content alone.
pub(super) fn row_id(facts: &Facts, row: u32, kind: &str, part: u32) -> u128 {
    let of = &facts.rows[row as usize];
    let mut bytes = Vec::with_capacity(32);
    bytes.extend_from_slice(&of.ts.to_le_bytes());
    bytes.extend_from_slice(&of.key.to_le_bytes());
    bytes.extend_from_slice(&facts.ordinal(row).to_le_bytes());
    bytes.extend_from_slice(&part.to_le_bytes());
    bytes.push(of.kind as u8);
    bytes.extend_from_slice(kind.as_bytes());
    XxHash3_128::oneshot(&bytes)
}

/// A count as the u32 that rows are counted in.
pub(super) fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

fn extend(rows: &mut Vec<At>, facts: &Facts, segment: u32) {
    let of_segment = facts.rows_of(&facts.traces, segment);
    rows.extend(of_segment.iter().map(|row| At { day: facts.day, row: *row }));
}

/// A trace with the evidence of its rows, which are put into `rows`.
fn new_unit(window: &Window, day: Day, head: u32, rows: &mut Vec<At>) -> Unit {
    let state = window.state(day);
    let tail = state.traces.next[head as usize];
    let mut evidence = state.facts.traces.own[head as usize];
    rows.clear();
    extend(rows, &state.facts, head);
    if tail != NO_SEGMENT {
        let after = window.facts(day.plus(1));
        evidence = evidence.and(after.traces.own[tail as usize]);
        extend(rows, after, tail);
    }
    Unit {
        trace: state.facts.traces.segments[head as usize].id,
        head,
        tail,
        evidence,
        session: evidence_piece(window, rows, evidence),
        root: None,
        n_orphan_spans: 0,
        activities: 0..0,
        n_occurrences: 0,
    }
}

impl Units {
    /// Adds a trace with its activities and errors.
    fn add(&mut self, window: &Window, day: Day, mut unit: Unit, rows: &[At], tree: &Tree) {
        let number = count(self.units.len());
        self.of_head[unit.head as usize] = number;
        if unit.tail != NO_SEGMENT {
            self.of_tail[unit.tail as usize] = number;
        }
        let first = count(self.activities.len());
        if day != UNKNOWN_DAY {
            add_activities(window, rows, tree, &unit, &mut self.activities);
        }
        unit.activities = first..count(self.activities.len());
        let activities = &mut self.activities[first as usize..];
        let mut found = occurrences::of_trace(window, rows, tree, number);
        unit.n_occurrences = i64::from(count(found.len()));
        for occurrence in &mut found {
            let (at, ts, span) = (occurrence.best_row, occurrence.ts, occurrence.span);
            if let Some(place) = carrier(window, activities, tree, at, ts, span) {
                activities[place].n_errors += 1;
                occurrence.activity = first + count(place);
            }
        }
        self.occurrences.append(&mut found);
        self.units.push(unit);
    }
}

/// The session piece of the first row that carries the one session id that the trace agrees on.
fn evidence_piece(window: &Window, rows: &[At], evidence: Evidence) -> Option<Piece> {
    let Seen::One(session) = evidence.session else { return None };
    let first = rows.iter().find(|at| window.row(**at).session == session)?;
    own_piece(window, *first)
}

fn describe(window: &Window, rows: &[At], tree: &Tree, unit: &mut Unit) {
    for at in rows {
        let facts = window.facts(at.day);
        let Some(span) = facts.span(window.row(*at)) else { continue };
        if span.parent == 0 {
            unit.root = unit.root.or(Some(*at));
        } else if tree.find(span.parent).is_none() {
            unit.n_orphan_spans += 1;
        }
    }
}

/// Requests: the root spans, or without one the earliest server span whose parent is not in the trace. Without a
/// request the trace's client events are activities.
fn add_activities(
    window: &Window,
    rows: &[At],
    tree: &Tree,
    unit: &Unit,
    activities: &mut Vec<Activity>,
) {
    let n_before = activities.len();
    for at in rows {
        let facts = window.facts(at.day);
        let row = window.row(*at);
        let Some(span) = facts.span(row) else { continue };
        let enters = span.kind == SpanKind::Server
            && unit.root.is_none()
            && activities.len() == n_before
            && tree.find(span.parent).is_none();
        if span.parent == 0 || enters {
            activities.push(Activity {
                at: *at,
                id: row_id(facts, at.row, "request", 0),
                kind: ActivityKind::Request,
                ts: row.ts,
                end: span.end(row.ts),
                op: span.op,
                status: span.status,
                n_errors: 0,
            });
        }
    }
    if activities.len() == n_before {
        activities
            .extend(rows.iter().filter_map(|at| event_activity(window.facts(at.day), at.row)));
    }
}

fn event_activity(facts: &Facts, row_idx: u32) -> Option<Activity> {
    let row: &Row = &facts.rows[row_idx as usize];
    let event = facts.event(row).filter(|event| event.kind.is_activity())?;
    Some(Activity {
        at: At { day: facts.day, row: row_idx },
        id: row_id(facts, row_idx, "event", 0),
        kind: ActivityKind::Event,
        ts: row.ts,
        end: row.ts,
        op: event.op,
        status: Status::None,
        n_errors: 0,
    })
}

/// Client events and errors without a trace.
fn add_loose(window: &Window, day: Day, units: &mut Units) {
    let facts = window.facts(day);
    for (row_idx, row) in (0_u32..).zip(&facts.rows) {
        if row.trace.is_some() {
            continue;
        }
        if row.kind == RowKind::Event && day != UNKNOWN_DAY {
            units.activities.extend(event_activity(facts, row_idx));
        }
        if row.in_records {
            units.occurrences.extend(occurrences::without_trace(window, At { day, row: row_idx }));
        }
    }
}

/// The row of a node, where there is one.
pub(super) fn row_of_node(tree: &Tree, node: u32) -> Option<At> {
    (node != NO_NODE).then(|| tree.nodes[node as usize].at)
}
