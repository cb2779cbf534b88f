//! The exact interval of a proportion.

use crate::hypergeometric::binomial;
use crate::interval::{Interval, Proportion};
use crate::student_t::continued_fraction;

/// Clopper and Pearson's interval (1934, Biometrika 26), bounds in 0 to 1: whatever the share is, and however few the
/// trials, it lies outside with no more than the chance that is left. `None` without trials.
pub fn clopper_pearson(of: Proportion, confidence: f64) -> Option<Interval> {
    of.share()?;
    let tail = 0.5 * (1.0 - confidence);
    let lo = lower(of.successes as f64, of.trials as f64, tail);
    let hi = 1.0 - lower(of.failures() as f64, of.trials as f64, tail);
    Some(Interval { lo, hi })
}

/// The share at which `k` of `n` or more have the chance `tail`, by halving: the chance grows with the share.
fn lower(k: f64, n: f64, tail: f64) -> f64 {
    let (mut lo, mut hi) = (0.0, k / n);
    loop {
        let middle = 0.5 * (lo + hi);
        if middle <= lo || middle >= hi {
            return middle;
        }
        if at_least(k, n, middle) < tail {
            lo = middle;
        } else {
            hi = middle;
        }
    }
}

/// The chance of `k` successes or more in `n` trials, for k from 1: the regularised incomplete beta function
/// `I_p(k, n - k + 1)` by its continued fraction (DLMF 8.17.22), from whichever side it converges quickly.
fn at_least(k: f64, n: f64, p: f64) -> f64 {
    let (fails, q) = (n - k + 1.0, 1.0 - p);
    if p < (k + 1.0) / (n + 3.0) {
        binomial(k, n, p, q) * q * continued_fraction(k, fails, p)
    } else {
        1.0 - binomial(k - 1.0, n, p, q) * p * continued_fraction(fails, k, q)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interval::assert_close;

    // scipy 1.17.1: beta.ppf((1 - c) / 2, k, n - k + 1), beta.ppf((1 + c) / 2, k + 1, n - k); binomtest's own search for
    // the bounds stops after seven digits of small ones
    #[test]
    fn bounds_match_scipy() {
        for (successes, trials, confidence, lo, hi) in [
            (0, 10, 0.95, 0.0, 0.3084971078187607),
            (10, 10, 0.95, 0.6915028921812392, 1.0),
            (1, 1, 0.95, 0.025000000000000022, 1.0),
            (3, 17, 0.9, 0.049898154557422976, 0.3956414334448209),
            (8, 12, 0.95, 0.34887550641881554, 0.9007539088504167),
            (15, 1000, 0.95, 0.00841904975003438, 0.024619700097041154),
            (123_456, 1_000_000, 0.99, 0.12260994854073146, 0.12430563653385555),
            (1, 1_000_000, 0.95, 2.53178076637942e-08, 5.571630655166939e-06),
        ] {
            let got = clopper_pearson(Proportion { successes, trials }, confidence).unwrap();
            assert_close(got.lo, lo, 1e-9);
            assert_close(got.hi, hi, 1e-9);
        }
    }

    #[test]
    fn the_share_is_seldom_outside_however_few_the_trials() {
        for trials in 1..=8_u64 {
            for share in [0.01, 0.1, 1.0 / 6.0, 0.5, 0.9] {
                let missed: f64 = (0..=trials)
                    .filter(|successes| {
                        let of = Proportion { successes: *successes, trials };
                        let got = clopper_pearson(of, 0.95).unwrap();
                        share < got.lo || share > got.hi
                    })
                    .map(|successes| binomial(successes as f64, trials as f64, share, 1.0 - share))
                    .sum();
                assert!(missed <= 0.05 + 1e-12, "{missed} of {trials} at {share}");
            }
        }
    }

    #[test]
    fn no_trials_give_no_interval() {
        assert_eq!(clopper_pearson(Proportion::default(), 0.95), None);
    }
}
