//! Student's t distribution with any positive degrees of freedom: two-sided probability and quantile.

use std::f64::consts::PI;

/// P(|T| > |t|) with `df` degrees of freedom; NaN for `df` that is not positive.
///
/// The regularised incomplete beta function `I_x(df/2, 1/2)` at x = df / (df + t^2), by its continued fraction
/// (DLMF 8.17.22).
pub fn two_sided(t: f64, df: f64) -> f64 {
    if df.is_nan() || df <= 0.0 || t.is_nan() {
        return f64::NAN;
    }
    if df.is_infinite() {
        return crate::normal::two_sided(t);
    }
    if t == 0.0 {
        return 1.0;
    }
    let a = df / 2.0;
    let square = t * t;
    let (x, rest) = (df / (df + square), square / (df + square));
    let front = (-a * (square / df).ln_1p() - ln_beta_half(a)).exp() * rest.sqrt();
    if x < (a + 1.0) / (a + 2.5) {
        (front * continued_fraction(a, 0.5, x) / a).clamp(0.0, 1.0)
    } else {
        (1.0 - front * continued_fraction(0.5, a, rest) / 0.5).clamp(0.0, 1.0)
    }
}

/// P(T <= t).
pub fn cdf(t: f64, df: f64) -> f64 {
    let tail = 0.5 * two_sided(t, df);
    if t > 0.0 { 1.0 - tail } else { tail }
}

/// The t with P(T <= t) = `p`.
pub fn quantile(p: f64, df: f64) -> f64 {
    if p > 0.5 { upper(2.0 * (1.0 - p), df) } else { -upper(2.0 * p, df) }
}

/// The t with P(|T| <= t) = `confidence`.
pub fn two_sided_quantile(confidence: f64, df: f64) -> f64 {
    upper(1.0 - confidence, df)
}

/// The t >= 0 with P(|T| > t) = `outside`: Newton on the logarithms of both, kept inside a bracket.
fn upper(outside: f64, df: f64) -> f64 {
    if outside.is_nan() || df.is_nan() || df <= 0.0 || !(0.0..=1.0).contains(&outside) {
        return f64::NAN;
    }
    if outside == 1.0 {
        return 0.0;
    }
    if outside == 0.0 {
        return f64::INFINITY;
    }
    let mut t = -crate::normal::quantile(outside / 2.0);
    let (mut lo, mut hi) = (0.0_f64, f64::INFINITY);
    for _ in 0..200 {
        let tail = two_sided(t, df);
        if tail > outside {
            lo = t;
        } else {
            hi = t;
        }
        let slope = -2.0 * t * density(t, df) / tail;
        let newton = t * ((outside / tail).ln() / slope).exp();
        let next = if newton > lo && newton < hi {
            newton
        } else if hi.is_finite() {
            0.5 * (lo + hi)
        } else {
            2.0 * t
        };
        if (next - t).abs() <= 1e-15 * t {
            return next;
        }
        t = next;
    }
    t
}

fn density(t: f64, df: f64) -> f64 {
    let a = df / 2.0;
    (ln_gamma_step(a) - 0.5 * (df * PI).ln() - (a + 0.5) * (t * t / df).ln_1p()).exp()
}

/// ln B(a, 1/2).
fn ln_beta_half(a: f64) -> f64 {
    0.5 * PI.ln() - ln_gamma_step(a)
}

/// ln Gamma(a + 1/2) - ln Gamma(a), without the cancellation that two large logarithms would suffer (series in 1/a
/// from DLMF 5.11.8, for a >= 20 exact to 1e-16).
fn ln_gamma_step(a: f64) -> f64 {
    if a < 20.0 {
        return libm::lgamma(a + 0.5) - libm::lgamma(a);
    }
    let r = 1.0 / (a * a);
    0.5 * a.ln()
        - (1.0 / 8.0
            - r * (1.0 / 192.0 - r * (1.0 / 640.0 - r * (17.0 / 14_336.0 - r * (31.0 / 18_432.0)))))
            / a
}

/// The continued fraction of the incomplete beta function, by Lentz's method.
#[expect(clippy::many_single_char_names, reason = "the names of the source")]
pub(crate) fn continued_fraction(a: f64, b: f64, x: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let away = |v: f64| if v.abs() < TINY { TINY } else { v };
    let mut c = 1.0;
    let mut d = 1.0 / away(1.0 - (a + b) * x / (a + 1.0));
    let mut h = d;
    let mut m = 1.0;
    while m < 1e6 {
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        d = 1.0 / away(1.0 + even * d);
        c = away(1.0 + even / c);
        h *= d * c;
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        d = 1.0 / away(1.0 + odd * d);
        c = away(1.0 + odd / c);
        h *= d * c;
        if (d * c - 1.0).abs() < 1e-16 {
            break;
        }
        m += 1.0;
    }
    h
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interval::assert_close;

    // scipy 1.17.1, for each df: [2 * stats.t.sf(t, df) for t in (.01, .5, 1.3, 1.96, 4, 12)]
    const TAILS: [(f64, [f64; 6]); 6] = [
        (
            0.5,
            [
                0.9946067436361047,
                0.7573180729294365,
                0.5406146534451202,
                0.4497229777383792,
                0.31922008298867155,
                0.18506052106920212,
            ],
        ),
        (
            1.0,
            [
                0.993634014470186,
                0.7048327646991335,
                0.41742880032030544,
                0.3003428917760331,
                0.15595826075473865,
                0.052929352119179755,
            ],
        ),
        (
            9.0,
            [
                0.9922394455363253,
                0.6290712998260263,
                0.22590637267304933,
                0.08164440546041664,
                0.0031104283103858543,
                7.699886222985653e-07,
            ],
        ),
        (
            30.7,
            [
                0.9920859896825093,
                0.6206402710432543,
                0.20327719527055177,
                0.05912719178603394,
                0.0003701041155961929,
                4.0030258283601123e-13,
            ],
        ),
        (
            12345.6,
            [
                0.9920214489498361,
                0.6170839890509235,
                0.19362523948665894,
                0.050018251524300554,
                6.371181698591966e-05,
                5.420733417879692e-33,
            ],
        ),
        (
            2e6,
            [
                0.9920212883681423,
                0.6170751324621768,
                0.19360111899019258,
                0.049995928940828764,
                6.334475880911078e-05,
                3.562312824319448e-33,
            ],
        ),
    ];

    #[test]
    fn two_sided_probabilities_match_scipy() {
        for (df, want) in TAILS {
            for (t, want) in [0.01, 0.5, 1.3, 1.96, 4.0, 12.0].into_iter().zip(want) {
                assert_close(two_sided(t, df), want, 1e-10);
                assert_close(two_sided(-t, df), want, 1e-10);
            }
        }
        assert_eq!(cdf(0.0, 3.0), 0.5);
        assert!(two_sided(1.0, 0.0).is_nan());
    }

    // scipy 1.17.1, for each df: [stats.t.ppf(p, df) for p in (.6, .975, .9995)]
    #[test]
    fn quantiles_match_scipy() {
        for (df, want) in [
            (0.5, [0.3979754267847907, 164.55767348048818, 411396.462526262]),
            (1.0, [0.32491969623290634, 12.706204736174694, 636.6192487687897]),
            (2.5, [0.2814595127485477, 3.5746548420036817, 18.277893528131457]),
            (9.0, [0.260955336473911, 2.262157162798205, 4.780912585931217]),
            (30.7, [0.2555536242731397, 2.040321537812142, 3.63711387351782]),
            (200.0, [0.25368437919014747, 1.9718962236339088, 3.3398354062757107]),
            (12345.6, [0.2533525628053465, 1.9601561582595104, 3.2913150162087788]),
            (2e6, [0.25334713683681803, 1.9599651706763748, 3.2905315963637904]),
        ] {
            for (p, want) in [0.6, 0.975, 0.9995].into_iter().zip(want) {
                assert_close(quantile(p, df), want, 1e-9);
                assert_close(quantile(1.0 - p, df), -want, 1e-9);
            }
            assert_close(two_sided_quantile(0.95, df), want[1], 1e-9);
        }
        assert_eq!(quantile(0.5, 4.0), 0.0);
    }
}
