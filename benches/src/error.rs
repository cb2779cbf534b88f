//! What stops the benchmark; a question that fails or differs does not, it is reported.

use std::io;
use std::path::Path;

/// Every failure of this crate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    #[error("{action} \"{path}\"")]
    Io { action: &'static str, path: String, source: io::Error },
    #[error("variable \"{name}\" is \"{value}\", not a whole number")]
    Variable { name: &'static str, value: String },
    #[error("question \"{file}\": {reason}")]
    Question { file: String, reason: String },
    #[error("\"{engine}\" cannot be started")]
    Start { engine: String, source: io::Error },
    #[error("\"{engine}\": {message}")]
    Engine { engine: String, message: String },
    #[error(
        "the load left {n_rejects} rejects and {n_failed} files that failed, where the shop has none"
    )]
    Load { n_rejects: u64, n_failed: u64 },
    #[error(transparent)]
    Brunt(#[from] brunt::Error),
    #[error("a batch could not be read")]
    Arrow(#[from] arrow::error::ArrowError),
}

impl Error {
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.display().to_string();
        move |source| Self::Io { action, path, source }
    }

    /// The failure with all that caused it, on one line.
    pub(crate) fn chain(&self) -> String {
        let mut text = self.to_string();
        let mut cause = std::error::Error::source(self);
        while let Some(error) = cause {
            text.push_str(": ");
            text.push_str(&error.to_string());
            cause = error.source();
        }
        text
    }
}
