//! Whether an error says that somebody stopped waiting: such an error names who waited, and not who was slow.

/// What an error says of itself.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Said<'a> {
    pub(super) root_type: Option<&'a str>,
    pub(super) exception_type: Option<&'a str>,
    pub(super) error_type: Option<&'a str>,
    pub(super) message: Option<&'a str>,
    pub(super) http_status: Option<i32>,
    /// Whether who called another recorded it: a pipe that breaks there is the other's failure.
    pub(super) is_caller: bool,
}

/// How an attempt was given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum GaveUp {
    /// Somebody waited as long as they would.
    TimedOut,
    /// Somebody was told to stop, or lost whom they worked for.
    Cancelled,
}

/// How far into a message words are looked for; programs say it first.
const MESSAGE_CHARS_MAX: usize = 400;

/// `None` where it says neither; an error that says both timed out.
///
/// Types are read by their letters; of messages only phrases count, as "timeout" alone may be a setting's name. HTTP
/// statuses 408 and 504 are timeouts (RFC 9110), 499 is a client that closed the request (nginx).
pub(super) fn gave_up(said: &Said<'_>) -> Option<GaveUp> {
    const TIMED_OUT: [&str; 3] = ["timeout", "timedout", "deadlineexceeded"];
    const TIMED_OUT_PHRASES: [&str; 7] = [
        "timed out",
        "deadline exceeded",
        "timeout of ",
        "timeout after ",
        "timeout exceeded",
        "timeout expired",
        "gateway timeout",
    ];
    const CANCELLED: [&str; 5] =
        ["canceled", "cancelled", "cancellation", "clientabort", "clientdisconnect"];
    const CANCELLED_PHRASES: [&str; 5] = [
        "context canceled",
        "was canceled",
        "was cancelled",
        "client disconnected",
        "client closed",
    ];
    let message = said.message.unwrap_or_default();
    let message: String =
        message.chars().take(MESSAGE_CHARS_MAX).collect::<String>().to_lowercase();
    let says = |types: &[&str], phrases: &[&str]| {
        [said.root_type, said.exception_type, said.error_type].iter().flatten().any(|name| {
            let letters: String = name.chars().filter(char::is_ascii_alphabetic).collect();
            let letters = letters.to_ascii_lowercase();
            types.iter().any(|word| letters.contains(word))
        }) || phrases.iter().any(|phrase| message.contains(phrase))
    };
    if says(&TIMED_OUT, &TIMED_OUT_PHRASES) || matches!(said.http_status, Some(408 | 504)) {
        Some(GaveUp::TimedOut)
    } else if says(&CANCELLED, &CANCELLED_PHRASES)
        || said.http_status == Some(499)
        || !said.is_caller && says(&["brokenpipe"], &["broken pipe"])
    {
        Some(GaveUp::Cancelled)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_phrases_and_statuses_tell() {
        let none = Said::default();
        for (said, expected) in [
            (
                Said { root_type: Some("java.net.SocketTimeoutException"), ..none },
                Some(GaveUp::TimedOut),
            ),
            (Said { error_type: Some("DEADLINE_EXCEEDED"), ..none }, Some(GaveUp::TimedOut)),
            (Said { message: Some("Timeout of 3000ms exceeded"), ..none }, Some(GaveUp::TimedOut)),
            (Said { http_status: Some(504), ..none }, Some(GaveUp::TimedOut)),
            (
                Said { exception_type: Some("asyncio.CancelledError"), ..none },
                Some(GaveUp::Cancelled),
            ),
            (
                Said { message: Some("rpc error: context canceled"), ..none },
                Some(GaveUp::Cancelled),
            ),
            (
                Said { message: Some("context canceled: deadline exceeded"), ..none },
                Some(GaveUp::TimedOut),
            ),
            // Who was to read the answer has gone.
            (
                Said { message: Some("write tcp 10.0.0.1:80: write: Broken pipe"), ..none },
                Some(GaveUp::Cancelled),
            ),
            (Said { exception_type: Some("BrokenPipeError"), ..none }, Some(GaveUp::Cancelled)),
            (Said { exception_type: Some("BrokenPipeError"), is_caller: true, ..none }, None),
            (Said { message: Some("timeout must be positive"), ..none }, None),
            (Said { http_status: Some(500), ..none }, None),
        ] {
            assert_eq!(gave_up(&said), expected, "{said:?}");
        }
    }
}
