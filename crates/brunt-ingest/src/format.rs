//! The forms that exports are written in: one entry a decoder.

use std::fmt;

use crate::decode::{self, Plan};
use crate::detect::Head;
use crate::error::Error;
use crate::load::Load;
use crate::read::Source;

/// A form in which exports are written.
#[derive(Clone, Copy)]
pub struct Format(&'static Spec);

/// What a decoder says of itself.
pub(crate) struct Spec {
    /// What `--format` takes.
    pub(crate) name: &'static str,
    /// What it is, in a few words for help.
    pub(crate) about: &'static str,
    /// Whether an input is of this form; asked when all forms above it in the registry said no.
    pub(crate) is: fn(&Head<'_>) -> bool,
    /// Whether it holds records of any shape, so that their table is told by a mapping, an option, or keys and name.
    pub(crate) is_generic: bool,
    pub(crate) decode: fn(Plan<'_>, &mut Source<'_>, &mut Load<'_>) -> Result<(), Error>,
}

/// All decoders, the most particular first.
static SPECS: &[&Spec] = &[
    &decode::otlp::SPEC,
    &decode::otlp::proto::SPEC,
    &decode::parquet::SPEC,
    &decode::sentry::envelope::SPEC,
    &decode::sentry::SPEC,
    &decode::jaeger::SPEC,
    &decode::zipkin::SPEC,
    &decode::elastic_apm::SPEC,
    &decode::datadog_spans::SPEC,
    &decode::datadog_issues::SPEC,
    &decode::arrow_ipc::SPEC,
    &decode::rum::SPEC,
    &decode::ga4::SPEC,
    &decode::snowplow::SPEC,
    &decode::posthog::SPEC,
    &decode::mixpanel::SPEC,
    &decode::amplitude::SPEC,
    &decode::segment::SPEC,
    &decode::freshdesk::SPEC,
    &decode::zendesk::SPEC,
    &decode::intercom::SPEC,
    &decode::jira::SPEC,
    &decode::datadog_logs::SPEC,
    &decode::gcp::SPEC,
    &decode::cloudwatch::SPEC,
    &decode::elasticsearch::SPEC,
    &decode::gelf::SPEC,
    &decode::container::DOCKER,
    &decode::container::CRI,
    &decode::access_log::SPEC,
    &decode::syslog::SPEC,
    &decode::log_text::SPEC,
    &decode::logfmt::SPEC,
    &decode::plain::LINES,
    &decode::plain::DOCUMENT,
    &decode::csv::SPEC,
    &decode::text::SPEC,
];

/// All formats, the most particular first.
pub fn formats() -> impl Iterator<Item = Format> {
    SPECS.iter().copied().map(Format)
}

impl Format {
    /// The name that `--format` takes.
    pub fn name(self) -> &'static str {
        self.0.name
    }

    /// What it is, in a few words.
    pub fn about(self) -> &'static str {
        self.0.about
    }

    /// Whether it holds records of any shape, which a mapping can take apart.
    pub fn is_generic(self) -> bool {
        self.0.is_generic
    }

    /// The format of this name.
    pub fn parse(name: &str) -> Option<Self> {
        formats().find(|format| format.name() == name)
    }

    /// Some format, for an input in which nothing is to be read.
    pub(crate) fn any() -> Self {
        Self(&decode::plain::LINES)
    }

    pub(crate) fn of(head: &Head<'_>) -> Option<Self> {
        formats().find(|format| (format.0.is)(head))
    }

    pub(crate) fn decode(
        self,
        plan: Plan<'_>,
        source: &mut Source<'_>,
        load: &mut Load<'_>,
    ) -> Result<(), Error> {
        (self.0.decode)(plan, source, load)
    }
}

impl PartialEq for Format {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}

impl Eq for Format {}

impl fmt::Debug for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
