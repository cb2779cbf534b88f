//! What of a message counts beside a stack, without what is worded anew for each error or in each release.

use crate::text::{Lines, before, rsplit_at, split_byte};
use crate::words::Words;

/// Words without which a line says nothing.
const WORDS_MIN: usize = 3;
/// What lines begin with that give details of a line above: those of `SQLAlchemy` and Jackson.
const DETAILS: [&str; 4] = ["[SQL:", "[parameters:", "(Background on this error", "at [Source"];
/// What `PostgreSQL` calls its details, a colon behind it. Its drivers write them in their own case.
static FIELDS: Words = Words::new(&[
    "detail",
    "hint",
    "context",
    "where",
    "query",
    "position",
    "schema",
    "schema name",
    "table name",
    "column name",
    "constraint name",
    "location",
    "internal query",
    "internal position",
    "server sqlstate",
]);

/// A message up to the first line of details.
pub(crate) fn statement(message: &str) -> &str {
    let message = message.trim_ascii();
    let end = Lines::of(message).skip(1).find(|(_, line)| is_detail(line));
    end.map_or(message, |(start, _)| before(message, start).trim_ascii_end())
}

/// Of a message that refuses an input, the first line that says something, without what stands behind its last colon:
/// below and behind it is the input, of which no two are alike. A line that ends with a colon announces the next one,
/// whatever it has in brackets behind it.
pub(crate) fn refusal(message: &str) -> &str {
    let message = message.trim_ascii();
    let says_it = |line: &str| n_words(line) >= WORDS_MIN && !without_aside(line).ends_with(':');
    let said = Lines::of(message).find(|(_, line)| says_it(line.trim_ascii()));
    let (start, line) = said.unwrap_or((message.len(), ""));
    let subject = rsplit_at(line, ": ").map(|(subject, _)| subject);
    let subject = subject.filter(|subject| n_words(subject) >= WORDS_MIN).unwrap_or(line);
    before(message, start + subject.len()).trim_ascii_end()
}

fn is_detail(line: &str) -> bool {
    let line = line.trim_ascii_start();
    let is_field = |(name, _): (&str, &str)| {
        // The line of the query that it is about: `LINE 1:`.
        let number = name.strip_prefix("LINE ").unwrap_or("");
        FIELDS.have_in_any_case(name)
            || (!number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
    };
    split_byte(line, b':').is_some_and(is_field)
        || DETAILS.iter().any(|detail| line.starts_with(detail))
}

fn n_words(text: &str) -> usize {
    // More than a mark or a name of one letter.
    let is_word = |text: &&str| text.chars().filter(|c| c.is_alphabetic()).nth(1).is_some();
    text.split_ascii_whitespace().filter(is_word).count()
}

/// A line without what it has in brackets at its end.
fn without_aside(line: &str) -> &str {
    let open = line.ends_with([')', ']']).then(|| line.rfind(['(', '['])).flatten();
    open.map_or(line, |open| before(line, open).trim_ascii_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn details_below_a_statement_go() {
        for (message, said) in [
            ("", ""),
            ("declined", "declined"),
            (
                "duplicate key value violates unique constraint \"a\"\nDETAIL: Key (id)=(5) already exists.",
                "duplicate key value violates unique constraint \"a\"",
            ),
            (
                "(sqlite3.OperationalError) no such table: a\r\n[SQL: SELECT 1]\n(Background on this error at: https://a)",
                "(sqlite3.OperationalError) no such table: a",
            ),
            (
                "Unrecognized field \"a\"\n at [Source: (String)\"{}\"; line: 1]",
                "Unrecognized field \"a\"",
            ),
            ("ERROR: no such column\n  Hint: Perhaps you meant \"a\".", "ERROR: no such column"),
            ("ERROR: no such column\n  Position: 12", "ERROR: no such column"),
            ("ERROR: no such column\r\nLINE 12: SELECT b", "ERROR: no such column"),
            ("ERROR: a\n  Where: PL/pgSQL function f() line 3\nb", "ERROR: a"),
            ("[ERROR: a\n  Detail: Key (b)=(c) exists.] [insert into d]", "[ERROR: a"),
            ("a\nDetails: b", "a\nDetails: b"),
            ("a\nLINE: b", "a\nLINE: b"),
            ("a\nsomewhere: b", "a\nsomewhere: b"),
            // What failed may stand below what was tried.
            (
                "Command failed: git push\nfatal: repository not found",
                "Command failed: git push\nfatal: repository not found",
            ),
            ("DETAIL: none", "DETAIL: none"),
        ] {
            assert_eq!(statement(message), said);
        }
    }

    #[test]
    fn a_refusal_does_without_the_input() {
        for (message, said) in [
            ("", ""),
            ("For input string: \"E10001\"", "For input string"),
            ("Unknown string format: next tuesday", "Unknown string format"),
            (
                "Expecting value: line 1 column 1 (char 0)",
                "Expecting value: line 1 column 1 (char 0)",
            ),
            (
                "1 validation error for Card\nnumber\n  Field required",
                "1 validation error for Card",
            ),
            ("a b c\nd", "a b c\nd"),
            ("\n\nno such card\n", "no such card"),
            ("Zahlung über Ätna schlug fehl: größer\r\nmehr", "Zahlung über Ätna schlug fehl"),
            // Something is announced.
            (
                "Parse error on line 1:\n{{a\n--^\nExpecting an 'ID', got 'EOF'",
                "Parse error on line 1:\n{{a\n--^\nExpecting an 'ID', got 'EOF'",
            ),
            (
                "Template render error: (unknown path)\n  unknown block tag\nmore",
                "Template render error: (unknown path)\n  unknown block tag",
            ),
            // Nothing is said before.
            (
                "[\n  {\n    \"code\": \"too_small\",\n    \"message\": \"at least one item\"\n  }\n]",
                "[\n  {\n    \"code\": \"too_small\",\n    \"message\": \"at least one item\"",
            ),
        ] {
            assert_eq!(refusal(message), said);
        }
    }
}
