//! Errors that say that something given was refused, known by how programmers name their types.

use crate::words::{Words, first_word, last_word};

/// Words of types that a parser, a decoder or a validator throws for whatever may be wrong with its input.
static INPUT_WORDS: Words = Words::new(&[
    "parse",
    "parser",
    "parsing",
    "syntax",
    "format",
    "decode",
    "decoding",
    "validation",
    "scanner",
    "token",
    "eof",
]);
/// First words of types that a function throws for what it was called with.
static ARGUMENT_WORDS: Words = Words::new(&["illegal", "invalid", "argument"]);
/// Last words that say it of something else than an argument.
static STATE_WORDS: Words = Words::new(&["state", "operation", "access", "monitor"]);
/// Types whose words do not tell.
static ARGUMENT_TYPES: Words = Words::new(&["ValueError"]);

/// Whether a type, without its module, says that an input was refused: `NumberFormatException`, `ValidationError`. Its
/// message says what is wrong with the input; the place is one function for all of it.
pub(crate) fn refuses_input(short_type: &str) -> bool {
    kind(short_type).is_some_and(|kind| {
        INPUT_WORDS.have_in_any_case(last_word(kind))
            || INPUT_WORDS.have_in_any_case(first_word(kind))
    })
}

/// Whether a type, without its module, says that an argument was refused: `IllegalArgumentException`, `ValueError`.
pub(crate) fn refuses_argument(short_type: &str) -> bool {
    ARGUMENT_TYPES.have(short_type)
        || kind(short_type).is_some_and(|kind| {
            ARGUMENT_WORDS.have_in_any_case(first_word(kind))
                && !STATE_WORDS.have_in_any_case(last_word(kind))
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
            "SyntaxError",
            "JSONDecodeError",
            "ValidationError",
        ] {
            assert!(refuses_input(input) && !refuses_argument(input), "{input}");
        }
        for argument in [
            "IllegalArgumentException",
            "IllegalFieldValueException",
            "InvalidArgumentException",
            "ArgumentNullException",
            "ArgumentError",
            "ValueError",
        ] {
            assert!(refuses_argument(argument) && !refuses_input(argument), "{argument}");
        }
        for other in [
            "",
            "Error",
            "Exception",
            "IllegalStateException",
            "InvalidOperationException",
            "NullPointerException",
            "TypeError",
            "FormatterClosedException",
        ] {
            assert!(!refuses_input(other) && !refuses_argument(other), "{other}");
        }
    }
}
