//! What a user says of error groups, in a file `errors.toml`.
//!
//! ```toml
//! schema = 1
//! [in_app]                      # exclusions win over inclusions; what neither names is decided by built-in tables
//! include = ["java:com.acme.**", "path:/srv/app/**"]
//! exclude = ["java:com.acme.generated.**"]
//! [[helper]]                    # a function that only throws for its callers
//! symbol = "com.acme.Ensure.*"
//! [[helper]]                    # one that does more, whatever its name says
//! not_helper = "com.acme.Assert.measure"
//! [[generic]]                   # a type of which the message must count
//! type = "AcmeException"
//! [[drop]]                      # a frame that never counts
//! symbol = "*.RetryTemplate.*"
//! [[rule]]                      # the first that matches
//! when = { type = "*SQLTransient*", message = "*deadlock*", service = "pay-*", symbol = "*Dao.*" }
//! group = "db-deadlock"         # replaces the group; with {default} in it, refines it; {attr.NAME} is an attribute
//! title = "Deadlock"
//! scope = "global"              # services share the group and its site
//! [[merge]]
//! into = "e0:aaaaaaaaaaaaaaaaaaaaaaaaaa"
//! ids = ["e0:bbbbbbbbbbbbbbbbbbbbbbbbbb"]
//! [[split]]
//! id = "e0:cccccccccccccccccccccccccc"
//! by = "template"               # or caller, variant, attr.NAME
//! [[expected]]                  # part of normal work; it stays in its group
//! id = "e0:dddddddddddddddddddddddddd"
//! [[expected]]                  # or by the conditions of a rule
//! when = { type = "*ValidationError" }
//! ```
//! In patterns `*` and `**` stand for any text. Attributes are those of the record that told of the error: a log, a span, a
//! session event.

mod glob;
mod read;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::chain::RawFrame;
use crate::culprit::Duty;
use crate::error::Error;
use crate::lang::{Language, Symbol};
use crate::need::short_type;
use crate::text::holds;

use glob::matches;

/// Rules of a user. [`Rules::default`] has none, and the steps decide alone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rules {
    /// Of the text that says them; 0 of none.
    hash: u64,
    /// Exclusions first.
    in_app: Vec<InApp>,
    helpers: Vec<Named>,
    not_helpers: Vec<Named>,
    generics: Vec<Named>,
    drops: Vec<Named>,
    rules: Vec<Rule>,
    /// By the id that is merged away.
    merges: BTreeMap<String, (String, RulePlace)>,
    /// By the id that is split.
    splits: BTreeMap<String, (SplitBy, RulePlace)>,
    expected: Vec<Expected>,
}

/// Where a rule stands in its file. `Display` is what it is called: `rule 2`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RulePlace {
    /// Line from 1.
    pub line: usize,
    /// The key of the file that holds it: `in_app.include`, `in_app.exclude`, `helper`, `generic`, `drop`, `rule`, `merge`,
    /// `split`, `expected`.
    pub kind: &'static str,
    /// From 1, among those of its kind.
    pub number: usize,
}

impl fmt::Display for RulePlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind, self.number)
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct InApp {
    pattern: Pattern,
    in_app: bool,
    place: RulePlace,
}

/// A pattern for the name of a function or type.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Named {
    glob: String,
    place: RulePlace,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Pattern {
    /// Symbols of a language.
    Symbol { lang: String, glob: String },
    /// Files.
    Path(String),
}

/// A group, a title or a scope for some errors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rule {
    pub(crate) place: RulePlace,
    when: Conditions,
    pub(crate) group: Option<String>,
    pub(crate) title: Option<String>,
    pub(crate) is_global: bool,
}

/// Patterns that all have to match; what has none is not looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Conditions {
    root_type: Option<String>,
    message: Option<String>,
    service: Option<String>,
    symbol: Option<String>,
}

/// Errors that are part of normal work.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Expected {
    place: RulePlace,
    of: ExpectedOf,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum ExpectedOf {
    /// The id that a group has after splits and merges.
    Group(String),
    When(Conditions),
}

/// What a split goes by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SplitBy {
    Template,
    Caller,
    Variant,
    Attribute(String),
}

/// What conditions of rules look at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Facts<'f> {
    pub(crate) root_type: &'f str,
    pub(crate) message: &'f str,
    pub(crate) service: &'f str,
    pub(crate) symbol: Option<&'f Symbol<'f>>,
}

impl Rules {
    /// Reads the text of an `errors.toml`.
    ///
    /// # Errors
    /// What is no TOML, holds a name that rules do not have, or says something that no error could match.
    pub fn parse(text: &str) -> Result<Self, Error> {
        read::rules(text)
    }

    /// A number that other texts of rules have not.
    pub(crate) fn hash(&self) -> u64 {
        self.hash
    }

    /// The places of all rules, in the order of lines.
    pub fn places(&self) -> BTreeSet<RulePlace> {
        let lists = [&self.helpers, &self.not_helpers, &self.generics, &self.drops];
        let named = lists.into_iter().flatten().map(|named| named.place);
        let in_app = self.in_app.iter().map(|in_app| in_app.place);
        let merges = self.merges.values().map(|(_, place)| *place);
        let splits = self.splits.values().map(|(_, place)| *place);
        let rules = self.rules.iter().map(|rule| rule.place);
        let expected = self.expected.iter().map(|expected| expected.place);
        named.chain(in_app).chain(rules).chain(merges).chain(splits).chain(expected).collect()
    }

    /// The names of the attributes that rules look at; grouping needs no others of an occurrence.
    pub fn attributes(&self) -> BTreeSet<&str> {
        let groups = self.rules.iter().filter_map(|rule| rule.group.as_deref());
        let in_groups = groups.flat_map(|group| {
            let parts = group.split("{attr.").skip(1);
            parts.filter_map(|part| part.split_once('}').map(|(name, _)| name))
        });
        let in_splits = self.splits.values().filter_map(|(by, _)| match by {
            SplitBy::Attribute(name) => Some(name.as_str()),
            SplitBy::Template | SplitBy::Caller | SplitBy::Variant => None,
        });
        in_groups.chain(in_splits).collect()
    }

    /// What the user says of a frame's code; `None` where nothing is said.
    pub(crate) fn in_app(&self, language: &dyn Language, frame: &RawFrame<'_>) -> Option<bool> {
        self.in_app.iter().find(|rule| rule.is_for(language, frame)).map(|rule| rule.in_app)
    }

    /// What the user says of a function; `None` where nothing is said.
    pub(crate) fn duty(&self, symbol: &Symbol<'_>) -> Option<Duty> {
        if is_named(&self.not_helpers, symbol) {
            return Some(Duty::Work);
        }
        is_named(&self.helpers, symbol).then_some(Duty::Throw)
    }

    pub(crate) fn drops(&self, symbol: &Symbol<'_>) -> bool {
        is_named(&self.drops, symbol)
    }

    pub(crate) fn is_generic(&self, root_type: &str) -> bool {
        let short = short_type(root_type);
        self.generics.iter().any(|named| named.is_for(root_type) || named.is_for(short))
    }

    /// The places of the rules that name a frame: its code, its function.
    pub(crate) fn naming_frame(
        &self,
        language: &dyn Language,
        frame: &RawFrame<'_>,
    ) -> impl Iterator<Item = RulePlace> {
        let in_app = self.in_app.iter().filter(|rule| rule.is_for(language, frame));
        let symbol = language.symbol(frame).text();
        let lists = [&self.helpers, &self.not_helpers, &self.drops];
        let named = lists.into_iter().flatten().filter(move |named| named.is_for(&symbol));
        in_app.map(|rule| rule.place).chain(named.map(|named| named.place))
    }

    /// The places of the rules that name a type.
    pub(crate) fn naming_type(&self, root_type: &str) -> impl Iterator<Item = RulePlace> {
        let short = short_type(root_type);
        let named = self.generics.iter().filter(move |it| it.is_for(root_type) || it.is_for(short));
        named.map(|named| named.place)
    }

    pub(crate) fn first_for(&self, facts: &Facts<'_>) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.when.hold(facts))
    }

    pub(crate) fn merged(&self, group: &str) -> Option<&(String, RulePlace)> {
        self.merges.get(group)
    }

    /// The first rule by which errors of a finished group are part of normal work.
    pub(crate) fn expected(&self, group: &str, facts: &Facts<'_>) -> Option<RulePlace> {
        let is_for = |expected: &&Expected| match &expected.of {
            ExpectedOf::Group(id) => id == group,
            ExpectedOf::When(conditions) => conditions.hold(facts),
        };
        self.expected.iter().find(is_for).map(|expected| expected.place)
    }

    pub(crate) fn split(&self, group: &str) -> Option<&(SplitBy, RulePlace)> {
        self.splits.get(group)
    }
}

impl InApp {
    fn is_for(&self, language: &dyn Language, frame: &RawFrame<'_>) -> bool {
        match &self.pattern {
            Pattern::Symbol { lang, glob } => {
                holds(language.names(), lang) && matches(glob, &language.symbol(frame).text())
            }
            Pattern::Path(glob) => matches(glob, frame.file),
        }
    }
}

impl Named {
    fn is_for(&self, name: &str) -> bool {
        matches(&self.glob, name)
    }
}

impl Conditions {
    fn is_empty(&self) -> bool {
        let Self { root_type, message, service, symbol } = self;
        [root_type, message, service, symbol].iter().all(|condition| condition.is_none())
    }

    fn hold(&self, facts: &Facts<'_>) -> bool {
        let holds = |glob: &Option<String>, text: &str| {
            glob.as_ref().is_none_or(|glob| matches(glob, text))
        };
        holds(&self.root_type, facts.root_type)
            && holds(&self.message, facts.message)
            && holds(&self.service, facts.service)
            && (self.symbol.is_none()
                || holds(&self.symbol, &facts.symbol.map_or(String::new(), Symbol::text)))
    }
}

fn is_named(list: &[Named], symbol: &Symbol<'_>) -> bool {
    !list.is_empty() && {
        let text = symbol.text();
        list.iter().any(|named| named.is_for(&text))
    }
}
