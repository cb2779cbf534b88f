//! The user's rules of grouping, as `errors.toml` says them.

use brunt_fingerprint::Rules;

use crate::error::Error;

/// What to do where a file of rules is refused.
const HINT: &str = "A file of rules begins with schema = 1 and has [in_app], [[helper]], [[generic]], [[drop]], [[rule]], \
                    [[merge]], [[split]] and [[expected]].";

/// The rules of a file; `file` is its name, for messages.
///
/// # Errors
/// The first thing that is wrong, as [`Error::Definition`].
pub(crate) fn parse(file: &str, text: &str) -> Result<Rules, Error> {
    Rules::parse(text).map_err(|error| Error::Definition {
        file: file.to_owned(),
        line: error.line(),
        message: error.to_string(),
        hint: Some(HINT.to_owned()),
    })
}
