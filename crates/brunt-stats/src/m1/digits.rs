//! The digits that cells are split by, in their fixed order, as small codes.

use super::population::{Covariate, Population};
use super::{NONE, index};
use crate::threads::both;

/// Ops kept apart at one stage; the rest are `other`.
const OPS_MAX: usize = 8;

/// Covariates that are split by before dwell.
const COVARIATES_FIRST: usize = 3;

/// One question that a level of the partition asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Digit {
    Stage,
    Op,
    Gap,
    Count,
    Dwell,
    /// Its place among the population's covariates.
    Covariate(usize),
}

/// An activity with its entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Placed {
    pub(super) activity: u32,
    pub(super) entry: u32,
}

/// The digits of one population, in order, and the codes behind them.
#[derive(Debug)]
pub(super) struct Digits {
    pub(super) order: Vec<Digit>,
    /// For each stage, the code of each dense op.
    op_codes: Vec<Vec<u32>>,
    dense_ops: Vec<u32>,
    /// For each covariate in the population's order, a code below its `n_values` for each entry.
    pub(super) covariates: Vec<Vec<u32>>,
    pub(super) n_values: Vec<usize>,
    n_stages: usize,
}

impl Digits {
    /// Order: stage, op, gap, count, three covariates, dwell, the other covariates; covariates by decreasing share of
    /// variance of the outcome that they explain at entry, ties as configured.
    pub(super) fn of(population: &Population, n_threads: usize) -> Self {
        let n_stages =
            population.stage.iter().copied().max().map_or(1, |stage| usize::from(stage) + 1);
        let (of_covariates, (dense_ops, op_codes)) = both(
            n_threads,
            || {
                let dense = |covariate: &Covariate| {
                    let (codes, n_values) = densify(&covariate.codes);
                    let explained = share_explained(population, &codes, n_values);
                    ((codes, n_values), explained)
                };
                population.covariates.iter().map(dense).collect::<Vec<_>>()
            },
            || {
                let (dense_ops, n_ops) = densify(&population.op);
                let op_codes = rank_ops(population, &dense_ops, n_ops, n_stages);
                (dense_ops, op_codes)
            },
        );
        let (dense, explained): (Vec<_>, Vec<f64>) = of_covariates.into_iter().unzip();
        let (covariates, n_values): (Vec<_>, Vec<_>) = dense.into_iter().unzip();
        let mut ranked: Vec<usize> = (0..covariates.len()).collect();
        ranked.sort_by(|&a, &b| explained[b].total_cmp(&explained[a]));
        let mut order = vec![Digit::Stage, Digit::Op, Digit::Gap, Digit::Count];
        order.extend(ranked.iter().take(COVARIATES_FIRST).map(|idx| Digit::Covariate(*idx)));
        order.push(Digit::Dwell);
        order.extend(ranked.iter().skip(COVARIATES_FIRST).map(|idx| Digit::Covariate(*idx)));
        Self { order, op_codes, dense_ops, covariates, n_values, n_stages }
    }

    /// The codes of one digit at some activities, given with their entries.
    pub(super) fn codes_into(
        &self,
        digit: Digit,
        population: &Population,
        of: &[Placed],
        codes: &mut Vec<u32>,
    ) {
        codes.clear();
        let bytes = |column: &[u8], codes: &mut Vec<u32>| {
            codes.extend(of.iter().map(|row| u32::from(column[row.activity as usize])));
        };
        match digit {
            Digit::Gap => bytes(&population.gap, codes),
            Digit::Count => bytes(&population.count, codes),
            Digit::Dwell => bytes(&population.dwell, codes),
            Digit::Stage => {
                let stage = |row: &Placed| u32::from(population.stage[row.activity as usize]);
                codes.extend(of.iter().map(stage));
            }
            Digit::Op => codes.extend(of.iter().map(|row| {
                let stage = usize::from(population.stage[row.activity as usize]);
                self.op_codes[stage][self.dense_ops[row.activity as usize] as usize]
            })),
            Digit::Covariate(idx) => {
                let column = &self.covariates[idx];
                codes.extend(of.iter().map(|row| column[row.entry as usize]));
            }
        }
    }

    /// Codes of a digit are below this.
    pub(super) fn n_codes(&self, digit: Digit) -> usize {
        match digit {
            Digit::Stage => self.n_stages,
            Digit::Op => OPS_MAX + 1,
            Digit::Gap | Digit::Count | Digit::Dwell => 3,
            Digit::Covariate(idx) => self.n_values[idx],
        }
    }

    /// What a level is called in `adjusted_for`.
    pub(super) fn name(digit: Digit, population: &Population) -> String {
        match digit {
            Digit::Stage => "stage".to_owned(),
            Digit::Op => "op".to_owned(),
            Digit::Gap => "gap".to_owned(),
            Digit::Count => "activity_count".to_owned(),
            Digit::Dwell => "dwell".to_owned(),
            Digit::Covariate(idx) => population.covariates[idx].name.clone(),
        }
    }

    /// The level (from 0) of the second covariate, or of the last digit before it where there are fewer.
    pub(super) fn level_of_second_covariate(&self) -> usize {
        3 + self.covariates.len().min(2)
    }
}

/// Codes renumbered from 0 without holes, in the same order, and how many there are.
fn densify(codes: &[u32]) -> (Vec<u32>, usize) {
    let largest = codes.iter().copied().filter(|code| *code != NONE).max().unwrap_or(0) as usize;
    if largest > 4 * codes.len() + 1024 {
        let mut values: Vec<u32> = codes.to_vec();
        values.sort_unstable();
        values.dedup();
        let place = |code| index(values.partition_point(|value| *value < code));
        return (codes.iter().map(|code| place(*code)).collect(), values.len());
    }
    let slot = |code: u32| if code == NONE { largest + 1 } else { code as usize };
    let mut places = vec![NONE; largest + 2];
    for code in codes {
        places[slot(*code)] = 0;
    }
    let mut n_values = 0;
    for place in places.iter_mut().filter(|place| **place == 0) {
        *place = index(n_values);
        n_values += 1;
    }
    (codes.iter().map(|code| places[slot(*code)]).collect(), n_values)
}

/// For each stage, a code for each op: its rank among the most frequent there (ties by the op's own code), or the
/// code of `other`.
fn rank_ops(
    population: &Population,
    dense_ops: &[u32],
    n_ops: usize,
    n_stages: usize,
) -> Vec<Vec<u32>> {
    let mut counts = vec![vec![0_u32; n_ops]; n_stages];
    for entry in &population.entries {
        for activity in entry.activities() {
            let stage = usize::from(population.stage[activity]);
            counts[stage][dense_ops[activity] as usize] += 1;
        }
    }
    let rank = |counts: Vec<u32>| {
        let mut ops: Vec<usize> = (0..n_ops).collect();
        ops.sort_by_key(|op| std::cmp::Reverse(counts[*op]));
        let mut codes = vec![index(OPS_MAX); n_ops];
        for (rank, op) in ops.into_iter().take(OPS_MAX).enumerate() {
            codes[op] = index(rank);
        }
        codes
    };
    counts.into_iter().map(rank).collect()
}

/// The share of the outcome's variance between the values of a covariate, less what chance alone would explain
/// (epsilon squared, Kelley 1935; 0 for a covariate that explains no more than chance, so that a column of many values
/// does not come first for their number).
fn share_explained(population: &Population, codes: &[u32], n_values: usize) -> f64 {
    let n_entries = codes.len() as f64;
    let degrees = n_entries - n_values as f64;
    if degrees <= 0.0 || n_values < 2 {
        return 0.0;
    }
    let mut sums = vec![(0.0_f64, 0.0_f64); n_values];
    let mut total = 0.0;
    for (entry, code) in population.entries.iter().zip(codes) {
        let (n, y) = &mut sums[*code as usize];
        *n += 1.0;
        *y += entry.y();
        total += entry.y();
    }
    let mean = total / n_entries;
    let all = total - total * mean;
    if all <= 0.0 {
        return 0.0;
    }
    let between: f64 =
        sums.iter().filter(|(n, _)| *n > 0.0).map(|(n, y)| n * (y / n - mean).powi(2)).sum();
    let within = (all - between) / degrees;
    ((between - (n_values as f64 - 1.0) * within) / all).max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_close_up_in_their_order() {
        assert_eq!(densify(&[7, 3, NONE, 7]), (vec![1, 0, 2, 1], 3));
        assert_eq!(densify(&[9_000_000, 3, NONE, 9_000_000]), (vec![1, 0, 2, 1], 3));
        assert_eq!(densify(&[]), (vec![], 0));
    }
}
