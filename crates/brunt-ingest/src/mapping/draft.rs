//! A mapping file as a start, from what an input was found to be.

use std::fmt::Write;

use toml::Value;

use crate::Summary;
use crate::feed::Feed;
use crate::mapping::file::FORMS;
use crate::normalize::form::{Form, Unit};
use crate::normalize::time::TimeForm;

/// The text of a mapping that reads an input the way it was read; `None` where its format says itself what feeds what,
/// or where its rows went to no table or to several.
pub(super) fn draft(summary: &Summary) -> Option<String> {
    let table = *summary.n_rows.keys().next()?;
    if !summary.format.is_generic() || summary.n_rows.len() > 1 {
        return None;
    }
    let format = summary.format.name();
    let mut text = format!("format = {}\ntable = {}\n", Value::from(format), Value::from(table));
    // Writing to a text cannot fail.
    if !summary.records.is_empty() {
        let _ = writeln!(text, "records = {}", Value::from(summary.records));
    }
    if matches!(format, "json" | "jsonl") {
        text.push_str("known_forms = true  # names are those that a load without a mapping sees\n");
    }
    text.push_str("\n[columns]\n");
    let of_record = |feed: &&Feed| feed.level == "record" && !is_rest(feed);
    let kinds: Vec<&str> = summary
        .feeds
        .iter()
        .filter(|feed| of_record(feed) && feed.column == "event_kind")
        .map(|feed| feed.key.as_str())
        .collect();
    // A kind that is none of ours becomes a name by itself.
    let fed = |feed: &&Feed| {
        of_record(feed) && !(feed.column == "event_name" && kinds.contains(&feed.key.as_str()))
    };
    let feeds: Vec<&Feed> = summary.feeds.iter().filter(fed).collect();
    for of_column in feeds.chunk_by(|one, next| one.column == next.column) {
        let Some(first) = of_column.first() else { continue };
        let examples: Vec<String> =
            of_column.iter().flat_map(|feed| feed.examples.iter().cloned()).collect();
        let _ = writeln!(text, "{} = {}{}", first.column, spec(of_column), comment(&examples));
    }
    let rest: Vec<&Feed> = summary.feeds.iter().filter(|feed| is_rest(feed)).collect();
    if !rest.is_empty() {
        text.push_str("\n# No column takes these keys; they stay in `attributes`:\n");
    }
    for feed in rest {
        let _ = writeln!(text, "# {}{}", one_line(&feed.key), comment(&feed.examples));
    }
    Some(text)
}

/// What feeds a column: a key, a list of keys, and what each has to say of its form where that is not the column's own.
fn spec(feeds: &[&Feed]) -> String {
    let one = |feed: &&Feed| {
        let key = Value::from(feed.key.as_str());
        match more(feed.form) {
            Some((name, value)) => format!("{{ from = {key}, {name} = \"{value}\" }}"),
            None => key.to_string(),
        }
    };
    match feeds {
        [feed] => one(feed),
        feeds => format!("[{}]", feeds.iter().map(one).collect::<Vec<_>>().join(", ")),
    }
}

fn is_rest(feed: &Feed) -> bool {
    ["attributes", "resource_attributes"].contains(&feed.column)
}

/// What a mapping has to say of a form beyond the column's own.
fn more(form: Form) -> Option<(&'static str, &'static str)> {
    let named = FORMS.iter().find(|(_, named)| *named == form);
    match form {
        _ if named.is_some() => named.map(|(name, _)| ("form", *name)),
        Form::Time(TimeForm::Epoch(unit)) => Some(("unit", unit.name())),
        Form::Duration(unit) if unit != Unit::Ns => Some(("unit", unit.name())),
        _ => None,
    }
}

fn comment(examples: &[String]) -> String {
    match examples {
        [] => String::new(),
        examples => {
            let shown: Vec<String> = examples.iter().take(3).map(|text| one_line(text)).collect();
            format!("  # {}", shown.join(" | "))
        }
    }
}

fn one_line(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}
