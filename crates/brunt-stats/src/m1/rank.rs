//! Figures over all groups of a journey: q-values, accusations, ranks.

use crate::benjamini_hochberg;

use super::AFFECTED_MIN;
use super::impact::GroupImpact;

/// Accused groups have a q-value below this.
const Q_MAX: f64 = 0.05;

/// Fills `q_value`, `accused`, `rank_score`, `rank` and `rank_by_count` of groups with enough affected.
///
/// - q by Benjamini & Hochberg (1995). Accused: q < 0.05 and the lower bound of the loss above `floor_pp`, because
///   model error is covered by no interval.
/// - The score is lost conversions shrunk towards 0 by tau^2 / (tau^2 + se^2), tau^2 by moments over groups (Morris
///   1983). Shown figures are never shrunk.
pub(super) fn rank(impacts: &mut [GroupImpact], floor_pp: f64) {
    let enough = |impact: &GroupImpact| impact.n_affected >= AFFECTED_MIN;
    let p_values: Vec<f64> = impacts
        .iter()
        .map(|impact| impact.p_value.filter(|_| enough(impact)).unwrap_or(f64::NAN))
        .collect();
    for (impact, q) in impacts.iter_mut().zip(benjamini_hochberg(&p_values)) {
        impact.q_value = (!q.is_nan()).then_some(q);
        let lo = impact.loss_pp.and_then(|loss| loss.lo);
        impact.accused = impact.q_value.zip(lo).is_some_and(|(q, lo)| q < Q_MAX && lo > floor_pp);
    }
    shrink(impacts);
    place(impacts, |impact| impact.rank_score.zip(lost(impact)), |impact, at| impact.rank = at);
    place(
        impacts,
        |impact| enough(impact).then_some((impact.n_affected as f64, 0.0)),
        |impact, at| impact.rank_by_count = at,
    );
}

fn lost(impact: &GroupImpact) -> Option<f64> {
    impact.lost_conversions.map(|lost| lost.value)
}

fn shrink(impacts: &mut [GroupImpact]) {
    let known = |impact: &GroupImpact| lost(impact).zip(impact.lost_se);
    let excess: Vec<f64> =
        impacts.iter().filter_map(known).map(|(lost, se)| lost * lost - se * se).collect();
    let tau = (excess.iter().sum::<f64>() / excess.len().max(1) as f64).max(0.0);
    for impact in impacts {
        impact.rank_score = known(impact).map(|(lost, se)| {
            let spread = tau + se * se;
            if spread > 0.0 { lost * tau / spread } else { lost }
        });
    }
}

/// Numbers groups from 1 by a descending key; those without one get no number.
fn place(
    impacts: &mut [GroupImpact],
    key: impl Fn(&GroupImpact) -> Option<(f64, f64)>,
    set: impl Fn(&mut GroupImpact, Option<u32>),
) {
    let mut keyed: Vec<((f64, f64), usize)> = impacts
        .iter()
        .enumerate()
        .filter_map(|(idx, impact)| key(impact).map(|key| (key, idx)))
        .collect();
    keyed.sort_by(|(a, _), (b, _)| b.0.total_cmp(&a.0).then(b.1.total_cmp(&a.1)));
    for (at, (_, idx)) in keyed.into_iter().enumerate() {
        set(&mut impacts[idx], Some(super::index(at + 1)));
    }
}
