//! A time as a person reads it in a sentence.

use brunt_model::Ts;

/// `2025-10-28 14:11:03 UTC`.
pub(crate) fn time_text(at: Ts) -> String {
    let at = chrono::DateTime::from_timestamp_micros(at.0).unwrap_or_default();
    at.format("%Y-%m-%d %H:%M:%S UTC").to_string()
}
