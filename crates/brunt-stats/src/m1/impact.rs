//! One group: hits in, figures out.

use super::bounds::{self, Conversions};
use super::hits::{FirstHit, Hits, first_hits};
use super::leavers::{Leaver, Leavers};
use super::matching::{Matching, Scratch, matched};
use super::partition::Partition;
use super::population::Population;
use super::recursion::{Values, solve};
use super::variance::{Parts, Uncertainty, uncertainty};
use super::warning::Warning;
use super::{NONE, e_value, positivity};
use crate::Interval;

/// A figure with its 95 % bounds; they are `None` where nothing tells how far it may be off.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    pub value: f64,
    pub lo: Option<f64>,
    pub hi: Option<f64>,
}

impl Estimate {
    fn scaled(value: f64, interval: Option<Interval>, factor: f64) -> Self {
        Self {
            value: value * factor,
            lo: interval.map(|interval| interval.lo * factor),
            hi: interval.map(|interval| interval.hi * factor),
        }
    }
}

/// What one group cost one journey. Counts are of entries unless they say otherwise; shares are 0 to 1; `_pp` are
/// percentage points; a positive loss is harm.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct GroupImpact {
    pub n_affected: u64,
    /// Affected entries with comparable unaffected ones.
    pub n_matched: u64,
    /// Never-hit entries in the cells that the affected are compared in.
    pub n_unaffected: u64,
    /// People and accounts among the affected, where known.
    pub n_users: u64,
    pub n_accounts: u64,
    /// Entries left out because their unit met the group within the window before.
    pub n_hit_before_entry: u64,
    /// Share of the matched affected that converted.
    pub conversion_affected: Option<f64>,
    /// Share of them that would have.
    pub conversion_expected: Option<f64>,
    pub loss_pp: Option<Estimate>,
    /// Over all affected: that of the matched, extrapolated; where telemetry is sampled, over those that they stand for.
    pub lost_conversions: Option<Estimate>,
    /// Standard error of `lost_conversions`.
    pub lost_se: Option<f64>,
    /// `None` also where no conversion carries a value.
    pub revenue_at_risk: Option<Estimate>,
    pub p_value: Option<f64>,
    /// Filled over all groups of a journey by [`Partition::impacts`], like the next four.
    pub q_value: Option<f64>,
    pub accused: bool,
    pub rank_score: Option<f64>,
    /// From 1.
    pub rank: Option<u32>,
    pub rank_by_count: Option<u32>,
    /// Never-hit entries' conversion less the affected's, without any matching.
    pub unadjusted_loss_pp: Option<f64>,
    pub overlap_share: Option<f64>,
    /// What the compared have in common.
    pub adjusted_for: Vec<String>,
    /// The group that most of the first hits share their activity with, where that is at least three tenths.
    pub partner: Option<usize>,
    /// The loss where no partner strikes; not estimated yet.
    pub alone_pp: Option<Estimate>,
    pub n_alone: Option<u64>,
    pub e_value: Option<f64>,
    /// At the bound nearer to no loss; 1 where the interval contains 0.
    pub e_value_bound: Option<f64>,
    pub clusters_effective: Option<f64>,
    pub warnings: Vec<Warning>,
}

impl Partition<'_> {
    /// The cost of one group, given all activities that carry it, in any order. Without a floor on the number of
    /// affected, and without what needs the other groups.
    pub fn impact(&self, carriers: &[u32]) -> GroupImpact {
        of_group(self, &first_hits(self.population, carriers), &mut Scratch::new(self))
    }
}

pub(super) fn of_group(partition: &Partition, hits: &Hits, scratch: &mut Scratch) -> GroupImpact {
    let leavers = Leavers::of(partition, hits);
    let mut impact = counts(partition, &leavers);
    if hits.affected.is_empty() {
        return impact;
    }
    let matching = matched(partition, &leavers, scratch);
    impact.n_matched = matching.cell_of.iter().filter(|cell| **cell != NONE).count() as u64;
    impact.overlap_share = Some(impact.n_matched as f64 / impact.n_affected as f64);
    impact.adjusted_for = partition.names[..=matching.level].to_vec();
    let values = solve(&matching);
    if impact.n_matched > 0 {
        let uncertainty = uncertainty(partition, &leavers, &matching, &values, scratch);
        estimate(partition, &leavers, &matching, &values, &uncertainty, &mut impact);
        let weights = weights(partition.population, hits);
        // What stands for itself has the exact bounds.
        if weights.iter().any(|weight| *weight > 1.0) {
            let of = (&leavers, &matching, &values, &uncertainty);
            estimate_of_sample(&weights, partition, of, &mut impact);
        }
    }
    warn_of_comparison(partition, &matching, &values, &mut impact);
    warn_of_hits(partition, hits, &leavers, &mut impact);
    impact
}

/// What needs no comparison.
fn counts(partition: &Partition, leavers: &Leavers) -> GroupImpact {
    let n_hit_before_entry = leavers.before_entry().len() as u64;
    let n_affected = leavers.affected().len() as u64;
    let n_never = u64::from(partition.population.n_entries()) - n_affected - n_hit_before_entry;
    let converted = |of: &[Leaver]| of.iter().filter(|leaver| leaver.converted).count() as u64;
    let y_affected = converted(leavers.affected());
    let y_never = partition.n_converted - y_affected - converted(leavers.before_entry());
    let share = |y: u64, n: u64| y as f64 / n as f64;
    let mut impact = GroupImpact {
        n_affected,
        n_users: n_distinct(leavers, |leaver| leaver.user),
        n_accounts: n_distinct(leavers, |leaver| leaver.account),
        n_hit_before_entry,
        unadjusted_loss_pp: (n_affected > 0 && n_never > 0)
            .then(|| 100.0 * (share(y_never, n_never) - share(y_affected, n_affected))),
        ..GroupImpact::default()
    };
    if n_hit_before_entry > 0 {
        impact.warnings.push(Warning::HitBeforeEntry { n_entries: n_hit_before_entry });
    }
    impact
}

fn n_distinct(leavers: &Leavers, of: impl Fn(&Leaver) -> Option<u32>) -> u64 {
    let mut ids: Vec<u32> = leavers.affected().iter().filter_map(of).collect();
    ids.sort_unstable();
    ids.dedup();
    ids.len() as u64
}

fn estimate(
    partition: &Partition,
    leavers: &Leavers,
    matching: &Matching,
    values: &Values,
    uncertainty: &Uncertainty,
    impact: &mut GroupImpact,
) {
    let (mut chances, mut revenue, mut observed) = (Vec::new(), 0.0, 0);
    for (leaver, place) in leavers.affected().iter().zip(&matching.cell_of) {
        let Some(chance) = values.conversion.get(*place as usize) else { continue };
        chances.push(chance.clamp(0.0, 1.0));
        revenue += values.revenue[*place as usize] - leaver.revenue;
        observed += usize::from(leaver.converted);
    }
    let (n_affected, n_matched) = (impact.n_affected as f64, impact.n_matched as f64);
    let extrapolated = n_affected / n_matched;
    let expected: f64 = chances.iter().sum();
    let lost = expected - observed as f64;
    let bounds = bounds::of_conversions(&Conversions {
        chances: &chances,
        n_affected: leavers.affected().len(),
        expected,
        observed,
        variance: uncertainty.y,
        df: uncertainty.df,
    });
    let interval = bounds.map(|(interval, _)| interval);
    impact.n_unaffected = uncertainty.n_unaffected;
    impact.conversion_affected = Some(observed as f64 / n_matched);
    impact.conversion_expected = Some(expected / n_matched);
    impact.loss_pp = Some(Estimate::scaled(lost, interval, 100.0 / n_matched));
    impact.lost_conversions = Some(Estimate::scaled(lost, interval, extrapolated));
    impact.lost_se = bounds.map(|_| uncertainty.y.sum().sqrt() * extrapolated);
    impact.p_value = bounds.map(|(_, p_value)| p_value);
    impact.e_value = e_value::e_value(expected, observed as f64);
    impact.e_value_bound =
        interval.and_then(|interval| e_value::at_bound(interval, observed as f64));
    impact.clusters_effective = Some(uncertainty.df + 1.0);
    if partition.population.valued {
        let third = partition.order_moments[2] * expected;
        let interval = bounds::of_revenue(revenue, uncertainty.r, uncertainty.df, third);
        impact.revenue_at_risk = Some(Estimate::scaled(revenue, interval, extrapolated));
    }
    if interval.is_none() {
        impact.warnings.push(Warning::NoVariation);
    }
    if uncertainty.df < 10.0 {
        impact.warnings.push(Warning::FewClusters);
    }
}

/// What each affected entry stands for; empty where all stand for themselves.
fn weights(population: &Population, hits: &Hits) -> Vec<f64> {
    let weight = |hit: &FirstHit| population.weight.get(hit.activity as usize).copied();
    hits.affected.iter().filter_map(weight).map(f64::from).collect()
}

/// The totals where telemetry is sampled: each affected entry counts as many times as the activity at which it was struck
/// first stands for (Horvitz & Thompson 1952), and what differs between entries that were drawn and others like them adds
/// to the variance. Entries are taken as drawn independently of each other. Shares and the p-value stay those of what is
/// stored.
fn estimate_of_sample(
    weights: &[f64],
    partition: &Partition,
    (leavers, matching, values, uncertainty): (&Leavers, &Matching, &Values, &Uncertainty),
    impact: &mut GroupImpact,
) {
    let (mut lost, mut revenue, mut expected) = (0.0, 0.0, 0.0);
    let (mut n_matched, mut of_matched, mut drawn) = (0.0, 0.0, [0.0; 2]);
    for ((leaver, place), weight) in leavers.affected().iter().zip(&matching.cell_of).zip(weights) {
        let Some(chance) = values.conversion.get(*place as usize) else { continue };
        let own = [chance - leaver.y(), values.revenue[*place as usize] - leaver.revenue];
        lost += weight * own[0];
        revenue += weight * own[1];
        expected += chance;
        n_matched += 1.0;
        of_matched += weight;
        for (drawn, own) in drawn.iter_mut().zip(own) {
            *drawn += weight * (weight - 1.0) * own * own;
        }
    }
    let mean = of_matched / n_matched;
    let extrapolated = weights.iter().sum::<f64>() / of_matched;
    let variance = |of: Parts, drawn: f64| Parts {
        hits: mean * of.hits + drawn,
        cluster: mean * mean * of.cluster,
        controls: mean * mean * of.controls,
    };
    let of_lost = variance(uncertainty.y, drawn[0]);
    let interval = bounds::of_weighted(lost, of_lost, uncertainty.df);
    impact.lost_conversions = Some(Estimate::scaled(lost, interval, extrapolated));
    impact.lost_se = interval.map(|_| of_lost.sum().sqrt() * extrapolated);
    if partition.population.valued {
        let third = partition.order_moments[2] * expected * mean.powi(3);
        let of_revenue = variance(uncertainty.r, drawn[1]);
        let interval = bounds::of_revenue(revenue, of_revenue, uncertainty.df, third);
        impact.revenue_at_risk = Some(Estimate::scaled(revenue, interval, extrapolated));
    }
}

fn warn_of_comparison(
    partition: &Partition,
    matching: &Matching,
    values: &Values,
    impact: &mut GroupImpact,
) {
    let crowded = matching.cells.iter().filter(|cell| cell.n_hits > cell.n_at_risk);
    let n_crowded: f64 = crowded.map(|cell| cell.n_hits).sum();
    for (holds, warning) in [
        (impact.n_matched == 0, Warning::NoUnaffected),
        (10 * impact.n_matched < 9 * impact.n_affected, Warning::LowOverlap),
        (5.0 * n_crowded > impact.n_affected as f64, Warning::SparseMatch),
        (matching.level < partition.level_fine, Warning::Coarse),
        (!values.converged, Warning::NotConverged),
    ] {
        impact.warnings.extend(holds.then_some(warning));
    }
}

fn warn_of_hits(partition: &Partition, hits: &Hits, leavers: &Leavers, impact: &mut GroupImpact) {
    let population = partition.population;
    let (mut n_no_op, mut n_orphan) = (0, 0);
    for hit in &hits.affected {
        n_no_op += usize::from(population.op[hit.activity as usize] == NONE);
        n_orphan += usize::from(population.orphan[hit.activity as usize]);
    }
    impact.warnings.extend((5 * n_no_op > hits.affected.len()).then_some(Warning::NoOp));
    impact.warnings.extend((5 * n_orphan > hits.affected.len()).then_some(Warning::Orphan));
    for (covariate, entry) in positivity::violations(partition, leavers) {
        let covariate = &population.covariates[covariate];
        let code = covariate.codes[entry as usize];
        impact.warnings.push(Warning::Positivity { covariate: covariate.name.clone(), code });
    }
}
