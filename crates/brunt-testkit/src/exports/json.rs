//! JSON text, pushed straight into a line buffer: the exports run to gigabytes.

use std::fmt::Write;

/// An object under construction; [`Object::end`] closes it.
pub(crate) struct Object<'a> {
    out: &'a mut String,
    first: bool,
}

impl<'a> Object<'a> {
    pub(crate) fn begin(out: &'a mut String) -> Self {
        out.push('{');
        Self { out, first: true }
    }

    /// Writes the key and lends the buffer for its value.
    pub(crate) fn key(&mut self, key: &str) -> &mut String {
        if !self.first {
            self.out.push(',');
        }
        self.first = false;
        push_text(self.out, key);
        self.out.push(':');
        self.out
    }

    pub(crate) fn text(&mut self, key: &str, value: &str) -> &mut Self {
        push_text(self.key(key), value);
        self
    }

    pub(crate) fn number(&mut self, key: &str, value: i64) -> &mut Self {
        push_number(self.key(key), value);
        self
    }

    /// A 64-bit integer as OTLP/JSON writes it: a string.
    pub(crate) fn long(&mut self, key: &str, value: i64) -> &mut Self {
        let out = self.key(key);
        out.push('"');
        push_number(out, value);
        out.push('"');
        self
    }

    /// Cents as a decimal number.
    pub(crate) fn cents(&mut self, key: &str, cents: i64) -> &mut Self {
        push_cents(self.key(key), cents);
        self
    }

    pub(crate) fn end(self) {
        self.out.push('}');
    }
}

/// OTLP attributes under construction: a list of keys with typed values.
pub(crate) struct Attributes<'a> {
    out: &'a mut String,
    first: bool,
}

impl<'a> Attributes<'a> {
    pub(crate) fn begin(out: &'a mut String) -> Self {
        out.push('[');
        Self { out, first: true }
    }

    pub(crate) fn text(&mut self, key: &str, value: &str) -> &mut Self {
        self.open(key, "stringValue");
        push_text(self.out, value);
        self.out.push_str("}}");
        self
    }

    pub(crate) fn number(&mut self, key: &str, value: i64) -> &mut Self {
        self.open(key, "intValue");
        self.out.push('"');
        push_number(self.out, value);
        self.out.push_str("\"}}");
        self
    }

    pub(crate) fn end(self) {
        self.out.push(']');
    }

    fn open(&mut self, key: &str, kind: &str) {
        if !self.first {
            self.out.push(',');
        }
        self.first = false;
        self.out.push_str("{\"key\":");
        push_text(self.out, key);
        self.out.push_str(",\"value\":{\"");
        self.out.push_str(kind);
        self.out.push_str("\":");
    }
}

pub(crate) fn push_text(out: &mut String, text: &str) {
    out.push('"');
    let mut clean = 0;
    for (at, byte) in text.bytes().enumerate() {
        if byte >= 0x20 && byte != b'"' && byte != b'\\' {
            continue;
        }
        out.push_str(&text[clean..at]);
        clean = at + 1;
        match byte {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\t' => out.push_str("\\t"),
            control => push(out, format_args!("\\u{control:04x}")),
        }
    }
    out.push_str(&text[clean..]);
    out.push('"');
}

pub(crate) fn push_number(out: &mut String, value: i64) {
    push(out, format_args!("{value}"));
}

/// Cents of a non-negative amount, with two decimals.
pub(crate) fn push_cents(out: &mut String, cents: i64) {
    push(out, format_args!("{}.{:02}", cents / 100, cents % 100));
}

pub(crate) fn push(out: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a String does not fail.
    let _ = out.write_fmt(text);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_escaped_as_json_asks() {
        for text in ["", "plain", "a \"b\" \\ c", "line\n\ttab", "\u{1}\r", "Zürich – 東京"] {
            let mut out = String::new();
            push_text(&mut out, text);
            assert_eq!(serde_json::from_str::<String>(&out).unwrap(), text);
        }
    }

    #[test]
    fn objects_and_attributes_are_json() {
        let mut out = String::new();
        let mut object = Object::begin(&mut out);
        object.text("a", "x").number("b", -3).long("c", 5).cents("d", 1_205);
        let mut attributes = Attributes::begin(object.key("attributes"));
        attributes.text("k", "v").number("n", 7);
        attributes.end();
        object.end();
        assert_eq!(
            out,
            r#"{"a":"x","b":-3,"c":"5","d":12.05,"attributes":[{"key":"k","value":{"stringValue":"v"}},{"key":"n","value":{"intValue":"7"}}]}"#
        );
    }
}
