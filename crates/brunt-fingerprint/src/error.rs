//! What can go wrong: only files of rules are refused, never errors that are grouped.

/// Why a file of rules is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The text is no TOML, or has a key or a value that rules do not have.
    #[error("line {line}: {reason}")]
    NotRules {
        /// Line from 1.
        line: usize,
        /// What is wrong, in the parser's words.
        reason: String,
    },
    /// A rule that says something which cannot be.
    #[error("{rule}: {reason}")]
    Senseless {
        /// The rule: its kind and its number from 1.
        rule: String,
        /// What is wrong with it.
        reason: &'static str,
    },
}
