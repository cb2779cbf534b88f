//! The names under which exports write our columns: one table of data, shown in SQL as `system.aliases`.
//!
//! A key is compared without case and punctuation, so `session.id`, `session_id` and `$sessionId` are one name, and every
//! column goes by its own name before any of these. Earlier names of a column win over later ones.

mod registry;
mod user;

use brunt_model::Table;

use crate::normalize::form::Form;
use crate::normalize::words::fold;

pub use user::{UserAlias, UserAliases};

/// Other names of one column.
#[derive(Debug)]
pub struct Alias {
    /// Tables for which they hold; empty for every table that has the column.
    pub tables: &'static [&'static str],
    pub column: &'static str,
    /// Most trusted first.
    pub keys: &'static [&'static str],
    /// Whether these are plain words (`level`, `id`) that mean the column only at the top of a record of a plain format,
    /// and not wherever an attribute of that name may stand.
    pub plain_words: bool,
    /// How such a value is to be read where that differs from the column's own way: a unit, or decimal ids.
    pub(crate) form: Option<Form>,
}

/// A key that says nothing of the column's own: the end of a span, from which its duration follows.
pub(crate) const SPAN_END: &str = "(end of the span)";
/// A ticket's subject, which goes before its message.
pub(crate) const TICKET_SUBJECT: &str = "(subject of the ticket)";

/// All aliases, in the order of tables and columns.
pub fn aliases() -> &'static [Alias] {
    registry::ALIASES
}

/// The column of a table that an attribute of this name feeds: the one of the name itself, else the first that goes by it
/// wherever it stands; `None` where the attribute stays one.
pub fn column_fed(table: &Table, key: &str) -> Option<&'static str> {
    let key = fold(key);
    let own = table.columns.iter().map(|column| column.name).find(|name| fold(name) == key);
    own.or_else(|| {
        let is_fed = |alias: &&Alias| {
            !alias.plain_words
                && (alias.tables.is_empty() || alias.tables.contains(&table.name))
                && table.column(alias.column).is_some()
                && alias.keys.iter().any(|name| fold(name) == key)
        };
        aliases().iter().find(is_fed).map(|alias| alias.column)
    })
}

const fn any(column: &'static str, keys: &'static [&'static str]) -> Alias {
    Alias { tables: &[], column, keys, plain_words: false, form: None }
}

const fn plain(column: &'static str, keys: &'static [&'static str]) -> Alias {
    Alias { tables: &[], column, keys, plain_words: true, form: None }
}

const fn any_as(form: Form, column: &'static str, keys: &'static [&'static str]) -> Alias {
    Alias { tables: &[], column, keys, plain_words: false, form: Some(form) }
}

const fn plain_in(
    table: &'static [&'static str],
    column: &'static str,
    keys: &'static [&'static str],
) -> Alias {
    Alias { tables: table, column, keys, plain_words: true, form: None }
}

const fn any_in(
    table: &'static [&'static str],
    column: &'static str,
    keys: &'static [&'static str],
) -> Alias {
    Alias { tables: table, column, keys, plain_words: false, form: None }
}

const LOGS: &[&str] = &["logs"];
const SPANS: &[&str] = &["spans"];
const EVENTS: &[&str] = &["events"];
const TICKETS: &[&str] = &["ticket_updates"];
const ACCOUNTS: &[&str] = &["account_updates"];
const RELEASES: &[&str] = &["releases"];
const TELEMETRY: &[&str] = &["logs", "spans", "events"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_attribute_feeds_the_column_of_its_name_or_of_an_alias() {
        let fed = |table: &str, key| column_fed(brunt_model::table(table).unwrap(), key);
        assert_eq!(fed("spans", "http.response.status_code"), Some("http_response_status_code"));
        assert_eq!(fed("logs", "tenant.id"), Some("account_id"));
        assert_eq!(fed("logs", "requester.external_id"), None, "of tickets only");
        assert_eq!(fed("logs", "level"), None, "a plain word");
        assert_eq!(fed("logs", "queue.name"), None);
    }
}
