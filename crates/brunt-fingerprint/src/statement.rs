//! What a message says, without the details that stand in lines below.

use crate::text::{Lines, before};

/// Words without which a line says nothing.
const WORDS_MIN: usize = 3;

/// A message up to its first line that says something: what a parser quotes of its input, a driver of a statement, and a
/// validator of a document stands below, and releases word it anew. A line that ends with a colon announces the next one,
/// whatever it has in brackets behind it. The whole message where no line says anything.
pub(crate) fn statement(message: &str) -> &str {
    let says_it = |line: &str| {
        let line = line.trim_ascii();
        let n_words = line.split_ascii_whitespace().filter(is_word).count();
        n_words >= WORDS_MIN && !without_aside(line).ends_with(':')
    };
    let said = Lines::of(message).find(|(_, line)| says_it(line));
    said.map_or(message, |(start, line)| before(message, start + line.len())).trim_ascii()
}

/// A line without what it has in brackets at its end.
fn without_aside(line: &str) -> &str {
    let open = line.ends_with([')', ']']).then(|| line.rfind(['(', '['])).flatten();
    open.map_or(line, |open| before(line, open).trim_ascii_end())
}

/// Whether there are letters enough for more than a mark or a name of one letter.
fn is_word(text: &&str) -> bool {
    text.chars().filter(|c| c.is_alphabetic()).nth(1).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn details_below_the_statement_go() {
        for (message, said) in [
            ("", ""),
            ("no such card", "no such card"),
            ("declined", "declined"),
            (
                "duplicate key value violates unique constraint \"a\"\nDETAIL: Key (id)=(5) already exists.",
                "duplicate key value violates unique constraint \"a\"",
            ),
            (
                "Unexpected character ('a' (code 97))\n at [Source: (String)\"{a: 1}\"; line: 1]",
                "Unexpected character ('a' (code 97))",
            ),
            // Something is announced.
            (
                "Parse error on line 1:\n{{a\n--^\nExpecting 'ID', got 'EOF'",
                "Parse error on line 1:\n{{a\n--^\nExpecting 'ID', got 'EOF'",
            ),
            (
                "Template render error: (unknown path)\n  unknown block tag: fro\nmore",
                "Template render error: (unknown path)\n  unknown block tag: fro",
            ),
            // Nothing is said before.
            (
                "[\n  {\n    \"code\": \"too_small\",\n    \"message\": \"at least one item\"\n  }\n]",
                "[\n  {\n    \"code\": \"too_small\",\n    \"message\": \"at least one item\"",
            ),
            ("a b c\nd", "a b c\nd"),
            ("\n\nno such card\n", "no such card"),
            ("Zahlung über Ätna schlug fehl\r\nmehr", "Zahlung über Ätna schlug fehl"),
        ] {
            assert_eq!(statement(message), said);
        }
    }
}
