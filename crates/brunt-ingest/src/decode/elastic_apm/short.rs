//! Version 3 of the intake, which agents in browsers write: the same events with short keys, and a transaction's spans
//! inside it. Its keys get their names of version 2 here, by what kind of object they stand in.

use std::borrow::Cow;

use crate::value::Value;

/// The keys of one kind of object: short, long, and the kind of what it holds where that has short keys too.
type Names = &'static [(&'static str, &'static str, Kind)];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Metadata,
    Transaction,
    Error,
    Metrics,
    Span,
    Context,
    Service,
    Named,
    User,
    Network,
    Connection,
    Count,
    Session,
    Marks,
    Timings,
    Request,
    Page,
    Response,
    Http,
    Destination,
    Target,
    Exception,
    Log,
    Frame,
    /// Its keys are whole, or the user's own.
    Plain,
}

use Kind as K;

/// What objects of each kind call their keys.
static NAMES: &[(Kind, Names)] = &[
    (
        K::Metadata,
        &[
            ("se", "service", K::Service),
            ("u", "user", K::User),
            ("l", "labels", K::Plain),
            ("n", "network", K::Network),
        ],
    ),
    (
        K::Transaction,
        &[
            ("tid", "trace_id", K::Plain),
            ("pid", "parent_id", K::Plain),
            ("n", "name", K::Plain),
            ("t", "type", K::Plain),
            ("d", "duration", K::Plain),
            ("rt", "result", K::Plain),
            ("o", "outcome", K::Plain),
            ("sr", "sample_rate", K::Plain),
            ("sm", "sampled", K::Plain),
            ("yc", "span_count", K::Count),
            ("c", "context", K::Context),
            ("k", "marks", K::Marks),
            ("exp", "experience", K::Plain),
            ("ses", "session", K::Session),
            ("y", "spans", K::Span),
            ("me", "metricsets", K::Metrics),
        ],
    ),
    (
        K::Span,
        &[
            ("n", "name", K::Plain),
            ("t", "type", K::Plain),
            ("su", "subtype", K::Plain),
            ("ac", "action", K::Plain),
            ("o", "outcome", K::Plain),
            ("c", "context", K::Context),
            ("sr", "sample_rate", K::Plain),
            ("s", "start", K::Plain),
            ("d", "duration", K::Plain),
            ("sy", "sync", K::Plain),
            ("st", "stacktrace", K::Frame),
        ],
    ),
    (
        K::Error,
        &[
            ("tid", "trace_id", K::Plain),
            ("pid", "parent_id", K::Plain),
            ("xid", "transaction_id", K::Plain),
            ("cl", "culprit", K::Plain),
            ("ex", "exception", K::Exception),
            ("log", "log", K::Log),
            ("x", "transaction", K::Target),
            ("c", "context", K::Context),
        ],
    ),
    (
        K::Exception,
        &[
            ("at", "attributes", K::Plain),
            ("cd", "code", K::Plain),
            ("ca", "cause", K::Exception),
            ("mg", "message", K::Plain),
            ("mo", "module", K::Plain),
            ("st", "stacktrace", K::Frame),
            ("t", "type", K::Plain),
            ("hd", "handled", K::Plain),
        ],
    ),
    (
        K::Log,
        &[
            ("lv", "level", K::Plain),
            ("ln", "logger_name", K::Plain),
            ("mg", "message", K::Plain),
            ("pmg", "param_message", K::Plain),
            ("st", "stacktrace", K::Frame),
        ],
    ),
    (
        K::Frame,
        &[
            ("ap", "abs_path", K::Plain),
            ("cn", "classname", K::Plain),
            ("cli", "context_line", K::Plain),
            ("f", "filename", K::Plain),
            ("fn", "function", K::Plain),
            ("mo", "module", K::Plain),
            ("poc", "post_context", K::Plain),
            ("prc", "pre_context", K::Plain),
            ("co", "colno", K::Plain),
            ("li", "lineno", K::Plain),
        ],
    ),
    (
        K::Context,
        &[
            ("cu", "custom", K::Plain),
            ("g", "tags", K::Plain),
            ("se", "service", K::Service),
            ("u", "user", K::User),
            ("q", "request", K::Request),
            ("p", "page", K::Page),
            ("r", "response", K::Response),
            ("h", "http", K::Http),
            ("dt", "destination", K::Destination),
        ],
    ),
    (
        K::Service,
        &[
            ("a", "agent", K::Named),
            ("en", "environment", K::Plain),
            ("fw", "framework", K::Named),
            ("la", "language", K::Named),
            ("n", "name", K::Plain),
            ("ru", "runtime", K::Named),
            ("ve", "version", K::Plain),
        ],
    ),
    (K::Named, &[("n", "name", K::Plain), ("ve", "version", K::Plain)]),
    (
        K::User,
        &[("em", "email", K::Plain), ("un", "username", K::Plain), ("ud", "domain", K::Plain)],
    ),
    (K::Network, &[("c", "connection", K::Connection)]),
    (K::Connection, &[("t", "type", K::Plain)]),
    (K::Count, &[("sd", "started", K::Plain), ("dd", "dropped", K::Plain)]),
    (K::Session, &[("seq", "sequence", K::Plain)]),
    (K::Marks, &[("a", "agent", K::Timings), ("nt", "navigationTiming", K::Timings)]),
    (
        K::Timings,
        &[
            ("fb", "timeToFirstByte", K::Plain),
            ("fp", "firstContentfulPaint", K::Plain),
            ("lp", "largestContentfulPaint", K::Plain),
            ("dc", "domComplete", K::Plain),
            ("di", "domInteractive", K::Plain),
            ("rs", "responseStart", K::Plain),
            ("re", "responseEnd", K::Plain),
            ("ee", "loadEventEnd", K::Plain),
        ],
    ),
    (
        K::Request,
        &[
            ("en", "env", K::Plain),
            ("he", "headers", K::Plain),
            ("hve", "http_version", K::Plain),
            ("mt", "method", K::Plain),
        ],
    ),
    (K::Page, &[("rf", "referer", K::Plain)]),
    (
        K::Response,
        &[
            ("he", "headers", K::Plain),
            ("dbs", "decoded_body_size", K::Plain),
            ("ebs", "encoded_body_size", K::Plain),
            ("sc", "status_code", K::Plain),
            ("ts", "transfer_size", K::Plain),
        ],
    ),
    (
        K::Http,
        &[
            ("mt", "method", K::Plain),
            ("sc", "status_code", K::Plain),
            ("r", "response", K::Response),
        ],
    ),
    (
        K::Destination,
        &[("ad", "address", K::Plain), ("po", "port", K::Plain), ("se", "service", K::Target)],
    ),
    (
        K::Target,
        &[
            ("n", "name", K::Plain),
            ("rc", "resource", K::Plain),
            ("t", "type", K::Plain),
            ("sm", "sampled", K::Plain),
        ],
    ),
];

impl Kind {
    fn names(self) -> Names {
        NAMES.iter().find(|(kind, _)| *kind == self).map_or(&[], |(_, names)| names)
    }
}

/// What a line of version 3 is called in version 2, by its key.
pub(super) fn kind_of(key: &str) -> Option<(&'static str, Kind)> {
    Some(match key {
        "m" => ("metadata", Kind::Metadata),
        "x" => ("transaction", Kind::Transaction),
        "e" => ("error", Kind::Error),
        "me" => ("metricset", Kind::Metrics),
        _ => return None,
    })
}

/// The same with long keys, in objects and lists inside too. Keys that are not known stay.
pub(super) fn lengthen(value: Value<'_>, kind: Kind) -> Value<'_> {
    match value {
        Value::Object(fields) => {
            let named = fields.into_iter().map(|(key, value)| {
                match kind.names().iter().find(|(short, ..)| *short == key) {
                    Some((_, long, inner)) => (Cow::Borrowed(*long), lengthen(value, *inner)),
                    None => (key, value),
                }
            });
            Value::Object(named.collect())
        }
        Value::Array(elements) => {
            Value::Array(elements.into_iter().map(|element| lengthen(element, kind)).collect())
        }
        leaf @ Value::Leaf(_) => leaf,
    }
}

/// Takes the spans out of a transaction, each with the ids that it shares with it. A parent is told by its place among
/// them.
pub(super) fn take_spans<'a>(transaction: &mut Value<'a>) -> Vec<Value<'a>> {
    let mut spans = transaction.take_list("spans");
    let ids: Vec<Option<Value<'a>>> = spans.iter().map(|span| span.get("id").cloned()).collect();
    let (trace, root) = (transaction.get("trace_id").cloned(), transaction.get("id").cloned());
    for span in &mut spans {
        let parent = match span.take("pi").as_ref().and_then(Value::as_str) {
            Some(place) => place.parse().ok().and_then(|place: usize| ids.get(place)?.clone()),
            None => root.clone(),
        };
        let Value::Object(fields) = span else { continue };
        for (name, id) in [("trace_id", &trace), ("transaction_id", &root), ("parent_id", &parent)]
        {
            fields.extend(id.clone().map(|id| (Cow::Borrowed(name), id)));
        }
    }
    spans
}
