//! Benjamini and Hochberg's false discovery rate.

/// Adjusted p-values (q-values) in the order given (Benjamini & Hochberg 1995). NaN stays NaN and does not count.
pub fn benjamini_hochberg(p_values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> =
        (0..p_values.len()).filter(|&idx| !p_values[idx].is_nan()).collect();
    order.sort_by(|&a, &b| p_values[b].total_cmp(&p_values[a]));
    let n_tests = order.len();
    let mut q_values = vec![f64::NAN; p_values.len()];
    let mut least = 1.0_f64;
    for (n_above, idx) in order.into_iter().enumerate() {
        let rank = n_tests - n_above;
        least = least.min(p_values[idx] * n_tests as f64 / rank as f64);
        q_values[idx] = least;
    }
    q_values
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interval::assert_close;

    // statsmodels 0.15.0: multipletests([.01, .04, .03, .2, .001, .04, 1, .0004], method="fdr_bh")[1]
    #[test]
    fn q_values_match_statsmodels() {
        let got = benjamini_hochberg(&[0.01, 0.04, f64::NAN, 0.03, 0.2, 0.001, 0.04, 1.0, 0.0004]);
        assert!(got[2].is_nan());
        let got = got.into_iter().filter(|q| !q.is_nan());
        for (got, want) in got.zip([
            0.02666666666666667,
            0.05333333333333334,
            0.05333333333333334,
            0.2285714285714286,
            0.004,
            0.05333333333333334,
            1.0,
            0.0032,
        ]) {
            assert_close(got, want, 1e-12);
        }
        assert!(benjamini_hochberg(&[]).is_empty());
    }
}
