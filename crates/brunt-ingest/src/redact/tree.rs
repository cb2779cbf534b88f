//! Redaction inside JSON, at any depth, and inside the JSON that texts may hold.

use crate::json::Json;
use crate::redact::field::{Action, Path};
use crate::redact::policy::Redactor;
use crate::value::{Scalar, Value};

/// JSON in texts in JSON is followed this far; deeper texts are masked as texts.
const NESTED_MAX: usize = 8;

impl Redactor {
    /// A text without its secrets; `None` where nothing changes. A text that is JSON is redacted as such.
    pub(crate) fn redact_text(&self, table: &str, text: &str) -> Option<String> {
        if text.starts_with(['{', '[']) {
            let mut path = Path::default();
            if let Some(redacted) = self.redact_document(table, text, &mut path, 0) {
                return redacted;
            }
        }
        self.masks().apply(text)
    }

    /// The same for text that is known to be JSON.
    pub(crate) fn redact_json(&self, table: &str, text: &str) -> Option<String> {
        let mut path = Path::default();
        match self.redact_document(table, text, &mut path, 0) {
            Some(redacted) => redacted,
            None => self.masks().apply(text),
        }
    }

    /// `None` where the text is no JSON; within, `None` where nothing changes.
    #[expect(clippy::option_option, reason = "the two absences mean different things")]
    fn redact_document(
        &self,
        table: &str,
        text: &str,
        path: &mut Path,
        n_nested: usize,
    ) -> Option<Option<String>> {
        let mut json = Json::new(text);
        let mut value = Value::read(&mut json).ok()?;
        if !json.at_end() {
            return None;
        }
        let changed = self.redact_value(table, &mut value, path, n_nested);
        Some(changed.then(|| {
            let mut out = String::with_capacity(text.len());
            value.write_json(&mut out);
            out
        }))
    }

    /// Redacts in place; whether anything changed.
    fn redact_value(
        &self,
        table: &str,
        value: &mut Value<'_>,
        path: &mut Path,
        n_nested: usize,
    ) -> bool {
        match value {
            Value::Object(fields) => {
                let mut changed = false;
                for (key, value) in fields.iter_mut() {
                    let n_entered = path.enter(key);
                    changed |= self.redact_field(table, value, path, n_nested);
                    path.leave(n_entered);
                    if let Some(masked) = self.masks().apply(key) {
                        *key = masked.into();
                        changed = true;
                    }
                }
                changed
            }
            Value::Array(elements) => {
                let mut changed = false;
                for element in elements {
                    changed |= self.redact_value(table, element, path, n_nested);
                }
                changed
            }
            Value::Leaf(leaf) => self.redact_leaf(table, leaf, path, n_nested),
        }
    }

    fn redact_field(
        &self,
        table: &str,
        value: &mut Value<'_>,
        path: &mut Path,
        n_nested: usize,
    ) -> bool {
        match self.path_action(table, path, matches!(value, Value::Object(_))) {
            Some(Action::Keep) => false,
            Some(Action::Drop) => {
                let dropped = Value::Leaf(Scalar::Null);
                std::mem::replace(value, dropped) != Value::Leaf(Scalar::Null)
            }
            Some(Action::Hash) => replace_leaves(value, &|text| {
                if self.has_secret() { Scalar::text(self.hash(text)) } else { Scalar::Null }
            }),
            Some(Action::Mask) | None if path.is_secret() && self.masks().key => {
                replace_leaves(value, &|_| Scalar::text("[secret]"))
            }
            Some(Action::Mask) | None => self.redact_value(table, value, path, n_nested),
        }
    }

    fn redact_leaf(
        &self,
        table: &str,
        leaf: &mut Scalar<'_>,
        path: &mut Path,
        n_nested: usize,
    ) -> bool {
        let redacted = match &*leaf {
            Scalar::Text(text) if text.starts_with(['{', '[']) && n_nested < NESTED_MAX => {
                match self.redact_document(table, text, path, n_nested + 1) {
                    Some(redacted) => redacted,
                    None => self.masks().apply(text),
                }
            }
            Scalar::Text(text) | Scalar::Number(text) => self.masks().apply(text),
            Scalar::Null | Scalar::Bool(_) | Scalar::Json(_) => None,
        };
        // A card number written as a number becomes a text.
        redacted.map(|text| *leaf = Scalar::text(text)).is_some()
    }
}

/// Replaces every text and number of a value.
fn replace_leaves<'a>(value: &mut Value<'a>, replace: &impl Fn(&str) -> Scalar<'a>) -> bool {
    match value {
        Value::Leaf(leaf) => match leaf.as_str().filter(|text| !text.is_empty()).map(replace) {
            Some(replaced) => {
                *leaf = replaced;
                true
            }
            None => false,
        },
        Value::Array(elements) => elements
            .iter_mut()
            .fold(false, |changed, element| replace_leaves(element, replace) | changed),
        Value::Object(fields) => fields
            .iter_mut()
            .fold(false, |changed, (_, value)| replace_leaves(value, replace) | changed),
    }
}
