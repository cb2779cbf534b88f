//! The truth test: over many seeded shops the intervals contain what the planted bugs truly cost as often as they
//! promise, harmless groups are rarely accused, and the costliest bug comes first.

mod memory;
mod store;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use brunt_stats::Interval;
use brunt_stats::poisson_binomial::{probabilities, quantile};
use brunt_testkit::{Bug, Shop, ShopOptions};

use self::memory::{Judged, judge};

const N_USERS: u32 = 20_000;

/// No other test or example draws these shops.
const FIRST_SEED: u64 = 70_000;

/// The band holds the count of intervals that contain the truth with this chance, were each to with 0.95.
const BAND: f64 = 0.999;

/// What became of one bug over all seeds.
#[derive(Debug, Default)]
struct Tally {
    n: usize,
    affected: f64,
    true_pp: f64,
    loss_pp: f64,
    covered: usize,
    revenue_covered: usize,
    naive_pp: f64,
    naive_covered: usize,
    accused: usize,
    accused_without_floor: usize,
}

/// What became of the ranking over all seeds.
#[derive(Debug, Default)]
struct Ranking {
    n: usize,
    costliest_first: usize,
    partner_named: usize,
}

#[test]
fn intervals_contain_the_truth_as_often_as_they_promise() {
    let n_seeds =
        std::env::var("BRUNT_TRUTH_SEEDS").map_or(50, |n| n.parse().expect("a number of seeds"));
    let shops = judge_all(n_seeds);
    let mut tallies: BTreeMap<u8, (&str, Tally)> = BTreeMap::new();
    let mut ranking = Ranking::default();
    for bugs in &shops {
        rank(bugs, &mut ranking);
        for judged in bugs.iter().filter(|judged| judged.planted.companion_of.is_none()) {
            let at = tallies
                .entry(judged.planted.bug as u8)
                .or_insert((judged.planted.name, Tally::default()));
            add(judged, &mut at.1);
        }
    }
    print(&table(&tallies, &ranking));
    let sum = |of: fn(&Tally) -> usize| tallies.values().map(|(_, tally)| of(tally)).sum::<usize>();
    let n = sum(|tally| tally.n);
    for (what, covered) in [
        ("conversions", sum(|tally| tally.covered)),
        ("revenue", sum(|tally| tally.revenue_covered)),
    ] {
        let (least, most) = band(n);
        assert!(
            (least..=most).contains(&covered),
            "{what}: {covered} of {n} are not in {least} to {most}"
        );
    }
    let naive = share(sum(|tally| tally.naive_covered), n);
    assert!(
        naive < 0.5,
        "the naive figure covers {naive:.3}, which would make the estimator needless"
    );
    let harmless =
        || tallies.values().filter(|(_, tally)| tally.true_pp == 0.0).map(|(_, tally)| tally);
    let n_harmless = harmless().map(|tally| tally.n).sum();
    for (what, accused) in [
        ("with", harmless().map(|tally| tally.accused).sum()),
        ("without", harmless().map(|tally| tally.accused_without_floor).sum()),
    ] {
        let accused = share(accused, n_harmless);
        assert!(
            accused <= 0.05,
            "{accused:.3} of the harmless are accused {what} the floor of one point"
        );
    }
    assert!(share(ranking.costliest_first, ranking.n) >= 0.95, "{ranking:?}");
    assert!(share(ranking.partner_named, ranking.n) >= 0.95, "{ranking:?}");
    let (_, late) = &tallies[&(Bug::ShippingQuote as u8)];
    assert!(
        late.naive_pp < 0.0 && late.true_pp > 0.0,
        "the naive figure has the wrong sign for those far along"
    );
}

/// Every seed's shop, on all cores, in order of seeds.
fn judge_all(n_seeds: u64) -> Vec<Vec<Judged>> {
    let next = AtomicU64::new(0);
    let done = Mutex::new(BTreeMap::new());
    let n_threads = std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get);
    std::thread::scope(|scope| {
        for _ in 0..n_threads {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= n_seeds {
                        return;
                    }
                    let options = ShopOptions {
                        seed: FIRST_SEED + seed,
                        n_users: N_USERS,
                        ..ShopOptions::default()
                    };
                    let judged = judge(&Shop::new(options), 1);
                    done.lock().expect("no seed panicked").insert(seed, judged);
                }
            });
        }
    });
    done.into_inner().expect("no seed panicked").into_values().collect()
}

fn add(judged: &Judged, tally: &mut Tally) {
    let (planted, impact) = (&judged.planted, &judged.impact);
    let (Some(loss), Some(lost), Some(revenue)) =
        (impact.loss_pp, impact.lost_conversions, impact.revenue_at_risk)
    else {
        panic!(
            "{} has {} affected and no estimate: {:?}",
            planted.name, impact.n_affected, impact.warnings
        );
    };
    let true_pp = 100.0 * planted.lost_conversions as f64 / planted.n_affected as f64;
    let holds =
        |interval: Interval, truth: f64| usize::from(interval.lo <= truth && truth <= interval.hi);
    let bounds = |of: brunt_stats::m1::Estimate| Interval {
        lo: of.lo.expect("something varies"),
        hi: of.hi.expect("something varies"),
    };
    tally.n += 1;
    tally.affected += planted.n_affected as f64;
    tally.true_pp += true_pp;
    tally.loss_pp += loss.value;
    tally.covered += holds(bounds(lost), planted.lost_conversions as f64);
    tally.revenue_covered += holds(bounds(revenue), planted.lost_revenue());
    tally.naive_pp += judged.naive.loss_pp;
    tally.naive_covered += holds(judged.naive.interval, true_pp);
    tally.accused += usize::from(impact.accused);
    let significant =
        impact.q_value.is_some_and(|q| q < 0.05) && loss.lo.is_some_and(|lo| lo > 0.0);
    tally.accused_without_floor += usize::from(significant);
}

fn rank(bugs: &[Judged], ranking: &mut Ranking) {
    let place = |bug: Bug| bugs.iter().position(|judged| judged.planted.bug == bug);
    let alone = || bugs.iter().filter(|judged| judged.planted.companion_of.is_none());
    let costliest = alone().max_by_key(|judged| judged.planted.lost_conversions);
    let first = alone().min_by_key(|judged| judged.impact.rank.unwrap_or(u32::MAX));
    let companions = bugs.iter().filter(|judged| judged.planted.companion_of.is_some());
    let named = |judged: &Judged| {
        judged.impact.partner.is_some()
            && judged.impact.partner == judged.planted.companion_of.and_then(place)
    };
    ranking.n += 1;
    ranking.costliest_first += usize::from(
        costliest.map(|judged| judged.planted.bug) == first.map(|judged| judged.planted.bug),
    );
    ranking.partner_named += usize::from(companions.into_iter().all(named));
}

/// The counts between which that of `n` trials with chance 0.95 lies in all but one of a thousand cases.
fn band(n: usize) -> (usize, usize) {
    let counts = probabilities(&vec![0.95; n]);
    (quantile(&counts, (1.0 - BAND) / 2.0), quantile(&counts, f64::midpoint(1.0, BAND)))
}

fn share(n: usize, of: usize) -> f64 {
    n as f64 / of as f64
}

fn table(tallies: &BTreeMap<u8, (&str, Tally)>, ranking: &Ranking) -> String {
    let mut text = format!(
        "{:<22}{:>9}{:>9}{:>9}{:>8}{:>8}{:>9}{:>9}{:>9}{:>9}{:>9}\n",
        "bug",
        "affected",
        "true pp",
        "est. pp",
        "bias",
        "cover",
        "revenue",
        "naive pp",
        "cover",
        "accused",
        "no floor"
    );
    let mut row = |name: &str, tally: &Tally| {
        let mean = |sum: f64| sum / tally.n as f64;
        writeln!(
            text,
            "{name:<22}{:>9.0}{:>9.2}{:>9.2}{:>8.2}{:>8.3}{:>9.3}{:>9.2}{:>9.3}{:>9.3}{:>9.3}",
            mean(tally.affected),
            mean(tally.true_pp),
            mean(tally.loss_pp),
            mean(tally.loss_pp - tally.true_pp),
            share(tally.covered, tally.n),
            share(tally.revenue_covered, tally.n),
            mean(tally.naive_pp),
            share(tally.naive_covered, tally.n),
            share(tally.accused, tally.n),
            share(tally.accused_without_floor, tally.n),
        )
        .expect("memory takes everything");
    };
    let mut all = Tally::default();
    for (name, tally) in tallies.values() {
        row(name, tally);
        all.n += tally.n;
        all.affected += tally.affected;
        all.true_pp += tally.true_pp;
        all.loss_pp += tally.loss_pp;
        all.covered += tally.covered;
        all.revenue_covered += tally.revenue_covered;
        all.naive_pp += tally.naive_pp;
        all.naive_covered += tally.naive_covered;
        all.accused += tally.accused;
        all.accused_without_floor += tally.accused_without_floor;
    }
    row("all", &all);
    let (least, most) = band(all.n);
    let (least, most) = (share(least, all.n), share(most, all.n));
    text + &format!(
        "{} shops of {N_USERS} users; band {least:.3} to {most:.3}; costliest first {:.3}; companion's partner named {:.3}\n",
        ranking.n,
        share(ranking.costliest_first, ranking.n),
        share(ranking.partner_named, ranking.n),
    )
}

#[expect(clippy::print_stdout, reason = "the table is what the test measured")]
fn print(text: &str) {
    println!("{text}");
}
