//! How long rows are kept, as `[[retention]]` tables of `retention.toml` say it: by table and age in whole days.

use brunt_model::{Table, TableKind, table, tables};
use toml::de::DeTable;

use super::toml_table::{Reader, TomlTable};
use crate::error::Error;
use crate::nearest::nearest;

/// Longer is for ever.
const DAYS_MAX: i32 = 36_525;

/// How long the rows of a table are kept.
#[derive(Debug, Clone)]
pub(crate) struct Retention {
    pub(crate) table: &'static Table,
    /// At least 1: rows of today and so many days before are kept.
    pub(crate) keep_days: i32,
}

/// The rules of the file, and all that is wrong with it; a rule with a fault is left out.
pub(super) fn parse(file: &str, text: &str) -> (Vec<Retention>, Vec<Error>) {
    let mut reader = Reader::new(file, text);
    let mut retentions: Vec<Retention> = Vec::new();
    match DeTable::parse(text) {
        Ok(root) => {
            let root = TomlTable::root(root.get_ref());
            reader.refuse_unknown_keys(&root, &["retention"]);
            for of in reader.tables(&root, "retention") {
                let Some(retention) = read(&mut reader, &of) else { continue };
                if retentions.iter().any(|other| other.table.name == retention.table.name) {
                    let message = format!("\"{}\" has a retention twice", retention.table.name);
                    reader.fault(of.line, message, "Drop one of them.");
                }
                retentions.push(retention);
            }
        }
        Err(error) => reader.syntax_fault(&error),
    }
    (retentions, reader.faults)
}

fn read(reader: &mut Reader<'_>, of: &TomlTable<'_>) -> Option<Retention> {
    reader.refuse_unknown_keys(of, &["table", "keep"]);
    let name = reader.required(of, "table")?;
    let keep = reader.required(of, "keep")?;
    let table = table(name.text).filter(|table| refusal(table).is_none());
    if table.is_none() {
        let message = format!("\"table\" of {} is \"{}\"", of.what, name.text);
        reader.fault(name.line, message, table_hint(name.text));
    }
    let keep_days = days(keep.text);
    if keep_days.is_none() {
        let message = format!("\"keep\" of {} is \"{}\"", of.what, keep.text);
        reader.fault(
            keep.line,
            message,
            "Write a number of days, weeks, months of 30 days or years, such as \"90 days\".",
        );
    }
    Some(Retention { table: table?, keep_days: keep_days? })
}

/// What to write in the place of a table that is none, or that cannot have a retention.
fn table_hint(name: &str) -> String {
    if let Some(why) = table(name).and_then(refusal) {
        return why.to_owned();
    }
    let names = || tables().iter().filter(|table| refusal(table).is_none());
    if let Some(meant) = nearest(name, names().map(|table| table.name)) {
        return format!("Perhaps you meant \"{meant}\".");
    }
    let all: Vec<&str> = names().map(|table| table.name).collect();
    format!("It is one of {}.", all.join(", "))
}

/// Why the rows of a table cannot have an age of their own, as a whole sentence.
fn refusal(table: &Table) -> Option<&'static str> {
    match (table.name, table.kind) {
        ("account_updates", _) => {
            Some("An account is what its last update says, however old that is.")
        }
        ("tickets", _) => {
            Some("Tickets go with their updates: give a retention to ticket_updates.")
        }
        ("accounts", _) => Some("Accounts are what their updates say, however old those are."),
        ("error_aliases", _) => Some("Old ids of error groups are found by what it holds."),
        ("error_group_updates", _) => Some("What was decided holds until something else is."),
        ("rejects", _) | (_, TableKind::Base | TableKind::Derived) => None,
        (_, TableKind::System) => Some("Loads are known, and taken back, by what it holds."),
    }
}

/// `30 days`, `12 weeks`, `2 years`.
fn days(text: &str) -> Option<i32> {
    let text = text.trim();
    let unit = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let number: i32 = text.strip_suffix(unit)?.parse().ok()?;
    let days = match unit.trim() {
        "d" | "day" | "days" => 1,
        "w" | "week" | "weeks" => 7,
        "month" | "months" => 30,
        "y" | "year" | "years" => 365,
        _ => return None,
    };
    number.checked_mul(days).filter(|days| (1..=DAYS_MAX).contains(days))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_is_a_table_and_an_age() {
        let text = "[[retention]]\ntable = \"logs\"\nkeep = \"30 days\"\n\
                    [[retention]]\ntable = \"sessions\"\nkeep = \"2 years\"\n";
        let (retentions, faults) = parse("retention.toml", text);
        assert!(faults.is_empty(), "{faults:?}");
        let read: Vec<_> = retentions.iter().map(|it| (it.table.name, it.keep_days)).collect();
        assert_eq!(read, [("logs", 30), ("sessions", 730)]);
    }

    #[test]
    fn what_cannot_be_kept_so_is_refused_with_its_line() {
        for (table, keep, line, message, hint) in [
            (
                "log",
                "30 days",
                2,
                "\"table\" of a retention is \"log\"",
                "Perhaps you meant \"logs\".",
            ),
            (
                "accounts",
                "30 days",
                2,
                "\"table\" of a retention is \"accounts\"",
                "Accounts are what their updates say, however old those are.",
            ),
            (
                "logs",
                "30 minutes",
                3,
                "\"keep\" of a retention is \"30 minutes\"",
                "Write a number of days, weeks, months of 30 days or years, such as \"90 days\".",
            ),
            (
                "duplicates",
                "1 day",
                2,
                "\"table\" of a retention is \"duplicates\"",
                "Loads are known, and taken back, by what it holds.",
            ),
        ] {
            let text = format!("[[retention]]\ntable = \"{table}\"\nkeep = \"{keep}\"\n");
            let (retentions, faults) = parse("retention.toml", &text);
            assert!(retentions.is_empty());
            let [Error::Definition { line: at, message: said, hint: Some(advice), .. }] =
                &faults[..]
            else {
                panic!("{faults:?}")
            };
            assert_eq!((*at, said.as_str(), advice.as_str()), (line, message, hint));
        }
        let twice = "[[retention]]\ntable = \"logs\"\nkeep = \"1 day\"\n".repeat(2);
        assert_eq!(parse("retention.toml", &twice).1.len(), 1);
    }
}
