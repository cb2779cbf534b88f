//! A journey: the steps that a person takes towards a conversion, as a `[[journey]]` of a TOML file says them.

use brunt_model::{Table, table};
use toml::de::DeTable;

use super::condition::{Condition, Wanted};
use super::toml_table::{Reader, Text, TomlTable};
use crate::error::Error;
use crate::nearest::nearest;

const MICROS_PER_MINUTE: i64 = 60_000_000;
const DAY_MICROS: i64 = 1_440 * MICROS_PER_MINUTE;

/// A journey; its last step converts.
#[derive(Debug, Clone)]
pub(crate) struct Journey {
    pub(crate) name: String,
    pub(crate) unit: Unit,
    /// From entry to conversion, in microseconds.
    pub(crate) window_micros: i64,
    pub(crate) order: Order,
    pub(crate) owner: Option<String>,
    /// Of conversions whose rows have none.
    pub(crate) currency: Option<String>,
    /// Two or more.
    pub(crate) steps: Vec<Step>,
    pub(crate) file: String,
    /// Where it begins, from 1.
    pub(crate) line: usize,
}

/// What is followed through a journey.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    /// A unit without user falls back to its session.
    User,
    Session,
}

/// Whether steps count only after those before them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    Strict,
    Any,
}

/// A step: the rows of a table for which its condition holds.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    pub(crate) name: String,
    pub(crate) table: StepTable,
    /// `where` as it was written, for display.
    pub(crate) where_sql: Option<String>,
    /// Every row where there is none.
    pub(crate) condition: Option<Condition>,
    /// What the conversion is worth, `numeric(18,4)`; the last step only.
    pub(crate) value: Option<Condition>,
}

/// The tables that a step can look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum StepTable {
    Events,
    Spans,
    Logs,
    /// The rows of `events` that are orders: one for each order id, no refunds.
    Orders,
}

impl StepTable {
    const ALL: [(&'static str, Self); 4] = [
        ("events", Self::Events),
        ("spans", Self::Spans),
        ("logs", Self::Logs),
        ("orders", Self::Orders),
    ];

    /// As the file names it.
    pub(crate) fn name(self) -> &'static str {
        Self::ALL[self as usize].0
    }

    /// The base table that its rows are stored in.
    pub(crate) fn base(self) -> &'static str {
        match self {
            Self::Orders => "events",
            other => other.name(),
        }
    }
}

/// The journeys of one file, and all that is wrong with it; a journey with a fault is left out.
pub(super) fn parse(file: &str, text: &str) -> (Vec<Journey>, Vec<Error>) {
    let mut reader = Reader::new(file, text);
    let mut journeys = Vec::new();
    match DeTable::parse(text) {
        Ok(root) => {
            let root = TomlTable::root(root.get_ref());
            reader.refuse_unknown_keys(&root, &["journey"]);
            for mut table in reader.tables(&root, "journey") {
                let n_faults = reader.faults.len();
                let journey = read_journey(&mut reader, &mut table, file);
                journeys.extend(journey.filter(|_| reader.faults.len() == n_faults));
            }
        }
        Err(error) => reader.syntax_fault(&error),
    }
    (journeys, reader.faults)
}

fn read_journey(reader: &mut Reader<'_>, table: &mut TomlTable<'_>, file: &str) -> Option<Journey> {
    let name = reader.required(table, "name")?;
    table.what = format!("journey \"{}\"", name.text);
    reader.refuse_unknown_keys(
        table,
        &["name", "unit", "window", "order", "owner", "currency", "step"],
    );
    let unit = choice(reader, table, "unit", &[("user", Unit::User), ("session", Unit::Session)]);
    let order = choice(reader, table, "order", &[("strict", Order::Strict), ("any", Order::Any)]);
    let window_micros = match reader.text(table, "window") {
        Some(window) => read_window(reader, table, window)?,
        None => DAY_MICROS,
    };
    let owner = reader.text(table, "owner").map(|owner| owner.text.to_owned());
    let currency = reader.text(table, "currency").map(|currency| currency.text.to_owned());
    let step_tables = reader.tables(table, "step");
    let n_steps = step_tables.len();
    let mut steps: Vec<Step> = Vec::new();
    for (step_idx, mut step_table) in step_tables.into_iter().enumerate() {
        let is_last = step_idx + 1 == n_steps;
        let Some(step) = read_step(reader, table, &mut step_table, is_last) else { continue };
        if steps.iter().any(|other| other.name == step.name) {
            let message = format!("{} is there twice", step_table.what);
            reader.fault(step_table.line, message, "Rename one of them.");
        }
        steps.push(step);
    }
    if n_steps < 2 {
        let message = format!("{} has {n_steps} steps", table.what);
        reader.fault(
            table.line,
            message,
            "Give at least two: the first enters, the last converts.",
        );
    }
    Some(Journey {
        name: name.text.to_owned(),
        unit: unit.unwrap_or(Unit::User),
        window_micros,
        order: order.unwrap_or(Order::Strict),
        owner,
        currency,
        steps,
        file: file.to_owned(),
        line: table.line,
    })
}

fn read_step(
    reader: &mut Reader<'_>,
    journey: &TomlTable<'_>,
    table: &mut TomlTable<'_>,
    is_last: bool,
) -> Option<Step> {
    table.what = format!("a step of {}", journey.what);
    let name = reader.required(table, "name")?;
    table.what = format!("step \"{}\" of {}", name.text, journey.what);
    reader.refuse_unknown_keys(table, &["name", "table", "where", "value"]);
    reader.required(table, "table")?;
    let step_table = choice(reader, table, "table", &StepTable::ALL)?;
    let base: &'static Table = brunt_table(step_table)?;
    let where_sql = reader.text(table, "where");
    let value_sql = reader.text(table, "value");
    if let Some(value) = value_sql
        && !is_last
    {
        let message = format!("{} has a value and is not the last step", table.what);
        reader.fault(value.line, message, "Only the step that converts is worth something.");
    }
    let mut plan = |sql: Option<Text<'_>>, wanted| -> Option<Option<Condition>> {
        let Some(sql) = sql else { return Some(None) };
        match Condition::plan(base, sql.text, wanted) {
            Ok(condition) => Some(Some(condition)),
            Err(fault) => {
                let hint = fault.hint.unwrap_or_else(|| "Correct the expression.".to_owned());
                reader.fault(sql.line, format!("{}: {}", table.what, fault.message), hint);
                None
            }
        }
    };
    let condition = plan(where_sql, Wanted::Truth)?;
    let value = plan(value_sql, Wanted::Amount)?;
    let where_sql = where_sql.map(|sql| sql.text.to_owned());
    Some(Step { name: name.text.to_owned(), table: step_table, where_sql, condition, value })
}

fn brunt_table(step_table: StepTable) -> Option<&'static Table> {
    table(step_table.base())
}

/// What a word stands for; an unknown word is noted.
fn choice<T: Copy>(
    reader: &mut Reader<'_>,
    table: &TomlTable<'_>,
    key: &str,
    words: &[(&str, T)],
) -> Option<T> {
    let given = reader.text(table, key)?;
    let found = words.iter().find(|(word, _)| *word == given.text);
    if found.is_none() {
        let message = format!("\"{key}\" of {} is \"{}\"", table.what, given.text);
        let all =
            words.iter().map(|(word, _)| format!("\"{word}\"")).collect::<Vec<_>>().join(", ");
        let hint = match nearest(given.text, words.iter().map(|(word, _)| *word)) {
            Some(meant) => format!("Perhaps you meant \"{meant}\"; it is one of {all}."),
            None => format!("It is one of {all}."),
        };
        reader.fault(given.line, message, hint);
    }
    found.map(|(_, meaning)| *meaning)
}

fn read_window(reader: &mut Reader<'_>, table: &TomlTable<'_>, window: Text<'_>) -> Option<i64> {
    let micros = window_micros(window.text);
    if micros.is_none() {
        let message = format!("\"window\" of {} is \"{}\"", table.what, window.text);
        reader.fault(
            window.line,
            message,
            "Write a number of minutes, hours or days, such as \"24 hours\".",
        );
    }
    micros
}

/// `24 hours`, `30 minutes`, `7 days`, `24h`; at least a minute, at most a year.
fn window_micros(text: &str) -> Option<i64> {
    let text = text.trim();
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let number: i64 = text[..digits].parse().ok()?;
    let minutes = match text[digits..].trim() {
        "m" | "min" | "minute" | "minutes" => 1,
        "h" | "hour" | "hours" => 60,
        "d" | "day" | "days" => 1_440,
        "w" | "week" | "weeks" => 10_080,
        _ => return None,
    };
    let micros = number.checked_mul(minutes)?.checked_mul(MICROS_PER_MINUTE)?;
    (MICROS_PER_MINUTE..=366 * DAY_MICROS).contains(&micros).then_some(micros)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn journey(header: &str, first_step: &str) -> String {
        format!(
            "[[journey]]\nname = \"checkout\"\n{header}\n[[journey.step]]\nname = \"cart\"\ntable = \"events\"\n{first_step}\n[[journey.step]]\nname = \"pay\"\ntable = \"orders\"\nvalue = \"order_value\"\n"
        )
    }

    fn only_fault(text: &str) -> String {
        let (journeys, faults) = parse("journeys.toml", text);
        assert!(journeys.is_empty());
        assert_eq!(faults.len(), 1, "{faults:?}");
        let hint = faults[0].hint().unwrap();
        let message = faults[0].to_string();
        format!("{} | {hint}", message.trim_start_matches("definition file \"journeys.toml\" "))
    }

    #[test]
    fn a_journey_has_defaults() {
        let (journeys, faults) = parse("journeys.toml", &journey("", ""));
        assert!(faults.is_empty(), "{faults:?}");
        let journey = &journeys[0];
        assert_eq!((journey.unit, journey.order), (Unit::User, Order::Strict));
        assert_eq!(journey.window_micros, 86_400_000_000);
        assert!(journey.steps[0].condition.is_none());
        assert!(journey.steps[1].value.is_some());
        assert_eq!(journey.steps[1].table.base(), "events");
        assert_eq!(journey.line, 1);
    }

    #[test]
    fn windows_have_a_number_and_a_unit() {
        for (text, minutes) in [
            ("24 hours", 1_440),
            ("30 minutes", 30),
            ("24h", 1_440),
            ("7 days", 10_080),
            ("1 week", 10_080),
        ] {
            assert_eq!(window_micros(text), Some(minutes * MICROS_PER_MINUTE), "{text}");
        }
        for text in
            ["", "24", "hours", "0 hours", "-1 hours", "5 fortnights", "999999999999999999 days"]
        {
            assert_eq!(window_micros(text), None, "{text}");
        }
    }

    #[test]
    fn a_fault_names_line_reason_and_fix() {
        for (header, first_step, expected) in [
            (
                "unti = \"user\"",
                "",
                "line 3: journey \"checkout\" has a key \"unti\" that brunt does not know | Perhaps you meant \"unit\".",
            ),
            (
                "unit = \"users\"",
                "",
                "line 3: \"unit\" of journey \"checkout\" is \"users\" | Perhaps you meant \"user\"; it is one of \"user\", \"session\".",
            ),
            (
                "window = \"soon\"",
                "",
                "line 3: \"window\" of journey \"checkout\" is \"soon\" | Write a number of minutes, hours or days, such as \"24 hours\".",
            ),
            (
                "",
                "where = \"event_nam = 'x'\"",
                "line 7: step \"cart\" of journey \"checkout\": table \"events\" has no column \"event_nam\" | Perhaps you meant \"event_name\".",
            ),
            (
                "",
                "value = \"order_value\"",
                "line 7: step \"cart\" of journey \"checkout\" has a value and is not the last step | Only the step that converts is worth something.",
            ),
            (
                "owner = 3",
                "",
                "line 3: \"owner\" of journey \"checkout\" is integer and not a text | Write owner = \"...\".",
            ),
        ] {
            assert_eq!(only_fault(&journey(header, first_step)), expected);
        }
    }

    #[test]
    fn a_file_that_is_no_toml_or_holds_something_else_is_named() {
        assert!(only_fault("[[journey]\n").starts_with("line 1: the file is not TOML: "));
        assert_eq!(
            only_fault("[[jurney]]\nname = \"x\"\n"),
            "line 1: the file has a key \"jurney\" that brunt does not know | Perhaps you meant \"journey\"."
        );
        assert_eq!(
            only_fault("journey = 3\n"),
            "line 1: \"journey\" is not a list of tables | Begin each with [[journey]] on a line of its own."
        );
    }

    #[test]
    fn one_step_is_no_journey() {
        let text = "[[journey]]\nname = \"x\"\n[[journey.step]]\nname = \"a\"\ntable = \"logs\"\n";
        assert_eq!(
            only_fault(text),
            "line 1: journey \"x\" has 1 steps | Give at least two: the first enters, the last converts."
        );
    }
}
