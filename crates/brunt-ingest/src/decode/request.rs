//! Requests in messages, as servers of web applications log them one a line: uvicorn and Django's development server,
//! Rails, Heroku's router and lograge.

use std::borrow::Cow;

use crate::decode::access_log::push_request;
use crate::decode::shape::Fields;
use crate::value::Value;

/// What a message says of a request, but not the message itself: `10.0.0.1:5123 - "GET /cart HTTP/1.1" 200 OK`,
/// `Started GET "/cart" for 10.0.0.1 at ...` or `Completed 200 OK in 5ms`. `None` for any other.
pub(super) fn fields(message: &str) -> Option<Fields<'_>> {
    quoted(message).or_else(|| rails(message))
}

fn quoted(message: &str) -> Option<Fields<'_>> {
    let (client, rest) = match message.strip_prefix('"') {
        Some(rest) => ("", rest),
        None => message.split_once(" - \"").filter(|(client, _)| !client.contains(' '))?,
    };
    let (request, rest) = rest.split_once("\" ")?;
    let status = word(rest);
    let mut fields = Fields::new();
    if !request.contains(" HTTP/") || !is_status(status) {
        return None;
    }
    push_request(&mut fields, request);
    push(&mut fields, "http_response_status_code", status);
    // The client's port says nothing.
    let address = client.rsplit_once(':').map_or(client, |(address, _)| address);
    push(&mut fields, "client.address", address.trim_matches(['[', ']']));
    Some(fields)
}

fn rails(message: &str) -> Option<Fields<'_>> {
    let mut fields = Fields::new();
    if let Some(rest) = message.strip_prefix("Started ") {
        let (method, rest) = rest.split_once(" \"")?;
        let (target, rest) = rest.split_once("\" for ")?;
        if !method.bytes().all(|byte| byte.is_ascii_uppercase()) {
            return None;
        }
        push(&mut fields, "http_request_method", method);
        push(&mut fields, "http.target", target);
        push(&mut fields, "client.address", word(rest));
    } else {
        let rest = message.strip_prefix("Completed ")?;
        let status = word(rest);
        if !is_status(status) || !rest.contains(" in ") {
            return None;
        }
        push(&mut fields, "http_response_status_code", status);
    }
    Some(fields)
}

/// Gives pairs that tell a request the names that they mean there, and the line as body: `status` is no level, nor is
/// the time that a service took its name. Pairs that tell none stay as they are.
pub(super) fn name_pairs<'a>(fields: &mut Fields<'a>, line: &'a str) {
    if !is_told_in(fields) {
        return;
    }
    let is_router = fields.iter().any(|(key, _)| key == "at");
    for (key, _) in fields.iter_mut() {
        let name = match &**key {
            "status" => "http_response_status_code",
            "path" => "http.target",
            "at" if is_router => "severity_text",
            "code" if is_router => "error.type",
            "fwd" if is_router => "client.address",
            "service" if is_router => "attributes.service",
            _ => continue,
        };
        *key = Cow::Borrowed(name);
    }
    if !fields.iter().any(|(key, _)| matches!(&**key, "msg" | "message")) {
        fields.push((Cow::Borrowed("body"), Value::text(line)));
    }
}

/// Whether pairs tell a request.
pub(super) fn is_told_in(fields: &Fields<'_>) -> bool {
    ["method", "path", "status"].iter().all(|name| fields.iter().any(|(key, _)| key == name))
}

fn push<'a>(fields: &mut Fields<'a>, name: &'static str, text: &'a str) {
    if !text.is_empty() {
        fields.push((Cow::Borrowed(name), Value::text(text)));
    }
}

fn word(text: &str) -> &str {
    text.split(' ').next().unwrap_or_default()
}

fn is_status(text: &str) -> bool {
    text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_digit())
}
