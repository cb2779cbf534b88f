//! What an error was grouped by, kept for whoever wants to know more of it than its group.

use brunt_fingerprint::Occurrence;

/// An [`Occurrence`] with texts of its own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Recorded {
    pub(crate) exception_type: Option<String>,
    pub(crate) message: Option<String>,
    pub(crate) stacktrace: Option<String>,
    pub(crate) service: Option<String>,
    pub(crate) lang: Option<String>,
    pub(crate) client_fingerprint: Option<String>,
    /// Those that rules look at.
    pub(crate) attributes: Vec<(String, String)>,
}

impl Recorded {
    pub(crate) fn of(occurrence: &Occurrence<'_>) -> Self {
        let text = |text: Option<&str>| text.map(str::to_owned);
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Self {
            exception_type: text(occurrence.exception_type),
            message: text(occurrence.message),
            stacktrace: text(occurrence.stacktrace),
            service: text(occurrence.service),
            lang: text(occurrence.lang),
            client_fingerprint: text(occurrence.client_fingerprint),
            attributes: occurrence.attributes.iter().map(owned).collect(),
        }
    }

    /// Asks something of the occurrence.
    pub(crate) fn ask<T>(&self, question: impl FnOnce(&Occurrence<'_>) -> T) -> T {
        let attributes: Vec<(&str, &str)> =
            self.attributes.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        question(&Occurrence {
            exception_type: self.exception_type.as_deref(),
            message: self.message.as_deref(),
            stacktrace: self.stacktrace.as_deref(),
            service: self.service.as_deref(),
            lang: self.lang.as_deref(),
            client_fingerprint: self.client_fingerprint.as_deref(),
            attributes: &attributes,
        })
    }

    /// Memory that it takes, roughly.
    pub(crate) fn size_bytes(&self) -> usize {
        let texts = [&self.exception_type, &self.message, &self.stacktrace];
        size_of::<Self>() + texts.into_iter().flatten().map(String::len).sum::<usize>()
    }
}
