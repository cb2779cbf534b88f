//! An error or a message, to a row of `events` or `logs`; and what all events say of whom and where they happened.

use std::borrow::Cow;

use super::exception::{self, Told};
use crate::decode::shape::{Fields, Given, put, refuse};
use crate::fill::Refusal;
use crate::value::{Scalar, Value};

/// Lists and objects that stay one attribute.
const WHOLE: &[&str] = &[
    "exception",
    "breadcrumbs",
    "threads",
    "debug_meta",
    "_meta",
    "modules",
    "stacktrace",
    "errors",
    "spans",
    "measurements",
    "_metrics_summary",
];
/// Parts of the names of SDKs that run in apps.
const APP_SDKS: &[&str] = &[
    "android",
    "cocoa",
    "flutter",
    "dart",
    "react-native",
    "unity",
    "unreal",
    "electron",
    "maui",
    "capacitor",
];
/// Ends of the names of JavaScript SDKs that run on servers.
const SERVER_SDKS: &[&str] =
    &["node", "deno", "bun", "cloudflare", "serverless", "vercel-edge", "nestjs"];

/// Reads an error or message.
pub(super) fn read<'a>(mut event: Value<'a>, given: &mut Given<'a>) -> Result<(), Refusal> {
    let has = |key: &str| event.get(key).is_some();
    if !["event_id", "exception", "logentry", "message"].into_iter().any(has) {
        return refuse("not_an_event", "the record is no event: it has neither id nor contents");
    }
    let told = exception::read(&event);
    let is_session_event = told.is_some() && is_of_client(&event);
    let mut fields = Fields::new();
    put(&mut fields, "timestamp", event.take("timestamp"));
    if let Some(Told { type_name, message, stacktrace, handled }) = told {
        put(&mut fields, "exception_type", type_name.map(Value::text));
        put(&mut fields, "exception_message", message.map(Value::text));
        put(&mut fields, "exception_stacktrace", stacktrace.map(Value::text));
        let name = if is_session_event { "handled" } else { "attributes.handled" };
        put(&mut fields, name, handled.map(|handled| Value::Leaf(Scalar::Bool(handled))));
    }
    let fingerprint = event.get("fingerprint").and_then(custom_fingerprint);
    if matches!(event.get("fingerprint"), Some(Value::Array(_))) {
        event.take("fingerprint");
    }
    put(&mut fields, "error_fingerprint", fingerprint.map(Value::text));
    let message = message(&mut event);
    let level = event.take_some("level").unwrap_or_else(|| Value::text("error"));
    if is_session_event {
        put(&mut fields, "event_id", event.take("event_id"));
        put(&mut fields, "event_kind", Some(Value::text("error")));
        put(&mut fields, "attributes.level", Some(level));
        put(&mut fields, "attributes.message", message);
    } else {
        put(&mut fields, "body", message);
        put(&mut fields, "severity_text", Some(level));
        put(&mut fields, "scope_name", event.take("logger"));
    }
    surroundings(event, &mut fields);
    given.record(if is_session_event { "events" } else { "logs" }, fields);
    Ok(())
}

/// The message with its parameters filled in, else as it was written.
fn message<'a>(event: &mut Value<'a>) -> Option<Value<'a>> {
    let mut found = None;
    for key in ["logentry", "message"] {
        let Some(mut value) = event.take_some(key) else { continue };
        let text = match value {
            Value::Object(_) => value.take_some("formatted").or_else(|| value.take_some("message")),
            text => Some(text),
        };
        found = found.or(text);
    }
    found
}

/// A client's own grouping. `{{ default }}` among other parts refines the computed group; alone it says nothing.
fn custom_fingerprint(parts: &Value<'_>) -> Option<String> {
    let is_default = |part: &str| {
        let inner = part.strip_prefix("{{").and_then(|part| part.strip_suffix("}}"));
        inner.is_some_and(|inner| inner.trim() == "default")
    };
    let parts: Vec<&str> = parts.elements().iter().filter_map(Value::as_str).collect();
    let is_custom = parts.iter().any(|part| !is_default(part) && !part.is_empty());
    let parts: Vec<&str> =
        parts.into_iter().map(|part| if is_default(part) { "{default}" } else { part }).collect();
    is_custom.then(|| parts.join("|"))
}

/// Whether the program ran at a user's: in a browser, on a phone, on a desktop.
fn is_of_client(event: &Value<'_>) -> bool {
    let sdk = event.at("sdk.name").and_then(Value::as_str).unwrap_or_default();
    if APP_SDKS.iter().any(|part| sdk.contains(part)) {
        return true;
    }
    match event.get("platform").and_then(Value::as_str).unwrap_or_default() {
        "javascript" => !SERVER_SDKS.iter().any(|end| sdk.ends_with(end)),
        "cocoa" | "objc" | "swift" | "dart" => true,
        "java" | "native" | "csharp" | "other" => {
            let os = event.at("contexts.os.name").and_then(Value::as_str);
            os.is_some_and(|os| matches!(os, "Android" | "iOS" | "iPadOS" | "tvOS" | "watchOS"))
        }
        _ => false,
    }
}

/// Who and where: release, environment, user, request, tags, contexts; and everything else as attributes.
pub(super) fn surroundings<'a>(mut event: Value<'a>, fields: &mut Fields<'a>) {
    release(event.take_some("release"), fields);
    put(fields, "deployment_environment_name", event.take("environment"));
    if let Some(mut user) = event.take_object("user") {
        let country = user.get("geo").and_then(|geo| geo.get("country_code")).cloned();
        put(fields, "geo_country", country);
        put(fields, "user_id", user.take("id"));
        put(fields, "user", Some(user));
    }
    if let Some(mut request) = event.take_object("request") {
        put(fields, "url.full", request.take("url"));
        put(fields, "request", Some(request));
    }
    put(fields, "http_route", route(&event).map(Value::text));
    match event.take("tags") {
        Some(tags @ (Value::Object(_) | Value::Array(_))) => put(fields, "tags", Some(pairs(tags))),
        tags => put(fields, "attributes.tags", tags),
    }
    if let Some(mut contexts) = event.take_object("contexts") {
        let os = contexts.at("client_os.name").cloned();
        put(fields, "os_name", os);
        let flags = contexts.take("flags").and_then(|mut flags| flags.take("values"));
        put(fields, "feature_flags", flags.map(feature_flags));
        put(fields, "contexts", Some(contexts));
    }
    put(fields, "extra", event.take_object("extra"));
    for (name, value) in event.into_fields() {
        let value = match value {
            Value::Leaf(Scalar::Null) => continue,
            Value::Leaf(Scalar::Text(text)) if text.is_empty() => continue,
            mut value if WHOLE.contains(&&*name) => value.take("values").unwrap_or(value).whole(),
            Value::Object(fields) if fields.is_empty() => continue,
            value => value,
        };
        // The stack of a message is where it was written, and no exception's.
        let name = if name == "stacktrace" { Cow::Borrowed("code.stacktrace") } else { name };
        fields.push((Cow::Owned(["attributes.", &name].concat()), value));
    }
}

/// `package@version` is a service and its version; a release without a package is a version.
pub(super) fn release<'a>(release: Option<Value<'a>>, fields: &mut Fields<'a>) {
    let Some(text) = release.as_ref().and_then(Value::as_str) else {
        put(fields, "attributes.release", release);
        return;
    };
    match text
        .split_once('@')
        .filter(|(package, version)| !package.is_empty() && !version.is_empty())
    {
        Some((package, version)) => {
            put(fields, "service_name", Some(Value::text(package.to_owned())));
            put(fields, "service_version", Some(Value::text(version.to_owned())));
        }
        None => put(fields, "service_version", release),
    }
}

/// The transaction's name where it is a route, without the method.
fn route(event: &Value<'_>) -> Option<String> {
    let name = event.get("transaction")?.as_str()?;
    let source = event.at("transaction_info.source").and_then(Value::as_str);
    let path = name.split_once(' ').map_or(name, |(_, path)| path);
    (source == Some("route") && path.starts_with('/')).then(|| path.to_owned())
}

/// `{"a": "b"}`, `[["a", "b"]]` and `[{"key": "a", "value": "b"}]` are one.
fn pairs(tags: Value<'_>) -> Value<'_> {
    match tags {
        Value::Array(tags) => Value::Object(tags.into_iter().filter_map(pair).collect()),
        tags => tags,
    }
}

fn pair(tag: Value<'_>) -> Option<(Cow<'_, str>, Value<'_>)> {
    let (key, value) = match tag {
        Value::Array(parts) => {
            let mut parts = parts.into_iter();
            (parts.next()?, parts.next()?)
        }
        mut tag => (tag.take("key")?, tag.take("value")?),
    };
    match key {
        Value::Leaf(key) => Some((key.into_text()?, value)),
        _ => None,
    }
}

/// `[{"flag": "a", "result": true}]`
fn feature_flags(flags: Value<'_>) -> Value<'_> {
    let flags =
        flags.into_elements().into_iter().filter_map(|mut flag| match flag.take("flag")? {
            Value::Leaf(key) => Some((key.into_text()?, flag.take("result")?)),
            _ => None,
        });
    Value::Object(flags.collect())
}
