//! Which failed span an error without a span belongs to: all of a trace's errors are asked in one walk along time.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

use super::calls::Related;
use super::service;
use crate::derive::failing::Failing;
use crate::derive::occurrences::{AFTER_MICROS, Occurrence};
use crate::derive::symbols::Sym;
use crate::derive::tree::Tree;
use crate::derive::window::Window;

/// A failed span; errors from its start to a little after its end can be its own, in microseconds.
#[derive(Debug, Clone, Copy)]
struct Ran {
    from: i64,
    until: i64,
    service: Sym,
    depth: u32,
    node: u32,
}

/// An error without a span: its time in microseconds, its service where that is known, and whose calls connect it.
#[derive(Debug, Clone, Copy)]
struct Asked<'a> {
    ts: i64,
    service: Sym,
    related: &'a [Sym],
}

/// The failed spans that began by a time, the deepest on top, of equally deep ones the first; with each its end.
#[derive(Debug, Default)]
struct Running(BinaryHeap<(u32, Reverse<u32>, i64)>);

/// Of each error the failed span that ran when it was recorded, and whether that is of the same service; `None` where
/// none did, of its own service or of those related to it. Spans of its own service go first, then the deepest.
pub(super) fn ran_then(
    window: &Window,
    tree: &Tree,
    failing: &Failing,
    errors: &[&Occurrence],
    related: &Related,
) -> Vec<Option<(u32, bool)>> {
    if errors.is_empty() {
        return Vec::new();
    }
    let ran = failing.nodes().filter_map(|node| {
        let at = tree.nodes[node as usize].at;
        let row = window.row(at);
        let end = window.facts(at.day).span(row)?.end(row.ts);
        Some(Ran {
            from: row.ts,
            until: end.saturating_add(AFTER_MICROS),
            service: service(window, at),
            depth: tree.depth(node),
            node,
        })
    });
    let asked = errors.iter().map(|of| {
        let service = of.heard.service;
        Asked { ts: of.ts, service, related: related.of(service) }
    });
    found(ran.collect(), &asked.collect::<Vec<_>>())
}

fn found(mut ran: Vec<Ran>, asked: &[Asked<'_>]) -> Vec<Option<(u32, bool)>> {
    ran.sort_unstable_by_key(|span| span.from);
    let mut by_time: Vec<usize> = (0..asked.len()).collect();
    by_time.sort_unstable_by_key(|idx| asked[*idx].ts);
    let mut to_begin = ran.iter().peekable();
    let mut of_service: HashMap<Sym, Running> = HashMap::new();
    let mut found = vec![None; asked.len()];
    for idx in by_time {
        let Asked { ts, service, related } = asked[idx];
        while let Some(span) = to_begin.next_if(|span| span.from <= ts) {
            of_service.entry(span.service).or_default().begin(span);
        }
        let mut deepest = |service| of_service.get_mut(&service)?.deepest(ts);
        found[idx] = if let Some((_, Reverse(node))) = deepest(service) {
            Some((node, true))
        } else {
            let deepest = related.iter().filter_map(|service| deepest(*service)).max();
            deepest.map(|(_, Reverse(node))| (node, false))
        };
    }
    found
}

impl Running {
    fn begin(&mut self, span: &Ran) {
        self.0.push((span.depth, Reverse(span.node), span.until));
    }

    /// Times have to rise from call to call: what ended before one is let go.
    fn deepest(&mut self, ts: i64) -> Option<(u32, Reverse<u32>)> {
        while let Some((depth, node, until)) = self.0.peek() {
            if ts <= *until {
                return Some((*depth, *node));
            }
            self.0.pop();
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    /// The same by looking at each span for each error.
    fn one_by_one(ran: &[Ran], asked: &[Asked<'_>]) -> Vec<Option<(u32, bool)>> {
        let found = |of: &Asked<'_>| {
            let ran = ran.iter().filter(|span| (span.from..=span.until).contains(&of.ts));
            let same = |span: &Ran| span.service == of.service;
            let ran = ran.filter(|span| same(span) || of.related.contains(&span.service));
            ran.max_by_key(|span| (same(span), span.depth, Reverse(span.node)))
                .map(|span| (span.node, same(span)))
        };
        asked.iter().map(found).collect()
    }

    proptest! {
        #[test]
        fn one_walk_finds_what_looking_at_each_span_finds(
            spans in vec((0_i64..20, 0_i64..10, 0_u32..4, 0_u32..4), 0..12),
            asked in vec((0_i64..32, 0_u32..4), 0..12),
            related in vec((0_u32..4).prop_map(Sym), 0..3),
        ) {
            let ran = (0_u32..).zip(spans).map(|(node, (from, took, service, depth))| {
                Ran { from, until: from + took, service: Sym(service), depth, node }
            });
            let asked = asked
                .into_iter()
                .map(|(ts, service)| Asked { ts, service: Sym(service), related: &related });
            let (ran, asked): (Vec<Ran>, Vec<Asked<'_>>) = (ran.collect(), asked.collect());
            prop_assert_eq!(found(ran.clone(), &asked), one_by_one(&ran, &asked));
        }
    }

    #[test]
    fn a_trace_of_many_failed_spans_and_errors_is_walked_once() {
        const N: u32 = 20_000;
        let last = i64::from(N) * 3;
        let nested = |node| Ran {
            from: i64::from(node),
            until: last - i64::from(node),
            service: Sym(1),
            depth: node,
            node,
        };
        let related = [Sym(1)];
        let asked: Vec<Asked<'_>> = (0..N)
            .map(|idx| Asked { ts: i64::from(idx), service: Sym(2), related: &related })
            .collect();
        let deepest = found((0..N).map(nested).collect(), &asked);
        assert!((0..N).zip(&deepest).all(|(idx, found)| *found == Some((idx, false))));
        let flat = |node| Ran { depth: 1, ..nested(node) };
        let first = found((0..N).map(flat).collect(), &asked);
        assert!(first.iter().all(|found| *found == Some((0, false))));
    }
}
