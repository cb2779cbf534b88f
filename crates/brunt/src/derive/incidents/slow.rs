//! Whom a span waited for: the spans below it that took most of its time.

use crate::derive::tree::{NO_NODE, Tree};
use crate::derive::window::Window;

/// Of each span the one below that took more than half of its time, the longest of several; [`NO_NODE`] where none did.
#[derive(Debug)]
pub(super) struct Slow(Vec<u32>);

impl Slow {
    pub(super) fn new(window: &Window, tree: &Tree) -> Self {
        let durations: Vec<Option<i64>> = tree
            .nodes
            .iter()
            .map(|node| window.facts(node.at.day).span(window.row(node.at))?.duration_ns)
            .collect();
        let mut longest = vec![NO_NODE; durations.len()];
        for (node, of) in (0_u32..).zip(&tree.nodes).filter(|(_, of)| of.parent != NO_NODE) {
            let duration = |node: u32| durations[node as usize];
            let (Some(took), Some(waited)) = (duration(node), duration(of.parent)) else {
                continue;
            };
            let known = &mut longest[of.parent as usize];
            let is_longer = *known == NO_NODE || duration(*known) < Some(took);
            if is_longer && took.saturating_mul(2) > waited {
                *known = node;
            }
        }
        Self(longest)
    }

    /// The deepest of the spans below that each took more than half of the time of the one above it.
    pub(super) fn below(&self, node: u32) -> Option<u32> {
        let mut slow = node;
        // No path without a circle is longer than the tree has nodes.
        for _ in 0..self.0.len() {
            let below = self.0.get(slow as usize).copied().unwrap_or(NO_NODE);
            if below == NO_NODE || below == node {
                break;
            }
            slow = below;
        }
        (slow != node).then_some(slow)
    }
}
