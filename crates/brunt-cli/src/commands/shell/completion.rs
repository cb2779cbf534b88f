//! Completion of tables, columns, functions, keywords and backslash commands.

use brunt::Session;
use rustyline::completion::{Completer, Pair};
use rustyline::{Context, Helper, Highlighter, Hinter, Validator};

use super::super::rows::fetch;
use super::meta::COMMANDS;
use crate::failure::Failure;

const KEYWORDS: &[&str] = &[
    "SELECT",
    "FROM",
    "WHERE",
    "GROUP BY",
    "ORDER BY",
    "HAVING",
    "LIMIT",
    "JOIN",
    "LEFT JOIN",
    "ON",
    "USING",
    "WITH",
    "AS",
    "AND",
    "OR",
    "NOT",
    "IN",
    "IS NULL",
    "IS NOT NULL",
    "BETWEEN",
    "LIKE",
    "ILIKE",
    "CASE",
    "WHEN",
    "THEN",
    "ELSE",
    "END",
    "DISTINCT",
    "UNION ALL",
    "INTERVAL",
    "DESC",
    "EXPLAIN",
    "SHOW",
    "SET",
];

/// Words after which a relation is named, until another keyword comes.
const BEFORE_RELATIONS: [&str; 3] = ["FROM", "JOIN", "TABLE"];

/// Keywords that say what is named after them, beside [`BEFORE_RELATIONS`].
const BEFORE_EXPRESSIONS: [&str; 11] =
    ["SELECT", "WHERE", "ON", "USING", "BY", "HAVING", "AND", "OR", "WITH", "LIMIT", "SET"];

/// All names that can stand in a query, sorted.
#[derive(Debug, Default, Helper, Highlighter, Hinter, Validator)]
pub(super) struct Completion {
    /// Tables and views, those of other schemas than `public` with their schema, and table functions.
    relations: Vec<String>,
    /// Columns, the other functions, relations and keywords.
    words: Vec<String>,
    /// The lines of the statement before the one that is edited.
    open: String,
}

impl Completion {
    pub(super) async fn of(session: &Session) -> Result<Self, Failure> {
        let relations = "SELECT CASE table_schema WHEN 'public' THEN '' ELSE table_schema || '.' END || table_name AS word \
                         FROM information_schema.tables WHERE table_schema IN ('public', 'system') \
                         UNION SELECT name FROM system.functions WHERE kind = 'table'";
        let words = "SELECT column_name AS word FROM information_schema.columns WHERE table_schema IN ('public', 'system') \
                     UNION SELECT name FROM system.functions WHERE kind <> 'table'";
        Ok(Self::new(names(session, relations).await?, names(session, words).await?))
    }

    fn new(mut relations: Vec<String>, names: Vec<String>) -> Self {
        let keywords = KEYWORDS.iter().map(|word| (*word).to_owned());
        let mut words: Vec<String> =
            names.into_iter().chain(relations.iter().cloned()).chain(keywords).collect();
        for list in [&mut relations, &mut words] {
            list.sort();
            list.dedup();
        }
        Self { relations, words, open: String::new() }
    }

    /// Says what was entered of the statement already.
    pub(super) fn set_open(&mut self, text: &str) {
        text.clone_into(&mut self.open);
    }

    /// Where the word before the cursor begins in the line, and what it may become.
    fn candidates(&self, before: &str) -> (usize, Vec<&str>) {
        let is_command = self.open.is_empty() && before.starts_with('\\');
        if is_command && !before.contains(' ') {
            let names = COMMANDS.iter().map(|command| command.name);
            return (0, names.filter(|name| name.starts_with(before)).collect());
        }
        let is_relation = if is_command {
            before.starts_with("\\d")
        } else {
            wants_relation(&format!("{}{before}", self.open))
        };
        let is_part = |c: char| c.is_alphanumeric() || c == '_' || (is_relation && c == '.');
        let start = before.rfind(|c| !is_part(c)).map_or(0, |at| at + 1);
        let prefix = before[start..].to_lowercase();
        let list = if is_relation { &self.relations } else { &self.words };
        // Of words without a beginning there are too many; of relations not.
        if prefix.is_empty() && !is_relation {
            return (start, Vec::new());
        }
        let is_qualified = before[..start].ends_with('.');
        let fits = |word: &&str| {
            word.to_lowercase().starts_with(&prefix) && !(is_qualified && KEYWORDS.contains(word))
        };
        (start, list.iter().map(String::as_str).filter(fits).collect())
    }
}

impl Completer for Completion {
    type Candidate = Pair;

    fn complete(
        &self,
        line: &str,
        pos: usize,
        _ctx: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<Pair>)> {
        let (start, words) = self.candidates(&line[..pos]);
        Ok((start, words.into_iter().map(pair).collect()))
    }
}

/// Whether the word that a text ends with stands where a relation is named: right after FROM or JOIN, or after a comma
/// in a list of relations.
fn wants_relation(text: &str) -> bool {
    let finished = text.rfind(|c: char| !c.is_alphanumeric() && c != '_' && c != '.');
    let finished = finished.map_or("", |at| &text[..=at]);
    let is_new_item = finished.trim_end().ends_with(',');
    let mut words = finished
        .split(|c: char| !c.is_alphanumeric() && c != '_' && c != '.')
        .filter(|word| !word.is_empty())
        .rev();
    let is = |list: &[&str], word: &str| list.iter().any(|one| word.eq_ignore_ascii_case(one));
    if !is_new_item {
        return words.next().is_some_and(|word| is(&BEFORE_RELATIONS, word));
    }
    words
        .find(|word| is(&BEFORE_RELATIONS, word) || is(&BEFORE_EXPRESSIONS, word))
        .is_some_and(|word| is(&BEFORE_RELATIONS, word))
}

async fn names(session: &Session, sql: &str) -> Result<Vec<String>, Failure> {
    let rows = fetch(session, sql).await?;
    let word = |row_idx| rows.text(row_idx, "word").map(str::to_owned);
    Ok((0..rows.len()).filter_map(word).collect())
}

fn pair(word: &str) -> Pair {
    Pair { display: word.to_owned(), replacement: word.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn completion(open: &str) -> Completion {
        let list = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let mut completion = Completion::new(
            list(&["logs", "logs_enriched", "system.loads", "error_impact"]),
            list(&["load_id", "log", "session_id", "lower"]),
        );
        completion.set_open(open);
        completion
    }

    fn complete(before: &str) -> Vec<String> {
        let completion = completion("");
        completion.candidates(before).1.into_iter().map(str::to_owned).collect()
    }

    #[test]
    fn after_from_and_join_there_are_relations_only() {
        for before in [
            "SELECT * FROM lo",
            "select * from LO",
            "SELECT * FROM spans s JOIN lo",
            "SELECT * FROM spans, lo",
            "SELECT (SELECT max(ts) FROM lo",
            "\\d lo",
        ] {
            assert_eq!(complete(before), ["logs", "logs_enriched"], "{before}");
        }
        assert_eq!(complete("SELECT * FROM system.l"), ["system.loads"]);
        assert_eq!(complete("SELECT * FROM error_"), ["error_impact"]);
        assert_eq!(complete("SELECT * FROM ").len(), 4);
    }

    #[test]
    fn elsewhere_there_are_columns_functions_keywords_and_relations() {
        let all = ["load_id", "log", "logs", "logs_enriched", "lower"];
        for before in [
            "SELECT lo",
            "SELECT * FROM logs WHERE lo",
            "SELECT a, lo",
            "SELECT * FROM logs l ORDER BY ts, lo",
        ] {
            assert_eq!(complete(before), all, "{before}");
        }
        assert_eq!(complete("SELECT l.se"), ["session_id"]);
        assert_eq!(complete("SELECT * FROM logs wh"), ["WHEN", "WHERE"]);
        assert!(complete("SELECT ").is_empty());
    }

    #[test]
    fn a_statement_may_have_begun_on_another_line() {
        assert_eq!(completion("SELECT *\nFROM\n").candidates("logs_").1, ["logs_enriched"]);
        assert_eq!(
            completion("SELECT *\nFROM logs\n").candidates("WHERE ses"),
            (6, vec!["session_id"])
        );
    }

    #[test]
    fn commands_are_completed_where_a_line_begins() {
        assert_eq!(complete("\\d"), ["\\d", "\\dt", "\\dv", "\\df"]);
        assert_eq!(complete("\\ti"), ["\\timing"]);
    }
}
