//! Steps 5 to 10 for one chain of exceptions: its root, the culprit, and whether the message counts.

use std::borrow::Cow;
use std::cell::OnceCell;

use crate::chain::{Exception, RawFrame, is_deep, n_causes, root, walk};
use crate::codes;
use crate::culprit::{Choice, Passed, choose};
use crate::header::clean_type;
use crate::info::{Quality, Why};
use crate::lang::{Language, Naming, Symbol};
use crate::need::{Location, reason, short_type};
use crate::reader::Reader;
use crate::recursion::{is_recursion, smallest_repeated};
use crate::refusal::refuses_input;
use crate::rules::Rules;
use crate::statement::{first_listed, points_to_cause, refusal, statement};
use crate::template::template;

/// Frames explained of what was passed over before the culprit.
const EXPLAINED_MAX: usize = 16;
/// Literal words kept beside a code that needs them.
const CODE_WORDS: usize = 4;

/// What a chain says of its error.
#[derive(Debug, Clone)]
pub(crate) struct Reading<'s> {
    /// Place of the root in its chain.
    pub(crate) root: usize,
    /// Type and message of the root, or of the cause that it points to.
    pub(crate) root_type: &'s str,
    pub(crate) root_message: &'s str,
    template: OnceCell<String>,
    pub(crate) thrown_at: Option<Symbol<'s>>,
    pub(crate) culprit: Option<Place<'s>>,
    /// The message's part of the key.
    pub(crate) message: Option<String>,
    pub(crate) quality: Quality,
}

#[derive(Debug, Clone)]
pub(crate) struct Place<'s> {
    /// Place of the frame among those of its exception.
    pub(crate) at: usize,
    pub(crate) frame: RawFrame<'s>,
    pub(crate) symbol: Symbol<'s>,
}

impl Reading<'_> {
    /// The masked message of the root, made when it is first asked for.
    pub(crate) fn root_template(&self) -> &str {
        self.template.get_or_init(|| template(self.root_message))
    }
}

/// What is decided before a chain is read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Context<'r> {
    /// The language of the frames with the user's rules; `None` without frames.
    pub(crate) reader: Option<Reader<'r>>,
    /// The language that the exporter names; it knows its types where there are no frames.
    pub(crate) named: Option<&'static dyn Language>,
    pub(crate) rules: &'r Rules,
    /// The recorded type was a number.
    pub(crate) is_numeric: bool,
    /// Part of the text or of the causes was left out.
    pub(crate) is_cut: bool,
    /// There was a stack.
    pub(crate) has_stack: bool,
}

impl Context<'_> {
    /// A type as it goes into the key.
    pub(crate) fn fold_type<'s>(&self, name: &'s str) -> &'s str {
        let types = self.reader.map(|reader| reader.language).or(self.named);
        clean_type(types.map_or(name, |types| types.fold_type(clean_type(name))))
    }
}

/// Reads a chain, outermost exception first.
pub(crate) fn read<'s>(
    chain: &'s [Exception<'s>],
    context: Context<'_>,
    why: &mut Why,
) -> Reading<'s> {
    let root_idx = root(chain, context.reader);
    let n_causes = n_causes(chain);
    let said_idx = said(chain, root_idx, n_causes);
    for (cause_idx, exception) in chain.iter().enumerate().filter(|(idx, _)| *idx != said_idx) {
        let reason = match cause_idx {
            _ if cause_idx < root_idx => "ignored: wraps the root",
            _ if cause_idx < said_idx => "ignored: points to its cause",
            _ if n_causes <= cause_idx => "ignored: was being handled",
            _ => "ignored: no frame of the app",
        };
        why.ignored("cause", || context.fold_type(exception.type_name).to_owned(), reason);
    }
    let type_at = |idx: usize| chain.get(idx).map_or("", |it| context.fold_type(it.type_name));
    let root_type = type_at(said_idx);
    let is_root = match chain.len() {
        _ if root_idx < said_idx => "used: what the root points to",
        0 | 1 => "used",
        _ => "used: root of the chain",
    };
    why.used("type", || root_type.to_owned(), is_root);
    let mut reading = Reading {
        root: root_idx,
        root_type,
        root_message: chain.get(said_idx).map_or("", |said| &said.message),
        template: OnceCell::new(),
        thrown_at: None,
        culprit: None,
        message: None,
        quality: if context.has_stack { Quality::Unparsed } else { Quality::MessageOnly },
    };
    let mut location = Location::NoStack;
    if let Some(reader) = context.reader {
        if is_recursion(short_type(root_type), reading.root_message)
            && let Some((frame, symbol)) = smallest_repeated(chain, root_idx, reader)
        {
            why.used("culprit", || symbol.text(), "used: smallest symbol of the recursion");
            why.ignored("message", || reading.root_template().to_owned(), "ignored: recursion");
            let culprit = Some(Place { at: 0, frame, symbol });
            return Reading { culprit, quality: Quality::Full, ..reading };
        }
        location = locate(chain, reader, type_at(root_idx), &mut reading, why);
        let is_cut = || context.is_cut || is_deep(chain, root_idx, reader);
        if why.is_asked() && reading.quality == Quality::Full && is_cut() {
            reading.quality = Quality::Truncated;
        }
    }
    let is_numeric = context.is_numeric && said_idx == 0;
    let is_generic = context.rules.is_generic(root_type);
    let reason = reason(location, short_type(root_type), is_numeric, is_generic);
    let language = context.reader.map(|reader| reader.language);
    reading.message = message_part(reason, location, language, &reading, why);
    reading
}

/// The exception that says what went wrong: the root, or what it points to, which no code of the app threw.
fn said(chain: &[Exception<'_>], root_idx: usize, n_causes: usize) -> usize {
    let points = |idx: &usize| chain.get(*idx).is_some_and(|it| points_to_cause(&it.message));
    let last = n_causes.saturating_sub(1).max(root_idx);
    (root_idx..last).find(|idx| !points(idx)).unwrap_or(last)
}

/// Finds the culprit, in the app or else in a library. The type is that of the exception whose frames these are.
fn locate<'s>(
    chain: &'s [Exception<'s>],
    reader: Reader<'_>,
    thrown_type: &str,
    reading: &mut Reading<'s>,
    why: &mut Why,
) -> Location {
    let own = reader.symbols(chain, reading.root, true);
    let has_closures = reader.language.has_closures();
    let duty = |symbol: &_| reader.duty(symbol, thrown_type);
    let Some(choice) = choose(own, duty, has_closures) else {
        let libraries = || reader.symbols(chain, reading.root, false);
        let named = libraries().find(|(_, symbol)| symbol.naming == Naming::Named);
        let Some(((at, frame), symbol)) = named.or_else(|| libraries().next()) else {
            return Location::NoStack;
        };
        why.used("culprit", || symbol.text(), "used: first named frame of a library");
        reading.culprit = Some(Place { at, frame, symbol });
        reading.quality = Quality::LibraryOnly;
        return Location::LibraryOnly;
    };
    if why.is_asked() {
        explain(&choice, walk(chain, reading.root, reader), reader, why);
    }
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
    let (at, frame) = choice.frame;
    reading.culprit = Some(Place { at, frame, symbol: choice.symbol });
    reading.thrown_at = choice.thrown_at;
    location
}

fn explain<'s>(
    choice: &Choice<'s, RawFrame<'s>>,
    frames: impl Iterator<Item = RawFrame<'s>>,
    reader: Reader<'_>,
    why: &mut Why,
) {
    let libraries = frames.take(choice.frame.0).filter(|frame| !reader.is_app(frame));
    for frame in libraries.take(EXPLAINED_MAX) {
        let symbol = reader.language.symbol(&frame);
        let reason =
            if reader.rules.drops(&symbol) { "dropped: rule" } else { "ignored: library frame" };
        why.ignored("frame", || symbol.text(), reason);
    }
    for (symbol, passed) in choice.passed.iter().take(EXPLAINED_MAX) {
        let reason = match passed {
            Passed::Throw => "skipped: throw helper",
            Passed::Anonymous => "passed over: no name",
            Passed::Minified => "passed over: minified name",
        };
        why.ignored("frame", || symbol.text(), reason);
    }
    let reason = if choice.is_guard {
        "used: guard"
    } else {
        "used: first frame of the app that does the work"
    };
    why.used("culprit", || choice.symbol.text(), reason);
}

/// A stable code in the message stands for its words wherever a location stands beside it, because the words may be
/// in any language; codes of whole classes of faults take their first words along. What looks like one in an input that
/// was refused is the input's.
fn message_part(
    reason: Option<&'static str>,
    location: Location,
    language: Option<&dyn Language>,
    reading: &Reading<'_>,
    why: &mut Why,
) -> Option<String> {
    let is_refusal = || refuses_input(short_type(reading.root_type));
    let template = || {
        if let Some(first) = first_listed(reading.root_message) {
            return template(&first);
        }
        // Without a stack the message is all that there is.
        let counting = match location {
            Location::NoStack => reading.root_message,
            _ if is_refusal() => refusal(reading.root_message),
            _ => statement(reading.root_message),
        };
        let counting = match (location, language) {
            (Location::Minified, Some(language)) => language.without_minified(counting),
            _ => Cow::Borrowed(counting),
        };
        let is_whole = counting.len() == reading.root_message.len();
        if is_whole { reading.root_template().to_owned() } else { template(&counting) }
    };
    let Some(reason) = reason else {
        why.ignored("message", template, "ignored: type and culprit say enough");
        return None;
    };
    let has_place = !matches!(location, Location::NoStack | Location::LibraryOnly);
    let (text, reason) =
        match codes::find(reading.root_message).filter(|_| has_place && !is_refusal()) {
            Some(code) if code.is_complete => (code.text.to_owned(), "used: a stable code"),
            Some(code) => (code_with_words(code.text, &template()), "used: a stable code"),
            None => (template(), reason),
        };
    why.used("message", || text.clone(), reason);
    Some(text)
}

fn code_with_words(code: &str, template: &str) -> String {
    let words = template.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty());
    words.take(CODE_WORDS).fold(Cow::Borrowed(code), |text, word| text + " " + word).into_owned()
}
