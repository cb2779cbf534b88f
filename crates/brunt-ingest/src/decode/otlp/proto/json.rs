//! A protobuf message written as the OTLP JSON that it stands for.

use super::schema::{Kind, Slot};
use super::wire::{CUT, Damage, Field, Fields, Wire};
use crate::value::{write_field, write_text};

/// How deep values may nest. Each level takes four of JSON's, which go to 128, and a span event's attribute begins at
/// the fourteenth.
const VALUE_DEPTH_MAX: usize = 24;

/// Writes a message as an object.
pub(super) fn write_message(
    slots: &'static [Slot],
    message: &[u8],
    out: &mut String,
) -> Result<(), Damage> {
    let mut fields = Vec::with_capacity(16);
    for field in Fields::new(message) {
        fields.push(whole(field?)?);
    }
    write_fields(slots, fields, out)
}

/// What of a damaged message can be written.
pub(super) fn sample_of(slots: &'static [Slot], message: &[u8]) -> String {
    let mut out = String::new();
    let fields = Fields::new(message).map_while(Result::ok).filter(|field| !field.is_cut);
    // The end is missing, which is no news.
    let _ = write_fields(slots, fields.collect(), &mut out);
    out
}

fn write_fields(
    slots: &'static [Slot],
    mut fields: Vec<Field<'_>>,
    out: &mut String,
) -> Result<(), Damage> {
    // Lists may come in pieces, and the last of several values counts.
    fields.sort_by_key(|field| field.number);
    out.push('{');
    for slot in slots.iter().filter(|slot| slot.is_always) {
        if fields.iter().all(|field| field.number != slot.number) {
            open_field(out, slot.key);
            out.push_str("\"\"");
        }
    }
    for run in fields.chunk_by(|a, b| a.number == b.number) {
        let slot =
            run.first().and_then(|field| slots.iter().find(|slot| slot.number == field.number));
        let Some(slot) = slot else { continue };
        let fits = |field: &&Field<'_>| slot.kind.fits(field.wire);
        if slot.is_list {
            open_field(out, slot.key);
            out.push('[');
            for (element_idx, field) in run.iter().filter(fits).enumerate() {
                if element_idx > 0 {
                    out.push(',');
                }
                write_value(slot.kind, field.wire, out)?;
            }
            out.push(']');
        } else if let Some(field) = run.iter().rfind(fits) {
            open_field(out, slot.key);
            write_value(slot.kind, field.wire, out)?;
        }
    }
    out.push('}');
    Ok(())
}

/// Writes a text; one that is not UTF-8 is damage.
pub(super) fn write_utf8(bytes: &[u8], out: &mut String) -> Result<(), Damage> {
    let text = str::from_utf8(bytes)
        .map_err(|_| Damage { code: "invalid_utf8", reason: "a text is not UTF-8" })?;
    write_text(text, out);
    Ok(())
}

impl Kind {
    /// Whether the wire has the kind of value that the field should have; another one is passed over like a field
    /// that is not known.
    fn fits(self, wire: Wire<'_>) -> bool {
        match self {
            Self::Number => matches!(wire, Wire::Varint(_) | Wire::Fixed32(_)),
            Self::Time => matches!(wire, Wire::Varint(_) | Wire::Fixed64(_)),
            _ => matches!(wire, Wire::Bytes(_)),
        }
    }
}

fn whole(field: Field<'_>) -> Result<Field<'_>, Damage> {
    if field.is_cut { Err(CUT) } else { Ok(field) }
}

fn open_field(out: &mut String, key: &str) {
    if !out.ends_with('{') {
        out.push(',');
    }
    out.push('"');
    out.push_str(key);
    out.push_str("\":");
}

fn write_value(kind: Kind, wire: Wire<'_>, out: &mut String) -> Result<(), Damage> {
    match (kind, wire) {
        (Kind::Message(slots), Wire::Bytes(bytes)) => write_message(slots, bytes, out)?,
        (Kind::KeyValue, Wire::Bytes(bytes)) => write_key_value(bytes, 0, out)?,
        (Kind::AnyValue, Wire::Bytes(bytes)) => write_any_value(bytes, 0, out)?,
        (Kind::Id, Wire::Bytes(bytes)) => {
            out.push('"');
            for byte in bytes {
                for digit in [byte >> 4, byte & 15] {
                    out.push(char::from_digit(u32::from(digit), 16).unwrap_or('0'));
                }
            }
            out.push('"');
        }
        (_, Wire::Bytes(bytes)) => write_utf8(bytes, out)?,
        (Kind::Time, Wire::Varint(number)) => push_quoted(out, number),
        (_, Wire::Varint(number)) => out.push_str(&number.to_string()),
        (_, Wire::Fixed64(bytes)) => push_quoted(out, u64::from_le_bytes(bytes)),
        (_, Wire::Fixed32(bytes)) => out.push_str(&u32::from_le_bytes(bytes).to_string()),
    }
    Ok(())
}

fn push_quoted(out: &mut String, number: u64) {
    out.push('"');
    out.push_str(&number.to_string());
    out.push('"');
}

fn write_key_value(message: &[u8], depth: usize, out: &mut String) -> Result<(), Damage> {
    let (mut key, mut value): (&[u8], _) = (&[], None);
    for field in Fields::new(message) {
        match whole(field?)? {
            Field { number: 1, wire: Wire::Bytes(bytes), .. } => key = bytes,
            Field { number: 2, wire: Wire::Bytes(bytes), .. } => value = Some(bytes),
            _ => {}
        }
    }
    out.push_str("{\"key\":");
    write_utf8(key, out)?;
    if let Some(value) = value {
        out.push_str(",\"value\":");
        write_any_value(value, depth, out)?;
    }
    out.push('}');
    Ok(())
}

/// One of several kinds; the last one counts.
fn write_any_value(message: &[u8], depth: usize, out: &mut String) -> Result<(), Damage> {
    if depth > VALUE_DEPTH_MAX {
        return Err(Damage { code: "protobuf_depth", reason: "a value nests too deep" });
    }
    let mut value = None;
    for field in Fields::new(message) {
        let field = whole(field?)?;
        let is_known = matches!(
            (field.number, field.wire),
            (1 | 5 | 6 | 7, Wire::Bytes(_)) | (2 | 3, Wire::Varint(_)) | (4, Wire::Fixed64(_))
        );
        value = if is_known { Some(field) } else { value };
    }
    out.push('{');
    match value.map(|field| (field.number, field.wire)) {
        Some((5, Wire::Bytes(bytes))) => {
            out.push_str("\"arrayValue\":");
            write_values(bytes, out, |bytes, out| write_any_value(bytes, depth + 1, out))?;
        }
        Some((6, Wire::Bytes(bytes))) => {
            out.push_str("\"kvlistValue\":");
            write_values(bytes, out, |bytes, out| write_key_value(bytes, depth + 1, out))?;
        }
        Some((7, Wire::Bytes(bytes))) => {
            write_field(out, "bytesValue", |out| write_base64(bytes, out));
        }
        Some((_, Wire::Bytes(bytes))) => {
            out.push_str("\"stringValue\":");
            write_utf8(bytes, out)?;
        }
        Some((2, Wire::Varint(value))) => {
            write_field(out, "boolValue", |out| {
                out.push_str(if value == 0 { "false" } else { "true" });
            });
        }
        Some((_, Wire::Varint(value))) => {
            write_field(out, "intValue", |out| out.push_str(&value.cast_signed().to_string()));
        }
        Some((_, Wire::Fixed64(bytes))) => {
            write_field(out, "doubleValue", |out| write_double(f64::from_le_bytes(bytes), out));
        }
        _ => {}
    }
    out.push('}');
    Ok(())
}

/// `{"values": [...]}` of a message whose first field is repeated.
fn write_values(
    message: &[u8],
    out: &mut String,
    mut each: impl FnMut(&[u8], &mut String) -> Result<(), Damage>,
) -> Result<(), Damage> {
    out.push_str("{\"values\":[");
    for field in Fields::new(message) {
        if let Field { number: 1, wire: Wire::Bytes(bytes), .. } = whole(field?)? {
            if !out.ends_with('[') {
                out.push(',');
            }
            each(bytes, out)?;
        }
    }
    out.push_str("]}");
    Ok(())
}

/// A number as the collector writes it, which is ECMAScript's way; what JSON has no number for is a text.
fn write_double(value: f64, out: &mut String) {
    let size = value.abs();
    if !value.is_finite() {
        let word = if value.is_nan() { "\"NaN\"" } else { "\"Infinity\"" };
        out.push_str(if value < 0.0 { "\"-Infinity\"" } else { word });
    } else if size != 0.0 && !(1e-6..1e21).contains(&size) {
        let text = format!("{value:e}");
        out.push_str(&if size < 1.0 { text } else { text.replace('e', "e+") });
    } else {
        out.push_str(&value.to_string());
    }
}

const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

fn write_base64(bytes: &[u8], out: &mut String) {
    out.push('"');
    for three in bytes.chunks(3) {
        let byte = |idx: usize| u32::from(three.get(idx).copied().unwrap_or_default());
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for idx in 0..4 {
            let digit = BASE64.get((bits >> (18 - 6 * idx) & 63) as usize).copied();
            out.push(char::from(digit.filter(|_| idx <= three.len()).unwrap_or(b'=')));
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_are_written_as_the_collector_writes_them() {
        for (value, text) in [
            (0.0, "0"),
            (1.0, "1"),
            (-2.5, "-2.5"),
            (637.704, "637.704"),
            (1e20, "100000000000000000000"),
            (1e21, "1e+21"),
            (1.5e-7, "1.5e-7"),
            (f64::NAN, "\"NaN\""),
            (f64::NEG_INFINITY, "\"-Infinity\""),
        ] {
            let mut out = String::new();
            write_double(value, &mut out);
            assert_eq!(out, text);
        }
    }

    #[test]
    fn bytes_are_written_in_base64() {
        // `printf abcd | base64` and so on
        for (bytes, text) in [
            (&b""[..], ""),
            (b"a", "YQ=="),
            (b"ab", "YWI="),
            (b"abc", "YWJj"),
            (b"abcd", "YWJjZA=="),
        ] {
            let mut out = String::new();
            write_base64(bytes, &mut out);
            assert_eq!(out, format!("\"{text}\""));
        }
    }

    #[test]
    fn values_that_nest_too_deep_are_damage() {
        let mut value = b"\x0a\x01x".to_vec();
        for depth in 0..60 {
            let mut out = String::new();
            let written = write_any_value(&value, 0, &mut out);
            assert_eq!(written.is_ok(), depth <= VALUE_DEPTH_MAX, "{depth}");
            let len = |bytes: &[u8]| {
                let low = u8::try_from(bytes.len() % 128).unwrap();
                let high = u8::try_from(bytes.len() / 128).unwrap();
                if high == 0 { vec![low] } else { vec![low | 128, high] }
            };
            let values = [vec![0x0a], len(&value), value].concat();
            value = [vec![0x2a], len(&values), values].concat();
        }
    }
}
