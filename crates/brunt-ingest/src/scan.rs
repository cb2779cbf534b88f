//! Where a JSON value ends, found without reading it.

use memchr::memchr2;

/// Looks for the end of a value, in one piece of text after another. Whether the value is well formed is not looked at.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Scan {
    /// Brackets that are open.
    depth: usize,
    state: State,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum State {
    /// Before the value's first byte.
    #[default]
    Before,
    Inside,
    Text,
    /// Behind a backslash.
    Escape,
    /// A number or a word, which ends where something else begins.
    Word,
}

impl Scan {
    /// Inside of this many brackets; the end is that of the outermost one.
    pub(crate) fn inside(depth: usize) -> Self {
        Self { depth, state: State::Inside }
    }

    /// The byte behind the value's end, if the value ends within these bytes.
    pub(crate) fn end(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut at = 0;
        while let Some(byte) = bytes.get(at) {
            at += 1;
            match self.state {
                State::Escape => self.state = State::Text,
                State::Text => {
                    at -= 1;
                    let rest = bytes.get(at..).unwrap_or_default();
                    let found = memchr2(b'"', b'\\', rest)?;
                    at += found + 1;
                    if rest.get(found) == Some(&b'\\') {
                        self.state = State::Escape;
                    } else if self.depth == 0 {
                        return Some(at);
                    } else {
                        self.state = State::Inside;
                    }
                }
                State::Before | State::Inside => match byte {
                    b'"' => self.state = State::Text,
                    b'{' | b'[' => {
                        self.depth += 1;
                        self.state = State::Inside;
                    }
                    b'}' | b']' if self.depth > 0 => {
                        self.depth -= 1;
                        if self.depth == 0 {
                            return Some(at);
                        }
                    }
                    _ if self.state == State::Inside => {}
                    _ => {
                        at -= 1;
                        self.state = State::Word;
                    }
                },
                State::Word => {
                    if matches!(byte, b',' | b']' | b'}' | b':' | b' ' | b'\n' | b'\r' | b'\t') {
                        return Some(at - 1);
                    }
                }
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn values_end_where_they_end() {
        for (text, end) in [
            (r#"{"a":[1,{"b":"]}\"}"}]},7"#, Some(23)),
            (r#""a\\"x"#, Some(5)),
            ("12.5e3,", Some(6)),
            ("null]", Some(4)),
            ("12", None),
            (r#"["a"#, None),
            ("]", Some(0)),
        ] {
            assert_eq!(Scan::default().end(text.as_bytes()), end, "{text}");
        }
        assert_eq!(Scan::inside(2).end(br#"1,"]"]} "#), Some(7));
    }

    proptest! {
        #[test]
        fn the_end_is_the_same_in_pieces(text in r#"[\[\]{}",a\\ 1]{0,30}"#, cut in 0_usize..30) {
            let whole = Scan::default().end(text.as_bytes());
            let cut = cut.min(text.len());
            let mut scan = Scan::default();
            let pieces = match scan.end(&text.as_bytes()[..cut]) {
                Some(end) => Some(end),
                None => scan.end(&text.as_bytes()[cut..]).map(|end| cut + end),
            };
            prop_assert_eq!(pieces, whole);
        }
    }
}
