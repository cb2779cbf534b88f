//! One happening of an error, as it was recorded.

/// What a signal says about one error. Every field may be missing; empty text counts as missing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Occurrence<'a> {
    /// `exception.type`; a number here (a driver's code, a gRPC status) counts as part of the message.
    pub exception_type: Option<&'a str>,
    /// `exception.message`; where it holds a whole stack and `stacktrace` is missing, the stack is read from here.
    pub message: Option<&'a str>,
    /// `exception.stacktrace`, in the form its language prints, with or without a log prefix on each line.
    pub stacktrace: Option<&'a str>,
    /// `service.name`: two services never share a group.
    pub service: Option<&'a str>,
    /// `telemetry.sdk.language` or any usual name of the language; the stack decides where it is missing or wrong.
    pub lang: Option<&'a str>,
    /// The group that the client asks for; `{default}` in it stands for the computed one, which it then refines.
    pub client_fingerprint: Option<&'a str>,
    /// Attributes by name, for rules that ask for them.
    pub attributes: &'a [(&'a str, &'a str)],
}
