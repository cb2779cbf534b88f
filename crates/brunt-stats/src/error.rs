//! What can be wrong with the arrays that a caller hands over.

/// Faults of the caller's arrays; data that merely cannot answer gives `None` and a warning instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    #[error("column \"{column}\" has {got} values where {want} were expected")]
    LengthMismatch { column: String, got: usize, want: usize },
    #[error("activities of unit {unit_idx} are not in order of time at row {row_idx}")]
    NotSorted { unit_idx: usize, row_idx: usize },
    #[error("step row {row_idx} points outside the activities of its unit")]
    StepOutsideUnit { row_idx: usize },
    #[error("step row {row_idx} names step {step_idx} of a journey with {n_steps} steps")]
    UnknownStep { row_idx: usize, step_idx: u32, n_steps: u32 },
    #[error("a journey of {n_steps} steps cannot be measured")]
    StepCount { n_steps: u32 },
    #[error("{n_rows} activities are more than one population can hold")]
    TooManyRows { n_rows: usize },
}

impl Error {
    /// What to do about it, as a whole sentence.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::LengthMismatch { .. } => "Give every column one value for each row.",
            Self::NotSorted { .. } => {
                "Sort activities by unit, then by time, sequence and id, before building the population."
            }
            Self::StepOutsideUnit { .. } => {
                "Give a step the index of an activity of its own unit, or none."
            }
            Self::UnknownStep { .. } => "Number the steps of a journey from 0.",
            Self::StepCount { .. } => "Define a journey with 1 to 1000 steps.",
            Self::TooManyRows { .. } => "Ask about a shorter period.",
        }
    }
}

/// Whether a column has a value for each row that is wanted.
pub(crate) fn length(column: &str, got: usize, want: usize) -> Result<(), Error> {
    if got == want {
        return Ok(());
    }
    Err(Error::LengthMismatch { column: column.to_owned(), got, want })
}
