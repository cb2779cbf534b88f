//! Steps 5 to 10 for one chain of exceptions: its root, the culprit, and whether the message counts.

use crate::chain::{Exception, RawFrame, root};
use crate::codes;
use crate::culprit::{Choice, Passed, choose};
use crate::frame::symbols;
use crate::header::clean_type;
use crate::info::{Quality, Why};
use crate::lang::{Language, Naming, Symbol};
use crate::need::{self, Location, short_type};
use crate::recursion::{is_recursion, smallest_repeated};
use crate::template::template;

/// Frames explained of what was passed over before the culprit.
const EXPLAINED_MAX: usize = 16;
/// Literal words kept beside a code that needs them.
const CODE_WORDS: usize = 4;

/// What a chain says of its error.
#[derive(Debug)]
pub(crate) struct Reading {
    pub(crate) root_type: String,
    pub(crate) root_template: String,
    pub(crate) thrown_at: Option<String>,
    pub(crate) culprit: Option<Place>,
    /// The message's part of the key.
    pub(crate) message: Option<String>,
    pub(crate) quality: Quality,
}

#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) symbol: String,
    pub(crate) file: String,
    pub(crate) line: Option<u32>,
}

/// What is decided before a chain is read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Context {
    /// The language of the frames; `None` without frames.
    pub(crate) language: Option<&'static dyn Language>,
    /// The language that the exporter names; it knows its types where there are no frames.
    pub(crate) named: Option<&'static dyn Language>,
    /// The recorded type was a number.
    pub(crate) is_numeric: bool,
    /// Part of the text or of the frames was left out.
    pub(crate) is_cut: bool,
    /// There was a stack.
    pub(crate) has_stack: bool,
}

/// Reads a chain, outermost exception first.
pub(crate) fn read(chain: &[Exception<'_>], context: Context, why: &mut Why) -> Reading {
    let language = context.language;
    let root_idx = root(chain);
    let fallback = Exception::default();
    let root = chain.get(root_idx).unwrap_or(&fallback);
    let types = language.or(context.named);
    let fold = |name| clean_type(types.map_or(name, |types| types.fold_type(clean_type(name))));
    for (cause_idx, exception) in chain.iter().enumerate().filter(|(idx, _)| *idx != root_idx) {
        why.ignored(
            "cause",
            fold(exception.type_name),
            if cause_idx < root_idx {
                "ignored: wraps the root"
            } else {
                "ignored: no frame of the app"
            },
        );
    }
    let type_name = fold(root.type_name);
    why.used("type", type_name, if chain.len() > 1 { "used: root of the chain" } else { "used" });
    let mut reading = Reading {
        root_type: type_name.to_owned(),
        root_template: template(&root.message),
        thrown_at: None,
        culprit: None,
        message: None,
        quality: if context.has_stack { Quality::Unparsed } else { Quality::MessageOnly },
    };
    let short = short_type(type_name);
    let mut location = Location::NoStack;
    if let Some(language) = language.filter(|_| !root.frames.is_empty()) {
        if is_recursion(short, &root.message)
            && let Some(symbol) = smallest_repeated(&root.frames, language)
        {
            return recurse(reading, &root.frames, language, symbol, why);
        }
        location = locate(&root.frames, language, &mut reading, why);
        if context.is_cut && reading.quality == Quality::Full {
            reading.quality = Quality::Truncated;
        }
    }
    let reason = need::reason(location, short, context.is_numeric && root_idx == 0);
    decide_message(reason, location, &root.message, &mut reading, why);
    reading
}

/// The cycle is the whole key.
fn recurse(
    reading: Reading,
    frames: &[RawFrame<'_>],
    language: &dyn Language,
    symbol: String,
    why: &mut Why,
) -> Reading {
    let frame = frames.iter().find(|frame| language.symbol(frame).text() == symbol);
    why.used("culprit", symbol.clone(), "used: smallest symbol of the recursion");
    why.ignored("message", reading.root_template.clone(), "ignored: recursion");
    let culprit = Place {
        symbol,
        file: frame.map_or("", |frame| frame.file).to_owned(),
        line: frame.and_then(|frame| frame.line),
    };
    Reading { culprit: Some(culprit), quality: Quality::Full, ..reading }
}

/// Finds the culprit, in the app or else in a library.
fn locate(
    frames: &[RawFrame<'_>],
    language: &dyn Language,
    reading: &mut Reading,
    why: &mut Why,
) -> Location {
    let place = |at: usize, symbol: &Symbol<'_>| {
        let frame = frames.get(at).copied().unwrap_or_default();
        Place { symbol: symbol.text(), file: frame.file.to_owned(), line: frame.line }
    };
    let Some(choice) = choose(symbols(frames, language, true)) else {
        let named =
            symbols(frames, language, false).find(|(_, symbol)| symbol.naming == Naming::Named);
        if let Some((at, symbol)) = named.or_else(|| symbols(frames, language, false).next()) {
            why.used("culprit", symbol.text(), "used: first named frame of a library");
            reading.culprit = Some(place(at, &symbol));
        }
        reading.quality = Quality::LibraryOnly;
        return Location::LibraryOnly;
    };
    explain(&choice, frames, language, why);
    let has_passed = |kind| choice.passed.iter().any(|(_, passed)| *passed == kind);
    let location = if choice.symbol.naming == Naming::Minified || has_passed(Passed::Minified) {
        Location::Minified
    } else if choice.is_guard || has_passed(Passed::Throw) {
        Location::Guarded
    } else if choice.symbol.naming == Naming::Anonymous {
        Location::Unnamed
    } else {
        Location::Named
    };
    reading.quality =
        if location == Location::Minified { Quality::Minified } else { Quality::Full };
    reading.culprit = Some(place(choice.at, &choice.symbol));
    reading.thrown_at = choice.thrown_at.map(|symbol| symbol.text());
    location
}

fn explain(choice: &Choice<'_>, frames: &[RawFrame<'_>], language: &dyn Language, why: &mut Why) {
    let libraries = frames.iter().take(choice.at).filter(|frame| !frame.in_app);
    for frame in libraries.take(EXPLAINED_MAX) {
        why.ignored("frame", language.symbol(frame).text(), "ignored: library frame");
    }
    for (symbol, passed) in choice.passed.iter().take(EXPLAINED_MAX) {
        let reason = match passed {
            Passed::Throw => "skipped: throw helper",
            Passed::Anonymous => "passed over: no name",
            Passed::Minified => "passed over: minified name",
        };
        why.ignored("frame", symbol.text(), reason);
    }
    if let Some(helper) = &choice.thrown_at {
        why.used("thrown_at", helper.text(), "used: first throw helper");
    }
    let reason = if choice.is_guard {
        "used: guard"
    } else {
        "used: first frame of the app that does the work"
    };
    why.used("culprit", choice.symbol.text(), reason);
}

/// A stable code in the message stands for its words wherever a location stands beside it, because the words may be
/// in any language; codes of whole classes of faults take their first words along.
fn decide_message(
    reason: Option<&'static str>,
    location: Location,
    message: &str,
    reading: &mut Reading,
    why: &mut Why,
) {
    let Some(reason) = reason else {
        why.ignored(
            "message",
            reading.root_template.clone(),
            "ignored: type and culprit say enough",
        );
        return;
    };
    let has_place = !matches!(location, Location::NoStack | Location::LibraryOnly);
    let (text, reason) = match codes::find(message).filter(|_| has_place) {
        Some(code) => {
            let n_words = if code.is_complete { 0 } else { CODE_WORDS };
            let words = reading
                .root_template
                .split(|c: char| !c.is_alphabetic())
                .filter(|word| !word.is_empty())
                .take(n_words);
            (
                words.fold(code.text.to_owned(), |text, word| text + " " + word),
                "used: a stable code",
            )
        }
        None => (reading.root_template.clone(), reason),
    };
    why.used("message", text.clone(), reason);
    reading.message = Some(text);
}
