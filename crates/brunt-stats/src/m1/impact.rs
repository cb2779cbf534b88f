//! One group: hits in, figures out.

use std::collections::HashSet;

use super::bounds::{self, Conversions};
use super::hits::{Hits, first_hits};
use super::matching::{Matching, Scratch, matched};
use super::partition::Partition;
use super::population::Entry;
use super::recursion::{Values, solve};
use super::variance::{Uncertainty, uncertainty};
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
    /// Over all affected: that of the matched, extrapolated.
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
    let mut impact = counts(partition, hits);
    if hits.affected.is_empty() {
        return impact;
    }
    let matching = matched(partition, hits, scratch);
    impact.n_matched = matching.cell_of.iter().filter(|cell| **cell != NONE).count() as u64;
    impact.overlap_share = Some(impact.n_matched as f64 / impact.n_affected as f64);
    impact.adjusted_for = partition.names[..=matching.level].to_vec();
    let values = solve(&matching);
    if impact.n_matched > 0 {
        let uncertainty = uncertainty(partition, hits, &matching, &values, scratch);
        estimate(partition, hits, &matching, &values, &uncertainty, &mut impact);
    }
    warn(partition, hits, &matching, &values, &mut impact);
    impact
}

/// What needs no comparison.
pub(super) fn counts(partition: &Partition, hits: &Hits) -> GroupImpact {
    let entry = |entry: u32| &partition.population.entries[entry as usize];
    let affected = || hits.affected.iter().map(|hit| entry(hit.entry));
    let distinct = |of: fn(&Entry) -> Option<u32>| {
        affected().filter_map(of).collect::<HashSet<u32>>().len() as u64
    };
    let n_affected = hits.affected.len() as u64;
    let n_never =
        u64::from(partition.population.n_entries()) - n_affected - hits.before_entry.len() as u64;
    let converted = |entry: &Entry| u64::from(entry.converted);
    let y_affected: u64 = affected().map(converted).sum();
    let y_before: u64 = hits.before_entry.iter().map(|idx| converted(entry(*idx))).sum();
    let y_never = partition.n_converted - y_affected - y_before;
    let share = |y: u64, n: u64| y as f64 / n as f64;
    let n_hit_before_entry = hits.before_entry.len() as u64;
    let mut impact = GroupImpact {
        n_affected,
        n_users: distinct(|entry| entry.user),
        n_accounts: distinct(|entry| entry.account),
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

fn estimate(
    partition: &Partition,
    hits: &Hits,
    matching: &Matching,
    values: &Values,
    uncertainty: &Uncertainty,
    impact: &mut GroupImpact,
) {
    let (mut chances, mut revenue, mut observed) = (Vec::new(), 0.0, 0);
    for (hit, place) in hits.affected.iter().zip(&matching.cell_of).filter(|(_, at)| **at != NONE) {
        let entry = &partition.population.entries[hit.entry as usize];
        chances.push(values.conversion[*place as usize]);
        revenue += values.revenue[*place as usize] - entry.revenue;
        observed += usize::from(entry.converted);
    }
    let (n_affected, n_matched) = (impact.n_affected as f64, impact.n_matched as f64);
    let extrapolated = n_affected / n_matched;
    let expected: f64 = chances.iter().sum();
    let lost = expected - observed as f64;
    let bounds = bounds::of_conversions(&Conversions {
        chances: &chances,
        n_affected: hits.affected.len(),
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

fn warn(
    partition: &Partition,
    hits: &Hits,
    matching: &Matching,
    values: &Values,
    impact: &mut GroupImpact,
) {
    let population = partition.population;
    let n_affected = hits.affected.len();
    let on = |of: &dyn Fn(usize) -> bool| {
        hits.affected.iter().filter(|hit| of(hit.activity as usize)).count()
    };
    let crowded = matching.cells.iter().filter(|cell| cell.n_hits > cell.n_at_risk);
    let n_crowded: f64 = crowded.map(|cell| cell.n_hits).sum();
    let mut warn_if = |holds: bool, warning: Warning| {
        if holds {
            impact.warnings.push(warning);
        }
    };
    warn_if(impact.n_matched == 0, Warning::NoUnaffected);
    warn_if(10 * impact.n_matched < 9 * impact.n_affected, Warning::LowOverlap);
    warn_if(5.0 * n_crowded > n_affected as f64, Warning::SparseMatch);
    warn_if(matching.level < partition.level_fine, Warning::Coarse);
    warn_if(!values.converged, Warning::NotConverged);
    warn_if(5 * on(&|at| population.op[at] == NONE) > n_affected, Warning::NoOp);
    warn_if(5 * on(&|at| population.orphan[at]) > n_affected, Warning::Orphan);
    for (covariate, entry) in positivity::violations(partition, hits) {
        let covariate = &population.covariates[covariate];
        let (name, code) = (covariate.name.clone(), covariate.codes[entry as usize]);
        warn_if(true, Warning::Positivity { covariate: name, code });
    }
}
