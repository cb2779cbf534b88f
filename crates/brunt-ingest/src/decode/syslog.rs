//! Syslog: RFC 5424 with its structured data, RFC 3164, and the files that rsyslog and Heroku write, with or without a
//! priority.

use std::borrow::Cow;

use crate::decode::joined::{self, Joined, most_lines};
use crate::decode::shape::{Fields, refuse};
use crate::decode::yearless::{self, Years};
use crate::decode::{Plan, message};
use crate::error::Error;
use crate::fill::Refusal;
use crate::format::Spec;
use crate::load::Load;
use crate::normalize::time::{self, TimeForm};
use crate::normalize::{severity, thrown};
use crate::read::Source;
use crate::value::{Scalar, Value};

pub(crate) static SPEC: Spec = Spec {
    name: "syslog",
    about: "syslog, RFC 5424 or RFC 3164, with or without <PRI>",
    is: |head| most_lines(head, &|line| Line::of(line).is_some()),
    is_generic: false,
    decode,
};

/// Names of the facilities, from 0.
const FACILITIES: &[&str] = &[
    "kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv",
    "ftp", "ntp", "audit", "alert", "clock", "local0", "local1", "local2", "local3", "local4",
    "local5", "local6", "local7",
];

fn decode(_: Plan<'_>, source: &mut Source<'_>, load: &mut Load<'_>) -> Result<(), Error> {
    let mut years = Years::new(load.now());
    joined::decode(source, load, &goes_on, &mut |joined| read(joined, &mut years))
}

fn goes_on<'t>(line: &'t str, _: &Joined) -> Option<&'t str> {
    (thrown::is_continuation(line) && Line::of(line).is_none()).then_some(line)
}

fn read<'a>(joined: &'a Joined, years: &mut Years) -> Result<Fields<'a>, Refusal> {
    match Line::of(&joined.text) {
        Some(line) => Ok(line.fields(years)),
        None => refuse("no_match", "a line is neither RFC 5424 nor RFC 3164"),
    }
}

/// Of structured data: its element's id, its name, its value.
type Parameter<'a> = (&'a str, &'a str, Cow<'a, str>);

/// A line, taken apart.
#[derive(Debug, Default)]
struct Line<'a> {
    priority: Option<u8>,
    time: Time<'a>,
    host: &'a str,
    app: &'a str,
    process: &'a str,
    message_id: &'a str,
    structured: Vec<Parameter<'a>>,
    message: &'a str,
}

#[derive(Debug, Default)]
enum Time<'a> {
    #[default]
    Missing,
    Full(&'a str),
    /// `Oct 28 14:21:13`: no year.
    Bsd(&'a str),
}

impl<'a> Line<'a> {
    fn of(text: &'a str) -> Option<Self> {
        // A length before the line is how it came over TCP.
        let unframed = text.trim_start_matches(|c: char| c.is_ascii_digit());
        let unframed =
            unframed.strip_prefix(' ').filter(|rest| rest.starts_with('<')).unwrap_or(text);
        let (priority, rest) =
            match unframed.strip_prefix('<').and_then(|rest| rest.split_once('>')) {
                Some((digits, rest)) => {
                    (Some(digits.parse().ok().filter(|priority| *priority < 192)?), rest)
                }
                None => (None, unframed),
            };
        if let Some(rest) = rest.strip_prefix("1 ") {
            return Self::of_5424(priority, rest);
        }
        Self::of_3164(priority, rest)
    }

    fn of_5424(priority: Option<u8>, rest: &'a str) -> Option<Self> {
        let mut parts = rest.splitn(6, ' ');
        let mut part = || parts.next().map(|part| if part == "-" { "" } else { part });
        let (time, host, app, process, message_id) = (part()?, part()?, part()?, part()?, part()?);
        let rest = parts.next().unwrap_or_default();
        let time = match time {
            "" => Time::Missing,
            time if time.contains('T') => Time::Full(time),
            _ => return None,
        };
        let (structured, message) = structured(rest);
        let message = message.trim_start_matches([' ', '\u{feff}']);
        Some(Self { priority, time, host, app, process, message_id, structured, message })
    }

    fn of_3164(priority: Option<u8>, text: &'a str) -> Option<Self> {
        let (time, rest) = if let Some((time, rest)) = yearless::split(text) {
            (Time::Bsd(time), rest)
        } else {
            let (time, rest) = text.split_once(' ')?;
            let is_time = time.contains('T') && time.contains(':');
            time::parse(time, TimeForm::Any).filter(|_| is_time)?;
            (Time::Full(time), rest)
        };
        if let (Time::Full(_), Some((app, process, message))) = (&time, of_heroku(rest)) {
            return Some(Self { priority, time, app, process, message, ..Self::default() });
        }
        let (host, rest) = rest.trim_start().split_once(' ')?;
        let (tag, message) =
            rest.split_once(": ").or_else(|| rest.strip_suffix(':').map(|tag| (tag, "")))?;
        let (app, process) = app_and_process(tag).unwrap_or((tag, ""));
        let is_tag = !app.is_empty() && app.len() <= 64 && !app.contains([' ', '=', '"', '[']);
        // Without a priority a time, a host and a word with a colon are all there is to tell it by.
        let is_host = !host.is_empty()
            && !host.contains(['[', ']', '=', '"', '|', ','])
            && !host.ends_with(':');
        let is_level = severity::of_level(host).is_some()
            && host.bytes().all(|byte| byte.is_ascii_uppercase());
        (is_tag && is_host && !is_level).then(|| Self {
            priority,
            time,
            host,
            app,
            process,
            message,
            ..Self::default()
        })
    }

    fn fields(self, years: &mut Years) -> Fields<'a> {
        let mut outer: Fields<'a> = Vec::new();
        let mut put = |name: &'static str, text: Cow<'a, str>| {
            if !text.is_empty() {
                outer.push((Cow::Borrowed(name), Value::text(text)));
            }
        };
        match self.time {
            Time::Missing => {}
            Time::Full(text) => put("ts", Cow::Borrowed(text)),
            Time::Bsd(text) => put("ts", Cow::Owned(years.date(text))),
        }
        if let Some(priority) = self.priority {
            let word = severity::syslog_word(priority % 8).unwrap_or_default();
            put("severity_text", Cow::Borrowed(word));
            let facility = FACILITIES.get(usize::from(priority / 8)).copied().unwrap_or_default();
            put("syslog.facility", Cow::Borrowed(facility));
        }
        put("service_name", Cow::Borrowed(self.app));
        put("host.name", Cow::Borrowed(self.host));
        put("process.pid", Cow::Borrowed(self.process));
        put("syslog.msgid", Cow::Borrowed(self.message_id));
        for (id, name, value) in self.structured {
            // What follows the name is its owner's number.
            let id = id.split('@').next().unwrap_or_default();
            let key = ["structured_data.", id, ".", name].concat();
            let column =
                message::column_of(name).is_some_and(|column| !matches!(column, "ts" | "body"));
            let key = if column { Cow::Borrowed(name) } else { Cow::Owned(key) };
            outer.push((key, Value::Leaf(Scalar::Text(value))));
        }
        // rsyslog writes a line break as its octal number.
        let text = if self.message.contains("#012") {
            Cow::Owned(self.message.replace("#012", "\n").replace("#011", "\t"))
        } else {
            Cow::Borrowed(self.message)
        };
        message::wrap(message::fields(text), outer)
    }
}

/// Heroku names no host: `heroku[router]: it is gone`, `app[web.1]: it is gone`.
fn of_heroku(text: &str) -> Option<(&str, &str, &str)> {
    let (tag, message) = text.split_once(": ")?;
    let (app, process) = app_and_process(tag)?;
    let are_words = [app, process].iter().all(|word| {
        !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
    });
    are_words.then_some((app, process, message))
}

/// `app[process]`
fn app_and_process(tag: &str) -> Option<(&str, &str)> {
    tag.strip_suffix(']')?.split_once('[')
}

/// `[id name="value" ...][...]`, and the message behind it. What is not well formed is the message.
fn structured(text: &str) -> (Vec<Parameter<'_>>, &str) {
    if let Some(rest) = text.strip_prefix('-') {
        return (Vec::new(), rest);
    }
    let mut parameters = Vec::new();
    let mut rest = text;
    while let Some(inner) = rest.strip_prefix('[') {
        let Some(after) = element(inner, &mut parameters) else { return (Vec::new(), text) };
        rest = after;
    }
    // Brackets without a parameter are rather how a message begins.
    if parameters.is_empty() { (parameters, text) } else { (parameters, rest) }
}

/// One element behind its bracket; what follows it.
fn element<'a>(text: &'a str, parameters: &mut Vec<Parameter<'a>>) -> Option<&'a str> {
    let (id, mut rest) = text.split_at_checked(text.find([' ', ']'])?)?;
    loop {
        rest = rest.trim_start_matches(' ');
        if let Some(after) = rest.strip_prefix(']') {
            return Some(after);
        }
        let (name, after) = rest.split_once("=\"")?;
        let mut escaped = false;
        let end = after.bytes().position(|byte| {
            let is_end = byte == b'"' && !escaped;
            escaped = byte == b'\\' && !escaped;
            is_end
        })?;
        let (value, after) = after.split_at_checked(end)?;
        parameters.push((id, name, unescaped(value)));
        rest = after.get(1..)?;
    }
}

fn unescaped(value: &str) -> Cow<'_, str> {
    if !value.contains('\\') {
        return Cow::Borrowed(value);
    }
    let mut out = String::with_capacity(value.len());
    let mut chars = value.chars().peekable();
    while let Some(c) = chars.next() {
        let next = chars.next_if(|next| c == '\\' && matches!(next, '"' | '\\' | ']'));
        out.push(next.unwrap_or(c));
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn structured_data_is_taken_apart_or_is_the_message() {
        let (parameters, rest) = structured(r#"[a@1 x="1" y="q\"\]\z"][b] it is gone"#);
        assert_eq!(parameters, [("a@1", "x", "1".into()), ("a@1", "y", "q\"]\\z".into())]);
        assert_eq!(rest, " it is gone");
        assert_eq!(structured("[main] gone"), (Vec::new(), "[main] gone"));
        assert_eq!(structured("- gone"), (Vec::new(), " gone"));
    }

    #[test]
    fn other_lines_are_no_syslog() {
        for line in [
            "",
            "<999>1 - - - - - -",
            "2025-10-28T14:21:13Z INFO shop: gone",
            "2025-10-28T14:21:13Z [main] c.e.Cart: gone",
            "Oct 28 it is gone",
            "2025-10-28 14:21:13 host app: gone",
        ] {
            assert!(Line::of(line).is_none(), "{line}");
        }
        for line in [
            "<34>1 2025-10-28T14:21:13Z h app - - - gone",
            "57 <34>1 2025-10-28T14:21:13Z h app - - - gone",
            "<34>Oct 28 14:21:13 h app[1]: gone",
            "Oct  8 14:21:13 h app: gone",
            "2025-10-28T14:21:13.123456+01:00 h app[1]: gone",
            "2025-10-28T14:21:13.123456+00:00 app[web.1]: gone",
        ] {
            assert!(Line::of(line).is_some(), "{line}");
        }
    }
}
