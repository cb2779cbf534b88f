//! From TOML to rules.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;
use twox_hash::XxHash3_64;

use super::{
    Conditions, Expected, ExpectedOf, InApp, Named, Pattern, Rule, RulePlace, Rules, SplitBy,
};
use crate::error::Error;
use crate::hash::is_id;
use crate::lang::named;

/// The version of the file's form.
const SCHEMA: u32 = 1;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    schema: Spanned<u32>,
    #[serde(default)]
    in_app: InAppLists,
    #[serde(default)]
    helper: Vec<Spanned<Helper>>,
    #[serde(default)]
    generic: Vec<Spanned<OfType>>,
    #[serde(default)]
    drop: Vec<Spanned<OfSymbol>>,
    #[serde(default)]
    rule: Vec<Spanned<FileRule>>,
    #[serde(default)]
    merge: Vec<Spanned<Merge>>,
    #[serde(default)]
    split: Vec<Spanned<Split>>,
    #[serde(default)]
    expected: Vec<Spanned<FileExpected>>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct InAppLists {
    #[serde(default)]
    include: Vec<Spanned<String>>,
    #[serde(default)]
    exclude: Vec<Spanned<String>>,
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

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileExpected {
    id: Option<String>,
    when: Option<When>,
}

/// The text of a file, for the lines of what it holds.
#[derive(Clone, Copy)]
struct Source<'t>(&'t str);

pub(super) fn rules(text: &str) -> Result<Rules, Error> {
    let source = Source(text);
    let file: File = toml::from_str(text).map_err(|error| source.not_rules(&error))?;
    if *file.schema.get_ref() != SCHEMA {
        let reason = format!("this version reads schema {SCHEMA}");
        let line = source.line(file.schema.span().start);
        return Err(Error::NotRules { line, reason });
    }
    let (mut helpers, mut not_helpers) = (Vec::new(), Vec::new());
    for (place, helper) in source.placed("helper", file.helper) {
        match (helper.symbol, helper.not_helper) {
            (Some(glob), None) => helpers.push(Named { glob, place }),
            (None, Some(glob)) => not_helpers.push(Named { glob, place }),
            _ => return Err(senseless(place, "it has either a symbol or a not_helper")),
        }
    }
    let generics = source.placed("generic", file.generic);
    let drops = source.placed("drop", file.drop);
    let excluded = source.placed("in_app.exclude", file.in_app.exclude);
    let included = source.placed("in_app.include", file.in_app.include);
    let in_app = excluded
        .map(|(place, pattern)| in_app(place, &pattern, false))
        .chain(included.map(|(place, pattern)| in_app(place, &pattern, true)));
    Ok(Rules {
        hash: XxHash3_64::oneshot(text.as_bytes()),
        in_app: in_app.collect::<Result<_, _>>()?,
        helpers,
        not_helpers,
        generics: generics.map(|(place, of)| Named { glob: of.r#type, place }).collect(),
        drops: drops.map(|(place, of)| Named { glob: of.symbol, place }).collect(),
        rules: source
            .placed("rule", file.rule)
            .map(|(place, of)| rule(place, of))
            .collect::<Result<_, _>>()?,
        merges: merges(source.placed("merge", file.merge))?,
        splits: splits(source.placed("split", file.split))?,
        expected: source
            .placed("expected", file.expected)
            .map(|(place, of)| expected(place, of))
            .collect::<Result<_, _>>()?,
    })
}

impl<'t> Source<'t> {
    fn line(self, start: usize) -> usize {
        1 + self.0.bytes().take(start).filter(|b| *b == b'\n').count()
    }

    fn not_rules(self, error: &toml::de::Error) -> Error {
        let line = self.line(error.span().map_or(0, |span| span.start));
        Error::NotRules { line, reason: error.message().lines().collect::<Vec<_>>().join(", ") }
    }

    /// Each item with its place.
    fn placed<T>(
        self,
        kind: &'static str,
        items: Vec<Spanned<T>>,
    ) -> impl Iterator<Item = (RulePlace, T)> + use<'t, T> {
        (1..).zip(items).map(move |(number, item)| {
            let line = self.line(item.span().start);
            (RulePlace { line, kind, number }, item.into_inner())
        })
    }
}

fn senseless(place: RulePlace, reason: &'static str) -> Error {
    Error::Senseless { place, reason }
}

fn in_app(place: RulePlace, pattern: &str, in_app: bool) -> Result<InApp, Error> {
    let pattern = match pattern.split_once(':') {
        Some(("path", glob)) => Pattern::Path(glob.to_owned()),
        Some((lang, glob)) if named(Some(lang)).is_some() => {
            Pattern::Symbol { lang: lang.to_owned(), glob: glob.to_owned() }
        }
        _ => {
            let reason = "a pattern begins with \"path:\" or the name of a language";
            return Err(senseless(place, reason));
        }
    };
    Ok(InApp { pattern, in_app, place })
}

fn rule(place: RulePlace, rule: FileRule) -> Result<Rule, Error> {
    let when = conditions(place, rule.when)?;
    let is_global = rule.scope == Scope::Global;
    if rule.group.is_none() && rule.title.is_none() && !is_global {
        return Err(senseless(place, "it has no group, title or scope"));
    }
    if rule.group.as_deref().is_some_and(|group| group.trim_ascii().is_empty()) {
        return Err(senseless(place, "its group is empty"));
    }
    if rule.group.as_deref().is_some_and(|group| !has_known_fields(group)) {
        return Err(senseless(
            place,
            "its group has something in braces that is neither {default} nor {attr.NAME}",
        ));
    }
    let (group, title) = (rule.group, rule.title);
    Ok(Rule { place, when, group, title, is_global })
}

/// Whether all that stands in braces is what a group is refined with, as it is written there.
fn has_known_fields(group: &str) -> bool {
    let plain = ["{{ default }}", "{{default}}", "{default}"]
        .iter()
        .fold(group.to_owned(), |group, field| group.replace(field, ""));
    let mut rest = plain.as_str();
    while let Some((head, field)) = rest.split_once("{attr.") {
        let Some((name, tail)) = field.split_once('}') else { return false };
        if head.contains(['{', '}']) || name.is_empty() {
            return false;
        }
        rest = tail;
    }
    !rest.contains(['{', '}'])
}

/// A whole id, as rules name groups; a part of one would match nothing.
fn id(place: RulePlace, id: String) -> Result<String, Error> {
    if is_id(&id) {
        return Ok(id);
    }
    Err(senseless(place, "an id is the whole one of a group, as e0: and 26 characters"))
}

fn expected(place: RulePlace, expected: FileExpected) -> Result<Expected, Error> {
    let of = match (expected.id, expected.when) {
        (Some(group), None) => ExpectedOf::Group(id(place, group)?),
        (None, Some(when)) => ExpectedOf::When(conditions(place, when)?),
        _ => return Err(senseless(place, "it has either an id or a \"when\"")),
    };
    Ok(Expected { place, of })
}

fn conditions(place: RulePlace, when: When) -> Result<Conditions, Error> {
    let When { r#type: root_type, message, service, symbol } = when;
    let conditions = Conditions { root_type, message, service, symbol };
    if conditions.is_empty() {
        return Err(senseless(place, "\"when\" has no condition"));
    }
    Ok(conditions)
}

/// Each id goes to where it ends up, over merges of merges.
fn merges(
    list: impl Iterator<Item = (RulePlace, Merge)>,
) -> Result<BTreeMap<String, (String, RulePlace)>, Error> {
    let mut direct = BTreeMap::new();
    for (place, Merge { into, ids }) in list {
        let into = id(place, into)?;
        for merged in ids.into_iter().filter(|merged| *merged != into) {
            if direct.insert(id(place, merged)?, (into.clone(), place)).is_some() {
                return Err(senseless(place, "an id is merged already"));
            }
        }
    }
    let mut merges = BTreeMap::new();
    for (id, (into, place)) in &direct {
        let mut end = into;
        let mut n_steps = 0;
        while let Some((next, _)) = direct.get(end) {
            end = next;
            n_steps += 1;
            if n_steps > direct.len() {
                return Err(senseless(*place, "ids are merged in a circle"));
            }
        }
        merges.insert(id.clone(), (end.clone(), *place));
    }
    Ok(merges)
}

/// An id is split in one way.
fn splits(
    list: impl Iterator<Item = (RulePlace, Split)>,
) -> Result<BTreeMap<String, (SplitBy, RulePlace)>, Error> {
    let mut splits = BTreeMap::new();
    for (place, Split { id: group, by }) in list {
        if splits.insert(id(place, group)?, (split_by(place, &by)?, place)).is_some() {
            return Err(senseless(place, "an id is split already"));
        }
    }
    Ok(splits)
}

fn split_by(place: RulePlace, by: &str) -> Result<SplitBy, Error> {
    Ok(match by {
        "template" => SplitBy::Template,
        "caller" => SplitBy::Caller,
        "variant" => SplitBy::Variant,
        by => {
            let name = by.strip_prefix("attr.").filter(|name| !name.is_empty());
            let reason = "\"by\" is template, caller, variant or attr.NAME";
            SplitBy::Attribute(name.ok_or_else(|| senseless(place, reason))?.to_owned())
        }
    })
}
