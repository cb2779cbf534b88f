//! Which ids hang together, and so which rows: a forest of ids in which those of a row are in one tree
//! (union-find, Galler & Fischer 1964, with path halving).

use arrow::array::{Array, AsArray};
use arrow::record_batch::RecordBatch;
use brunt_model::TraceId;
use twox_hash::XxHash3_64;

use crate::by_hash::ByHash;
use crate::derive::links::{Columns, TRACE};

/// What logs say, by which those without any id, and perhaps without a time, are parted.
const BODY: &str = "body";

/// The ids of rows. Equal hashes of different ids connect more than there is to connect, which is no harm.
#[derive(Debug, Default)]
pub(super) struct Connected {
    /// A node for each id, by its hash.
    nodes: ByHash<u64, u32>,
    parents: Vec<u32>,
    /// The least hash below each root, which names the tree whatever the order of the rows is.
    least: Vec<u64>,
}

/// The part of each row.
#[derive(Debug)]
pub(super) struct Parts {
    part_of: ByHash<u64, u32>,
    n_parts: u64,
}

impl Connected {
    /// Connects the ids of each row.
    pub(super) fn add(&mut self, batch: &RecordBatch) {
        let columns = Columns::of(batch);
        let mut last: Vec<Option<(&str, u32)>> = vec![None; columns.ids.len()];
        for row_idx in 0..batch.num_rows() {
            let mut first = None;
            for ((name, texts), last) in columns.ids.iter().zip(&mut last) {
                if texts.is_null(row_idx) {
                    continue;
                }
                let text = texts.value(row_idx);
                let node = match *last {
                    Some((of, node)) if of == text => node,
                    _ => self.node(hash(name, text)),
                };
                *last = Some((text, node));
                match first {
                    Some(first) if first != node => self.join(first, node),
                    _ => first = Some(node),
                }
            }
        }
    }

    /// Makes parts of about as many trees each.
    pub(super) fn into_parts(mut self, n_parts: usize) -> Parts {
        let n_parts = n_parts.max(1) as u64;
        let mut part_of = std::mem::take(&mut self.nodes);
        for node in part_of.values_mut() {
            let root = self.root(*node);
            *node = u32::try_from(self.least[root as usize] % n_parts).unwrap_or_default();
        }
        Parts { part_of, n_parts }
    }

    #[expect(clippy::expect_used, reason = "four billion ids do not fit into memory")]
    fn node(&mut self, hash: u64) -> u32 {
        *self.nodes.entry(hash).or_insert_with(|| {
            let node = u32::try_from(self.parents.len()).expect("fewer than four billion ids");
            self.parents.push(node);
            self.least.push(hash);
            node
        })
    }

    fn root(&mut self, mut node: u32) -> u32 {
        loop {
            let parent = self.parents[node as usize];
            if parent == node {
                return node;
            }
            let above = self.parents[parent as usize];
            self.parents[node as usize] = above;
            node = above;
        }
    }

    fn join(&mut self, one: u32, other: u32) {
        let (one, other) = (self.root(one), self.root(other));
        if one != other {
            // The older id is the root: rows of what is large already are what comes most.
            let (above, below) = (one.min(other), one.max(other));
            self.parents[below as usize] = above;
            let least = self.least[above as usize].min(self.least[below as usize]);
            self.least[above as usize] = least;
        }
    }
}

impl Parts {
    pub(super) fn len(&self) -> usize {
        usize::try_from(self.n_parts).unwrap_or(usize::MAX)
    }

    /// The rows of a batch by their part; `None` where a row has an id that was not connected.
    pub(super) fn split(&self, batch: &RecordBatch) -> Option<Vec<Vec<u32>>> {
        let columns = Columns::of(batch);
        let bodies = batch.column_by_name(BODY).and_then(|bodies| bodies.as_string_opt::<i32>());
        let mut rows_of = vec![Vec::new(); self.len()];
        for (row_idx, row) in (0..batch.num_rows()).zip(0_u32..) {
            let id = columns.ids.iter().find(|(_, texts)| texts.is_valid(row_idx));
            let part = if let Some((name, texts)) = id {
                *self.part_of.get(&hash(name, texts.value(row_idx)))?
            } else {
                // Equal rows of no id tell each other apart: they have one time, and one body.
                let body = bodies.filter(|bodies| bodies.is_valid(row_idx));
                let body = body.map_or("", |bodies| bodies.value(row_idx));
                let ts = columns.ts(row_idx).unwrap_or_default();
                let hash = XxHash3_64::oneshot_with_seed(ts.cast_unsigned(), body.as_bytes());
                u32::try_from(hash % self.n_parts).ok()?
            };
            rows_of[part as usize].push(row);
        }
        Some(rows_of)
    }
}

/// Ids of one text in different columns are different; traces are known by their lower halves, which may be all that a
/// row has of them.
fn hash(column: &str, text: &str) -> u64 {
    let is_trace = column == TRACE;
    let lower = is_trace.then(|| TraceId::halves(text)).flatten().map(|(_, lower)| lower);
    let seed = XxHash3_64::oneshot_with_seed(1, column.as_bytes());
    XxHash3_64::oneshot_with_seed(seed, lower.unwrap_or(text).as_bytes())
}
