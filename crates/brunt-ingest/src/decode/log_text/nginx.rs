//! nginx's error log: `12#12: *45 it failed, client: 203.0.113.9, request: "GET /cart HTTP/1.1", upstream: "..."`.

use std::borrow::Cow;

use crate::decode::access_log::push_request;
use crate::decode::shape::Fields;
use crate::value::Value;

/// What stands behind time and level.
#[derive(Debug)]
pub(super) struct Error<'a> {
    process: &'a str,
    pub(super) message: &'a str,
    /// From the client on: names and values.
    about: &'a str,
}

impl<'a> Error<'a> {
    pub(super) fn of(text: &'a str) -> Option<Self> {
        let (ids, rest) = text.trim_start().split_once(": ")?;
        let (process, thread) = ids.split_once('#')?;
        let are_ids = [process, thread]
            .iter()
            .all(|id| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit()));
        if !are_ids {
            return None;
        }
        // The number of the connection says nothing of the error.
        let rest = match rest.strip_prefix('*').and_then(|rest| rest.split_once(' ')) {
            Some((_, message)) => message,
            None => rest,
        };
        let at = rest.find(", client: ").unwrap_or(rest.len());
        let (message, about) = rest.split_at_checked(at)?;
        Some(Self { process, message, about })
    }

    pub(super) fn push(&self, fields: &mut Fields<'a>) {
        fields.push((Cow::Borrowed("process.pid"), Value::text(self.process)));
        let mut rest = self.about;
        while let Some((name, after)) =
            rest.strip_prefix(", ").and_then(|part| part.split_once(": "))
        {
            let (value, after) = match after.strip_prefix('"') {
                Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
                None => after.split_at(after.find(", ").unwrap_or(after.len())),
            };
            match name {
                "client" => fields.push((Cow::Borrowed("client.address"), Value::text(value))),
                "server" => fields.push((Cow::Borrowed("server.address"), Value::text(value))),
                "request" => push_request(fields, value),
                _ => fields.push((Cow::Borrowed(name), Value::text(value))),
            }
            rest = after;
        }
    }
}
