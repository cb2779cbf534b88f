//! Zipkin's spans, version 2 of its JSON: a list, lists in a list, or a span or a list a line.
//!
//! In Zipkin the two halves of a remote call, the client's and the server's, may share one id. Where an input holds
//! both, the server's half becomes a span of its own and the child of the client's:
//!
//! - its id is the XXH3 hash (64 bits, no seed) of the 16 bytes of the trace id, the 8 bytes of the shared id, both
//!   big-endian, and the name of its service; the shared id stays in the attribute `zipkin.id`;
//! - a span whose parent is the shared id is the child of the half of its own service, and of the server's where it is
//!   of neither's.
//!
//! A half whose other half is not there keeps id and parent.

mod halves;
mod span;

use crate::decode::shape::{Fillers, Given};
use crate::decode::{Plan, records};
use crate::error::Error;
use crate::format::Spec;
use crate::load::Load;
use crate::read::{Block, Source, Split};
use halves::Halves;

pub(crate) static SPEC: Spec = Spec {
    name: "zipkin",
    about: "Zipkin's spans, version 2 of its JSON",
    is: |head| {
        // Records of others may have a `traceId` and an `id`; endpoints are Zipkin's, and so are these four together.
        let is_span = ["localEndpoint", "remoteEndpoint"].iter().any(|key| head.has_key(key))
            || head.has_keys(&["parentId", "kind", "timestamp", "duration"]);
        head.has_keys(&["traceId", "id"]) && !head.has_key("spanId") && is_span
    },
    is_generic: false,
    decode,
};

/// Lines wait for the other halves of their spans, but no more bytes of them than this.
const WAITING_BYTES_MAX: usize = 128 * 1024 * 1024;

fn decode(plan: Plan<'_>, source: &mut Source<'_>, load: &mut Load<'_>) -> Result<(), Error> {
    let mut fillers = Fillers::default();
    let split = if plan.is_lines { Split::Lines } else { Split::Whole };
    let mut waiting: Vec<u8> = Vec::new();
    let mut first_line = 1;
    while let Some(block) = source.next_block(split)? {
        if waiting.is_empty() {
            first_line = block.first_line;
        }
        waiting.extend_from_slice(block.bytes);
        if waiting.len() >= WAITING_BYTES_MAX {
            load.warn("halves of spans that stand far apart in the input keep their shared id");
            settle(&waiting, first_line, plan.is_lines, &mut fillers, load)?;
            waiting.clear();
        }
    }
    settle(&waiting, first_line, plan.is_lines, &mut fillers, load)
}

/// Reads spans twice: for what they share, and for themselves.
fn settle(
    bytes: &[u8],
    first_line: u64,
    is_lines: bool,
    fillers: &mut Fillers,
    load: &mut Load<'_>,
) -> Result<(), Error> {
    let halves = Halves::of(bytes, is_lines);
    let block = Block { bytes, first_line };
    records::each_placed_of(block, is_lines, &[""], None, load, &mut |record, spot, load| {
        let mut given = Given::default();
        given.record("spans", span::fields(record, &halves)?);
        fillers.store(given, || spot.place(), load)
    })
}
