//! JavaScript as Firefox and Safari print it: `function@place`, with the type and the message elsewhere.

use crate::chain::{RawFrame, Stack};
use crate::lang::javascript::{JavaScript, names, parse};
use crate::lang::{Lang, Language, Symbol};
use crate::text::{after, before, find, has_any, last_part, numbered, split_at};

#[derive(Debug)]
pub(crate) struct Gecko;

impl Language for Gecko {
    fn lang(&self) -> Lang {
        Lang::JavaScript
    }

    fn names(&self) -> &'static [&'static str] {
        &[]
    }

    fn frame<'a>(&self, line: &'a str, _: &'a str) -> Option<RawFrame<'a>> {
        frame(line)
    }

    fn parse<'a>(&self, text: &'a str) -> Stack<'a> {
        parse(text, frame)
    }

    fn is_library(&self, frame: &RawFrame<'_>) -> bool {
        names::is_library(frame)
    }

    fn symbol<'a>(&self, frame: &RawFrame<'a>) -> Symbol<'a> {
        names::fold(frame)
    }

    fn fold_type<'a>(&self, name: &'a str) -> &'a str {
        JavaScript.fold_type(name)
    }
}

/// `[async*]function@place`; a closure is called by what encloses it: `total/<`.
fn frame(line: &str) -> Option<RawFrame<'_>> {
    let line = line.trim_ascii();
    if line == "[native code]" {
        return Some(RawFrame { file: "native", ..RawFrame::default() });
    }
    let at = memchr::memchr(b'@', line.as_bytes())?;
    // What queued a call stands before a star and may have blanks: `setTimeout handler*total`.
    let function = before(line, at);
    let function = last_part(function, |b| b == b'*');
    let is_code = function.ends_with(" code");
    if !is_code && has_any(function, |b| matches!(b, b' ' | b'(' | b'"' | b':')) {
        return None;
    }
    let function = if is_code { "" } else { before(function, closure_start(function)) };
    let place = after(line, at + 1);
    if place == "[native code]" {
        return Some(RawFrame { function, file: "native", ..RawFrame::default() });
    }
    if has_any(place, |b| b == b' ') && find(place, " line ").is_none() {
        return None;
    }
    // `cart.js line 12 > eval:1:2` is code from `eval`, of which the place of that call is known.
    let (file, line, col) = match split_at(place, " line ") {
        Some((file, rest)) => (file, rest.split(' ').next().and_then(|n| n.parse().ok()), None),
        None => numbered(place)?,
    };
    let is_file = find(file, "://").is_some() || (col.is_some() && file.starts_with(['/', '.']));
    is_file.then_some(RawFrame { function, file, line, col, ..RawFrame::default() })
}

/// Where the enclosing function's name ends. A name that begins with a path is a bundler's module.
fn closure_start(function: &str) -> usize {
    if function.starts_with(['.', '/']) {
        return function.len();
    }
    find(function, "/<")
        .or_else(|| function.bytes().position(|b| matches!(b, b'/' | b'<')))
        .unwrap_or(function.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chain::{root, walk};
    use crate::reader::Reader;

    #[test]
    fn frames_of_both_browsers_are_read() {
        for (line, symbol, file, place) in [
            (
                "totalOf@https://shop.example/cart.js:10:5",
                "cart.totalOf",
                "https://shop.example/cart.js",
                (Some(10), Some(5)),
            ),
            (
                "totalOf/<@https://shop.example/cart.js:10:5",
                "cart.totalOf",
                "https://shop.example/cart.js",
                (Some(10), Some(5)),
            ),
            (
                "async*Cart.add@https://shop.example/cart.js:1:2",
                "cart.Cart.add",
                "https://shop.example/cart.js",
                (Some(1), Some(2)),
            ),
            (
                "setTimeout handler*poll@https://shop.example/cart.js:1:2",
                "cart.poll",
                "https://shop.example/cart.js",
                (Some(1), Some(2)),
            ),
            (
                "@https://shop.example/cart.js:1:2",
                "cart",
                "https://shop.example/cart.js",
                (Some(1), Some(2)),
            ),
            (
                "global code@https://shop.example/cart.js:1:2",
                "cart",
                "https://shop.example/cart.js",
                (Some(1), Some(2)),
            ),
            (
                "run@https://shop.example/cart.js line 3 > eval:1:2",
                "cart.run",
                "https://shop.example/cart.js",
                (Some(3), None),
            ),
            ("forEach@[native code]", "native.forEach", "native", (None, None)),
        ] {
            let found = frame(line).unwrap_or_else(|| panic!("{line}"));
            assert_eq!(
                (names::fold(&found).text(), found.file, (found.line, found.col)),
                (symbol.to_owned(), file, place),
                "{line}"
            );
        }
        for line in
            ["jane@example.com", "mail to a@b.example:1:2", "    at f (a.js:1:2)", "@", "a@b"]
        {
            assert!(frame(line).is_none(), "{line}");
        }
    }

    #[test]
    fn the_header_may_stand_above() {
        let text = "TypeError: cart is undefined\ntotalOf@https://shop.example/cart.js:10:5\nforEach@[native code]\n";
        let stack = Gecko.parse(text);
        let reader = Reader::plain(&Gecko);
        assert_eq!(
            (stack.chain[0].type_name, &*stack.chain[0].message),
            ("TypeError", "cart is undefined")
        );
        let in_app: Vec<_> = walk(&stack.chain, root(&stack.chain, Some(reader)), reader)
            .map(|f| reader.is_app(&f))
            .collect();
        assert_eq!(in_app, [true, false]);
    }
}
