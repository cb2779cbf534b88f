//! One group: hits in, figures out.

use super::bounds::{self, Conversions};
use super::hits::{Hits, first_hits};
use super::leavers::{Leaver, Leavers};
use super::matching::{Matching, Scratch, matched};
use super::partition::Partition;
use super::population::Population;
use super::recursion::{Values, solve};
use super::variance::{Uncertainty, uncertainty};
use super::warning::Warning;
use super::{NONE, Z, e_value, positivity};
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

    /// The value times a number that is itself an estimate: its mean, and its relative standard error. Distances to the
    /// bounds add up as squares (Zou & Donner 2008).
    fn times(self, number: Sampled) -> Self {
        let value = self.value * number.mean;
        let of_number = Z * number.relative_se * value;
        let away = |bound: f64| (bound * number.mean - value).hypot(of_number);
        Self {
            value,
            lo: self.lo.map(|lo| value - away(lo)),
            hi: self.hi.map(|hi| value + away(hi)),
        }
    }
}

/// How many entries an affected one stands for.
#[derive(Debug, Clone, Copy)]
struct Sampled {
    mean: f64,
    /// Of the number of all affected entries, as it is estimated from those that are here.
    relative_se: f64,
}

impl Sampled {
    /// `None` where each stands for itself.
    ///
    /// An entry stands for as many as the activity at which it was struck first. The estimate of their number and its
    /// variance are Horvitz and Thompson's (1952), of activities that were drawn independently.
    fn of(population: &Population, hits: &Hits) -> Option<Self> {
        if population.weight.is_empty() || hits.affected.is_empty() {
            return None;
        }
        let weights =
            hits.affected.iter().map(|hit| f64::from(population.weight[hit.activity as usize]));
        let (sum, variance) =
            weights.fold((0.0, 0.0), |(sum, variance), w| (sum + w, variance + w * (w - 1.0)));
        let mean = sum / hits.affected.len() as f64;
        Some(Self { mean, relative_se: variance.sqrt() / sum })
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
        if let Some(number) = Sampled::of(partition.population, hits) {
            weigh(number, &mut impact);
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

/// Totals are of what the stored entries stand for; shares are theirs.
fn weigh(number: Sampled, impact: &mut GroupImpact) {
    let lost = impact.lost_conversions.map_or(0.0, |lost| lost.value);
    let of_number = number.relative_se * number.mean * lost;
    impact.lost_conversions = impact.lost_conversions.map(|lost| lost.times(number));
    impact.lost_se = impact.lost_se.map(|se| (se * number.mean).hypot(of_number));
    impact.revenue_at_risk = impact.revenue_at_risk.map(|revenue| revenue.times(number));
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
