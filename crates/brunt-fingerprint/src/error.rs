//! What can go wrong: only files of rules are refused, never errors that are grouped.

use crate::rules::RulePlace;

/// Why a file of rules is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The text is no TOML, or has a key or a value that rules do not have.
    #[error("{reason}")]
    NotRules {
        /// Line from 1.
        line: usize,
        /// What is wrong, in the parser's words.
        reason: String,
    },
    /// A rule that says something which cannot be.
    #[error("{place}: {reason}")]
    Senseless {
        /// The rule.
        place: RulePlace,
        /// What is wrong with it.
        reason: &'static str,
    },
}

impl Error {
    /// The line of the file that is meant, from 1.
    pub fn line(&self) -> usize {
        match self {
            Self::NotRules { line, .. } => *line,
            Self::Senseless { place, .. } => place.line,
        }
    }
}
