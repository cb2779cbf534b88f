//! Names of relations to their numbers and back, as `regclass` reads and prints them.

use super::relations::Relations;
use super::{INFORMATION_SCHEMA, PG_CATALOG, spec};

/// Reads `logs`, `public.logs`, `"Logs"`, a catalog's relation, or a number.
pub(super) fn oid(relations: &Relations, text: &str) -> Option<i64> {
    if let Ok(number) = text.trim().parse() {
        return Some(number);
    }
    let parts = parts(text.trim());
    let (schema, name) = match parts.as_slice() {
        [name] => (None, name.as_str()),
        [schema, name] => (Some(schema.as_str()), name.as_str()),
        _ => return None,
    };
    match schema {
        Some(PG_CATALOG) => spec::relation(PG_CATALOG, name).map(|relation| relation.oid),
        Some(INFORMATION_SCHEMA) => {
            spec::relation(INFORMATION_SCHEMA, name).map(|relation| relation.oid)
        }
        schema => relations.by_name(schema, name).map(|relation| relation.oid).or_else(|| {
            spec::relation(PG_CATALOG, name)
                .filter(|_| schema.is_none())
                .map(|relation| relation.oid)
        }),
    }
}

/// Prints a number as a name, with its schema where a bare name would not find it; the number itself where nothing has it.
pub(super) fn name(relations: &Relations, oid: i64) -> String {
    if let Some(relation) = relations.by_oid(oid) {
        let name = quoted(&relation.name);
        return if relation.schema == "public" {
            name
        } else {
            format!("{}.{name}", quoted(&relation.schema))
        };
    }
    if let Some(relation) = spec::relations(PG_CATALOG).iter().find(|relation| relation.oid == oid)
    {
        return relation.name.clone();
    }
    if oid == 0 { "-".to_owned() } else { oid.to_string() }
}

/// A name as SQL must write it.
pub(super) fn quoted(name: &str) -> String {
    let plain = name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    if plain { name.to_owned() } else { format!("\"{}\"", name.replace('"', "\"\"")) }
}

fn parts(text: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut in_quotes = false;
    for character in text.chars() {
        let Some(part) = parts.last_mut() else { break };
        match character {
            '"' => in_quotes = !in_quotes,
            '.' if !in_quotes => parts.push(String::new()),
            other if in_quotes => part.push(other),
            other => part.extend(other.to_lowercase()),
        }
    }
    parts
}
