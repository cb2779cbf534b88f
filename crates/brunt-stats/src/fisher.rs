//! Fisher's exact test of a two by two table.

use crate::hypergeometric::Hypergeometric;
use crate::interval::Table2x2;

/// The sample odds ratio with the exact two-sided p-value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FisherExact {
    /// ad / bc; `None` where it would be infinite or undefined.
    pub odds_ratio: Option<f64>,
    pub p_value: f64,
}

/// Fisher's exact test, two-sided as `SciPy` and R define it: the sum of the chances of all tables with the same margins
/// that are no more likely than the one seen. 1 where a margin is empty.
pub fn fisher_exact(table: Table2x2) -> FisherExact {
    let (a, b) = (table.affected.successes, table.affected.failures());
    let (c, d) = (table.unaffected.successes, table.unaffected.failures());
    let odds_ratio = (b > 0 && c > 0).then(|| (a as f64 * d as f64) / (b as f64 * c as f64));
    if a + b == 0 || c + d == 0 || a + c == 0 || b + d == 0 {
        return FisherExact { odds_ratio: None, p_value: 1.0 };
    }
    let draw = Hypergeometric { marked: a + b, plain: c + d, drawn: a + c };
    // Tables equally likely by symmetry differ in the last digits only.
    let bar = draw.chance(a) * (1.0 + 1e-10);
    let mode = draw.mode();
    let p_value: f64 = if draw.chance(mode) <= bar {
        1.0
    } else if a < mode {
        let far = first(mode, draw.most() + 1, |k| draw.chance(k) <= bar);
        draw.at_most(a) + if far > draw.most() { 0.0 } else { draw.at_least(far) }
    } else {
        let near = first(draw.least(), mode, |k| draw.chance(k) > bar);
        draw.at_least(a) + if near == draw.least() { 0.0 } else { draw.at_most(near - 1) }
    };
    FisherExact { odds_ratio, p_value: p_value.min(1.0) }
}

/// The first of `lo..hi` for which `holds`, which once true stays true; `hi` if none.
fn first(mut lo: u64, mut hi: u64, holds: impl Fn(u64) -> bool) -> u64 {
    while lo < hi {
        let middle = lo + (hi - lo) / 2;
        if holds(middle) { hi = middle } else { lo = middle + 1 }
    }
    lo
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interval::{Proportion, assert_close};

    fn table(a: u64, b: u64, c: u64, d: u64) -> Table2x2 {
        Table2x2 {
            affected: Proportion { successes: a, trials: a + b },
            unaffected: Proportion { successes: c, trials: c + d },
        }
    }

    // scipy 1.17.1: stats.fisher_exact([[a, b], [c, d]])
    #[test]
    fn probabilities_match_scipy() {
        for (table, odds_ratio, p_value) in [
            (table(8, 2, 1, 5), 20.0, 0.034965034965034975),
            (table(0, 10, 12, 3), 0.0, 0.00010768609503297887),
            (table(10, 10, 10, 10), 1.0, 1.0),
            (table(1, 24, 5, 21), 0.175, 0.19063370028862608),
            (table(100, 900, 160, 840), 0.5833333333333334, 8.25451696543088e-05),
            (table(3000, 97_000, 3200, 96_800), 0.9355670103092784, 0.01024076326330061),
            (table(250_000, 250_000, 251_500, 248_500), 0.9880715705765407, 0.0027174386402143117),
        ] {
            let got = fisher_exact(table);
            assert_close(got.odds_ratio.unwrap(), odds_ratio, 1e-12);
            assert_close(got.p_value, p_value, 1e-9);
        }
    }

    // The definition itself, table by table, in exact binomials.
    #[test]
    fn every_small_table_is_the_sum_over_tables_no_more_likely() {
        let choose = |n: u64, k: u64| -> u128 {
            (0..k).fold(1, |c, i| c * u128::from(n - i) / u128::from(i + 1))
        };
        for (a, b, c, d) in (0..7_u64 * 7 * 7 * 7).map(|i| (i % 7, i / 7 % 7, i / 49 % 7, i / 343))
        {
            let (n, m, k) = (a + b, c + d, a + c);
            let ways = |x: u64| choose(n, x) * choose(m, k - x);
            let support = k.saturating_sub(m)..=k.min(n);
            let sum: u128 = support.map(ways).filter(|w| *w <= ways(a)).sum();
            let want = sum as f64 / choose(n + m, k) as f64;
            assert_close(fisher_exact(table(a, b, c, d)).p_value, want, 1e-12);
        }
    }

    #[test]
    fn an_empty_margin_says_nothing() {
        for table in [table(0, 5, 0, 7), table(0, 0, 3, 4), Table2x2::default()] {
            assert_eq!(fisher_exact(table), FisherExact { odds_ratio: None, p_value: 1.0 });
        }
    }
}
