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
//! scope = "global"              # services share the group
//! [[merge]]
//! into = "e0:aaaaaaaaaaaaaaaaaaaaaaaaaa"
//! ids = ["e0:bbbbbbbbbbbbbbbbbbbbbbbbbb"]
//! [[split]]
//! id = "e0:cccccccccccccccccccccccccc"
//! by = "template"               # or caller, variant, attr.NAME
//! ```
//! In patterns `*` and `**` stand for any text.

mod glob;
mod read;

use std::collections::BTreeMap;

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
    /// Exclusions first.
    in_app: Vec<InApp>,
    helpers: Vec<String>,
    not_helpers: Vec<String>,
    generics: Vec<String>,
    drops: Vec<String>,
    rules: Vec<Rule>,
    merges: BTreeMap<String, String>,
    splits: BTreeMap<String, SplitBy>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct InApp {
    place: Pattern,
    in_app: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Pattern {
    /// Symbols of a language.
    Symbol { lang: String, glob: String },
    /// Files.
    Path(String),
}

/// A group, a title or a scope for some errors.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Rule {
    root_type: Option<String>,
    message: Option<String>,
    service: Option<String>,
    symbol: Option<String>,
    pub(crate) group: Option<String>,
    pub(crate) title: Option<String>,
    pub(crate) is_global: bool,
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

    /// What the user says of a frame's code; `None` where nothing is said.
    pub(crate) fn in_app(&self, language: &dyn Language, frame: &RawFrame<'_>) -> Option<bool> {
        if self.in_app.is_empty() {
            return None;
        }
        let is_match = |rule: &&InApp| match &rule.place {
            Pattern::Symbol { lang, glob } => {
                holds(language.names(), lang) && matches(glob, &language.symbol(frame).text())
            }
            Pattern::Path(glob) => matches(glob, frame.file),
        };
        self.in_app.iter().find(is_match).map(|rule| rule.in_app)
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
        self.generics.iter().any(|glob| matches(glob, root_type) || matches(glob, short))
    }

    pub(crate) fn first_for(&self, facts: &Facts<'_>) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.is_for(facts))
    }

    pub(crate) fn merged(&self, group: &str) -> Option<&str> {
        self.merges.get(group).map(String::as_str)
    }

    pub(crate) fn split(&self, group: &str) -> Option<&SplitBy> {
        self.splits.get(group)
    }
}

impl Rule {
    fn is_for(&self, facts: &Facts<'_>) -> bool {
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

fn is_named(globs: &[String], symbol: &Symbol<'_>) -> bool {
    !globs.is_empty() && {
        let text = symbol.text();
        globs.iter().any(|glob| matches(glob, &text))
    }
}
