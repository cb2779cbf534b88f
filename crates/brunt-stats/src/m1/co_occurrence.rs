//! Groups that strike at the same activities.

use super::hits::Hits;
use super::{NONE, index};

/// For each group the other group that the largest share of its first hits have at the same activity, with that
/// share, as (group, share); ties go to the earlier group. `carriers` are the activities that carry each group.
pub(super) fn partners(
    hits: &[Hits],
    carriers: &[Vec<u32>],
    n_activities: usize,
) -> Vec<Option<(usize, f64)>> {
    let groups_at = GroupsAt::of(hits, carriers, n_activities);
    let mut n_shared = vec![0_usize; hits.len()];
    let mut partners = Vec::with_capacity(hits.len());
    for (own, hits) in hits.iter().enumerate() {
        let mut touched = Vec::new();
        for hit in &hits.affected {
            for &other in groups_at.of_activity(hit.activity) {
                if n_shared[other as usize] == 0 {
                    touched.push(other as usize);
                }
                n_shared[other as usize] += 1;
            }
        }
        touched.sort_unstable();
        let mut best: Option<(usize, usize)> = None;
        for other in touched {
            let n = std::mem::take(&mut n_shared[other]);
            if other != own && best.is_none_or(|(_, most)| n > most) {
                best = Some((other, n));
            }
        }
        partners.push(best.map(|(other, n)| (other, n as f64 / hits.affected.len() as f64)));
    }
    partners
}

/// The groups at each activity that is somebody's first hit.
struct GroupsAt {
    first: Vec<u32>,
    groups: Vec<u32>,
}

impl GroupsAt {
    fn of(hits: &[Hits], carriers: &[Vec<u32>], n_activities: usize) -> Self {
        let mut wanted = vec![false; n_activities];
        for hit in hits.iter().flat_map(|hits| &hits.affected) {
            wanted[hit.activity as usize] = true;
        }
        let is_wanted = |at: u32| wanted.get(at as usize).copied().unwrap_or(false);
        let mut first = vec![0_u32; n_activities + 1];
        let mut last_group = vec![NONE; n_activities];
        let mut pairs = Vec::new();
        for (group, carriers) in carriers.iter().enumerate() {
            for &activity in carriers.iter().filter(|activity| is_wanted(**activity)) {
                // An activity may carry a group several times.
                if last_group[activity as usize] != index(group) {
                    last_group[activity as usize] = index(group);
                    first[activity as usize + 1] += 1;
                    pairs.push((activity, index(group)));
                }
            }
        }
        for activity in 0..n_activities {
            first[activity + 1] += first[activity];
        }
        let mut next = first.clone();
        let mut groups = vec![0; pairs.len()];
        for (activity, group) in pairs {
            groups[next[activity as usize] as usize] = group;
            next[activity as usize] += 1;
        }
        Self { first, groups }
    }

    fn of_activity(&self, activity: u32) -> &[u32] {
        let at = activity as usize;
        &self.groups[self.first[at] as usize..self.first[at + 1] as usize]
    }
}
