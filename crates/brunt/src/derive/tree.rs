//! The spans of one trace as a tree, whatever is missing, doubled or circular in it.

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
                self.nodes.push(Node { id: row.span, at: *at, parent: NO_NODE });
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

    /// How many ancestors a span has.
    pub(super) fn depth(&self, node: u32) -> usize {
        self.path_up(node).count() - 1
    }
}
