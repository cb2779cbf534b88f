//! Whom the affected are compared with: the level, the cells, and who counts in them until when.

use super::leavers::Leavers;
use super::partition::Partition;
use super::{NONE, index};

/// The level is the deepest at which nineteen of twenty first hits lie in cells with this many never-hit entries.
const LEVEL_UNITS_MIN: u32 = 20;

/// A cell with fewer never-hit entries leaves its hits to its first ancestor that has them.
const CELL_UNITS_MIN: u32 = 3;

/// A cell that some first hits are compared in.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct MatchedCell {
    pub(super) level: usize,
    pub(super) cell: usize,
    /// d: first hits compared here.
    pub(super) n_hits: f64,
    /// nu: never-hit entries.
    pub(super) n_units: f64,
    /// n0: activities of never-hit entries; y and r are the sums of their outcomes and revenues (b).
    pub(super) n_never: f64,
    /// n: those and the activities before their first hit of matched affected entries.
    pub(super) n_at_risk: f64,
    pub(super) y: f64,
    pub(super) r: f64,
}

/// A: so many activities in `from` belong to entries that are later hit in `to`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Flow {
    pub(super) from: u32,
    pub(super) to: u32,
    pub(super) n: f64,
}

/// An activity in a matched cell that is not a never-hit entry's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Touch {
    pub(super) cell: u32,
    /// By its place among the leavers.
    pub(super) leaver: u32,
    /// The matched cell that its entry is hit in later; `NONE` from the first hit on and for unmatched entries.
    pub(super) hit_in: u32,
}

/// The comparison of one group.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Matching {
    /// The level that was chosen, from 0.
    pub(super) level: usize,
    /// In order of level and journey.
    pub(super) cells: Vec<MatchedCell>,
    /// For each affected entry its place in `cells`; `NONE` where nobody is comparable.
    pub(super) cell_of: Vec<u32>,
    pub(super) flows: Vec<Flow>,
    pub(super) touches: Vec<Touch>,
}

/// Arrays as large as the population, kept from group to group.
#[derive(Debug)]
pub(super) struct Scratch {
    /// For each level and leaf the place of its cell among those at hand; `NONE` between uses.
    places: Vec<Vec<u32>>,
    /// For each cluster two sums; 0 between uses.
    pub(super) sums: Vec<[f64; 2]>,
    /// One flag an entry; false between uses.
    pub(super) seen: Vec<bool>,
}

impl Scratch {
    pub(super) fn new(partition: &Partition) -> Self {
        Self {
            places: vec![vec![NONE; partition.n_leaves()]; partition.levels.len()],
            sums: vec![[0.0; 2]; partition.population.n_clusters as usize],
            seen: vec![false; partition.population.entries.len()],
        }
    }
}

/// Cells of one level that hold some first hits.
struct Tally {
    cells: Vec<TallyCell>,
    /// The cell of each hit asked about.
    cell_of: Vec<usize>,
}

struct TallyCell {
    cell: u32,
    n_hits: usize,
    n_never: u32,
    last_entry: u32,
}

/// Matches the affected with never-hit entries of the same cell.
pub(super) fn matched(partition: &Partition, leavers: &Leavers, scratch: &mut Scratch) -> Matching {
    let all: Vec<usize> = (0..leavers.affected().len()).collect();
    let mut level = partition.levels.len().saturating_sub(1);
    let mut tally = tally(partition, leavers, &all, level, scratch);
    while level > 0 && !tally.is_fine(all.len()) {
        level -= 1;
        tally = self::tally(partition, leavers, &all, level, scratch);
    }
    let chosen = level;
    let mut homes = vec![None; all.len()];
    let mut pending = all;
    loop {
        let mut homeless = Vec::new();
        for (hit, cell) in pending.iter().zip(&tally.cell_of) {
            if tally.cells[*cell].n_never >= CELL_UNITS_MIN {
                homes[*hit] = Some((level, tally.cells[*cell].cell));
            } else {
                homeless.push(*hit);
            }
        }
        if homeless.is_empty() || level == 0 {
            break;
        }
        (level, pending) = (level - 1, homeless);
        tally = self::tally(partition, leavers, &pending, level, scratch);
    }
    subtract(partition, leavers, &homes, chosen, scratch)
}

impl Tally {
    /// Whether 95 % of the hits lie among enough never-hit entries.
    fn is_fine(&self, n_hits: usize) -> bool {
        let enough = self.cells.iter().filter(|cell| cell.n_never >= LEVEL_UNITS_MIN);
        enough.map(|cell| cell.n_hits).sum::<usize>() * 20 >= n_hits * 19
    }
}

/// Counts hits and never-hit entries in the cells of `level` that hold the hits `of`.
fn tally(
    partition: &Partition,
    leavers: &Leavers,
    of: &[usize],
    level: usize,
    scratch: &mut Scratch,
) -> Tally {
    let at = &partition.levels[level];
    let places = &mut scratch.places[level];
    let mut cells: Vec<TallyCell> = Vec::new();
    let mut cell_of = Vec::with_capacity(of.len());
    for &hit in of {
        let leaf = leavers.leaf_of_hit(&leavers.affected()[hit]) as usize;
        if places[leaf] == NONE {
            let cell = at.cell_of_leaf[leaf];
            places[at.leaves(cell as usize)].fill(index(cells.len()));
            let n_never = at.n_units[cell as usize];
            cells.push(TallyCell { cell, n_hits: 0, n_never, last_entry: NONE });
        }
        let place = places[leaf] as usize;
        cells[place].n_hits += 1;
        cell_of.push(place);
    }
    for leaver in leavers.all() {
        for leaf in leavers.leaves_of(leaver) {
            let place = places[*leaf as usize];
            if let Some(cell) = cells.get_mut(place as usize)
                && cell.last_entry != leaver.entry
            {
                cell.last_entry = leaver.entry;
                cell.n_never -= 1;
            }
        }
    }
    for cell in &cells {
        places[at.leaves(cell.cell as usize)].fill(NONE);
    }
    Tally { cells, cell_of }
}

/// Takes everybody who is not never-hit out of the matched cells, and puts activities before a first hit back.
fn subtract(
    partition: &Partition,
    leavers: &Leavers,
    homes: &[Option<(usize, u32)>],
    chosen: usize,
    scratch: &mut Scratch,
) -> Matching {
    let mut keys: Vec<(usize, u32)> = homes.iter().copied().flatten().collect();
    keys.sort_unstable();
    keys.dedup();
    let mut cells: Vec<MatchedCell> = keys.iter().map(|key| whole_cell(partition, *key)).collect();
    for (place, (level, cell)) in keys.iter().enumerate() {
        let leaves = partition.levels[*level].leaves(*cell as usize);
        scratch.places[*level][leaves].fill(index(place));
    }
    let mut levels: Vec<usize> = keys.iter().map(|(level, _)| *level).collect();
    levels.dedup();
    let mut cell_of = Vec::with_capacity(homes.len());
    for (leaver, home) in leavers.affected().iter().zip(homes) {
        let leaf = leavers.leaf_of_hit(leaver) as usize;
        let place = home.map_or(NONE, |(level, _)| scratch.places[level][leaf]);
        if let Some(cell) = cells.get_mut(place as usize) {
            cell.n_hits += 1.0;
        }
        cell_of.push(place);
    }
    let mut touches = Vec::with_capacity(leavers.n_activities());
    let mut last_entry = vec![NONE; cells.len()];
    for (leaver_idx, leaver) in leavers.all().iter().enumerate() {
        let home = cell_of.get(leaver_idx).copied().unwrap_or(NONE);
        let n_before_hit = leaver.n_before_hit();
        for (at, leaf) in leavers.leaves_of(leaver).iter().enumerate() {
            for &level in &levels {
                let place = scratch.places[level][*leaf as usize];
                let Some(cell) = cells.get_mut(place as usize) else { continue };
                cell.n_never -= 1.0;
                cell.y -= leaver.y();
                cell.r -= leaver.revenue;
                if last_entry[place as usize] != leaver.entry {
                    last_entry[place as usize] = leaver.entry;
                    cell.n_units -= 1.0;
                }
                let hit_in = if at < n_before_hit { home } else { NONE };
                touches.push(Touch { cell: place, leaver: index(leaver_idx), hit_in });
            }
        }
    }
    for (level, cell) in keys {
        let leaves = partition.levels[level].leaves(cell as usize);
        scratch.places[level][leaves].fill(NONE);
    }
    let flows = flows(&touches);
    for cell in &mut cells {
        cell.n_at_risk = cell.n_never;
    }
    for flow in &flows {
        cells[flow.from as usize].n_at_risk += flow.n;
    }
    Matching { level: chosen, cells, cell_of, flows, touches }
}

/// A cell before anybody is taken out.
fn whole_cell(partition: &Partition, (level, cell): (usize, u32)) -> MatchedCell {
    let (at, cell) = (&partition.levels[level], cell as usize);
    MatchedCell {
        level,
        cell,
        n_hits: 0.0,
        n_units: f64::from(at.n_units[cell]),
        n_never: at.rows(cell).len() as f64,
        n_at_risk: 0.0,
        y: at.y[cell],
        r: at.r[cell],
    }
}

/// Activities before a first hit, counted by where they are and where the hit is.
fn flows(touches: &[Touch]) -> Vec<Flow> {
    let mut pairs: Vec<(u32, u32)> = touches
        .iter()
        .filter(|touch| touch.hit_in != NONE)
        .map(|touch| (touch.cell, touch.hit_in))
        .collect();
    pairs.sort_unstable();
    let same = pairs.chunk_by(|a, b| a == b);
    same.map(|of| Flow { from: of[0].0, to: of[0].1, n: of.len() as f64 }).collect()
}
