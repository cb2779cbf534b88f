//! `check`: what is wrong with the definitions, and a journey proposed from what sessions do.

mod suggest;

use std::fmt;

use crate::definitions;
use crate::error::Error;
use crate::store::Store;

pub(crate) use suggest::suggest;

/// A fault of a definition: where, what, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub file: String,
    /// From 1; 0 where the file as a whole is meant.
    pub line: usize,
    pub message: String,
    pub hint: Option<String>,
}

impl Finding {
    pub(crate) fn of(error: Error) -> Self {
        match error {
            Error::Definition { file, line, message, hint } => Self { file, line, message, hint },
            other => Self {
                file: String::new(),
                line: 0,
                hint: other.hint(),
                message: other.to_string(),
            },
        }
    }

    pub(crate) fn of_ingest(file: &str, error: &brunt_ingest::Error) -> Self {
        let (line, message) = match error {
            brunt_ingest::Error::Definition { line, reason, .. } => (*line, reason.clone()),
            other => (0, other.to_string()),
        };
        Self { file: file.to_owned(), line, message, hint: error.hint().map(str::to_owned) }
    }
}

impl fmt::Display for Finding {
    /// `FILE:LINE: MESSAGE`, and the hint on a line of its own.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.message)?;
        match &self.hint {
            Some(hint) => write!(f, "\n    {hint}"),
            None => Ok(()),
        }
    }
}

pub(crate) async fn check(store: &Store) -> Result<Vec<Finding>, Error> {
    let files = store.definition_files().await?;
    // Whether there is a secret does not change what is wrong with the rules of redaction.
    let of_ingest = files.iter().filter_map(|file| {
        let read = match file.name.as_str() {
            definitions::REDACTION_FILE => {
                brunt_ingest::Policy::parse(&file.text, &file.name).err()
            }
            definitions::ALIASES_FILE => {
                brunt_ingest::UserAliases::parse(&file.text, &file.name).err()
            }
            definitions::TRAFFIC_FILE => brunt_ingest::Traffic::parse(&file.text, &file.name).err(),
            _ => None,
        };
        Some(Finding::of_ingest(&file.name, &read?))
    });
    let of_ingest: Vec<Finding> = of_ingest.collect();
    let mut findings: Vec<Finding> =
        definitions::faults(files).into_iter().map(Finding::of).collect();
    findings.extend(of_ingest);
    Ok(findings)
}
