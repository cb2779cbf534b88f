//! Times the estimator m1: `cargo run -p brunt-stats --example m1_speed [units] [groups] [threads]`.

use std::time::Instant;

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use brunt_stats::m1::{Covariate, ImpactOptions, Journey, Raw, Step, StepOrder, Unit, population};

const SECOND: i64 = 1_000_000;
const HOUR: i64 = 3600 * SECOND;
const N_STEPS: u32 = 4;

#[expect(clippy::print_stdout, reason = "a timing is printed")]
fn main() {
    let argument = |at: usize, otherwise: usize| {
        std::env::args().nth(at).and_then(|text| text.parse().ok()).unwrap_or(otherwise)
    };
    let (n_units, n_groups, n_threads) = (argument(1, 300_000), argument(2, 200), argument(3, 2));
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let (raw, covariates) = people(n_units, &mut random);
    let groups: Vec<Vec<u32>> =
        (0..n_groups).map(|group| carriers(&raw, group, n_groups, &mut random)).collect();
    let n_carriers: usize = groups.iter().map(Vec::len).sum();
    println!("{n_units} units, {} activities, {n_groups} groups", raw.activities.ts.len());
    let journey = Journey {
        n_steps: N_STEPS,
        order: StepOrder::Strict,
        window_micros: 24 * HOUR,
        from: 0,
        until: 100 * 24 * HOUR,
    };
    let start = Instant::now();
    let Ok(population) = population(&journey, raw, n_threads) else { return };
    let of_entries = |of: Covariate| {
        let units = population.entries().iter().map(|entry| entry.unit_idx as usize);
        Covariate { codes: units.map(|unit| of.codes[unit]).collect(), ..of }
    };
    let covariates = covariates.into_iter().map(of_entries).collect();
    let Ok(population) = population.with_covariates(covariates) else { return };
    println!("entries: {:.3?}", start.elapsed());
    let start = Instant::now();
    let partition = population.partition(n_threads);
    println!("partition: {:.3?}, {} leaves", start.elapsed(), partition.n_leaves());
    let impacts = partition.impacts(&groups, &ImpactOptions { n_threads, floor_pp: 1.0 });
    println!("partition and impacts on {n_threads} threads: {:.3?}", start.elapsed());
    let n_affected: u64 = impacts.iter().map(|impact| impact.n_affected).sum();
    println!("{n_carriers} hits, {n_affected} first hits");
    for (group, impact) in impacts.iter().enumerate().step_by(n_groups.div_ceil(8).max(1)) {
        let start = Instant::now();
        partition.impact(&groups[group]);
        println!("a group of {} affected: {:.1?}", impact.n_affected, start.elapsed());
    }
}

/// Users who do a random number of things, some of which take them further; with a code of each covariate for each.
fn people(n_units: usize, random: &mut ChaCha8Rng) -> (Raw, Vec<Covariate>) {
    let names = ["device", "plan", "hour", "version", "browser", "country"];
    let n_values = [3, 4, 4, 12, 5, 40];
    let mut covariates =
        names.map(|name| Covariate { name: name.to_owned(), codes: Vec::new() }).to_vec();
    let mut raw = Raw::default();
    for user in 0..n_units {
        let user = u32::try_from(user).unwrap_or(u32::MAX);
        let codes = n_values.map(|n: u32| random.random_range(0..n).min(random.random_range(0..n)));
        for (covariate, code) in covariates.iter_mut().zip(codes) {
            covariate.codes.push(code);
        }
        let mut unit = Unit { user: Some(user), ..Unit::default() };
        unit.account = (random.random::<f64>() < 0.3).then(|| random.random_range(0..9000));
        let mut ts = random.random_range(0..80 * 24 * HOUR);
        let mut stage = 0;
        loop {
            let activity = u32::try_from(raw.activities.ts.len()).unwrap_or(u32::MAX);
            raw.activities.ts.push(ts);
            raw.activities.op.push(stage * 5 + random.random_range(0..12_u32).min(9));
            raw.activities.orphan.push(false);
            unit.n_activities += 1;
            if stage == 0 || random.random::<f64>() < 0.3 {
                let value = (stage + 1 == N_STEPS).then(|| 20.0 + 200.0 * random.random::<f64>());
                raw.steps.push(Step { ts, step_idx: stage, activity: Some(activity), value });
                unit.n_steps += 1;
                stage += 1;
            }
            if stage == N_STEPS || random.random::<f64>() < 0.12 {
                break;
            }
            let pause: i64 = random.random_range(0..40);
            ts += SECOND * pause * pause;
        }
        raw.units.push(unit);
    }
    (raw, covariates)
}

/// Activities of some ops, from 30 000 for the first groups, halved every tenth of them, to 58.
fn carriers(raw: &Raw, group: usize, n_groups: usize, random: &mut ChaCha8Rng) -> Vec<u32> {
    let n_hits = 30_000 >> (10 * group / n_groups);
    let wanted = u32::try_from(group % 7).unwrap_or(0);
    let n_activities = u32::try_from(raw.activities.ts.len()).unwrap_or(0);
    let mut carriers = Vec::new();
    while carriers.len() < n_hits.min(n_activities as usize / 20) {
        let activity = random.random_range(0..n_activities);
        if raw.activities.op[activity as usize] % 7 == wanted {
            carriers.push(activity);
        }
    }
    carriers
}
