//! Whether a group strikes everybody with some value of a covariate.

use super::digits::Digits;
use super::leavers::{Leaver, Leavers};
use super::partition::{Level, Partition};

/// The level of (stage, op) cells, from 0.
const LEVEL: usize = 1;

/// How many activities each (stage, op) cell has with each value of each covariate.
#[derive(Debug, Default)]
pub(super) struct Exposure {
    /// For each covariate, the code below `n_values` of each entry.
    codes: Vec<Vec<u32>>,
    n_values: Vec<usize>,
    /// For each covariate, counts by cell and code.
    counts: Vec<Vec<u32>>,
}

impl Exposure {
    pub(super) fn of(partition: &Partition, digits: &Digits) -> Self {
        let Some(level) = partition.levels.get(LEVEL) else { return Self::default() };
        let (codes, n_values) = (digits.covariates.clone(), digits.n_values.clone());
        let mut counts: Vec<Vec<u32>> =
            n_values.iter().map(|n_values| vec![0; n_values * level.n_cells()]).collect();
        for (covariate, counts) in counts.iter_mut().enumerate() {
            for cell in 0..level.n_cells() {
                let of_cell = &mut counts[cell * n_values[covariate]..];
                for row in &partition.rows[level.rows(cell)] {
                    of_cell[codes[covariate][row.entry as usize] as usize] += 1;
                }
            }
        }
        Self { codes, n_values, counts }
    }
}

/// A value that holds at least half of the first hits, and of whose at-risk activities (the hits among them) at the
/// same stage and op at least half are first hits: as (covariate, an entry that has the value).
pub(super) fn violations(partition: &Partition, leavers: &Leavers) -> Vec<(usize, u32)> {
    let (exposure, affected) = (&partition.exposure, leavers.affected());
    let Some(level) = partition.levels.get(LEVEL) else { return Vec::new() };
    let struck = struck_cells(level, leavers);
    let mut found = Vec::new();
    for (covariate, codes) in exposure.codes.iter().enumerate() {
        let n_values = exposure.n_values[covariate];
        let mut n_hits = vec![0_usize; n_values];
        for leaver in affected {
            n_hits[codes[leaver.entry as usize] as usize] += 1;
        }
        for (code, n_hits) in n_hits.into_iter().enumerate() {
            if n_hits == 0 || 2 * n_hits < affected.len() {
                continue;
            }
            let counts = exposure.counts[covariate].iter().skip(code).step_by(n_values);
            let all: u32 = counts.zip(&struck).filter(|(_, hit)| **hit).map(|(n, _)| n).sum();
            // Most values have far more activities at risk than the leavers could ever take away.
            if all as usize > 2 * n_hits + leavers.n_activities() {
                continue;
            }
            let has = |leaver: &&Leaver| codes[leaver.entry as usize] as usize == code;
            let gone = |leaver| n_gone(level, leavers, &struck, leaver);
            let n_gone: usize = leavers.all().iter().filter(has).map(gone).sum();
            if 2 * n_hits + n_gone >= all as usize {
                found.extend(affected.iter().find(has).map(|leaver| (covariate, leaver.entry)));
            }
        }
    }
    found
}

/// Which (stage, op) cells hold first hits.
fn struck_cells(level: &Level, leavers: &Leavers) -> Vec<bool> {
    let mut cells = vec![false; level.n_cells()];
    for leaver in leavers.affected() {
        cells[level.cell_of_leaf[leavers.leaf_of_hit(leaver) as usize] as usize] = true;
    }
    cells
}

/// Its activities in struck cells that are not at risk: those after a first hit, all where the hit was before.
fn n_gone(level: &Level, leavers: &Leavers, struck: &[bool], leaver: &Leaver) -> usize {
    let leaves = leavers.leaves_of(leaver);
    let at_risk = leaver.n_at_risk();
    let gone = leaves[at_risk..].iter();
    gone.filter(|leaf| struck[level.cell_of_leaf[**leaf as usize] as usize]).count()
}
