//! Access logs of Apache and nginx: common, combined, with a virtual host before or more behind.

use std::borrow::Cow;

use crate::decode::Plan;
use crate::decode::joined::{self, most_lines};
use crate::decode::shape::{Fields, refuse};
use crate::error::Error;
use crate::format::Spec;
use crate::load::Load;
use crate::normalize::time::{self, TimeForm};
use crate::read::Source;
use crate::value::Value;

pub(crate) static SPEC: Spec = Spec {
    name: "access_log",
    about: "access logs of Apache and nginx, common or combined",
    is: |head| most_lines(head, &|line| fields(line).is_some()),
    is_generic: false,
    decode,
};

fn decode(_: Plan<'_>, source: &mut Source<'_>, load: &mut Load<'_>) -> Result<(), Error> {
    joined::decode(source, load, &|_, _| None, &mut |joined| match fields(&joined.text) {
        Some(fields) => Ok(fields),
        None => refuse("no_match", "a line is not one of an access log"),
    })
}

/// What a line says; `None` where it is none of an access log.
pub(crate) fn fields(line: &str) -> Option<Fields<'_>> {
    let (before, rest) = line.split_once(" [")?;
    let (written_at, rest) = rest.split_once("] \"")?;
    time::parse(written_at, TimeForm::Any).filter(|_| written_at.contains('/'))?;
    let mut fields = Vec::with_capacity(12);
    push(&mut fields, "ts", written_at);
    push_client(&mut fields, before)?;
    let (request, rest) = quoted(rest);
    push_request(&mut fields, request);
    let (status, rest) = word(rest);
    let is_status =
        status == "-" || status.len() == 3 && status.bytes().all(|byte| byte.is_ascii_digit());
    if !is_status {
        return None;
    }
    push(&mut fields, "http_response_status_code", status);
    let (size, mut rest) = word(rest);
    push(&mut fields, "http.response.body.size", size);
    for name in ["http.request.header.referer", "user_agent.original"] {
        if let Some(inner) = rest.strip_prefix('"') {
            let (text, after) = quoted(inner);
            push(&mut fields, name, text);
            rest = after;
        }
    }
    push(&mut fields, "extra", rest.trim_end());
    push(&mut fields, "body", line);
    Some(fields)
}

/// Method, target and protocol of a request's first line; what is none stays whole.
pub(crate) fn push_request<'a>(fields: &mut Fields<'a>, request: &'a str) {
    let mut parts = request.split(' ');
    match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some(method), Some(target), protocol, None) if is_method(method) => {
            push(fields, "http_request_method", method);
            push(fields, "http.target", target);
            push(
                fields,
                "network.protocol.version",
                protocol.and_then(|text| text.strip_prefix("HTTP/")).unwrap_or_default(),
            );
        }
        _ => push(fields, "request", request),
    }
}

/// `[host ]address identity user`; a user may have blanks.
fn push_client<'a>(fields: &mut Fields<'a>, text: &'a str) -> Option<()> {
    let parts: Vec<&str> = text.splitn(6, ' ').collect();
    let (host, address, user) = match *parts.as_slice() {
        [address, _, user] => ("", address, user),
        [host, address, "-", user] => (host, address, user),
        _ => return None,
    };
    push(fields, "client.address", address);
    push(fields, "server.address", host);
    push(fields, "user_id", user);
    Some(())
}

/// A dash is no value.
fn push<'a>(fields: &mut Fields<'a>, name: &'static str, text: &'a str) {
    if !text.is_empty() && text != "-" {
        fields.push((Cow::Borrowed(name), Value::text(text)));
    }
}

/// Text up to the quote that closes it, and what follows.
fn quoted(text: &str) -> (&str, &str) {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'\\' if !escaped => escaped = true,
            b'"' if !escaped => {
                let after = text.get(at + 1..).unwrap_or_default();
                return (text.get(..at).unwrap_or_default(), after.trim_start());
            }
            _ => escaped = false,
        }
    }
    (text, "")
}

fn word(text: &str) -> (&str, &str) {
    text.split_once(' ').unwrap_or((text, ""))
}

fn is_method(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 20
        && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'-')
}
