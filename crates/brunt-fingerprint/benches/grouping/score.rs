//! How well groups agree with labels that are known to be right.

use std::collections::{BTreeMap, BTreeSet};

/// Agreement of groups with labels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Score {
    /// Of pairs: the harmonic mean of the share of those of one group that have one label, and the other way round.
    pub(crate) pair_f1: f64,
    /// Of each member its group's share of its label and its label's share of its group; means, then their harmonic one.
    pub(crate) b_cubed: f64,
    /// Share of members whose whole group is exactly their label.
    pub(crate) accuracy: f64,
}

/// Members are pairs of label and group.
pub(crate) fn score<'m>(members: impl Iterator<Item = (&'m str, String)>) -> Score {
    let mut both: BTreeMap<(&str, String), u64> = BTreeMap::new();
    for member in members {
        *both.entry(member).or_default() += 1;
    }
    let (mut labels, mut groups) = (BTreeMap::<&str, u64>::new(), BTreeMap::<&str, u64>::new());
    for ((label, group), n) in &both {
        *labels.entry(label).or_default() += n;
        *groups.entry(group).or_default() += n;
    }
    let n_pairs = |n: &u64| n * (n - 1) / 2;
    let same = both.values().map(n_pairs).sum::<u64>();
    let (of_labels, of_groups) =
        (labels.values().map(n_pairs).sum::<u64>(), groups.values().map(n_pairs).sum::<u64>());
    let exact: u64 = both
        .iter()
        .filter(|((label, group), n)| labels[label] == **n && groups[group.as_str()] == **n)
        .map(|(_, n)| n)
        .sum();
    let n_members: u64 = both.values().sum();
    let mean = |whole: &dyn Fn(&str, &str) -> u64| {
        let parts = both.iter().map(|((label, group), n)| share(n * n, whole(label, group)));
        parts.sum::<f64>() / share(n_members, 1)
    };
    let (precision, recall) = (mean(&|_, group| groups[group]), mean(&|label, _| labels[label]));
    Score {
        pair_f1: share(2 * same, of_labels + of_groups),
        b_cubed: 2.0 * precision * recall / (precision + recall),
        accuracy: share(exact, n_members),
    }
}

/// Prints labels with several groups, and groups of several labels.
pub(crate) fn show<'m>(members: impl Iterator<Item = (&'m str, String)>, n_shown: usize) {
    let (mut labels, mut groups) = (BTreeMap::new(), BTreeMap::new());
    for (label, group) in members {
        groups.entry(group.clone()).or_insert_with(BTreeSet::new).insert(label);
        labels.entry(label).or_insert_with(BTreeSet::new).insert(group);
    }
    for (label, groups) in labels.iter().filter(|(_, groups)| groups.len() > 1).take(n_shown) {
        println!("  split {label}: {groups:#?}");
    }
    for (group, labels) in groups.iter().filter(|(_, labels)| labels.len() > 1).take(n_shown) {
        println!("  shared {group}: {labels:?}");
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of pairs")]
pub(crate) fn share(n: u64, of: u64) -> f64 {
    n as f64 / of.max(1) as f64
}
