//! Redaction inside JSON, at any depth, and inside the JSON that texts may hold.

use crate::json::Json;
use crate::redact::field::Action;
use crate::redact::mask::Kind;
use crate::redact::policy::Redactor;
use crate::redact::tally::{Done, Spot};
use crate::value::{Scalar, Value};

/// JSON in texts in JSON is followed this far; deeper texts are masked as texts.
const NESTED_MAX: usize = 8;

impl Redactor {
    /// A text without its secrets; `None` where nothing changes. A text that is JSON is redacted as such.
    pub(crate) fn redact_text(&self, text: &str, spot: &mut Spot<'_>) -> Option<String> {
        if text.starts_with(['{', '[']) {
            return self.redact_json(text, spot);
        }
        self.mask(text, spot)
    }

    /// The same for text that is most likely JSON.
    pub(crate) fn redact_json(&self, text: &str, spot: &mut Spot<'_>) -> Option<String> {
        match self.redact_document(text, spot, 0) {
            Some(redacted) => redacted,
            None => self.mask(text, spot),
        }
    }

    /// A text without what the masks find; `None` where nothing changes.
    pub(crate) fn mask(&self, text: &str, spot: &mut Spot<'_>) -> Option<String> {
        self.masks().apply(text, &mut |kind, found| spot.note_masked(kind, found, text))
    }

    /// `None` where the text is no JSON; within, `None` where nothing changes.
    #[expect(clippy::option_option, reason = "the two absences mean different things")]
    fn redact_document(
        &self,
        text: &str,
        spot: &mut Spot<'_>,
        n_nested: usize,
    ) -> Option<Option<String>> {
        let mut json = Json::new(text);
        let mut value = Value::read(&mut json).ok()?;
        if !json.at_end() {
            return None;
        }
        let changed = self.redact_value(&mut value, spot, n_nested);
        Some(changed.then(|| {
            let mut out = String::with_capacity(text.len());
            value.write_json(&mut out);
            out
        }))
    }

    /// Redacts in place; whether anything changed.
    fn redact_value(&self, value: &mut Value<'_>, spot: &mut Spot<'_>, n_nested: usize) -> bool {
        match value {
            Value::Object(fields) => {
                let mut changed = false;
                for (key, value) in fields.iter_mut() {
                    let n_entered = spot.path.enter(key);
                    changed |= self.redact_field(value, spot, n_nested);
                    spot.path.leave(n_entered);
                    if let Some(masked) = self.mask(key, spot) {
                        *key = masked.into();
                        changed = true;
                    }
                }
                changed
            }
            Value::Array(elements) => {
                let mut changed = false;
                for element in elements {
                    changed |= self.redact_value(element, spot, n_nested);
                }
                changed
            }
            Value::Leaf(leaf) => self.redact_leaf(leaf, spot, n_nested),
        }
    }

    fn redact_field(&self, value: &mut Value<'_>, spot: &mut Spot<'_>, n_nested: usize) -> bool {
        match self.path_action(spot.table, &spot.path, matches!(value, Value::Object(_))) {
            Some(Action::Keep) => false,
            Some(Action::Drop) => {
                let dropped = Value::Leaf(Scalar::Null);
                let changed = std::mem::replace(value, dropped) != Value::Leaf(Scalar::Null);
                if changed {
                    spot.note(Done::Dropped);
                }
                changed
            }
            Some(Action::Hash) => replace_leaves(value, &mut |text| {
                let hash = self.hash(text);
                spot.note(if hash.is_some() { Done::Hashed } else { Done::Dropped });
                Some(hash.map_or(Scalar::Null, Scalar::text))
            }),
            Some(Action::Mask) | None
                if spot.path.is_secret() && self.masks().contains(Kind::Key) =>
            {
                replace_leaves(value, &mut |text| {
                    (!is_hidden(text)).then(|| {
                        spot.note_masked(Kind::Key, text, text);
                        Scalar::text("[secret]")
                    })
                })
            }
            Some(Action::Mask) | None => self.redact_value(value, spot, n_nested),
        }
    }

    fn redact_leaf(&self, leaf: &mut Scalar<'_>, spot: &mut Spot<'_>, n_nested: usize) -> bool {
        let redacted = match &*leaf {
            Scalar::Text(text) if text.starts_with(['{', '[']) && n_nested < NESTED_MAX => {
                match self.redact_document(text, spot, n_nested + 1) {
                    Some(redacted) => redacted,
                    None => self.mask(text, spot),
                }
            }
            Scalar::Text(text) | Scalar::Number(text) => self.mask(text, spot),
            Scalar::Null | Scalar::Bool(_) | Scalar::Json(_) => None,
        };
        // A card number written as a number becomes a text.
        redacted.map(|text| *leaf = Scalar::text(text)).is_some()
    }
}

/// What others put in the place of a secret, or we did.
fn is_hidden(text: &str) -> bool {
    ["[secret]", "[Filtered]", "[REDACTED]", "[redacted]"].contains(&text)
        || text.bytes().all(|byte| byte == b'*')
}

/// Replaces the texts and numbers of a value for which there is something else.
fn replace_leaves<'a>(
    value: &mut Value<'a>,
    replace: &mut impl FnMut(&str) -> Option<Scalar<'a>>,
) -> bool {
    match value {
        Value::Leaf(leaf) => {
            match leaf.as_str().filter(|text| !text.is_empty()).and_then(&mut *replace) {
                Some(replaced) => {
                    *leaf = replaced;
                    true
                }
                None => false,
            }
        }
        Value::Array(elements) => elements
            .iter_mut()
            .fold(false, |changed, element| replace_leaves(element, replace) | changed),
        Value::Object(fields) => fields
            .iter_mut()
            .fold(false, |changed, (_, value)| replace_leaves(value, replace) | changed),
    }
}
