//! Small random journeys for tests: people who progress, come back, share accounts, and meet errors.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::{Covariate, Journey, NONE, Population, Raw, Step, StepOrder, Unit, index};

pub(super) const SECOND: i64 = 1_000_000;
pub(super) const HOUR: i64 = 3600 * SECOND;

/// A journey of three steps with everything that the estimator distinguishes.
#[derive(Debug, Clone)]
pub(super) struct Simulated {
    pub(super) journey: Journey,
    pub(super) raw: Raw,
    /// With a code for each unit.
    pub(super) covariates: Vec<Covariate>,
    /// The activities that carry each group.
    pub(super) groups: Vec<Vec<u32>>,
}

impl Simulated {
    pub(super) fn population(&self) -> Population {
        let population = super::population(&self.journey, self.raw.clone(), 1).unwrap();
        let of_entries = |of_units: &Covariate| {
            let units = population.entries().iter().map(|entry| entry.unit_idx as usize);
            let codes = units.map(|unit| of_units.codes[unit]).collect();
            Covariate { name: of_units.name.clone(), codes }
        };
        let covariates = self.covariates.iter().map(of_entries).collect();
        population.with_covariates(covariates).unwrap()
    }
}

/// `n_units` people, a fifth of them sessions of nobody known.
pub(super) fn journey(seed: u64, n_units: usize) -> Simulated {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let order = if seed % 3 == 2 { StepOrder::Any } else { StepOrder::Strict };
    let journey =
        Journey { n_steps: 3, order, window_micros: 2 * HOUR, from: HOUR / 2, until: 30 * HOUR };
    let names = ["device", "plan", "country"].map(str::to_owned);
    let covariates = names.map(|name| Covariate { name, codes: Vec::new() }).to_vec();
    let mut made = Simulated { journey, raw: Raw::default(), covariates, groups: Vec::new() };
    let with_accounts = seed.is_multiple_of(2);
    for unit in 0..n_units {
        add_unit(&mut made, index(unit), with_accounts, &mut random);
    }
    made.groups = (0..6).map(|group| carriers(&made, group, &mut random)).collect();
    made
}

fn add_unit(made: &mut Simulated, unit_idx: u32, with_accounts: bool, random: &mut ChaCha8Rng) {
    let codes = [random.random_range(0..2), random.random_range(0..3), random.random_range(0..9)];
    for (covariate, code) in made.covariates.iter_mut().zip(codes) {
        covariate.codes.push(code);
    }
    let raw = &mut made.raw;
    let is_session = random.random_range(0..5) == 0;
    let mut unit = Unit { user: (!is_session).then_some(unit_idx), ..Unit::default() };
    unit.account = (with_accounts && !is_session).then(|| random.random_range(0..40));
    let skill = 0.25 + 0.25 * f64::from(codes[0]) + if unit.account < Some(10) { 0.2 } else { 0.0 };
    let mut ts = random.random_range(0..30 * HOUR);
    let mut stage = 0;
    let mut n_left = random.random_range(1..12);
    while n_left > 0 {
        n_left -= 1;
        let activity = index(raw.activities.ts.len());
        raw.activities.ts.push(ts);
        let op = random.random_range(0..5).min(random.random_range(0..14));
        raw.activities.op.push(if op == 4 { NONE } else { 10 * stage + op });
        raw.activities.orphan.push(random.random_range(0..40) == 0);
        unit.n_activities += 1;
        if op < 3 && random.random::<f64>() < skill {
            let value = (stage == 2).then(|| (10.0 * random.random::<f64>()).exp2());
            let known = random.random_range(0..4) > 0;
            let late = if known { 0 } else { random.random_range(0..20) * SECOND };
            let activity = known.then_some(activity);
            raw.steps.push(Step { ts: ts + late, step_idx: stage, activity, value });
            unit.n_steps += 1;
            stage = (stage + 1) % 3;
        }
        let pause = [1, 20, 200, 2000][random.random_range(0..4)];
        ts += SECOND * random.random_range(0..pause);
    }
    unit.ends_at = is_session.then_some(ts + HOUR / 2);
    raw.units.push(unit);
}

/// Of the groups some are rare, some frequent, one strikes only the first device, two strike together.
fn carriers(made: &Simulated, group: u32, random: &mut ChaCha8Rng) -> Vec<u32> {
    let activities = &made.raw.activities;
    let units = (0..).zip(&made.raw.units);
    let unit_of: Vec<usize> =
        units.flat_map(|(at, unit)| std::iter::repeat_n(at, unit.n_activities as usize)).collect();
    let chance = [0.01, 0.03, 0.12, 0.3, 0.05, 0.05][group as usize % 6];
    let mut together = ChaCha8Rng::seed_from_u64(activities.ts.len() as u64);
    let strikes = |activity: &u32| {
        let at = *activity as usize;
        let op = activities.op[at];
        let roll = if group > 3 { together.random::<f64>() } else { random.random::<f64>() };
        let wanted = match group % 6 {
            0 => op < 20,
            1 => op % 10 == 1,
            2 => made.covariates[0].codes[unit_of[at]] == 0,
            _ => true,
        };
        wanted && roll < chance
    };
    (0..index(activities.ts.len())).filter(strikes).collect()
}
