//! Serilog: the compact form (`@t @mt @m @l @x`), the full one, and .NET's own JSON console. Templates are rendered.

use std::borrow::Cow;

use crate::decode::shape::Fields;
use crate::value::{Scalar, Value};

const NAMES: &[(&str, &str)] = &[
    ("@t", "ts"),
    ("@m", "body"),
    ("@l", "severity_text"),
    ("@x", "exception_stacktrace"),
    ("@tr", "trace_id"),
    ("@sp", "span_id"),
    ("@i", "event_type_id"),
    ("@mt", "message_template"),
    ("Timestamp", "ts"),
    ("Level", "severity_text"),
    ("LogLevel", "severity_text"),
    ("RenderedMessage", "body"),
    ("Message", "body"),
    ("MessageTemplate", "message_template"),
    ("Exception", "exception_stacktrace"),
    ("SourceContext", "scope_name"),
    ("Category", "scope_name"),
];

/// The record under our names; its properties stay beside them.
pub(super) fn fields(record: Fields<'_>) -> Fields<'_> {
    let mut fields: Fields<'_> = Vec::with_capacity(record.len() + 1);
    let (mut renderings, mut is_compact) = (Vec::new(), false);
    for (key, value) in record {
        match (&*key, value) {
            ("@r", Value::Array(texts)) => renderings = texts,
            ("Properties", Value::Object(properties)) => {
                fields.extend(properties.into_iter().map(named));
            }
            (_, value) => {
                is_compact |= key == "@t";
                fields.push(named((key, value)));
            }
        }
    }
    let has = |fields: &Fields<'_>, name: &str| fields.iter().any(|(key, _)| key == name);
    if !has(&fields, "body") {
        let template = fields.iter().find(|(key, _)| key == "message_template");
        let text = template.and_then(|(_, template)| template.as_str());
        if let Some(text) = text.map(|text| render(text, &fields, &renderings)) {
            fields.push((Cow::Borrowed("body"), Value::text(text)));
        }
    }
    if is_compact && !has(&fields, "severity_text") {
        // The compact form leaves this level out.
        fields.push((Cow::Borrowed("severity_text"), Value::text("Information")));
    }
    fields
}

fn named<'a>((key, value): (Cow<'a, str>, Value<'a>)) -> (Cow<'a, str>, Value<'a>) {
    match NAMES.iter().find(|(name, _)| *name == key) {
        Some((_, name)) => (Cow::Borrowed(name), value),
        // Names of properties that begin with `@` have it twice.
        None if key.starts_with("@@") => {
            (Cow::Owned(key.get(1..).unwrap_or_default().to_owned()), value)
        }
        None => (key, value),
    }
}

/// Fills a template's holes, `{Name}`, `{@Name}` or `{Name,8:000}`. Those with a format take the next rendering; a hole
/// without a value stays as it is.
fn render(template: &str, fields: &Fields<'_>, renderings: &[Value<'_>]) -> String {
    let mut renderings = renderings.iter();
    let mut out = String::with_capacity(template.len());
    let mut rest = template;
    while let Some(at) = rest.find(['{', '}']) {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        if from.starts_with("{{") || from.starts_with("}}") {
            out.push_str(from.get(..1).unwrap_or_default());
            rest = from.get(2..).unwrap_or_default();
            continue;
        }
        let end = if from.starts_with('{') { from.find('}') } else { None };
        let (hole, after) = from.split_at(end.map_or(1, |end| end + 1));
        out.push_str(&filled(hole, fields, &mut renderings).unwrap_or(Cow::Borrowed(hole)));
        rest = after;
    }
    out.push_str(rest);
    out
}

fn filled<'v>(
    hole: &str,
    fields: &'v Fields<'_>,
    renderings: &mut std::slice::Iter<'v, Value<'_>>,
) -> Option<Cow<'v, str>> {
    let inner = hole.strip_prefix('{')?.strip_suffix('}')?;
    let name = inner.split([',', ':']).next()?.trim_start_matches(['@', '$']);
    if inner.contains(':')
        && let Some(text) = renderings.next().and_then(Value::as_str)
    {
        return Some(Cow::Borrowed(text));
    }
    match &fields.iter().find(|(key, _)| key == name)?.1 {
        Value::Leaf(Scalar::Null) => Some(Cow::Borrowed("null")),
        Value::Leaf(Scalar::Text(text)) => Some(Cow::Borrowed(text)),
        value => {
            let mut text = String::new();
            value.write_json(&mut text);
            Some(Cow::Owned(text))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_are_rendered_with_what_the_record_has() {
        let fields = vec![
            (Cow::Borrowed("Name"), Value::text("Ann")),
            (Cow::Borrowed("N"), Value::Leaf(Scalar::number(3))),
        ];
        let renderings = [Value::text("003")];
        for (template, text) in [
            ("{Name} has {N:000} of {@N}", "Ann has 003 of 3"),
            ("{{Name}} {Missing} {Name", "{Name} {Missing} {Name"),
            ("}}{ }{", "}{ }{"),
            ("é{Name,10}é", "éAnné"),
        ] {
            assert_eq!(render(template, &fields, &renderings), text);
        }
    }
}
