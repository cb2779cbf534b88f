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

#[cfg(test)]
mod tests {
    use super::super::{Activities, Journey, Raw, Step, StepOrder, Unit, index, population};
    use super::*;

    const HOUR: i64 = 3_600_000_000;

    /// Activities at hours 0 to 9, entries at hours 2 (converts at 4) and 6 (does not), a window of 2 hours.
    fn of_unit(ends_at: Option<i64>) -> Population {
        let steps = [(2, 0), (4, 1), (6, 0)];
        let steps =
            steps.map(|(at, step_idx)| Step { ts: 0, step_idx, activity: Some(at), value: None });
        let raw = Raw {
            units: vec![Unit {
                n_activities: 10,
                n_steps: 3,
                user: Some(0),
                ends_at,
                ..Unit::default()
            }],
            activities: Activities {
                ts: (0..10).map(|at| at * HOUR).collect(),
                op: vec![0; 10],
                orphan: vec![false; 10],
                weight: Vec::new(),
            },
            steps: steps.to_vec(),
        };
        let journey = Journey {
            n_steps: 2,
            order: StepOrder::Strict,
            window_micros: 2 * HOUR,
            from: 0,
            until: 20 * HOUR,
        };
        population(&journey, raw, 1).unwrap()
    }

    fn hit(entry: u32, activity: u32) -> FirstHit {
        FirstHit { entry, activity }
    }

    #[test]
    fn the_first_hit_counts_up_to_and_with_the_converting_activity() {
        let population = of_unit(None);
        let affected = |carriers: &[u32]| first_hits(&population, carriers).affected;
        assert_eq!(affected(&[3, 4, 3]), [hit(0, 3)]);
        assert_eq!(affected(&[4, 2]), [hit(0, 2)]);
        assert_eq!(affected(&[4]), [hit(0, 4)]);
        assert_eq!(affected(&[8, 9, 77]), [hit(1, 8)]);
        assert_eq!(affected(&[9]), []);
        assert_eq!(affected(&[5]), []);
    }

    #[test]
    fn a_hit_within_the_window_before_takes_the_entry_out() {
        let population = of_unit(None);
        let both = first_hits(&population, &[0, 3, 7]);
        assert_eq!((both.before_entry, both.affected), (vec![0], vec![hit(1, 7)]));
        let conversion = first_hits(&population, &[4, 7]);
        assert_eq!((conversion.before_entry, conversion.affected), (vec![1], vec![hit(0, 4)]));
        let long_ago = first_hits(&population, &[3, 8]);
        assert_eq!(long_ago.affected, [hit(0, 3), hit(1, 8)]);
    }

    #[test]
    fn of_a_session_the_whole_past_counts() {
        let population = of_unit(Some(9 * HOUR));
        let got = first_hits(&population, &[3, 8]);
        assert_eq!((got.before_entry, got.affected), (vec![1], vec![hit(0, 3)]));
        assert_eq!(index(population.entries.len()), 2);
    }
}
