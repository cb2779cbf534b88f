//! Which failed spans the one above them went on after: what fails later is why that one failed.

use crate::derive::failing::Failing;
use crate::derive::tree::{NO_NODE, Tree};
use crate::derive::window::Window;

/// Of each span whether it, or one above it, failed and had ended when another failed one began below the same failed span.
#[derive(Debug)]
pub(super) struct Tolerated(Vec<bool>);

impl Tolerated {
    pub(super) fn new(window: &Window, tree: &Tree, failing: &Failing) -> Self {
        let parent = |node: u32| tree.nodes[node as usize].parent;
        let began = |node: u32| window.row(tree.nodes[node as usize].at).ts;
        // By parent, when the last of its failed spans began, in microseconds.
        let mut last_began = vec![i64::MIN; tree.nodes.len()];
        let below_failed = || failing.nodes().filter(|node| failing.has_failed(parent(*node)));
        for node in below_failed() {
            let last = &mut last_began[parent(node) as usize];
            *last = began(node).max(*last);
        }
        let mut tolerated = vec![false; tree.nodes.len()];
        for node in below_failed() {
            let at = tree.nodes[node as usize].at;
            let row = window.row(at);
            let end = window.facts(at.day).span(row).map_or(row.ts, |span| span.end(row.ts));
            tolerated[node as usize] = end < last_began[parent(node) as usize];
        }
        for node in tree.downwards().into_iter().filter(|node| parent(*node) != NO_NODE) {
            tolerated[node as usize] |= tolerated[parent(node) as usize];
        }
        Self(tolerated)
    }

    /// Whether all of these are such; false for none.
    pub(super) fn all(&self, nodes: &[u32]) -> bool {
        let is_such = |node: &u32| self.0.get(*node as usize).copied().unwrap_or(false);
        !nodes.is_empty() && nodes.iter().all(is_such)
    }
}
