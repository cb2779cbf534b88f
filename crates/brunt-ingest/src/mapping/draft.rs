//! A mapping file as a start, from what an input was found to be.

use std::fmt::Write;

use toml::Value;

use crate::Summary;
use crate::feed::Feed;
use crate::normalize::form::{Form, Unit};
use crate::normalize::time::TimeForm;

/// The text of a mapping that reads an input the way it was read; `None` where its format says itself what feeds what,
/// or where its rows went to no table or to several.
pub(super) fn draft(summary: &Summary) -> Option<String> {
    let table = *summary.n_rows.keys().next()?;
    if !summary.format.is_generic() || summary.n_rows.len() > 1 {
        return None;
    }
    let mut text = format!(
        "format = {}\ntable = {}\n\n[columns]\n",
        Value::from(summary.format.name()),
        Value::from(table)
    );
    let fed = |feed: &&Feed| feed.level == "record" && !is_rest(feed);
    let mut feeds = summary.feeds.iter().filter(fed).peekable();
    while let Some(first) = feeds.next() {
        let mut keys = vec![Value::from(first.key.as_str())];
        let mut examples = first.examples.clone();
        while let Some(next) = feeds.next_if(|next| next.column == first.column) {
            keys.push(Value::from(next.key.as_str()));
            examples.extend(next.examples.iter().cloned());
        }
        let from = match <[Value; 1]>::try_from(keys) {
            Ok([key]) => key.to_string(),
            Err(keys) => Value::Array(keys).to_string(),
        };
        let spec = match more(first.form) {
            Some((name, value)) => format!("{{ from = {from}, {name} = \"{value}\" }}"),
            None => from,
        };
        // Writing to a text cannot fail.
        let _ = writeln!(text, "{} = {spec}{}", first.column, comment(&examples));
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

fn is_rest(feed: &Feed) -> bool {
    ["attributes", "resource_attributes"].contains(&feed.column)
}

/// What a mapping has to say of a form beyond the column's own.
fn more(form: Form) -> Option<(&'static str, &'static str)> {
    match form {
        Form::DecimalTraceId | Form::DecimalSpanId => Some(("form", "decimal")),
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
