//! Feature flags, in whatever form they come, as one JSON object of key to variant.

use crate::json::Json;
use crate::normalize::words::nested_json;
use crate::value::{Scalar, Value, write_field};

/// An object as it is; a list of keys as keys that are `true`; a text of `key=variant` pairs.
pub(crate) fn flags_json(value: Scalar<'_>) -> Result<String, Scalar<'_>> {
    let json = match &value {
        Scalar::Json(text) => Some(text.to_string()),
        Scalar::Text(text) => nested_json(text),
        Scalar::Null | Scalar::Bool(_) | Scalar::Number(_) => return Err(value),
    };
    let flags = match json {
        Some(json) if json.starts_with('{') => Some(json),
        Some(json) => of_list(&json),
        None => value.as_str().and_then(of_pairs),
    };
    flags.ok_or(value)
}

fn of_list(json: &str) -> Option<String> {
    let Ok(Value::Array(keys)) = Value::read(&mut Json::new(json)) else { return None };
    let mut out = "{".to_owned();
    for key in &keys {
        match key {
            Value::Leaf(Scalar::Text(key)) => {
                write_field(&mut out, key, |out| out.push_str("true"));
            }
            _ => return None,
        }
    }
    out.push('}');
    Some(out)
}

/// `checkout=b, search` and `checkout:b;search:on`.
fn of_pairs(text: &str) -> Option<String> {
    let mut out = "{".to_owned();
    for pair in text.split([',', ';']).map(str::trim).filter(|pair| !pair.is_empty()) {
        match pair.split_once(['=', ':']) {
            Some((key, variant)) => {
                write_field(&mut out, key.trim(), |out| {
                    Scalar::text(variant.trim()).write_json(out);
                });
            }
            None => write_field(&mut out, pair, |out| out.push_str("true")),
        }
    }
    out.push('}');
    (out.len() > 2).then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_become_an_object() {
        for (value, expected) in [
            (Scalar::Json(r#"{"a":"x"}"#.into()), r#"{"a":"x"}"#),
            (Scalar::Json(r#"["a","b"]"#.into()), r#"{"a":true,"b":true}"#),
            (Scalar::text(r#"{"a": 1}"#), r#"{"a":1}"#),
            (Scalar::text("a=x, b:y; c"), r#"{"a":"x","b":"y","c":true}"#),
        ] {
            assert_eq!(flags_json(value).unwrap(), expected);
        }
        assert!(flags_json(Scalar::number(3)).is_err());
        assert!(flags_json(Scalar::text("")).is_err());
    }
}
