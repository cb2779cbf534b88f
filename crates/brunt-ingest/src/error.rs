//! Why an input could not be read at all; what is wrong with single records is a [`crate::Reject`].

use std::error::Error as StdError;

/// An input that was refused as a whole, or a definition that cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    #[error("input {input:?} is no export: {reason}")]
    NotAnExport { input: String, reason: String },
    #[error("input {input:?} does not tell its table")]
    UnknownTable { input: String },
    #[error("input {input:?} cannot be read as {format}: {reason}")]
    Malformed { input: String, format: &'static str, reason: String },
    #[error("input {input:?} has a {what} of more than {bytes_max} bytes")]
    TooLarge { input: String, what: &'static str, bytes_max: usize },
    /// A stream that would have to be read twice.
    #[error(
        "input {input:?} has a resource or scope that follows its records, in a document too long to be held"
    )]
    Unordered { input: String },
    #[error("input {input:?} cannot be read")]
    Unreadable { input: String, source: std::io::Error },
    #[error("{file}:{line}:{column}: {reason}")]
    Definition { file: String, line: usize, column: usize, reason: String },
    /// Whoever takes the rows refused them.
    #[error("rows cannot be stored")]
    Sink(#[source] Box<dyn StdError + Send + Sync>),
}

impl Error {
    /// What to do about it, in whole sentences.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::NotAnExport { .. } => {
                Some("Give --format and --table, or a mapping file, if it holds records after all.")
            }
            Self::UnknownTable { .. } => Some(
                "Say which one with --table (logs, spans, events, tickets, accounts, orders, releases), or write a mapping file and give it with --mapping.",
            ),
            Self::Malformed { .. } => {
                Some("Check that the file is complete; --format overrides what was detected.")
            }
            Self::TooLarge { .. } => {
                Some("Split the file, or export one record or OTLP document per line.")
            }
            Self::Unordered { .. } => Some(
                "Load it from a file, which can be read twice, or export one OTLP document per line.",
            ),
            Self::Definition { .. } => Some("Correct the definition; nothing was loaded."),
            Self::Unreadable { .. } | Self::Sink(_) => None,
        }
    }
}
