//! Which traffic is a team's own, by rules of the user's, from `definitions/traffic.toml`.

use std::collections::BTreeMap;
use std::sync::Arc;

use brunt_model::{Table, TableKind, tables};
use serde::Deserialize;
use toml::Spanned;

use crate::definition::{definition_error, error_at};
use crate::error::Error;
use crate::normalize::route::NEVER;
use crate::row::Row;

/// What internal traffic looks like. Its rows get `internal` as their `synthetic_type`, unless that says something
/// already, and so do not count in impact and objectives.
///
/// ```
/// use brunt_ingest::Traffic;
///
/// let traffic = Traffic::parse(
///     r#"
///     [[internal]]
///     user_id = ["qa-*", "*@shop.example"]   # one of these; * is any text
///
///     [[internal]]
///     account_id = ["shop-staff"]
///     deployment_environment_name = ["production"]   # and one of these
///     "#,
///     "definitions/traffic.toml",
/// )?;
/// # Ok::<(), brunt_ingest::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Traffic(Arc<Vec<Rule>>);

/// Columns, each with patterns of which one has to fit.
type Rule = Vec<(&'static str, Vec<String>)>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    internal: Vec<Spanned<BTreeMap<String, Vec<String>>>>,
}

/// The rules for the rows of one table.
#[derive(Debug)]
pub(crate) struct TableTraffic(Vec<Vec<(usize, Vec<String>)>>);

impl Traffic {
    /// Reads rules; `file_name` is for messages.
    ///
    /// # Errors
    /// [`Error::Definition`] with line and column: a slip in the TOML, an unknown column, or a rule without any.
    pub fn parse(toml: &str, file_name: &str) -> Result<Self, Error> {
        let file: File =
            toml::from_str(toml).map_err(|error| definition_error(toml, file_name, &error))?;
        let mut rules = Vec::new();
        for rule in file.internal {
            let fault = |reason: &str| error_at(toml, file_name, rule.span().start, reason);
            let mut conditions: Rule = Vec::new();
            for (name, patterns) in rule.get_ref() {
                let base = || tables().iter().filter(|table| table.kind == TableKind::Base);
                let column = base().find_map(|table| table.column(name));
                let Some(column) = column.filter(|column| !NEVER.contains(&column.name)) else {
                    return Err(fault(&format!("no table has a column {name:?} to go by")));
                };
                conditions.push((column.name, patterns.clone()));
            }
            if conditions.is_empty() {
                return Err(fault("a rule needs a column with patterns"));
            }
            rules.push(conditions);
        }
        Ok(Self(Arc::new(rules)))
    }

    /// The rules that rows of a table can meet.
    pub(crate) fn of(&self, table: &Table) -> TableTraffic {
        let placed = |rule: &Rule| {
            let conditions = rule
                .iter()
                .map(|(name, patterns)| Some((table.column_idx(name)?, patterns.clone())));
            conditions.collect::<Option<Vec<_>>>()
        };
        TableTraffic(self.0.iter().filter_map(placed).collect())
    }
}

impl TableTraffic {
    /// Whether a rule says that the row is internal.
    pub(crate) fn is_internal(&self, row: &Row<'_>) -> bool {
        self.0.iter().any(|rule| {
            rule.iter().all(|(column_idx, patterns)| {
                let text = row.value(*column_idx).and_then(|offer| offer.value.as_str());
                text.is_some_and(|text| patterns.iter().any(|pattern| fits(pattern, text)))
            })
        })
    }
}

/// Whether a text is as the pattern says, in which `*` is any text; in time linear in the text for each part between stars.
fn fits(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| text.strip_prefix(first)) else {
        return false;
    };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        let Some(at) = rest.find(part) else { return false };
        rest = rest.get(at + part.len()..).unwrap_or_default();
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_are_any_text() {
        for (pattern, text, expected) in [
            ("qa", "qa", true),
            ("qa", "qa-1", false),
            ("qa-*", "qa-1", true),
            ("qa-*", "qb-1", false),
            ("*@shop.example", "ann@shop.example", true),
            ("*@shop.example", "ann@shop.example.org", false),
            ("a*b*c", "a-b-c", true),
            ("a*b*c", "a-c-b", false),
            ("*", "", true),
            ("ab*ba", "aba", false),
            ("é*é", "éé", true),
        ] {
            assert_eq!(fits(pattern, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn slips_are_named_with_their_place() {
        let fault = |toml| Traffic::parse(toml, "traffic.toml").unwrap_err().to_string();
        assert_eq!(
            fault("[[internal]]\nuser = [\"qa\"]"),
            "traffic.toml:1:1: no table has a column \"user\" to go by"
        );
        assert_eq!(
            fault("[[internal]]\n"),
            "traffic.toml:1:1: a rule needs a column with patterns"
        );
        assert!(fault("[[internals]]\n").starts_with("traffic.toml:1:3: unknown field"));
    }
}
