//! A slow and direct reading of the estimator's specification, to compare the real one with.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use crate::{poisson_binomial, student_t};

use super::{NONE, Population};

/// The figures of one group.
#[derive(Debug, Clone, Default)]
pub(super) struct Figures {
    pub(super) n_affected: usize,
    pub(super) n_before: usize,
    pub(super) n_matched: usize,
    pub(super) n_unaffected: usize,
    pub(super) level: usize,
    pub(super) expected: f64,
    pub(super) observed: f64,
    pub(super) lost: [f64; 3],
    pub(super) se: f64,
    pub(super) p_value: f64,
    pub(super) df: f64,
    pub(super) revenue: [f64; 3],
    pub(super) unadjusted_pp: f64,
}

/// A cell by its level and the digits that lead to it.
type Cell = (usize, Vec<u32>);

pub(super) struct Reference<'a> {
    of: &'a Population,
    /// For each level the cell of each activity in an entry.
    cell: Vec<BTreeMap<usize, Vec<u32>>>,
    rho: [f64; 2],
    moments: [f64; 3],
}

const POOLED: u32 = u32::MAX - 1;

impl<'a> Reference<'a> {
    pub(super) fn new(of: &'a Population) -> Self {
        let mut made = Self { of, cell: Vec::new(), rho: [0.0; 2], moments: [0.0; 3] };
        made.split();
        made.rho = [made.correlation(false), made.correlation(true)];
        let values: Vec<f64> =
            of.entries.iter().filter(|e| e.converted).map(|e| e.revenue).collect();
        for (power, moment) in (1..).zip(&mut made.moments) {
            *moment = values.iter().map(|v| v.powi(power)).sum::<f64>() / values.len() as f64;
        }
        made
    }

    fn activities(&self) -> impl Iterator<Item = usize> {
        (0..self.of.ts.len()).filter(|at| self.of.entry[*at] != NONE)
    }

    fn y(&self, entry: usize) -> f64 {
        self.of.entries[entry].y()
    }

    fn value(&self, entry: usize, revenue: bool) -> f64 {
        if revenue { self.of.entries[entry].revenue } else { self.y(entry) }
    }

    fn entry(&self, activity: usize) -> usize {
        self.of.entry[activity] as usize
    }

    fn entries_at(&self, activities: &[usize]) -> usize {
        activities.iter().map(|at| self.of.entry[*at]).collect::<HashSet<u32>>().len()
    }

    fn digits(&self) -> Vec<BTreeMap<usize, u32>> {
        let column = |of: &dyn Fn(usize) -> u32| -> BTreeMap<usize, u32> {
            self.activities().map(|at| (at, of(at))).collect()
        };
        let mut by_stage: BTreeMap<u16, BTreeMap<u32, usize>> = BTreeMap::new();
        for at in self.activities() {
            let ops = by_stage.entry(self.of.stage[at]).or_default();
            *ops.entry(self.of.op[at]).or_default() += 1;
        }
        let rank = |at: usize| {
            let ops = &by_stage[&self.of.stage[at]];
            let own = ops[&self.of.op[at]];
            let before = ops
                .iter()
                .filter(|(op, n)| **n > own || (**n == own && **op < self.of.op[at]))
                .count();
            u32::try_from(before.min(8)).unwrap()
        };
        let mut covariates: Vec<usize> = (0..self.of.covariates.len()).collect();
        covariates.sort_by(|a, b| self.explained(*b).total_cmp(&self.explained(*a)));
        let mut digits = vec![
            column(&|at| u32::from(self.of.stage[at])),
            column(&rank),
            column(&|at| u32::from(self.of.gap[at])),
            column(&|at| u32::from(self.of.count[at])),
        ];
        let code = |which: usize| {
            column(&move |at| self.of.covariates[which].codes[self.of.entry[at] as usize])
        };
        digits.extend(covariates.iter().take(3).map(|which| code(*which)));
        digits.push(column(&|at| u32::from(self.of.dwell[at])));
        digits.extend(covariates.iter().skip(3).map(|which| code(*which)));
        digits
    }

    /// 1 - mean square within values / mean square in all, at least 0.
    fn explained(&self, covariate: usize) -> f64 {
        let mut values: BTreeMap<u32, Vec<f64>> = BTreeMap::new();
        for (entry, code) in self.of.covariates[covariate].codes.iter().enumerate() {
            values.entry(*code).or_default().push(self.y(entry));
        }
        let spread = |of: &[f64]| {
            let mean = of.iter().sum::<f64>() / of.len() as f64;
            of.iter().map(|y| (y - mean).powi(2)).sum::<f64>()
        };
        let all: Vec<f64> = values.values().flatten().copied().collect();
        let within: f64 = values.values().map(|of| spread(of)).sum();
        let (n, k) = (all.len() as f64, values.len() as f64);
        (1.0 - within / (n - k) / (spread(&all) / (n - 1.0))).max(0.0)
    }

    fn split(&mut self) {
        let mut cells: BTreeMap<usize, Vec<u32>> =
            self.activities().map(|at| (at, Vec::new())).collect();
        for (level, digit) in self.digits().into_iter().enumerate() {
            let mut parents: BTreeMap<Vec<u32>, BTreeMap<u32, Vec<usize>>> = BTreeMap::new();
            for (at, cell) in &cells {
                let children = parents.entry(cell.clone()).or_default();
                children.entry(digit[at]).or_default().push(*at);
            }
            for (parent, children) in parents {
                for (name, activities) in self.pool(children, level < 2) {
                    for at in activities {
                        cells.insert(at, [parent.clone(), vec![name]].concat());
                    }
                }
            }
            self.cell.push(cells.clone());
        }
    }

    fn pool(&self, children: BTreeMap<u32, Vec<usize>>, always: bool) -> BTreeMap<u32, Vec<usize>> {
        let (mut kept, small): (BTreeMap<_, _>, BTreeMap<_, _>) =
            children.into_iter().partition(|(_, of)| always || self.entries_at(of) >= 30);
        let pool: Vec<usize> = small.into_values().flatten().collect();
        if pool.is_empty() {
            return kept;
        }
        let smallest = kept.iter().min_by_key(|(_, of)| self.entries_at(of)).map(|(name, _)| *name);
        match smallest {
            Some(name) if self.entries_at(&pool) < 30 => {
                kept.entry(name).or_default().extend(pool);
            }
            _ => _ = kept.insert(POOLED, pool),
        }
        kept
    }

    fn correlation(&self, revenue: bool) -> f64 {
        let middle = &self.cell[self.cell.len() / 2];
        let mut sums: BTreeMap<&Vec<u32>, (f64, f64)> = BTreeMap::new();
        for (at, cell) in middle {
            let sum = sums.entry(cell).or_default();
            *sum = (sum.0 + 1.0, sum.1 + self.value(self.entry(*at), revenue));
        }
        let mut seen = HashSet::new();
        let mut residuals: Vec<(u16, u32, f64)> = Vec::new();
        for (at, cell) in middle {
            if seen.insert((self.of.entry[*at], self.of.stage[*at])) {
                let (n, sum) = sums[cell];
                let entry = &self.of.entries[self.entry(*at)];
                let residual = self.value(self.entry(*at), revenue) - sum / n;
                residuals.push((self.of.stage[*at], entry.cluster, residual));
            }
        }
        if revenue {
            let mut sizes: Vec<f64> = residuals.iter().map(|(_, _, e)| e.abs()).collect();
            sizes.sort_by(f64::total_cmp);
            let limit = sizes[(995 * sizes.len()).div_ceil(1000) - 1];
            for (_, _, e) in &mut residuals {
                *e = e.clamp(-limit, limit);
            }
        }
        let (mut products, mut expected) = (0.0, 0.0);
        for stage in residuals.iter().map(|(stage, _, _)| *stage).collect::<BTreeSet<u16>>() {
            let own: Vec<_> = residuals.iter().filter(|(of, _, _)| *of == stage).collect();
            let square = own.iter().map(|(_, _, e)| e * e).sum::<f64>() / own.len() as f64;
            for (at, (_, cluster, e)) in own.iter().enumerate() {
                for (other, (_, other_cluster, other_e)) in own.iter().enumerate() {
                    if at != other && cluster == other_cluster {
                        products += e * other_e;
                        expected += square;
                    }
                }
            }
        }
        if expected > 0.0 { (products / expected).clamp(0.0, 1.0) } else { 0.0 }
    }

    fn cell_at(&self, level: usize, activity: usize) -> Cell {
        (level, self.cell[level][&activity].clone())
    }

    fn in_cell(&self, cell: &Cell) -> Vec<usize> {
        self.activities().filter(|at| self.cell[cell.0][at] == cell.1).collect()
    }

    /// First hits by entry, and entries whose unit met the group within the window before.
    fn hits(&self, carriers: &[u32]) -> (BTreeMap<usize, usize>, BTreeSet<usize>) {
        let (mut first, mut before) = (BTreeMap::new(), BTreeSet::new());
        for (idx, entry) in self.of.entries.iter().enumerate() {
            for at in carriers
                .iter()
                .map(|at| *at as usize)
                .filter(|at| self.of.unit[*at] == entry.unit_idx)
            {
                let lookback = self.of.lookback_micros[entry.unit_idx as usize];
                if at < entry.first_activity as usize {
                    if lookback.is_none_or(|window| self.of.ts[at] >= entry.ts - window) {
                        before.insert(idx);
                    }
                } else if at < entry.end_activity as usize {
                    let earliest = first.entry(idx).or_insert(at);
                    *earliest = at.min(*earliest);
                }
            }
        }
        first.retain(|entry, _| !before.contains(entry));
        (first, before)
    }

    pub(super) fn figures(&self, carriers: &[u32]) -> Figures {
        let (first, before) = self.hits(carriers);
        let never = |entry: usize| !first.contains_key(&entry) && !before.contains(&entry);
        let n_never = |cell: &Cell| {
            let of = self.in_cell(cell);
            of.iter().map(|at| self.entry(*at)).filter(|e| never(*e)).collect::<HashSet<_>>().len()
        };
        let mut sizes: BTreeMap<Cell, usize> = BTreeMap::new();
        let mut size = |cell: &Cell| *sizes.entry(cell.clone()).or_insert_with(|| n_never(cell));
        let mut level = self.cell.len() - 1;
        while level > 0 {
            let fine = first.values().filter(|at| size(&self.cell_at(level, **at)) >= 20).count();
            if fine as f64 >= 0.95 * first.len() as f64 - 1e-9 {
                break;
            }
            level -= 1;
        }
        let mut home: BTreeMap<usize, Cell> = BTreeMap::new();
        for (entry, at) in &first {
            let found =
                (0..=level).rev().map(|l| self.cell_at(l, *at)).find(|cell| size(cell) >= 3);
            home.extend(found.map(|cell| (*entry, cell)));
        }
        let mut figures = Figures {
            n_affected: first.len(),
            n_before: before.len(),
            level,
            ..Figures::default()
        };
        figures.n_matched = home.len();
        let share = |of: &[usize]| of.iter().map(|e| self.y(*e)).sum::<f64>() / of.len() as f64;
        let others: Vec<usize> = (0..self.of.entries.len()).filter(|e| never(*e)).collect();
        let affected: Vec<usize> = first.keys().copied().collect();
        figures.unadjusted_pp = 100.0 * (share(&others) - share(&affected));
        if !home.is_empty() {
            self.estimate(&first, &before, &home, &mut figures);
        }
        figures
    }

    fn estimate(
        &self,
        first: &BTreeMap<usize, usize>,
        before: &BTreeSet<usize>,
        home: &BTreeMap<usize, Cell>,
        figures: &mut Figures,
    ) {
        let system = self.system(first, before, home);
        let hits = &system.hits;
        figures.n_unaffected = system.units.iter().flatten().collect::<HashSet<_>>().len();
        figures.expected = hits.iter().map(|(_, c)| system.v[*c]).sum();
        figures.observed = hits.iter().map(|(e, _)| self.y(*e)).sum();
        let [a1, a2, a3] = self.moments;
        let spread = |c: usize| system.v[c] * (1.0 - system.v[c]);
        let spread_r = |c: usize| (system.v[c] * a2 - (a1 * system.v[c]).powi(2)).max(0.0);
        let own = |of: &(usize, usize)| system.h(of.1) * spread(of.1);
        let rest =
            self.alike(hits, &spread, self.rho[0]) + self.controls(&system, false, &system.v);
        let mut clusters: BTreeMap<u32, Vec<(usize, usize)>> = BTreeMap::new();
        for hit in hits {
            clusters.entry(self.of.entries[hit.0].cluster).or_default().push(*hit);
        }
        let weight = |of: &Vec<(usize, usize)>| {
            of.iter().map(own).sum::<f64>() + self.alike(of, &spread, self.rho[0])
        };
        let weights: Vec<f64> = clusters.values().map(weight).collect();
        let squares: f64 = weights.iter().map(|w| w * w).sum();
        figures.df = (weights.iter().sum::<f64>().powi(2) / squares - 1.0).max(1.0);

        let scale = first.len() as f64 / home.len() as f64;
        let t = student_t::two_sided_quantile(0.95, figures.df);
        let lost = figures.expected - figures.observed;
        let se = (hits.iter().map(own).sum::<f64>() + rest).sqrt();
        figures.se = se * scale;
        figures.p_value = student_t::two_sided(lost / se, figures.df);
        let mut bounds = [lost, lost - t * se, lost + t * se];
        if first.len() <= 60 {
            let chances: Vec<f64> = hits.iter().map(|(_, c)| system.v[*c]).collect();
            let pmf = poisson_binomial::probabilities(&chances);
            let n_converted = hits.iter().filter(|(e, _)| self.of.entries[*e].converted).count();
            let at = |p: f64| poisson_binomial::quantile(&pmf, p) as f64 - figures.observed;
            bounds[1] = lost - ((lost - at(0.025)).max(0.0).powi(2) + 3.8416 * rest).sqrt();
            bounds[2] = lost + ((at(0.975) - lost).max(0.0).powi(2) + 3.8416 * rest).sqrt();
            figures.p_value = poisson_binomial::two_sided(&pmf, n_converted);
        }
        figures.lost = bounds.map(|figure| figure * scale);

        let at_risk: f64 = hits.iter().map(|(e, c)| system.m[*c] - self.value(*e, true)).sum();
        let variance = hits.iter().map(|(_, c)| spread_r(*c)).sum::<f64>()
            + self.alike(hits, &spread_r, self.rho[1])
            + self.controls(&system, true, &system.m);
        let s = variance.sqrt();
        let skew = (a3 * figures.expected / s.powi(3)).min(2.0) * 2.8416 / 6.0;
        figures.revenue = [at_risk, at_risk + s * (skew - t), at_risk + s * (skew + t)];
        figures.revenue = figures.revenue.map(|figure| figure * scale);
    }

    /// The cells with who is at risk in them, and their values by solving the equations outright.
    fn system(
        &self,
        first: &BTreeMap<usize, usize>,
        before: &BTreeSet<usize>,
        home: &BTreeMap<usize, Cell>,
    ) -> System {
        let cells: Vec<Cell> =
            home.values().cloned().collect::<BTreeSet<_>>().into_iter().collect();
        let place = |cell: &Cell| cells.iter().position(|c| c == cell).unwrap();
        let known = |at: usize| {
            let entry = self.entry(at);
            match (first.get(&entry), home.get(&entry)) {
                (None, _) => (!before.contains(&entry)).then_some((entry, None)),
                (Some(hit), Some(home)) if at < *hit => Some((entry, Some(place(home)))),
                _ => None,
            }
        };
        let at_risk: Vec<Vec<(usize, Option<usize>)>> = cells
            .iter()
            .map(|cell| self.in_cell(cell).into_iter().filter_map(known).collect())
            .collect();
        let n_cells = cells.len();
        let mut matrix = vec![vec![0.0; n_cells]; n_cells];
        for (c, rows) in at_risk.iter().enumerate() {
            for (_, later) in rows {
                matrix[c][c] += 1.0;
                if let Some(t) = later {
                    matrix[c][*t] -= 1.0;
                }
            }
        }
        let never = |revenue: bool| -> Vec<f64> {
            let own = |(entry, later): &(usize, Option<usize>)| {
                if later.is_none() { self.value(*entry, revenue) } else { 0.0 }
            };
            at_risk.iter().map(|rows| rows.iter().map(own).sum()).collect()
        };
        let hits: Vec<(usize, usize)> = home.iter().map(|(e, cell)| (*e, place(cell))).collect();
        let transposed = (0..n_cells).map(|c| matrix.iter().map(|row| row[c]).collect()).collect();
        let n_hits = |c: usize| hits.iter().filter(|(_, at)| *at == c).count() as f64;
        let units = at_risk
            .iter()
            .map(|rows| rows.iter().filter(|(_, t)| t.is_none()).map(|(e, _)| *e).collect())
            .collect();
        System {
            v: solved(matrix.clone(), never(false)),
            m: solved(matrix, never(true)),
            lambda: solved(transposed, (0..n_cells).map(n_hits).collect()),
            at_risk,
            units,
            hits,
        }
    }

    fn controls(&self, of: &System, revenue: bool, x: &[f64]) -> f64 {
        let mut sums: BTreeMap<u32, f64> = BTreeMap::new();
        for (c, rows) in of.at_risk.iter().enumerate() {
            for (entry, later) in rows {
                let reached = later.map_or(self.value(*entry, revenue), |t| x[t]);
                *sums.entry(self.of.entries[*entry].cluster).or_default() +=
                    of.h(c).sqrt() * of.lambda[c] * (reached - x[c]);
            }
        }
        sums.values().map(|sum| sum * sum).sum()
    }

    fn alike(&self, hits: &[(usize, usize)], spread: &dyn Fn(usize) -> f64, rho: f64) -> f64 {
        let cluster = |hit: &(usize, usize)| self.of.entries[hit.0].cluster;
        let mut sum = 0.0;
        for hit in hits {
            for other in hits {
                if hit.0 != other.0 && cluster(hit) == cluster(other) {
                    sum += rho * (spread(hit.1) * spread(other.1)).sqrt();
                }
            }
        }
        sum
    }
}

/// The matched cells of one group.
struct System {
    /// At-risk activities of each cell as (entry, matched cell that the entry is hit in later).
    at_risk: Vec<Vec<(usize, Option<usize>)>>,
    /// Never-hit entries of each cell.
    units: Vec<HashSet<usize>>,
    /// Affected entries with the cell they are hit in.
    hits: Vec<(usize, usize)>,
    v: Vec<f64>,
    m: Vec<f64>,
    lambda: Vec<f64>,
}

impl System {
    fn h(&self, cell: usize) -> f64 {
        self.units[cell].len() as f64 / (self.units[cell].len() as f64 - 1.0)
    }
}

/// Gaussian elimination with pivots.
fn solved(mut matrix: Vec<Vec<f64>>, mut right: Vec<f64>) -> Vec<f64> {
    let n = right.len();
    for column in 0..n {
        let pivot = (column..n)
            .max_by(|a, b| matrix[*a][column].abs().total_cmp(&matrix[*b][column].abs()))
            .unwrap();
        matrix.swap(column, pivot);
        right.swap(column, pivot);
        for row in (0..n).filter(|row| *row != column) {
            let factor = matrix[row][column] / matrix[column][column];
            let pivot_row = matrix[column].clone();
            for (to, from) in matrix[row].iter_mut().zip(pivot_row) {
                *to -= factor * from;
            }
            right[row] -= factor * right[column];
        }
    }
    (0..n).map(|row| right[row] / matrix[row][row]).collect()
}
