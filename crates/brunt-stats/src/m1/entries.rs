//! Raw activities and step times to entries: who entered the journey when, how far each activity was, who converted.

use std::collections::HashMap;
use std::ops::Range;

use super::population::{Covariate, Entry, Population};
use super::{NONE, index};
use crate::error::Error;

/// Whether steps count only in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepOrder {
    /// A step counts once all before it have been reached.
    Strict,
    /// A step counts whenever it is done after the entry; the last one converts whatever was skipped.
    Any,
}

/// The journey to measure. Times are microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Journey {
    pub n_steps: u32,
    pub order: StepOrder,
    /// From entry to conversion, both ends included, for units without an end of their own.
    pub window_micros: i64,
    /// Entries before this are not measured, though one that is still open keeps a new one from opening.
    pub from: i64,
    /// Entries whose window ends after this are not measured, so that none counts as lost too early.
    pub until: i64,
}

/// Every activity of every unit, unit by unit, each unit's by (time, sequence, id).
#[derive(Debug, Clone, Default)]
pub struct Activities {
    /// Microseconds, by one clock a unit, not falling within a unit.
    pub ts: Vec<i64>,
    /// What was tried; `NONE` where not known.
    pub op: Vec<u32>,
    /// Whether it is only there because an error had no activity.
    pub orphan: Vec<bool>,
    /// One code for each activity; an entry takes those of its first activity.
    pub covariates: Vec<Covariate>,
}

/// One time that a step of the journey was done.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step {
    /// Microseconds; only looked at where the activity is not known.
    pub ts: i64,
    /// From 0.
    pub step_idx: u32,
    /// The activity that did it. Its time is then the step's, whatever the clocks say.
    pub activity: Option<u32>,
    /// Order value, on the last step.
    pub value: Option<f64>,
}

/// One user, or one session of a journey of sessions or of nobody known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Unit {
    /// How many of the activities and of the steps that come next are its own.
    pub n_activities: u32,
    pub n_steps: u32,
    pub user: Option<u32>,
    pub account: Option<u32>,
    /// For a session, when it is over; its window is then its own end instead of the journey's. `None` for a user.
    pub ends_at: Option<i64>,
}

/// What `population` is made from: units in order, with their activities and steps in the same order.
#[derive(Debug, Clone, Default)]
pub struct Raw {
    pub units: Vec<Unit>,
    pub activities: Activities,
    pub steps: Vec<Step>,
}

/// Finds the entries of every unit and places each of their activities in the journey.
///
/// - An entry opens at the first activity that reaches step 1, and after a conversion or the end of the window at the
///   next one. It is measured where it opens at or after `from` and its window is over by `until`.
/// - It converts where the last step is reached within the window; its activities end with the converting one, else
///   with the window.
/// - The stage of an activity is the number of steps reached strictly before it: the activity that does step k + 1 is
///   still at stage k. A step without an activity is done by the activity at its very time, if there is one.
/// - gap: time since the unit's previous activity, in or before the entry. count: activities so far in this stage, with
///   this one: 1, 2 to 4, 5 or more. dwell: time since the stage began. Both times as less than 30 s, less than
///   5 minutes, longer; a negative one is 0.
///
/// Fails only where the arrays do not fit together; no units give an empty population.
pub fn population(journey: &Journey, raw: Raw) -> Result<Population, Error> {
    check(journey, &raw)?;
    let n_rows = raw.activities.ts.len();
    let mut to = Population {
        ts: raw.activities.ts,
        op: raw.activities.op,
        orphan: raw.activities.orphan,
        unit: vec![0; n_rows],
        entry: vec![NONE; n_rows],
        stage: vec![0; n_rows],
        gap: vec![0; n_rows],
        count: vec![0; n_rows],
        dwell: vec![0; n_rows],
        first_entry_of_unit: vec![0],
        ..Population::default()
    };
    let mut clusters = HashMap::new();
    let mut walk =
        Walk { reached: Vec::new(), stages: Vec::new(), progress: Progress::new(journey) };
    let (mut activity, mut step) = (0, 0);
    for (unit_idx, unit) in raw.units.iter().enumerate() {
        let activities = activity..activity + unit.n_activities as usize;
        let steps = &raw.steps[step..step + unit.n_steps as usize];
        (activity, step) = (activities.end, step + steps.len());
        to.unit[activities.clone()].fill(index(unit_idx));
        put_in_order(steps, &to.ts, activities.clone(), &mut walk.reached);
        add_entries(journey, unit, index(unit_idx), &mut walk, activities, &mut to, &mut clusters);
        to.first_entry_of_unit.push(index(to.entries.len()));
        to.lookback_micros.push(unit.ends_at.is_none().then_some(journey.window_micros));
    }
    to.n_clusters = index(clusters.len());
    to.covariates = raw.activities.covariates;
    for covariate in &mut to.covariates {
        let at_entry =
            to.entries.iter().map(|entry| covariate.codes[entry.first_activity as usize]);
        covariate.codes = at_entry.collect();
    }
    Ok(to)
}

/// 0 for less than 30 s, 1 for less than 5 minutes, 2 for longer.
pub(super) fn pace_code(micros: i64) -> u8 {
    u8::from(micros >= 30_000_000) + u8::from(micros >= 300_000_000)
}

/// 0 for the first, 1 for the second to fourth, 2 for later ones.
pub(super) fn count_code(n_so_far: u32) -> u8 {
    u8::from(n_so_far >= 2) + u8::from(n_so_far >= 5)
}

fn check(journey: &Journey, raw: &Raw) -> Result<(), Error> {
    let n_rows = raw.activities.ts.len();
    if n_rows > NONE as usize / 2 || raw.units.len() > NONE as usize / 2 {
        return Err(Error::TooManyRows { n_rows: n_rows.max(raw.units.len()) });
    }
    if !(1..=1000).contains(&journey.n_steps) {
        return Err(Error::StepCount { n_steps: journey.n_steps });
    }
    let length = |column: &str, got: usize, want: usize| {
        let column = column.to_owned();
        if got == want { Ok(()) } else { Err(Error::LengthMismatch { column, got, want }) }
    };
    length("op", raw.activities.op.len(), n_rows)?;
    length("orphan", raw.activities.orphan.len(), n_rows)?;
    for covariate in &raw.activities.covariates {
        length(&covariate.name, covariate.codes.len(), n_rows)?;
    }
    let sum = |of: fn(&Unit) -> u32| raw.units.iter().map(|unit| of(unit) as usize).sum();
    length("n_activities", sum(|unit| unit.n_activities), n_rows)?;
    length("n_steps", sum(|unit| unit.n_steps), raw.steps.len())?;
    check_rows(journey, raw)
}

fn check_rows(journey: &Journey, raw: &Raw) -> Result<(), Error> {
    let n_steps = journey.n_steps;
    let (mut activity, mut row_idx) = (0, 0);
    for (unit_idx, unit) in raw.units.iter().enumerate() {
        let own = activity..activity + unit.n_activities as usize;
        let ts = &raw.activities.ts[own.clone()];
        if let Some(late) = ts.windows(2).position(|pair| pair[0] > pair[1]) {
            return Err(Error::NotSorted { unit_idx, row_idx: own.start + late + 1 });
        }
        for step in &raw.steps[row_idx..row_idx + unit.n_steps as usize] {
            if step.step_idx >= n_steps {
                return Err(Error::UnknownStep { row_idx, step_idx: step.step_idx, n_steps });
            }
            if step.activity.is_some_and(|idx| !own.contains(&(idx as usize))) {
                return Err(Error::StepOutsideUnit { row_idx });
            }
            row_idx += 1;
        }
        activity = own.end;
    }
    Ok(())
}

/// A step with its place among the activities: those before `after` are done before it or do it.
#[derive(Debug, Clone, Copy)]
struct Reached {
    start: usize,
    after: usize,
    ts: i64,
    step_idx: u32,
    value: Option<f64>,
}

fn put_in_order(steps: &[Step], ts: &[i64], activities: Range<usize>, reached: &mut Vec<Reached>) {
    let own = &ts[activities.clone()];
    let place = |step: &Step| {
        let (start, after, ts) = match step.activity {
            Some(idx) => (idx as usize, idx as usize + 1, ts[idx as usize]),
            None => (
                activities.start + own.partition_point(|at| *at < step.ts),
                activities.start + own.partition_point(|at| *at <= step.ts),
                step.ts,
            ),
        };
        Reached { start, after, ts, step_idx: step.step_idx, value: step.value }
    };
    reached.clear();
    reached.extend(steps.iter().map(place));
    reached.sort_by_key(|step| (step.after, step.ts, step.step_idx));
}

/// What the walk over one unit needs, kept from one to the next.
struct Walk {
    /// The unit's steps in order.
    reached: Vec<Reached>,
    /// Of the entry at hand, before which activity and when each stage began.
    stages: Vec<(usize, i64)>,
    progress: Progress,
}

/// Which steps an entry has reached.
struct Progress {
    order: StepOrder,
    n_steps: u32,
    seen: Vec<bool>,
    n_reached: u32,
}

impl Progress {
    fn new(journey: &Journey) -> Self {
        let seen = vec![false; journey.n_steps as usize];
        Self { order: journey.order, n_steps: journey.n_steps, seen, n_reached: 0 }
    }

    /// None, for another entry.
    fn start(&mut self) {
        self.seen.fill(false);
        self.n_reached = 0;
    }

    /// Whether this step is a new one that counts.
    fn reaches(&mut self, step_idx: u32) -> bool {
        let counts = match self.order {
            StepOrder::Strict => step_idx == self.n_reached,
            StepOrder::Any => !self.seen[step_idx as usize],
        };
        if counts {
            self.seen[step_idx as usize] = true;
            self.n_reached += 1;
        }
        counts
    }

    fn is_last(&self, step_idx: u32) -> bool {
        step_idx + 1 == self.n_steps
    }
}

fn add_entries(
    journey: &Journey,
    unit: &Unit,
    unit_idx: u32,
    Walk { reached, stages, progress }: &mut Walk,
    activities: Range<usize>,
    to: &mut Population,
    clusters: &mut HashMap<(u8, u32), u32>,
) {
    let mut next = 0;
    while let Some(opening) = reached.get(next).copied() {
        if opening.step_idx != 0 {
            next += 1;
            continue;
        }
        let closes = unit.ends_at.unwrap_or(opening.ts.saturating_add(journey.window_micros));
        progress.start();
        stages.clear();
        let mut conversion = None;
        for step in reached[next..].iter().take_while(|step| step.ts <= closes) {
            if progress.reaches(step.step_idx) {
                stages.push((step.after, step.ts));
                if progress.is_last(step.step_idx) {
                    conversion = Some(*step);
                    break;
                }
            }
        }
        let own = &to.ts[activities.clone()];
        let in_window = activities.start + own.partition_point(|ts| *ts <= closes);
        let end = conversion.map_or(in_window, |step| step.after);
        next += reached[next..]
            .iter()
            .position(|step| conversion.map_or(step.ts > closes, |done| step.start >= done.after))
            .unwrap_or(reached.len() - next)
            .max(1);
        if opening.start >= end || opening.ts < journey.from || closes > journey.until {
            continue;
        }
        let whose = match (unit.account, unit.user) {
            (Some(account), _) => (0, account),
            (None, Some(user)) => (1, user),
            (None, None) => (2, unit_idx),
        };
        let n_clusters = index(clusters.len());
        let value = conversion.and_then(|step| step.value).filter(|value| value.is_finite());
        to.valued |= value.is_some();
        let entry = Entry {
            unit_idx,
            cluster: *clusters.entry(whose).or_insert(n_clusters),
            user: unit.user,
            account: unit.account,
            ts: opening.ts,
            converted: conversion.is_some(),
            revenue: value.unwrap_or(0.0),
            first_activity: index(opening.start),
            end_activity: index(end),
        };
        place(to, &entry, stages, activities.start);
        to.entries.push(entry);
    }
}

/// Fills the place in the journey of an entry's activities.
fn place(to: &mut Population, entry: &Entry, stages: &[(usize, i64)], first_of_unit: usize) {
    let entry_idx = index(to.entries.len());
    let (mut stage, mut began, mut n_in_stage) = (0, entry.ts, 0);
    for idx in entry.activities() {
        while let Some((_, since)) = stages.get(stage).filter(|(after, _)| *after <= idx) {
            (stage, began, n_in_stage) = (stage + 1, *since, 0);
        }
        n_in_stage += 1;
        let ts = to.ts[idx];
        let previous = if idx > first_of_unit { to.ts[idx - 1] } else { ts };
        to.entry[idx] = entry_idx;
        to.stage[idx] = u16::try_from(stage).unwrap_or(u16::MAX);
        to.gap[idx] = pace_code(ts.saturating_sub(previous));
        to.count[idx] = count_code(n_in_stage);
        to.dwell[idx] = pace_code(ts.saturating_sub(began));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: i64 = 60_000_000;

    fn journey(n_steps: u32, order: StepOrder) -> Journey {
        Journey { n_steps, order, window_micros: 60 * MINUTE, from: 0, until: 1000 * MINUTE }
    }

    /// One user with activities at these minutes and steps as (step, minute, whether the activity there is known).
    fn user(minutes: &[i64], steps: &[(u32, i64, bool)]) -> Raw {
        let known = |minute: i64| minutes.iter().position(|at| *at == minute).map(index);
        let step = |&(step_idx, minute, is_known): &(u32, i64, bool)| Step {
            ts: minute * MINUTE,
            step_idx,
            activity: if is_known { known(minute) } else { None },
            value: Some(step_idx.into()),
        };
        Raw {
            units: vec![Unit {
                n_activities: index(minutes.len()),
                n_steps: index(steps.len()),
                user: Some(7),
                ..Unit::default()
            }],
            activities: Activities {
                ts: minutes.iter().map(|minute| minute * MINUTE).collect(),
                op: vec![0; minutes.len()],
                orphan: vec![false; minutes.len()],
                covariates: Vec::new(),
            },
            steps: steps.iter().map(step).collect(),
        }
    }

    fn strict(minutes: &[i64], steps: &[(u32, i64, bool)]) -> Population {
        population(&journey(3, StepOrder::Strict), user(minutes, steps)).unwrap()
    }

    fn ranges(of: &Population) -> Vec<(Range<usize>, bool)> {
        of.entries.iter().map(|entry| (entry.activities(), entry.converted)).collect()
    }

    #[test]
    fn the_activity_that_does_a_step_is_still_at_the_stage_before() {
        let steps = [(0, 5, true), (1, 7, true), (2, 9, true)];
        let got = strict(&[1, 5, 6, 7, 8, 9, 10], &steps);
        assert_eq!(ranges(&got), [(1..6, true)]);
        assert_eq!(got.stage[1..6], [0, 1, 1, 2, 2]);
        assert_eq!(got.entry_of(0), None);
        assert_eq!(got.entry_of(5), Some(0));
        assert_eq!(got.entry_of(6), None);
        assert_eq!((got.entries[0].ts, got.entries[0].revenue), (5 * MINUTE, 2.0));
        assert!(got.valued);
    }

    #[test]
    fn pace_counts_from_the_unit_and_the_stage() {
        let got = strict(&[0, 5, 6, 7, 8, 9, 30], &[(0, 5, true), (1, 8, true)]);
        // 5 minutes since the activity before the entry; 1 minute; 21 minutes.
        assert_eq!(got.gap[1..], [2, 1, 1, 1, 1, 2]);
        assert_eq!(got.count[1..], [0, 0, 1, 1, 0, 1]);
        assert_eq!(got.dwell[1..], [0, 1, 1, 1, 1, 2]);
        assert_eq!(strict(&[5], &[(0, 5, true)]).gap, [0]);
        assert_eq!([29, 30, 299, 300].map(|s| pace_code(s * 1_000_000)), [0, 1, 1, 2]);
        assert_eq!(pace_code(-5), 0);
        assert_eq!([1, 2, 4, 5].map(count_code), [0, 1, 1, 2]);
    }

    #[test]
    fn a_conversion_or_the_end_of_the_window_makes_room_for_a_new_entry() {
        let all = |minute: i64| [(0, minute, true), (1, minute + 1, true), (2, minute + 2, true)];
        let twice = strict(&[1, 2, 3, 4, 5, 6], &[all(1), all(4)].concat());
        assert_eq!(ranges(&twice), [(0..3, true), (3..6, true)]);
        assert_eq!(twice.entries[0].cluster, twice.entries[1].cluster);
        let late = strict(&[1, 30, 61, 62, 63], &[(0, 1, true), (0, 61, true), (0, 62, true)]);
        assert_eq!(ranges(&late), [(0..3, false), (3..5, false)]);
        // Two steps of one request: the new entry begins after it.
        let same = strict(&[1, 2, 3], &[(0, 1, true), (1, 1, true), (2, 1, true), (0, 2, true)]);
        assert_eq!(ranges(&same), [(0..1, true), (1..3, false)]);
    }

    #[test]
    fn conversion_counts_only_within_the_window() {
        let at =
            |minute: i64| strict(&[1, 2, minute], &[(0, 1, true), (1, 2, true), (2, minute, true)]);
        assert_eq!(ranges(&at(61)), [(0..3, true)]);
        assert_eq!(ranges(&at(62)), [(0..2, false)]);
        assert_eq!(at(62).entries[0].revenue, 0.0);
    }

    #[test]
    fn only_windows_that_are_over_are_measured() {
        let steps = [(0, 1, true), (0, 100, true)];
        let within = |from: i64, until: i64| {
            let (from, until) = (from * MINUTE, until * MINUTE);
            let journey = Journey { from, until, ..journey(3, StepOrder::Strict) };
            ranges(&population(&journey, user(&[1, 50, 100], &steps)).unwrap())
        };
        assert_eq!(within(1, 160), [(0..2, false), (2..3, false)]);
        assert_eq!(within(1, 159), [(0..2, false)]);
        assert_eq!(within(2, 160), [(2..3, false)]);
    }

    #[test]
    fn a_session_has_its_own_window() {
        let session = |ends_at: i64, until: i64| {
            let mut raw = user(&[1, 2, 90], &[(0, 1, true), (1, 2, true), (2, 90, true)]);
            raw.units[0].ends_at = Some(ends_at * MINUTE);
            let until = until * MINUTE;
            ranges(&population(&Journey { until, ..journey(3, StepOrder::Strict) }, raw).unwrap())
        };
        assert_eq!(session(120, 120), [(0..3, true)]);
        assert_eq!(session(120, 119), []);
        assert_eq!(session(0, 120), []);
    }

    #[test]
    fn a_step_without_an_activity_lies_between_them() {
        let got = strict(&[1, 2, 3, 4], &[(0, 1, true), (1, 2, false), (2, 3, false)]);
        assert_eq!(ranges(&got), [(0..3, true)]);
        assert_eq!(got.stage[..3], [0, 1, 2]);
        let mut raw = user(&[1, 3], &[(0, 1, true), (1, 2, false)]);
        raw.steps[1].ts = 3 * MINUTE - 1;
        let got = population(&journey(2, StepOrder::Strict), raw).unwrap();
        assert_eq!(ranges(&got), [(0..1, true)]);
        assert_eq!(ranges(&strict(&[], &[(0, 1, false)])), []);
        assert_eq!(strict(&[3], &[(0, 1, false)]).stage, [1]);
    }

    #[test]
    fn strict_order_waits_for_each_step_and_any_order_does_not() {
        let steps = [(0, 1, true), (2, 2, true), (1, 3, true)];
        assert_eq!(ranges(&strict(&[1, 2, 3, 4], &steps)), [(0..4, false)]);
        let any = population(&journey(3, StepOrder::Any), user(&[1, 2, 3, 4], &steps)).unwrap();
        assert_eq!(ranges(&any), [(0..2, true)]);
    }

    #[test]
    fn clusters_are_accounts_else_users_else_units() {
        let mut raw = Raw::default();
        for (user, account) in
            [(Some(1), Some(9)), (Some(2), Some(9)), (Some(9), None), (None, None), (None, None)]
        {
            raw.activities.ts.push(MINUTE);
            raw.activities.op.push(0);
            raw.activities.orphan.push(false);
            let activity = Some(index(raw.steps.len()));
            raw.steps.push(Step { ts: 0, step_idx: 0, activity, value: None });
            let ends_at = None;
            raw.units.push(Unit { n_activities: 1, n_steps: 1, user, account, ends_at });
        }
        let got = population(&journey(2, StepOrder::Strict), raw).unwrap();
        let clusters: Vec<u32> = got.entries.iter().map(|entry| entry.cluster).collect();
        assert_eq!(clusters, [0, 0, 1, 2, 3]);
        assert_eq!((got.n_clusters, got.valued), (4, false));
    }

    #[test]
    fn arrays_that_do_not_fit_are_refused() {
        let fails = |change: fn(&mut Raw)| {
            let mut raw = user(&[1, 2], &[(0, 1, true)]);
            change(&mut raw);
            population(&journey(2, StepOrder::Strict), raw).unwrap_err()
        };
        let column = "op".to_owned();
        let want = Error::LengthMismatch { column, got: 1, want: 2 };
        assert_eq!(fails(|raw| _ = raw.activities.op.pop()), want);
        assert_eq!(want.to_string(), "column \"op\" has 1 values where 2 were expected");
        let column = "n_activities".to_owned();
        let want = Error::LengthMismatch { column, got: 3, want: 2 };
        assert_eq!(fails(|raw| raw.units[0].n_activities = 3), want);
        let want = Error::NotSorted { unit_idx: 0, row_idx: 1 };
        assert_eq!(fails(|raw| raw.activities.ts.swap(0, 1)), want);
        assert_eq!(
            fails(|raw| raw.steps[0].activity = Some(2)),
            Error::StepOutsideUnit { row_idx: 0 }
        );
        let want = Error::UnknownStep { row_idx: 0, step_idx: 2, n_steps: 2 };
        assert_eq!(fails(|raw| raw.steps[0].step_idx = 2), want);
        let none = population(&journey(0, StepOrder::Any), Raw::default()).unwrap_err();
        assert_eq!(none, Error::StepCount { n_steps: 0 });
    }
}
