//! The first and the last word of a name, in any of the styles that programmers write.

use crate::text::{after, before};

/// `checkNotNull`, `check_not_null` and `__check` begin with `check`.
pub(crate) fn first_word(name: &str) -> &str {
    let name = name.trim_start_matches(['_', '$', '#']);
    let bytes = name.as_bytes();
    let starts_word = |pair: &[u8]| match pair {
        [_, b'_' | b'-' | b'$'] => true,
        [before, after] => after.is_ascii_uppercase() && !before.is_ascii_uppercase(),
        _ => false,
    };
    let end = bytes.windows(2).position(starts_word).map_or(name.len(), |at| at + 1);
    before(name, end)
}

/// `handleError`, `handle_error` and `HTTPError` end with `error`, letters of either case.
pub(crate) fn last_word(name: &str) -> &str {
    let name =
        name.trim_end_matches(|c: char| c.is_ascii_digit() || matches!(c, '_' | '$' | '!' | '?'));
    let bytes = name.as_bytes();
    let starts_word = |pair: &[u8]| match pair {
        [b'_' | b'-' | b'$' | b'.', _] => true,
        [before, after] => after.is_ascii_uppercase() && before.is_ascii_lowercase(),
        _ => false,
    };
    let start = bytes.windows(2).rposition(starts_word).map_or(0, |at| at + 1);
    let word = after(name, start);
    // An acronym before the word runs into it.
    let n_upper = word.bytes().take_while(u8::is_ascii_uppercase).count();
    if n_upper > 1 && n_upper < word.len() { after(word, n_upper - 1) } else { word }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_in_both_styles() {
        assert_eq!(
            (
                first_word("__checkNotNull"),
                first_word("check_x"),
                first_word("HTTPGet"),
                first_word("")
            ),
            ("check", "check", "HTTPGet", "")
        );
        assert_eq!(
            (last_word("toHTTPError"), last_word("handle_err2"), last_word("ERROR"), last_word("")),
            ("Error", "err", "ERROR", "")
        );
    }
}
