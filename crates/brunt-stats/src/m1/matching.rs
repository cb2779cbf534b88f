//! Whom the affected are compared with: the level, the cells, and who counts in them until when.

use super::hits::Hits;
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
    pub(super) entry: u32,
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
    /// For each level and cell its place among those at hand; `NONE` between uses.
    places: Vec<Vec<u32>>,
    /// For each cluster two sums; 0 between uses.
    pub(super) sums: Vec<[f64; 2]>,
    /// One bit an entry; 0 between uses.
    pub(super) seen: Vec<u64>,
}

impl Scratch {
    pub(super) fn new(partition: &Partition) -> Self {
        Self {
            places: partition.levels.iter().map(|level| vec![NONE; level.n_cells()]).collect(),
            sums: vec![[0.0; 2]; partition.population.n_clusters as usize],
            seen: vec![0; partition.population.entries.len().div_ceil(64)],
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
pub(super) fn matched(partition: &Partition, hits: &Hits, scratch: &mut Scratch) -> Matching {
    let all: Vec<usize> = (0..hits.affected.len()).collect();
    let mut level = partition.levels.len().saturating_sub(1);
    let mut tally = tally(partition, hits, &all, level, scratch);
    while level > 0 && !tally.is_fine(all.len()) {
        level -= 1;
        tally = self::tally(partition, hits, &all, level, scratch);
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
        tally = self::tally(partition, hits, &pending, level, scratch);
    }
    subtract(partition, hits, &homes, chosen, scratch)
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
    hits: &Hits,
    of: &[usize],
    level: usize,
    scratch: &mut Scratch,
) -> Tally {
    let places = &mut scratch.places[level];
    let mut cells: Vec<TallyCell> = Vec::new();
    let mut cell_of = Vec::with_capacity(of.len());
    for &hit in of {
        let cell = partition.cell_at(level, hits.affected[hit].activity);
        let place = &mut places[cell as usize];
        if *place == NONE {
            *place = index(cells.len());
            let n_never = partition.levels[level].n_units[cell as usize];
            cells.push(TallyCell { cell, n_hits: 0, n_never, last_entry: NONE });
        }
        cells[*place as usize].n_hits += 1;
        cell_of.push(*place as usize);
    }
    for entry in hits.entries() {
        for activity in partition.population.entries[entry as usize].activities() {
            let place = places[partition.cell_at(level, index(activity)) as usize];
            if let Some(cell) = cells.get_mut(place as usize)
                && cell.last_entry != entry
            {
                cell.last_entry = entry;
                cell.n_never -= 1;
            }
        }
    }
    for cell in &cells {
        places[cell.cell as usize] = NONE;
    }
    Tally { cells, cell_of }
}

/// Takes everybody who is not never-hit out of the matched cells, and puts activities before a first hit back.
fn subtract(
    partition: &Partition,
    hits: &Hits,
    homes: &[Option<(usize, u32)>],
    chosen: usize,
    scratch: &mut Scratch,
) -> Matching {
    let mut keys: Vec<(usize, u32)> = homes.iter().copied().flatten().collect();
    keys.sort_unstable();
    keys.dedup();
    let mut cells: Vec<MatchedCell> = keys.iter().map(|key| whole_cell(partition, *key)).collect();
    for (place, (level, cell)) in keys.iter().enumerate() {
        scratch.places[*level][*cell as usize] = index(place);
    }
    let mut levels: Vec<usize> = keys.iter().map(|(level, _)| *level).collect();
    levels.dedup();
    let mut cell_of = Vec::with_capacity(homes.len());
    for home in homes {
        let place = home.map_or(NONE, |(level, cell)| scratch.places[level][cell as usize]);
        if let Some(cell) = cells.get_mut(place as usize) {
            cell.n_hits += 1.0;
        }
        cell_of.push(place);
    }
    let mut touches = Vec::new();
    let mut last_entry = vec![NONE; cells.len()];
    let first_hits = hits.affected.iter().zip(&cell_of).map(|(hit, cell)| (hit.activity, *cell));
    let first_hits = first_hits.chain(hits.before_entry.iter().map(|_| (0, NONE)));
    for (entry_idx, (hit_at, home)) in hits.entries().zip(first_hits) {
        let entry = &partition.population.entries[entry_idx as usize];
        for activity in entry.activities().map(index) {
            for &level in &levels {
                let place = scratch.places[level][partition.cell_at(level, activity) as usize];
                let Some(cell) = cells.get_mut(place as usize) else { continue };
                cell.n_never -= 1.0;
                cell.y -= entry.y();
                cell.r -= entry.revenue;
                if last_entry[place as usize] != entry_idx {
                    last_entry[place as usize] = entry_idx;
                    cell.n_units -= 1.0;
                }
                let hit_in = if activity < hit_at { home } else { NONE };
                touches.push(Touch { cell: place, entry: entry_idx, hit_in });
            }
        }
    }
    for (level, cell) in keys {
        scratch.places[level][cell as usize] = NONE;
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
