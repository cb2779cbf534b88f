//! The settings that change answers: one extension, `SET brunt.…`, the same for every door; and what the pinned epoch sets.

use std::any::Any;
use std::fmt;
use std::str::FromStr;

use datafusion::common::config::{ConfigEntry, ConfigExtension, ExtensionOptions};

use crate::code::Code;
use crate::error::{Error, Fault};
use crate::grouper::Grouper;
use crate::nearest::nearest;

/// What a session may change about its answers.
#[derive(Debug, Clone, Default)]
pub struct BruntOptions {
    /// Epoch that queries read.
    pub epoch: EpochSetting,
    /// Confidence of intervals where a call does not give its own.
    pub confidence: Confidence,
}

const EPOCH_DOC: &str = "Epoch that queries read: a number of system.epochs, or newest.";
const CONFIDENCE_DOC: &str =
    "Confidence of intervals, between 0 and 1, where a call does not give its own.";

impl ConfigExtension for BruntOptions {
    const PREFIX: &'static str = "brunt";
}

impl ExtensionOptions for BruntOptions {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }

    fn cloned(&self) -> Box<dyn ExtensionOptions> {
        Box::new(self.clone())
    }

    fn set(&mut self, key: &str, value: &str) -> datafusion::error::Result<()> {
        match key {
            "epoch" => self.epoch = value.parse()?,
            "confidence" => self.confidence = value.parse()?,
            _ => return Err(no_setting(key).into()),
        }
        Ok(())
    }

    /// By their whole names, as `SHOW` and `system.settings` have them.
    fn entries(&self) -> Vec<ConfigEntry> {
        let entry = |name: &str, value: String, description| ConfigEntry {
            key: format!("{}.{name}", Self::PREFIX),
            value: Some(value),
            description,
        };
        vec![
            entry("confidence", self.confidence.to_string(), CONFIDENCE_DOC),
            entry("epoch", self.epoch.to_string(), EPOCH_DOC),
        ]
    }
}

/// The rules of grouping of the epoch that queries read, with what the store's handle remembers of groups. No setting:
/// the epoch's definitions say them, and a running query keeps those that it began with.
#[derive(Debug, Clone, Default)]
pub(crate) struct PinnedRules(pub(crate) Grouper);

impl ConfigExtension for PinnedRules {
    const PREFIX: &'static str = "brunt_rules";
}

impl ExtensionOptions for PinnedRules {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }

    fn cloned(&self) -> Box<dyn ExtensionOptions> {
        Box::new(self.clone())
    }

    fn set(&mut self, key: &str, _: &str) -> datafusion::error::Result<()> {
        Err(no_setting(key).into())
    }

    fn entries(&self) -> Vec<ConfigEntry> {
        Vec::new()
    }
}

fn no_setting(key: &str) -> Fault {
    let fault = Fault::new(Code::UndefinedObject, format!("no setting \"brunt.{key}\""));
    match nearest(key, ["epoch", "confidence"]) {
        Some(meant) => fault.with_hint(format!("Did you mean \"brunt.{meant}\"?")),
        None => fault.with_hint("SELECT name FROM system.settings WHERE settable lists them."),
    }
}

/// Which epoch queries read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum EpochSetting {
    /// The newest whole one at each statement.
    #[default]
    Newest,
    Number(u64),
}

/// The share of intervals that should contain the truth, between 0 and 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Confidence(pub f64);

impl Default for Confidence {
    fn default() -> Self {
        Self(0.95)
    }
}

impl fmt::Display for EpochSetting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Newest => f.write_str("newest"),
            Self::Number(number) => number.fmt(f),
        }
    }
}

impl FromStr for EpochSetting {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        if text.eq_ignore_ascii_case("newest") {
            return Ok(Self::Newest);
        }
        text.parse().map(Self::Number).map_err(|_| {
            Fault::new(Code::InvalidArgument, format!("setting \"brunt.epoch\" is not \"{text}\""))
                .with_hint("Give a number of system.epochs, or newest.")
                .into()
        })
    }
}

impl fmt::Display for Confidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Confidence {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        match text.parse::<f64>() {
            Ok(share) if share > 0.0 && share < 1.0 => Ok(Self(share)),
            _ => Err(Fault::new(
                Code::InvalidArgument,
                format!("setting \"brunt.confidence\" is not \"{text}\""),
            )
            .with_hint("Give a number between 0 and 1, such as 0.95.")
            .into()),
        }
    }
}
