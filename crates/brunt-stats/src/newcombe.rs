//! Newcombe's interval of the difference of two proportions.

use crate::interval::{Interval, Proportion};
use crate::wilson::wilson;

/// Newcombe's hybrid score interval of `a - b` (Newcombe 1998, Statistics in Medicine 17, method 10, without continuity
/// correction), bounds in -1 to 1. `None` where either has no trials.
pub fn newcombe(a: Proportion, b: Proportion, confidence: f64) -> Option<Interval> {
    let (p, q) = (a.share()?, b.share()?);
    let (of_a, of_b) = (wilson(a, confidence)?, wilson(b, confidence)?);
    let difference = p - q;
    Some(Interval {
        lo: difference - (p - of_a.lo).hypot(of_b.hi - q),
        hi: difference + (of_a.hi - p).hypot(q - of_b.lo),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interval::assert_close;

    // statsmodels 0.15.0: confint_proportions_2indep(a, b, c, d, method="newcomb", compare="diff", alpha=.05)
    #[test]
    fn bounds_match_statsmodels() {
        for ((a, b), (c, d), lo, hi) in [
            ((56, 70), (48, 80), 0.05243147240236498, 0.33387265403690614),
            ((0, 10), (0, 20), -0.1611251580528194, 0.27753279986288926),
            ((10, 10), (0, 20), 0.6790860371419145, 1.0),
            ((9, 10), (3, 10), 0.1705227239345029, 0.809017973535488),
            ((500, 20_000), (700, 30_000), -0.0010602823743731727, 0.00446114543586877),
        ] {
            let a = Proportion { successes: a, trials: b };
            let b = Proportion { successes: c, trials: d };
            let got = newcombe(a, b, 0.95).unwrap();
            assert_close(got.lo, lo, 1e-10);
            assert_close(got.hi, hi, 1e-10);
        }
    }

    #[test]
    fn an_empty_cohort_gives_no_interval() {
        let some = Proportion { successes: 1, trials: 2 };
        assert_eq!(newcombe(some, Proportion::default(), 0.95), None);
        assert_eq!(newcombe(Proportion::default(), some, 0.95), None);
    }
}
