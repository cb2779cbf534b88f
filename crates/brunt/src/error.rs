//! What can go wrong, in words for the person who reads it, with a code for the program that does.

use std::error::Error as _;
use std::fmt;

use crate::code::Code;

/// Every failure of this crate. `Display` is one line without a full stop and without its cause;
/// [`Error::detail`] and [`Error::hint`] are whole sentences, [`Error::code`] is what programs branch on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A statement or argument is wrong, or asks for what is not there. Change it.
    #[error("{0}")]
    Statement(Box<Fault>),
    /// The store refused, or what it rests on failed.
    #[error(transparent)]
    Store(#[from] brunt_store::Error),
    /// An input could not be read as an export.
    #[error("input \"{input}\" was not loaded: {reason}")]
    Input { input: String, reason: String, hint: Option<String> },
    /// A file of definitions is wrong; `line` counts from 1, 0 where the file as a whole is meant.
    #[error("definition file \"{file}\" line {line}: {message}")]
    Definition { file: String, line: usize, message: String, hint: Option<String> },
    /// A local file or folder could not be read or written.
    #[error("{action} \"{path}\"")]
    Io { action: &'static str, path: String, source: std::io::Error },
    /// A temporary file could not be written or read.
    #[error("{what} cannot be kept in a temporary file of folder \"{folder}\"")]
    Temporary { what: &'static str, folder: String, source: std::io::Error },
}

/// What is wrong with a statement, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    pub code: Code,
    /// One line: lower case, no full stop, names quoted.
    pub message: String,
    /// More of what is so; a whole sentence.
    pub detail: Option<String>,
    /// What to do; a whole sentence.
    pub hint: Option<String>,
    pub position: Option<Position>,
}

/// A place in a statement; both count from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    pub line: u64,
    /// In characters.
    pub column: u64,
}

impl Error {
    /// A fault of a statement, to be completed with the `with_…` functions of [`Fault`].
    pub fn statement(code: Code, message: impl Into<String>) -> Self {
        Fault::new(code, message).into()
    }

    /// `what` was to wait in a temporary file.
    pub(crate) fn temporary(what: &'static str, source: std::io::Error) -> Self {
        Self::Temporary { what, folder: std::env::temp_dir().display().to_string(), source }
    }

    pub fn code(&self) -> Code {
        match self {
            Self::Statement(fault) => fault.code,
            Self::Store(error) => store_code(error),
            Self::Input { .. } => Code::InputRefused,
            Self::Definition { .. } => Code::InvalidDefinition,
            Self::Io { .. } | Self::Temporary { .. } => Code::System,
        }
    }

    /// What to do about it, as a whole sentence.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Statement(fault) => fault.hint.clone(),
            Self::Store(error) => Some(error.hint().to_owned()),
            Self::Input { hint, .. } | Self::Definition { hint, .. } => hint.clone(),
            Self::Io { .. } => None,
            Self::Temporary { .. } => {
                Some("Name a folder with room for temporary files in TMPDIR.".to_owned())
            }
        }
    }

    /// More of what is so, as a whole sentence.
    pub fn detail(&self) -> Option<String> {
        match self {
            Self::Statement(fault) => fault.detail.clone(),
            Self::Store(_) | Self::Io { .. } | Self::Temporary { .. } => causes(self),
            Self::Input { .. } | Self::Definition { .. } => None,
        }
    }

    /// Where in the statement, where that is known.
    pub fn position(&self) -> Option<Position> {
        match self {
            Self::Statement(fault) => fault.position,
            _ => None,
        }
    }

    /// The same fault without its cause, for errors that several readers share.
    pub(crate) fn to_fault(&self) -> Fault {
        Fault {
            code: self.code(),
            message: self.to_string(),
            detail: self.detail(),
            hint: self.hint(),
            position: self.position(),
        }
    }
}

impl Fault {
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), detail: None, hint: None, position: None }
    }

    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    #[must_use]
    pub fn with_detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    #[must_use]
    pub fn with_position(mut self, position: Option<Position>) -> Self {
        self.position = position;
        self
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.position {
            Some(Position { line, column }) => {
                write!(f, "{} (line {line}, column {column})", self.message)
            }
            None => f.write_str(&self.message),
        }
    }
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        Self::Statement(Box::new(fault))
    }
}

fn store_code(error: &brunt_store::Error) -> Code {
    use brunt_store::Error as Store;
    match error {
        Store::NoStore { .. } => Code::StoreMissing,
        Store::StoreExists { .. } | Store::InvalidUrl { .. } => Code::Usage,
        Store::StoreTooNew { .. } => Code::StoreTooNew,
        Store::NoEpoch { .. } => Code::UndefinedObject,
        Store::ConflictingCommit { .. }
        | Store::CommitUncertain { .. }
        | Store::WriteTooOld { .. } => Code::StoreConflict,
        Store::ForeignCommit { .. } | Store::Damaged { .. } => Code::StoreDamaged,
        Store::TableMismatch { .. } => Code::Internal,
        _ => Code::System,
    }
}

/// The chain of causes as one sentence.
fn causes(error: &Error) -> Option<String> {
    let mut texts: Vec<String> = Vec::new();
    let mut cause = error.source();
    while let Some(error) = cause {
        let text = error.to_string();
        // Many wrappers print what they wrap.
        if !texts.iter().any(|seen| seen.contains(&text)) {
            texts.push(text);
        }
        cause = error.source();
    }
    (!texts.is_empty()).then(|| format!("{}.", texts.join(": ").trim_end_matches('.')))
}

/// Planners and plans hand our errors through DataFusion unharmed; `translate` takes them out again.
impl From<Error> for datafusion::error::DataFusionError {
    fn from(error: Error) -> Self {
        Self::External(Box::new(error))
    }
}

impl From<Fault> for datafusion::error::DataFusionError {
    fn from(fault: Fault) -> Self {
        Error::from(fault).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_temporary_file_that_fails_says_where_it_was_why_and_what_to_do() {
        let full = std::io::Error::from(std::io::ErrorKind::StorageFull);
        let error = Error::temporary("rows to derive from", full);
        let folder = std::env::temp_dir().display().to_string();
        assert_eq!(
            error.to_string(),
            format!(
                "rows to derive from cannot be kept in a temporary file of folder \"{folder}\""
            )
        );
        assert_eq!(error.detail().as_deref(), Some("no storage space."));
        assert!(error.hint().unwrap().contains("TMPDIR"));
        assert_eq!(error.code(), Code::System);
    }
}
