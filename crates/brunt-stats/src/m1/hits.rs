//! Which entries a group struck, at which activity first.

use super::population::Population;

/// The first activity of an entry that carries the group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FirstHit {
    pub(super) entry: u32,
    pub(super) activity: u32,
}

/// Who leaves the unaffected, and when. Both lists are in order of entries and share none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Hits {
    pub(super) affected: Vec<FirstHit>,
    /// Entries whose unit met the group within the window before: neither affected nor unaffected.
    pub(super) before_entry: Vec<u32>,
}

/// Finds the first hit of each entry among the activities that carry the group, given in any order. Indices past the
/// end are left out.
pub(super) fn first_hits(population: &Population, carriers: &[u32]) -> Hits {
    let mut carriers = carriers.to_vec();
    carriers.retain(|activity| (*activity as usize) < population.ts.len());
    carriers.sort_unstable();
    let mut hits = Hits::default();
    let unit_of = |activity: u32| population.unit[activity as usize];
    for of_unit in carriers.chunk_by(|a, b| unit_of(*a) == unit_of(*b)) {
        let unit = unit_of(of_unit[0]);
        let lookback = population.lookback_micros[unit as usize];
        for entry_idx in population.entries_of_unit(unit) {
            let entry = &population.entries[entry_idx as usize];
            let n_before = of_unit.partition_point(|hit| *hit < entry.first_activity);
            let since = |hit: u32| entry.ts.saturating_sub(population.ts[hit as usize]);
            let recent = |hit: u32| lookback.is_none_or(|window| since(hit) <= window);
            if n_before > 0 && recent(of_unit[n_before - 1]) {
                hits.before_entry.push(entry_idx);
            } else if let Some(&activity) =
                of_unit.get(n_before).filter(|hit| **hit < entry.end_activity)
            {
                hits.affected.push(FirstHit { entry: entry_idx, activity });
            }
        }
    }
    hits
}
