//! Elastic APM's intake, versions 2 and 3: a line of metadata, then transactions, spans, errors, logs and metrics, one a
//! line.
//!
//! Metadata holds for what follows it, until the next. Transactions and spans go to `spans`; an error of a browser or an
//! app that has an exception to `events`, all other errors and logs to `logs`; metrics are counted as not supported.

mod context;
mod error;
mod short;
mod span;

use std::borrow::Cow;

use crate::decode::shape::{Fields, Fillers, Given, put, refuse};
use crate::decode::stack::Language;
use crate::decode::{Halt, Plan, records};
use crate::error::Error;
use crate::fill::Refusal;
use crate::format::Spec;
use crate::load::Load;
use crate::read::Source;
use crate::value::{Scalar, Value};

pub(crate) static SPEC: Spec = Spec {
    name: "elastic_apm",
    about: "Elastic APM's intake, version 2, or 3 with its short keys",
    is: |head| {
        head.is_lines
            && (head.has_keys(&["metadata.service", "metadata.service.agent"])
                || head.has_keys(&["m.se", "m.se.a"]))
    },
    is_generic: false,
    decode,
};

/// What the last line of metadata said.
#[derive(Debug, Default)]
struct Metadata {
    fields: Fields<'static>,
    language: String,
    agent: String,
}

fn decode(_plan: Plan<'_>, source: &mut Source<'_>, load: &mut Load<'_>) -> Result<(), Error> {
    let mut fillers = Fillers::default();
    let mut metadata = Metadata::default();
    records::each_placed(source, true, &[""], None, load, &mut |line, spot, load| {
        let mut line = lengthened(line);
        if let Some(said) = line.take("metadata") {
            metadata = Metadata::read(said)?;
            return Ok(());
        }
        let mut given = Given::default();
        event(line, &metadata, &mut given)?;
        fillers.store(given, || spot.place(), load)
    })
}

/// A line of version 3 as one of version 2; any other as it is.
fn lengthened(line: Value<'_>) -> Value<'_> {
    match line {
        Value::Object(mut fields) if fields.len() == 1 => {
            let named = fields.pop().map(|(key, value)| match short::kind_of(&key) {
                Some((name, kind)) => (Cow::Borrowed(name), short::lengthen(value, kind)),
                None => (key, value),
            });
            Value::Object(named.into_iter().collect())
        }
        other => other,
    }
}

/// One line: an object with one key, which says what it is.
fn event<'a>(mut line: Value<'a>, metadata: &Metadata, given: &mut Given<'a>) -> Result<(), Halt> {
    let kinds = ["transaction", "span", "error", "log", "metricset"];
    let found = kinds.into_iter().find_map(|kind| line.take(kind).map(|event| (kind, event)));
    let Some((kind, mut event)) = found else {
        return Ok(refuse("unknown_event", "a line is no event of the intake")?);
    };
    if !matches!(event, Value::Object(_)) {
        return Ok(refuse("not_an_object", "a record is not an object")?);
    }
    match kind {
        "transaction" => {
            for span in short::take_spans(&mut event) {
                match span::span(span.clone(), metadata) {
                    Ok(fields) => given.record("spans", fields),
                    Err(refusal) => given.refuse(&span, refusal),
                }
            }
            event.take_list("metricsets").iter().for_each(|_| given.unsupported("metrics"));
            given.record("spans", span::transaction(event, metadata)?);
        }
        "span" => given.record("spans", span::span(event, metadata)?),
        "error" => {
            let (table, fields) = error::error(event, metadata);
            given.record(table, fields);
        }
        "log" => given.record("logs", error::log(event, metadata)),
        _ => given.unsupported("metrics"),
    }
    Ok(())
}

impl Metadata {
    fn read(mut said: Value<'_>) -> Result<Self, Refusal> {
        if !matches!(said, Value::Object(_)) {
            return refuse("invalid_metadata", "a line of metadata is not an object");
        }
        let word =
            |path: &str| said.at(path).and_then(Value::as_str).unwrap_or_default().to_owned();
        let language = word("service.language.name");
        let agent = word("service.agent.name");
        let mut fields = Fields::new();
        if let Some(service) = said.take_object("service") {
            fields.extend(service_fields(service, "resource.attributes.service"));
        }
        if let Some(mut user) = said.take_object("user") {
            put(&mut fields, "user.id", user.take("id"));
            fields.extend(under("resource.attributes.user", user));
        }
        if let Some(labels) = said.take_object("labels") {
            fields.extend(under("resource.attributes", labels));
        }
        fields.extend(under("resource.attributes", said));
        let fields =
            fields.into_iter().map(|(name, value)| (name.into_owned().into(), value.into_owned()));
        Ok(Self { fields: fields.collect(), language, agent })
    }

    /// The language of what runs, by its own name or its agent's.
    fn language(&self) -> Language {
        match Language::of(&self.language) {
            Language::Other => Language::of(&self.agent),
            language => language,
        }
    }

    /// Whether the agent runs at a user's.
    fn is_client(&self) -> bool {
        let agent = self.agent.to_ascii_lowercase();
        ["rum-js", "js-base", "ios", "swift", "android"].iter().any(|part| agent.starts_with(part))
    }
}

/// Name, version and environment of a service, and what else is said of it.
fn service_fields<'a>(mut service: Value<'a>, rest: &str) -> Fields<'a> {
    let mut fields = Fields::new();
    put(&mut fields, "service.name", service.take("name"));
    put(&mut fields, "service.version", service.take("version"));
    put(&mut fields, "deployment.environment.name", service.take("environment"));
    fields.extend(under(rest, service));
    fields
}

/// The fields of an object that say something, under a prefix.
fn under<'a>(prefix: &str, object: Value<'a>) -> Fields<'a> {
    let fields = object.into_fields().into_iter();
    let said = fields.filter(|(_, value)| match value {
        Value::Leaf(scalar) => *scalar != Scalar::Null,
        Value::Array(elements) => !elements.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
    });
    said.map(|(name, value)| (Cow::Owned([prefix, ".", &name].concat()), value)).collect()
}
