//! Words of enumerations, environments, devices, and other values that every source spells its own way.

use std::borrow::Cow;

use crate::json::Json;
use crate::value::{Scalar, Value};

type Words = &'static [(&'static str, &'static str)];

pub(crate) const DEVICE_TYPES: Words = &[
    ("desktop", "desktop"),
    ("pc", "desktop"),
    ("laptop", "desktop"),
    ("computer", "desktop"),
    ("mobile", "mobile"),
    ("phone", "mobile"),
    ("smartphone", "mobile"),
    ("iphone", "mobile"),
    ("ios", "mobile"),
    ("android", "mobile"),
    ("tablet", "tablet"),
    ("ipad", "tablet"),
    ("tv", "tv"),
    ("smarttv", "tv"),
    ("watch", "wearable"),
    ("wearable", "wearable"),
    ("console", "console"),
    ("bot", "bot"),
    ("other", "other"),
];

pub(crate) const SYNTHETIC_TYPES: Words = &[
    ("bot", "bot"),
    ("crawler", "bot"),
    ("spider", "bot"),
    ("true", "bot"),
    ("test", "test"),
    ("synthetic", "test"),
    ("synthetics", "test"),
    ("citest", "test"),
];

pub(crate) const EVENT_KINDS: Words = &[
    ("pageview", "page_view"),
    // OpenTelemetry's events of browsers and apps.
    ("browserpageview", "page_view"),
    ("browsernavigation", "page_view"),
    ("browseruseractionclick", "click"),
    ("appscreenclick", "click"),
    ("appwidgetclick", "click"),
    ("appcrash", "error"),
    ("page", "page_view"),
    ("view", "page_view"),
    ("screen", "page_view"),
    ("screenview", "page_view"),
    ("click", "click"),
    ("tap", "click"),
    ("press", "click"),
    ("action", "click"),
    ("autocapture", "click"),
    ("step", "step"),
    ("purchase", "purchase"),
    ("order", "purchase"),
    ("ordercompleted", "purchase"),
    ("refund", "purchase"),
    ("error", "error"),
    ("exception", "error"),
    ("crash", "error"),
    ("frustration", "frustration"),
    ("custom", "custom"),
];

/// Words of names of events that mention an order which is none, or none yet.
pub(crate) const NO_ORDER: &[&str] = &[
    "abandoned",
    "aborted",
    "attempt",
    "attempted",
    "began",
    "begin",
    "cancel",
    "canceled",
    "cancelled",
    "clicked",
    "declined",
    "error",
    "fail",
    "failed",
    "failure",
    "initiated",
    "pending",
    "rejected",
    "request",
    "requested",
    "start",
    "started",
    "view",
    "viewed",
];
/// Words of names of events that take an order back.
pub(crate) const REFUND: &[&str] = &["refund", "refunded"];

pub(crate) const FRUSTRATIONS: Words = &[
    ("rageclick", "rage_click"),
    ("ragetap", "rage_click"),
    ("deadclick", "dead_click"),
    ("deadtap", "dead_click"),
    ("errorclick", "error_click"),
    ("errortap", "error_click"),
    ("reload", "reload"),
    ("pagereload", "reload"),
];

pub(crate) const TICKET_KINDS: Words = &[
    ("ticket", "ticket"),
    ("issue", "ticket"),
    ("case", "ticket"),
    ("incident", "ticket"),
    ("problem", "ticket"),
    ("question", "ticket"),
    ("comment", "comment"),
    ("note", "comment"),
    ("reply", "comment"),
    ("chat", "chat"),
    ("conversation", "chat"),
    ("review", "review"),
    ("survey", "survey"),
    ("nps", "survey"),
    ("csat", "survey"),
];

pub(crate) const RELEASE_KINDS: Words = &[
    ("release", "release"),
    ("deploy", "release"),
    ("deployment", "release"),
    ("rollback", "release"),
    ("flag", "flag"),
    ("featureflag", "flag"),
    ("flagchange", "flag"),
    ("config", "config"),
    ("configuration", "config"),
    ("configchange", "config"),
    ("incident", "incident"),
    ("outage", "incident"),
];

const SPAN_KINDS: Words = &[
    ("1", "INTERNAL"),
    ("2", "SERVER"),
    ("3", "CLIENT"),
    ("4", "PRODUCER"),
    ("5", "CONSUMER"),
    ("INTERNAL", "INTERNAL"),
    ("SERVER", "SERVER"),
    ("CLIENT", "CLIENT"),
    ("PRODUCER", "PRODUCER"),
    ("CONSUMER", "CONSUMER"),
];

const STATUS_CODES: Words = &[
    ("0", "UNSET"),
    ("1", "OK"),
    ("2", "ERROR"),
    ("UNSET", "UNSET"),
    ("UNSPECIFIED", "UNSET"),
    ("OK", "OK"),
    ("SUCCESS", "OK"),
    ("ERROR", "ERROR"),
    ("FAILURE", "ERROR"),
    ("FAILED", "ERROR"),
];

/// The word's meaning, compared without case and punctuation.
pub(crate) fn find(words: Words, text: &str) -> Option<&'static str> {
    let folded = fold(text);
    words.iter().find(|(word, _)| *word == folded).map(|(_, meaning)| *meaning)
}

/// Letters and digits only, in lower case: the form in which names are compared.
pub(crate) fn fold(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Whether a name has one of these words, however it is written: `payment_failed`, `Payment Failed`, `paymentFailed`.
pub(crate) fn has_word(name: &str, words: &[&str]) -> bool {
    let (mut spaced, mut last) = (String::with_capacity(name.len()), ' ');
    for c in name.chars() {
        if c.is_uppercase() && last.is_lowercase() {
            spaced.push(' ');
        }
        spaced.extend(c.to_lowercase());
        last = c;
    }
    spaced.split(|c: char| !c.is_alphanumeric()).any(|word| words.contains(&word))
}

/// Lower case, with one underscore between words.
pub(crate) fn snake(text: &str) -> String {
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect::<Vec<_>>().join("_")
}

pub(crate) fn lower(text: &str) -> Cow<'_, str> {
    let is_lower = text.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase());
    if is_lower { Cow::Borrowed(text) } else { Cow::Owned(text.to_lowercase()) }
}

pub(crate) fn upper(text: &str) -> Cow<'_, str> {
    let is_upper = text.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_lowercase());
    if is_upper { Cow::Borrowed(text) } else { Cow::Owned(text.to_uppercase()) }
}

/// The name that an environment has in the tables: lower case, with `prod`, `prd` and `live` as `production`, and likewise
/// for `staging` and `development`.
///
/// ```
/// assert_eq!(brunt_ingest::environment("Prod"), "production");
/// assert_eq!(brunt_ingest::environment("EU-west"), "eu-west");
/// ```
pub fn environment(text: &str) -> Cow<'_, str> {
    let lower = lower(text);
    match &*lower {
        "prod" | "prd" | "live" => Cow::Borrowed("production"),
        "stg" | "stage" | "stag" => Cow::Borrowed("staging"),
        "dev" | "devel" => Cow::Borrowed("development"),
        _ => lower,
    }
}

/// Two letters in upper case; longer names stay as they are.
pub(crate) fn country(text: &str) -> Cow<'_, str> {
    if text.len() == 2 { Cow::Owned(text.to_ascii_uppercase()) } else { Cow::Borrowed(text) }
}

/// A span's kind, from OTLP's number or any spelling of its name; `None` for "unspecified".
pub(crate) fn span_kind(text: &str) -> Option<&'static str> {
    let name = without_prefix(text, "SPAN_KIND_");
    find_number_or_name(SPAN_KINDS, name)
}

/// A span's status, from OTLP's number or any spelling of its name.
pub(crate) fn status_code(text: &str) -> Option<&'static str> {
    let name = without_prefix(text, "STATUS_CODE_");
    find_number_or_name(STATUS_CODES, name)
}

/// The text without a prefix in letters of either case.
fn without_prefix<'a>(text: &'a str, prefix: &str) -> &'a str {
    match text.split_at_checked(prefix.len()) {
        Some((start, rest)) if start.eq_ignore_ascii_case(prefix) => rest,
        _ => text,
    }
}

fn find_number_or_name(words: Words, text: &str) -> Option<&'static str> {
    words.iter().find(|(word, _)| word.eq_ignore_ascii_case(text)).map(|(_, meaning)| *meaning)
}

/// The path of a URL, or of a path with a query.
pub(crate) fn url_path(text: &str) -> &str {
    let after_host = match text.split_once("://") {
        Some((_, rest)) => {
            rest.find(['/', '?', '#']).map_or("/", |at| rest.get(at..).unwrap_or("/"))
        }
        None => text,
    };
    let path = after_host.split(['?', '#']).next().unwrap_or_default();
    if path.is_empty() { "/" } else { path }
}

/// The elements of a JSON list as texts, or of a text with commas in between.
pub(crate) fn list(value: Scalar<'_>) -> Result<Vec<Cow<'_, str>>, Scalar<'_>> {
    let json = match &value {
        Scalar::Null => return Err(value),
        Scalar::Json(text) => Some(text.to_string()),
        Scalar::Text(text) => nested_json(text).filter(|json| json.starts_with('[')),
        Scalar::Bool(_) | Scalar::Number(_) => None,
    };
    if let Some(json) = json {
        let Ok(Value::Array(elements)) = Value::read(&mut Json::new(&json)) else {
            return Err(value);
        };
        let texts = elements.iter().filter_map(|element| element.to_scalar().into_text());
        return Ok(texts.map(|text| Cow::Owned(text.into_owned())).collect());
    }
    match value.clone().into_text() {
        None => Err(value),
        Some(text) => Ok(text
            .split([',', ';', '|'])
            .map(|part| part.trim().to_owned())
            .filter(|part| !part.is_empty())
            .map(Cow::Owned)
            .collect()),
    }
}

/// The compact form of an object or list that stands in a text; `None` where the text is something else.
pub(crate) fn nested_json(text: &str) -> Option<String> {
    if !text.trim_start().starts_with(['{', '[']) {
        return None;
    }
    let mut json = Json::new(text);
    let value = Value::read(&mut json).ok()?;
    json.at_end().then(|| {
        let mut out = String::new();
        value.write_json(&mut out);
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_words_however_they_are_written() {
        for name in ["payment_failed", "Payment Failed", "paymentFailed", "shop.payment-failed"] {
            assert!(has_word(name, NO_ORDER), "{name}");
        }
        for name in
            ["one_click_purchase", "starter_plan_bought", "interview booked", "order_completed", ""]
        {
            assert!(!has_word(name, NO_ORDER), "{name}");
        }
    }

    #[test]
    fn spans_have_one_spelling_of_kind_and_status() {
        for text in ["2", "SERVER", "server", "SPAN_KIND_SERVER", "span_kind_server"] {
            assert_eq!(span_kind(text), Some("SERVER"), "{text}");
        }
        assert_eq!(span_kind("0"), None);
        assert_eq!(span_kind("é"), None);
        assert_eq!(status_code("STATUS_CODE_ERROR"), Some("ERROR"));
        assert_eq!(status_code("Ok"), Some("OK"));
        assert_eq!(status_code("NOT_A_STATUS"), None);
    }

    #[test]
    fn paths_come_out_of_urls() {
        for (text, path) in [
            ("/cart?token=x", "/cart"),
            ("https://shop.example", "/"),
            ("https://shop.example?x", "/"),
            ("https://shop.example/a/b#c", "/a/b"),
            ("/users", "/users"),
            ("", "/"),
        ] {
            assert_eq!(url_path(text), path, "{text}");
        }
    }

    #[test]
    fn lists_come_as_json_or_with_commas() {
        for value in [
            Scalar::Json(r#"["a","b"]"#.into()),
            Scalar::text(r#"["a","b"]"#),
            Scalar::text("a, b"),
        ] {
            assert_eq!(list(value).unwrap(), ["a", "b"]);
        }
    }
}
