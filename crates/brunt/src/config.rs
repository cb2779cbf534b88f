//! The settings that change answers: one extension, `SET brunt.…`, the same for every door.

use std::fmt;
use std::str::FromStr;

use datafusion::common::config::ConfigExtension;
use datafusion::common::{config_field, extensions_options};
use datafusion::error::DataFusionError;

use crate::code::Code;
use crate::error::{Error, Fault};

extensions_options! {
    /// What a session may change about its answers.
    pub struct BruntOptions {
        /// Epoch that queries read: a number of system.epochs, or newest.
        pub epoch: EpochSetting, default = EpochSetting::Newest
        /// Confidence of intervals, between 0 and 1, where a call does not give its own.
        pub confidence: Confidence, default = Confidence(0.95)
    }
}

impl ConfigExtension for BruntOptions {
    const PREFIX: &'static str = "brunt";
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

config_field!(EpochSetting, value => value.parse::<EpochSetting>().map_err(DataFusionError::from)?);
config_field!(Confidence, value => value.parse::<Confidence>().map_err(DataFusionError::from)?);
