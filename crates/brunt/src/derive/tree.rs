//! The spans of one trace as a tree, whatever is missing, doubled or circular in it.

use super::units::count;
use super::window::{At, Window};

/// No node.
pub(super) const NO_NODE: u32 = u32::MAX;

/// A span and its parent in the tree.
#[derive(Debug, Clone, Copy)]
pub(super) struct Node {
    pub(super) id: u64,
    pub(super) at: At,
    /// [`NO_NODE`] for roots and for spans whose parent is not in the trace.
    pub(super) parent: u32,
    /// How many ancestors it has.
    depth: u32,
}

/// The spans of a trace, by (id, time).
#[derive(Debug, Default)]
pub(super) struct Tree {
    pub(super) nodes: Vec<Node>,
}

impl Tree {
    /// Takes the spans among the rows of a trace.
    pub(super) fn new(window: &Window, rows: &[At]) -> Self {
        let mut tree = Self::default();
        tree.rebuild(window, rows);
        tree
    }

    /// The same for another trace, in the memory that is there.
    pub(super) fn rebuild(&mut self, window: &Window, rows: &[At]) {
        self.nodes.clear();
        for at in rows {
            let row = window.row(*at);
            if window.facts(at.day).span(row).is_some() {
                self.nodes.push(Node { id: row.span, at: *at, parent: NO_NODE, depth: 0 });
            }
        }
        self.nodes.sort_unstable_by_key(|node| (node.id, node.at));
        for idx in 0..self.nodes.len() {
            let node = self.nodes[idx];
            let row = window.row(node.at);
            let parent = window.facts(node.at.day).span(row).map_or(0, |span| span.parent);
            self.nodes[idx].parent =
                self.find(parent).filter(|found| *found as usize != idx).unwrap_or(NO_NODE);
        }
        self.count_ancestors();
    }

    /// The span with this id; of several the latest, which is the called side where both sides share an id.
    pub(super) fn find(&self, id: u64) -> Option<u32> {
        if id == 0 {
            return None;
        }
        let end = self.nodes.partition_point(|node| node.id <= id);
        let found = end.checked_sub(1)?;
        (self.nodes[found].id == id).then(|| u32::try_from(found).ok())?
    }

    /// The node of a span's row.
    pub(super) fn node_of(&self, id: u64, at: At) -> Option<u32> {
        let found = self.nodes.binary_search_by_key(&(id, at), |node| (node.id, node.at)).ok()?;
        u32::try_from(found).ok()
    }

    pub(super) fn parent(&self, node: u32) -> Option<u32> {
        let parent = self.nodes[node as usize].parent;
        (parent != NO_NODE).then_some(parent)
    }

    /// The node itself, its parent, and so on; a circle is walked once.
    pub(super) fn path_up(&self, node: u32) -> impl Iterator<Item = u32> + '_ {
        let mut next = Some(node);
        // No path without a circle has more nodes than there are.
        (0..self.nodes.len()).map_while(move |_| {
            let here = next?;
            next = self.parent(here).filter(|parent| *parent != node);
            Some(here)
        })
    }

    /// How many ancestors a span has; on a circle all others of it, and below one, where paths never end, all other spans.
    pub(super) fn depth(&self, node: u32) -> u32 {
        self.nodes[node as usize].depth
    }

    /// All nodes, each behind those above it, but on circles.
    pub(super) fn downwards(&self) -> Vec<u32> {
        let mut nodes: Vec<u32> = (0_u32..).zip(&self.nodes).map(|(node, _)| node).collect();
        nodes.sort_by_key(|node| self.depth(*node));
        nodes
    }

    /// Looks at each node once: a path up ends where an earlier one went.
    fn count_ancestors(&mut self) {
        let n_nodes = self.nodes.len();
        let mut is_counted = vec![false; n_nodes];
        let mut is_endless = vec![false; n_nodes];
        let mut path: Vec<usize> = Vec::new();
        for start in 0..n_nodes {
            let mut next = Some(start);
            while let Some(here) = next.filter(|here| !is_counted[*here]) {
                is_counted[here] = true;
                path.push(here);
                next = self.above(here);
            }
            let circle = next.and_then(|next| path.iter().position(|here| *here == next));
            if let Some(first) = circle {
                let n_others = count(path.len() - first - 1);
                for here in path.drain(first..) {
                    is_endless[here] = true;
                    self.nodes[here].depth = n_others;
                }
            }
            while let Some(here) = path.pop() {
                self.nodes[here].depth = match self.above(here) {
                    None => 0,
                    Some(above) if is_endless[above] => {
                        is_endless[here] = true;
                        count(n_nodes - 1)
                    }
                    Some(above) => self.nodes[above].depth + 1,
                };
            }
        }
    }

    fn above(&self, node: usize) -> Option<usize> {
        let parent = self.nodes[node].parent;
        (parent != NO_NODE).then_some(parent as usize)
    }
}

#[cfg(test)]
mod tests {
    use brunt_model::Day;
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    /// Nodes with these parents; one that is its own or has none of this number is a root.
    fn tree(parents: &[u32]) -> Tree {
        let node = |(row, parent): (u32, &u32)| {
            let is_known = *parent != row && (*parent as usize) < parents.len();
            let parent = if is_known { *parent } else { NO_NODE };
            Node { id: u64::from(row) + 1, at: At { day: Day(0), row }, parent, depth: 0 }
        };
        let mut tree = Tree { nodes: (0_u32..).zip(parents).map(node).collect() };
        tree.count_ancestors();
        tree
    }

    proptest! {
        #[test]
        fn depths_are_the_lengths_of_paths_whatever_the_circles(parents in vec(0_u32..12, 0..12)) {
            let tree = tree(&parents);
            for node in 0..count(parents.len()) {
                prop_assert_eq!(tree.depth(node), count(tree.path_up(node).count() - 1));
            }
        }
    }

    #[test]
    fn a_deep_path_is_counted_once() {
        const N: u32 = 200_000;
        let up: Vec<u32> = (0..N).map(|node| node + 1).collect();
        let tree = tree(&up);
        assert!((0..N).all(|node| tree.depth(node) == N - 1 - node));
    }
}
