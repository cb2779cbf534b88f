//! Intervals and p-values of one group's figures.

use crate::{Interval, poisson_binomial, student_t};

use super::variance::Parts;
use super::{CONFIDENCE, Z};

/// Up to this many affected entries the chances are convolved exactly instead of taken as normal.
const AFFECTED_EXACT_MAX: usize = 60;

/// What the bounds of lost conversions are made from, over the matched affected.
#[derive(Debug, Clone, Copy)]
pub(super) struct Conversions<'a> {
    /// V of each matched hit.
    pub(super) chances: &'a [f64],
    pub(super) n_affected: usize,
    pub(super) expected: f64,
    pub(super) observed: usize,
    pub(super) variance: Parts,
    pub(super) df: f64,
}

/// Bounds of expected less observed, with the two-sided p-value of no loss; `None` where nothing varies.
pub(super) fn of_conversions(of: &Conversions) -> Option<(Interval, f64)> {
    let lost = of.expected - of.observed as f64;
    let se = of.variance.sum().sqrt();
    if se <= 0.0 {
        return None;
    }
    if of.n_affected <= AFFECTED_EXACT_MAX {
        return Some(exact(of, lost));
    }
    let half = student_t::two_sided_quantile(CONFIDENCE, of.df) * se;
    let interval = Interval { lo: lost - half, hi: lost + half };
    Some((interval, student_t::two_sided(lost / se, of.df)))
}

/// Bounds of a weighted sum of expected less observed, taken as normal; `None` where nothing varies.
pub(super) fn of_weighted(lost: f64, variance: Parts, df: f64) -> Option<Interval> {
    let se = variance.sum().sqrt();
    let half = student_t::two_sided_quantile(CONFIDENCE, df) * se;
    (se > 0.0).then_some(Interval { lo: lost - half, hi: lost + half })
}

/// The Poisson-binomial of the chances (Hong 2013), each bound moved out by the variance that it lacks.
fn exact(of: &Conversions, lost: f64) -> (Interval, f64) {
    let pmf = poisson_binomial::probabilities(of.chances);
    let tail = (1.0 - CONFIDENCE) / 2.0;
    let observed = of.observed as f64;
    let other = Z * Z * (of.variance.cluster + of.variance.controls);
    let quantile = |p: f64| poisson_binomial::quantile(&pmf, p) as f64;
    let below = (lost - (quantile(tail) - observed)).max(0.0);
    let above = (quantile(1.0 - tail) - observed - lost).max(0.0);
    let interval = Interval {
        lo: lost - (below * below + other).sqrt(),
        hi: lost + (above * above + other).sqrt(),
    };
    (interval, poisson_binomial::two_sided(&pmf, of.observed))
}

/// Bounds of revenue at risk, corrected for the skew of order values (Cornish & Fisher 1938; Johnson 1978):
/// `third_moment` is the third central moment of the expected revenue.
pub(super) fn of_revenue(
    at_risk: f64,
    variance: Parts,
    df: f64,
    third_moment: f64,
) -> Option<Interval> {
    let s = variance.sum().sqrt();
    if s <= 0.0 {
        return None;
    }
    let t = student_t::two_sided_quantile(CONFIDENCE, df);
    let skew = (third_moment / s.powi(3)).clamp(-2.0, 2.0);
    let shift = skew * (Z * Z - 1.0) / 6.0;
    Some(Interval { lo: at_risk + s * (shift - t), hi: at_risk + s * (shift + t) })
}
