//! Rules for fields by name, whatever way their name is written.

use crate::aliases::aliases;
use crate::normalize::words::fold;

/// What a rule does with a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Action {
    /// Replaced by its HMAC-SHA256, the same in every table.
    Hash,
    Drop,
    /// Stored as it is, without masks.
    Keep,
    /// Masked although it is an id.
    Mask,
}

/// A rule for a field, with all names that the field has.
#[derive(Debug, Clone)]
pub(crate) struct FieldRule {
    /// `None` for all tables.
    pub(crate) table: Option<String>,
    pub(crate) action: Action,
    /// The field's own name and, where it is a column, the column's aliases; folded.
    names: Vec<String>,
}

/// Longer keys are no names of fields.
const NAME_BYTES_MAX: usize = 64;

/// Fields whose values are secret whatever they look like.
const SECRETS: &[&str] = &[
    "password",
    "passwd",
    "passphrase",
    "pwd",
    "secret",
    "clientsecret",
    "secretkey",
    "token",
    "accesstoken",
    "refreshtoken",
    "idtoken",
    "authtoken",
    "sessiontoken",
    "csrftoken",
    "apikey",
    "xapikey",
    "accesskey",
    "privatekey",
    "authorization",
    "proxyauthorization",
    "cookie",
    "cookies",
    "setcookie",
    "credential",
    "credentials",
];

impl FieldRule {
    pub(crate) fn new(field: &str, table: Option<String>, action: Action) -> Self {
        let mut names = vec![fold(field)];
        for alias in aliases().iter().filter(|alias| fold(alias.column) == fold(field)) {
            names.extend(alias.keys.iter().map(|key| fold(key)));
        }
        Self { table, action, names }
    }

    pub(crate) fn is_for(&self, table: &str) -> bool {
        self.table.as_deref().is_none_or(|name| name == table)
    }

    /// Whether the rule names the field at this path: the whole of it, or any end of it (`email` names `user.email`).
    /// An object is named by the field's own name only: `user` may be a user's id, but `{"user": {...}}` is more.
    pub(crate) fn names(&self, path: &Path, is_object: bool) -> bool {
        let n_names = if is_object { 1 } else { self.names.len() };
        path.ends().any(|end| self.names.iter().take(n_names).any(|name| *name == end))
    }

    /// Whether the rule names this column.
    pub(crate) fn names_column(&self, column: &str) -> bool {
        self.names.first().is_some_and(|name| *name == fold(column))
    }
}

/// The names of the objects that a value stands in, outermost first.
#[derive(Debug, Default)]
pub(crate) struct Path {
    /// As they are written.
    keys: Vec<String>,
    /// Folded, and dotted keys as several.
    segments: Vec<String>,
}

impl Path {
    /// Steps into a field; its dotted key counts as several. Returns how many to step out of.
    pub(crate) fn enter(&mut self, key: &str) -> usize {
        let n_before = self.segments.len();
        self.segments.extend(key.split('.').map(fold));
        self.keys.push(key.to_owned());
        self.segments.len() - n_before
    }

    pub(crate) fn leave(&mut self, n: usize) {
        self.segments.truncate(self.segments.len() - n.min(self.segments.len()));
        self.keys.pop();
    }

    /// `user.email`: the keys as they are written, but `*` for those that are no names of fields: they may say more
    /// than they should, and there is no end of them.
    pub(crate) fn name(&self) -> String {
        let names = self.keys.iter().map(|key| if is_name(key) { key.as_str() } else { "*" });
        names.collect::<Vec<_>>().join(".")
    }

    /// Whether the field holds a secret by its name alone.
    pub(crate) fn is_secret(&self) -> bool {
        self.segments.last().is_some_and(|last| SECRETS.contains(&last.as_str()))
    }

    /// `email`, `useremail`, `contextuseremail`: every end of the path, joined.
    fn ends(&self) -> impl Iterator<Item = String> + '_ {
        (0..self.segments.len())
            .rev()
            .map(|start| self.segments.get(start..).unwrap_or_default().concat())
    }
}

/// Names of fields are words without digits, and not long.
fn is_name(key: &str) -> bool {
    let of_names = |byte: u8| byte.is_ascii_alphabetic() || matches!(byte, b'.' | b'_' | b'-');
    !key.is_empty() && key.len() <= NAME_BYTES_MAX && key.bytes().all(of_names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_names_a_field_at_any_depth_and_by_its_aliases() {
        let email = FieldRule::new("user.email", None, Action::Drop);
        let user = FieldRule::new("user_id", None, Action::Hash);
        let mut path = Path::default();
        path.enter("context.user");
        let n = path.enter("email");
        assert!(email.names(&path, false) && !user.names(&path, false));
        path.leave(n);
        path.enter("id");
        assert!(user.names(&path, false) && !email.names(&path, false));
        assert_eq!(path.name(), "context.user.id");
        path.enter("ann@shop.example");
        assert_eq!(path.name(), "context.user.id.*");
        let mut path = Path::default();
        path.enter("usr.id");
        assert!(user.names(&path, false) && !user.names(&path, true), "an alias of the column");
        assert!(user.names_column("user_id") && !user.names_column("user_pseudo_id"));
    }
}
