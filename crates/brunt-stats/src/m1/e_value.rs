//! How strong hidden confounding would have to be.

use crate::Interval;

/// The E-value of a ratio of risks (`VanderWeele` & Ding 2017): RR + sqrt(RR (RR - 1)), RR the larger of the ratio and
/// its inverse. `None` where either risk is 0.
pub(super) fn e_value(expected: f64, observed: f64) -> Option<f64> {
    if expected <= 0.0 || observed <= 0.0 {
        return None;
    }
    let ratio = (expected / observed).max(observed / expected);
    Some(ratio + (ratio * (ratio - 1.0)).sqrt())
}

/// The E-value at the bound nearer to no loss; 1 where the interval of the loss contains 0.
pub(super) fn at_bound(lost: Interval, observed: f64) -> Option<f64> {
    if lost.lo <= 0.0 && lost.hi >= 0.0 {
        return Some(1.0);
    }
    let nearer = if lost.lo > 0.0 { lost.lo } else { lost.hi };
    e_value(observed + nearer, observed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interval::assert_close;

    // VanderWeele & Ding 2017, Annals of Internal Medicine 167: a risk ratio of 3.9 with lower bound 1.8 has E-values
    // 7.26 and 3.0.
    #[test]
    fn values_match_the_paper() {
        assert_close(e_value(3.9, 1.0).unwrap(), 7.26, 1e-3);
        assert_close(e_value(1.0, 3.9).unwrap(), 7.26, 1e-3);
        assert_close(at_bound(Interval { lo: 0.8, hi: 9.0 }, 1.0).unwrap(), 3.0, 1e-3);
        assert_eq!(at_bound(Interval { lo: -0.8, hi: 9.0 }, 1.0), Some(1.0));
        assert_eq!(at_bound(Interval { lo: -0.8, hi: -0.5 }, 1.0), e_value(0.5, 1.0));
        assert_eq!(e_value(3.0, 0.0), None);
    }
}
