//! A TOML table with the lines of its keys, read key by key so that a fault can say where it is and what was meant.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::error::Error;
use crate::nearest::nearest;

/// A file of definitions while it is read: its name, its text, and what was found wrong so far.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    file: &'a str,
    text: &'a str,
    pub(super) faults: Vec<Error>,
}

/// One table of the file; what it is called in messages, such as `journey "checkout"`.
#[derive(Debug)]
pub(super) struct TomlTable<'a> {
    pub(super) what: String,
    pub(super) line: usize,
    table: &'a DeTable<'a>,
}

/// A text and the line that it is on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Text<'a> {
    pub(super) text: &'a str,
    pub(super) line: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(file: &'a str, text: &'a str) -> Self {
        Self { file, text, faults: Vec::new() }
    }

    /// Notes a fault: a message without full stop, and a whole sentence that says what to do.
    pub(super) fn fault(&mut self, line: usize, message: String, hint: impl Into<String>) {
        let file = self.file.to_owned();
        self.faults.push(Error::Definition { file, line, message, hint: Some(hint.into()) });
    }

    /// Notes that the file is no TOML.
    pub(super) fn syntax_fault(&mut self, error: &toml::de::Error) {
        let line = error.span().map_or(0, |span| self.line(&span));
        let first_line = error.message().lines().next().unwrap_or_default();
        let message = format!("the file is not TOML: {}", first_line.trim_end_matches('.'));
        self.fault(
            line,
            message,
            "Correct the line; texts stand in quotes, and a list of tables begins with [[name]].",
        );
    }

    pub(super) fn line(&self, span: &Range<usize>) -> usize {
        let end = span.start.min(self.text.len());
        1 + self.text[..end].matches('\n').count()
    }

    /// Notes every key that is not among `known`.
    pub(super) fn refuse_unknown_keys(&mut self, table: &TomlTable<'_>, known: &[&str]) {
        for key in table.table.keys() {
            let name = key.get_ref().as_ref();
            if known.contains(&name) {
                continue;
            }
            let message = format!("{} has a key \"{name}\" that brunt does not know", table.what);
            let hint = match nearest(name, known.iter().copied()) {
                Some(meant) => format!("Perhaps you meant \"{meant}\"."),
                None => format!("It takes: {}.", known.join(", ")),
            };
            let line = self.line(&key.span());
            self.fault(line, message, hint);
        }
    }

    /// The text under a key; `None` where the key is absent, or holds something else, which is then noted.
    pub(super) fn text<'t>(&mut self, table: &TomlTable<'t>, key: &str) -> Option<Text<'t>> {
        let value = table.table.get(key)?;
        let line = self.line(&value.span());
        let Some(text) = value.get_ref().as_str() else {
            let kind = value.get_ref().type_str();
            let message = format!("\"{key}\" of {} is {kind} and not a text", table.what);
            self.fault(line, message, format!("Write {key} = \"...\"."));
            return None;
        };
        Some(Text { text, line })
    }

    /// The text under a key that must be there and not empty; its absence is noted.
    pub(super) fn required<'t>(&mut self, table: &TomlTable<'t>, key: &str) -> Option<Text<'t>> {
        if !table.table.contains_key(key) {
            let message = format!("{} has no \"{key}\"", table.what);
            self.fault(table.line, message, format!("Add {key} = \"...\"."));
            return None;
        }
        let text = self.text(table, key)?;
        if text.text.trim().is_empty() {
            let message = format!("\"{key}\" of {} is empty", table.what);
            self.fault(text.line, message, format!("Write {key} = \"...\"."));
            return None;
        }
        Some(text)
    }

    /// The tables of a `[[key]]` list, in order; anything else under the key is noted.
    pub(super) fn tables<'t>(&mut self, parent: &TomlTable<'t>, key: &str) -> Vec<TomlTable<'t>> {
        let Some(value) = parent.table.get(key) else { return Vec::new() };
        let line = self.line(&value.span());
        let items: &'t [Spanned<DeValue<'t>>] = match value.get_ref().as_array() {
            Some(items) => items,
            None => &[],
        };
        let mut tables = Vec::new();
        for item in items {
            if let Some(table) = item.get_ref().as_table() {
                let line = self.line(&item.span());
                tables.push(TomlTable { what: format!("a {key}"), line, table });
            }
        }
        if tables.is_empty() || tables.len() < items.len() {
            let message = format!("\"{key}\" is not a list of tables");
            self.fault(line, message, format!("Begin each with [[{key}]] on a line of its own."));
        }
        tables
    }
}

impl<'a> TomlTable<'a> {
    /// The file as a whole.
    pub(super) fn root(table: &'a DeTable<'a>) -> Self {
        Self { what: "the file".to_owned(), line: 1, table }
    }
}
