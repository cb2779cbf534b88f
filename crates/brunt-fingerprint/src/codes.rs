//! Codes that mean the same in every language: Oracle's, SQLSTATE, errno, HRESULT, HTTP, gRPC.

use crate::text::{before, byte, digits_at_end};
use crate::words::Words;

/// Products whose messages begin with these letters and a number.
static PREFIXES: Words = Words::new(&[
    "AADSTS", "AMQ", "BEA", "CS", "DPI", "DPY", "E", "ERR", "HHH", "JBAS", "MSB", "NETSDK", "NU",
    "ORA", "PGRST", "PLS", "SQL", "TNS", "TS", "WFLY", "WFLYCTL",
]);

/// Names of `errno.h` and of Node's resolver.
static ERRNOS: Words = Words::new(&[
    "E2BIG",
    "EACCES",
    "EADDRINUSE",
    "EADDRNOTAVAIL",
    "EAGAIN",
    "EAI_AGAIN",
    "EALREADY",
    "EBADF",
    "EBUSY",
    "ECANCELED",
    "ECHILD",
    "ECONNABORTED",
    "ECONNREFUSED",
    "ECONNRESET",
    "EDEADLK",
    "EDESTADDRREQ",
    "EDQUOT",
    "EEXIST",
    "EFAULT",
    "EFBIG",
    "EHOSTUNREACH",
    "EINPROGRESS",
    "EINTR",
    "EINVAL",
    "EIO",
    "EISCONN",
    "EISDIR",
    "ELOOP",
    "EMFILE",
    "EMSGSIZE",
    "ENAMETOOLONG",
    "ENETDOWN",
    "ENETUNREACH",
    "ENFILE",
    "ENOENT",
    "ENOMEM",
    "ENOSPC",
    "ENOTCONN",
    "ENOTDIR",
    "ENOTEMPTY",
    "ENOTFOUND",
    "ENOTSUP",
    "EPERM",
    "EPIPE",
    "EPROTO",
    "EROFS",
    "ESRCH",
    "ESTALE",
    "ETIMEDOUT",
    "EXDEV",
]);

/// Names of gRPC's status codes, of those that no ordinary word is.
static GRPC: Words = Words::new(&[
    "CANCELLED",
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
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
]);

/// Words after which a small number is a status.
static STATUS_WORDS: Words = Words::new(&[
    "status",
    "code",
    "http",
    "errno",
    "statuscode",
    "status_code",
    "http_status",
    "error_code",
    "errorcode",
    "http_code",
    "sqlcode",
    "exitcode",
]);

/// A code in a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Code<'a> {
    pub(crate) text: &'a str,
    /// Says by itself what went wrong; other codes need words beside them.
    pub(crate) is_complete: bool,
}

/// `ORA-00942`, `E1234`, `TS2304`, `0x80070005`: known letters and two to six digits, or a Windows result.
pub(crate) fn is_error_code(word: &str) -> bool {
    let n_letters = word.bytes().take_while(u8::is_ascii_uppercase).count();
    let rest = word.get(n_letters..).unwrap_or("");
    let digits = rest.strip_prefix('-').unwrap_or(rest);
    let is_number = (2..=6).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    // A single letter with a dash, or with few digits, is somebody's numbering.
    let is_long_enough = n_letters > 1 || (digits.len() >= 3 && digits.len() == rest.len());
    (is_number && is_long_enough && PREFIXES.have(before(word, n_letters)))
        || is_windows_result(word)
}

/// How products number their errors: `NG0203`, `BC30451`, `UT005023`. Capitals and up to five digits, or six that are
/// filled up with zeros; a single letter has four. Orders and articles are numbered so, too: only the place in a
/// message tells which it is.
pub(crate) fn is_numbered(word: &str) -> bool {
    let (letters, digits) = digits_at_end(word);
    let is_number = match (letters.len(), digits.len()) {
        (1, n_digits) => n_digits == 4,
        (2..=8, 3..=5) => true,
        (2..=8, 6) => is_filled_up(word),
        _ => false,
    };
    is_number && letters.bytes().all(|b| b.is_ascii_uppercase())
}

/// Whether a number begins with a zero behind letters, as no count of orders does.
pub(crate) fn is_filled_up(word: &str) -> bool {
    let (letters, digits) = digits_at_end(word);
    letters.len() > 1 && digits.starts_with('0')
}

/// Whether nothing else is numbered like that: two letters, and four digits that are filled up, as in `NG0203`.
pub(crate) fn is_short_code(word: &str) -> bool {
    word.len() == 6 && is_filled_up(word) && digits_at_end(word).0.len() == 2
}

/// Whether a number is short enough for one of an error: `error 1213`, `error #418`.
pub(crate) fn is_short_number(word: &str) -> bool {
    (1..=5).contains(&word.len()) && word.bytes().all(|b| b.is_ascii_digit())
}

/// Whether a number that follows `word` is a status to be kept.
pub(crate) fn is_status(word: &str, number: &str) -> bool {
    let digits = number.strip_prefix('-').unwrap_or(number);
    let is_word = STATUS_WORDS.have_in_any_case(word)
        || word.get(..5).is_some_and(|head| head.eq_ignore_ascii_case("http/"));
    (1..=5).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()) && is_word
}

/// Whether `code` is an SQLSTATE that its name announces.
pub(crate) fn is_sqlstate(word: &str, code: &str) -> bool {
    word.eq_ignore_ascii_case("sqlstate")
        && code.len() == 5
        && code.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase())
}

/// The first code of a message.
pub(crate) fn find(message: &str) -> Option<Code<'_>> {
    let is_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '/');
    let mut previous = "";
    for word in message.split(|c| !is_word(c)).filter(|word| !word.is_empty()) {
        // Most words are ordinary ones, which no code begins like.
        if byte(word, 0).is_some_and(|b| b.is_ascii_lowercase()) {
            previous = word;
            continue;
        }
        if is_error_code(word) || ERRNOS.have(word) || is_sqlstate(previous, word) {
            return Some(Code { text: word, is_complete: true });
        }
        let is_http = word.len() == 3
            && byte(word, 0).is_some_and(|b| (b'1'..=b'5').contains(&b))
            && is_status(previous, word);
        if is_http || GRPC.have(word) {
            return Some(Code { text: word, is_complete: false });
        }
        previous = word;
    }
    None
}

/// An HRESULT of the common facilities, or an NTSTATUS of severity error.
fn is_windows_result(word: &str) -> bool {
    let Some(hex) = word.strip_prefix("0x").or_else(|| word.strip_prefix("0X")) else {
        return false;
    };
    let is_known = ["8000", "8004", "8007", "800A", "8013", "C000"]
        .iter()
        .any(|start| before(hex, 4).eq_ignore_ascii_case(start));
    hex.len() == 8 && is_known && hex.bytes().all(|b| b.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_known_and_ids_are_not() {
        for code in ["ORA-00942", "E1234", "E11000", "TS2304", "SQL0204", "0x80070005"] {
            assert!(is_error_code(code), "{code}");
        }
        for id in
            ["ORDER-12345", "E-12", "E1", "A1234", "0x7f001234", "12345", "", "ORA-", "SQL0204N"]
        {
            assert!(!is_error_code(id), "{id}");
        }
    }

    #[test]
    fn numbers_of_errors_have_a_form() {
        for code in ["NG0203", "CS1002", "BC30451", "P2002", "UT005023", "HV000030", "ABC123"] {
            assert!(is_numbered(code), "{code}");
        }
        for id in [
            "AB123456",
            "A12",
            "A123",
            "AB12",
            "Ab123",
            "AB-123",
            "12345",
            "ABC",
            "",
            "ABCDEFGHI123",
        ] {
            assert!(!is_numbered(id), "{id}");
        }
        assert!(is_filled_up("NG0203") && !is_filled_up("TS2304") && !is_filled_up("P0001"));
        assert!(is_short_number("418") && !is_short_number("123456") && !is_short_number(""));
    }

    #[test]
    fn the_first_code_of_a_message_is_found() {
        let found = |message| find(message).map(|code| (code.text, code.is_complete));
        assert_eq!(found("ORA-00942: table or view does not exist"), Some(("ORA-00942", true)));
        assert_eq!(found("SQLSTATE[42S02]: Base table not found"), Some(("42S02", true)));
        assert_eq!(found("connect ECONNREFUSED 10.0.0.1:5432"), Some(("ECONNREFUSED", true)));
        assert_eq!(found("Request failed with status code 503"), Some(("503", false)));
        assert_eq!(found("UNAVAILABLE: io exception"), Some(("UNAVAILABLE", false)));
        assert_eq!(found("order 503 failed"), None);
    }
}
