//! Raw activities and step times to entries: who entered the journey when, how far each activity was, who converted.

use std::collections::HashMap;

use super::population::{Entry, Population};
use super::walk::{Whose, walk};
use super::{NONE, index};
use crate::error::{Error, length};
use crate::threads::in_parts;

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
    /// How many each stands for where telemetry is sampled, from 1 on; empty where each stands for itself.
    pub weight: Vec<f32>,
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
/// Units are shared out to `n_threads`; the answer does not depend on how many. Fails only where the arrays do not fit
/// together; no units give an empty population.
pub fn population(journey: &Journey, raw: Raw, n_threads: usize) -> Result<Population, Error> {
    check(journey, &raw)?;
    let Raw { units, activities: Activities { ts, op, orphan, weight }, steps } = raw;
    let parts =
        in_parts(units.len(), n_threads, |own| vec![walk(journey, &units, own, &ts, &steps)]);
    let lookback = |unit: &Unit| unit.ends_at.is_none().then_some(journey.window_micros);
    let mut to = Population {
        ts,
        op,
        orphan,
        weight,
        first_entry_of_unit: vec![0],
        lookback_micros: units.iter().map(lookback).collect(),
        ..Population::default()
    };
    let mut clusters = HashMap::new();
    for part in parts {
        append(&mut to, part, &mut clusters);
    }
    to.n_clusters = index(clusters.len());
    Ok(to)
}

/// Adds the next units to those before; what they number from 0 goes on from there.
fn append(
    to: &mut Population,
    (part, of_part): (Population, Vec<Whose>),
    clusters: &mut HashMap<Whose, u32>,
) {
    let n_before = index(to.entries.len());
    let number = |whose: &Whose| {
        let next = index(clusters.len());
        *clusters.entry(*whose).or_insert(next)
    };
    let numbers: Vec<u32> = of_part.iter().map(number).collect();
    let numbered = |entry: Entry| Entry { cluster: numbers[entry.cluster as usize], ..entry };
    let after = |entry: u32| if entry == NONE { NONE } else { n_before + entry };
    join(&mut to.entries, part.entries.into_iter().map(numbered));
    let firsts = part.first_entry_of_unit.into_iter().skip(1);
    to.first_entry_of_unit.extend(firsts.map(|n| n_before + n));
    join(&mut to.entry, part.entry.into_iter().map(after));
    join(&mut to.unit, part.unit);
    join(&mut to.stage, part.stage);
    join(&mut to.gap, part.gap);
    join(&mut to.count, part.count);
    join(&mut to.dwell, part.dwell);
    to.valued |= part.valued;
}

/// Appends; what is appended to nothing keeps its place in memory.
fn join<T>(to: &mut Vec<T>, more: impl IntoIterator<Item = T>) {
    if to.is_empty() {
        *to = more.into_iter().collect();
    } else {
        to.extend(more);
    }
}

fn check(journey: &Journey, raw: &Raw) -> Result<(), Error> {
    let n_rows = raw.activities.ts.len();
    if n_rows > NONE as usize / 2 || raw.units.len() > NONE as usize / 2 {
        return Err(Error::TooManyRows { n_rows: n_rows.max(raw.units.len()) });
    }
    if !(1..=1000).contains(&journey.n_steps) {
        return Err(Error::StepCount { n_steps: journey.n_steps });
    }
    length("op", raw.activities.op.len(), n_rows)?;
    length("orphan", raw.activities.orphan.len(), n_rows)?;
    if !raw.activities.weight.is_empty() {
        length("weight", raw.activities.weight.len(), n_rows)?;
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

#[cfg(test)]
mod tests {
    use std::ops::Range;

    use super::super::population::Covariate;
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
                weight: Vec::new(),
            },
            steps: steps.iter().map(step).collect(),
        }
    }

    fn strict(minutes: &[i64], steps: &[(u32, i64, bool)]) -> Population {
        population(&journey(3, StepOrder::Strict), user(minutes, steps), 1).unwrap()
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
            ranges(&population(&journey, user(&[1, 50, 100], &steps), 1).unwrap())
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
            ranges(
                &population(&Journey { until, ..journey(3, StepOrder::Strict) }, raw, 1).unwrap(),
            )
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
        let got = population(&journey(2, StepOrder::Strict), raw, 1).unwrap();
        assert_eq!(ranges(&got), [(0..1, true)]);
        assert_eq!(ranges(&strict(&[], &[(0, 1, false)])), []);
        assert_eq!(strict(&[3], &[(0, 1, false)]).stage, [1]);
    }

    #[test]
    fn strict_order_waits_for_each_step_and_any_order_does_not() {
        let steps = [(0, 1, true), (2, 2, true), (1, 3, true)];
        assert_eq!(ranges(&strict(&[1, 2, 3, 4], &steps)), [(0..4, false)]);
        let any = population(&journey(3, StepOrder::Any), user(&[1, 2, 3, 4], &steps), 1).unwrap();
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
        let got = population(&journey(2, StepOrder::Strict), raw, 1).unwrap();
        let clusters: Vec<u32> = got.entries.iter().map(|entry| entry.cluster).collect();
        assert_eq!(clusters, [0, 0, 1, 2, 3]);
        assert_eq!((got.n_clusters, got.valued), (4, false));
    }

    #[test]
    fn arrays_that_do_not_fit_are_refused() {
        let fails = |change: fn(&mut Raw)| {
            let mut raw = user(&[1, 2], &[(0, 1, true)]);
            change(&mut raw);
            population(&journey(2, StepOrder::Strict), raw, 1).unwrap_err()
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
        let fits = strict(&[1, 2], &[(0, 1, true)]);
        let covariate = Covariate { name: "device".to_owned(), codes: vec![1, 1] };
        let want = Error::LengthMismatch { column: "device".to_owned(), got: 2, want: 1 };
        assert_eq!(fits.with_covariates(vec![covariate]).unwrap_err(), want);
        let none = population(&journey(0, StepOrder::Any), Raw::default(), 1).unwrap_err();
        assert_eq!(none, Error::StepCount { n_steps: 0 });
    }
}
