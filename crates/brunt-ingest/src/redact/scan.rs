//! What personal or secret a column holds: what would be masked if every mask were on, with samples that show its shape.

use arrow::array::{ArrayRef, AsArray};
use brunt_model::{Column, ColumnType, Table};

use crate::redact::IDS;
use crate::redact::mask::Kind;
use crate::redact::policy::{Policy, Redactor};
use crate::redact::tally::{Done, Tally};

/// Samples are no longer, in characters.
const SAMPLE_CHARS_MAX: usize = 40;

/// Columns that hold ids of our own or of records, which mean nobody.
const MEANINGLESS: &[&str] = &[
    "trace_id",
    "span_id",
    "parent_span_id",
    "event_id",
    "view_id",
    "commit_id",
    "load_id",
    "ts_quality",
];

/// Something personal or secret that a field holds.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Personal {
    pub table: &'static str,
    pub column: &'static str,
    /// Inside JSON: `key.key`, where `*` stands for keys that are no names of fields.
    pub key: Option<String>,
    pub kind: Kind,
    /// How many were found.
    pub n_found: u64,
    /// The shape of the first: `x` for letters, `9` for digits.
    pub sample: String,
    /// What a redaction policy should do to it.
    pub advice: Advice,
}

/// What a redaction policy can do to what was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Advice {
    /// It is an id, by which rows are joined.
    Hash,
    /// The field holds hardly anything else.
    Drop,
    /// It stands among other words.
    Mask,
}

/// Looks through columns, batch by batch.
#[derive(Debug)]
pub struct Scanner {
    redactor: Redactor,
    tally: Tally,
}

impl Default for Scanner {
    fn default() -> Self {
        Self { redactor: Redactor::new(Policy::all_masks()), tally: Tally::with_samples() }
    }
}

impl Scanner {
    /// Whether there can be something to find in a column.
    pub fn reads(column: &Column) -> bool {
        let is_text =
            matches!(column.ty, ColumnType::Text | ColumnType::Json | ColumnType::TextArray);
        is_text && !MEANINGLESS.contains(&column.name)
    }

    /// Looks through values of a column, which must be of its type.
    pub fn scan(&mut self, table: &'static Table, column: &'static Column, values: &ArrayRef) {
        let mut spot = self.tally.at(table.name, column.name);
        match column.ty {
            ColumnType::Text if values.as_string_opt::<i32>().is_some() => {
                self.redactor
                    .redact_rows(values, |text| self.redactor.redact_text(text, &mut spot));
            }
            ColumnType::Json if values.as_string_opt::<i32>().is_some() => {
                self.redactor
                    .redact_rows(values, |text| self.redactor.redact_json(text, &mut spot));
            }
            ColumnType::TextArray if values.as_list_opt::<i32>().is_some() => {
                self.redactor.redact_lists(values, &mut spot);
            }
            _ => {}
        }
    }

    /// What was found, by table, column, key and kind.
    pub fn finish(self) -> Vec<Personal> {
        let counts = self.tally.into_counts();
        counts
            .filter_map(|((table, column, path, done), count)| {
                let Done::Masked(kind) = done else { return None };
                let is_field = !path.is_empty() && !path.contains('*');
                let advice = if IDS.contains(&column) {
                    Advice::Hash
                } else if is_field && count.n_whole * 2 > count.n {
                    Advice::Drop
                } else {
                    Advice::Mask
                };
                let key = Some(path).filter(|path| !path.is_empty());
                let (n_found, sample) = (count.n, shape(&count.sample));
                Some(Personal { table, column, key, kind, n_found, sample, advice })
            })
            .collect()
    }
}

impl Personal {
    /// The advice in the words of a policy: `mask "ip"`, `drop "user.email"`, `hash "user_id"`.
    pub fn suggestion(&self) -> String {
        match self.advice {
            Advice::Hash => format!("hash \"{}\"", self.field()),
            Advice::Drop => format!("drop \"{}\"", self.field()),
            Advice::Mask => format!("mask \"{}\"", self.kind.name()),
        }
    }

    fn field(&self) -> &str {
        self.key.as_deref().unwrap_or(self.column)
    }
}

/// A policy that hides what the present one does and would have hidden all of this too, as TOML.
pub fn policy_for(found: &[Personal], present: &Policy) -> String {
    let mut kinds = present.masks();
    kinds.extend(found.iter().filter(|it| it.advice == Advice::Mask).map(|it| it.kind));
    kinds.sort_unstable();
    kinds.dedup();
    let kinds: Vec<String> = kinds.iter().map(|kind| format!("\"{}\"", kind.name())).collect();
    let mut advised: Vec<(&str, &str)> = found
        .iter()
        .filter_map(|it| match it.advice {
            Advice::Hash => Some((it.field(), "hash")),
            Advice::Drop => Some((it.field(), "drop")),
            Advice::Mask => None,
        })
        .collect();
    advised.sort_unstable();
    advised.dedup();
    let mut toml = format!("mask = [{}]\n", kinds.join(", "));
    // The first rule for a field is the one that holds: what is kept now stays only where nothing was found.
    let (kept, hidden): (Vec<_>, Vec<_>) =
        present.rules_by_table().partition(|(_, action, _)| *action == "keep");
    let advised = advised.into_iter().map(|(field, action)| (field, action, None));
    for (field, action, table) in hidden.into_iter().chain(advised).chain(kept) {
        let field = toml::Value::from(field);
        toml.push_str(&format!("\n[[rule]]\nfield = {field}\naction = \"{action}\"\n"));
        if let Some(table) = table {
            toml.push_str(&format!("table = \"{table}\"\n"));
        }
    }
    toml
}

/// What a text looks like, without what it says.
fn shape(text: &str) -> String {
    let shown = |character: char| match character {
        _ if character.is_uppercase() => 'X',
        _ if character.is_alphabetic() => 'x',
        _ if character.is_numeric() => '9',
        _ => character,
    };
    let mut shape: String = text.chars().take(SAMPLE_CHARS_MAX).map(shown).collect();
    if text.chars().nth(SAMPLE_CHARS_MAX).is_some() {
        shape.push('…');
    }
    shape
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ListBuilder, StringArray, StringBuilder};
    use brunt_model::table;

    use super::*;

    fn scanned(columns: &[(&'static str, &[&str])]) -> Vec<Personal> {
        let tickets = table("ticket_updates").unwrap();
        let mut scanner = Scanner::default();
        for (name, values) in columns {
            let column = tickets.column(name).unwrap();
            assert!(Scanner::reads(column));
            let values: ArrayRef = if column.ty == ColumnType::TextArray {
                let mut lists = ListBuilder::new(StringBuilder::new());
                lists.append_value(values.iter().map(Some));
                Arc::new(lists.finish())
            } else {
                Arc::new(StringArray::from(values.to_vec()))
            };
            scanner.scan(tickets, column, &values);
        }
        scanner.finish()
    }

    #[test]
    fn what_is_found_has_its_place_its_shape_and_an_advice() {
        let found = scanned(&[
            ("user_id", &["ann@shop.example", "u-42"]),
            ("message", &["call +49 30 901820 or Bob@shop.example", "no", "a@b.example"]),
            ("labels", &["198.51.100.7"]),
            (
                "attributes",
                &[
                    r#"{"client":{"address":"203.0.113.9"},"password":"hunter2"}"#,
                    r#"{"client":{"address":"10.0.0.1"},"password":"[secret]"}"#,
                    r#"{"body":"{\"iban\":\"DE89370400440532013000\"}"}"#,
                ],
            ),
        ]);
        let rows: Vec<_> = found
            .iter()
            .map(|it| {
                let key = it.key.as_deref().unwrap_or("-");
                let kind = it.kind.name();
                format!(
                    "{} {key} {kind} {} {} {}",
                    it.column,
                    it.n_found,
                    it.sample,
                    it.suggestion()
                )
            })
            .collect();
        assert_eq!(
            rows,
            [
                "attributes body.iban iban 1 XX99999999999999999999 drop \"body.iban\"",
                "attributes client.address ip 1 999.9.999.9 drop \"client.address\"",
                "attributes password key 1 xxxxxx9 drop \"password\"",
                "labels - ip 1 999.99.999.9 mask \"ip\"",
                "message - email 2 Xxx@xxxx.xxxxxxx mask \"email\"",
                "message - phone 1 +99 99 999999 mask \"phone\"",
                "user_id - email 1 xxx@xxxx.xxxxxxx hash \"user_id\"",
            ]
        );
    }

    #[test]
    fn a_store_without_any_is_clean() {
        assert!(
            scanned(&[("message", &["order 12 at 14:21:13", "v1.2.3.4 of 4.0.0.0"])]).is_empty()
        );
        let of_time = table("logs").unwrap().column("ts").unwrap();
        let of_trace = table("logs").unwrap().column("trace_id").unwrap();
        assert!(!Scanner::reads(of_time) && !Scanner::reads(of_trace));
    }

    #[test]
    fn the_policy_that_is_proposed_is_one_and_hides_what_was_found() {
        let found = scanned(&[
            ("user_id", &["ann@shop.example"]),
            ("message", &["call +49 30 901820"]),
            ("attributes", &[r#"{"client":{"address":"203.0.113.9"}}"#]),
        ]);
        let toml = policy_for(&found, &Policy::default());
        assert_eq!(
            toml,
            "mask = [\"email\", \"card\", \"key\", \"phone\"]\n\n\
             [[rule]]\nfield = \"client.address\"\naction = \"drop\"\n\n\
             [[rule]]\nfield = \"user_id\"\naction = \"hash\"\n"
        );
        let policy = Policy::parse(&toml, "redaction.toml").unwrap();
        assert!(policy.hashes("user_id"));
        assert_eq!(policy_for(&[], &Policy::default()), "mask = [\"email\", \"card\", \"key\"]\n");
        let present = "mask = [\"email\", \"phone\"]\n\n[[rule]]\nfield = \"user_id\"\naction = \"drop\"\ntable = \"logs\"\n";
        let policy = Policy::parse(present, "r.toml").unwrap();
        assert_eq!(policy_for(&[], &policy), present);
        let kept =
            present.to_owned() + "\n[[rule]]\nfield = \"client.address\"\naction = \"keep\"\n";
        let more = policy_for(&found, &Policy::parse(&kept, "r.toml").unwrap());
        let more = Policy::parse(&more, "r.toml").unwrap();
        let rules: Vec<_> = more.rules_by_table().collect();
        assert_eq!(
            rules,
            [
                ("user_id", "drop", Some("logs")),
                ("client.address", "drop", None),
                ("user_id", "hash", None),
                ("client.address", "keep", None),
            ]
        );
    }
}
