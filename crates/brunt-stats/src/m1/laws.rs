//! What holds for every journey: agreement with the slow reference, identities, invariances, degenerate inputs.

use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::hits::first_hits;
use super::impact::of_group;
use super::leavers::Leavers;
use super::matching::{Scratch, matched};
use super::recursion::solve;
use super::reference::Reference;
use super::simulated::{HOUR, SECOND, Simulated, journey};
use super::{
    Covariate, Estimate, GroupImpact, ImpactOptions, Journey, NONE, Population, Raw, Step,
    StepOrder, Unit, Warning, population,
};

fn assert_near(got: f64, want: f64, what: &str) {
    assert!((got - want).abs() <= 1e-6 * want.abs().max(1.0), "{what}: got {got}, want {want}");
}

fn assert_estimate(got: Option<Estimate>, want: [f64; 3], what: &str) {
    let got = got.unwrap();
    assert_near(got.value, want[0], what);
    assert_near(got.lo.unwrap(), want[1], what);
    assert_near(got.hi.unwrap(), want[2], what);
}

#[test]
fn figures_are_those_of_the_slow_reference() {
    let mut n_deep = 0;
    for seed in 0..8 {
        let simulated = journey(seed, 250 + 150 * usize::try_from(seed).unwrap());
        let population = simulated.population();
        let partition = population.partition(1);
        let reference = Reference::new(&population);
        for carriers in &simulated.groups {
            let got = partition.impact(carriers);
            let want = reference.figures(carriers);
            let counts = [got.n_affected, got.n_hit_before_entry, got.n_matched, got.n_unaffected];
            let wanted = [want.n_affected, want.n_before, want.n_matched, want.n_unaffected];
            assert_eq!(counts, wanted.map(|n| n as u64), "seed {seed}");
            assert_eq!(got.adjusted_for.len(), want.level + 1, "seed {seed}");
            n_deep += usize::from(want.level > 2);
            assert_near(got.unadjusted_loss_pp.unwrap(), want.unadjusted_pp, "unadjusted");
            let n = want.n_matched as f64;
            assert_near(got.conversion_expected.unwrap() * n, want.expected, "expected");
            assert_near(got.conversion_affected.unwrap() * n, want.observed, "observed");
            assert_estimate(got.lost_conversions, want.lost, "lost");
            assert_near(got.lost_se.unwrap(), want.se, "se");
            assert_near(got.p_value.unwrap(), want.p_value, "p");
            assert_near(got.clusters_effective.unwrap(), want.df + 1.0, "clusters");
            assert_estimate(got.revenue_at_risk, want.revenue, "revenue");
        }
    }
    assert!(n_deep > 10, "the simulated journeys reach levels below op");
}

#[test]
fn cells_hold_what_they_count() {
    let simulated = journey(11, 1500);
    let population = simulated.population();
    let partition = population.partition(2);
    for level in &partition.levels {
        let n_rows: usize = (0..level.n_cells()).map(|cell| level.rows(cell).len()).sum();
        assert_eq!(n_rows, population.n_activities());
        for cell in 0..level.n_cells() {
            let rows = &partition.rows[level.rows(cell)];
            let mut entries: Vec<u32> = rows.iter().map(|row| row.entry).collect();
            entries.sort_unstable();
            entries.dedup();
            assert_eq!(entries.len(), level.n_units[cell] as usize);
            let y: f64 = rows.iter().map(|row| f64::from(row.cluster_y % 2)).sum();
            assert_eq!(y, level.y[cell]);
        }
    }
    let leaves = &partition.levels[partition.levels.len() - 1];
    assert!(leaves.n_cells() > 3 * partition.levels[1].n_cells());
    let op_cells = &partition.levels[1].n_units;
    assert!(leaves.n_units.iter().all(|n| *n >= 30 || op_cells.contains(n)));
}

#[test]
fn expected_is_the_weighted_sum_of_what_the_unaffected_did() {
    for seed in 20..26 {
        let simulated = journey(seed, 900);
        let population = simulated.population();
        let partition = population.partition(1);
        for carriers in &simulated.groups {
            let hits = first_hits(&population, carriers);
            let leavers = Leavers::of(&partition, &hits);
            let mut scratch = Scratch::new(&partition);
            let matching = matched(&partition, &leavers, &mut scratch);
            let values = solve(&matching);
            let sum = |of: &dyn Fn(usize) -> f64| (0..matching.cells.len()).map(of).sum::<f64>();
            let hit = |x: &[f64]| sum(&|c| matching.cells[c].n_hits * x[c]);
            let y = sum(&|c| values.weight[c] * matching.cells[c].y);
            let r = sum(&|c| values.weight[c] * matching.cells[c].r);
            assert_near(hit(&values.conversion), y, "conversions");
            assert_near(hit(&values.revenue), r, "revenue");
            let units = sum(&|c| values.weight[c] * matching.cells[c].n_never);
            assert_near(units, sum(&|c| matching.cells[c].n_hits), "weights stand for the hits");
            assert!(values.conversion.iter().all(|v| (0.0..=1.0).contains(v)));
            let [a, b] = [0; 2].map(|_| of_group(&partition, &hits, &mut scratch));
            assert_eq!(a, b, "scratch is left as it was found");
        }
    }
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let simulated = journey(4, 1200);
    let population = simulated.population();
    let impacts = |n_threads: usize| {
        let options = ImpactOptions { n_threads, ..ImpactOptions::default() };
        population.partition(n_threads).impacts(&simulated.groups, &options)
    };
    assert_eq!(impacts(1), impacts(2));
    assert_eq!(impacts(1), impacts(7));
}

#[test]
fn the_order_of_groups_changes_nothing() {
    let simulated = journey(5, 1200);
    let population = simulated.population();
    let partition = population.partition(1);
    let options = ImpactOptions::default();
    let want = partition.impacts(&simulated.groups, &options);
    let mut order: Vec<usize> = (0..want.len()).collect();
    order.shuffle(&mut ChaCha8Rng::seed_from_u64(1));
    let shuffled: Vec<Vec<u32>> = order
        .iter()
        .map(|group| simulated.groups[*group].iter().rev().copied().collect())
        .collect();
    let got = partition.impacts(&shuffled, &options);
    for (mut got, group) in got.into_iter().zip(&order) {
        got.partner = got.partner.map(|partner| order[partner]);
        assert_eq!(got, want[*group]);
    }
}

#[test]
fn the_order_of_units_changes_nothing() {
    for seed in [7, 8] {
        let simulated = journey(seed, 700);
        let mut order: Vec<usize> = (0..simulated.raw.units.len()).collect();
        order.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
        let other = reordered(&simulated, &order);
        let options = ImpactOptions::default();
        let want = simulated.population().partition(1).impacts(&simulated.groups, &options);
        let got = other.population().partition(1).impacts(&other.groups, &options);
        for (got, want) in got.iter().zip(&want) {
            assert_eq!(got.warnings, want.warnings);
            assert_eq!((got.rank, got.partner), (want.rank, want.partner));
            assert_eq!((got.n_affected, got.n_users), (want.n_affected, want.n_users));
            assert_eq!((got.n_accounts, got.n_unaffected), (want.n_accounts, want.n_unaffected));
            for (got, want) in [
                (got.lost_conversions, want.lost_conversions),
                (got.revenue_at_risk, want.revenue_at_risk),
            ] {
                let want = want.unwrap();
                assert_estimate(got, [want.value, want.lo.unwrap(), want.hi.unwrap()], "figure");
            }
        }
    }
}

#[test]
fn units_are_walked_the_same_on_any_number_of_threads() {
    let Simulated { journey, raw, .. } = journey(4, 70_000);
    let [one, other] = [1, 2].map(|n| population(&journey, raw.clone(), n).unwrap());
    assert_eq!(one.entries, other.entries);
    assert_eq!((&one.unit, &one.entry), (&other.unit, &other.entry));
    assert_eq!(one.first_entry_of_unit, other.first_entry_of_unit);
    assert_eq!((&one.stage, &one.gap), (&other.stage, &other.gap));
    assert_eq!((&one.count, &one.dwell), (&other.count, &other.dwell));
    assert_eq!((one.n_clusters, one.valued), (other.n_clusters, other.valued));
    assert!(one.entries.len() > 10_000 && one.n_clusters > 40);
}

/// The same people in another order.
fn reordered(simulated: &Simulated, order: &[usize]) -> Simulated {
    let raw = &simulated.raw;
    let ends = |n: fn(&Unit) -> u32| -> Vec<usize> {
        let sum = |sum: &mut usize, unit: &Unit| {
            *sum += n(unit) as usize;
            Some(*sum)
        };
        raw.units.iter().scan(0, sum).collect()
    };
    let (activity_ends, step_ends) = (ends(|unit| unit.n_activities), ends(|unit| unit.n_steps));
    let mut moved = vec![NONE; raw.activities.ts.len()];
    let mut made = Raw::default();
    for unit in order {
        let own = &raw.units[*unit];
        made.units.push(*own);
        let end = activity_ends[*unit];
        let first = end - own.n_activities as usize;
        for (at, moved) in moved.iter_mut().enumerate().take(end).skip(first) {
            *moved = super::index(made.activities.ts.len());
            made.activities.ts.push(raw.activities.ts[at]);
            made.activities.op.push(raw.activities.op[at]);
            made.activities.orphan.push(raw.activities.orphan[at]);
        }
        for step in &raw.steps[step_ends[*unit] - own.n_steps as usize..step_ends[*unit]] {
            let activity = step.activity.map(|at| moved[at as usize]);
            made.steps.push(Step { activity, ..*step });
        }
    }
    let group = |group: &Vec<u32>| group.iter().map(|at| moved[*at as usize]).collect();
    let groups = simulated.groups.iter().map(group).collect();
    let covariate = |of: &Covariate| {
        let codes = order.iter().map(|unit| of.codes[*unit]).collect();
        Covariate { name: of.name.clone(), codes }
    };
    let covariates = simulated.covariates.iter().map(covariate).collect();
    Simulated { journey: simulated.journey, raw: made, covariates, groups }
}

#[test]
fn random_harm_is_covered_as_often_as_promised() {
    let (mut n_covered, mut n_groups) = (0, 0);
    for seed in 100..160 {
        let simulated = journey(seed, 800);
        let population = simulated.population();
        let partition = population.partition(1);
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        for chance in [0.01, 0.03, 0.1] {
            let all = 0..super::index(simulated.raw.activities.ts.len());
            let carriers: Vec<u32> = all.filter(|_| random.random::<f64>() < chance).collect();
            let lost = partition.impact(&carriers).lost_conversions.unwrap();
            n_covered += usize::from(lost.lo < Some(0.0) && lost.hi > Some(0.0));
            n_groups += 1;
        }
    }
    // 180 intervals: 99.9 % of binomial(180, 0.95) draws lie in 160..=179; exact small samples cover more.
    assert!((160..=180).contains(&n_covered), "{n_covered} of {n_groups}");
}

/// People of whom a share converts; a fifth of them are struck, and of these a share then does not. Of every second person
/// one of so many is drawn, and of the others one of the second number, and stands for that many. What all of them lost, and
/// what the sample says.
fn sampled_losses(seed: u64, would_convert: f64, harm: f64, one_of: [u16; 2]) -> (f64, Estimate) {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let (mut truth, mut converted, mut struck) = (0.0, Vec::new(), Vec::new());
    let mut weights = Vec::new();
    for person in 0..4_000 {
        let (would, is_struck) = (random.random_bool(would_convert), random.random_bool(0.2));
        let does = would && !(is_struck && random.random_bool(harm));
        truth += f64::from(u8::from(would && !does));
        let one_of = one_of[person % 2];
        if random.random_bool(1.0 / f64::from(one_of)) {
            struck.extend(is_struck.then_some(4 * super::index(converted.len()) + 2));
            converted.push(does);
            weights.extend([f32::from(one_of); 4]);
        }
    }
    let (journey, mut raw) = plain(&converted);
    raw.activities.weight = weights;
    let population = population(&journey, raw, 1).unwrap();
    (truth, population.partition(1).impact(&struck).lost_conversions.unwrap())
}

#[test]
fn totals_of_a_sample_cover_those_of_everybody_as_often_as_promised() {
    for (would_convert, harm, one_of) in
        [(0.5, 0.4, [4; 2]), (0.95, 0.4, [4; 2]), (0.9, 0.3, [10; 2]), (0.7, 0.5, [1, 5])]
    {
        let covered = (0..200).filter(|seed| {
            let (truth, lost) = sampled_losses(*seed, would_convert, harm, one_of);
            lost.lo.unwrap() <= truth && truth <= lost.hi.unwrap()
        });
        // 200 intervals: 99.9 % of binomial(200, 0.95) draws lie in 179..=199; wider ones do no harm.
        let n_covered = covered.count();
        assert!(n_covered >= 179, "{n_covered} of 200 at {would_convert}, {harm}, {one_of:?}");
    }
}

#[test]
fn each_entry_counts_by_its_own_weight() {
    // Of 400 people half convert; 40 others who stand for themselves do no worse, 40 who stand for ten each never do.
    let converted: Vec<bool> = (0..480).map(|unit| unit >= 40 && unit % 2 == 0).collect();
    let (journey, mut raw) = plain(&converted);
    raw.activities.weight = vec![1.0; raw.activities.ts.len()];
    raw.activities.weight[..160].fill(10.0);
    let population = population(&journey, raw, 1).unwrap();
    let struck: Vec<u32> = (0..80).map(|unit| 4 * unit + 2).collect();
    let lost = population.partition(1).impact(&struck).lost_conversions.unwrap();
    assert_near(lost.value, 200.0, "40 of ten each, of whom half would have");
}

#[test]
fn weights_scale_totals_and_leave_shares() {
    let simulated = journey(5, 900);
    let plain = simulated.population();
    let of = |weight: f32| {
        let mut weighed = simulated.clone();
        weighed.raw.activities.weight = vec![weight; weighed.raw.activities.ts.len()];
        let population = weighed.population();
        population.partition(1).impacts(&simulated.groups, &ImpactOptions::default())
    };
    let want = plain.partition(1).impacts(&simulated.groups, &ImpactOptions::default());
    assert_eq!(of(1.0), want);
    for (got, want) in of(4.0).iter().zip(&want) {
        assert_eq!(
            (got.n_affected, got.loss_pp, got.p_value, got.accused),
            (want.n_affected, want.loss_pp, want.p_value, want.accused)
        );
        let (Some(got), Some(want)) = (got.lost_conversions, want.lost_conversions) else {
            continue;
        };
        assert_near(got.value, 4.0 * want.value, "four times as many");
    }
    let mut short = simulated.clone();
    short.raw.activities.weight = vec![2.0; 3];
    assert!(population(&short.journey, short.raw, 1).is_err());
}

#[test]
fn groups_that_share_their_activities_name_each_other() {
    let simulated = journey(3, 1200);
    let population = simulated.population();
    let got = population.partition(1).impacts(&simulated.groups, &ImpactOptions::default());
    assert_eq!((got[4].partner, got[5].partner), (Some(5), Some(4)));
    assert!(got[4].warnings.contains(&Warning::CoOccurs));
    assert_eq!(got[2].alone_pp, None);
}

#[test]
fn a_group_on_everybody_of_one_device_is_flagged() {
    let simulated = journey(9, 900);
    let population = simulated.population();
    let partition = population.partition(1);
    let everybody: Vec<u32> = (0..super::index(population.unit.len()))
        .filter(|at| simulated.covariates[0].codes[population.unit[*at as usize] as usize] == 1)
        .collect();
    let flag = Warning::Positivity { covariate: "device".to_owned(), code: 1 };
    assert!(partition.impact(&everybody).warnings.contains(&flag));
    let some: Vec<u32> = everybody.iter().copied().filter(|at| at % 10 == 0).collect();
    let got = partition.impact(&some);
    assert!(got.n_affected > 50 && !got.warnings.contains(&flag));
}

/// Units of four activities a minute apart, of which the second does the first step and the last may convert.
fn plain(converted: &[bool]) -> (Journey, Raw) {
    let mut raw = Raw::default();
    for (unit, converted) in (0..).zip(converted) {
        for at in 0..4 {
            raw.activities.ts.push(HOUR + i64::from(at) * 60 * SECOND);
            raw.activities.op.push(at);
            raw.activities.orphan.push(false);
        }
        let step = |step_idx: u32, at: u32| {
            let value = (step_idx == 1).then_some(10.0);
            Step { ts: 0, step_idx, activity: Some(4 * unit + at), value }
        };
        raw.steps.push(step(0, 1));
        raw.steps.extend(converted.then(|| step(1, 3)));
        let n_steps = 1 + u32::from(*converted);
        raw.units.push(Unit { n_activities: 4, n_steps, user: Some(unit), ..Unit::default() });
    }
    let journey = Journey {
        n_steps: 2,
        order: StepOrder::Strict,
        window_micros: HOUR,
        from: 0,
        until: 3 * HOUR,
    };
    (journey, raw)
}

fn impacts_of(converted: &[bool], group: Vec<u32>) -> Vec<GroupImpact> {
    let (journey, raw) = plain(converted);
    let population = population(&journey, raw, 1).unwrap();
    let options = ImpactOptions { n_threads: 3, ..ImpactOptions::default() };
    population.partition(3).impacts(&[group, Vec::new()], &options)
}

fn assert_nothing_estimated(got: &GroupImpact) {
    assert_eq!((got.loss_pp, got.lost_conversions, got.revenue_at_risk), (None, None, None));
    assert_eq!((got.p_value, got.q_value, got.rank_score), (None, None, None));
    assert_eq!((got.conversion_expected, got.e_value, got.accused), (None, None, false));
}

#[test]
fn no_data_has_no_figures() {
    let empty = Population::default();
    let got = empty.partition(2).impacts(&[vec![], vec![3, 4]], &ImpactOptions::default());
    got.iter().for_each(assert_nothing_estimated);
    assert_eq!(empty.partition(1).impact(&[0]).n_affected, 0);
    assert!(empty.partition(1).impacts(&[], &ImpactOptions::default()).is_empty());
    let (journey, _) = plain(&[]);
    assert_eq!(population(&journey, Raw::default(), 1).unwrap().entries(), []);
}

#[test]
fn nobody_affected_has_counts_only() {
    let got = impacts_of(&[true; 40], vec![]);
    assert_nothing_estimated(&got[0]);
    assert_eq!((got[0].n_affected, got[0].overlap_share), (0, None));
    assert_eq!(got[0].warnings, [Warning::FewAffected]);
}

#[test]
fn few_affected_have_counts_only_among_all_groups() {
    let group = vec![2, 6, 10, 14];
    let got = impacts_of(&[true; 40], group.clone());
    assert_nothing_estimated(&got[0]);
    assert_eq!((got[0].n_affected, got[0].n_users, got[0].n_unaffected), (4, 4, 36));
    assert_eq!(got[0].warnings, [Warning::FewAffected]);
    let (journey, raw) = plain(&[[true, false]; 20].concat());
    let population = population(&journey, raw, 1).unwrap();
    assert!(population.partition(1).impact(&group).loss_pp.is_some());
}

#[test]
fn everybody_affected_has_nobody_to_compare() {
    let carriers: Vec<u32> = (0..30).map(|unit| 4 * unit + 2).collect();
    let got = impacts_of(&[[true, false]; 15].concat(), carriers);
    assert_nothing_estimated(&got[0]);
    assert_eq!((got[0].n_affected, got[0].n_matched), (30, 0));
    assert_eq!(got[0].overlap_share, Some(0.0));
    assert_eq!(got[0].unadjusted_loss_pp, None);
    assert!(got[0].warnings.contains(&Warning::NoUnaffected));
}

#[test]
fn one_unit_cannot_answer() {
    for converted in [true, false] {
        let got = impacts_of(&[converted], vec![2]);
        assert_nothing_estimated(&got[0]);
    }
}

#[test]
fn where_nothing_varies_bounds_are_unknown() {
    for converted in [true, false] {
        let carriers: Vec<u32> = (0..70).map(|unit| 4 * unit + 2).collect();
        let got = &impacts_of(&[converted; 200], carriers)[0];
        let want = Some(Estimate { value: 0.0, lo: None, hi: None });
        assert_eq!((got.loss_pp, got.lost_conversions), (want, want));
        assert_eq!((got.p_value, got.lost_se, got.rank_score), (None, None, None));
        assert!(got.warnings.contains(&Warning::NoVariation));
        assert_eq!(got.revenue_at_risk.is_some(), converted);
        assert_eq!(got.e_value, converted.then_some(1.0));
    }
}

#[test]
fn a_blocker_is_accused_and_ranked_first() {
    // Of 400 people half convert; a group strikes 80 others at their third activity, none of whom converts, and one
    // strikes every fifth of the rest without effect.
    let converted: Vec<bool> = (0..480).map(|unit| unit >= 80 && unit % 2 == 0).collect();
    let (journey, raw) = plain(&converted);
    let population = population(&journey, raw, 1).unwrap();
    let blocker: Vec<u32> = (0..80).map(|unit| 4 * unit + 2).collect();
    let harmless: Vec<u32> = (80..480).filter(|u| u % 5 == 0).map(|unit| 4 * unit + 2).collect();
    let got = population.partition(1).impacts(&[harmless, blocker], &ImpactOptions::default());
    assert_eq!((got[0].accused, got[1].accused), (false, true));
    assert_eq!((got[0].rank, got[1].rank), (Some(2), Some(1)));
    assert_eq!((got[0].rank_by_count, got[1].rank_by_count), (Some(1), Some(2)));
    assert_near(got[1].loss_pp.unwrap().value, 50.0, "half would have converted");
    assert_near(got[1].revenue_at_risk.unwrap().value, 400.0, "at 10 each");
    assert!(got[1].rank_score.unwrap() < got[1].lost_conversions.unwrap().value);
}
