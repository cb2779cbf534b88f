//! The one place that turns an error into what a person reads and the status that a script sees.

use std::process::ExitCode;

use brunt::Code;

use crate::output::tell;

/// Exit statuses: 0 done, 1 the answer is no, 2 usage, 3 input refused, 4 store or system, 130 interrupted.
pub(crate) const NO: u8 = 1;
pub(crate) const USAGE: u8 = 2;
pub(crate) const REFUSED: u8 = 3;
pub(crate) const SYSTEM: u8 = 4;
pub(crate) const INTERRUPTED: u8 = 130;

/// Why a command ended early.
#[derive(Debug)]
pub(crate) struct Failure {
    message: String,
    detail: Option<String>,
    hint: Option<String>,
    status: u8,
}

impl Failure {
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self { message: message.into(), detail: None, hint: None, status: USAGE }
    }

    pub(crate) fn refused(message: impl Into<String>) -> Self {
        Self { message: message.into(), detail: None, hint: None, status: REFUSED }
    }

    /// Somebody pressed Ctrl-C.
    pub(crate) fn interrupted(consequence: &str) -> Self {
        let message = format!("interrupted; {consequence}");
        Self { message, detail: None, hint: None, status: INTERRUPTED }
    }

    pub(crate) fn system(doing: &str, error: &dyn std::error::Error) -> Self {
        Self {
            message: format!("{doing}: {}", chain(error)),
            detail: None,
            hint: None,
            status: SYSTEM,
        }
    }

    #[must_use]
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// What came of asking about an id: one of nothing, or one that several share, is refused as input.
    pub(crate) fn of_id(error: brunt::Error) -> Self {
        let is_refused = matches!(error.code(), Code::UndefinedObject | Code::InvalidArgument);
        let failure = Self::from(error);
        if is_refused { Self { status: REFUSED, ..failure } } else { failure }
    }

    /// Prints the error with its detail and hint, and gives the exit status.
    pub(crate) fn report(&self) -> ExitCode {
        tell(&format!("error: {}", self.message));
        if let Some(detail) = &self.detail {
            tell(&format!("  {detail}"));
        }
        if let Some(hint) = &self.hint {
            tell(&format!("hint: {hint}"));
        }
        ExitCode::from(self.status)
    }

    /// Prints the error and ends the process where it stands: threads of the store that lose what they wait for would
    /// say so in words of their own.
    pub(crate) fn end(&self) -> ! {
        self.report();
        std::process::exit(self.status.into())
    }
}

impl From<brunt::Error> for Failure {
    fn from(error: brunt::Error) -> Self {
        let status = error.code().exit_status();
        // The detail has the causes, of errors that have some.
        Self { message: error.to_string(), detail: error.detail(), hint: error.hint(), status }
    }
}

impl From<brunt_notebook::Error> for Failure {
    fn from(error: brunt_notebook::Error) -> Self {
        let status = match &error {
            brunt_notebook::Error::Cell { source, .. } => source.code().exit_status(),
            brunt_notebook::Error::Draw(_) => SYSTEM,
            _ => REFUSED,
        };
        Self { message: error.to_string(), detail: None, hint: error.hint(), status }
    }
}

/// How a command that came to its end is reported to the shell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ExitStatus {
    Done,
    /// A check found something.
    No,
    /// More rejects than allowed.
    Refused,
}

impl From<ExitStatus> for ExitCode {
    fn from(status: ExitStatus) -> Self {
        match status {
            ExitStatus::Done => Self::SUCCESS,
            ExitStatus::No => Self::from(NO),
            ExitStatus::Refused => Self::from(REFUSED),
        }
    }
}

/// Prints clap's own words; help and version are no failure.
pub(crate) fn usage(error: &clap::Error) -> ExitCode {
    // A closed pipe is nobody's mistake.
    let _ = error.print();
    if error.use_stderr() { ExitCode::from(USAGE) } else { ExitCode::SUCCESS }
}

/// The message and those of its sources, each once.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        let message = error.to_string();
        if !text.contains(&message) {
            text = format!("{text}: {message}");
        }
        source = error.source();
    }
    text
}
