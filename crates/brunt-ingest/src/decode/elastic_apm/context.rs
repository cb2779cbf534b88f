//! The context of a transaction, span or error: user, request, response, labels, and what else agents know.

use super::{Metadata, service_fields, under};
use crate::decode::shape::{Fields, put};
use crate::value::Value;

/// Adds the context, and then the metadata, which the context goes before.
pub(super) fn add<'a>(event: &mut Value<'a>, metadata: &Metadata, fields: &mut Fields<'a>) {
    let mut context = event.take_object("context").unwrap_or(Value::Object(Vec::new()));
    for name in ["tags", "labels"] {
        let labels = context.take_object(name).map(|labels| under("attributes", labels));
        fields.extend(labels.unwrap_or_default());
    }
    if let Some(service) = context.take_object("service") {
        fields.extend(service_fields(service, "attributes.service"));
    }
    if let Some(mut user) = context.take_object("user") {
        put(fields, "user.id", user.take("id"));
        fields.extend(under("attributes.user", user));
    }
    if let Some(mut request) = context.take_object("request") {
        put(fields, "http_request_method", request.take("method"));
        if let Some(mut url) = request.take_object("url") {
            let full = ["full", "raw", "pathname"].iter().find_map(|name| url.take_some(name));
            put(fields, "url.full", full);
            fields.extend(under("attributes.request.url", url));
        }
        fields.extend(under("attributes.request", request));
    }
    if let Some(mut response) = context.take_object("response") {
        put(fields, "http_response_status_code", response.take("status_code"));
        fields.extend(under("attributes.response", response));
    }
    if let Some(mut page) = context.take_object("page") {
        put(fields, "page.url", page.take("url"));
        fields.extend(under("attributes.page", page));
    }
    if let Some(mut http) = context.take_object("http") {
        put(fields, "http.url", http.take("url"));
        put(fields, "http_request_method", http.take("method"));
        let status = http.take_some("status_code");
        let status = status.or_else(|| http.get("response")?.get("status_code").cloned());
        put(fields, "http_response_status_code", status);
        fields.extend(under("attributes.http", http));
    }
    if let Some(mut destination) = context.take_object("destination") {
        put(fields, "server_address", destination.take("address"));
        fields.extend(under("attributes.destination", destination));
    }
    if let Some(message) = context.take_object("message") {
        let queue = message.at("queue.name").cloned();
        put(fields, "messaging_destination_name", queue);
        fields.extend(under("attributes.message", message));
    }
    fields.extend(under("attributes", context));
    fields.extend(metadata.fields.iter().cloned());
}
