//! The redaction policy: what is masked, and rules for named fields, from `definitions/redaction.toml`.

use std::fmt;

use hmac::{Hmac, Mac};
use serde::Deserialize;
use sha2::Sha256;

use crate::definition::definition_error;
use crate::error::Error;
use crate::redact::field::{Action, FieldRule, Path};
use crate::redact::mask::{Kind, Masks};

/// What is hidden before anything is stored.
///
/// ```
/// use brunt_ingest::Policy;
///
/// let policy = Policy::parse(
///     r#"
///     mask = ["email", "card", "key"]   # the default; there are "phone", "iban" and "ip" too
///
///     [[rule]]
///     field = "user_id"                 # a column, or an attribute at any depth
///     action = "hash"                   # hash, drop, keep, mask
///
///     [[rule]]
///     field = "user.email"
///     action = "drop"
///     table = "spans"
///     "#,
///     "definitions/redaction.toml",
/// )
/// .unwrap()
/// .with_secret(b"from the environment or a file".to_vec());
/// assert_eq!(policy.rules().len(), 2);
/// ```
#[derive(Clone)]
pub struct Policy {
    masks: Masks,
    rules: Vec<FieldRule>,
    fields: Vec<(String, &'static str)>,
    secret: Option<Vec<u8>>,
}

/// A policy at work.
#[derive(Debug)]
pub(crate) struct Redactor {
    policy: Policy,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    mask: Option<Vec<Kind>>,
    #[serde(default)]
    rule: Vec<Rule>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule {
    field: String,
    action: Action,
    table: Option<String>,
}

impl Default for Policy {
    /// Masks for e-mail addresses, cards and keys, and no rules.
    fn default() -> Self {
        Self { masks: Masks::default(), rules: Vec::new(), fields: Vec::new(), secret: None }
    }
}

impl fmt::Debug for Policy {
    /// Never shows the secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Policy")
            .field("masks", &self.masks)
            .field("rules", &self.rules)
            .field("has_secret", &self.secret.is_some())
            .finish_non_exhaustive()
    }
}

impl Policy {
    /// Masks of every kind, and no rules.
    pub(crate) fn all_masks() -> Self {
        Self { masks: Masks::all(), ..Self::default() }
    }

    /// Reads a policy; `file_name` is for messages.
    ///
    /// # Errors
    /// [`Error::Definition`] with line and column.
    pub fn parse(toml: &str, file_name: &str) -> Result<Self, Error> {
        let file: File =
            toml::from_str(toml).map_err(|error| definition_error(toml, file_name, &error))?;
        let masks = file.mask.map_or_else(Masks::default, |kinds| Masks::of(&kinds));
        let fields =
            file.rule.iter().map(|rule| (rule.field.clone(), rule.action.name())).collect();
        let rules = file
            .rule
            .into_iter()
            .map(|rule| FieldRule::new(&rule.field, rule.table.map(table_name), rule.action))
            .collect();
        Ok(Self { masks, rules, fields, secret: None })
    }

    /// Gives the secret with which `hash` works. Without one, fields to be hashed are dropped.
    #[must_use]
    pub fn with_secret(mut self, secret: Vec<u8>) -> Self {
        self.secret = Some(secret).filter(|secret| !secret.is_empty());
        self
    }

    /// Fields with a rule and what it does, in the order of the file.
    pub fn rules(&self) -> &[(String, &'static str)] {
        &self.fields
    }

    /// Fields with what a rule does, and the table that it is for, in the order of the file.
    pub(crate) fn rules_by_table(&self) -> impl Iterator<Item = (&str, &str, Option<&str>)> {
        let rules = self.fields.iter().zip(&self.rules);
        rules.map(|((field, action), rule)| (&**field, *action, rule.table.as_deref()))
    }

    /// Whether what stands in this column is stored as its hash, in some table or in all.
    pub fn hashes(&self, column: &str) -> bool {
        self.rules.iter().any(|rule| rule.action == Action::Hash && rule.names_column(column))
    }

    /// What a `hash` rule stores in the place of a text: its HMAC-SHA256 with the secret, in lower-case hexadecimal;
    /// `None` without a secret.
    pub fn hash(&self, text: &str) -> Option<String> {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.secret.as_deref()?).ok()?;
        mac.update(text.as_bytes());
        Some(mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// Free text with what is masked in it hidden, for what people write beside the exports.
    pub fn mask(&self, text: &str) -> String {
        self.masks.apply(text, &mut |_, _| ()).unwrap_or_else(|| text.to_owned())
    }

    /// The kinds of what is masked wherever it stands.
    pub fn masks(&self) -> Vec<Kind> {
        Kind::ALL.into_iter().filter(|kind| self.masks.contains(*kind)).collect()
    }
}

impl Action {
    fn name(self) -> &'static str {
        match self {
            Self::Hash => "hash",
            Self::Drop => "drop",
            Self::Keep => "keep",
            Self::Mask => "mask",
        }
    }
}

impl Redactor {
    pub(crate) fn new(policy: Policy) -> Self {
        Self { policy }
    }

    pub(crate) fn masks(&self) -> Masks {
        self.policy.masks
    }

    pub(crate) fn has_secret(&self) -> bool {
        self.policy.secret.is_some()
    }

    /// Whether any rule changes fields by their name, so that every object has to be looked into.
    pub(crate) fn has_field_rules(&self) -> bool {
        !self.policy.rules.is_empty()
    }

    pub(crate) fn column_action(&self, table: &str, column: &str) -> Option<Action> {
        let rule = |rule: &&FieldRule| rule.is_for(table) && rule.names_column(column);
        self.policy.rules.iter().find(rule).map(|rule| rule.action)
    }

    pub(crate) fn path_action(&self, table: &str, path: &Path, is_object: bool) -> Option<Action> {
        let rule = |rule: &&FieldRule| rule.is_for(table) && rule.names(path, is_object);
        self.policy.rules.iter().find(rule).map(|rule| rule.action)
    }

    /// What is stored in the place of a text that is to be hashed.
    pub(crate) fn hash(&self, text: &str) -> Option<String> {
        self.policy.hash(text)
    }
}

/// Tables go by the words that people use, as in `--table`.
fn table_name(word: String) -> String {
    crate::table_named(&word).map_or(word, |table| table.name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_hmac_sha256() {
        // `python3 -c "import hmac;print(hmac.new(b'key', b'u-42', 'sha256').hexdigest())"`
        let policy = Policy::default().with_secret(b"key".to_vec());
        assert_eq!(
            policy.hash("u-42").as_deref(),
            Some("3f9920623ab4291e19e70f4dc547e57ea166f01efd819e9fbaed70cab053ca7a")
        );
    }

    #[test]
    fn a_policy_with_a_slip_is_refused_with_its_place() {
        let error =
            Policy::parse("[[rule]]\nfield = \"a\"\naction = \"erase\"\n", "r.toml").unwrap_err();
        assert!(error.to_string().starts_with("r.toml:3:10: "), "{error}");
        assert!(Policy::parse("mask = [\"emails\"]", "r.toml").is_err());
        assert!(Policy::parse("masks = []", "r.toml").is_err());
    }

    #[test]
    fn a_policy_never_shows_its_secret() {
        let policy = Policy::default().with_secret(b"hunter2".to_vec());
        assert!(!format!("{policy:?}").contains("hunter2"));
    }
}
