//! gRPC's status codes, which clients record as numbers, under the names by which errors are known.

use crate::normalize::form::Form;
use crate::row::{Offer, Row};
use crate::value::Scalar;

/// Attributes that hold a status code: of OpenTelemetry before and since 2025, which has names there, of any system.
pub(crate) const STATUS_KEYS: [&str; 2] = [NUMBERED, "rpc.response.status_code"];
/// Where numbers are gRPC's.
const NUMBERED: &str = "rpc.grpc.status_code";

/// By their numbers, as <https://grpc.io/docs/guides/status-codes/> lists them.
const NAMES: [&str; 17] = [
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
];

/// Puts the name of a status in the place of its number; a call that went well has no error. The code stays an attribute.
pub(crate) fn name_status(row: &mut Row<'_>, error_type: usize) {
    let is_status = |offer: &Offer<'_>| STATUS_KEYS.iter().any(|key| offer.key.ends_with(key));
    if !row.value(error_type).is_some_and(is_status) {
        return;
    }
    let Some(offer) = row.take(error_type) else { return };
    row.give_back(&offer.key, &offer.value);
    let is_numbered = offer.key.ends_with(NUMBERED);
    if let Some(name) = name(&offer.value, is_numbered).filter(|name| *name != "OK") {
        let value = Scalar::text(name);
        row.offer(error_type, Offer { value, form: Form::Text, kept: true, ..offer });
    }
}

/// `None` for what is no code of gRPC, such as another system's.
fn name(code: &Scalar<'_>, is_numbered: bool) -> Option<&'static str> {
    let text = code.clone().into_text()?;
    match text.parse::<usize>() {
        Ok(number) => NAMES.get(number).copied().filter(|_| is_numbered),
        Err(_) => NAMES.into_iter().find(|name| name.eq_ignore_ascii_case(&text)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_read_as_numbers_and_as_names() {
        for (code, expected) in [
            (Scalar::text("4"), Some("DEADLINE_EXCEEDED")),
            (Scalar::number(16), Some("UNAUTHENTICATED")),
            (Scalar::text("Unavailable"), Some("UNAVAILABLE")),
            (Scalar::text("0"), Some("OK")),
            (Scalar::text("17"), None),
            (Scalar::text("-32601"), None),
        ] {
            assert_eq!(name(&code, true), expected, "{code:?}");
        }
        assert_eq!(name(&Scalar::text("4"), false), None);
        assert_eq!(name(&Scalar::text("ABORTED"), false), Some("ABORTED"));
    }
}
