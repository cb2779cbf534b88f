//! The form of `java.util.logging`: time, class and method in one line, `SEVERE: it failed` in the next.

use crate::decode::log_text::head::Head;
use crate::normalize::severity;

/// What a head takes for the message of a time alone.
#[derive(Debug)]
pub(super) struct Parts<'a> {
    pub(super) class: &'a str,
    pub(super) method: &'a str,
    pub(super) level: &'a str,
    pub(super) message: &'a str,
}

impl<'a> Parts<'a> {
    pub(super) fn of(head: &Head<'a>) -> Option<Self> {
        let (caller, text) = head.message.split_once('\n')?;
        let level =
            severity::in_text(text).filter(|_| head.time.is_some() && head.level.is_none())?;
        let message = text.strip_prefix(level)?.strip_prefix(": ")?;
        let (class, method) = caller.trim_end().split_once(' ').unwrap_or((caller, ""));
        let is_class = |name: &str| {
            name.contains('.') && name.chars().all(|c| c.is_alphanumeric() || "._$".contains(c))
        };
        (is_class(class) && !method.contains(' ')).then_some(Self { class, method, level, message })
    }
}
