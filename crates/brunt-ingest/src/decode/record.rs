//! A vendor's record on its way to ours: fields are taken out and given under our names, and the rest is attributes.

use std::borrow::Cow;

use crate::decode::shape::Fields;
use crate::json::Json;
use crate::value::{Scalar, Value};

/// Fields of a record under our names.
#[derive(Debug, Default)]
pub(crate) struct Record<'a>(Fields<'a>);

impl<'a> Record<'a> {
    /// Gives a field, unless it says nothing. A whole URL for a path goes by the name under which it stays whole too.
    pub(crate) fn put(&mut self, name: impl Into<Cow<'a, str>>, value: Option<Value<'a>>) {
        let Some(value) = value.and_then(pruned) else { return };
        let name = match name.into() {
            name if name == "url_path" && value.as_str().is_some_and(|url| url.contains("://")) => {
                Cow::Borrowed("url.full")
            }
            name => name,
        };
        self.0.push((name, value));
    }

    /// Gives the id of a session. Products that count sessions by the time at which they began make ids that are one
    /// visitor's only, so the visitor's goes before such a number; a negative one stands for none.
    pub(crate) fn session(&mut self, session: Option<Value<'a>>, visitor: Option<&str>) {
        let Some(session) = session.and_then(Value::into_text) else { return };
        let is_number = session.bytes().all(|byte| byte.is_ascii_digit());
        match visitor {
            _ if session.starts_with('-') => {}
            Some(visitor) if is_number => {
                self.text("session_id", Some([visitor, ".", &session].concat()));
            }
            _ => self.text("session_id", Some(session)),
        }
    }

    /// Gives a text, unless it is empty.
    pub(crate) fn text(
        &mut self,
        name: impl Into<Cow<'a, str>>,
        text: Option<impl Into<Cow<'a, str>>>,
    ) {
        self.put(name, text.map(Value::text));
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(held, _)| held == name)
    }

    /// Gives all fields of what is left of the vendor's record under their own names.
    pub(crate) fn spread(mut self, rest: Value<'a>) -> Fields<'a> {
        if let Value::Object(fields) = rest {
            for (name, value) in fields {
                self.put(name, Some(value));
            }
        }
        self.0
    }

    /// Gives what is left of the vendor's record. Its names mean a column only where they can mean nothing else.
    pub(crate) fn rest(mut self, rest: Value<'a>) -> Fields<'a> {
        self.put("attributes", Some(rest));
        self.0
    }
}

impl<'a> Value<'a> {
    /// Takes the field at a path of keys with dots between them; keys that have dots themselves are met whole.
    pub(crate) fn take_at(&mut self, path: &str) -> Option<Value<'a>> {
        if let Some(value) = self.take(path) {
            return Some(value);
        }
        path.match_indices('.').find_map(|(at, _)| {
            let (key, inner) = (path.get(..at)?, path.get(at + 1..)?);
            self.get_mut(key)?.take_at(inner)
        })
    }

    /// The value at a path, as in [`Value::take_at`].
    pub(crate) fn at(&self, path: &str) -> Option<&Value<'a>> {
        if let Some(value) = self.get(path) {
            return Some(value);
        }
        path.match_indices('.').find_map(|(at, _)| {
            let (key, inner) = (path.get(..at)?, path.get(at + 1..)?);
            self.get(key)?.at(inner)
        })
    }

    /// The text at a path; `None` where it is empty.
    pub(crate) fn text_at(&self, path: &str) -> Option<&str> {
        self.at(path)?.as_str().filter(|text| !text.is_empty())
    }

    /// Takes the first value that says something, of several paths.
    pub(crate) fn take_any(&mut self, paths: &[&str]) -> Option<Value<'a>> {
        let path =
            paths.iter().find(|path| self.at(path).is_some_and(|value| !value.is_blank()))?;
        self.take_at(path)
    }

    /// The value as text.
    pub(crate) fn into_text(self) -> Option<Cow<'a, str>> {
        match self {
            Self::Leaf(scalar) => scalar.into_text(),
            Self::Array(_) | Self::Object(_) => None,
        }
    }

    /// The elements of a list; of a text that holds one, those.
    pub(crate) fn into_elements(self) -> Vec<Value<'a>> {
        match self.unfolded() {
            Self::Array(elements) => elements,
            Self::Leaf(_) | Self::Object(_) => Vec::new(),
        }
    }

    /// Takes the objects of the list at a path.
    pub(crate) fn take_objects(&mut self, path: &str) -> Vec<Value<'a>> {
        let elements = self.take_at(path).map(Value::into_elements).unwrap_or_default();
        elements.into_iter().filter(|element| matches!(element, Self::Object(_))).collect()
    }

    /// The first element of a list; anything else as it is.
    pub(crate) fn into_first(self) -> Option<Value<'a>> {
        match self {
            Self::Array(elements) => elements.into_iter().next(),
            one => Some(one),
        }
    }

    /// The object or list that a text holds, as tables of text have them; anything else as it is.
    pub(crate) fn unfolded(self) -> Value<'a> {
        match &self {
            Self::Leaf(Scalar::Text(text)) if text.trim_start().starts_with(['{', '[']) => {
                let mut json = Json::new(text);
                match Value::read(&mut json) {
                    Ok(value) if json.at_end() => value.into_owned(),
                    _ => self,
                }
            }
            _ => self,
        }
    }

    pub(crate) fn is_true(&self) -> bool {
        match self {
            Self::Leaf(Scalar::Bool(value)) => *value,
            other => {
                other.as_str().is_some_and(|text| text.eq_ignore_ascii_case("true") || text == "1")
            }
        }
    }

    /// Whether it says nothing: null, or an empty text, list or object.
    pub(crate) fn is_blank(&self) -> bool {
        match self {
            Self::Leaf(Scalar::Null) => true,
            Self::Leaf(Scalar::Text(text)) => text.is_empty(),
            Self::Leaf(_) => false,
            Self::Array(elements) => elements.is_empty(),
            Self::Object(fields) => fields.is_empty(),
        }
    }

    fn get_mut(&mut self, key: &str) -> Option<&mut Value<'a>> {
        let Self::Object(fields) = self else { return None };
        fields.iter_mut().find(|(name, _)| name == key).map(|(_, value)| value)
    }
}

/// The value without those of its fields that say nothing.
fn pruned(value: Value<'_>) -> Option<Value<'_>> {
    let value = match value {
        Value::Object(fields) => Value::Object(
            fields.into_iter().filter_map(|(key, value)| Some((key, pruned(value)?))).collect(),
        ),
        other => other,
    };
    (!value.is_blank()).then_some(value)
}
