//! What an activity tried, as a name that is the same for success and failure and for every id in it.

use std::fmt::Write as _;

/// What a span says about its operation; of texts that are empty nothing is said.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Tried<'a> {
    pub(super) method: Option<&'a str>,
    pub(super) route: Option<&'a str>,
    pub(super) path: Option<&'a str>,
    pub(super) rpc_method: Option<&'a str>,
    pub(super) span_name: Option<&'a str>,
}

/// The operation of a request: method and route, else method and templated path, else the method of a remote call,
/// else the span's name. A route or path without a method stands alone.
pub(super) fn request_op(tried: &Tried<'_>, op: &mut String) -> bool {
    op.clear();
    let method = given(tried.method);
    if let Some(route) = given(tried.route) {
        write_joined(op, method, route);
    } else if let (Some(method), Some(path)) = (method, given(tried.path)) {
        write_joined(op, Some(method), "");
        write_path_template(op, path);
    } else if let Some(name) = given(tried.rpc_method).or(given(tried.span_name)) {
        op.push_str(name);
    } else if let Some(path) = given(tried.path) {
        write_path_template(op, path);
    }
    !op.is_empty()
}

/// The operation of a session event: its name, else the view, else the templated path.
pub(super) fn event_op(
    name: Option<&str>,
    view: Option<&str>,
    path: Option<&str>,
    op: &mut String,
) -> bool {
    op.clear();
    match (given(name).or(given(view)), given(path)) {
        (Some(name), _) => op.push_str(name),
        (None, Some(path)) => write_path_template(op, path),
        (None, None) => {}
    }
    !op.is_empty()
}

fn given(text: Option<&str>) -> Option<&str> {
    text.map(str::trim).filter(|text| !text.is_empty())
}

fn write_joined(op: &mut String, method: Option<&str>, rest: &str) {
    if let Some(method) = method {
        // A text that is written to memory takes everything.
        let _ = write!(op, "{method} ");
    }
    op.push_str(rest);
}

/// Writes a path with `{id}` for every segment that looks like an id; query and fragment are left out.
fn write_path_template(op: &mut String, path: &str) {
    let path = path.split(['?', '#']).next().unwrap_or_default();
    for (segment_idx, segment) in path.split('/').enumerate() {
        if segment_idx > 0 {
            op.push('/');
        }
        op.push_str(if is_id(segment) { "{id}" } else { segment });
    }
}

/// Only digits; eight or more hexadecimal digits or dashes with a digit among them (UUIDs, object ids); any text with
/// three or more digits that also has a letter, or that is longer than 20; an address with `@`.
fn is_id(segment: &str) -> bool {
    let n_digits = segment.bytes().filter(u8::is_ascii_digit).count();
    let hexadecimal = segment.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    let all_digits = n_digits > 0 && n_digits == segment.len();
    all_digits
        || n_digits > 0 && hexadecimal && segment.len() >= 8
        || n_digits >= 3 && segment.len() > n_digits
        || n_digits > 0 && segment.len() > 20
        || segment.contains('@')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(tried: Tried<'_>) -> Option<String> {
        let mut op = String::new();
        request_op(&tried, &mut op).then_some(op)
    }

    #[test]
    fn a_request_is_named_by_its_route_then_path_then_call_then_span() {
        let all = Tried {
            method: Some("POST"),
            route: Some("/orders/{id}/pay"),
            path: Some("/orders/4711/pay"),
            rpc_method: Some("Pay"),
            span_name: Some("pay"),
        };
        assert_eq!(request(all).unwrap(), "POST /orders/{id}/pay");
        assert_eq!(request(Tried { method: None, ..all }).unwrap(), "/orders/{id}/pay");
        assert_eq!(request(Tried { route: None, ..all }).unwrap(), "POST /orders/{id}/pay");
        assert_eq!(request(Tried { route: Some(" "), method: None, ..all }).unwrap(), "Pay");
        let name = Tried { span_name: Some("nightly job"), ..Tried::default() };
        assert_eq!(request(name).unwrap(), "nightly job");
        assert_eq!(request(Tried { method: Some("GET"), ..name }).unwrap(), "nightly job");
        assert_eq!(request(Tried::default()), None);
    }

    #[test]
    fn an_event_is_named_by_its_name_then_view_then_path() {
        let mut op = String::new();
        assert!(event_op(Some("add_to_cart"), Some("Cart"), Some("/cart"), &mut op));
        assert_eq!(op, "add_to_cart");
        assert!(event_op(None, Some("Cart"), Some("/cart"), &mut op));
        assert_eq!(op, "Cart");
        assert!(event_op(None, None, Some("/cart/12?x=1#top"), &mut op));
        assert_eq!(op, "/cart/{id}");
        assert!(!event_op(None, None, None, &mut op));
    }

    #[test]
    fn ids_in_paths_are_masked_and_words_are_not() {
        let template = |path: &str| {
            let mut op = String::new();
            write_path_template(&mut op, path);
            op
        };
        assert_eq!(template("/api/v1/users/42"), "/api/v1/users/{id}");
        assert_eq!(template("/o/5b8aa5a2-d2c8-72e8-321c-f37308d69df2/x"), "/o/{id}/x");
        assert_eq!(template("/u/sam@example.com"), "/u/{id}");
        assert_eq!(template("/sku/AB1234"), "/sku/{id}");
        assert_eq!(template("/oauth2/callback"), "/oauth2/callback");
        assert_eq!(template("/deadbeef/facade"), "/deadbeef/facade");
        assert_eq!(template("/"), "/");
    }
}
