//! How alike the outcomes of one cluster are, beyond what their cells say.

use super::partition::Level;
use super::population::Population;

/// Correlation within clusters of outcomes and of revenues, 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Correlation {
    pub(super) y: f64,
    pub(super) r: f64,
}

/// Revenue residuals beyond this quantile of their sizes (per mille) are cut to it, so that one huge order does not
/// decide.
const CLIP_PER_MILLE: usize = 995;

/// Of one entry at its first activity in a stage, from the mean of a middle-level cell.
#[derive(Debug, Clone, Copy)]
struct Residual {
    cluster: u32,
    y: f64,
    r: f64,
}

/// The analysis of variance estimate of the intra-class correlation (Kish 1965; Donner & Klar 2000): products of
/// residuals over pairs of one cluster at one stage, over the number of pairs times the variance, pooled over stages.
pub(super) fn of(population: &Population, levels: &[Level], leaf: &[u32]) -> Correlation {
    let mut stages = residuals(population, levels, leaf);
    let mut sizes: Vec<f64> = stages.iter().flatten().map(|residual| residual.r.abs()).collect();
    if let Some(rank) = (sizes.len() * CLIP_PER_MILLE).div_ceil(1000).checked_sub(1) {
        let limit = *sizes.select_nth_unstable_by(rank, f64::total_cmp).1;
        for residual in stages.iter_mut().flatten() {
            residual.r = residual.r.clamp(-limit, limit);
        }
    }
    let mut of_cluster = vec![[0.0; 3]; population.n_clusters as usize];
    let (mut products, mut expected) = ([0.0; 2], [0.0; 2]);
    for residuals in &stages {
        let mut squares = [0.0; 2];
        for residual in residuals {
            let sums = &mut of_cluster[residual.cluster as usize];
            sums[0] += 1.0;
            sums[1] += residual.y;
            sums[2] += residual.r;
            squares[0] += residual.y.powi(2);
            squares[1] += residual.r.powi(2);
        }
        let mut n_pairs = 0.0;
        let mut square_sums = [0.0; 2];
        for [n, y, r] in &mut of_cluster {
            n_pairs += *n * (*n - 1.0);
            square_sums[0] += *y * *y;
            square_sums[1] += *r * *r;
            (*n, *y, *r) = (0.0, 0.0, 0.0);
        }
        if n_pairs > 0.0 {
            for which in 0..2 {
                products[which] += square_sums[which] - squares[which];
                expected[which] += n_pairs * squares[which] / residuals.len() as f64;
            }
        }
    }
    let ratio = |which: usize| {
        if expected[which] > 0.0 {
            (products[which] / expected[which]).clamp(0.0, 1.0)
        } else {
            0.0
        }
    };
    Correlation { y: ratio(0), r: ratio(1) }
}

/// For each stage, the residuals of the entries that came there.
fn residuals(population: &Population, levels: &[Level], leaf: &[u32]) -> Vec<Vec<Residual>> {
    let middle = &levels[levels.len() / 2];
    let mut stages: Vec<Vec<Residual>> = Vec::new();
    for entry in &population.entries {
        let mut last = None;
        for activity in entry.activities() {
            let stage = usize::from(population.stage[activity]);
            if last == Some(stage) {
                continue;
            }
            last = Some(stage);
            if stages.len() <= stage {
                stages.resize_with(stage + 1, Vec::new);
            }
            let cell = middle.cell_of_leaf[leaf[activity] as usize] as usize;
            let n = middle.rows(cell).len() as f64;
            stages[stage].push(Residual {
                cluster: entry.cluster,
                y: entry.y() - middle.y[cell] / n,
                r: entry.revenue - middle.r[cell] / n,
            });
        }
    }
    stages
}
