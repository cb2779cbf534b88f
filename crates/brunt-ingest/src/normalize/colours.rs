//! Terminal colours in texts, which loggers write as if a person looked on.

use std::borrow::Cow;

const ESCAPE: char = '\u{1b}';

/// A text without colours: `ESC [ … letter`. Other escapes stay.
pub(crate) fn uncoloured(text: &str) -> Cow<'_, str> {
    let mut parts = text.split(ESCAPE);
    let first = parts.next().unwrap_or_default();
    if first.len() == text.len() {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    out.push_str(first);
    for part in parts {
        match part.strip_prefix('[').and_then(after_parameters) {
            Some(rest) => out.push_str(rest),
            None => out.extend([ESCAPE.encode_utf8(&mut [0; 4]), part]),
        }
    }
    Cow::Owned(out)
}

/// What follows the numbers of a sequence and the letter that ends it.
fn after_parameters(text: &str) -> Option<&str> {
    let end = text.find(|c: char| !matches!(c, '0'..='9' | ';' | ':'))?;
    let rest = text.get(end..)?;
    rest.strip_prefix(|c: char| c.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_go_and_nothing_else() {
        for (text, plain) in [
            ("a \x1b[31;1mERROR\x1b[0m b", "a ERROR b"),
            ("\x1b[2m2024\x1b[0m\x1b[K", "2024"),
            ("\x1b[38:5:1mx\x1b[m", "x"),
            ("cut \x1b[31", "cut \x1b[31"),
            ("\x1b]0;title", "\x1b]0;title"),
            ("\x1b", "\x1b"),
            ("none", "none"),
        ] {
            assert_eq!(uncoloured(text), plain);
        }
    }
}
