//! What the shop promises of its bugs, over the activities in memory.

#![expect(clippy::unwrap_used, reason = "a test may stop")]

use std::collections::HashSet;

use brunt_testkit::{
    Activities, Bug, BugSet, PlantedBug, STEPS, Shop, ShopOptions, WINDOW, op_names,
};

const PURCHASE: u8 = 5;

fn shop(seed: u64, n_users: u32, bugs: BugSet) -> Shop {
    Shop::new(ShopOptions { seed, n_users, bugs, ..ShopOptions::default() })
}

fn bit(bug: Bug) -> u32 {
    BugSet::NONE.with(bug).bits()
}

/// Entries whose window was over, with whether they met `bug` up to the conversion.
fn met(of: &Activities, bug: Bug) -> impl Iterator<Item = (usize, bool)> {
    (0..of.n_entries()).filter(|e| of.entries.window_over[*e]).map(move |e| {
        let mut until_conversion = of.entries.rows_through(e);
        (e, until_conversion.any(|row| of.bugs[row] & bit(bug) != 0))
    })
}

/// Conversion of the unaffected less that of the affected, in percentage points: positive looks like harm.
fn naive_loss_pp(of: &Activities, bug: Bug) -> f64 {
    let (mut n, mut converted) = ([0.0; 2], [0.0; 2]);
    for (e, hit) in met(of, bug) {
        n[usize::from(hit)] += 1.0;
        converted[usize::from(hit)] += f64::from(u8::from(of.entries.converted[e]));
    }
    100.0 * (converted[0] / n[0] - converted[1] / n[1])
}

fn cost_of(truth: &[PlantedBug], bug: Bug) -> &PlantedBug {
    truth.iter().find(|planted| planted.bug == bug).unwrap()
}

fn loss_pp(planted: &PlantedBug) -> f64 {
    100.0 * planted.lost_conversions as f64 / planted.n_affected as f64
}

#[test]
fn one_seed_gives_one_shop() {
    let one = shop(3, 500, BugSet::ALL);
    assert_eq!(one.activities(), shop(3, 500, BugSet::ALL).activities());
    assert_eq!(one.truth(), shop(3, 500, BugSet::ALL).truth());
    assert_ne!(one.activities(), shop(4, 500, BugSet::ALL).activities());
}

#[test]
fn a_bug_switched_off_leaves_entries_that_never_met_it_as_they_were() {
    let with = shop(5, 1_500, BugSet::ALL).activities();
    for bug in Bug::all() {
        let without = shop(5, 1_500, BugSet::ALL.without(bug)).activities();
        assert_eq!(with.entries.ts, without.entries.ts, "entries do not depend on bugs");
        for e in 0..with.n_entries() {
            let (a, b) = (with.entries.rows(e), without.entries.rows(e));
            if with.bugs[a.clone()].iter().any(|bugs| bugs & bit(bug) != 0) {
                continue;
            }
            assert_eq!(with.ts[a.clone()], without.ts[b.clone()], "{} entry {e}", bug.name());
            assert_eq!(with.op[a.clone()], without.op[b.clone()]);
            assert_eq!(with.steps[a.clone()], without.steps[b.clone()]);
            assert_eq!(with.bugs[a], without.bugs[b]);
            assert_eq!(with.entries.revenue_cents[e], without.entries.revenue_cents[e]);
        }
    }
}

#[test]
fn truth_is_what_two_whole_runs_differ_by() {
    let with = shop(6, 2_000, BugSet::ALL);
    let (truth, a) = (with.truth(), with.activities());
    for planted in &truth {
        let b = shop(6, 2_000, BugSet::ALL.without(planted.bug)).activities();
        let (mut lost, mut cents) = (0, 0);
        for e in (0..a.n_entries()).filter(|e| a.entries.window_over[*e]) {
            lost += i64::from(b.entries.converted[e]) - i64::from(a.entries.converted[e]);
            cents += b.entries.revenue_cents[e] - a.entries.revenue_cents[e];
        }
        assert_eq!(
            (lost, cents),
            (planted.lost_conversions, planted.lost_revenue_cents),
            "{}",
            planted.name
        );
    }
}

#[test]
fn harmless_bugs_change_nothing_at_all() {
    let with = shop(7, 1_500, BugSet::ALL);
    let a = with.activities();
    for planted in with.truth().iter().filter(|planted| planted.harmless) {
        assert_eq!((planted.lost_conversions, planted.lost_revenue_cents), (0, 0));
        let mut b = shop(7, 1_500, BugSet::ALL.without(planted.bug)).activities();
        for (bugs, as_is) in b.bugs.iter_mut().zip(&a.bugs) {
            *bugs |= as_is & bit(planted.bug);
        }
        assert_eq!(a, b, "{}", planted.name);
    }
}

#[test]
fn the_loud_one_is_the_most_frequent_and_the_quiet_one_the_costliest() {
    for seed in 20..26 {
        let shop = shop(seed, 8_000, BugSet::ALL);
        let (truth, activities) = (shop.truth(), shop.activities());
        let occurrences = |bug| activities.bugs.iter().filter(|bugs| *bugs & bit(bug) != 0).count();
        let loud = cost_of(&truth, Bug::LogoutNoise);
        let quiet = cost_of(&truth, Bug::PaymentTimeout);
        assert!(loud.harmless && !quiet.harmless);
        for other in &truth {
            if other.bug != loud.bug {
                assert!(occurrences(loud.bug) > occurrences(other.bug));
                assert!(loud.n_affected > other.n_affected, "seed {seed}: {}", other.name);
            }
            if other.bug != quiet.bug {
                assert!(
                    2 * quiet.lost_conversions > 3 * other.lost_conversions,
                    "seed {seed}: payment_timeout {}, {} {}",
                    quiet.lost_conversions,
                    other.name,
                    other.lost_conversions
                );
            }
        }
        assert!(loud.n_affected > 15 * quiet.n_affected);
    }
}

#[test]
fn naive_differences_mislead() {
    let shop = shop(30, 20_000, BugSet::ALL);
    let (truth, activities) = (shop.truth(), shop.activities());
    let naive = |bug| naive_loss_pp(&activities, bug);
    let quote = cost_of(&truth, Bug::ShippingQuote);
    assert!(
        loss_pp(quote) > 12.0 && naive(Bug::ShippingQuote) < -30.0,
        "a costly bug looks like a blessing"
    );
    let timeout = cost_of(&truth, Bug::PaymentTimeout);
    assert!(loss_pp(timeout) > 50.0 && naive(Bug::PaymentTimeout) < 0.0);
    assert!(naive(Bug::PaymentProbe) < -50.0, "a harmless one on payment attempts seems to sell");
    assert!(naive(Bug::PlanBanner) < -5.0, "so does one that the buying plan meets");
    let cart = cost_of(&truth, Bug::MobileCart);
    assert!((loss_pp(cart) - naive(Bug::MobileCart)).abs() > 15.0);
}

#[test]
fn bugs_strike_where_and_as_often_as_they_should() {
    let shop = shop(31, 20_000, BugSet::ALL);
    let of = shop.activities();
    let names = op_names();
    let share = |bug: Bug, keep: &dyn Fn(usize) -> bool| {
        let rows: Vec<usize> = (0..of.ts.len()).filter(|row| keep(*row)).collect();
        rows.iter().filter(|row| of.bugs[**row] & bit(bug) != 0).count() as f64 / rows.len() as f64
    };
    let op = |row: usize| names[usize::from(of.op[row])].as_str();
    assert!((share(Bug::PaymentProbe, &|row| op(row) == "POST /api/payment") - 0.15).abs() < 0.015);
    assert_eq!(share(Bug::PaymentProbe, &|row| op(row) != "POST /api/payment"), 0.0);
    assert!((share(Bug::RecsFallback, &|row| of.stage[row] == 2) - 0.40).abs() < 0.01);
    assert_eq!(share(Bug::RecsFallback, &|row| of.stage[row] != 2), 0.0);
    let at_cart: HashSet<usize> = (0..of.n_entries())
        .filter(|e| of.entries.rows_through(*e).any(|row| of.stage[row] == 3))
        .collect();
    let stale =
        met(&of, Bug::StalePrice).filter(|(e, hit)| *hit && at_cart.contains(e)).count() as f64;
    let n_at_cart = met(&of, Bug::StalePrice).filter(|(e, _)| at_cart.contains(e)).count() as f64;
    assert!((stale / n_at_cart - 0.40).abs() < 0.04, "stale_price meets {}", stale / n_at_cart);
    for (retry, timeout) in
        of.bugs.iter().map(|bugs| (bugs & bit(Bug::GatewayRetry), bugs & bit(Bug::PaymentTimeout)))
    {
        assert_eq!(retry == 0, timeout == 0);
    }
    for (e, hit) in met(&of, Bug::VersionCrash) {
        assert!(!hit || of.entries.version[e] == 2);
    }
    let rare = met(&of, Bug::RareCoupon).filter(|(_, hit)| *hit).count();
    assert!((12..90).contains(&rare), "a few dozen: {rare}");
    let accounts: HashSet<u32> = met(&of, Bug::AccountLimit)
        .filter(|(_, hit)| *hit)
        .map(|(e, _)| of.unit_account[usize::try_from(of.entries.unit[e]).unwrap()])
        .collect();
    let affected = met(&of, Bug::AccountLimit).filter(|(_, hit)| *hit).count();
    assert!(
        affected > 60 && accounts.len() * 3 < affected * 2,
        "{affected} in {} accounts",
        accounts.len()
    );
}

/// The rules of entry, stage and outcome, applied to the rows of each unit without knowing of visits.
#[test]
fn entries_are_those_that_the_rules_of_a_journey_find() {
    let of = shop(32, 3_000, BugSet::ALL).activities();
    let mut found = Vec::new();
    for unit in 0..of.n_units() {
        let mut entry: Option<(i64, u8)> = None;
        for row in of.unit_rows(unit) {
            let ts = of.ts[row];
            assert!(row == 0 || ts > of.ts[row - 1] || unit > 0);
            let over = entry.is_none_or(|(since, stage)| ts > since + WINDOW || stage > PURCHASE);
            if over && of.steps[row] & 1 != 0 {
                entry = Some((ts, 0));
                found.push((unit, ts, false));
            }
            let (_, stage) = entry.as_mut().unwrap();
            if *stage <= PURCHASE {
                assert_eq!(*stage, of.stage[row]);
            }
            while *stage <= PURCHASE && of.steps[row] & (1 << *stage) != 0 {
                *stage += 1;
            }
            found.last_mut().unwrap().2 = *stage > PURCHASE;
        }
    }
    let planned: Vec<_> = (0..of.n_entries())
        .map(|e| {
            (
                usize::try_from(of.entries.unit[e]).unwrap(),
                of.entries.ts[e],
                of.entries.converted[e],
            )
        })
        .collect();
    assert_eq!(found, planned);
    assert_eq!(STEPS.len(), usize::from(PURCHASE) + 1);
}

#[test]
fn visits_keep_to_the_days_of_data_and_to_their_window() {
    for days in [3_u16, 14, 30] {
        let shop =
            Shop::new(ShopOptions { seed: 9, n_users: 2_000, days, ..ShopOptions::default() });
        let of = shop.activities();
        let first = shop.until() + 1_000_000 - i64::from(days) * WINDOW;
        assert!(of.ts.iter().all(|ts| (first..shop.until()).contains(ts)));
        for e in 0..of.n_entries() {
            let last = of.ts[of.entries.rows(e).end - 1];
            assert!(last < of.entries.ts[e] + WINDOW);
            assert_eq!(of.entries.window_over[e], of.entries.ts[e] + WINDOW <= shop.until());
        }
        assert!(
            of.entries.window_over.iter().any(|over| *over)
                && !of.entries.window_over.iter().all(|over| *over)
        );
    }
}

#[test]
fn a_session_count_is_nearly_met() {
    let of = Shop::new(ShopOptions::with_sessions(11, 20_000)).activities();
    let n: usize =
        (0..of.n_entries()).map(|e| usize::from(of.session[of.entries.rows(e).end - 1]) + 1).sum();
    assert!((19_400..20_600).contains(&n), "{n} sessions");
}
