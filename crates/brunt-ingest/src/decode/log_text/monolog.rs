//! PHP's Monolog, as Laravel and Symfony set it up: `[2025-10-28 14:21:13] production.ERROR: gone {"exception":"[object] (…"}`.
//!
//! Its exception stands in JSON whose lines are real and whose backslashes are doubled. It is written as PHP prints it, so
//! that an error is one whoever recorded it.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::Regex;

use super::pattern;
use crate::decode::shape::Fields;
use crate::json::Json;
use crate::value::Value;

static LINE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?x)^\[(?<time>\d{4}-\d\d-\d\d[T\ ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)?)\]\ 
          (?<channel>[A-Za-z0-9_.-]+)\.(?<level>DEBUG|INFO|NOTICE|WARNING|ERROR|CRITICAL|ALERT|EMERGENCY):\ ",
    )
});
/// `App\CartError(code: 7): no cart at /srv/shop/src/Cart.php:9`.
static RAISED: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"^\[object\] \((?<type>[^(\s]+)\(code: [^)\n]*\): (?s:(?<message>.*?)) at (?<file>[^\n]+?):(?<line>[0-9]+)\)",
    )
});

/// What begins an exception, and what one that was caught before it.
const OBJECT: &str = "\"[object] ";
const PREVIOUS: &str = "[previous exception] ";
/// What stands before the frames.
const FRAMES: &str = "[stacktrace]\n";

/// What a record says.
pub(super) fn fields(text: &str) -> Option<Fields<'_>> {
    let parts = LINE.captures(text)?;
    let part = |name: &str| parts.name(name).map(|part| Value::text(part.as_str()));
    let said = parts.get(0).and_then(|whole| text.get(whole.end()..)).unwrap_or_default();
    let raised = said.find(OBJECT).and_then(|object| {
        let (before, object) = said.split_at_checked(object)?;
        // A text that was cut has no quote that closes it.
        let object = Json::new(&[object, "\""].concat()).text().ok()?.into_owned();
        Some((before.rfind(" {")?, object))
    });
    let body = raised.as_ref().and_then(|(end, _)| said.get(..*end)).unwrap_or(said);
    let mut fields: Fields<'_> = vec![
        (Cow::Borrowed("ts"), part("time")?),
        (Cow::Borrowed("severity_text"), part("level")?),
        (Cow::Borrowed("scope_name"), part("channel")?),
        (Cow::Borrowed("body"), Value::text(body.trim_end())),
    ];
    if let Some((_, object)) = &raised {
        let mut chain = object.split(PREVIOUS).filter_map(printed);
        let ([name, message], stack) = chain.next()?;
        // PHP prints what was caught first, and what was thrown then as next.
        let stack = chain.fold(stack, |above, (_, cause)| format!("{cause}\n\nNext {above}"));
        fields.push((Cow::Borrowed("exception_type"), Value::text(name)));
        fields.push((Cow::Borrowed("exception_message"), Value::text(message)));
        fields.push((Cow::Borrowed("exception_stacktrace"), Value::text(stack)));
    }
    Some(fields)
}

/// Type and message of an exception, and all of it as PHP prints it.
fn printed(section: &str) -> Option<([String; 2], String)> {
    let parts = RAISED.captures(section)?;
    let part = |name: &str| parts.name(name).map_or("", |part| part.as_str());
    let (name, message) = (part("type"), part("message"));
    let mut text = format!("{name}: {message} in {}:{}", part("file"), part("line"));
    if let Some((_, frames)) = section.split_once(FRAMES) {
        let is_frame = |line: &&str| line.starts_with('#');
        let frames: Vec<&str> = frames.lines().take_while(is_frame).collect();
        text.push_str("\nStack trace:\n");
        text.push_str(&frames.join("\n"));
    }
    Some(([name, message].map(str::to_owned), text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(text: &str, name: &str) -> Option<String> {
        let fields = fields(text).unwrap();
        let (_, value) = fields.iter().find(|(key, _)| key == name)?;
        value.as_str().map(ToOwned::to_owned)
    }

    #[test]
    fn an_exception_is_written_as_php_prints_it() {
        let text = "[2025-10-28 14:21:13] production.ERROR: no cart 7 {\"userId\":4,\"exception\":\"[object] (App\\\\CartError(code: 0): no cart 7 at /srv/Cart.php:9)\n[stacktrace]\n#0 /srv/Shop.php(30): App\\\\Cart->add('a \\\"b\\\"')\n#1 {main}\n\n[previous exception] [object] (PDOException(code: 7): gone at /srv/Db.php:3)\n[stacktrace]\n#0 {main}\n\"} ";
        assert_eq!(field(text, "body").unwrap(), "no cart 7");
        assert_eq!(field(text, "scope_name").unwrap(), "production");
        assert_eq!(field(text, "exception_type").unwrap(), "App\\CartError");
        assert_eq!(field(text, "exception_message").unwrap(), "no cart 7");
        assert_eq!(
            field(text, "exception_stacktrace").unwrap(),
            "PDOException: gone in /srv/Db.php:3\nStack trace:\n#0 {main}\n\nNext App\\CartError: no cart 7 in /srv/Cart.php:9\nStack trace:\n#0 /srv/Shop.php(30): App\\Cart->add('a \"b\"')\n#1 {main}"
        );
    }

    #[test]
    fn escapes_of_json_are_undone_and_a_text_may_be_cut() {
        let of = |said: &str| {
            let text = format!(
                "[2025-10-28 14:21:13] local.ERROR: a {{\"exception\":\"[object] (A(code: 0): {said}"
            );
            field(&text, "exception_message")
        };
        assert_eq!(
            of("b\\t\\u00e9\\ud83d\\ude00 \\\" c at /a.php:1)\"}").unwrap(),
            "b\t\u{e9}\u{1f600} \" c"
        );
        assert_eq!(of("cut at /a.php:1)\n[stacktr").unwrap(), "cut");
        // What is no JSON stays in the body.
        assert_eq!(of("b \\q at /a.php:1)\"}"), None);
    }

    #[test]
    fn an_exception_without_frames_and_a_record_without_an_exception_are_read() {
        let text = "[2025-10-28T14:21:13.123+00:00] app.CRITICAL: Uncaught: gone {\"exception\":\"[object] (App\\\\Gone(code: 0): it is at /srv/a.php:9)\"} []";
        assert_eq!(
            field(text, "exception_stacktrace").unwrap(),
            "App\\Gone: it is in /srv/a.php:9"
        );
        let text = "[2025-10-28 14:21:13] local.INFO: placed {\"id\":7} []";
        assert_eq!(field(text, "body").unwrap(), "placed {\"id\":7} []");
        assert_eq!(field(text, "exception_type"), None);
        assert!(fields("[2025-10-28 14:21:13] [ERROR] gone").is_none());
    }
}
