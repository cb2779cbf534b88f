//! Bodies of mails and comments as text: tags go, paragraphs and breaks become lines, entities become characters.

use std::borrow::Cow;

/// Elements that begin a line.
const LINES: &[&str] = &["div", "li", "tr", "ul", "ol", "table", "hr"];
/// Elements with an empty line around them.
const PARAGRAPHS: &[&str] = &["p", "blockquote", "pre", "h1", "h2", "h3", "h4", "h5", "h6"];
/// Elements whose inside is not for readers.
const HIDDEN: &[&str] = &["style", "script", "head", "title"];

/// The text of an HTML body. A text without tags and entities is returned as it is.
pub(crate) fn to_text(html: &str) -> Cow<'_, str> {
    let has_tags = html.match_indices('<').any(|(at, _)| tag_at(html, at).is_some());
    if !has_tags && !html.contains('&') {
        return Cow::Borrowed(html);
    }
    let mut out = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(at) = rest.find(['<', '&']) {
        out.push_str(rest.get(..at).unwrap_or_default());
        let n_used = if let Some(tag) = tag_at(rest, at) {
            break_lines(&tag.name, &mut out);
            let is_hidden = !tag.is_end && HIDDEN.contains(&&*tag.name);
            tag.end + if is_hidden { hidden_len(rest, &tag) } else { 0 }
        } else if let Some((character, end)) = entity_at(rest, at) {
            out.push(character);
            end
        } else {
            out.push_str(rest.get(at..=at).unwrap_or_default());
            at + 1
        };
        rest = rest.get(n_used..).unwrap_or_default();
    }
    out.push_str(rest);
    Cow::Owned(if has_tags { tidy(&out) } else { out })
}

/// The line breaks that an element makes.
fn break_lines(name: &str, out: &mut String) {
    let (is_line, is_paragraph) = (LINES.contains(&name), PARAGRAPHS.contains(&name));
    if name == "br" || (is_line || is_paragraph) && !out.ends_with('\n') {
        out.push('\n');
    }
    if is_paragraph && !out.ends_with("\n\n") {
        out.push('\n');
    }
}

struct Tag {
    name: String,
    is_end: bool,
    /// The byte behind it.
    end: usize,
}

/// The tag or comment that begins at a byte; a `<` that begins none is a character.
fn tag_at(html: &str, at: usize) -> Option<Tag> {
    let inside = html.get(at..)?.strip_prefix('<')?;
    if let Some(comment) = inside.strip_prefix("!--") {
        let len = comment.find("-->").map_or(comment.len(), |end| end + 3);
        return Some(Tag { name: String::new(), is_end: true, end: at + 4 + len });
    }
    let is_end = inside.starts_with('/');
    let named = inside.strip_prefix('/').unwrap_or(inside);
    if !named.starts_with(|c: char| c.is_ascii_alphabetic() || c == '!') {
        return None;
    }
    let name: String = named.chars().take_while(char::is_ascii_alphanumeric).collect();
    let len = inside.find('>')?;
    Some(Tag { name: name.to_ascii_lowercase(), is_end, end: at + 1 + len + 1 })
}

/// How long the inside of an element is, with its end.
fn hidden_len(html: &str, tag: &Tag) -> usize {
    let inside = html.get(tag.end..).unwrap_or_default();
    let closing = ["</", &tag.name].concat();
    inside
        .match_indices('<')
        .find(|(at, _)| {
            inside
                .get(*at..*at + closing.len())
                .is_some_and(|text| text.eq_ignore_ascii_case(&closing))
        })
        .map_or(0, |(at, _)| at)
}

/// The character that an entity at a byte stands for, and the byte behind it.
fn entity_at(html: &str, at: usize) -> Option<(char, usize)> {
    let inside = html.get(at..)?.strip_prefix('&')?;
    let len = inside.bytes().take(10).position(|byte| byte == b';')?;
    let name = inside.get(..len)?;
    let found = match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => ' ',
        "ndash" => '–',
        "mdash" => '—',
        "hellip" => '…',
        "euro" => '€',
        number => {
            let digits = number.strip_prefix('#')?;
            let code = match digits.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => digits.parse().ok()?,
            };
            char::from_u32(code).filter(|c| !c.is_control() || *c == '\n')?
        }
    };
    Some((found, at + 1 + len + 1))
}

/// Lines without space at their ends, and no more than one empty line at a time.
fn tidy(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut n_empty = 0;
    for line in text.lines().map(str::trim) {
        if line.is_empty() {
            n_empty += 1;
            continue;
        }
        if !out.is_empty() {
            out.push_str(if n_empty > 0 { "\n\n" } else { "\n" });
        }
        n_empty = 0;
        out.push_str(line);
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn bodies_become_what_a_reader_sees() {
        for (html, text) in [
            (
                "<p>Hi,</p><p>the cart is <b>empty</b>.<br>Why?</p>",
                "Hi,\n\nthe cart is empty.\nWhy?",
            ),
            ("1 < 2 &amp; 3 > 2", "1 < 2 & 3 > 2"),
            ("no tags", "no tags"),
            ("a  b\n\n\nc", "a  b\n\n\nc"),
            ("<style>p { color: red }</style><div>x</div>", "x"),
            ("<ul><li>one</li><li>two</li></ul>", "one\ntwo"),
            ("&#8364;5 &#x2014; caf&#233; &unknown; &", "€5 — café &unknown; &"),
            ("<!-- hidden --> shown", "shown"),
            ("<a href=\"https://x.example/?a=1\">link</a>", "link"),
            ("a <b", "a <b"),
            ("<script>", ""),
        ] {
            assert_eq!(to_text(html), text, "{html}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_survived(text in "(?s)([<>&;/a-z#é ]|script|style|<p>|&amp;){0,40}") {
            let _ = to_text(&text);
        }
    }
}
