//! Records that were refused, and why.

/// A record that could not become a row. It is stored in `system.rejects`; nothing is dropped in silence.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reject {
    /// File or URL that was read.
    pub input: String,
    /// Line of the input, from 1; of a format without lines, the record.
    pub line: u64,
    /// Byte in the line, from 1, where that is known.
    pub column: Option<u64>,
    /// What was wrong, in words. It never quotes the record.
    pub reason: String,
    /// What was wrong, as a code.
    pub code: &'static str,
    /// The start of the record, redacted.
    pub sample: String,
}
