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

/// All names that can stand in a query, sorted.
#[derive(Debug, Helper, Highlighter, Hinter, Validator)]
pub(super) struct Completion {
    words: Vec<String>,
}

impl Completion {
    pub(super) async fn of(session: &Session) -> Result<Self, Failure> {
        let sql = "SELECT table_name AS word FROM information_schema.tables \
                   WHERE table_schema IN ('public', 'system') \
                   UNION SELECT column_name FROM information_schema.columns WHERE table_schema IN ('public', 'system') \
                   UNION SELECT name FROM system.functions";
        let rows = fetch(session, sql).await?;
        let names =
            (0..rows.len()).filter_map(|row_idx| rows.text(row_idx, "word").map(str::to_owned));
        let mut words: Vec<String> =
            names.chain(KEYWORDS.iter().map(|word| (*word).to_owned())).collect();
        words.sort();
        words.dedup();
        Ok(Self { words })
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
        let before = &line[..pos];
        if before.starts_with('\\') && !before.contains(' ') {
            let matching =
                COMMANDS.iter().map(|command| command.name).filter(|name| name.starts_with(before));
            return Ok((0, matching.map(pair).collect()));
        }
        let start = before.rfind(|c: char| !c.is_alphanumeric() && c != '_').map_or(0, |at| at + 1);
        let prefix = before[start..].to_lowercase();
        if prefix.is_empty() {
            return Ok((start, Vec::new()));
        }
        let matching = self.words.iter().filter(|word| word.to_lowercase().starts_with(&prefix));
        Ok((start, matching.map(|word| pair(word)).collect()))
    }
}

fn pair(word: &str) -> Pair {
    Pair { display: word.to_owned(), replacement: word.to_owned() }
}
