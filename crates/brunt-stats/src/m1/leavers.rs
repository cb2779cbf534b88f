//! The entries that a group takes out of the unaffected, with all that later passes need side by side.

use super::NONE;
use super::hits::Hits;
use super::partition::Partition;

/// An entry that is affected, or that met the group before it began.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Leaver {
    pub(super) entry: u32,
    pub(super) cluster: u32,
    pub(super) user: Option<u32>,
    pub(super) account: Option<u32>,
    pub(super) converted: bool,
    pub(super) revenue: f64,
    /// Its first hit, by its place among the entry's activities; `NONE` for one that met the group before.
    hit_at: u32,
    /// Where its activities' leaves begin and end.
    leaves: (usize, usize),
}

impl Leaver {
    pub(super) fn y(&self) -> f64 {
        f64::from(u8::from(self.converted))
    }

    /// Its activities before the first hit; none of one that met the group before.
    pub(super) fn n_before_hit(&self) -> usize {
        if self.hit_at == NONE { 0 } else { self.hit_at as usize }
    }

    /// The same, with the first hit.
    pub(super) fn n_at_risk(&self) -> usize {
        if self.hit_at == NONE { 0 } else { self.hit_at as usize + 1 }
    }
}

/// The affected in order, then those who met the group before.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Leavers {
    all: Vec<Leaver>,
    n_affected: usize,
    leaves: Vec<u32>,
}

impl Leavers {
    pub(super) fn of(partition: &Partition, hits: &Hits) -> Self {
        let affected = hits.affected.iter().map(|hit| (hit.entry, Some(hit.activity)));
        let before = hits.before_entry.iter().map(|entry| (*entry, None));
        let mut all = Vec::with_capacity(hits.affected.len() + hits.before_entry.len());
        let mut leaves = Vec::with_capacity(8 * all.capacity());
        for (entry_idx, activity) in affected.chain(before) {
            let entry = &partition.population.entries[entry_idx as usize];
            let first_leaf = leaves.len();
            leaves.extend_from_slice(&partition.leaf[entry.activities()]);
            all.push(Leaver {
                entry: entry_idx,
                cluster: entry.cluster,
                user: entry.user,
                account: entry.account,
                converted: entry.converted,
                revenue: entry.revenue,
                hit_at: activity.map_or(NONE, |activity| activity - entry.first_activity),
                leaves: (first_leaf, leaves.len()),
            });
        }
        Self { all, n_affected: hits.affected.len(), leaves }
    }

    pub(super) fn all(&self) -> &[Leaver] {
        &self.all
    }

    pub(super) fn affected(&self) -> &[Leaver] {
        &self.all[..self.n_affected]
    }

    pub(super) fn before_entry(&self) -> &[Leaver] {
        &self.all[self.n_affected..]
    }

    /// The leaves of its activities in turn.
    pub(super) fn leaves_of(&self, leaver: &Leaver) -> &[u32] {
        &self.leaves[leaver.leaves.0..leaver.leaves.1]
    }

    /// The leaf of an affected entry's first hit.
    pub(super) fn leaf_of_hit(&self, affected: &Leaver) -> u32 {
        self.leaves[affected.leaves.0 + affected.hit_at as usize]
    }

    pub(super) fn n_activities(&self) -> usize {
        self.leaves.len()
    }
}
