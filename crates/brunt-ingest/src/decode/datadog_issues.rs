//! Issues of Datadog's error tracking. An issue is a group of errors with its counts, and no error that happened, so it
//! has no table: the errors themselves come with Datadog's logs, spans and session events. Issues are counted.

use crate::decode::shape::{self, refuse};
use crate::format::Spec;
use crate::value::Value;

/// Where answers keep their records.
const LISTS: &[&str] = &["response.data", "data", ""];

pub(crate) static SPEC: Spec = Spec {
    name: "datadog_issues",
    about: "issues of Datadog's error tracking, which are counted and not stored",
    is: |head| {
        let found = ["response.data.", "data.", ""].iter().any(|place| {
            let key = |name: &str| head.has_key(&[place, name].concat());
            key("attributes.total_count") && key("relationships.issue")
                || key("attributes.error_type") && key("attributes.first_seen_version")
        });
        head.is_json && found
    },
    is_generic: false,
    decode: |plan, source, load| {
        shape::decode(
            LISTS,
            |record, given| {
                if !matches!(record, Value::Object(_)) {
                    return refuse("not_an_object", "a record is not an object");
                }
                given.unsupported("issues");
                Ok(())
            },
            plan,
            source,
            load,
        )
    },
};
