//! Step 4: the type and the message, from the header of the stack or from the columns beside it.

use std::borrow::Cow;

use crate::chain::{Exception, Stack};
use crate::text::{
    after, before, byte, cap, digits_at_end, ends_with_ignore_case, has_any, split_byte,
};

/// A type's name is never longer; what is, is text.
const TYPE_BYTES_MAX: usize = 256;

/// Fills the outermost exception with what was recorded beside the stack, which wins over the header.
/// A number as type says nothing of the kind of error: the header's type is kept and the number goes to the message.
/// True if the recorded type is such a number.
pub(crate) fn complete<'a>(
    stack: &mut Stack<'a>,
    type_name: &'a str,
    message: Cow<'a, str>,
) -> bool {
    if stack.chain.is_empty() {
        stack.chain.push(Exception::default());
    }
    let Some(outermost) = stack.chain.first_mut() else { return false };
    let is_numeric = is_number(type_name);
    if !type_name.is_empty() && !is_numeric {
        outermost.type_name = type_name;
    }
    if !message.trim_ascii().is_empty() {
        outermost.message = message;
    }
    if is_numeric {
        outermost.message = Cow::Owned(format!("code {type_name} {}", outermost.message));
    }
    is_numeric
}

/// `Type: message` or `Type`, where the type is one word that `is_type` accepts. A number in brackets behind it is
/// neither's: .NET prints there what Windows calls the error, which is one number for all that a database says.
pub(crate) fn split(header: &str, is_type: fn(&str) -> bool) -> Option<(&str, &str)> {
    let head = cap(header, TYPE_BYTES_MAX);
    let end = head.bytes().position(|b| b == b':' || b.is_ascii_whitespace()).unwrap_or(head.len());
    let name = before(head, end);
    let rest = without_number(after(header, end));
    let is_closed = rest.trim_ascii().is_empty()
        || (rest.starts_with(':') && byte(rest, 1).is_none_or(|b| b.is_ascii_whitespace()));
    (is_closed && is_type(name))
        .then(|| (name, rest.strip_prefix(':').unwrap_or(rest).trim_ascii()))
}

/// What follows a type, without the number of ` (0x80004005): message` and ` (111): message`.
fn without_number(rest: &str) -> &str {
    let numbered = rest.strip_prefix(" (").and_then(|rest| split_byte(rest, b')'));
    numbered
        .filter(|(number, rest)| is_number(number) && rest.starts_with(':'))
        .map_or(rest, |(_, rest)| rest)
}

/// What stands behind a level that a logger has in brackets: `[ERROR] KeyError: 'id'`.
pub(crate) fn behind_level(line: &str) -> Option<&str> {
    let (level, rest) = split_byte(line.strip_prefix('[')?, b']')?;
    let is_level = (1..=8).contains(&level.len()) && level.bytes().all(|b| b.is_ascii_uppercase());
    rest.strip_prefix(' ').filter(|_| is_level)
}

/// Whether a name reads like that of an exception in any language.
pub(crate) fn has_error_suffix(name: &str) -> bool {
    ["exception", "error", "throwable", "failure", "fault", "warning"]
        .iter()
        .any(|suffix| ends_with_ignore_case(name, suffix))
}

/// The type without generic parameters, addresses, object hashes, bracketed codes and ordinals of anonymous classes.
pub(crate) fn clean_type(name: &str) -> &str {
    let name = cap(name.trim_ascii(), TYPE_BYTES_MAX);
    let name = name.strip_prefix("class ").unwrap_or(name);
    let is_end = |b: u8| matches!(b, b'<' | b'[' | b'`' | b'@' | b'(' | b' ' | b'\n');
    let end = if has_any(name, is_end) { name.bytes().position(is_end) } else { None };
    let end = end.filter(|end| *end > 0).unwrap_or(name.len());
    let name = before(name, end).trim_end_matches(':');
    let (named, _) = digits_at_end(name);
    named
        .strip_suffix('$')
        .filter(|named| !named.is_empty())
        .map_or(name, |named| named.trim_end_matches("$$anon"))
}

fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let digits = digits.strip_prefix("0x").unwrap_or(digits);
    digits.bytes().any(|b| b.is_ascii_digit())
        && digits.bytes().all(|b| b.is_ascii_hexdigit())
        && (digits.len() < text.len() || digits.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_keeps_only_its_name() {
        for (written, kept) in [
            ("com.acme.Oops<java.lang.String>", "com.acme.Oops"),
            ("com.acme.Oops@1f2e3d", "com.acme.Oops"),
            ("com.acme.Retry$3", "com.acme.Retry"),
            ("Outer$Inner", "Outer$Inner"),
            ("TypeError [ERR_INVALID_ARG_TYPE]", "TypeError"),
            ("System.Result`2", "System.Result"),
            ("class java.lang.Error", "java.lang.Error"),
            ("<unknown>", "<unknown>"),
        ] {
            assert_eq!(clean_type(written), kept);
        }
    }

    #[test]
    fn a_number_is_no_type() {
        let mut stack = Stack::default();
        assert!(complete(&mut stack, "1045", Cow::Borrowed("access denied")));
        assert_eq!(
            (stack.chain[0].type_name, &*stack.chain[0].message),
            ("", "code 1045 access denied")
        );
        assert!(is_number("-5") && is_number("0x80070005"));
        assert!(!is_number("") && !is_number("E5") && !is_number("bad"));
    }

    #[test]
    fn a_level_stands_in_brackets() {
        assert_eq!(behind_level("[ERROR] KeyError: 'id'"), Some("KeyError: 'id'"));
        for none in ["[error] x", "[] x", "ERROR x", "[ERROR]x", "[WARN 1] x", "[ERROR x"] {
            assert_eq!(behind_level(none), None, "{none}");
        }
    }

    #[test]
    fn a_header_is_a_word_and_a_colon() {
        let any = |_: &str| true;
        assert_eq!(split("a.B: c: d", any), Some(("a.B", "c: d")));
        assert_eq!(split("a.B", any), Some(("a.B", "")));
        assert_eq!(split("a.B:\n  c", any), Some(("a.B", "c")));
        assert_eq!(split("a.B (0x80004005): 23505: c", any), Some(("a.B", "23505: c")));
        assert_eq!(split("a.B (111): c", any), Some(("a.B", "c")));
        assert_eq!(split("not one word: c", any), None);
        for none in ["a (111)", "a (111) c: d", "a (no): d", "a (111: d"] {
            assert_eq!(split(none, any), None, "{none}");
        }
        assert_eq!(split("http://a", any), None);
    }
}
