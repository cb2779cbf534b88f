//! A shop's activities in memory, through the estimator, beside what its bugs truly cost.

use brunt_stats::m1::{
    Activities, Covariate, Entry, GroupImpact, ImpactOptions, Journey, Raw, Step, StepOrder, Unit,
    population,
};
use brunt_stats::{Interval, Proportion, newcombe};
use brunt_testkit::{
    BROWSERS, Bug, BugSet, COUNTRIES, DEVICES, Entries, PLANS, PlantedBug, STEPS, Shop, VERSIONS,
    WINDOW, op_names,
};

/// What one bug of one shop cost: as it was planted, as estimated, and as the plain comparison has it.
#[derive(Debug)]
pub(super) struct Judged {
    pub(super) planted: PlantedBug,
    pub(super) impact: GroupImpact,
    pub(super) naive: Naive,
}

/// Conversion of those who never met the bug less that of those who did, in percentage points.
#[derive(Debug)]
pub(super) struct Naive {
    pub(super) loss_pp: f64,
    pub(super) interval: Interval,
}

/// Every bug of the shop, in the order of [`Shop::truth`], estimated side by side.
pub(super) fn judge(shop: &Shop, n_threads: usize) -> Vec<Judged> {
    let of = shop.activities();
    let carriers = |bug: Bug| {
        let bit = BugSet::NONE.with(bug).bits();
        (0..).zip(&of.bugs).filter(|(_, bugs)| *bugs & bit != 0).map(|(row, _)| row).collect()
    };
    let truth = shop.truth();
    let groups: Vec<Vec<u32>> = truth.iter().map(|planted| carriers(planted.bug)).collect();
    let journey = Journey {
        n_steps: u32::try_from(STEPS.len()).expect("few steps"),
        order: StepOrder::Strict,
        window_micros: WINDOW,
        from: i64::MIN,
        until: shop.until(),
    };
    let population =
        population(&journey, raw(&of), n_threads).expect("the shop's arrays fit together");
    let covariates = covariates(&of, population.entries());
    let population = population.with_covariates(covariates).expect("a code for each entry");
    let n_over = of.entries.window_over.iter().filter(|over| **over).count();
    assert_eq!(population.entries().len(), n_over, "a visit is an entry");
    let partition = population.partition(n_threads);
    let impacts =
        partition.impacts(&groups, &ImpactOptions { n_threads, ..ImpactOptions::default() });
    truth
        .into_iter()
        .zip(impacts)
        .map(|(planted, impact)| {
            assert_eq!(impact.n_affected, planted.n_affected, "{}", planted.name);
            Judged { naive: naive(&of, planted.bug), planted, impact }
        })
        .collect()
}

fn raw(of: &brunt_testkit::Activities) -> Raw {
    let entries = &of.entries;
    let mut raw = Raw { activities: activities(of), ..Raw::default() };
    let mut n_steps = vec![0; of.n_units()];
    for entry in 0..of.n_entries() {
        for row in entries.rows(entry) {
            for step_idx in (0..6).filter(|idx| of.steps[row] & (1 << idx) != 0) {
                let value = (step_idx == 5).then(|| entries.revenue_cents[entry] as f64 / 100.0);
                let activity = Some(u32::try_from(row).expect("rows are 32 bits"));
                raw.steps.push(Step { ts: of.ts[row], step_idx, activity, value });
                n_steps[entries.unit[entry] as usize] += 1;
            }
        }
    }
    raw.units = (0..of.n_units())
        .map(|unit| Unit {
            n_activities: u32::try_from(of.unit_rows(unit).len()).expect("rows are 32 bits"),
            n_steps: n_steps[unit],
            user: u32::try_from(unit).ok(),
            account: Some(of.unit_account[unit]),
            ends_at: None,
        })
        .collect();
    raw
}

fn activities(of: &brunt_testkit::Activities) -> Activities {
    let op_names = op_names();
    let op_places = places(&op_names.iter().map(String::as_str).collect::<Vec<_>>());
    Activities {
        ts: of.ts.clone(),
        op: of.op.iter().map(|op| op_places[usize::from(*op)]).collect(),
        orphan: vec![false; of.ts.len()],
        weight: Vec::new(),
    }
}

/// A covariate of each of the shop's entries.
type Codes = fn(&Entries) -> &Vec<u8>;

/// Codes are places in the order of names, as for any store.
fn covariates(of: &brunt_testkit::Activities, measured: &[Entry]) -> Vec<Covariate> {
    let covariates: [(&str, Vec<u32>, Codes); 6] = [
        ("device_type", places(DEVICES), |of| &of.device),
        ("plan_tier", places(PLANS), |of| &of.plan),
        ("hour_band", vec![0, 1, 2, 3], |of| &of.hour_band),
        ("service_version", places(VERSIONS), |of| &of.version),
        ("browser_name", places(BROWSERS), |of| &of.browser),
        ("geo_country", places(COUNTRIES), |of| &of.country),
    ];
    let rows = (0..of.n_entries()).flat_map(|entry| of.entries.rows(entry).map(move |_| entry));
    let shop_entry: Vec<usize> = rows.collect();
    let covariate = |(name, places, codes): (&str, Vec<u32>, Codes)| {
        let codes = codes(&of.entries);
        let of_measured = |entry: &Entry| shop_entry[entry.first_activity as usize];
        let codes = measured.iter().map(|entry| places[usize::from(codes[of_measured(entry)])]);
        Covariate { name: name.to_owned(), codes: codes.collect() }
    };
    covariates.map(covariate).to_vec()
}

/// For each name its place among the names in order.
fn places(names: &[&str]) -> Vec<u32> {
    let before = |name: &&str| names.iter().filter(|other| *other < name).count();
    names.iter().map(|name| u32::try_from(before(name)).expect("few names")).collect()
}

fn naive(of: &brunt_testkit::Activities, bug: Bug) -> Naive {
    let bit = BugSet::NONE.with(bug).bits();
    let mut sides = [Proportion { successes: 0, trials: 0 }; 2];
    for entry in (0..of.n_entries()).filter(|entry| of.entries.window_over[*entry]) {
        let met = of.entries.rows_through(entry).any(|row| of.bugs[row] & bit != 0);
        let side = &mut sides[usize::from(met)];
        side.trials += 1;
        side.successes += u64::from(of.entries.converted[entry]);
    }
    let [never, met] = sides;
    let share = |of: Proportion| of.successes as f64 / of.trials as f64;
    let interval = newcombe(never, met, 0.95).expect("somebody met it, and somebody did not");
    Naive {
        loss_pp: 100.0 * (share(never) - share(met)),
        interval: Interval { lo: 100.0 * interval.lo, hi: 100.0 * interval.hi },
    }
}
