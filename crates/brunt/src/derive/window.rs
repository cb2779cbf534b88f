//! The five days that decide a derived day, each read once while the window moves over them.

use std::collections::VecDeque;

use brunt_model::Day;

use super::cut::{NO_SEGMENT, QUIET_MICROS, Segment, successors};
use super::facts::{Facts, Row};
use super::gaps::{self, Gaps};
use super::members::{self, Members};
use super::read::{Known, read_day};
use super::units::{self, Units};
use super::{REACH_DAYS, Rows};
use crate::definitions::Definitions;
use crate::error::Error;
use crate::grouper::Grouper;

/// Past this the texts of days that were left behind are worth forgetting; what is in the window is read again then.
const TEXT_BYTES_MAX: usize = 64 << 20;

/// A row of a day; rows compare by time, then by content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct At {
    pub(super) day: Day,
    pub(super) row: u32,
}

/// How the segments of a day hang together with those of its neighbours; [`NO_SEGMENT`] where they do not.
#[derive(Debug, Default)]
pub(super) struct Links {
    pub(super) prev: Vec<u32>,
    pub(super) next: Vec<u32>,
}

/// A day in the window, and what its neighbours and it say together.
#[derive(Debug)]
pub(super) struct DayState {
    pub(super) facts: Facts,
    pub(super) traces: Links,
    pub(super) sessions: Links,
    /// The traces that begin on the day, from this day and the next.
    pub(super) units: Option<Units>,
    /// The sessions of rows without session id.
    pub(super) gaps: Option<Gaps>,
    /// What the rows of each session segment carry or got from their traces.
    pub(super) members: Option<Members>,
}

/// The days in work.
#[derive(Debug)]
pub(super) struct Window {
    pub(super) known: Known,
    first: Day,
    days: VecDeque<DayState>,
    /// What the texts took when they held one window only.
    fresh_bytes: usize,
}

impl Window {
    /// No day yet; `keeps_recorded` keeps what errors are grouped by, see [`Known::new`].
    pub(super) fn new(grouper: Grouper, keeps_recorded: bool) -> Self {
        Self::over(Known::new(grouper, keeps_recorded))
    }

    fn over(known: Known) -> Self {
        Self { known, first: Day::default(), days: VecDeque::new(), fresh_bytes: 0 }
    }

    /// Moves on so that everything that a day depends on is here; days have to come in rising order to be read once.
    ///
    /// # Errors
    /// Those of reading.
    pub(super) async fn move_to(
        &mut self,
        tables: &mut impl Rows,
        day: Day,
        definitions: &Definitions,
    ) -> Result<(), Error> {
        let first = day.plus(-REACH_DAYS);
        if self.known.size_bytes() > TEXT_BYTES_MAX + 2 * self.fresh_bytes {
            *self = Self::over(self.known.renewed());
        }
        while self.first < first && self.days.pop_front().is_some() {
            self.first = self.first.plus(1);
        }
        if self.first != first {
            self.days.clear();
            self.first = first;
        }
        let is_fresh = self.days.is_empty();
        while self.last() < day.plus(REACH_DAYS) {
            let facts = read_day(tables, self.last().plus(1), definitions, &mut self.known).await?;
            self.push(facts);
        }
        if is_fresh {
            self.fresh_bytes = self.known.size_bytes();
        }
        for other in -REACH_DAYS..REACH_DAYS {
            self.find_units(day.plus(other));
        }
        for other in 1 - REACH_DAYS..REACH_DAYS {
            self.find_gaps(day.plus(other));
            self.find_members(day.plus(other));
        }
        Ok(())
    }

    pub(super) fn has(&self, day: Day) -> bool {
        self.first <= day && day <= self.last()
    }

    pub(super) fn state(&self, day: Day) -> &DayState {
        &self.days[self.place(day)]
    }

    pub(super) fn facts(&self, day: Day) -> &Facts {
        &self.state(day).facts
    }

    pub(super) fn row(&self, at: At) -> &Row {
        &self.facts(at.day).rows[at.row as usize]
    }

    /// The segment of a day that its row is in, or [`NO_SEGMENT`].
    pub(super) fn session_segment(&self, at: At) -> u32 {
        let sessions = &self.facts(at.day).sessions;
        sessions.segment_of.get(at.row as usize).copied().unwrap_or(NO_SEGMENT)
    }

    fn last(&self) -> Day {
        self.first.plus(i32::try_from(self.days.len()).unwrap_or(i32::MAX) - 1)
    }

    fn place(&self, day: Day) -> usize {
        usize::try_from(day.0 - self.first.0).unwrap_or(usize::MAX)
    }

    fn push(&mut self, facts: Facts) {
        let mut state = DayState {
            traces: Links::unlinked(facts.traces.segments.len()),
            sessions: Links::unlinked(facts.sessions.segments.len()),
            facts,
            units: None,
            gaps: None,
            members: None,
        };
        if let Some(before) = self.days.back_mut() {
            let (old, new) = (&before.facts, &state.facts);
            link(&mut before.traces, &mut state.traces, &old.traces.segments, &new.traces.segments);
            link(
                &mut before.sessions,
                &mut state.sessions,
                &old.sessions.segments,
                &new.sessions.segments,
            );
        }
        self.days.push_back(state);
    }

    fn find_units(&mut self, day: Day) {
        if self.state(day).units.is_none() {
            let units = units::find(self, day);
            let place = self.place(day);
            self.days[place].units = Some(units);
        }
    }

    fn find_gaps(&mut self, day: Day) {
        if self.state(day).gaps.is_some() {
            return;
        }
        let mut found = gaps::find(self, day);
        found.name(&mut self.known.symbols);
        let place = self.place(day);
        if let Some(before) = place.checked_sub(1).and_then(|place| self.days[place].gaps.as_mut())
        {
            gaps::link(before, &mut found);
        }
        self.days[place].gaps = Some(found);
    }

    fn find_members(&mut self, day: Day) {
        if self.state(day).members.is_none() {
            let members = members::find(self, day);
            let place = self.place(day);
            self.days[place].members = Some(members);
        }
    }
}

impl Links {
    pub(super) fn unlinked(n_segments: usize) -> Self {
        Self { prev: vec![NO_SEGMENT; n_segments], next: vec![NO_SEGMENT; n_segments] }
    }

    /// Sets the successors of a day's segments, and their predecessors in the links of the next day.
    pub(super) fn set_next(&mut self, next: Vec<u32>, after: &mut Self) {
        for (from, to) in (0_u32..).zip(&next) {
            if *to != NO_SEGMENT {
                after.prev[*to as usize] = from;
            }
        }
        self.next = next;
    }
}

fn link(before: &mut Links, after: &mut Links, old: &[Segment], new: &[Segment]) {
    before.set_next(successors(old, new, QUIET_MICROS), after);
}
