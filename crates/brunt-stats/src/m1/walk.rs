//! The walk over units, one after another: where their entries begin and end, and how far each activity is.

use std::collections::HashMap;
use std::ops::Range;

use super::entries::{Journey, Step, StepOrder, Unit};
use super::population::{Entry, Population};
use super::{NONE, index};

/// Whom an entry is counted together for: an account, else a user, else a unit; with its number.
pub(super) type Whose = (u8, u32);

/// Walks over the units in `own`; `ts` and `steps` are those of all units. Gives what a population has of them beside what
/// was handed over, with numbers of entries and clusters from 0, and whom each cluster stands for.
pub(super) fn walk(
    journey: &Journey,
    units: &[Unit],
    own: Range<usize>,
    ts: &[i64],
    steps: &[Step],
) -> (Population, Vec<Whose>) {
    let sum = |units: &[Unit], n: fn(&Unit) -> u32| units.iter().map(|unit| n(unit) as usize).sum();
    let first_activity: usize = sum(&units[..own.start], |unit| unit.n_activities);
    let n_rows = sum(&units[own.clone()], |unit| unit.n_activities);
    let mut step: usize = sum(&units[..own.start], |unit| unit.n_steps);
    let mut walk = Walk {
        journey,
        ts,
        first_activity,
        reached: Vec::new(),
        stages: Vec::new(),
        progress: Progress::new(journey),
        cluster_of: HashMap::new(),
        clusters: Vec::new(),
        to: Population {
            unit: Vec::with_capacity(n_rows),
            entry: vec![NONE; n_rows],
            stage: vec![0; n_rows],
            gap: vec![0; n_rows],
            count: vec![0; n_rows],
            dwell: vec![0; n_rows],
            first_entry_of_unit: vec![0],
            ..Population::default()
        },
    };
    let mut activity = first_activity;
    for unit_idx in own {
        let unit = &units[unit_idx];
        let activities = activity..activity + unit.n_activities as usize;
        let steps = &steps[step..step + unit.n_steps as usize];
        (activity, step) = (activities.end, step + steps.len());
        walk.to.unit.extend(activities.clone().map(|_| index(unit_idx)));
        put_in_order(steps, ts, activities.clone(), &mut walk.reached);
        walk.add_entries(unit, index(unit_idx), activities);
        walk.to.first_entry_of_unit.push(index(walk.to.entries.len()));
    }
    (walk.to, walk.clusters)
}

/// 0 for less than 30 s, 1 for less than 5 minutes, 2 for longer.
pub(super) fn pace_code(micros: i64) -> u8 {
    u8::from(micros >= 30_000_000) + u8::from(micros >= 300_000_000)
}

/// 0 for the first, 1 for the second to fourth, 2 for later ones.
pub(super) fn count_code(n_so_far: u32) -> u8 {
    u8::from(n_so_far >= 2) + u8::from(n_so_far >= 5)
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

/// The walk as it stands.
struct Walk<'a> {
    journey: &'a Journey,
    ts: &'a [i64],
    first_activity: usize,
    /// The unit's steps in order.
    reached: Vec<Reached>,
    /// Of the entry at hand, before which activity and when each stage began.
    stages: Vec<(usize, i64)>,
    progress: Progress,
    cluster_of: HashMap<Whose, u32>,
    /// In order of appearance.
    clusters: Vec<Whose>,
    to: Population,
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

impl Walk<'_> {
    fn add_entries(&mut self, unit: &Unit, unit_idx: u32, activities: Range<usize>) {
        let Self { journey, ts, reached, stages, progress, .. } = self;
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
            let in_window =
                activities.start + ts[activities.clone()].partition_point(|ts| *ts <= closes);
            let end = conversion.map_or(in_window, |step| step.after);
            next += reached[next..]
                .iter()
                .position(|step| {
                    conversion.map_or(step.ts > closes, |done| step.start >= done.after)
                })
                .unwrap_or(reached.len() - next)
                .max(1);
            if opening.start >= end || opening.ts < journey.from || closes > journey.until {
                continue;
            }
            let value = conversion.and_then(|step| step.value).filter(|value| value.is_finite());
            self.to.valued |= value.is_some();
            let entry = Entry {
                unit_idx,
                cluster: cluster(&mut self.cluster_of, &mut self.clusters, unit, unit_idx),
                user: unit.user,
                account: unit.account,
                ts: opening.ts,
                converted: conversion.is_some(),
                revenue: value.unwrap_or(0.0),
                first_activity: index(opening.start),
                end_activity: index(end),
            };
            place(&mut self.to, self.first_activity, ts, &entry, stages, activities.start);
            self.to.entries.push(entry);
        }
    }
}

/// The number of the cluster that a unit belongs to, which it has from now on.
fn cluster(
    known: &mut HashMap<Whose, u32>,
    clusters: &mut Vec<Whose>,
    unit: &Unit,
    unit_idx: u32,
) -> u32 {
    let whose = match (unit.account, unit.user) {
        (Some(account), _) => (0, account),
        (None, Some(user)) => (1, user),
        (None, None) => (2, unit_idx),
    };
    *known.entry(whose).or_insert_with(|| {
        clusters.push(whose);
        index(clusters.len() - 1)
    })
}

/// Fills the place in the journey of an entry's activities; columns begin with activity `first`.
fn place(
    to: &mut Population,
    first: usize,
    ts: &[i64],
    entry: &Entry,
    stages: &[(usize, i64)],
    first_of_unit: usize,
) {
    let entry_idx = index(to.entries.len());
    let (mut stage, mut began, mut n_in_stage) = (0, entry.ts, 0);
    for idx in entry.activities() {
        while let Some((_, since)) = stages.get(stage).filter(|(after, _)| *after <= idx) {
            (stage, began, n_in_stage) = (stage + 1, *since, 0);
        }
        n_in_stage += 1;
        let previous = if idx > first_of_unit { ts[idx - 1] } else { ts[idx] };
        let at = idx - first;
        to.entry[at] = entry_idx;
        to.stage[at] = u16::try_from(stage).unwrap_or(u16::MAX);
        to.gap[at] = pace_code(ts[idx].saturating_sub(previous));
        to.count[at] = count_code(n_in_stage);
        to.dwell[at] = pace_code(ts[idx].saturating_sub(began));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pace_and_count_are_coarse() {
        assert_eq!([29, 30, 299, 300].map(|s| pace_code(s * 1_000_000)), [0, 1, 1, 2]);
        assert_eq!(pace_code(-5), 0);
        assert_eq!([1, 2, 4, 5].map(count_code), [0, 1, 1, 2]);
    }
}
