//! From TOML to rules.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{InApp, Pattern, Rule, Rules, SplitBy};
use crate::error::Error;
use crate::lang::named;

/// The version of the file's form.
const SCHEMA: u32 = 1;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    schema: u32,
    #[serde(default)]
    in_app: InAppLists,
    #[serde(default)]
    helper: Vec<Helper>,
    #[serde(default)]
    generic: Vec<OfType>,
    #[serde(default)]
    drop: Vec<OfSymbol>,
    #[serde(default)]
    rule: Vec<FileRule>,
    #[serde(default)]
    merge: Vec<Merge>,
    #[serde(default)]
    split: Vec<Split>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct InAppLists {
    #[serde(default)]
    include: Vec<String>,
    #[serde(default)]
    exclude: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Helper {
    symbol: Option<String>,
    not_helper: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OfSymbol {
    symbol: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OfType {
    r#type: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileRule {
    when: When,
    group: Option<String>,
    title: Option<String>,
    #[serde(default)]
    scope: Scope,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct When {
    r#type: Option<String>,
    message: Option<String>,
    service: Option<String>,
    symbol: Option<String>,
}

#[derive(Default, Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Scope {
    #[default]
    Service,
    Global,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Merge {
    into: String,
    ids: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Split {
    id: String,
    by: String,
}

pub(super) fn rules(text: &str) -> Result<Rules, Error> {
    let file: File = toml::from_str(text).map_err(|error| not_rules(text, &error))?;
    if file.schema != SCHEMA {
        return Err(senseless("schema", 1, "this version reads schema 1"));
    }
    let (mut helpers, mut not_helpers) = (Vec::new(), Vec::new());
    for (idx, helper) in file.helper.into_iter().enumerate() {
        match (helper.symbol, helper.not_helper) {
            (Some(symbol), None) => helpers.push(symbol),
            (None, Some(symbol)) => not_helpers.push(symbol),
            _ => {
                return Err(senseless("helper", idx + 1, "it has either a symbol or a not_helper"));
            }
        }
    }
    Ok(Rules {
        in_app: in_app(file.in_app)?,
        helpers,
        not_helpers,
        generics: file.generic.into_iter().map(|of| of.r#type).collect(),
        drops: file.drop.into_iter().map(|of| of.symbol).collect(),
        rules: file.rule.into_iter().enumerate().map(rule).collect::<Result<_, _>>()?,
        merges: merges(file.merge)?,
        splits: file.split.into_iter().enumerate().map(split).collect::<Result<_, _>>()?,
    })
}

fn not_rules(text: &str, error: &toml::de::Error) -> Error {
    let start = error.span().map_or(0, |span| span.start);
    let line = 1 + text.bytes().take(start).filter(|b| *b == b'\n').count();
    Error::NotRules { line, reason: error.message().to_owned() }
}

fn senseless(kind: &str, number: usize, reason: &'static str) -> Error {
    Error::Senseless { rule: format!("{kind} {number}"), reason }
}

fn in_app(lists: InAppLists) -> Result<Vec<InApp>, Error> {
    let excluded = lists.exclude.into_iter().map(|pattern| (pattern, false));
    let included = lists.include.into_iter().map(|pattern| (pattern, true));
    let patterns = excluded.chain(included).enumerate();
    patterns
        .map(|(idx, (pattern, in_app))| {
            let place = match pattern.split_once(':') {
                Some(("path", glob)) => Pattern::Path(glob.to_owned()),
                Some((lang, glob)) if named(Some(lang)).is_some() => {
                    Pattern::Symbol { lang: lang.to_owned(), glob: glob.to_owned() }
                }
                _ => {
                    let reason = "a pattern begins with \"path:\" or the name of a language";
                    return Err(senseless("in_app", idx + 1, reason));
                }
            };
            Ok(InApp { place, in_app })
        })
        .collect()
}

fn rule((idx, rule): (usize, FileRule)) -> Result<Rule, Error> {
    let When { r#type: root_type, message, service, symbol } = rule.when;
    let is_global = rule.scope == Scope::Global;
    if [&root_type, &message, &service, &symbol].iter().all(|condition| condition.is_none()) {
        return Err(senseless("rule", idx + 1, "\"when\" has no condition"));
    }
    if rule.group.is_none() && rule.title.is_none() && !is_global {
        return Err(senseless("rule", idx + 1, "it has no group, title or scope"));
    }
    if rule.group.as_deref().is_some_and(|group| group.trim_ascii().is_empty()) {
        return Err(senseless("rule", idx + 1, "its group is empty"));
    }
    let (group, title) = (rule.group, rule.title);
    Ok(Rule { root_type, message, service, symbol, group, title, is_global })
}

/// Each id goes to where it ends up, over merges of merges.
fn merges(list: Vec<Merge>) -> Result<BTreeMap<String, String>, Error> {
    let mut direct = BTreeMap::new();
    for (idx, Merge { into, ids }) in list.into_iter().enumerate() {
        for id in ids.into_iter().filter(|id| *id != into) {
            if direct.insert(id, (into.clone(), idx)).is_some() {
                return Err(senseless("merge", idx + 1, "an id is merged already"));
            }
        }
    }
    let mut merges = BTreeMap::new();
    for (id, (into, idx)) in &direct {
        let mut end = into;
        let mut n_steps = 0;
        while let Some((next, _)) = direct.get(end) {
            end = next;
            n_steps += 1;
            if n_steps > direct.len() {
                return Err(senseless("merge", idx + 1, "ids are merged in a circle"));
            }
        }
        merges.insert(id.clone(), end.clone());
    }
    Ok(merges)
}

fn split((idx, split): (usize, Split)) -> Result<(String, SplitBy), Error> {
    let by = match split.by.as_str() {
        "template" => SplitBy::Template,
        "caller" => SplitBy::Caller,
        "variant" => SplitBy::Variant,
        by => {
            let name = by.strip_prefix("attr.").filter(|name| !name.is_empty());
            let reason = "\"by\" is template, caller, variant or attr.NAME";
            SplitBy::Attribute(name.ok_or_else(|| senseless("split", idx + 1, reason))?.to_owned())
        }
    };
    Ok((split.id, by))
}
