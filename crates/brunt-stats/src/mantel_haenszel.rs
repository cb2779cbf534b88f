//! Mantel and Haenszel's pooling of two by two tables over strata.

use crate::interval::{Interval, Table2x2};
use crate::normal;

/// What several strata say together. Each part is `None` where no stratum carries information on it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MantelHaenszel {
    /// Pooled difference of proportions, affected less unaffected.
    pub risk_difference: Option<f64>,
    /// Standard error of the difference by Sato (1989), right for many thin strata and for few large ones.
    pub risk_difference_se: Option<f64>,
    pub risk_difference_interval: Option<Interval>,
    /// Pooled odds ratio.
    pub odds_ratio: Option<f64>,
    /// By the standard error of its logarithm of Robins, Breslow & Greenland (1986).
    pub odds_ratio_interval: Option<Interval>,
    /// Cochran-Mantel-Haenszel chi-squared with one degree of freedom, without continuity correction.
    pub chi_squared: Option<f64>,
    pub p_value: Option<f64>,
}

/// Pools tables over strata (Mantel & Haenszel 1959; Greenland & Robins 1985). Strata without one of the two cohorts
/// carry no weight.
pub fn mantel_haenszel(strata: &[Table2x2], confidence: f64) -> MantelHaenszel {
    let mut sums = Sums::default();
    for stratum in strata {
        sums.add(stratum);
    }
    let z = normal::two_sided_quantile(confidence);
    let risk_difference = (sums.weight > 0.0).then(|| sums.difference / sums.weight);
    let risk_difference_se = risk_difference.map(|difference| {
        ((difference * sums.sato_p + sums.sato_q) / (sums.weight * sums.weight)).max(0.0).sqrt()
    });
    let odds_ratio = (sums.r > 0.0 && sums.s > 0.0).then(|| sums.r / sums.s);
    let chi_squared = (sums.variance > 0.0).then(|| sums.excess * sums.excess / sums.variance);
    MantelHaenszel {
        risk_difference,
        risk_difference_se,
        risk_difference_interval: risk_difference
            .zip(risk_difference_se)
            .map(|(mid, se)| Interval { lo: mid - z * se, hi: mid + z * se }),
        odds_ratio,
        odds_ratio_interval: odds_ratio.map(|ratio| {
            let se = sums.log_odds_se();
            Interval { lo: ratio * (-z * se).exp(), hi: ratio * (z * se).exp() }
        }),
        chi_squared,
        p_value: chi_squared.map(|x| normal::two_sided(x.sqrt())),
    }
}

/// Running sums over strata, named as in the sources.
#[derive(Debug, Default)]
struct Sums {
    weight: f64,
    difference: f64,
    sato_p: f64,
    sato_q: f64,
    r: f64,
    s: f64,
    pr: f64,
    ps_qr: f64,
    qs: f64,
    excess: f64,
    variance: f64,
}

impl Sums {
    #[expect(clippy::many_single_char_names, reason = "the names of the sources")]
    fn add(&mut self, stratum: &Table2x2) {
        let (a, b) = (stratum.affected.successes as f64, stratum.affected.failures() as f64);
        let (c, d) = (stratum.unaffected.successes as f64, stratum.unaffected.failures() as f64);
        let (n1, n0) = (a + b, c + d);
        if n1 == 0.0 || n0 == 0.0 {
            return;
        }
        let n = n1 + n0;
        self.weight += n1 * n0 / n;
        self.difference += (a * n0 - c * n1) / n;
        self.sato_p += (c * n1 * n1 - a * n0 * n0 + n1 * n0 * (n0 - n1) / 2.0) / (n * n);
        self.sato_q += (a * d + c * b) / (2.0 * n);
        let (p, q, r, s) = ((a + d) / n, (b + c) / n, a * d / n, b * c / n);
        self.r += r;
        self.s += s;
        self.pr += p * r;
        self.ps_qr += p * s + q * r;
        self.qs += q * s;
        self.excess += a - n1 * (a + c) / n;
        if n > 1.0 {
            self.variance += n1 * n0 * (a + c) * (b + d) / (n * n * (n - 1.0));
        }
    }

    fn log_odds_se(&self) -> f64 {
        (self.pr / (2.0 * self.r * self.r)
            + self.ps_qr / (2.0 * self.r * self.s)
            + self.qs / (2.0 * self.s * self.s))
            .sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interval::{Proportion, assert_close};

    fn strata(counts: &[(u64, u64, u64, u64)]) -> Vec<Table2x2> {
        let table = |&(a, b, c, d): &(u64, u64, u64, u64)| Table2x2 {
            affected: Proportion { successes: a, trials: a + b },
            unaffected: Proportion { successes: c, trials: c + d },
        };
        counts.iter().map(table).collect()
    }

    // statsmodels 0.15.0, with tabs = [np.array(t) for t in ([[20,80],[10,90]], [[5,45],[12,188]], [[33,17],[25,75]],
    // [[0,9],[2,30]])]: st = StratifiedTable(tabs); st.oddsratio_pooled; st.oddsratio_pooled_confint();
    // st.test_null_odds(). statsmodels lacks Sato's variance, so numpy 2 wrote it out from the paper:
    // a,b,c,d = [np.array([t[i,j] for t in tabs], float) for i, j in ((0,0),(0,1),(1,0),(1,1))]
    // n1,n0 = a+b,c+d; N = n1+n0; W = (n1*n0/N).sum(); rd = ((a*n0-c*n1)/N).sum()/W
    // v = (rd*(c*(n1/N)**2-a*(n0/N)**2+n1*n0*(n0-n1)/2/N**2).sum()+((a*(n0-c)+c*(n1-a))/N).sum()/2)/W**2
    // z = stats.norm.ppf(.975); rd, v**.5, rd-z*v**.5, rd+z*v**.5
    #[test]
    fn pooled_figures_match_statsmodels() {
        let strata = strata(&[(20, 80, 10, 90), (5, 45, 12, 188), (33, 17, 25, 75), (0, 9, 2, 30)]);
        let got = mantel_haenszel(&strata, 0.95);
        assert_close(got.odds_ratio.unwrap(), 3.10208760709545, 1e-12);
        let odds = got.odds_ratio_interval.unwrap();
        assert_close(odds.lo, 1.9343245785754948, 1e-12);
        assert_close(odds.hi, 4.974835985996651, 1e-12);
        assert_close(got.chi_squared.unwrap(), 22.797616939593453, 1e-12);
        assert_close(got.p_value.unwrap(), 1.799887497488939e-06, 1e-9);
        assert_close(got.risk_difference.unwrap(), 0.15210178370961705, 1e-12);
        assert_close(got.risk_difference_se.unwrap(), 0.03407295293784784, 1e-12);
        let difference = got.risk_difference_interval.unwrap();
        assert_close(difference.lo, 0.08532002310450706, 1e-12);
        assert_close(difference.hi, 0.21888354431472704, 1e-12);
    }

    #[test]
    fn strata_with_one_cohort_carry_no_weight() {
        let whole = strata(&[(20, 80, 10, 90), (0, 0, 12, 188)]);
        assert_eq!(mantel_haenszel(&whole, 0.95), mantel_haenszel(&whole[..1], 0.95));
        let got = mantel_haenszel(&whole[1..], 0.95);
        assert_eq!((got.risk_difference, got.odds_ratio, got.p_value), (None, None, None));
    }
}
