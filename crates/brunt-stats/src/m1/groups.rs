//! All groups of a journey at once, on several threads.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::AFFECTED_MIN;
use super::co_occurrence::partners;
use super::hits::{Hits, first_hits};
use super::impact::{GroupImpact, of_group};
use super::matching::Scratch;
use super::partition::Partition;
use super::rank::rank;
use super::warning::Warning;
use crate::threads::on_threads;

/// The share of first hits at the same activity from which on a partner is named.
const SHARED_MIN: f64 = 0.3;

/// How all groups are judged.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ImpactOptions {
    /// A group is accused only if the lower bound of its loss is above this.
    pub floor_pp: f64,
    pub n_threads: usize,
}

impl Default for ImpactOptions {
    fn default() -> Self {
        Self { floor_pp: 1.0, n_threads: 1 }
    }
}

impl Partition<'_> {
    /// The cost of every group, in the order given: for each, all activities that carry it, in any order.
    ///
    /// Groups with fewer than five affected entries have counts only. The answer does not depend on the number of
    /// threads.
    pub fn impacts(&self, groups: &[Vec<u32>], options: &ImpactOptions) -> Vec<GroupImpact> {
        let n_threads = options.n_threads.min(groups.len());
        let hits: Vec<Hits> = each(
            groups.len(),
            n_threads,
            || (),
            |(), group| first_hits(self.population, &groups[group]),
        );
        let scratch = || Scratch::new(self);
        let mut impacts = each(groups.len(), n_threads, scratch, |scratch, group| {
            let impact = of_group(self, &hits[group], scratch);
            if impact.n_affected < AFFECTED_MIN { counts_only(impact) } else { impact }
        });
        let partners = partners(&hits, groups, self.population.ts.len());
        for (impact, partner) in impacts.iter_mut().zip(partners) {
            if let Some((other, share)) = partner
                && share >= SHARED_MIN
            {
                impact.partner = Some(other);
                impact.warnings.push(Warning::CoOccurs);
            }
        }
        rank(&mut impacts, options.floor_pp);
        impacts
    }
}

/// Keeps what was counted, not what was estimated.
fn counts_only(mut impact: GroupImpact) -> GroupImpact {
    impact.warnings.retain(|warning| matches!(warning, Warning::HitBeforeEntry { .. }));
    impact.warnings.push(Warning::FewAffected);
    GroupImpact {
        n_affected: impact.n_affected,
        n_matched: impact.n_matched,
        n_unaffected: impact.n_unaffected,
        n_users: impact.n_users,
        n_accounts: impact.n_accounts,
        n_hit_before_entry: impact.n_hit_before_entry,
        overlap_share: impact.overlap_share,
        warnings: impact.warnings,
        ..GroupImpact::default()
    }
}

/// `work` for each of `n` tasks, in order of tasks, with something of its own for each thread.
fn each<T: Send, Own>(
    n: usize,
    n_threads: usize,
    own: impl Fn() -> Own + Send + Sync,
    work: impl Fn(&mut Own, usize) -> T + Send + Sync,
) -> Vec<T> {
    let next = AtomicUsize::new(0);
    let mut done = on_threads(n_threads, || {
        let mut own = own();
        let mut done = Vec::new();
        loop {
            let task = next.fetch_add(1, Ordering::Relaxed);
            if task >= n {
                return done;
            }
            done.push((task, work(&mut own, task)));
        }
    });
    done.sort_by_key(|(task, _)| *task);
    done.into_iter().map(|(_, made)| made).collect()
}
