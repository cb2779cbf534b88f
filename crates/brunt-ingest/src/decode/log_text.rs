//! Text logs: a time and a level, a thread, a logger and a message, in the orders that loggers write by default. Lines
//! that do not begin so belong to the record above them.

pub(super) mod head;
mod nginx;

use crate::decode::joined::{self, Joined, most_lines};
use crate::decode::log_text::head::{Begin, Head, begin};
use crate::decode::shape::{Fields, refuse};
use crate::decode::{Plan, message};
use crate::error::Error;
use crate::fill::Refusal;
use crate::format::Spec;
use crate::load::Load;
use crate::read::Source;

pub(crate) static SPEC: Spec = Spec {
    name: "log_text",
    about: "text logs whose lines begin with a time or a level (log4j, logback, Python, Rails, nginx errors)",
    is: |head| most_lines(head, &|line| begin(line).is_some()),
    is_generic: false,
    decode,
};

fn decode(_: Plan<'_>, source: &mut Source<'_>, load: &mut Load<'_>) -> Result<(), Error> {
    joined::decode(source, load, &goes_on, &mut |joined| read(joined))
}

/// A record that begins with its time ends at the next time, any other at the next beginning.
fn goes_on(line: &str, above: &Joined) -> bool {
    match (begin(&above.text), begin(line)) {
        (_, None) | (Some(Begin::Time), Some(Begin::Level)) => true,
        (None | Some(_), Some(_)) => false,
    }
}

fn read(joined: &Joined) -> Result<Fields<'_>, Refusal> {
    let Some(mut head) = Head::of(&joined.text) else {
        return refuse(
            "no_match",
            "text that begins with neither a time nor a level, and nothing is above it",
        );
    };
    let mut fields = Vec::new();
    if let Some((category, text)) = console(&head) {
        (head.logger, head.message) = (Some(category), text);
    }
    if let Some(error) = nginx::Error::of(head.message) {
        head.message = error.message;
        error.push(&mut fields);
    }
    message::push_head(&mut fields, &head);
    Ok(fields)
}

/// .NET's console: `info: Shop.Cart[14]`, and what was logged in the next line.
fn console<'a>(head: &Head<'a>) -> Option<(&'a str, &'a str)> {
    let (category, text) = head.message.trim_start().split_once('\n')?;
    let (name, id) = category.trim_end().strip_suffix(']')?.split_once('[')?;
    let is_category = !name.contains(' ') && id.bytes().all(|byte| byte.is_ascii_digit());
    (head.time.is_none() && is_category).then(|| (name, text.trim_start()))
}
