//! Pages: answers of APIs around records of any shape, and what each record is wrapped in.

use crate::decode::enter_path;
use crate::detect::Head;
use crate::json::{Json, Kind};
use crate::value::Value;

/// A document that keeps its records in a list.
#[derive(Debug)]
pub(crate) struct Page {
    /// The path of the list.
    pub(crate) records: &'static str,
    /// The keys of the records by their dotted path, without what wraps each.
    pub(crate) keys: Vec<String>,
}

/// Where pages keep their records, the most common first.
const LISTS: &[&str] = &[
    "data",
    "results",
    "items",
    "records",
    "rows",
    "entries",
    "result",
    "value",
    "values",
    "objects",
    "hits.hits",
    "logs",
    "events",
    "spans",
    "tickets",
    "accounts",
    "customers",
    "companies",
    "orders",
    "releases",
    "deployments",
];

/// What else a page says: of itself and its neighbours, and nothing of its records.
const ABOUT: &[&str] = &[
    "_links",
    "_meta",
    "_shards",
    "count",
    "cursor",
    "end_of_stream",
    "end_time",
    "errors",
    "hasmore",
    "has_more",
    "hits",
    "included",
    "jsonapi",
    "limit",
    "links",
    "meta",
    "metadata",
    "next",
    "next_cursor",
    "next_page",
    "nextpage",
    "nextpagetoken",
    "next_page_token",
    "object",
    "offset",
    "ok",
    "page",
    "page_info",
    "page_size",
    "pageinfo",
    "pages",
    "pagination",
    "paging",
    "per_page",
    "prev",
    "previous",
    "previous_page",
    "request_id",
    "self",
    "size",
    "start_time",
    "status",
    "success",
    "timed_out",
    "took",
    "total",
    "total_count",
    "total_pages",
    "totalcount",
    "@odata.context",
    "@odata.count",
    "@odata.nextlink",
];

/// What wraps a record: `attributes` of JSON:API, and `_source` of Elasticsearch's hits.
const WRAPPERS: &[&str] = &["attributes", "_source"];
/// What stands beside the record in its wrapper.
const BESIDE: &[&str] = &[
    "id",
    "type",
    "links",
    "relationships",
    "meta",
    "_id",
    "_index",
    "_score",
    "_type",
    "_version",
    "_seq_no",
    "_primary_term",
    "sort",
    "_ignored",
];

impl Page {
    /// The page that a head begins with; `None` where it has none of the lists, or says more than pages do.
    pub(crate) fn of(head: &Head<'_>) -> Option<Self> {
        let is_filled = |element| element == Some(Kind::Object);
        let records = list(head, is_filled)?;
        let of_records: Vec<&str> = head
            .keys
            .iter()
            .filter_map(|key| key.strip_prefix(records)?.strip_prefix('.'))
            .collect();
        let wrapper = wrapper_of(&of_records).map(|wrapper| [wrapper, "."].concat());
        let keys = of_records.into_iter().map(|key| {
            wrapper.as_ref().and_then(|wrapper| key.strip_prefix(wrapper.as_str())).unwrap_or(key)
        });
        Some(Self { records, keys: keys.map(str::to_owned).collect() })
    }
}

/// Where an input that is a page of no records would have them: the last page of many often is.
pub(crate) fn without_records(head: &Head<'_>) -> Option<&'static str> {
    let text = String::from_utf8_lossy(&head.bytes);
    let mut json = Json::new(&text);
    // Another page may follow.
    let is_alone = json.skip_any().is_ok() && json.at_end();
    list(head, |element| element.is_none()).filter(|_| is_alone)
}

/// The list of a page, by what its first element is; `None` stands for a list without elements.
fn list(head: &Head<'_>, is_it: impl Fn(Option<Kind>) -> bool) -> Option<&'static str> {
    let is_about = |key: &String, list: &str| {
        let root = list.split('.').next().unwrap_or_default();
        key.contains('.') || *key == root || ABOUT.contains(&key.to_lowercase().as_str())
    };
    let text = String::from_utf8_lossy(&head.bytes);
    LISTS.iter().copied().find(|list| {
        head.has_key(list)
            && head.keys.iter().all(|key| is_about(key, list))
            && begins(&text, list, &is_it)
    })
}

/// The key of what wraps records of these keys, whose others only stand beside it.
fn wrapper_of(keys: &[&str]) -> Option<&'static str> {
    let top = || keys.iter().filter(|key| !key.contains('.'));
    let is_alone = |wrapper: &&str| {
        top().any(|key| *key == *wrapper)
            && top().all(|key| *key == *wrapper || BESIDE.contains(key))
    };
    let wrapper = WRAPPERS.iter().find(|wrapper| is_alone(wrapper))?;
    // Many records have attributes; those of JSON:API have a type and an id beside them.
    let is_told = *wrapper != "attributes" || ["id", "type"].iter().all(|key| keys.contains(key));
    is_told.then_some(*wrapper)
}

/// A record without what wraps it; any other as it is. What stands beside it comes behind its own fields.
pub(crate) fn opened(record: Value<'_>) -> Value<'_> {
    let Value::Object(mut fields) = record else { return record };
    let wrapper = {
        let keys: Vec<&str> = fields.iter().map(|(key, _)| &**key).collect();
        wrapper_of(&keys)
    };
    let at = fields
        .iter()
        .position(|(key, value)| Some(&**key) == wrapper && matches!(value, Value::Object(_)));
    let Some(at) = at else { return Value::Object(fields) };
    let mut inner = fields.remove(at).1.into_fields();
    fields.retain(|(key, _)| !inner.iter().any(|(own, _)| own == key));
    inner.extend(fields);
    Value::Object(inner)
}

/// Whether there is a list at a path whose first element is of a kind; `None` stands for a list without elements.
fn begins(text: &str, path: &str, is_it: impl Fn(Option<Kind>) -> bool) -> bool {
    let mut json = Json::new(text);
    matches!(enter_path(&mut json, path), Ok(true))
        && matches!(json.peek(), Ok(Kind::Array))
        && json.enter_array().is_ok()
        && match json.next_element() {
            Ok(true) => json.peek().is_ok_and(|kind| is_it(Some(kind))),
            Ok(false) => is_it(None),
            Err(_) => false,
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(text: &str) -> Option<(&'static str, Vec<String>)> {
        let page = Page::of(&Head::new("x.json", text.as_bytes()))?;
        Some((page.records, page.keys))
    }

    #[test]
    fn pages_say_where_their_records_are_and_what_keys_these_have() {
        for (text, records, keys) in [
            (r#"{"results":[{"a":1}],"next":null,"count":1}"#, "results", "a"),
            (
                r#"{"data":[{"type":"order","id":"1","attributes":{"a":1}}]}"#,
                "data",
                "type id attributes a",
            ),
            (
                r#"{"took":1,"hits":{"total":1,"hits":[{"_id":"x","_source":{"a":1}}]}}"#,
                "hits.hits",
                "_id _source a",
            ),
            (r#"{"data":[{"attributes":{"a":1}}]}"#, "data", "attributes attributes.a"),
        ] {
            let keys = keys.split(' ').map(str::to_owned).collect();
            assert_eq!(page(text), Some((records, keys)), "{text}");
        }
        for text in [
            r#"{"results":[{"a":1}],"session":"s"}"#,
            r#"{"data":{"a":1}}"#,
            r#"{"results":[1]}"#,
            r#"{"results":[]}"#,
            r#"[{"a":1}]"#,
            "a,b",
        ] {
            assert_eq!(page(text), None, "{text}");
        }
    }

    #[test]
    fn records_lose_what_wraps_them() {
        for (record, inner) in [
            (
                r#"{"id":"1","type":"order","attributes":{"a":1,"id":"2"}}"#,
                r#"{"a":1,"id":"2","type":"order"}"#,
            ),
            (r#"{"_id":"1","_source":{"a":1},"_score":2}"#, r#"{"a":1,"_id":"1","_score":2}"#),
            (r#"{"attributes":{"a":1},"body":"b"}"#, r#"{"attributes":{"a":1},"body":"b"}"#),
            ("7", "7"),
        ] {
            let value = Value::read(&mut Json::new(record)).unwrap();
            let mut text = String::new();
            opened(value).write_json(&mut text);
            assert_eq!(text, inner);
        }
    }
}
