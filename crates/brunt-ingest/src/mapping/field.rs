//! One column of a mapping: where its value stands in a record, and what is made of it.

use std::borrow::Cow;

use regex::Regex;

use crate::normalize::form::Form;
use crate::normalize::time::parse_strftime;
use crate::value::{Scalar, Value};

#[derive(Debug, Clone)]
pub(crate) struct Field {
    pub(super) column: String,
    pub(super) column_idx: usize,
    pub(super) form: Form,
    /// Whether an object may be its value; otherwise its keys are fields of their own.
    pub(super) takes_objects: bool,
    /// Paths, of which the first that has a value is taken.
    pub(super) from: Vec<String>,
    pub(super) regex: Option<Regex>,
    /// `strftime` letters.
    pub(super) time: Option<String>,
    pub(super) values: Vec<(String, String)>,
    pub(super) nulls: Vec<String>,
}

/// A value made of a source field.
#[derive(Debug)]
pub(super) struct Extracted<'a> {
    pub(super) value: Scalar<'a>,
    pub(super) form: Form,
    /// Whether it says all that the source field says.
    pub(super) whole: bool,
}

impl Field {
    /// The first of the paths with a value that is not null, and its value.
    pub(super) fn find<'a>(&self, record: &Value<'a>) -> Option<(&str, Scalar<'a>)> {
        self.from.iter().find_map(|path| {
            let value = find(record, path)?;
            let is_object = matches!(value, Value::Object(fields) if !fields.is_empty());
            let value = (self.takes_objects || !is_object).then(|| value.to_scalar())?;
            (!is_blank(&value)).then_some((path.as_str(), value))
        })
    }

    /// Whether a value is one of those that mean nothing, which is still this column's own.
    pub(super) fn is_null(&self, value: &Scalar<'_>, nulls: &[String]) -> bool {
        value.as_str().is_some_and(|text| nulls.iter().chain(&self.nulls).any(|null| null == text))
    }

    /// The paths at which a record has a value that says nothing.
    pub(super) fn blank_paths(&self, record: &Value<'_>) -> impl Iterator<Item = &str> {
        self.paths(record, |value| matches!(value, Value::Leaf(leaf) if is_blank(leaf)))
    }

    /// The paths at which a record says this.
    pub(super) fn paths_of(
        &self,
        record: &Value<'_>,
        said: &Scalar<'_>,
    ) -> impl Iterator<Item = &str> {
        self.paths(record, move |value| match value {
            Value::Leaf(leaf) => leaf == said,
            Value::Array(_) | Value::Object(_) => value.to_scalar() == *said,
        })
    }

    fn paths(
        &self,
        record: &Value<'_>,
        is_meant: impl Fn(&Value<'_>) -> bool,
    ) -> impl Iterator<Item = &str> {
        self.from
            .iter()
            .filter(move |path| find(record, path).is_some_and(&is_meant))
            .map(String::as_str)
    }

    /// The column's value; `None` where a pattern does not fit.
    pub(super) fn extract<'a>(&'a self, value: &Scalar<'a>) -> Option<Extracted<'a>> {
        let mut value = value.clone();
        let mut whole = true;
        if let Some(regex) = &self.regex {
            let text = value.clone().into_text()?;
            let captures = regex.captures(&text)?;
            let found = captures.get(1).or_else(|| captures.get(0))?;
            whole = found.len() == text.len();
            let range = found.range();
            value = Scalar::Text(match text {
                Cow::Borrowed(text) => Cow::Borrowed(text.get(range)?),
                Cow::Owned(text) => Cow::Owned(text.get(range)?.to_owned()),
            });
        }
        if let Some((_, word)) =
            value.as_str().and_then(|text| self.values.iter().find(|(from, _)| from == text))
        {
            value = Scalar::text(word.as_str());
        }
        if let Some(format) = &self.time
            && let Some(micros) = value.as_str().and_then(|text| parse_strftime(text, format))
        {
            value = Scalar::number(micros);
            return Some(Extracted {
                value,
                form: Form::Time(crate::normalize::time::TimeForm::Epoch(
                    crate::normalize::form::Unit::Us,
                )),
                whole,
            });
        }
        if self.form == Form::UrlPath
            && value.as_str().is_some_and(|text| text.contains(['?', '#', ':']))
        {
            whole = false;
        }
        whole &= self.form != Form::UserAgent;
        Some(Extracted { value, form: self.form, whole })
    }
}

fn is_blank(value: &Scalar<'_>) -> bool {
    match value {
        Scalar::Null => true,
        Scalar::Text(text) => text.is_empty(),
        Scalar::Bool(_) | Scalar::Number(_) | Scalar::Json(_) => false,
    }
}

/// The value at a path; keys may have dots in them.
pub(crate) fn find<'v, 'a>(value: &'v Value<'a>, path: &str) -> Option<&'v Value<'a>> {
    if path.is_empty() {
        return Some(value);
    }
    match value {
        Value::Object(fields) => {
            fields.iter().find_map(|(key, inner)| find(inner, after_key(path, key)?))
        }
        Value::Array(elements) => {
            let (place, rest) = path.split_once('.').unwrap_or((path, ""));
            find(elements.get(element_idx(place, elements.len())?)?, rest)
        }
        Value::Leaf(_) => None,
    }
}

/// The same place, to be changed.
pub(super) fn find_mut<'v, 'a>(value: &'v mut Value<'a>, path: &str) -> Option<&'v mut Value<'a>> {
    if path.is_empty() {
        return Some(value);
    }
    match value {
        Value::Object(fields) => {
            fields.iter_mut().find_map(|(key, inner)| find_mut(inner, after_key(path, key)?))
        }
        Value::Array(elements) => {
            let (place, rest) = path.split_once('.').unwrap_or((path, ""));
            let element_idx = element_idx(place, elements.len())?;
            find_mut(elements.get_mut(element_idx)?, rest)
        }
        Value::Leaf(_) => None,
    }
}

fn after_key<'p>(path: &'p str, key: &str) -> Option<&'p str> {
    let rest = path.strip_prefix(key)?;
    if rest.is_empty() { Some(rest) } else { rest.strip_prefix('.') }
}

fn element_idx(place: &str, len: usize) -> Option<usize> {
    match place.strip_prefix('-') {
        Some(from_end) => len.checked_sub(from_end.parse().ok()?),
        None => place.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Json;

    #[test]
    fn paths_lead_through_dotted_keys_and_lists() {
        let text = r#"{"a.b": {"c": [1, {"d": 2}]}, "a": {"x": 3}}"#;
        let value = Value::read(&mut Json::new(text)).unwrap();
        let at = |path: &str| find(&value, path).map(Value::to_scalar);
        assert_eq!(at("a.b.c.0"), Some(Scalar::number(1)));
        assert_eq!(at("a.b.c.-1.d"), Some(Scalar::number(2)));
        assert_eq!(at("a.x"), Some(Scalar::number(3)));
        for path in ["a.b.c.2", "a.b.c.-3", "a.y", "a.x.z", "b"] {
            assert_eq!(at(path), None, "{path}");
        }
    }
}
