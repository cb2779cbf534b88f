//! Hits of Elasticsearch and `OpenSearch`, in an answer or one a line, around records of the Elastic Common Schema.

use std::borrow::Cow;

use crate::decode::shape::{self, Given, refuse};
use crate::decode::{Plan, logger, message};
use crate::error::Error;
use crate::fill::Refusal;
use crate::format::Spec;
use crate::load::Load;
use crate::read::Source;
use crate::value::{Scalar, Value};

pub(crate) static SPEC: Spec = Spec {
    name: "elasticsearch",
    about: "hits of Elasticsearch or OpenSearch with logs in them",
    is: |head| {
        ["hits.hits.", ""].iter().any(|list| {
            let has = |name: &str| head.has_key(&[list, "_source.", name].concat());
            let says = ["message", "log", "msg", "body"].iter().any(|name| has(name));
            let told = ["@timestamp", "timestamp", "level", "log.level", "time"]
                .iter()
                .any(|name| has(name));
            // Spans and errors of Elastic APM say what they are.
            says && told && !has("processor.event")
        })
    },
    is_generic: false,
    decode: |plan: Plan<'_>, source: &mut Source<'_>, load: &mut Load<'_>| -> Result<(), Error> {
        shape::decode(&["hits.hits", ""], hit, plan, source, load)
    },
};

fn hit<'a>(mut record: Value<'a>, given: &mut Given<'a>) -> Result<(), Refusal> {
    let Some(Value::Object(mut source)) = record.take("_source") else {
        return refuse("records_missing", "a hit has no _source");
    };
    let outer = ["_index", "_id"]
        .into_iter()
        .filter_map(|key| record.take(key).map(|value| (Cow::Borrowed(key), value)))
        .collect();
    // A shipper that did not take the message apart.
    let json = source.iter().position(|(key, value)| {
        key == "message"
            && value
                .as_str()
                .is_some_and(|text| text.trim_start().starts_with('{') || text.contains('\n'))
    });
    let mut fields = match json.map(|at| source.swap_remove(at).1) {
        Some(Value::Leaf(Scalar::Text(text))) => {
            message::wrap(message::fields(text), logger::fields(source))
        }
        _ => logger::fields(source),
    };
    fields = message::wrap(fields, outer);
    given.record("logs", fields);
    Ok(())
}
