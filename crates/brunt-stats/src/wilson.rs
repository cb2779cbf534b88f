//! Wilson's score interval of a proportion.

use crate::interval::{Interval, Proportion};
use crate::normal;

/// Wilson's score interval without continuity correction (Wilson 1927, JASA 22), bounds in 0 to 1.
/// `None` without trials.
pub fn wilson(of: Proportion, confidence: f64) -> Option<Interval> {
    let p = of.share()?;
    let n = of.trials as f64;
    let z = normal::two_sided_quantile(confidence);
    let shrink = 1.0 + z * z / n;
    let centre = (p + z * z / (2.0 * n)) / shrink;
    let half = z / shrink * (p * (1.0 - p) / n + z * z / (4.0 * n * n)).sqrt();
    let lo = if of.successes == 0 { 0.0 } else { (centre - half).max(0.0) };
    let hi = if of.failures() == 0 { 1.0 } else { (centre + half).min(1.0) };
    Some(Interval { lo, hi })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interval::assert_close;

    // statsmodels 0.15.0: proportion_confint(s, n, alpha=1-c, method="wilson")
    #[test]
    fn bounds_match_statsmodels() {
        for (successes, trials, confidence, lo, hi) in [
            (0, 10, 0.95, 0.0, 0.2775327998628892),
            (10, 10, 0.95, 0.7224672001371107, 1.0),
            (3, 17, 0.9, 0.07281446654706442, 0.36896697806902595),
            (15, 1000, 0.95, 0.009110978804081668, 0.024600976926906798),
            (123_456, 1_000_000, 0.99, 0.12261115289079927, 0.12430584373706008),
        ] {
            let got = wilson(Proportion { successes, trials }, confidence).unwrap();
            assert_close(got.lo, lo, 1e-11);
            assert_close(got.hi, hi, 1e-11);
        }
    }

    #[test]
    fn no_trials_give_no_interval() {
        assert_eq!(wilson(Proportion::default(), 0.95), None);
    }
}
