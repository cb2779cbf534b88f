//! The standard normal distribution: distribution function and quantile.

use std::f64::consts::{FRAC_1_SQRT_2, PI};

/// P(Z <= z), by the complementary error function (msun's, in `libm`; relative error near 1e-16 in both tails).
pub fn cdf(z: f64) -> f64 {
    0.5 * libm::erfc(-z * FRAC_1_SQRT_2)
}

/// P(|Z| > |z|), two-sided.
pub fn two_sided(z: f64) -> f64 {
    libm::erfc(z.abs() * FRAC_1_SQRT_2)
}

/// The z with P(Z <= z) = `p`: infinite at 0 and 1, NaN outside.
///
/// Starts from Abramowitz & Stegun 26.2.23 and ends with Halley steps on the tail probability.
pub fn quantile(p: f64) -> f64 {
    if p > 0.5 { upper(1.0 - p) } else { -upper(p) }
}

/// The z with P(|Z| <= z) = `confidence`.
pub fn two_sided_quantile(confidence: f64) -> f64 {
    upper((1.0 - confidence) / 2.0)
}

/// The z >= 0 with P(Z > z) = `tail`, for `tail` in [0, 0.5].
fn upper(tail: f64) -> f64 {
    if tail == 0.0 {
        return f64::INFINITY;
    }
    if tail == 0.5 {
        return 0.0;
    }
    if !(0.0..=0.5).contains(&tail) {
        return f64::NAN;
    }
    let t = (-2.0 * tail.ln()).sqrt();
    let mut z = t
        - (2.515_517 + t * (0.802_853 + t * 0.010_328))
            / (1.0 + t * (1.432_788 + t * (0.189_269 + t * 0.001_308)));
    for _ in 0..3 {
        let density = (-0.5 * z * z).exp() / (2.0 * PI).sqrt();
        let step = (cdf(-z) - tail) / density;
        z += step / (1.0 - 0.5 * z * step);
    }
    z.max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interval::assert_close;

    // scipy 1.17.1: [stats.norm.ppf(p) for p in (1e-300, 1e-12, .001, .025, .3, .9, .975, .9999999)]
    #[test]
    fn quantiles_match_scipy() {
        for (p, want) in [
            (1e-300, -37.0470962993612),
            (1e-12, -7.034483825301131),
            (0.001, -3.090232306167813),
            (0.025, -1.9599639845400545),
            (0.3, -0.5244005127080409),
            (0.9, 1.2815515655446004),
            (0.975, 1.959963984540054),
            (0.9999999, 5.199337582290661),
        ] {
            assert_close(quantile(p), want, 1e-12);
        }
        assert_eq!(quantile(0.5), 0.0);
        assert_eq!(quantile(1.0), f64::INFINITY);
        assert!(quantile(1.5).is_nan() && quantile(-0.1).is_nan());
    }

    // scipy 1.17.1: [stats.norm.cdf(x) for x in (-30, -5, -1.5, 0, .3, 2, 6)]
    #[test]
    fn probabilities_match_scipy() {
        for (z, want) in [
            (-30.0, 4.906713927147908e-198),
            (-5.0, 2.866515718791933e-07),
            (-1.5, 0.06680720126885807),
            (0.0, 0.5),
            (0.3, 0.6179114221889526),
            (2.0, 0.9772498680518208),
            (6.0, 0.9999999990134123),
        ] {
            assert_close(cdf(z), want, 1e-12);
        }
    }
}
