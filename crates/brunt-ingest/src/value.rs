//! Values as a source wrote them, before anybody knows their column; and how they are written as JSON.

use std::borrow::Cow;

use crate::json::{Fault, Json, Kind};

/// A single value of a field. Lists and objects are kept as the compact JSON that will be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Scalar<'a> {
    Null,
    Bool(bool),
    /// As it was written, so that ids of 64 bits and amounts stay exact.
    Number(Cow<'a, str>),
    Text(Cow<'a, str>),
    Json(Cow<'a, str>),
}

/// A whole record of a plain format, borrowed from the block of input that it stands in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value<'a> {
    Leaf(Scalar<'a>),
    Array(Vec<Value<'a>>),
    Object(Vec<(Cow<'a, str>, Value<'a>)>),
}

impl<'a> Scalar<'a> {
    fn into_owned(self) -> Scalar<'static> {
        let owned = |text: Cow<'a, str>| Cow::Owned(text.into_owned());
        match self {
            Self::Null => Scalar::Null,
            Self::Bool(value) => Scalar::Bool(value),
            Self::Number(text) => Scalar::Number(owned(text)),
            Self::Text(text) => Scalar::Text(owned(text)),
            Self::Json(text) => Scalar::Json(owned(text)),
        }
    }

    pub(crate) fn text(text: impl Into<Cow<'a, str>>) -> Self {
        Self::Text(text.into())
    }

    #[expect(clippy::needless_pass_by_value, reason = "numbers are passed by value")]
    pub(crate) fn number(number: impl ToString) -> Self {
        Self::Number(Cow::Owned(number.to_string()))
    }

    /// What the value says as text; `None` for null and the empty text.
    pub(crate) fn into_text(self) -> Option<Cow<'a, str>> {
        match self {
            Self::Null => None,
            Self::Bool(true) => Some(Cow::Borrowed("true")),
            Self::Bool(false) => Some(Cow::Borrowed("false")),
            Self::Number(text) | Self::Text(text) | Self::Json(text) => {
                Some(text).filter(|text| !text.is_empty())
            }
        }
    }

    /// The value's text without a copy; `None` for null and Booleans.
    pub(crate) fn as_str(&self) -> Option<&str> {
        match self {
            Self::Null | Self::Bool(_) => None,
            Self::Number(text) | Self::Text(text) | Self::Json(text) => Some(text),
        }
    }

    /// An amount that is taken back; one that is negative stays.
    pub(crate) fn negative(self) -> Self {
        match self.as_str().map(|amount| amount.trim().trim_start_matches('+')) {
            Some(amount) if !amount.starts_with('-') => {
                Self::Number(Cow::Owned(["-", amount].concat()))
            }
            _ => self,
        }
    }

    pub(crate) fn write_json(&self, out: &mut String) {
        match self {
            Self::Null => out.push_str("null"),
            Self::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
            Self::Number(text) | Self::Json(text) => out.push_str(text),
            Self::Text(text) => write_text(text, out),
        }
    }
}

impl<'a> Value<'a> {
    /// Reads the next value whole.
    pub(crate) fn read(json: &mut Json<'a>) -> Result<Self, Fault> {
        Ok(match json.peek()? {
            Kind::Object => {
                json.enter_object()?;
                let mut fields = Vec::new();
                while let Some(key) = json.next_key()? {
                    fields.push((key, Self::read(json)?));
                }
                Self::Object(fields)
            }
            Kind::Array => {
                json.enter_array()?;
                let mut elements = Vec::new();
                while json.next_element()? {
                    elements.push(Self::read(json)?);
                }
                Self::Array(elements)
            }
            Kind::Text => Self::Leaf(Scalar::Text(json.text()?)),
            Kind::Number => Self::Leaf(Scalar::Number(Cow::Borrowed(json.number()?))),
            Kind::Bool => Self::Leaf(Scalar::Bool(json.boolean()?)),
            Kind::Null => {
                json.null()?;
                Self::Leaf(Scalar::Null)
            }
        })
    }

    /// The value on its own feet, where the text that it was read from goes away.
    pub(crate) fn into_owned(self) -> Value<'static> {
        match self {
            Self::Leaf(scalar) => Value::Leaf(scalar.into_owned()),
            Self::Array(elements) => {
                Value::Array(elements.into_iter().map(Value::into_owned).collect())
            }
            Self::Object(fields) => Value::Object(
                fields
                    .into_iter()
                    .map(|(key, value)| (Cow::Owned(key.into_owned()), value.into_owned()))
                    .collect(),
            ),
        }
    }

    /// The value as one scalar: lists and objects as JSON text.
    pub(crate) fn to_scalar(&self) -> Scalar<'a> {
        match self {
            Self::Leaf(scalar) => scalar.clone(),
            Self::Array(_) | Self::Object(_) => {
                let mut text = String::new();
                self.write_json(&mut text);
                Scalar::Json(Cow::Owned(text))
            }
        }
    }

    pub(crate) fn write_json(&self, out: &mut String) {
        match self {
            Self::Leaf(scalar) => scalar.write_json(out),
            Self::Array(elements) => {
                out.push('[');
                for (element_idx, element) in elements.iter().enumerate() {
                    if element_idx > 0 {
                        out.push(',');
                    }
                    element.write_json(out);
                }
                out.push(']');
            }
            Self::Object(fields) => {
                out.push('{');
                for (field_idx, (key, value)) in fields.iter().enumerate() {
                    if field_idx > 0 {
                        out.push(',');
                    }
                    write_text(key, out);
                    out.push(':');
                    value.write_json(out);
                }
                out.push('}');
            }
        }
    }
}

/// Appends `"key":` and what `write` writes to the inside of an object, with a comma where one is due.
pub(crate) fn write_field(out: &mut String, key: &str, write: impl FnOnce(&mut String)) {
    if !matches!(out.as_bytes().last(), None | Some(b'{' | b'[')) {
        out.push(',');
    }
    write_text(key, out);
    out.push(':');
    write(out);
}

/// Appends a text in quotes. Only what JSON demands is escaped, so that equal texts have one form.
pub(crate) fn write_text(text: &str, out: &mut String) {
    out.push('"');
    // Most texts have nothing to escape, which counting shows in a few large steps.
    let is_escaped = |byte: &u8| *byte < 0x20 || matches!(byte, b'"' | b'\\');
    if text.as_bytes().iter().filter(|byte| is_escaped(byte)).count() == 0 {
        out.push_str(text);
        out.push('"');
        return;
    }
    let mut n_written = 0;
    for (at, byte) in text.bytes().enumerate() {
        let escape = match byte {
            b'"' => "\\\"",
            b'\\' => "\\\\",
            b'\n' => "\\n",
            b'\r' => "\\r",
            b'\t' => "\\t",
            0..=0x1f => "",
            _ => continue,
        };
        out.push_str(text.get(n_written..at).unwrap_or_default());
        n_written = at + 1;
        if escape.is_empty() {
            out.push_str("\\u00");
            for digit in [byte >> 4, byte & 15] {
                out.push(char::from_digit(u32::from(digit), 16).unwrap_or('0'));
            }
        } else {
            out.push_str(escape);
        }
    }
    out.push_str(text.get(n_written..).unwrap_or_default());
    out.push('"');
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_record_is_written_back_compact_with_its_numbers_untouched() {
        let text = r#" {"id": 12345678901234567890, "amount": 19.90, "tags": ["a", {"b": null}], "e": {}} "#;
        let mut out = String::new();
        Value::read(&mut Json::new(text)).unwrap().write_json(&mut out);
        assert_eq!(
            out,
            r#"{"id":12345678901234567890,"amount":19.90,"tags":["a",{"b":null}],"e":{}}"#
        );
    }

    proptest! {
        #[test]
        fn written_texts_are_json_that_reads_back(text in "(?s).{0,40}") {
            let mut out = String::new();
            write_text(&text, &mut out);
            prop_assert_eq!(serde_json::from_str::<String>(&out).unwrap(), text);
        }
    }
}
