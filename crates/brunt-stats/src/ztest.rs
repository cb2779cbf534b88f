//! The z test of two proportions.

use crate::interval::Proportion;
use crate::normal;

/// Whose variance the test divides by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pooling {
    /// One common proportion, as the null hypothesis says.
    Pooled,
    /// Each cohort's own (Wald).
    Unpooled,
}

/// A z statistic (positive where the first proportion is larger) with its two-sided p-value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ZTest {
    pub z: f64,
    pub p_value: f64,
}

/// Tests whether two independent proportions are equal. `None` without trials or where the variance is 0.
pub fn proportions_ztest(a: Proportion, b: Proportion, pooling: Pooling) -> Option<ZTest> {
    let (share_a, share_b) = (a.share()?, b.share()?);
    let (n_a, n_b) = (a.trials as f64, b.trials as f64);
    let variance = match pooling {
        Pooling::Pooled => {
            let common = (share_a * n_a + share_b * n_b) / (n_a + n_b);
            common * (1.0 - common) * (1.0 / n_a + 1.0 / n_b)
        }
        Pooling::Unpooled => share_a * (1.0 - share_a) / n_a + share_b * (1.0 - share_b) / n_b,
    };
    if variance <= 0.0 {
        return None;
    }
    let z = (share_a - share_b) / variance.sqrt();
    Some(ZTest { z, p_value: normal::two_sided(z) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interval::assert_close;

    // statsmodels 0.15.0: proportions_ztest([a, c], [b, d]) and, unpooled,
    // test_proportions_2indep(a, b, c, d, method="wald", compare="diff")
    #[test]
    fn statistics_match_statsmodels() {
        for ((a, b), (c, d), pooled, unpooled) in [
            (
                (56, 70),
                (48, 80),
                (2.6501719512585336, 0.00804508136819656),
                (2.750921221621508, 0.005942793304202759),
            ),
            (
                (3, 40),
                (9, 50),
                (-1.4560880150912265, 0.1453682902254159),
                (-1.5338072289266735, 0.12507708405760407),
            ),
            (
                (500, 20_000),
                (700, 30_000),
                (1.1929131964872257, 0.2329033704139304),
                (1.1849333797340968, 0.23604378837594753),
            ),
        ] {
            let a = Proportion { successes: a, trials: b };
            let b = Proportion { successes: c, trials: d };
            for (pooling, (z, p_value)) in
                [(Pooling::Pooled, pooled), (Pooling::Unpooled, unpooled)]
            {
                let got = proportions_ztest(a, b, pooling).unwrap();
                assert_close(got.z, z, 1e-11);
                assert_close(got.p_value, p_value, 1e-10);
            }
        }
    }

    #[test]
    fn nothing_varies_nothing_is_tested() {
        let none = Proportion { successes: 0, trials: 9 };
        assert_eq!(proportions_ztest(none, none, Pooling::Pooled), None);
        assert_eq!(proportions_ztest(none, Proportion::default(), Pooling::Unpooled), None);
    }
}
