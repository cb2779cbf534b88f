//! What the formats of ticket systems share: states and comments of a ticket on their way to `ticket_updates`.

use std::borrow::Cow;

use crate::decode::record::Record;
use crate::decode::shape::{Given, refuse};
use crate::fill::Refusal;
use crate::normalize::html;
use crate::value::{Scalar, Value};

/// A row of a ticket. Its id and source are on every one.
pub(crate) fn update<'a>(
    source: &'static str,
    kind: &'static str,
    ticket_id: &Value<'a>,
) -> Record<'a> {
    let mut out = Record::default();
    out.text("source", Some(source));
    out.text("kind", Some(kind));
    out.put("ticket_id", Some(ticket_id.clone()));
    out
}

/// The id that a ticket goes by, or a comment or change knows its ticket by.
pub(crate) fn ticket_id<'a>(record: &mut Value<'a>, keys: &[&str]) -> Result<Value<'a>, Refusal> {
    match record.take_any(keys) {
        Some(id @ Value::Leaf(_)) => Ok(id),
        _ => refuse("ticket_id_missing", "a record does not say which ticket it is of"),
    }
}

/// Gives a row, with what is left of its record.
pub(crate) fn give<'a>(given: &mut Given<'a>, out: Record<'a>, rest: Value<'a>) {
    given.record("ticket_updates", out.rest(rest));
}

/// A body as text: HTML loses its tags, and a document of nodes is read out.
pub(crate) fn body(value: Option<Value<'_>>) -> Option<Value<'_>> {
    match value? {
        Value::Leaf(Scalar::Text(Cow::Borrowed(text))) => Some(Value::text(html::to_text(text))),
        Value::Leaf(Scalar::Text(Cow::Owned(text))) => {
            Some(Value::text(html::to_text(&text).into_owned()))
        }
        document @ Value::Object(_) => {
            let mut text = String::new();
            read_out(&document, &mut text);
            Some(Value::text(text.trim().to_owned()))
        }
        other => Some(other),
    }
}

/// Atlassian's documents: text is at the leaves, and a block ends a line.
fn read_out(node: &Value<'_>, out: &mut String) {
    if let Some(text) = node.text_at("text").or_else(|| node.text_at("attrs.text")) {
        out.push_str(text);
    }
    if let Some(Value::Array(nodes)) = node.get("content") {
        for node in nodes {
            read_out(node, out);
        }
    }
    let ends_line = matches!(
        node.text_at("type"),
        Some(
            "paragraph" | "heading" | "codeBlock" | "hardBreak" | "tableRow" | "listItem" | "rule"
        )
    );
    if ends_line && !out.ends_with('\n') {
        out.push('\n');
    }
}

/// A list of the names, or other texts, of objects: `[{"name":"a"}]` is `["a"]`.
pub(crate) fn names<'a>(list: Option<Value<'a>>, key: &str) -> Option<Value<'a>> {
    let elements = list?.into_elements().into_iter();
    Some(Value::Array(elements.filter_map(|mut element| element.take(key)).collect()))
}
