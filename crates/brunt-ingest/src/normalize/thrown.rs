//! Exceptions in texts: where a stack trace begins, and the type and message that its text tells.

/// What the text of a stack trace says of its exception.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Thrown<'a> {
    pub(crate) name: &'a str,
    pub(crate) message: Option<&'a str>,
}

/// A text taken apart: what was logged, and the stack trace that came with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Parts<'a> {
    pub(crate) body: &'a str,
    pub(crate) stacktrace: &'a str,
}

/// A type's name is never longer; what is, is text.
const NAME_BYTES_MAX: usize = 256;
const TRACEBACK: &str = "Traceback (most recent call last)";
/// Words before the name of an exception that nothing caught.
const PREFIXES: &[&str] = &["Uncaught ", "Unhandled exception. ", "Unhandled Exception: "];
/// How lines begin that go on with a stack trace and are not indented.
const CONTINUATIONS: &[&str] = &[
    "Caused by:",
    "Suppressed:",
    "... ",
    "During handling of the above exception",
    "The above exception was the direct cause",
    "--- End of ",
    "created by ",
    "[stacktrace]",
    "[previous exception]",
    "\"}",
];

/// Type and message of a stack trace's text; `None` where its header tells none.
pub(crate) fn thrown(stacktrace: &str) -> Option<Thrown<'_>> {
    if let Some(at) = stacktrace.rfind(TRACEBACK) {
        return header(raised(stacktrace.get(at..)?)?);
    }
    let text = stacktrace.trim_start();
    if let Some(rest) = text.strip_prefix("panic: ") {
        return Some(Thrown { name: "panic", message: given(first_line(rest)) });
    }
    let text = match text.strip_prefix("Exception in thread \"") {
        Some(rest) => rest.split_once("\" ")?.1,
        None => PREFIXES.iter().find_map(|prefix| text.strip_prefix(prefix)).unwrap_or(text),
    };
    let head = until_frames(text);
    of_ruby(head).or_else(|| header(head))
}

/// Splits a text where its stack trace begins; `None` where it has none.
pub(crate) fn split(text: &str) -> Option<Parts<'_>> {
    // Where the header of the trace would begin, were the next line its first frame.
    let (mut head, mut is_named) = (0, false);
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let begins = line.starts_with(TRACEBACK) || line.starts_with("panic: ");
        if begins || start > 0 && is_frame(line) {
            let begin = if begins { start } else { head };
            let (before, stacktrace) = text.split_at_checked(begin)?;
            let body = given(before).or_else(|| raised(stacktrace));
            return Some(Parts {
                body: body.unwrap_or_else(|| first_line(stacktrace)),
                stacktrace: stacktrace.trim(),
            });
        }
        // A message of several lines still belongs to the header that it follows, however far loggers indent both.
        let names = header(line.trim_start()).is_some_and(|thrown| is_error_name(thrown.name));
        if names || !is_named {
            (head, is_named) = (start, names);
        }
        start += line.len();
    }
    None
}

/// Whether a line goes on with a stack trace above it.
pub(crate) fn is_continuation(line: &str) -> bool {
    line.starts_with([' ', '\t', '}', ')'])
        || CONTINUATIONS.iter().any(|start| line.starts_with(start))
        || line.starts_with("goroutine ") && line.ends_with(':')
        || is_php_frame(line)
}

/// Whether a line, blanks before it aside, can only be a part of a stack trace.
pub(crate) fn is_of_trace(line: &str) -> bool {
    let line = line.trim();
    let (place, number) = line.rsplit_once(':').unwrap_or((line, ""));
    let is_placed = line.ends_with(')') && line.contains('(')
        || !place.ends_with(' ') && number.starts_with(|c: char| c.is_ascii_digit());
    line.starts_with("at ") && is_placed
        || line.starts_with("File \"")
        || line.starts_with("... ") && line.ends_with(" more")
        || ["Caused by: ", "Suppressed: "].iter().any(|start| line.starts_with(start))
        || is_php_frame(line)
}

/// `#0 /srv/shop.php(7): pay()`, `#1 C:\\shop.php(9): a()`, `#2 [internal function]: b()`, `#3 {main}`.
fn is_php_frame(line: &str) -> bool {
    let Some(rest) = line.strip_prefix('#') else { return false };
    let call = rest.trim_start_matches(|c: char| c.is_ascii_digit());
    let is_place = |place: &str| {
        place.starts_with(['/', '{'])
            || place.starts_with("[internal function]")
            || place.get(1..3) == Some(":\\")
    };
    call.len() < rest.len() && call.strip_prefix(' ').is_some_and(is_place)
}

/// Whether a line begins a traceback, or says that one follows.
pub(crate) fn is_traceback(line: &str) -> bool {
    [
        TRACEBACK,
        "During handling of the above exception",
        "The above exception was the direct cause",
    ]
    .iter()
    .any(|start| line.starts_with(start))
}

/// Whether a traceback begins behind other words of a line.
pub(crate) fn ends_with_traceback(line: &str) -> bool {
    line.trim_end().strip_suffix(':').is_some_and(|line| line.ends_with(TRACEBACK))
}

/// Whether a line names an exception, alone or with its message, or begins a traceback.
pub(crate) fn is_header(line: &str) -> bool {
    line.starts_with(TRACEBACK)
        || line.starts_with("Exception in thread \"")
        || line.starts_with("panic: ")
        || header(line).is_some_and(|thrown| is_error_name(thrown.name))
}

/// `Type: message` or `Type`; also `Type [CODE]: message`, `Type (0x80004005): message` and Rails' `Type (message):`.
fn header(text: &str) -> Option<Thrown<'_>> {
    let end = text.find(char::is_whitespace).unwrap_or(text.len());
    let (name, _) = text.split_at_checked(end)?;
    let name = name.strip_suffix(':').unwrap_or(name);
    let rest = text.get(name.len()..)?;
    let code = rest.trim_start();
    let (code, rest) = match code.chars().next() {
        Some('[') => ("", code.split_once(']')?.1),
        Some('(') => code.get(1..)?.split_once(')')?,
        _ => ("", rest),
    };
    let message = match rest.strip_prefix(':') {
        Some(message) if message.is_empty() || message.starts_with(char::is_whitespace) => message,
        None if rest.trim().is_empty() => "",
        _ => return None,
    };
    is_name(name).then(|| Thrown { name, message: given(message).or(given(code)) })
}

/// `app.rb:12:in 'pay': message (Type)`.
fn of_ruby(text: &str) -> Option<Thrown<'_>> {
    let (place, rest) = text.split_once(": ")?;
    let (message, name) = rest.trim_end().strip_suffix(')')?.rsplit_once(" (")?;
    (place.contains(":in ") && is_name(name)).then(|| Thrown { name, message: given(message) })
}

/// What a traceback raised: its last lines, from the one that is not indented.
fn raised(traceback: &str) -> Option<&str> {
    if !traceback.starts_with(TRACEBACK) {
        return None;
    }
    let mut start = 0;
    let mut after_frames = None;
    for line in traceback.split_inclusive('\n') {
        if line.starts_with([' ', '\t']) {
            after_frames = None;
        } else if start > 0 && after_frames.is_none() && !line.trim().is_empty() {
            after_frames = Some(start);
        }
        start += line.len();
    }
    given(traceback.get(after_frames?..)?)
}

/// The text before the first frame, or the exception inside.
fn until_frames(text: &str) -> &str {
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        if start > 0 && (is_frame(line) || line.trim_start().starts_with("---> ")) {
            break;
        }
        start += line.len();
    }
    text.get(..start).unwrap_or(text)
}

fn is_frame(line: &str) -> bool {
    let inner = line.trim_start();
    let indented = inner.len() < line.len();
    indented
        && (inner.starts_with("at ") || inner.starts_with("File \"") || inner.starts_with("from "))
        || line.starts_with("goroutine ")
        || line.contains(".rb:") && line.contains(":in ") && !line.contains(": ")
        || inner.starts_with("... ") && inner.trim_end().ends_with(" more")
}

fn is_name(name: &str) -> bool {
    name.len() <= NAME_BYTES_MAX
        && name.starts_with(|c: char| c.is_alphabetic() || c == '_')
        && name
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '.' | '_' | '$' | ':' | '/' | '`'))
        && (name.contains(['.', ':'])
            || name.starts_with(char::is_uppercase)
            || is_error_name(name))
}

/// Whether a name reads like that of an exception in any language.
pub(crate) fn is_error_name(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    is_name_of_words(name)
        && ["exception", "error", "throwable", "failure", "fault", "interrupt", "exit"]
            .iter()
            .any(|suffix| lower.ends_with(suffix))
}

/// `error` and `ERROR` are levels, and `Error` is a type.
fn is_name_of_words(name: &str) -> bool {
    name.contains(char::is_uppercase) && name.contains(char::is_lowercase)
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default().trim_end()
}

fn given(text: &str) -> Option<&str> {
    Some(text.trim()).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_begins_with_the_line_that_names_its_exception_however_it_is_indented() {
        let logged = "An unhandled exception has occurred.\n      Shop.SqlException (0x80131904): Violation of UNIQUE KEY\n      \
                      The statement has been terminated.\n         at Shop.Repo.Save()";
        let parts = split(logged).unwrap();
        assert_eq!(parts.body.trim_end(), "An unhandled exception has occurred.");
        assert_eq!(thrown(parts.stacktrace).unwrap().name, "Shop.SqlException");
    }

    #[test]
    fn headers_of_many_languages_tell_type_and_message() {
        for (text, name, message) in [
            (
                "java.lang.IllegalStateException: no cart\n\tat a.B.c(B.java:1)",
                "java.lang.IllegalStateException",
                "no cart",
            ),
            (
                "Exception in thread \"main\" a.Boom: x\n\tat a.B.c(B.java:1)\nCaused by: b.C: y",
                "a.Boom",
                "x",
            ),
            (
                "Traceback (most recent call last):\n  File \"a.py\", line 1, in f\n    g()\nValueError: bad\nthing",
                "ValueError",
                "bad\nthing",
            ),
            (
                "Traceback (most recent call last):\n  File \"a\"\nKeyError: 'a'\n\nDuring handling of the above exception, another exception occurred:\n\nTraceback (most recent call last):\n  File \"b\"\nshop.errors.Gone: b",
                "shop.errors.Gone",
                "b",
            ),
            ("TypeError [ERR_X]: of null\n    at f (/a.js:1:2)", "TypeError", "of null"),
            (
                "System.Boom (0x80004005): two\nlines\n ---> System.Inner: in\n   at A.B()",
                "System.Boom",
                "two\nlines",
            ),
            ("panic: nil map\n\ngoroutine 1 [running]:\nmain.f()", "panic", "nil map"),
            (
                "app.rb:12:in 'pay': no card (Shop::CardError)\n\tfrom app.rb:3",
                "Shop::CardError",
                "no card",
            ),
            ("Shop::CardError: no card", "Shop::CardError", "no card"),
            (
                "Shop::CardError (no card):\n  \napp/pay.rb:12:in 'charge'",
                "Shop::CardError",
                "no card",
            ),
        ] {
            assert_eq!(thrown(text), Some(Thrown { name, message: Some(message) }), "{text}");
        }
        assert_eq!(thrown("a.Boom\n\tat x"), Some(Thrown { name: "a.Boom", message: None }));
        for text in ["", "it went wrong: x", "just words", "\tat a.B.c(B.java:1)", "12: x"] {
            assert_eq!(thrown(text), None, "{text}");
        }
    }

    #[test]
    fn a_text_is_split_where_its_stack_trace_begins() {
        let java = "a.BoomException: x\nsecond line\n\tat a.B.c(B.java:1)\n\t... 3 more\n";
        let logged = ["could not pay\n", java].concat();
        assert_eq!(
            split(&logged),
            Some(Parts { body: "could not pay", stacktrace: java.trim_end() })
        );
        assert_eq!(
            split(java),
            Some(Parts { body: "a.BoomException: x", stacktrace: java.trim_end() })
        );
        let python = "Traceback (most recent call last):\n  File \"a.py\", line 1\nValueError: bad";
        assert_eq!(split(python), Some(Parts { body: "ValueError: bad", stacktrace: python }));
        for text in ["", "one line", "two\nlines", "a\n  indented"] {
            assert_eq!(split(text), None, "{text}");
        }
    }

    #[test]
    fn lines_that_go_on_are_known() {
        for line in [
            "\tat x",
            "Caused by: y",
            "  File \"a\"",
            "... 3 more",
            "goroutine 7 [running]:",
            "#0 /srv/a.php(3): pay()",
            "#1 C:\\a.php(3): pay()",
            "#2 [internal function]: pay()",
            "#3 {main}",
        ] {
            assert!(is_continuation(line), "{line}");
        }
        for line in ["ValueError: x", "a.b.SomeException", "Traceback (most recent call last):"] {
            assert!(is_header(line), "{line}");
        }
        // The last ones are Docker's, of a build.
        for line in [
            "ERROR: x",
            "error",
            "failed: x",
            "info: listening",
            "#5 [2/4] RUN npm ci",
            "#5 DONE 12.3s",
        ] {
            assert!(!is_continuation(line) && !is_header(line), "{line}");
        }
    }
}
