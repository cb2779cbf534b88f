//! The stratified, cluster-robust difference of two cohorts' means, from rows that arrive in any order and any parts.

use std::collections::{BTreeMap, HashMap};

use crate::interval::Interval;
use crate::student_t;

/// Sums of the rows of one cohort: count, mean and squared deviations from it, which merge without losing digits
/// (Chan et al. 1983).
#[derive(Debug, Clone, Copy, PartialEq, Default)]
struct Moments {
    n: f64,
    mean: f64,
    squares: f64,
}

impl Moments {
    fn merge(&mut self, other: Self) {
        let n = self.n + other.n;
        if n > 0.0 {
            let shift = other.mean - self.mean;
            self.mean += shift * other.n / n;
            self.squares += other.squares + shift * shift * self.n * other.n / n;
            self.n = n;
        }
    }
}

/// The rows of one stratum and one cluster, summed: what a partial aggregate passes on. Arrays hold the unaffected
/// first, then the affected.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CohortCell {
    pub stratum: u64,
    /// `None` gathers rows that are each a cluster of their own.
    pub cluster: Option<u64>,
    pub n_rows: [u64; 2],
    pub mean: [f64; 2],
    /// Sum of squared deviations from `mean`.
    pub squares: [f64; 2],
}

/// Streaming sums for [`CohortDifference`]: push rows, merge parts, finish.
#[derive(Debug, Clone, Default)]
pub struct CohortDiff {
    cells: HashMap<(u64, Option<u64>), [Moments; 2]>,
}

/// Affected less unaffected, in the outcome's unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CohortDifference {
    /// `None` where no stratum holds both cohorts.
    pub estimate: Option<f64>,
    /// `None` with fewer than two clusters or no variation.
    pub interval: Option<Interval>,
    pub p_value: Option<f64>,
    pub n_affected: u64,
    pub n_unaffected: u64,
    /// Share of the affected rows whose stratum has unaffected rows too; `None` without affected rows.
    pub overlap_share: Option<f64>,
}

impl CohortDiff {
    /// Takes one row. Rows whose outcome is not finite are left out. Without a stratification give one stratum to all
    /// rows; a row without a cluster is its own.
    pub fn push(&mut self, affected: bool, outcome: f64, stratum: u64, cluster: Option<u64>) {
        if outcome.is_finite() {
            let cell = self.cells.entry((stratum, cluster)).or_default();
            cell[usize::from(affected)].merge(Moments { n: 1.0, mean: outcome, squares: 0.0 });
        }
    }

    /// Takes the sums of a part, as [`CohortDiff::cells`] gave them.
    pub fn push_cell(&mut self, cell: &CohortCell) {
        let sums = self.cells.entry((cell.stratum, cell.cluster)).or_default();
        for (side, sum) in sums.iter_mut().enumerate() {
            let n = cell.n_rows[side] as f64;
            sum.merge(Moments { n, mean: cell.mean[side], squares: cell.squares[side] });
        }
    }

    /// Takes all rows of another part.
    pub fn merge(&mut self, other: &Self) {
        for cell in other.cells() {
            self.push_cell(&cell);
        }
    }

    /// How many pairs of stratum and cluster have sums: what decides how much memory they take.
    pub fn n_cells(&self) -> usize {
        self.cells.len()
    }

    /// The sums, in order of stratum and cluster.
    pub fn cells(&self) -> Vec<CohortCell> {
        let mut cells: Vec<CohortCell> = self
            .cells
            .iter()
            .map(|(&(stratum, cluster), sums)| CohortCell {
                stratum,
                cluster,
                n_rows: sums.map(|sum| whole(sum.n)),
                mean: sums.map(|sum| sum.mean),
                squares: sums.map(|sum| sum.squares),
            })
            .collect();
        cells.sort_by_key(|cell| (cell.stratum, cell.cluster));
        cells
    }

    /// The difference with Mantel and Haenszel's weights n1 n0 / (n1 + n0) for each stratum (Mantel & Haenszel 1959;
    /// Greenland & Robins 1985).
    ///
    /// That is the coefficient of `affected` in a regression on it and on a constant for each stratum, so the variance
    /// is the regression's cluster-robust one (Liang & Zeger 1986) with the usual correction G / (G - 1) x
    /// (N - 1) / (N - K), and the interval is from t with G - 1 degrees of freedom. G counts clusters, N rows, K strata
    /// plus one, all over the strata that hold both cohorts. statsmodels gives the same with
    /// `smf.ols("y ~ d + C(s)").fit(cov_type="cluster", cov_kwds={"groups": g}, use_t=True)`.
    pub fn finish(&self, confidence: f64) -> CohortDifference {
        let strata = self.strata();
        let both = |sums: &[Moments; 2]| sums[0].n > 0.0 && sums[1].n > 0.0;
        let n_of = |side: usize| strata.values().map(|sums| sums[side].n).sum::<f64>();
        let (mut weight, mut weighted, mut covered) = (0.0, 0.0, 0.0);
        for sums in strata.values().filter(|sums| both(sums)) {
            let share = sums[0].n * sums[1].n / (sums[0].n + sums[1].n);
            weight += share;
            weighted += share * (sums[1].mean - sums[0].mean);
            covered += sums[1].n;
        }
        let estimate = (weight > 0.0).then(|| weighted / weight);
        let error = estimate.and_then(|estimate| self.error(&strata, estimate, weight));
        CohortDifference {
            estimate,
            interval: estimate.zip(error).map(|(mid, (se, df))| {
                let half = student_t::two_sided_quantile(confidence, df) * se;
                Interval { lo: mid - half, hi: mid + half }
            }),
            p_value: estimate.zip(error).map(|(mid, (se, df))| student_t::two_sided(mid / se, df)),
            n_affected: whole(n_of(1)),
            n_unaffected: whole(n_of(0)),
            overlap_share: (n_of(1) > 0.0).then(|| covered / n_of(1)),
        }
    }

    fn strata(&self) -> BTreeMap<u64, [Moments; 2]> {
        let mut strata: BTreeMap<u64, [Moments; 2]> = BTreeMap::new();
        for cell in self.cells() {
            let sums = strata.entry(cell.stratum).or_default();
            for (side, sum) in sums.iter_mut().enumerate() {
                sum.merge(self.cells[&(cell.stratum, cell.cluster)][side]);
            }
        }
        strata
    }

    /// Standard error and degrees of freedom of the estimate.
    fn error(
        &self,
        strata: &BTreeMap<u64, [Moments; 2]>,
        estimate: f64,
        weight: f64,
    ) -> Option<(f64, f64)> {
        let mut of_cluster: BTreeMap<u64, f64> = BTreeMap::new();
        let (mut squares, mut n_single, mut n_rows, mut n_strata) = (0.0, 0.0, 0.0, 0.0);
        for sums in strata.values().filter(|sums| sums[0].n > 0.0 && sums[1].n > 0.0) {
            n_strata += 1.0;
            n_rows += sums[0].n + sums[1].n;
        }
        for cell in self.cells() {
            let stratum = &strata[&cell.stratum];
            let n = stratum[0].n + stratum[1].n;
            if stratum[0].n == 0.0 || stratum[1].n == 0.0 {
                continue;
            }
            let level = (stratum[0].n * stratum[0].mean + stratum[1].n * stratum[1].mean) / n;
            for (side, sum) in self.cells[&(cell.stratum, cell.cluster)].iter().enumerate() {
                let treatment = if side == 1 { stratum[0].n / n } else { -stratum[1].n / n };
                let residual = sum.mean - level - estimate * treatment;
                if let Some(cluster) = cell.cluster {
                    *of_cluster.entry(cluster).or_default() += treatment * sum.n * residual;
                } else {
                    let spread = sum.squares + sum.n * residual * residual;
                    squares += treatment * treatment * spread;
                    n_single += sum.n;
                }
            }
        }
        squares += of_cluster.values().map(|sum| sum * sum).sum::<f64>();
        let n_clusters = of_cluster.len() as f64 + n_single;
        let n_parameters = n_strata + 1.0;
        if n_clusters < 2.0 || n_rows <= n_parameters || squares <= 0.0 {
            return None;
        }
        let correction = n_clusters / (n_clusters - 1.0) * (n_rows - 1.0) / (n_rows - n_parameters);
        Some(((squares * correction).sqrt() / weight, n_clusters - 1.0))
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a count of rows, whole and not negative"
)]
fn whole(n: f64) -> u64 {
    n as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interval::assert_close;

    struct Row {
        affected: bool,
        outcome: f64,
        stratum: u64,
        cluster: u64,
    }

    /// x = 12345, then for each row three draws a, b, c of x = (x * 1103515245 + 12345) % 2**31, each draw x >> 16:
    /// s = a % 4; g = b % 37; d = int(c % 5 < 1 + s); y = (c // 5 % 7) * .5 + s - .75 * d + (g % 3) * .25
    fn rows(n_rows: usize) -> Vec<Row> {
        let mut state = 12345_u64;
        let mut draw = || {
            state = (state * 1_103_515_245 + 12345) % (1 << 31);
            state >> 16
        };
        let row = |_| {
            let (a, b, c) = (draw(), draw(), draw());
            let (stratum, cluster) = (a % 4, b % 37);
            let affected = c % 5 < 1 + stratum;
            let outcome = (c / 5 % 7) as f64 * 0.5 + stratum as f64
                - if affected { 0.75 } else { 0.0 }
                + (cluster % 3) as f64 * 0.25;
            Row { affected, outcome, stratum, cluster }
        };
        (0..n_rows).map(row).collect()
    }

    fn difference(of: impl Fn(&Row) -> (u64, Option<u64>)) -> CohortDifference {
        let mut sums = CohortDiff::default();
        for row in rows(400) {
            let (stratum, cluster) = of(&row);
            sums.push(row.affected, row.outcome, stratum, cluster);
        }
        sums.finish(0.95)
    }

    fn assert_difference(got: CohortDifference, want: [f64; 4]) {
        assert_close(got.estimate.unwrap(), want[0], 1e-11);
        assert_close(got.interval.unwrap().lo, want[1], 1e-10);
        assert_close(got.interval.unwrap().hi, want[2], 1e-10);
        assert_close(got.p_value.unwrap(), want[3], 1e-9);
    }

    // statsmodels 0.15.0 on the rows above: m = smf.ols("y ~ d + C(s)", df).fit(cov_type="cluster",
    // cov_kwds={"groups": df.g}, use_t=True); m.params["d"], *m.conf_int().loc["d"], m.pvalues["d"];
    // then with "y ~ d"; then with groups=range(400).
    #[test]
    fn differences_match_statsmodels() {
        let got = difference(|row| (row.stratum, Some(row.cluster)));
        let want =
            [-0.8451570036393322, -1.1422031680107128, -0.5481108392679518, 1.409003794355123e-06];
        assert_difference(got, want);
        assert_eq!((got.n_affected, got.n_unaffected), (182, 218));
        assert_eq!(got.overlap_share, Some(1.0));

        let got = difference(|row| (7, Some(row.cluster)));
        let want =
            [0.36818227643915735, 0.056261978429159976, 0.6801025744491547, 0.02200360030940851];
        assert_difference(got, want);

        let got = difference(|row| (row.stratum, None));
        let want =
            [-0.8451570036393322, -1.0905863281556594, -0.599727679123005, 4.623457373700607e-11];
        assert_difference(got, want);
    }

    #[test]
    fn parts_merge_to_the_whole() {
        let mut whole = CohortDiff::default();
        let mut parts = vec![CohortDiff::default(); 7];
        for (idx, row) in rows(400).iter().enumerate() {
            let cluster = (row.cluster > 4).then_some(row.cluster);
            whole.push(row.affected, row.outcome, row.stratum, cluster);
            parts[idx % 7].push(row.affected, row.outcome, row.stratum, cluster);
        }
        let mut merged = CohortDiff::default();
        for part in parts.iter().rev() {
            merged.merge(part);
        }
        let (got, want) = (merged.finish(0.95), whole.finish(0.95));
        let bounds = |d: CohortDifference| (d.interval.unwrap().lo, d.interval.unwrap().hi);
        assert_close(got.estimate.unwrap(), want.estimate.unwrap(), 1e-12);
        assert_close(bounds(got).0, bounds(want).0, 1e-12);
        assert_close(bounds(got).1, bounds(want).1, 1e-12);
        assert_eq!(got.n_affected, want.n_affected);
    }

    #[test]
    fn strata_with_one_cohort_count_but_do_not_weigh() {
        let mut sums = CohortDiff::default();
        for (affected, outcome, stratum) in
            [(true, 1.0, 1), (false, 0.0, 1), (false, 1.0, 1), (true, 0.0, 1), (true, 9.0, 2)]
        {
            sums.push(affected, outcome, stratum, None);
        }
        sums.push(false, f64::NAN, 2, None);
        let got = sums.finish(0.95);
        assert_eq!(got.estimate, Some(0.0));
        assert_eq!((got.n_affected, got.n_unaffected), (3, 2));
        assert_eq!(got.overlap_share, Some(2.0 / 3.0));
    }

    #[test]
    fn what_cannot_be_estimated_is_none() {
        let none = CohortDiff::default().finish(0.95);
        assert_eq!((none.estimate, none.p_value, none.overlap_share), (None, None, None));
        let mut alike = CohortDiff::default();
        for idx in 0..10 {
            alike.push(idx % 2 == 0, 1.0, 0, None);
        }
        let got = alike.finish(0.95);
        assert_eq!((got.estimate, got.interval, got.p_value), (Some(0.0), None, None));
    }
}
