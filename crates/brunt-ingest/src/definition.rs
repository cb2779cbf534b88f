//! Faults in definition files, with their place.

use crate::error::Error;

/// The error of a TOML file, with line and column from 1.
pub(crate) fn definition_error(toml: &str, file_name: &str, error: &toml::de::Error) -> Error {
    let at = error.span().map_or(0, |span| span.start);
    error_at(toml, file_name, at, error.message())
}

/// An error at a byte of a definition file.
pub(crate) fn error_at(toml: &str, file_name: &str, at: usize, reason: &str) -> Error {
    let before = toml.get(..at).unwrap_or(toml);
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let reason = reason.lines().collect::<Vec<_>>().join(", ");
    Error::Definition {
        file: file_name.to_owned(),
        line: before.matches('\n').count() + 1,
        column: at.saturating_sub(line_start) + 1,
        reason,
    }
}
