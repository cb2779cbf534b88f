//! Aliases of the user's own, from `definitions/aliases.toml`.

use std::sync::Arc;

use brunt_model::{Table, TableKind, tables};
use serde::Deserialize;
use toml::Spanned;

use crate::definition::{definition_error, error_at};
use crate::detect::table_named;
use crate::error::Error;

/// Names of columns beside those that brunt knows; they go before them, in the order of the file.
///
/// ```
/// use brunt_ingest::UserAliases;
///
/// let aliases = UserAliases::parse(
///     r#"
///     [[alias]]
///     column = "session_id"
///     keys = ["web.visit", "visit"]   # compared without case and punctuation
///
///     [[alias]]
///     column = "account_id"
///     keys = ["shop"]
///     table = "tickets"               # else every table that has the column
///     "#,
///     "definitions/aliases.toml",
/// )?;
/// assert_eq!(aliases.iter().count(), 2);
/// # Ok::<(), brunt_ingest::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct UserAliases(Arc<Vec<UserAlias>>);

/// Other names of one column, as the user gives them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserAlias {
    /// Every table that has the column where `None`.
    pub table: Option<&'static str>,
    pub column: &'static str,
    /// Most trusted first.
    pub keys: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    alias: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    column: Spanned<String>,
    keys: Vec<String>,
    table: Option<Spanned<String>>,
}

impl UserAliases {
    /// Reads aliases; `file_name` is for messages.
    ///
    /// # Errors
    /// [`Error::Definition`] with line and column: a slip in the TOML, or an unknown table or column.
    pub fn parse(toml: &str, file_name: &str) -> Result<Self, Error> {
        let file: File =
            toml::from_str(toml).map_err(|error| definition_error(toml, file_name, &error))?;
        let fault = |at: usize, reason: &str| error_at(toml, file_name, at, reason);
        let mut aliases = Vec::new();
        for Entry { column, keys, table } in file.alias {
            let table = match &table {
                None => None,
                Some(name) => Some(table_named(name.get_ref()).ok_or_else(|| {
                    fault(name.span().start, &format!("there is no table {:?}", name.get_ref()))
                })?),
            };
            let Some(known) = column_of(table, column.get_ref()) else {
                let name = column.get_ref();
                let reason = match table {
                    None => format!("no table has a column {name:?} to be fed"),
                    Some(table) => {
                        format!("table {:?} has no column {name:?} to be fed", table.name)
                    }
                };
                return Err(fault(column.span().start, &reason));
            };
            let table = table.map(|table| table.name);
            aliases.push(UserAlias { table, column: known, keys });
        }
        Ok(Self(Arc::new(aliases)))
    }

    /// In the order of the file.
    pub fn iter(&self) -> impl Iterator<Item = &UserAlias> {
        self.0.iter()
    }

    /// Those for a table: column and key.
    pub(crate) fn of(&self, table: &'static Table) -> impl Iterator<Item = (&'static str, &str)> {
        let of_table =
            self.0.iter().filter(|alias| alias.table.is_none_or(|name| name == table.name));
        of_table.flat_map(|alias| alias.keys.iter().map(|key| (alias.column, key.as_str())))
    }
}

/// The column's name, where it is one that an export can feed.
fn column_of(table: Option<&'static Table>, name: &str) -> Option<&'static str> {
    if crate::normalize::route::NEVER.contains(&name) {
        return None;
    }
    let mut base = tables().iter().filter(|table| table.kind == TableKind::Base);
    let column = match table {
        Some(table) => table.column(name),
        None => base.find_map(|table| table.column(name)),
    };
    column.map(|column| column.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_named_with_their_place() {
        let fault = |toml| UserAliases::parse(toml, "aliases.toml").unwrap_err().to_string();
        assert_eq!(
            fault("[[alias]]\ncolumn = \"sesion\"\nkeys = [\"sid\"]"),
            "aliases.toml:2:10: no table has a column \"sesion\" to be fed"
        );
        assert_eq!(
            fault("[[alias]]\ncolumn = \"mrr\"\nkeys = [\"x\"]\ntable = \"logs\""),
            "aliases.toml:2:10: table \"logs\" has no column \"mrr\" to be fed"
        );
        assert_eq!(
            fault("[[alias]]\ncolumn = \"mrr\"\nkeys = [\"x\"]\ntable = \"bills\""),
            "aliases.toml:4:9: there is no table \"bills\""
        );
        assert_eq!(
            fault("[[alias]]\ncolumn = \"load_id\"\nkeys = [\"x\"]"),
            "aliases.toml:2:10: no table has a column \"load_id\" to be fed"
        );
        assert!(fault("[[aliases]]\n").starts_with("aliases.toml:1:3: unknown field `aliases`"));
    }
}
