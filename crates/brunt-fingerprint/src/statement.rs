//! What of a message counts beside a stack, without what is worded anew for each error or in each release.

use crate::template::MASK;
use crate::text::{
    Lines, after, before, byte, cap, find, indent, rsplit_at, split_at, split_byte, until,
};
use crate::words::Words;

/// Words without which a line says nothing.
const WORDS_MIN: usize = 3;
/// A message that only points to the cause is never longer.
const POINTER_BYTES_MAX: usize = 256;
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

/// Of a message that lists what was refused, the first of it: the model, the field and the sentence. How many there are
/// and what was given changes with the input:
///
/// ```text
/// 2 validation errors for Order
/// items.0.price
///   Input should be a valid integer [type=int_type, input_value='abc', input_type=str]
/// ```
pub(crate) fn first_listed(message: &str) -> Option<String> {
    if !byte(message, 0)?.is_ascii_digit() {
        return None;
    }
    let mut lines = Lines::of(message).map(|(_, line)| line.trim_ascii_end());
    let (count, listed) = lines.next()?.split_once(' ')?;
    let (kind, model) = split_at(listed, " for ")?;
    let is_list = count.bytes().all(|b| b.is_ascii_digit())
        && (kind.ends_with(" error") || kind.ends_with(" errors"));
    let next = lines.next().filter(|_| is_list)?;
    // What is wrong with the whole has no field.
    let (field, sentence) = match indent(next) {
        0 => (next, lines.next().filter(|line| indent(line) > 0)?),
        _ => ("", next),
    };
    let sentence = until(until(sentence.trim_ascii(), " [type="), " (type=");
    let mut text = format!("{model} ");
    // Which of a list it is does not count: `items.0.price`, `items -> 0 -> price`.
    for part in field.split_inclusive(['.', ' ']) {
        let name = part.trim_end_matches(['.', ' ']);
        let is_index = !name.is_empty() && name.bytes().all(|b| b.is_ascii_digit());
        text.push_str(if is_index { MASK } else { name });
        text.push_str(after(part, name.len()));
    }
    text.extend([" ", sentence]);
    Some(text)
}

/// Whether a message says only that the cause says what went wrong, as Entity Framework's does: `An error occurred
/// while saving the entity changes. See the inner exception for details.`
pub(crate) fn points_to_cause(message: &str) -> bool {
    find(cap(message, POINTER_BYTES_MAX), "inner exception").is_some()
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
    fn a_message_may_point_to_the_cause() {
        assert!(points_to_cause("It failed. See the inner exception for details."));
        assert!(!points_to_cause("It failed.") && !points_to_cause(""));
        assert!(!points_to_cause(&format!("{} inner exception", "it failed ".repeat(30))));
    }

    #[test]
    fn the_first_of_a_list_says_what_was_refused() {
        for (message, said) in [
            (
                "1 validation error for Card\nnumber\n  Field required [type=missing, input_value={'a': '['}, input_type=dict]\n    For further information visit https://a",
                Some("Card number Field required"),
            ),
            (
                "2 validation errors for Card\r\nnumber\r\n  Field required [type=missing]\r\nname\r\n  Field required",
                Some("Card number Field required"),
            ),
            (
                "12 validation errors for Order\nitems.0.price\n  Input should be a valid integer [type=int_type]",
                Some("Order items.<*>.price Input should be a valid integer"),
            ),
            (
                "1 validation error for Order\nitems -> 0 -> price\n  value is not a valid integer (type=type_error.integer)",
                Some("Order items -> <*> -> price value is not a valid integer"),
            ),
            (
                "1 validation error for Span\n  Value error, it ends before it starts [type=value_error]",
                Some("Span  Value error, it ends before it starts"),
            ),
            ("1 validation error for Card", None),
            ("1 validation error for Card\nnumber", None),
            ("1 validation error for Card\nnumber\nname", None),
            ("12 orders for Card\nnumber\n  Field required", None),
            ("one error for Card\nnumber\n  Field required", None),
            ("1st error for Card\nnumber\n  Field required", None),
            ("", None),
        ] {
            assert_eq!(first_listed(message).as_deref(), said, "{message}");
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
