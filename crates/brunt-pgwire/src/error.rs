//! What can go wrong: of the endpoint itself, for the program that runs it, and of a statement, for the client.

use std::net::SocketAddr;

use datafusion::sql::sqlparser::parser::ParserError;
use pgwire::messages::response::{ErrorResponse, NoticeResponse};

/// Why the endpoint does not run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Without passwords and TLS the endpoint is for this machine only.
    #[error("address \"{address}\" is not a loopback address")]
    NotLoopback { address: SocketAddr },
    /// The operating system refused threads or the listening socket.
    #[error("{action}")]
    System {
        action: &'static str,
        #[source]
        source: std::io::Error,
    },
}

impl Error {
    /// What to do about it, in whole sentences.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::NotLoopback { .. } => Some(
                "Passwords and TLS are not there yet, so listen on 127.0.0.1 or ::1, and reach the endpoint from other machines through an SSH tunnel.",
            ),
            Self::System { .. } => None,
        }
    }
}

/// A statement's error as the client gets it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Report {
    severity: &'static str,
    pub(crate) code: String,
    pub(crate) message: String,
    detail: Option<String>,
    hint: Option<String>,
}

impl Report {
    /// An error under which the connection lives on.
    pub(crate) fn new(code: &str, message: impl Into<String>) -> Self {
        Self {
            severity: "ERROR",
            code: code.to_owned(),
            message: message.into(),
            detail: None,
            hint: None,
        }
    }

    /// An error that ends the connection.
    pub(crate) fn fatal(code: &str, message: impl Into<String>) -> Self {
        Self { severity: "FATAL", ..Self::new(code, message) }
    }

    /// Something that the client may want to know, and no error.
    pub(crate) fn warning(code: &str, message: impl Into<String>) -> Self {
        Self { severity: "WARNING", ..Self::new(code, message) }
    }

    /// A whole sentence that belongs to an answer.
    pub(crate) fn notice(message: impl Into<String>) -> Self {
        Self { severity: "NOTICE", ..Self::new("00000", message) }
    }

    pub(crate) fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    pub(crate) fn detail(self, detail: impl Into<String>) -> Self {
        Self { detail: Some(detail.into()), ..self }
    }

    pub(crate) fn syntax(message: impl Into<String>) -> Self {
        Self::new("42601", message)
    }

    pub(crate) fn canceled() -> Self {
        Self::new("57014", "canceling statement due to user request")
    }

    pub(crate) fn too_deep() -> Self {
        Self::new("54001", "statement is nested too deeply").hint(
            "Write long chains of OR as IN lists, and split deep subqueries into WITH queries.",
        )
    }

    /// The statement is none of those that a read-only endpoint takes.
    pub(crate) fn read_only(what: &str) -> Self {
        Self::new("25006", format!("cannot execute {what} in a read-only session"))
            .hint("The endpoint only reads. Load data with \"brunt load\".")
    }

    pub(crate) fn into_error(self) -> ErrorResponse {
        ErrorResponse::new(self.into_fields())
    }

    pub(crate) fn into_notice(self) -> NoticeResponse {
        NoticeResponse::new(self.into_fields())
    }

    fn into_fields(self) -> Vec<(u8, String)> {
        let mut fields = vec![
            (b'S', self.severity.to_owned()),
            (b'V', self.severity.to_owned()),
            (b'C', self.code),
            (b'M', self.message),
        ];
        fields.extend(self.detail.map(|detail| (b'D', detail)));
        fields.extend(self.hint.map(|hint| (b'H', hint)));
        fields
    }
}

impl From<brunt::Error> for Report {
    fn from(error: brunt::Error) -> Self {
        Self {
            severity: "ERROR",
            code: error.code().sqlstate().to_owned(),
            message: error.to_string(),
            detail: error.detail(),
            hint: error.hint(),
        }
    }
}

impl From<ParserError> for Report {
    fn from(error: ParserError) -> Self {
        match error {
            ParserError::RecursionLimitExceeded => Self::too_deep(),
            ParserError::ParserError(message) | ParserError::TokenizerError(message) => {
                Self::syntax(message)
            }
        }
    }
}
