//! How uncertain the sum of expected outcomes is: hits, clusters, controls.

use super::NONE;
use super::leavers::Leavers;
use super::matching::{MatchedCell, Matching, Scratch};
use super::partition::Partition;
use super::recursion::Values;

/// Variances of expected less observed, in conversions squared or in money squared.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Parts {
    /// What the affected would have done, cell by cell (sample ATT: Imbens 2004; Imai, King & Stuart 2008).
    pub(super) hits: f64,
    /// That the affected of one cluster would have done alike.
    pub(super) cluster: f64,
    /// That the values are estimated from so many clusters (influence functions: Hampel 1974; clustered: Liang & Zeger
    /// 1986; small-cell correction in the spirit of Bell & `McCaffrey` 2002).
    pub(super) controls: f64,
}

impl Parts {
    pub(super) fn sum(self) -> f64 {
        self.hits + self.cluster + self.controls
    }
}

/// Both variances, the degrees of freedom, and the entries that served as controls.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Uncertainty {
    pub(super) y: Parts,
    pub(super) r: Parts,
    /// Effective number of clusters less one, at least 1 (Satterthwaite 1946; Carter, Schnepel & Steigerwald 2017).
    pub(super) df: f64,
    pub(super) n_unaffected: u64,
}

pub(super) fn uncertainty(
    partition: &Partition,
    leavers: &Leavers,
    matching: &Matching,
    values: &Values,
    scratch: &mut Scratch,
) -> Uncertainty {
    let (mut y, mut r, df) = of_hits(partition, leavers, matching, values);
    walk(partition, matching, values, scratch);
    leave(leavers, matching, values, scratch);
    let n_unaffected = scratch.seen.iter().map(|seen| u64::from(*seen)).sum();
    scratch.seen.fill(false);
    [y.controls, r.controls] = take_squares(partition, matching, scratch);
    Uncertainty { y, r, df, n_unaffected }
}

/// h: undoes the shrinking of a variance that is measured in few entries.
fn small_cell(cell: &MatchedCell) -> f64 {
    cell.n_units / (cell.n_units - 1.0)
}

/// What one matched first hit adds.
struct HitTerm {
    cluster: u32,
    y: f64,
    sd_y: f64,
    sd_r: f64,
}

fn of_hits(
    partition: &Partition,
    leavers: &Leavers,
    matching: &Matching,
    values: &Values,
) -> (Parts, Parts, f64) {
    let [a1, a2, _] = partition.order_moments;
    let (mut y, mut r) = (Parts::default(), Parts::default());
    let mut terms = Vec::with_capacity(leavers.affected().len());
    for (leaver, place) in leavers.affected().iter().zip(&matching.cell_of) {
        let Some(cell) = matching.cells.get(*place as usize) else { continue };
        let v = values.conversion[*place as usize];
        let variance = (v * (1.0 - v)).max(0.0);
        let variance_r = (v * a2 - (a1 * v).powi(2)).max(0.0);
        r.hits += variance_r;
        terms.push(HitTerm {
            cluster: leaver.cluster,
            y: small_cell(cell) * variance,
            sd_y: variance.sqrt(),
            sd_r: variance_r.sqrt(),
        });
    }
    terms.sort_by_key(|term| term.cluster);
    let (mut n_clusters, mut weight, mut weight_squares) = (0.0, 0.0, 0.0);
    for cluster in terms.chunk_by(|a, b| a.cluster == b.cluster) {
        let own: f64 = cluster.iter().map(|term| term.y).sum();
        let alike = partition.correlation.y * pairs(cluster, |term| term.sd_y);
        y.hits += own;
        y.cluster += alike;
        r.cluster += partition.correlation.r * pairs(cluster, |term| term.sd_r);
        n_clusters += 1.0;
        weight += own + alike;
        weight_squares += (own + alike) * (own + alike);
    }
    let effective =
        if weight_squares > 0.0 { weight * weight / weight_squares } else { n_clusters };
    (y, r, (effective - 1.0).max(1.0))
}

/// The sum of products over ordered pairs of different hits.
fn pairs(cluster: &[HitTerm], of: impl Fn(&HitTerm) -> f64) -> f64 {
    if cluster.len() < 2 {
        return 0.0;
    }
    let sum: f64 = cluster.iter().map(&of).sum();
    let squares: f64 = cluster.iter().map(|term| of(term).powi(2)).sum();
    (sum * sum - squares).max(0.0)
}

/// sqrt(h) lambda of a cell.
fn influence(matching: &Matching, values: &Values, place: usize) -> f64 {
    small_cell(&matching.cells[place]).sqrt() * values.weight[place]
}

/// Adds the influence of every activity of the matched cells to its cluster, as if nobody there were hit.
fn walk(partition: &Partition, matching: &Matching, values: &Values, scratch: &mut Scratch) {
    for (place, cell) in matching.cells.iter().enumerate() {
        let w = influence(matching, values, place);
        let (v, m) = (values.conversion[place], values.revenue[place]);
        for row in &partition.rows[partition.levels[cell.level].rows(cell.cell)] {
            let sums = &mut scratch.sums[(row.cluster_y / 2) as usize];
            sums[0] += w * (f64::from(row.cluster_y % 2) - v);
            sums[1] += w * (row.revenue - m);
            scratch.seen[row.entry as usize] = true;
        }
    }
}

/// Takes those who are hit out again; before their first hit they count with the value of the cell they are hit in.
fn leave(leavers: &Leavers, matching: &Matching, values: &Values, scratch: &mut Scratch) {
    for touch in &matching.touches {
        let leaver = &leavers.all()[touch.leaver as usize];
        let place = touch.cell as usize;
        let w = influence(matching, values, place);
        let (mut y, mut r) = (-leaver.y(), -leaver.revenue);
        if touch.hit_in == NONE {
            y += values.conversion[place];
            r += values.revenue[place];
        } else {
            y += values.conversion[touch.hit_in as usize];
            r += values.revenue[touch.hit_in as usize];
        }
        let sums = &mut scratch.sums[leaver.cluster as usize];
        sums[0] += w * y;
        sums[1] += w * r;
        scratch.seen[leaver.entry as usize] = false;
    }
}

/// The sums of squares over clusters; leaves the sums at 0. Walks whichever is shorter, the matched rows again or all
/// clusters.
fn take_squares(partition: &Partition, matching: &Matching, scratch: &mut Scratch) -> [f64; 2] {
    let mut squares = [0.0; 2];
    let mut take = |sums: &mut [f64; 2]| {
        squares[0] += sums[0] * sums[0];
        squares[1] += sums[1] * sums[1];
        *sums = [0.0; 2];
    };
    let rows = |cell: &MatchedCell| partition.levels[cell.level].rows(cell.cell);
    let n_rows: usize = matching.cells.iter().map(|cell| rows(cell).len()).sum();
    if n_rows < scratch.sums.len() / 4 {
        for cell in &matching.cells {
            for row in &partition.rows[rows(cell)] {
                take(&mut scratch.sums[(row.cluster_y / 2) as usize]);
            }
        }
    } else {
        scratch.sums.iter_mut().for_each(take);
    }
    squares
}
