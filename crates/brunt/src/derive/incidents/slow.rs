//! Whom a span waited for: the spans below it that took most of its time, until it gave up.

use crate::derive::tree::{NO_NODE, Tree};
use crate::derive::window::Window;

/// A span counts as running at the end of the one above where no more than one part in so many of that one's time is left:
/// who gives up has things to do before their own span ends.
const MISSING_PART: i64 = 20;

/// Of each span the one below that took more than half of its time and still ran at its end, the longest of several;
/// [`NO_NODE`] where none did. What answered before is not what the span gave up waiting for.
#[derive(Debug)]
pub(super) struct Slow(Vec<u32>);

/// When a span began, and how long it took, in microseconds.
#[derive(Debug, Clone, Copy)]
struct Ran {
    start: i64,
    micros: i64,
}

impl Ran {
    /// Nobody begins before who called them: whose clock says so is behind, by that much at least.
    fn was_waited_for(self, above: Self) -> bool {
        let end = self.start.max(above.start).saturating_add(self.micros);
        let left = above.start.saturating_add(above.micros).saturating_sub(end);
        self.micros.saturating_mul(2) > above.micros
            && left.saturating_mul(MISSING_PART) <= above.micros
    }
}

impl Slow {
    pub(super) fn new(window: &Window, tree: &Tree) -> Self {
        let ran: Vec<Option<Ran>> = tree
            .nodes
            .iter()
            .map(|node| {
                let row = window.row(node.at);
                let span = window.facts(node.at.day).span(row)?;
                Some(Ran { start: row.ts, micros: span.duration_ns.get()?.max(0) / 1_000 })
            })
            .collect();
        let mut longest = vec![NO_NODE; ran.len()];
        for (node, of) in (0_u32..).zip(&tree.nodes).filter(|(_, of)| of.parent != NO_NODE) {
            let ran = |node: u32| ran[node as usize];
            let (Some(below), Some(above)) = (ran(node), ran(of.parent)) else {
                continue;
            };
            let known = &mut longest[of.parent as usize];
            let is_longer =
                *known == NO_NODE || ran(*known).is_none_or(|known| known.micros < below.micros);
            if is_longer && below.was_waited_for(above) {
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
