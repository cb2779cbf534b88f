//! Whether a group strikes everybody with some value of a covariate.

use super::digits::Digits;
use super::hits::Hits;
use super::index;
use super::partition::Partition;

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
pub(super) fn violations(partition: &Partition, hits: &Hits) -> Vec<(usize, u32)> {
    let exposure = &partition.exposure;
    let cells = struck_cells(partition, hits);
    let mut found = Vec::new();
    for (covariate, codes) in exposure.codes.iter().enumerate() {
        let n_values = exposure.n_values[covariate];
        let mut n_hits = vec![0_usize; n_values];
        for hit in &hits.affected {
            n_hits[codes[hit.entry as usize] as usize] += 1;
        }
        for (code, n_hits) in n_hits.into_iter().enumerate() {
            if n_hits == 0 || 2 * n_hits < hits.affected.len() {
                continue;
            }
            let all: u32 = cells
                .iter()
                .enumerate()
                .filter(|(_, struck)| **struck)
                .map(|(cell, _)| exposure.counts[covariate][cell * n_values + code])
                .sum();
            let with_code = |entry: u32| codes[entry as usize] as usize == code;
            let n_at_risk = all - n_no_longer(partition, hits, &cells, with_code);
            if 2 * n_hits >= n_at_risk as usize {
                let entry = hits.affected.iter().map(|hit| hit.entry).find(|e| with_code(*e));
                found.extend(entry.map(|entry| (covariate, entry)));
            }
        }
    }
    found
}

/// Which (stage, op) cells hold first hits.
fn struck_cells(partition: &Partition, hits: &Hits) -> Vec<bool> {
    let mut cells =
        vec![false; partition.levels.get(LEVEL).map_or(0, super::partition::Level::n_cells)];
    for hit in &hits.affected {
        if !cells.is_empty() {
            cells[partition.cell_at(LEVEL, hit.activity) as usize] = true;
        }
    }
    cells
}

/// Activities in struck cells that are not at risk: those after a first hit, and all of entries hit before.
fn n_no_longer(
    partition: &Partition,
    hits: &Hits,
    cells: &[bool],
    with_code: impl Fn(u32) -> bool,
) -> u32 {
    let ends = hits.affected.iter().map(|hit| Some(hit.activity));
    let ends = ends.chain(hits.before_entry.iter().map(|_| None));
    let mut n = 0;
    for (entry, hit_at) in hits.entries().zip(ends).filter(|(entry, _)| with_code(*entry)) {
        for activity in partition.population.entries[entry as usize].activities().map(index) {
            let gone = hit_at.is_none_or(|hit_at| activity > hit_at);
            n += u32::from(gone && cells[partition.cell_at(LEVEL, activity) as usize]);
        }
    }
    n
}
