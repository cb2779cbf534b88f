//! The partition that all groups of a journey share: nested cells with their sums.

use std::ops::Range;

use super::correlation::{self, Correlation};
use super::digits::Digits;
use super::population::Population;
use super::positivity::Exposure;
use super::split::{Cells, split};
use super::{NONE, index};
use crate::threads::both;

/// One level of nested cells; each cell is a range of the ordered activities.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Level {
    /// Cell c holds rows `starts[c]..starts[c + 1]`.
    pub(super) starts: Vec<u32>,
    /// Distinct entries.
    pub(super) n_units: Vec<u32>,
    /// Sums over activities of their entry's outcome and revenue: an engaged entry has more chances to be hit.
    pub(super) y: Vec<f64>,
    pub(super) r: Vec<f64>,
    pub(super) cell_of_leaf: Vec<u32>,
    /// Cell c holds leaves `first_leaf[c]..first_leaf[c + 1]`.
    pub(super) first_leaf: Vec<u32>,
}

impl Level {
    pub(super) fn rows(&self, cell: usize) -> Range<usize> {
        self.starts[cell] as usize..self.starts[cell + 1] as usize
    }

    pub(super) fn leaves(&self, cell: usize) -> Range<usize> {
        self.first_leaf[cell] as usize..self.first_leaf[cell + 1] as usize
    }

    pub(super) fn n_cells(&self) -> usize {
        self.n_units.len()
    }
}

/// An activity as the walk over controls needs it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Row {
    pub(super) entry: u32,
    /// Twice the cluster, plus one where the entry converted.
    pub(super) cluster_y: u32,
    pub(super) revenue: f64,
}

/// Nested cells of like moments, made once a journey by [`Population::partition`].
#[derive(Debug)]
pub struct Partition<'a> {
    pub(super) population: &'a Population,
    /// What each level is split by.
    pub(super) names: Vec<String>,
    /// The level (from 0) that tells whether enough was adjusted for.
    pub(super) level_fine: usize,
    pub(super) levels: Vec<Level>,
    /// The leaf of each activity; `NONE` outside entries.
    pub(super) leaf: Vec<u32>,
    pub(super) rows: Vec<Row>,
    /// Mean order value of a conversion, of its square and of its cube.
    pub(super) order_moments: [f64; 3],
    pub(super) correlation: Correlation,
    pub(super) exposure: Exposure,
    pub(super) n_converted: u64,
}

impl Population {
    /// Splits the activities into nested cells: stage, op, gap, count, the three covariates that explain most, dwell,
    /// the other covariates. A cell has at least 30 entries; small ones of one parent are pooled (Iacus, King & Porro
    /// 2012 for coarsened cells). Hits play no part in it.
    pub fn partition(&self, n_threads: usize) -> Partition<'_> {
        let digits = Digits::of(self, n_threads);
        let cells = split(self, &digits, n_threads);
        let names = digits.order.iter().map(|digit| Digits::name(*digit, self)).collect();
        let mut partition =
            Partition::assemble(self, names, digits.level_of_second_covariate(), &cells, n_threads);
        (partition.correlation, partition.exposure) = both(
            n_threads,
            || correlation::of(self, &partition.levels, &partition.leaf),
            || Exposure::of(&partition, &digits),
        );
        partition
    }
}

impl<'a> Partition<'a> {
    /// Without correlation and exposure, which are made from it.
    pub(super) fn assemble(
        population: &'a Population,
        names: Vec<String>,
        level_fine: usize,
        cells: &Cells,
        n_threads: usize,
    ) -> Self {
        let leaf_starts: Vec<u32> =
            cells.levels.last().map(|leaves| starts(leaves)).unwrap_or_default();
        let n_leaves = leaf_starts.len();
        let (leaf, (rows, leaf_y, leaf_r)) = both(
            n_threads,
            || leaf_of_activity(population, &leaf_starts, cells),
            || rows(population, &leaf_starts, cells),
        );
        let mut levels = Vec::with_capacity(cells.levels.len());
        for spans in &cells.levels {
            let starts = starts(spans);
            let (mut y, mut r) = (vec![0.0; spans.len()], vec![0.0; spans.len()]);
            let mut cell_of_leaf = Vec::with_capacity(n_leaves);
            let mut first_leaf = vec![0];
            let mut cell = 0;
            for (leaf, leaf_start) in leaf_starts.iter().enumerate() {
                while starts.get(cell + 1).is_some_and(|next| next <= leaf_start) {
                    cell += 1;
                    first_leaf.push(index(leaf));
                }
                cell_of_leaf.push(index(cell));
                y[cell] += leaf_y[leaf];
                r[cell] += leaf_r[leaf];
            }
            let n_units = spans.iter().map(|span| span.n_units).collect();
            let starts = [starts, vec![index(cells.order.len())]].concat();
            first_leaf.push(index(n_leaves));
            levels.push(Level { starts, n_units, y, r, cell_of_leaf, first_leaf });
        }
        Self {
            population,
            names,
            level_fine,
            levels,
            leaf,
            rows,
            order_moments: order_moments(population),
            correlation: Correlation::default(),
            exposure: Exposure::default(),
            n_converted: population.entries.iter().map(|entry| u64::from(entry.converted)).sum(),
        }
    }

    /// What the partition splits by, from its first level to its last.
    pub fn digits(&self) -> &[String] {
        &self.names
    }

    /// Cells of the finest level.
    pub fn n_leaves(&self) -> usize {
        self.levels.last().map_or(0, Level::n_cells)
    }
}

fn leaf_of_activity(population: &Population, leaf_starts: &[u32], cells: &Cells) -> Vec<u32> {
    let mut leaves = vec![NONE; population.ts.len()];
    for (leaf, rows) in (0..).zip(ranges(leaf_starts, cells)) {
        for placed in &cells.order[rows] {
            leaves[placed.activity as usize] = leaf;
        }
    }
    leaves
}

/// The rows in order, and for each leaf the sums of their outcomes and revenues.
fn rows(
    population: &Population,
    leaf_starts: &[u32],
    cells: &Cells,
) -> (Vec<Row>, Vec<f64>, Vec<f64>) {
    let of_entry = (0..).zip(&population.entries).map(|(entry, of)| {
        let cluster_y = 2 * of.cluster + u32::from(of.converted);
        Row { entry, cluster_y, revenue: of.revenue }
    });
    // A list by itself, a fifth of the entries: rows come in no order of theirs.
    let of_entry: Vec<Row> = of_entry.collect();
    let mut rows = Vec::with_capacity(cells.order.len());
    let (mut leaf_y, mut leaf_r) = (Vec::new(), Vec::new());
    for own in ranges(leaf_starts, cells) {
        let (mut y, mut r) = (0.0, 0.0);
        for placed in &cells.order[own] {
            let row = of_entry[placed.entry as usize];
            y += f64::from(row.cluster_y & 1);
            r += row.revenue;
            rows.push(row);
        }
        leaf_y.push(y);
        leaf_r.push(r);
    }
    (rows, leaf_y, leaf_r)
}

/// The rows of each leaf.
fn ranges(leaf_starts: &[u32], cells: &Cells) -> impl Iterator<Item = Range<usize>> {
    let ends = leaf_starts.iter().skip(1).map(|start| *start as usize).chain([cells.order.len()]);
    leaf_starts.iter().map(|start| *start as usize).zip(ends).map(|(start, end)| start..end)
}

fn starts(spans: &[super::split::Span]) -> Vec<u32> {
    spans.iter().map(|span| span.start).collect()
}

/// Means of value, value^2, value^3 over conversions; zeros without any.
fn order_moments(population: &Population) -> [f64; 3] {
    let mut sums = [0.0; 3];
    let mut n = 0.0;
    for entry in population.entries.iter().filter(|entry| entry.converted) {
        n += 1.0;
        sums[0] += entry.revenue;
        sums[1] += entry.revenue.powi(2);
        sums[2] += entry.revenue.powi(3);
    }
    if n > 0.0 { sums.map(|sum| sum / n) } else { sums }
}
