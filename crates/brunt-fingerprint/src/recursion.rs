//! Step 10: errors of endless recursion, where depth and entry point are chance and the cycle is the fault.

use std::collections::BTreeMap;

use crate::chain::{Exception, RawFrame};
use crate::lang::Symbol;
use crate::reader::Reader;
use crate::text::starts_with_ignore_case;
use crate::words::Words;

/// Types that say recursion by themselves, without their module.
static TYPES: Words = Words::new(&[
    "StackOverflowError",
    "RecursionError",
    "SystemStackError",
    "StackOverflowException",
]);
/// Beginnings of messages that say it where the type does not.
const MESSAGES: [&str; 7] = [
    "Maximum call stack size exceeded",
    "Maximum function nesting level",
    "maximum recursion depth exceeded",
    "too much recursion",
    "stack overflow",
    "stack level too deep",
    "goroutine stack exceeds",
];

pub(crate) fn is_recursion(short_type: &str, message: &str) -> bool {
    let message = message.trim_ascii();
    TYPES.have_in_any_case(short_type)
        || MESSAGES.iter().any(|start| starts_with_ignore_case(message, start))
        || message.ends_with("has overflowed its stack")
}

/// The smallest symbol of the cycle, with its first frame; frames of the app if there are any. `None` if nothing
/// repeats.
///
/// What the cycle calls on its way repeats as often as the cycle or a few times by chance, so a symbol counts if it
/// comes at least half as often as the one that comes most.
pub(crate) fn smallest_repeated<'a>(
    chain: &[Exception<'a>],
    at: usize,
    reader: Reader<'_>,
) -> Option<(RawFrame<'a>, Symbol<'a>)> {
    let of = |in_app| {
        let mut counts = BTreeMap::new();
        for ((_, frame), symbol) in reader.symbols(chain, at, in_app) {
            let (n, _) = counts.entry(symbol.text()).or_insert((0_u64, (frame, symbol)));
            *n += 1 + u64::from(frame.n_repeats);
        }
        counts
    };
    let counts = Some(of(true)).filter(|own| !own.is_empty()).unwrap_or_else(|| of(false));
    let most = counts.values().map(|(n, _)| *n).max().filter(|most| *most > 1)?;
    counts.into_values().find(|(n, _)| *n * 2 >= most).map(|(_, found)| found)
}
