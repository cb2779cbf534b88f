//! GELF, the format of Graylog: syslog's levels, and fields of one's own behind an underscore.

use std::borrow::Cow;

use crate::decode::shape::{self, Fields, Given, refuse};
use crate::decode::{Plan, logger, message};
use crate::error::Error;
use crate::fill::Refusal;
use crate::format::Spec;
use crate::load::Load;
use crate::normalize::{severity, thrown};
use crate::read::Source;
use crate::value::{Scalar, Value};

pub(crate) static SPEC: Spec = Spec {
    name: "gelf",
    about: "messages in the Graylog extended log format",
    is: |head| {
        head.has_keys(&["version", "host", "short_message"])
            && !head.has_key("msg")
            && !head.has_key("message")
    },
    is_generic: false,
    decode: |plan: Plan<'_>, source: &mut Source<'_>, load: &mut Load<'_>| -> Result<(), Error> {
        shape::decode(&[""], entry, plan, source, load)
    },
};

fn entry<'a>(record: Value<'a>, given: &mut Given<'a>) -> Result<(), Refusal> {
    let Value::Object(entry) = record else {
        return refuse("not_an_object", "a message is not an object");
    };
    let mut inner: Fields<'a> = Vec::new();
    let mut outer: Fields<'a> = Vec::new();
    for (key, value) in entry {
        match (&*key, value) {
            // GELF's own version.
            ("version", _) => {}
            ("short_message", Value::Leaf(Scalar::Text(text))) => inner = message::fields(text),
            ("full_message", Value::Leaf(Scalar::Text(text))) => outer.push(full(text)),
            ("host", value) => outer.push((Cow::Borrowed("host.name"), value)),
            ("level", value) => outer.push((Cow::Borrowed("severity_text"), worded(value))),
            (_, value) => match key.strip_prefix('_') {
                Some(name) => outer.push((Cow::Owned(name.to_owned()), value)),
                None => outer.push((key, value)),
            },
        }
    }
    given.record("logs", message::wrap(inner, logger::fields(outer)));
    Ok(())
}

/// The long form of the message: where it holds a stack trace it is that.
fn full(text: Cow<'_, str>) -> (Cow<'_, str>, Value<'_>) {
    let stacktrace = thrown::split(&text).map(|parts| parts.stacktrace.to_owned());
    match stacktrace {
        Some(stacktrace) => (Cow::Borrowed("exception_stacktrace"), Value::text(stacktrace)),
        None => (Cow::Borrowed("full_message"), Value::text(text)),
    }
}

fn worded(level: Value<'_>) -> Value<'_> {
    let word = level.as_str().and_then(|text| text.parse().ok()).and_then(severity::syslog_word);
    word.map_or(level, Value::text)
}
