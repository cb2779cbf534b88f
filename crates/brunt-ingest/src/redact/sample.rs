//! The start of a refused record, redacted, so that somebody can see what was wrong with it.

use std::borrow::Cow;

use crate::redact::policy::Redactor;
use crate::redact::tally::Tally;

/// A sample is this long, in characters.
const SAMPLE_CHARS: usize = 200;
/// Of a long record this much is looked at, in bytes.
const SEEN_BYTES: usize = 8_192;
/// How often escapes in escapes are undone.
const N_UNESCAPED: usize = 4;

impl Redactor {
    /// The sample of a record. Where rules hide fields by name, a record that cannot be taken apart is withheld.
    pub(crate) fn sample(&self, table: &'static str, record: &[u8]) -> String {
        // What is hidden here is hidden from nobody's rows, so it counts nowhere.
        let mut tally = Tally::default();
        let mut spot = tally.at(table, "sample");
        let text = String::from_utf8_lossy(record);
        let text = text.trim();
        let redacted = if self.has_field_rules() {
            match serde_json::from_str::<serde::de::IgnoredAny>(text) {
                Ok(_) => self.redact_json(text, &mut spot).map_or(Cow::Borrowed(text), Cow::Owned),
                Err(_) => Cow::Borrowed(
                    "(withheld: redaction rules name fields, and the record cannot be taken apart)",
                ),
            }
        } else {
            let seen = text.get(..text.floor_char_boundary(SEEN_BYTES)).unwrap_or(text);
            let plain = unescape(seen);
            Cow::Owned(self.mask(&plain, &mut spot).unwrap_or(plain))
        };
        redacted
            .chars()
            .take(SAMPLE_CHARS)
            .map(|c| if c == '\0' { '\u{fffd}' } else { c })
            .collect()
    }
}

/// Undoes `\u0040` and its like, also of several levels, behind which an address could hide.
fn unescape(text: &str) -> String {
    let mut text = text.to_owned();
    for _ in 0..N_UNESCAPED {
        let Some(plain) = unescape_once(&text) else { break };
        text = plain;
    }
    text
}

fn unescape_once(text: &str) -> Option<String> {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    let mut changed = false;
    while let Some(at) = rest.find("\\u") {
        let code = rest.get(at + 2..at + 6).and_then(|digits| u32::from_str_radix(digits, 16).ok());
        let decoded = code.and_then(char::from_u32).filter(char::is_ascii_graphic);
        plain.push_str(rest.get(..at)?);
        if let Some(decoded) = decoded {
            plain.push(decoded);
            rest = rest.get(at + 6..)?;
            changed = true;
        } else {
            plain.push_str("\\u");
            rest = rest.get(at + 2..)?;
        }
    }
    plain.push_str(rest);
    changed.then_some(plain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redact::policy::Policy;

    #[test]
    fn samples_are_short_and_redacted_even_where_the_record_is_broken() {
        let redactor = Redactor::new(Policy::default());
        let record = format!(r#"{{"user": "ann\u0040shop.example", "x": "{}"#, "y".repeat(10_000));
        let sample = redactor.sample("logs", record.as_bytes());
        assert!(sample.starts_with(r#"{"user": "[email]", "x": "yyy"#), "{sample}");
        assert_eq!(sample.chars().count(), SAMPLE_CHARS);
        assert_eq!(redactor.sample("logs", b"\xff\x00ann@shop.example"), "\u{fffd}\u{fffd}[email]");
    }

    #[test]
    fn rules_for_fields_hold_for_samples_too() {
        let policy =
            Policy::parse("[[rule]]\nfield = \"ssn\"\naction = \"drop\"\n", "r.toml").unwrap();
        let redactor = Redactor::new(policy);
        assert_eq!(
            redactor.sample("logs", br#"{"ssn": "078-05-1120", "n": 1}"#),
            r#"{"ssn":null,"n":1}"#
        );
        assert!(
            redactor.sample("logs", br#"{"ssn": "078-05-1120", "n": "#).starts_with("(withheld")
        );
    }
}
