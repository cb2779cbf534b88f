//! OTLP's attribute values, and lists of them by key.

use std::borrow::Cow;

use crate::json::{Fault, Json, Kind};
use crate::value::{Scalar, write_field};

/// `[{"key": "k", "value": {"stringValue": "v"}}]`, in either order of `key` and `value`.
pub(super) fn attributes<'a>(
    json: &mut Json<'a>,
    each: &mut impl FnMut(Cow<'a, str>, Scalar<'a>),
) -> Result<(), Fault> {
    match json.peek()? {
        Kind::Null => return json.null(),
        Kind::Array => json.enter_array()?,
        _ => return Err(json.fault("attributes_type", "attributes are not a list")),
    }
    while json.next_element()? {
        if json.peek()? != Kind::Object {
            return Err(json.fault("attributes_type", "an attribute is not an object"));
        }
        let (mut name, mut value) = (None, None);
        json.enter_object()?;
        while let Some(key) = json.next_key()? {
            match &*key {
                "key" => name = Some(json.text()?),
                "value" => value = Some(read_as(json, "attributes_type")?),
                _ => {
                    json.skip()?;
                }
            }
        }
        let Some(name) = name else {
            return Err(json.fault("attribute_key", "an attribute has no key"));
        };
        // A key without a value has the empty one, as in protobuf.
        each(name, value.unwrap_or(Scalar::Text(Cow::Borrowed(""))));
    }
    Ok(())
}

/// A value, whose fault of type bears this code.
pub(super) fn read_as<'a>(json: &mut Json<'a>, code: &'static str) -> Result<Scalar<'a>, Fault> {
    read(json).map_err(|fault| match fault.code {
        "value_type" => Fault { code, ..fault },
        _ => fault,
    })
}

/// One value: `{"stringValue": "v"}` and its kin. Null and `{}` are null.
fn read<'a>(json: &mut Json<'a>) -> Result<Scalar<'a>, Fault> {
    match json.peek()? {
        Kind::Null => {
            json.null()?;
            return Ok(Scalar::Null);
        }
        Kind::Object => json.enter_object()?,
        _ => return Err(json.fault("value_type", "a value is not an object with its type")),
    }
    let mut value = Scalar::Null;
    // Some exporters leave a map unwrapped: `{"key1": {"stringValue": ...}}`.
    let mut unwrapped = String::new();
    while let Some(key) = json.next_key()? {
        match &*key {
            "stringValue" | "string_value" | "bytesValue" | "bytes_value" => value = text(json)?,
            "boolValue" | "bool_value" => value = boolean(json)?,
            "intValue" | "int_value" | "doubleValue" | "double_value" => value = number(json)?,
            "arrayValue" | "array_value" => value = Scalar::Json(Cow::Owned(list(json)?)),
            "kvlistValue" | "kvlist_value" => value = Scalar::Json(Cow::Owned(map(json)?)),
            _ if json.peek()? == Kind::Object => {
                let inner = read(json)?;
                write_field(&mut unwrapped, &key, |out| inner.write_json(out));
            }
            _ => {
                json.skip()?;
            }
        }
    }
    if value == Scalar::Null && !unwrapped.is_empty() {
        value = Scalar::Json(Cow::Owned(["{", &unwrapped, "}"].concat()));
    }
    Ok(value)
}

fn text<'a>(json: &mut Json<'a>) -> Result<Scalar<'a>, Fault> {
    match json.peek()? {
        Kind::Text => Ok(Scalar::Text(json.text()?)),
        Kind::Null => {
            json.null()?;
            Ok(Scalar::Text(Cow::Borrowed("")))
        }
        Kind::Number => Ok(Scalar::Text(Cow::Borrowed(json.number()?))),
        _ => Err(json.fault("value_type", "a value is not of the type that it names")),
    }
}

fn boolean<'a>(json: &mut Json<'a>) -> Result<Scalar<'a>, Fault> {
    match json.peek()? {
        Kind::Bool => Ok(Scalar::Bool(json.boolean()?)),
        _ => text(json),
    }
}

/// Numbers also come as texts; a text that JSON would not take for a number, such as `NaN`, stays one.
fn number<'a>(json: &mut Json<'a>) -> Result<Scalar<'a>, Fault> {
    match json.peek()? {
        Kind::Number => Ok(Scalar::Number(Cow::Borrowed(json.number()?))),
        _ => Ok(match text(json)? {
            Scalar::Text(text) if is_number(&text) => Scalar::Number(text),
            other => other,
        }),
    }
}

fn is_number(text: &str) -> bool {
    let mut json = Json::new(text);
    json.number().is_ok_and(|number| number.len() == text.len())
}

fn list(json: &mut Json<'_>) -> Result<String, Fault> {
    let mut out = "[".to_owned();
    values_of(json, |json| {
        if out.len() > 1 {
            out.push(',');
        }
        read(json)?.write_json(&mut out);
        Ok(())
    })?;
    out.push(']');
    Ok(out)
}

fn map(json: &mut Json<'_>) -> Result<String, Fault> {
    let mut out = "{".to_owned();
    if json.peek()? == Kind::Null {
        json.null()?;
    } else {
        json.enter_object()?;
        while let Some(key) = json.next_key()? {
            match &*key {
                "values" => attributes(json, &mut |key, value| {
                    write_field(&mut out, &key, |out| value.write_json(out));
                })?,
                _ => {
                    json.skip()?;
                }
            }
        }
    }
    out.push('}');
    Ok(out)
}

/// The elements of `{"values": [...]}`.
fn values_of<'a>(
    json: &mut Json<'a>,
    mut each: impl FnMut(&mut Json<'a>) -> Result<(), Fault>,
) -> Result<(), Fault> {
    if json.peek()? == Kind::Null {
        return json.null();
    }
    json.enter_object()?;
    while let Some(key) = json.next_key()? {
        if key != "values" || json.peek()? == Kind::Null {
            json.skip()?;
            continue;
        }
        json.enter_array()?;
        while json.next_element()? {
            each(json)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str) -> String {
        let mut out = String::new();
        read(&mut Json::new(text)).unwrap().write_json(&mut out);
        out
    }

    #[test]
    fn values_become_plain_json() {
        for (text, expected) in [
            (r#"{"stringValue": "a\nb"}"#, r#""a\nb""#),
            (r#"{"intValue": "10"}"#, "10"),
            (r#"{"int_value": 10}"#, "10"),
            (r#"{"doubleValue": "NaN"}"#, r#""NaN""#),
            (r#"{"doubleValue": 637.704}"#, "637.704"),
            (r#"{"boolValue": true}"#, "true"),
            (
                r#"{"arrayValue": {"values": [{"stringValue": "x"}, {}, {"intValue": "2"}]}}"#,
                r#"["x",null,2]"#,
            ),
            (r#"{"arrayValue": {}}"#, "[]"),
            (
                r#"{"kvlistValue": {"values": [{"key": "a", "value": {"stringValue": null}}, {"key": "b"}]}}"#,
                r#"{"a":"","b":""}"#,
            ),
            (
                r#"{"key1": {"stringValue": "v1"}, "key2": {"intValue": 2}}"#,
                r#"{"key1":"v1","key2":2}"#,
            ),
            ("{}", "null"),
        ] {
            assert_eq!(plain(text), expected, "{text}");
        }
    }

    #[test]
    fn a_value_without_its_type_is_a_fault() {
        for text in [r#""x""#, "[]", "1", r#"{"boolValue": []}"#] {
            assert_eq!(read(&mut Json::new(text)).unwrap_err().code, "value_type", "{text}");
        }
    }
}
