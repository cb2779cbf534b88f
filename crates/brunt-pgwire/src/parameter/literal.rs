//! A parameter's text, in PostgreSQL's input forms, to a literal of SQL.

use datafusion::sql::sqlparser::ast::{ArrayElemTypeDef, DataType, TimezoneInfo};

use crate::error::Report;
use crate::wire_type::{cast_target, element_of, format_type, oid};

/// The SQL of a value; numbers are parsed and printed again, everything else is quoted, so that a value is never more
/// than a value.
pub(super) fn sql(oid: u32, text: Option<&str>) -> Result<String, Report> {
    if let Some(element) = element_of(oid) {
        return array(oid, element, text);
    }
    let Some(text) = text else {
        return Ok(format!("CAST(NULL AS {})", cast_target(oid).unwrap_or("TEXT")));
    };
    let trimmed = text.trim();
    let refused = || {
        let name = format_type(oid, -1).unwrap_or_else(|| "text".to_owned());
        Report::new("22P02", format!("invalid input syntax for type {name}: \"{text}\""))
    };
    Ok(match oid {
        oid::BOOL => boolean(trimmed).ok_or_else(refused)?.to_owned(),
        oid::INT2 => {
            format!("CAST({} AS SMALLINT)", trimmed.parse::<i16>().map_err(|_| refused())?)
        }
        oid::INT4 => format!("CAST({} AS INT)", trimmed.parse::<i32>().map_err(|_| refused())?),
        oid::INT8 => format!(
            "CAST({} AS BIGINT)",
            quoted(&trimmed.parse::<i64>().map_err(|_| refused())?.to_string())
        ),
        oid::OID => match trimmed.parse::<u32>() {
            Ok(number) => format!("CAST({number} AS BIGINT)"),
            Err(_) => quoted(text),
        },
        oid::FLOAT4 | oid::FLOAT8 => {
            let value: f64 = trimmed.parse().map_err(|_| refused())?;
            format!(
                "CAST({} AS {})",
                quoted(&value.to_string()),
                cast_target(oid).unwrap_or("DOUBLE PRECISION")
            )
        }
        oid::NUMERIC => numeric(trimmed).ok_or_else(refused)?,
        oid::BYTEA => match trimmed.strip_prefix("\\x") {
            Some(hex)
                if hex.len().is_multiple_of(2)
                    && hex.bytes().all(|byte| byte.is_ascii_hexdigit()) =>
            {
                format!("CAST(X'{hex}' AS BYTEA)")
            }
            _ => return Err(refused()),
        },
        _ => match cast_target(oid) {
            Some(target) => format!("CAST({} AS {target})", quoted(text)),
            None => quoted(text),
        },
    })
}

/// The items of an array's text form, `{a,"b c",NULL}`; `None` for a text that is none, or of several dimensions.
pub(crate) fn array_items(text: &str) -> Option<Vec<Option<String>>> {
    let inner = text.trim().strip_prefix('{')?.strip_suffix('}')?;
    let mut items = Vec::new();
    let mut item = String::new();
    let mut was_quoted = false;
    let mut in_quotes = false;
    let mut characters = inner.chars();
    let mut finish = |item: &mut String, was_quoted: &mut bool| {
        let text = std::mem::take(item);
        items.push(match std::mem::take(was_quoted) {
            true => Some(text),
            false if text.trim().eq_ignore_ascii_case("null") => None,
            false => Some(text.trim().to_owned()),
        });
    };
    while let Some(character) = characters.next() {
        match character {
            '\\' => item.push(characters.next()?),
            '"' => {
                in_quotes = !in_quotes;
                was_quoted = true;
            }
            ',' if !in_quotes => finish(&mut item, &mut was_quoted),
            '{' | '}' if !in_quotes => return None,
            other => item.push(other),
        }
    }
    if in_quotes {
        return None;
    }
    if !inner.trim().is_empty() {
        finish(&mut item, &mut was_quoted);
    }
    Some(items)
}

pub(super) fn oid_of(data_type: &DataType) -> u32 {
    match data_type {
        DataType::Boolean | DataType::Bool => oid::BOOL,
        DataType::Bytea => oid::BYTEA,
        DataType::SmallInt(_) | DataType::Int2(_) => oid::INT2,
        DataType::Int(_) | DataType::Integer(_) | DataType::Int4(_) => oid::INT4,
        DataType::BigInt(_) | DataType::Int8(_) => oid::INT8,
        DataType::Real | DataType::Float4 => oid::FLOAT4,
        DataType::Double(_) | DataType::DoublePrecision | DataType::Float8 | DataType::Float(_) => {
            oid::FLOAT8
        }
        DataType::Numeric(_) | DataType::Decimal(_) | DataType::Dec(_) => oid::NUMERIC,
        DataType::Varchar(_) | DataType::CharacterVarying(_) => oid::VARCHAR,
        DataType::Date => oid::DATE,
        DataType::Time(..) => oid::TIME,
        DataType::Timestamp(_, TimezoneInfo::WithTimeZone | TimezoneInfo::Tz) => oid::TIMESTAMPTZ,
        DataType::Timestamp(..) => oid::TIMESTAMP,
        DataType::Interval { .. } => oid::INTERVAL,
        DataType::JSON => oid::JSON,
        DataType::JSONB => oid::JSONB,
        DataType::Uuid => oid::UUID,
        DataType::Regclass => oid::OID,
        DataType::Array(
            ArrayElemTypeDef::SquareBracket(item, _)
            | ArrayElemTypeDef::AngleBracket(item)
            | ArrayElemTypeDef::Parenthesis(item),
        ) => crate::wire_type::array_of(oid_of(item)).unwrap_or(oid::TEXT),
        DataType::Custom(name, _) => {
            match name.to_string().to_lowercase().trim_start_matches("pg_catalog.") {
                "oid" | "regclass" | "regtype" => oid::OID,
                "int2" => oid::INT2,
                "int4" => oid::INT4,
                "int8" => oid::INT8,
                "bool" => oid::BOOL,
                "timestamptz" => oid::TIMESTAMPTZ,
                _ => oid::TEXT,
            }
        }
        _ => oid::TEXT,
    }
}

fn array(oid: u32, element: u32, text: Option<&str>) -> Result<String, Report> {
    let target = cast_target(element).unwrap_or("TEXT");
    let Some(text) = text else { return Ok(format!("CAST(NULL AS {target}[])")) };
    let items = array_items(text).ok_or_else(|| {
        let name = format_type(oid, -1).unwrap_or_else(|| "text[]".to_owned());
        Report::new("22P02", format!("malformed array literal of type {name}: \"{text}\""))
    })?;
    let items =
        items.iter().map(|item| sql(element, item.as_deref())).collect::<Result<Vec<_>, _>>()?;
    Ok(format!("CAST(ARRAY[{}] AS {target}[])", items.join(", ")))
}

fn boolean(text: &str) -> Option<&'static str> {
    match text.to_ascii_lowercase().as_str() {
        "t" | "true" | "y" | "yes" | "on" | "1" => Some("TRUE"),
        "f" | "false" | "n" | "no" | "off" | "0" => Some("FALSE"),
        _ => None,
    }
}

/// Keeps every digit, with the scale that the text has.
fn numeric(text: &str) -> Option<String> {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let digits = mantissa.trim_start_matches(['+', '-']);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.len() + fraction.len() == 0 || !is_number(whole) || !is_number(fraction) {
        return None;
    }
    let scale = (i32::try_from(fraction.len()).ok()? - exponent).clamp(0, 38);
    Some(format!("CAST({} AS NUMERIC(38,{scale}))", quoted(text)))
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
