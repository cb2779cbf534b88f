//! The worked example of the estimator's specification: ten units, two cells, every number by hand.

use crate::interval::assert_close;
use crate::{Interval, poisson_binomial};

use super::correlation::{self, Correlation};
use super::digits::Placed;
use super::hits::first_hits;
use super::impact::of_group;
use super::leavers::Leavers;
use super::matching::{Flow, Scratch, matched};
use super::partition::Partition;
use super::population::{Entry, Population};
use super::recursion::solve;
use super::split::{Cells, Span};
use super::variance::uncertainty;
use super::{Warning, index};

/// Cells of each unit's activities in turn, and whether it converted; `*` follows a first hit.
const UNITS: [(&str, bool); 10] = [
    ("a b", true),
    ("a b", true),
    ("a b", false),
    ("a", false),
    ("a a", false),
    ("a a b", true),
    ("a b*", false),
    ("a*", false),
    ("a* b", true),
    ("a b*", true),
];

struct Example {
    population: Population,
    cells: Cells,
    carriers: Vec<u32>,
}

fn example() -> Example {
    let mut population = Population { first_entry_of_unit: vec![0], ..Population::default() };
    let (mut carriers, mut of_cell) = (Vec::new(), [Vec::new(), Vec::new()]);
    for (unit, (activities, converted)) in UNITS.iter().enumerate() {
        let unit_idx = index(unit);
        let first_activity = index(population.ts.len());
        for activity in activities.split(' ') {
            let at = index(population.ts.len());
            let placed = Placed { activity: at, entry: unit_idx };
            of_cell[usize::from(activity.starts_with('b'))].push(placed);
            if activity.ends_with('*') {
                carriers.push(at);
            }
            population.ts.push(0);
            population.op.push(0);
            population.orphan.push(false);
            population.unit.push(unit_idx);
            population.entry.push(unit_idx);
            population.stage.push(0);
        }
        population.entries.push(Entry {
            unit_idx,
            cluster: unit_idx,
            user: Some(unit_idx),
            account: None,
            ts: 0,
            converted: *converted,
            revenue: 0.0,
            first_activity,
            end_activity: index(population.ts.len()),
        });
        population.first_entry_of_unit.push(unit_idx + 1);
        population.lookback_micros.push(None);
    }
    population.n_clusters = 10;
    let starts = [0, index(of_cell[0].len())];
    let spans = vec![Span { start: starts[0], n_units: 10 }, Span { start: starts[1], n_units: 7 }];
    let cells = Cells { order: of_cell.concat(), levels: vec![spans] };
    Example { population, cells, carriers }
}

fn partition(example: &Example) -> Partition<'_> {
    let of = &example.population;
    let mut partition = Partition::assemble(of, vec!["cell".to_owned()], 0, &example.cells, 1);
    partition.correlation = correlation::of(of, &partition.levels, &partition.leaf);
    partition
}

#[test]
fn counts_values_and_weights_are_those_of_the_specification() {
    let example = example();
    let partition = partition(&example);
    assert_eq!(partition.correlation, Correlation::default());
    let hits = first_hits(&example.population, &example.carriers);
    let leavers = Leavers::of(&partition, &hits);
    let matching = matched(&partition, &leavers, &mut Scratch::new(&partition));
    let [a, b] = [matching.cells[0], matching.cells[1]];
    assert_eq!((a.n_never, a.y, a.n_units, a.n_hits, a.n_at_risk), (8.0, 4.0, 6.0, 2.0, 10.0));
    assert_eq!((b.n_never, b.y, b.n_units, b.n_hits, b.n_at_risk), (4.0, 3.0, 4.0, 2.0, 4.0));
    assert_eq!(matching.flows, [Flow { from: 0, to: 1, n: 2.0 }]);
    let values = solve(&matching);
    assert_close(values.conversion[0], 0.55, 1e-12);
    assert_close(values.conversion[1], 0.75, 1e-12);
    assert_close(values.weight[0], 0.2, 1e-12);
    assert_close(values.weight[1], 0.6, 1e-12);
    assert_close(values.weight[0] * a.y + values.weight[1] * b.y, 2.6, 1e-12);
}

#[test]
fn variance_is_that_of_the_specification() {
    let example = example();
    let partition = partition(&example);
    let mut scratch = Scratch::new(&partition);
    let hits = first_hits(&example.population, &example.carriers);
    let leavers = Leavers::of(&partition, &hits);
    let matching = matched(&partition, &leavers, &mut scratch);
    let values = solve(&matching);
    let got = uncertainty(&partition, &leavers, &matching, &values, &mut scratch);
    assert_close(got.y.hits, 1.094, 1e-12);
    assert_eq!(got.y.cluster, 0.0);
    assert_close(got.y.controls, 0.7711166, 1e-7);
    assert_close(got.y.sum().sqrt(), 1.3656927, 1e-7);
    assert_eq!(got.n_unaffected, 6);
    let pmf = poisson_binomial::probabilities(&[0.75, 0.55, 0.55, 0.75]);
    for (got, want) in pmf.iter().zip([0.01265625, 0.106875, 0.3184375, 0.391875, 0.17015625]) {
        assert_close(*got, want, 1e-12);
    }
    assert_eq!(poisson_binomial::quantile(&pmf, 0.025), 1);
    assert_eq!(poisson_binomial::quantile(&pmf, 0.975), 4);
}

#[test]
fn figures_are_those_of_the_specification() {
    let example = example();
    let partition = partition(&example);
    let got = partition.impact(&example.carriers);
    assert_eq!((got.n_affected, got.n_matched, got.n_unaffected), (4, 4, 6));
    assert_eq!((got.n_users, got.n_accounts), (4, 0));
    assert_close(got.conversion_expected.unwrap(), 2.6 / 4.0, 1e-12);
    assert_close(got.conversion_affected.unwrap(), 2.0 / 4.0, 1e-12);
    assert_close(got.loss_pp.unwrap().value, 15.0, 1e-12);
    let lost = got.lost_conversions.unwrap();
    assert_close(lost.value, 0.6, 1e-12);
    assert_close(lost.lo.unwrap(), -1.7499620, 1e-7);
    assert_close(lost.hi.unwrap(), 2.8186305, 1e-7);
    assert_close(got.lost_se.unwrap(), 1.3656927, 1e-7);
    assert_close(got.p_value.unwrap(), 0.8759375, 1e-12);
    assert_eq!(got.unadjusted_loss_pp, Some(0.0));
    assert_close(got.e_value.unwrap(), 1.3 + (1.3_f64 * 0.3).sqrt(), 1e-12);
    assert_eq!(got.e_value_bound, Some(1.0));
    assert_eq!(got.overlap_share, Some(1.0));
    assert_eq!(got.adjusted_for, ["cell"]);
    assert_eq!(got.revenue_at_risk, None);
    assert_eq!(got.warnings, [Warning::FewClusters]);
}

#[test]
fn a_group_is_measured_alike_with_used_scratch() {
    let example = example();
    let partition = partition(&example);
    let mut scratch = Scratch::new(&partition);
    let hits = first_hits(&example.population, &example.carriers);
    let once = of_group(&partition, &hits, &mut scratch);
    assert_eq!(of_group(&partition, &hits, &mut scratch), once);
    let bounds = once.loss_pp.map(|loss| Interval { lo: loss.lo.unwrap(), hi: loss.hi.unwrap() });
    assert!(bounds.is_some_and(|bounds| bounds.lo < 15.0 && bounds.hi > 15.0));
}
