//! Errors that say that something given was refused, known by how programmers name their types.

use crate::name::{first_word, last_word};
use crate::words::Words;

/// First or last words of types that a parser, a decoder or a validator throws for whatever may be wrong with its input.
static INPUT_WORDS: Words = Words::new(&[
    "csv",
    "decode",
    "decoder",
    "decoding",
    "eof",
    "format",
    "input",
    "json",
    "parse",
    "parser",
    "parsing",
    "scanner",
    "syntax",
    "token",
    "toml",
    "validation",
    "xml",
    "yaml",
]);
/// Types of engines, which word their messages each in its own way.
static ENGINE_TYPES: Words = Words::new(&["SyntaxError"]);

/// Whether a type, without its module, says that an input was refused: `NumberFormatException`, `ValidationError`. Its
/// message says what is wrong with the input; the place is one function for all of it.
pub(crate) fn refuses_input(short_type: &str) -> bool {
    let is_input = |word| INPUT_WORDS.have_in_any_case(word);
    !ENGINE_TYPES.have(short_type)
        && kind(short_type)
            .is_some_and(|kind| is_input(last_word(kind)) || is_input(first_word(kind)))
}

/// Whether a type, without its module, says that an argument was refused: `IllegalArgumentException`,
/// `ArgumentNullException`, `IllegalFieldValueException`. Python's `ValueError` is none: built-in functions throw it, which
/// have no frames.
pub(crate) fn refuses_argument(short_type: &str) -> bool {
    kind(short_type).is_some_and(|kind| {
        let is =
            |word: &str, wanted: &[&str]| wanted.iter().any(|it| word.eq_ignore_ascii_case(it));
        let (first, last) = (first_word(kind), last_word(kind));
        is(first, &["argument"])
            || is(first, &["illegal", "invalid"]) && is(last, &["argument", "value"])
    })
}

/// What stands before `Error` or `Exception`.
fn kind(short_type: &str) -> Option<&str> {
    let kind = short_type.strip_suffix("Error").or_else(|| short_type.strip_suffix("Exception"))?;
    Some(kind).filter(|kind| !kind.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_say_what_was_refused() {
        for input in [
            "NumberFormatException",
            "JsonParseException",
            "ParseIntError",
            "JsonSyntaxException",
            "JSONDecodeError",
            "ValidationError",
            "TokenExpiredError",
            "EOFError",
            "CsvError",
            "YAMLException",
        ] {
            assert!(refuses_input(input) && !refuses_argument(input), "{input}");
        }
        for argument in [
            "IllegalArgumentException",
            "IllegalFieldValueException",
            "InvalidArgumentException",
            "ArgumentNullException",
            "ArgumentError",
        ] {
            assert!(refuses_argument(argument) && !refuses_input(argument), "{argument}");
        }
        for other in [
            "",
            "Error",
            "Exception",
            "IllegalStateException",
            "InvalidOperationException",
            "InvalidCastException",
            "NullPointerException",
            "TypeError",
            "ValueError",
            "SyntaxError",
            "FormatterClosedException",
        ] {
            assert!(!refuses_input(other) && !refuses_argument(other), "{other}");
        }
    }
}
