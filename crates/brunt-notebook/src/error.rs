//! What can be wrong with a notebook.

/// Why a notebook could not be run.
#[non_exhaustive]
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file is not in the form of a notebook.
    #[error("notebook \"{notebook}\", line {line}: {reason}")]
    Malformed { notebook: String, line: usize, reason: String },

    /// A parameter was given that the notebook does not declare.
    #[error("notebook \"{notebook}\" has no parameter \"{parameter}\"")]
    UnknownParameter { notebook: String, parameter: String, declared: Vec<String> },

    /// A cell's query failed.
    #[error("notebook \"{notebook}\", cell \"{cell}\", line {line}: {source}")]
    Cell { notebook: String, cell: String, line: usize, source: brunt::Error },

    /// An answer could not be written in the form that was asked for.
    #[error("draw an answer")]
    Draw(#[source] arrow::error::ArrowError),
}

impl Error {
    /// What to do about it, in a whole sentence.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Malformed { .. } | Self::Draw(_) => None,
            Self::UnknownParameter { declared, .. } if declared.is_empty() => {
                Some("This notebook takes no parameters.".to_owned())
            }
            Self::UnknownParameter { declared, .. } => {
                Some(format!("It takes {}.", declared.join(", ")))
            }
            Self::Cell { source, .. } => source.hint(),
        }
    }
}
