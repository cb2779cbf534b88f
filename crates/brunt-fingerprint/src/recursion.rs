//! Step 10: errors of endless recursion, where depth and entry point are chance and the cycle is the fault.

use std::collections::BTreeMap;

use crate::chain::RawFrame;
use crate::lang::Language;
use crate::text::{holds, starts_with_ignore_case};

/// Types that say recursion by themselves, without their module.
const TYPES: [&str; 4] =
    ["StackOverflowError", "RecursionError", "SystemStackError", "StackOverflowException"];
/// Beginnings of messages that say it where the type does not.
const MESSAGES: [&str; 5] = [
    "Maximum call stack size exceeded",
    "maximum recursion depth exceeded",
    "too much recursion",
    "stack overflow",
    "stack level too deep",
];

pub(crate) fn is_recursion(short_type: &str, message: &str) -> bool {
    holds(&TYPES, short_type)
        || MESSAGES.iter().any(|start| starts_with_ignore_case(message.trim_ascii(), start))
}

/// The smallest symbol of the cycle; frames of the app if there are any. `None` if nothing repeats.
///
/// What the cycle calls on its way repeats as often as the cycle or a few times by chance, so a symbol counts if it
/// comes at least half as often as the one that comes most.
pub(crate) fn smallest_repeated(
    frames: &[RawFrame<'_>],
    language: &dyn Language,
) -> Option<String> {
    let has_app = frames.iter().any(|frame| frame.in_app);
    let mut counts = BTreeMap::new();
    for frame in frames.iter().filter(|frame| !has_app || frame.in_app) {
        let count: &mut u64 = counts.entry(language.symbol(frame).text()).or_default();
        *count += 1 + u64::from(frame.n_repeats);
    }
    let most = counts.values().copied().max().filter(|most| *most > 1)?;
    counts.into_iter().find(|(_, count)| *count * 2 >= most).map(|(symbol, _)| symbol)
}
