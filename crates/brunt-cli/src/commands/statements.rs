//! Where one SQL statement ends and the next begins.

/// The statements of a text, without their semicolons, and what follows the last semicolon.
///
/// Semicolons in quoted text, quoted names, dollar quotes and comments end nothing.
pub(super) fn split(text: &str) -> (Vec<&str>, &str) {
    let mut statements = Vec::new();
    let mut start = 0;
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        if rest.starts_with(';') {
            let statement = text[start..at].trim();
            if !is_blank(statement) {
                statements.push(statement);
            }
            start = at + 1;
        }
        at += token_len(rest);
    }
    (statements, text[start..].trim_start())
}

/// Whether a text is nothing but space and comments.
pub(super) fn is_blank(text: &str) -> bool {
    let mut rest = text.trim_start();
    while rest.starts_with("--") || rest.starts_with("/*") {
        rest = rest[token_len(rest)..].trim_start();
    }
    rest.is_empty()
}

/// The length of the quoted text or comment that the text begins with, else of its first character.
fn token_len(text: &str) -> usize {
    let until = |open: usize, close: &str| {
        text[open..].find(close).map_or(text.len(), |at| open + at + close.len())
    };
    match text.as_bytes() {
        [b'\'', ..] => until(1, "'"),
        [b'"', ..] => until(1, "\""),
        [b'-', b'-', ..] => until(2, "\n"),
        [b'/', b'*', ..] => until(2, "*/"),
        [b'$', b'$', ..] => until(2, "$$"),
        _ => text.chars().next().map_or(1, char::len_utf8),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn semicolons_end_statements_and_nothing_else_does() {
        let text = "SELECT ';' -- a; b\n; /* ; */ SELECT \"a;b\"; ; SELECT $$;$$";
        assert_eq!(
            split(text),
            (vec!["SELECT ';' -- a; b", "/* ; */ SELECT \"a;b\""], "SELECT $$;$$")
        );
    }

    #[test]
    fn an_open_quote_keeps_the_rest_together() {
        assert_eq!(split("SELECT 'it''s; SELECT 1 \n"), (vec![], "SELECT 'it''s; SELECT 1 \n"));
    }

    #[test]
    fn comments_alone_are_no_statement() {
        assert!(is_blank(" -- nothing\n/* here */ "));
        assert!(!is_blank("-- one\nSELECT 1"));
    }
}
