//! Sessions of rows that have no session id, not even by their trace: by 30 minutes of silence of their user, and by the
//! events with which a program says that one starts or ends.

use std::collections::HashMap;
use std::hash::Hasher as _;

use brunt_model::Day;
use twox_hash::XxHash3_64;

use super::cut::{GAP_QUIET_MICROS, Mark, Segment, cut, successors};
use super::evidence::{Evidence, Seen};
use super::facts::{Described, UNKNOWN_DAY, described};
use super::fill::{Found, trace_level};
use super::symbols::{Sym, Symbols};
use super::window::{At, Links, Window};

/// Whose silence cuts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Owner {
    User(Sym),
    /// Of rows without a known user.
    Pseudo(Sym),
}

/// The gap sessions of a day; a session over midnight is the last segment of one day and the first of the next.
#[derive(Debug, Default)]
pub(super) struct Gaps {
    pub(super) segments: Vec<Segment<Owner>>,
    /// Rows by (owner, time).
    pub(super) rows: Vec<u32>,
    pub(super) segment_of: HashMap<u32, u32>,
    /// What the rows of each segment carry or got from their traces.
    pub(super) evidence: Vec<Evidence>,
    pub(super) described: Vec<Described>,
    /// The session id of each segment, if a session begins with it.
    pub(super) ids: Vec<Sym>,
    pub(super) links: Links,
}

/// Finds the gap sessions of a day whose traces, and those that reach into it, are known.
pub(super) fn find(window: &Window, day: Day) -> Gaps {
    if day == UNKNOWN_DAY {
        return Gaps::default();
    }
    let facts = window.facts(day);
    let mut owned: Vec<(Owner, u32, Evidence)> = Vec::new();
    for (row_idx, row) in (0_u32..).zip(&facts.rows) {
        if row.session.is_some() {
            continue;
        }
        let level = trace_level(window, At { day, row: row_idx }, None);
        if level.session != Found::Nothing {
            continue;
        }
        let owner = match (level.user, level.pseudo) {
            (Found::Known(user, _), _) => Owner::User(user),
            (Found::Nothing, pseudo) if pseudo.is_some() => Owner::Pseudo(pseudo),
            _ => continue,
        };
        let evidence = Evidence {
            session: Seen::None,
            user: Seen::of(level.user.sym()),
            account: Seen::of(level.account.sym()),
            pseudo: Seen::of(level.pseudo),
        };
        owned.push((owner, row_idx, evidence));
    }
    let said = |row: u32| {
        let row = &facts.rows[row as usize];
        (row.ts, facts.event(row).map_or(Mark::None, |event| event.mark))
    };
    // Of one time, a start is first and an end is last.
    owned.sort_unstable_by_key(|(owner, row, _)| (*owner, said(*row), *row));
    let times = owned.iter().map(|(owner, row, _)| {
        let (ts, mark) = said(*row);
        (*owner, ts, mark)
    });
    let segments = cut(day, GAP_QUIET_MICROS, times);
    let mut gaps = Gaps { links: Links::unlinked(segments.len()), ..Gaps::default() };
    for (segment_idx, segment) in (0_u32..).zip(&segments) {
        let members = &owned[segment.rows.start as usize..segment.rows.end as usize];
        let mut evidence = Evidence::default();
        for (_, row, of_row) in members {
            gaps.segment_of.insert(*row, segment_idx);
            evidence = evidence.and(*of_row);
        }
        gaps.evidence.push(evidence);
        let rows = members.iter().map(|(_, row, _)| &facts.rows[*row as usize]);
        gaps.described.push(described(rows, &window.known.contexts));
    }
    gaps.rows = owned.into_iter().map(|(_, row, _)| row).collect();
    gaps.segments = segments;
    gaps
}

/// Joins the gap sessions of two days.
pub(super) fn link(before: &mut Gaps, after: &mut Gaps) {
    let next = successors(&before.segments, &after.segments, GAP_QUIET_MICROS);
    before.links.set_next(next, &mut after.links);
}

impl Gaps {
    /// Gives each segment the id of the session that would begin with it: `gap-` and a hash of user and first time.
    pub(super) fn name(&mut self, symbols: &mut Symbols) {
        self.ids = self
            .segments
            .iter()
            .map(|segment| {
                let (kind, owner) = match segment.id {
                    Owner::User(user) => (b"user", user),
                    Owner::Pseudo(pseudo) => (b"anon", pseudo),
                };
                let mut hasher = XxHash3_64::new();
                hasher.write(kind);
                hasher.write(&segment.first.to_le_bytes());
                hasher.write(symbols.text(owner).unwrap_or_default().as_bytes());
                symbols.intern(&format!("gap-{:016x}", hasher.finish()))
            })
            .collect();
    }
}
