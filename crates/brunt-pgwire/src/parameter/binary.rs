//! A parameter's bytes to PostgreSQL's text for the value.

use bytes::{Buf, BytesMut};

use crate::encode::{
    EPOCH_DAYS, EPOCH_MICROS, Zone, put_date, put_interval, put_time, put_timestamp,
};
use crate::error::Report;
use crate::wire_type::{element_of, oid};

/// The text form of a value in binary.
pub(super) fn to_text(oid: u32, bytes: &[u8]) -> Result<String, Report> {
    if let Some(element) = element_of(oid) {
        return array(element, bytes);
    }
    let mut input = bytes;
    let mut out = BytesMut::new();
    let text = match oid {
        oid::BOOL => (input.try_get_u8()? != 0).to_string(),
        oid::INT2 => input.try_get_i16()?.to_string(),
        oid::INT4 => input.try_get_i32()?.to_string(),
        oid::INT8 => input.try_get_i64()?.to_string(),
        oid::OID => input.try_get_u32()?.to_string(),
        oid::FLOAT4 => input.try_get_f32()?.to_string(),
        oid::FLOAT8 => input.try_get_f64()?.to_string(),
        oid::NUMERIC => numeric(&mut input)?,
        oid::DATE => {
            put_date(input.try_get_i32()?.saturating_add(EPOCH_DAYS), &mut out)?;
            utf8(&out)?
        }
        oid::TIME => {
            put_time(input.try_get_i64()?, &mut out);
            utf8(&out)?
        }
        oid::TIMESTAMP => {
            put_timestamp(input.try_get_i64()?.saturating_add(EPOCH_MICROS), &mut out)?;
            utf8(&out)?
        }
        oid::TIMESTAMPTZ => {
            Zone::utc()
                .put_timestamptz(input.try_get_i64()?.saturating_add(EPOCH_MICROS), &mut out)?;
            utf8(&out)?
        }
        oid::INTERVAL => {
            let nanoseconds = input.try_get_i64()?.saturating_mul(1000);
            let days = input.try_get_i32()?;
            let months = input.try_get_i32()?;
            put_interval(
                arrow::datatypes::IntervalMonthDayNano::new(months, days, nanoseconds),
                &mut out,
            );
            utf8(&out)?
        }
        oid::UUID => {
            if bytes.len() != 16 {
                return Err(incorrect());
            }
            let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            format!(
                "{}-{}-{}-{}-{}",
                &hex[..8],
                &hex[8..12],
                &hex[12..16],
                &hex[16..20],
                &hex[20..]
            )
        }
        oid::BYTEA => {
            format!("\\x{}", bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>())
        }
        // The first byte is the version of the form; there is one.
        oid::JSONB => utf8(bytes.get(1..).ok_or_else(incorrect)?)?,
        _ => utf8(bytes)?,
    };
    Ok(text)
}

/// One dimension, as `array_send` writes it.
fn array(element: u32, bytes: &[u8]) -> Result<String, Report> {
    let mut input = bytes;
    let n_dimensions = input.try_get_i32()?;
    let _has_null = input.try_get_i32()?;
    let _element = input.try_get_u32()?;
    if n_dimensions == 0 {
        return Ok("{}".to_owned());
    }
    if n_dimensions != 1 {
        return Err(Report::new(
            "0A000",
            "arrays of several dimensions are not supported as parameters",
        ));
    }
    let n_items = input.try_get_i32()?;
    let _lower_bound = input.try_get_i32()?;
    let mut items = Vec::new();
    for _ in 0..n_items {
        let length = input.try_get_i32()?;
        let Ok(length) = usize::try_from(length) else {
            items.push("NULL".to_owned());
            continue;
        };
        let value = input.get(..length).ok_or_else(incorrect)?;
        input.advance(length);
        let text = to_text(element, value)?;
        items.push(format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")));
    }
    Ok(format!("{{{}}}", items.join(",")))
}

/// Digits to the base of 10000, as `numeric_send` writes them.
fn numeric(input: &mut &[u8]) -> Result<String, Report> {
    let n_groups = usize::try_from(input.try_get_i16()?).map_err(|_| incorrect())?;
    let weight = i32::from(input.try_get_i16()?);
    let sign = input.try_get_u16()?;
    let scale = usize::from(input.try_get_u16()?);
    let groups = (0..n_groups).map(|_| input.try_get_i16()).collect::<Result<Vec<_>, _>>()?;
    let sign = match sign {
        0 => "",
        0x4000 => "-",
        _ => return Err(Report::new("22003", "numeric values NaN and Infinity are not supported")),
    };
    let group = |position: i32| {
        usize::try_from(position).ok().and_then(|idx| groups.get(idx)).copied().unwrap_or(0)
    };
    let whole: String = (0..=weight).map(|position| format!("{:04}", group(position))).collect();
    let whole = whole.trim_start_matches('0');
    let n_fraction = i32::try_from(scale.div_ceil(4)).map_err(|_| incorrect())?;
    let mut fraction: String =
        (1..=n_fraction).map(|position| format!("{:04}", group(weight + position))).collect();
    fraction.truncate(scale);
    let whole = if whole.is_empty() { "0" } else { whole };
    Ok(if scale == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") })
}

fn utf8(bytes: &[u8]) -> Result<String, Report> {
    String::from_utf8(bytes.to_vec())
        .map_err(|_| Report::new("22021", "a parameter is not valid UTF-8"))
}

fn incorrect() -> Report {
    Report::new("22P03", "incorrect binary data format in bind parameter")
}

impl From<bytes::TryGetError> for Report {
    fn from(_: bytes::TryGetError) -> Self {
        incorrect()
    }
}
