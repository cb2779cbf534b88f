//! Step 8: which frame of the app an error is put down to. Functions that only throw, and guards that only check,
//! are known by how programmers name them, so that nobody keeps lists of them.

use crate::lang::{Naming, Symbol};
use crate::name::{first_word, last_word};
use crate::need::short_type;
use crate::refusal::refuses_argument;
use crate::text::{before, has_any, last_part, rfind, rsplit_at, rsplit_byte};
use crate::words::Words;

/// What a frame of the app does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Duty {
    /// Ordinary work.
    Work,
    /// Checks something particular, and so may fail in more than one way.
    Guard,
    /// Takes what it is given into an object, and refused it: throws for whoever calls it, if that is the app's code.
    Refuse,
    /// Ends a program or a state, and so throws where one that throws calls it.
    Exit,
    /// Throws for whoever calls it.
    Throw,
}

/// First words of functions that throw.
static THROW_WORDS: Words = Words::new(&[
    "throw",
    "raise",
    "fail",
    "reject",
    "abort",
    "panic",
    "must",
    "rethrow",
    "reraise",
    "unexpected",
    "illegal",
]);
/// Whole names of functions that throw; a class of errors that a function of JavaScript made is a `constructor`, where
/// others are `new Name`.
static THROW_NAMES: Words = Words::new(&[
    "die",
    "bail",
    "propagate",
    "sneakythrow",
    "orelsethrow",
    "unwrap",
    "expect",
    "assert",
    "invariant",
    "invalid",
    "constructor",
]);
/// Whole names of functions that end a program, or a state of it.
static EXIT_NAMES: Words = Words::new(&["exit", "quit"]);
/// First words of functions that do something with errors that there are, where the last word names one. All others
/// whose last word does, such as `newException`, `syntaxError` and `_parse_error`, make an error or pass it on.
static ERROR_USERS: Words = Words::new(&[
    "add", "clear", "collect", "count", "did", "display", "fetch", "find", "get", "has", "ignore",
    "is", "list", "load", "notify", "on", "process", "read", "record", "recover", "render",
    "reset", "retry", "save", "send", "set", "should", "show", "skip", "store", "test", "uncaught",
    "write",
]);
/// Words before the last that make the error an occasion or a number, as in `rollback_on_error` and `squared_error`.
static BEFORE_ERROR: Words = Words::new(&[
    "absolute", "after", "before", "by", "for", "from", "if", "of", "on", "per", "relative",
    "squared", "standard", "until", "upon", "with", "without",
]);
/// First words of functions that make or pass on errors, where the last word says that they are several.
static FACTORY_WORDS: Words = Words::new(&[
    "new",
    "create",
    "make",
    "build",
    "wrap",
    "convert",
    "translate",
    "to",
    "as",
    "from",
    "handle",
    "report",
    "log",
]);
static ERROR_WORDS: Words = Words::new(&["exception", "error", "err", "failure"]);
static ERRORS_WORDS: Words = Words::new(&["exceptions", "errors", "failures"]);
/// First words of functions that check.
static GUARD_WORDS: Words =
    Words::new(&["check", "require", "validate", "verify", "ensure", "assert", "expect"]);
/// Checks that say nothing of what is checked; written without case and underscores.
static GENERIC_GUARDS: Words = Words::new(&[
    "assertequals",
    "assertfalse",
    "assertnonnull",
    "assertnotempty",
    "assertnotnull",
    "assertnull",
    "assertstate",
    "assertthat",
    "asserttrue",
    "checkargument",
    "checkbounds",
    "checkelementindex",
    "checkfromindexsize",
    "checkfromtoindex",
    "checkindex",
    "checknonnull",
    "checknotempty",
    "checknotnull",
    "checkpositionindex",
    "checkrange",
    "checkstate",
    "ensurenonnull",
    "ensurenotnull",
    "haslength",
    "hastext",
    "inclusivebetween",
    "isinstanceof",
    "istrue",
    "nonempty",
    "nonnull",
    "notblank",
    "notempty",
    "notnull",
    "rangecheck",
    "requirenonempty",
    "requirenonnull",
    "requirenonnullelse",
    "requirenotblank",
    "requirenotempty",
    "requirenotnull",
    "validindex",
    "verifynotnull",
]);
/// Classes and files that hold nothing but checks and throws.
static GUARD_CLASSES: Words = Words::new(&[
    "args",
    "argument",
    "arguments",
    "assert",
    "assertion",
    "assertions",
    "ensure",
    "guard",
    "guards",
    "objects",
    "precondition",
    "preconditions",
    "throwhelper",
    "validate",
]);
/// Functions that make an object of what they are given, as languages write them.
static CONSTRUCTORS: Words = Words::new(&["<init>", "new", "__init__", "__construct", "ctor"]);
/// Last words of classes that gather functions for others.
static UTILITY_WORDS: Words = Words::new(&["utils", "util", "utilities", "helper", "helpers"]);

/// The culprit among frames of the app, from the innermost outwards, and what was passed over before it.
#[derive(Debug)]
pub(crate) struct Choice<'a, T> {
    /// The frame with its place, as they were given.
    pub(crate) frame: (usize, T),
    pub(crate) symbol: Symbol<'a>,
    pub(crate) is_guard: bool,
    pub(crate) thrown_at: Option<Symbol<'a>>,
    /// The frames before the culprit, with what they are.
    pub(crate) passed: Vec<(Symbol<'a>, Passed)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Passed {
    Throw,
    Anonymous,
    Minified,
}

/// The first frame that is neither a throw helper nor anonymous. If there is none, or if that is in another module than
/// the first anonymous frame, and so not the function around it, the first anonymous frame; if all are throw helpers,
/// the last of them. Items are a frame's place in the stack, the frame or whatever stands for it, and its symbol. Without
/// closures, frames are anonymous because their names were lost.
pub(crate) fn choose<'a, T: Copy>(
    frames: impl Iterator<Item = ((usize, T), Symbol<'a>)>,
    duty: impl Fn(&Symbol<'a>) -> Duty,
    has_closures: bool,
) -> Option<Choice<'a, T>> {
    let mut frames = frames.peekable();
    let mut passed = Vec::new();
    let mut thrown_at = None;
    let mut anonymous = None;
    let mut last = None;
    while let Some((frame, symbol)) = frames.next() {
        let kind = match symbol.naming {
            Naming::Anonymous => Passed::Anonymous,
            Naming::Minified => Passed::Minified,
            Naming::Named => match duty(&symbol) {
                Duty::Throw => Passed::Throw,
                Duty::Refuse if is_among_own(frame.0, passed.len(), frames.peek()) => Passed::Throw,
                Duty::Exit if frames.peek().is_some_and(|(_, by)| duty(by) == Duty::Throw) => {
                    Passed::Throw
                }
                _ if has_closures && is_elsewhere(&passed, &symbol) => break,
                work_or_guard => {
                    return Some(Choice {
                        frame,
                        symbol,
                        is_guard: work_or_guard == Duty::Guard,
                        thrown_at,
                        passed,
                    });
                }
            },
        };
        if kind == Passed::Throw {
            thrown_at.get_or_insert_with(|| symbol.clone());
            last = Some((frame, passed.len()));
        } else {
            anonymous.get_or_insert((frame, passed.len()));
        }
        passed.push((symbol, kind));
    }
    let (frame, place) = anonymous.or(last)?;
    let (symbol, _) = passed.get(place)?.clone();
    if anonymous.is_some() {
        // What comes behind it calls it, and before it are throw helpers only.
        passed.truncate(place);
    }
    let first = passed.first().map(|(helper, _)| helper.clone());
    let thrown_at = first.filter(|helper| *helper != symbol);
    Some(Choice { frame, symbol, is_guard: false, thrown_at, passed })
}

/// Whether the frames before a place and the next one are the app's: a library that was called refused something else, and
/// one that calls is not to blame.
fn is_among_own<T>(place: usize, n_passed: usize, next: Option<&((usize, T), Symbol<'_>)>) -> bool {
    place == n_passed && next.is_some_and(|((next, _), _)| *next == place + 1)
}

/// Whether a named frame is in another module than the first anonymous one that was passed over. A minifier's modules
/// say nothing.
fn is_elsewhere(passed: &[(Symbol<'_>, Passed)], named: &Symbol<'_>) -> bool {
    let above = passed.iter().find(|(_, kind)| *kind != Passed::Throw);
    above.is_some_and(|(above, kind)| {
        *kind == Passed::Anonymous && !above.module.is_empty() && above.module != named.module
    })
}

/// What a named frame does, by its name, its class's, and the type of the error.
pub(crate) fn duty(symbol: &Symbol<'_>, error_type: &str) -> Duty {
    let (owner, function) =
        rsplit_byte(symbol.function, b'.').unwrap_or((&symbol.module, symbol.function));
    let class = last_part(owner, |b| matches!(b, b'.' | b'$'));
    let (class, function) =
        function.strip_prefix("new ").map_or((class, function), |made| (made, "new"));
    let (first, of_class) = (first_word(function), last_word(class));
    let is_thrower = || {
        (THROW_WORDS.have_in_any_case(first) && !function.ends_with('?'))
            || is_one_of(&THROW_NAMES, function)
    };
    let is_factory = || makes_errors(first, function);
    let is_generic = || is_one_of(&GENERIC_GUARDS, function);
    // Whatever is done inside an exception's class is done while it is made.
    let is_error_class = || {
        ERROR_WORDS.have_in_any_case(of_class)
            || ERRORS_WORDS.have_in_any_case(of_class)
            || class.ends_with("Throwable")
    };
    let is_guard_class = || is_one_of(&GUARD_CLASSES, class);
    let takes_values = || CONSTRUCTORS.have(function) || is_setter(first, function);
    if is_thrower() || is_factory() || is_generic() || is_error_class() || is_guard_class() {
        Duty::Throw
    } else if GUARD_WORDS.have_in_any_case(first) {
        if UTILITY_WORDS.have_in_any_case(of_class) { Duty::Throw } else { Duty::Guard }
    } else if takes_values() && refuses_argument(short_type(error_type)) {
        Duty::Refuse
    } else if is_one_of(&EXIT_NAMES, function) {
        Duty::Exit
    } else {
        Duty::Work
    }
}

/// Whether a function makes an error or passes it on, by its first word and its last ones.
fn makes_errors(first: &str, function: &str) -> bool {
    let last = last_word(function);
    if ERRORS_WORDS.have_in_any_case(last) {
        return FACTORY_WORDS.have_in_any_case(first);
    }
    if !ERROR_WORDS.have_in_any_case(last) || function.ends_with('?') {
        return false;
    }
    let before_last = last_word(before(function, rfind(function, last).unwrap_or(0)));
    let is_occasion = BEFORE_ERROR.have_in_any_case(before_last) && before_last != first;
    let is_else = || ERROR_USERS.have_in_any_case(first) || GUARD_WORDS.have_in_any_case(first);
    !is_occasion && !is_else()
}

/// `setLimit`, `set_limit` and `set`, but not `setUp`, by the first word and the whole name.
fn is_setter(first: &str, function: &str) -> bool {
    let rest = || rsplit_at(function, first).map_or("", |(_, rest)| rest);
    first.eq_ignore_ascii_case("set") && !first_word(rest()).eq_ignore_ascii_case("up")
}

/// Whether a list holds a name, underscores aside.
fn is_one_of(list: &Words, name: &str) -> bool {
    if has_any(name, |b| b == b'_') {
        Plain::of(name).is_one_of(list)
    } else {
        list.have_in_any_case(name)
    }
}

/// Letters of a name that may be a whole entry of a list; the longest entry has fewer.
const PLAIN_BYTES_MAX: usize = 24;

/// A name without underscores.
struct Plain {
    bytes: [u8; PLAIN_BYTES_MAX],
    len: usize,
}

impl Plain {
    /// The name, cut where it is too long for any list.
    fn of(name: &str) -> Self {
        let mut plain = Self { bytes: [0; PLAIN_BYTES_MAX], len: 0 };
        let letters = name.bytes().filter(|b| *b != b'_');
        for (place, letter) in plain.bytes.iter_mut().zip(letters) {
            *place = letter;
            plain.len += 1;
        }
        plain
    }

    fn is_one_of(&self, list: &Words) -> bool {
        list.have_in_any_case(self.bytes.get(..self.len).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;

    fn symbol<'a>(module: &'a str, function: &'a str) -> Symbol<'a> {
        Symbol { module: Cow::Borrowed(module), function, naming: Naming::Named }
    }

    #[test]
    fn names_say_what_a_function_does() {
        for (module, function, want) in [
            ("com.acme.Pay", "charge", Duty::Work),
            ("com.acme.Pay", "throwIfClosed", Duty::Throw),
            ("pay", "raise_for_status", Duty::Throw),
            ("com.acme.Pay", "failover", Duty::Work),
            ("com.acme.Pay", "mustache", Duty::Work),
            ("com.acme.Pay", "newPaymentException", Duty::Throw),
            ("pay", "handle_error", Duty::Throw),
            ("pay", "toHTTPError", Duty::Throw),
            ("pay", "_parse_error", Duty::Throw),
            ("pay", "_syntax_error", Duty::Throw),
            ("com.acme.Pay", "constructReadException", Duty::Throw),
            ("com.acme.Pay", "hasError", Duty::Work),
            ("com.acme.Pay", "rollbackOnError", Duty::Work),
            ("com.acme.Pay", "fromError", Duty::Throw),
            ("com.acme.Pay", "recoverFromFailure", Duty::Work),
            ("com.acme.Pay", "checkError", Duty::Guard),
            ("com.acme.Pay", "parseErrors", Duty::Work),
            ("com.acme.Pay", "logErrors", Duty::Throw),
            ("pay", "mean_squared_error", Duty::Work),
            ("pay", "network_error?", Duty::Work),
            ("pay", "Parser.unexpectedToken", Duty::Throw),
            ("time", "DateTime.invalid", Duty::Throw),
            ("errors", "constructor", Duty::Throw),
            ("command", "Command._exit", Duty::Exit),
            ("com.acme.Pay", "exitCode", Duty::Work),
            ("pay", "invalid?", Duty::Work),
            ("com.acme.Pay", "errorCount", Duty::Work),
            ("com.acme.PaymentException", "<init>", Duty::Throw),
            ("com.acme.Pay$DeclinedException", "of", Duty::Throw),
            ("com.acme.Preconditions", "anything", Duty::Throw),
            ("com.acme.Pay", "checkNotNull", Duty::Throw),
            ("pay", "check_not_null", Duty::Throw),
            ("com.acme.Pay", "checkCard", Duty::Guard),
            ("com.acme.Pay", "checkout", Duty::Work),
            ("com.acme.CardUtils", "checkCard", Duty::Throw),
            ("com.acme.CardUtils", "parseCard", Duty::Work),
            ("pay", "Cart.validate", Duty::Guard),
            ("pay", "new PaymentError", Duty::Throw),
            ("pay", "new Payment", Duty::Work),
            ("pay", "Assert.ok", Duty::Throw),
        ] {
            assert_eq!(duty(&symbol(module, function), "Oops"), want, "{module}.{function}");
        }
    }

    #[test]
    fn setters_and_constructors_refuse_arguments() {
        for (module, function) in [
            ("com.acme.Card", "setLimit"),
            ("com.acme.Card", "<init>"),
            ("com.acme.Field", "set"),
            ("Acme.Card", ".ctor"),
            ("card", "new Card"),
            ("card", "__init__"),
            ("card", "set_limit"),
        ] {
            let duty = |error_type| duty(&symbol(module, function), error_type);
            assert_eq!(duty("java.lang.IllegalArgumentException"), Duty::Refuse, "{function}");
            assert_eq!(duty("ValueError"), Duty::Work, "{function}");
            assert_eq!(duty("java.lang.NullPointerException"), Duty::Work, "{function}");
            assert_eq!(duty("java.lang.IllegalStateException"), Duty::Work, "{function}");
        }
        for function in ["settle", "setUp", "set_up_gateway", "charge"] {
            let duty = duty(&symbol("com.acme.Card", function), "IllegalArgumentException");
            assert_eq!(duty, Duty::Work, "{function}");
        }
    }

    #[test]
    fn what_refuses_its_argument_throws_for_its_caller_among_the_apps_frames() {
        let frames = [("Card", "setLimit"), ("Card", "<init>"), ("Pay", "charge")];
        let culprit = |places: [usize; 3]| {
            let frames = frames.iter().map(|(module, function)| symbol(module, function));
            let placed = places.into_iter().map(|place| (place, ())).zip(frames);
            let duty = |symbol: &Symbol<'_>| duty(symbol, "IllegalArgumentException");
            choose(placed, duty, true).map(|choice| choice.symbol.text())
        };
        assert_eq!(culprit([0, 1, 2]), Some("Pay.charge".into()));
        // A library stands between, which made the object: whom it made it for is not known.
        assert_eq!(culprit([0, 1, 5]), Some("Card.<init>".into()));
        // A library that the setter called refused something else.
        assert_eq!(culprit([1, 2, 3]), Some("Card.setLimit".into()));
    }

    #[test]
    fn the_culprit_is_behind_helpers_and_anonymous_frames() {
        let choice = |symbols: Vec<Symbol<'static>>| {
            let frames = symbols.into_iter().enumerate().map(|(at, symbol)| ((at, ()), symbol));
            choose(frames, |symbol| duty(symbol, ""), true)
                .map(|c| (c.frame.0, c.thrown_at.map(|s| s.text())))
        };
        let anonymous = || Symbol { naming: Naming::Anonymous, ..symbol("cart", "") };
        assert_eq!(
            choice(vec![symbol("A", "throwIt"), anonymous(), symbol("cart", "pay")]),
            Some((2, Some("A.throwIt".into())))
        );
        assert_eq!(
            choice(vec![symbol("A", "throwIt"), symbol("B", "failIt")]),
            Some((1, Some("A.throwIt".into())))
        );
        // What called an anonymous function from another module is not the function around it.
        assert_eq!(choice(vec![anonymous(), symbol("cart", "pay")]), Some((1, None)));
        assert_eq!(choice(vec![anonymous(), symbol("http", "serve")]), Some((0, None)));
        let behind = vec![anonymous(), symbol("mw", "throwOn"), symbol("http", "serve")];
        assert_eq!(choice(behind), Some((0, None)));
        assert_eq!(choice(vec![symbol("A", "throwIt")]), Some((0, None)));
        // What ends a program throws for what throws, and may do work of its own for others.
        let exit = || symbol("Cli", "_exit");
        assert_eq!(
            choice(vec![exit(), symbol("Cli", "error"), symbol("Cli", "unknownOption")]),
            Some((2, Some("Cli._exit".into())))
        );
        assert_eq!(choice(vec![exit(), symbol("Cli", "leave")]), Some((0, None)));
        assert_eq!(choice(vec![anonymous(), anonymous()]), Some((0, None)));
        assert_eq!(choice(vec![]), None);
    }
}
