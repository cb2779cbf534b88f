//! The class of an error by simple rules: what it is called, what it answered, which side of a call it was on.

use super::facts::{SpanKind, signal};

/// What the rules look at.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Seen<'a> {
    pub(super) root_type: Option<&'a str>,
    pub(super) exception_type: Option<&'a str>,
    pub(super) error_type: Option<&'a str>,
    pub(super) http_status: Option<i32>,
    pub(super) span_kind: Option<SpanKind>,
    /// Bits of [`signal`].
    pub(super) signals: u8,
    /// Whether a rule of `errors.toml` says so.
    pub(super) is_expected: bool,
}

/// What kind of failure an error is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Class {
    pub(super) name: &'static str,
    pub(super) rule: &'static str,
    /// `certain` where somebody says so, `high` where the error's own type or status does, `low` where only the place tells
    /// that recorded it.
    pub(super) confidence: &'static str,
}

/// The class of an error; `None` where no rule holds. The first that holds wins:
///
/// | rule | class | holds where | confidence |
/// |---|---|---|---|
/// | `rule` | `expected` | an `[[expected]]` rule of `errors.toml` says so | `certain` |
/// | `type_resource` | `infrastructure` | a type speaks of memory, disk or file handles | `high` |
/// | `type_transient` | `transient` | a type speaks of a timeout, a lost or refused connection, an unavailable service | `high` |
/// | `rpc_transient` | `transient` | gRPC says that something ran out or was aborted | `high` |
/// | `rpc_client` | `client_error` | gRPC says that the request was wrong or not allowed | `high` |
/// | `http_transient` | `transient` | HTTP status 408, 425, 429, 503 or 504 | `high` |
/// | `http_4xx` | `client_error` | any other HTTP status from 400 to 499 | `high` |
/// | `client_span` | `dependency_error` | it was recorded in a `CLIENT` or `PRODUCER` span | `low` |
/// | `client_event` | `client_error` | only the client recorded it | `low` |
/// | `http_5xx` | `server_error` | HTTP status from 500 to 599 | `high` |
/// | `server_span` | `server_error` | it was recorded in any other span | `low` |
pub(super) fn error_class(seen: &Seen<'_>) -> Option<Class> {
    const RESOURCE: [&str; 7] = [
        "outofmemory",
        "memoryerror",
        "nospace",
        "enospc",
        "diskfull",
        "emfile",
        "toomanyopenfiles",
    ];
    /// gRPC's statuses that a wrong request gets, and that another try may not, by
    /// <https://grpc.io/docs/guides/status-codes/>.
    const REFUSED: [&str; 7] = [
        "INVALID_ARGUMENT",
        "NOT_FOUND",
        "ALREADY_EXISTS",
        "PERMISSION_DENIED",
        "FAILED_PRECONDITION",
        "OUT_OF_RANGE",
        "UNAUTHENTICATED",
    ];
    const RETRIED: [&str; 2] = ["RESOURCE_EXHAUSTED", "ABORTED"];
    const TRANSIENT: [&str; 9] = [
        "timeout",
        "timedout",
        "deadlineexceeded",
        "connectionreset",
        "connectionrefused",
        "econnreset",
        "econnrefused",
        "unavailable",
        "brokenpipe",
    ];
    let speaks_of = |words: &[&str]| {
        [seen.root_type, seen.exception_type, seen.error_type].iter().flatten().any(|name| {
            let name = letters(name);
            words.iter().any(|word| name.contains(word))
        })
    };
    let class = |name, rule, confidence| Some(Class { name, rule, confidence });
    let status = seen.http_status.unwrap_or_default();
    if seen.is_expected {
        return class("expected", "rule", "certain");
    }
    if speaks_of(&RESOURCE) {
        return class("infrastructure", "type_resource", "high");
    }
    if speaks_of(&TRANSIENT) {
        return class("transient", "type_transient", "high");
    }
    let is_status = |names: &[&str]| seen.error_type.is_some_and(|name| names.contains(&name));
    if is_status(&RETRIED) {
        return class("transient", "rpc_transient", "high");
    }
    if is_status(&REFUSED) {
        return class("client_error", "rpc_client", "high");
    }
    match (status, seen.span_kind) {
        (408 | 425 | 429 | 503 | 504, _) => class("transient", "http_transient", "high"),
        (400..=499, _) => class("client_error", "http_4xx", "high"),
        (_, Some(SpanKind::Client | SpanKind::Producer)) => {
            class("dependency_error", "client_span", "low")
        }
        _ if seen.signals == signal::EVENT => class("client_error", "client_event", "low"),
        (500..=599, _) => class("server_error", "http_5xx", "high"),
        (_, Some(_)) => class("server_error", "server_span", "low"),
        _ => None,
    }
}

/// Lower-case letters only, so that `TIMED_OUT`, `TimedOut` and `timed out` read alike.
fn letters(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphabetic).map(|c| c.to_ascii_lowercase()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_rule_that_holds_chooses() {
        let none = Seen::default();
        let cases = [
            (Seen { root_type: Some("java.lang.OutOfMemoryError"), ..none }, "infrastructure"),
            (Seen { http_status: Some(503), is_expected: true, ..none }, "expected"),
            (Seen { error_type: Some("TIMED_OUT"), http_status: Some(500), ..none }, "transient"),
            (Seen { http_status: Some(503), ..none }, "transient"),
            (
                Seen { http_status: Some(404), span_kind: Some(SpanKind::Client), ..none },
                "client_error",
            ),
            (
                Seen { http_status: Some(500), span_kind: Some(SpanKind::Client), ..none },
                "dependency_error",
            ),
            (Seen { error_type: Some("PERMISSION_DENIED"), ..none }, "client_error"),
            (Seen { error_type: Some("RESOURCE_EXHAUSTED"), ..none }, "transient"),
            (Seen { signals: signal::EVENT, ..none }, "client_error"),
            (Seen { http_status: Some(500), ..none }, "server_error"),
            (Seen { span_kind: Some(SpanKind::Internal), signals: 3, ..none }, "server_error"),
        ];
        for (seen, class) in cases {
            assert_eq!(error_class(&seen).map(|class| class.name), Some(class), "{seen:?}");
        }
        assert_eq!(error_class(&Seen { signals: signal::LOG, ..none }), None);
    }

    #[test]
    fn what_the_error_says_is_surer_than_where_it_was_recorded() {
        let confidence = |seen| error_class(&seen).map(|class| class.confidence);
        let none = Seen { span_kind: Some(SpanKind::Server), ..Seen::default() };
        let by_status = Seen { http_status: Some(500), ..none };
        assert_eq!(confidence(none), Some("low"));
        assert_eq!(confidence(by_status), Some("high"));
        assert_eq!(confidence(Seen { is_expected: true, ..by_status }), Some("certain"));
    }
}
