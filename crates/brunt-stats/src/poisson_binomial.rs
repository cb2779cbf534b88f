//! The Poisson-binomial distribution: how many of n unlike coins fall heads, exactly.

/// P(S = k) for k = 0..=n, where S is the number of successes of independent trials with these chances.
///
/// Direct convolution (Hong 2013, section 2), O(n^2), without subtraction and so without cancellation.
pub fn probabilities(chances: &[f64]) -> Vec<f64> {
    let mut pmf = Vec::with_capacity(chances.len() + 1);
    pmf.push(1.0);
    for &chance in chances {
        pmf.push(0.0);
        for k in (0..pmf.len()).rev() {
            let below = if k > 0 { pmf[k - 1] } else { 0.0 };
            pmf[k] = pmf[k] * (1.0 - chance) + below * chance;
        }
    }
    pmf
}

/// The least k with P(S <= k) >= `p`.
pub fn quantile(pmf: &[f64], p: f64) -> usize {
    let mut below = 0.0;
    for (k, &chance) in pmf.iter().enumerate() {
        below += chance;
        if below >= p {
            return k;
        }
    }
    pmf.len().saturating_sub(1)
}

/// min(1, 2 min(P(S <= k), P(S >= k))).
pub fn two_sided(pmf: &[f64], k: usize) -> f64 {
    let at_most: f64 = pmf.iter().take(k + 1).sum();
    let at_least: f64 = pmf.iter().skip(k).sum();
    (2.0 * at_most.min(at_least)).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interval::assert_close;

    // scipy 1.17.1: stats.poisson_binom.pmf(range(6), [.1, .25, .5, .9, .99])
    #[test]
    fn probabilities_match_scipy() {
        let pmf = probabilities(&[0.1, 0.25, 0.5, 0.9, 0.99]);
        let want = [0.0003375, 0.0369375, 0.353525, 0.451925, 0.1461375, 0.0111375];
        assert_eq!(pmf.len(), want.len());
        for (got, want) in pmf.iter().zip(want) {
            assert_close(*got, want, 1e-12);
        }
        assert_eq!((quantile(&pmf, 0.025), quantile(&pmf, 0.975)), (1, 4));
        assert_close(two_sided(&pmf, 1), 2.0 * (0.0003375 + 0.0369375), 1e-12);
    }

    #[test]
    fn no_trial_has_no_success() {
        let pmf = probabilities(&[]);
        assert_eq!(pmf, [1.0]);
        assert_eq!((quantile(&pmf, 0.975), two_sided(&pmf, 0)), (0, 1.0));
    }
}
