//! JavaScript as Firefox, Safari and React Native on `JavaScriptCore` print it: `function@place`, with the type and
//! the message elsewhere.

use std::borrow::Cow;

use crate::chain::{RawFrame, Stack};
use crate::header::has_error_suffix;
use crate::lang::javascript::{JavaScript, names, parse, split_header};
use crate::lang::{Lang, Language, Symbol};
use crate::text::{
    Lines, after, before, byte, extension, find, has_any, has_only, last_part, numbered, split_at,
    split_byte,
};

#[derive(Debug)]
pub(crate) struct Gecko;

impl Language for Gecko {
    fn lang(&self) -> Lang {
        Lang::JavaScript
    }

    fn names(&self) -> &'static [&'static str] {
        &[]
    }

    /// A line and a column alone are what other texts have too.
    fn is_frame(&self, line: &str) -> bool {
        frame(line).is_some_and(|frame| !frame.file.is_empty())
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

    fn without_minified<'a>(&self, message: &'a str) -> Cow<'a, str> {
        JavaScript.without_minified(message)
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
    if let Some((line, col)) = in_bundle(function, place) {
        return Some(RawFrame { function, line, col, ..RawFrame::default() });
    }
    // `cart.js line 12 > eval:1:2` is code from `eval`, of which the place of that call is known.
    let (file, line, col) = match split_at(place, " line ") {
        Some((file, rest)) => (file, rest.split(' ').next().and_then(|n| n.parse().ok()), None),
        None => numbered(place)?,
    };
    let is_bundle = || matches!(extension(file), "jsbundle" | "bundle");
    let is_file = find(file, "://").is_some()
        || (col.is_some() && (file.starts_with(['/', '.']) || is_bundle()));
    is_file.then_some(RawFrame { function, file, line, col, ..RawFrame::default() })
}

/// Line and column of `812:345`: React Native has one bundle, and need not name it.
fn in_bundle(function: &str, place: &str) -> Option<(Option<u32>, Option<u32>)> {
    let (line, col) = split_byte(place, b':')?;
    let number = |digits: &str| {
        let number = digits.parse().ok().filter(|number| *number > 0);
        number.filter(|_| has_only(digits, |b| b.is_ascii_digit()))
    };
    let is_letter = |b: u8| {
        b.is_ascii_alphabetic() || matches!(b, b'_' | b'$' | b'.' | b'<' | b'>') || b >= 0x80
    };
    let is_name = !byte(function, 0).is_some_and(|b| b.is_ascii_digit())
        && has_only(function, |b| is_letter(b) || b.is_ascii_digit());
    let place = (Some(number(line)?), Some(number(col)?));
    is_name.then_some(place)
}

/// Whether a line begins frames in a bundle without a name. `user@12:34` may be an address, or an offset in a queue, so
/// an error's header has to stand above and another frame below. Where none does, `[native code]` at the end tells.
pub(crate) fn begins_in_bundle(above: &str, line: &str, below: &str) -> bool {
    let is_frame = |line: &str| frame(line).is_some();
    line.trim_ascii_end().ends_with(|c: char| c.is_ascii_digit())
        && frame(line).is_some_and(|frame| frame.file.is_empty())
        && Lines::of(below).next().is_some_and(|(_, next)| is_frame(next))
        && is_header(above)
}

fn is_header(line: &str) -> bool {
    let line = line.trim_ascii();
    line.ends_with(", stack:") || has_error_suffix(split_header(line).0)
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
    fn frames_of_a_bundle_are_read() {
        for (line, symbol, file, place) in [
            ("total@main.jsbundle:812:345", "main.total", "main.jsbundle", (Some(812), Some(345))),
            ("pay@index.ios.bundle:8:9", "index.ios.pay", "index.ios.bundle", (Some(8), Some(9))),
            ("total@812:345", "total", "", (Some(812), Some(345))),
            ("@812:345", "", "", (Some(812), Some(345))),
        ] {
            let found = frame(line).unwrap_or_else(|| panic!("{line}"));
            assert_eq!(
                (names::fold(&found).text(), found.file, (found.line, found.col)),
                (symbol.to_owned(), file, place),
                "{line}"
            );
            assert!(!names::is_library(&found), "{line}");
        }
        for line in ["total@812", "total@0:345", "a-b@8:3", "sshd@10:22:33", "7@8:3", "a@8:3 "] {
            assert!(!Gecko.is_frame(line), "{line}");
        }
    }

    #[test]
    fn a_line_and_a_column_are_a_frame_among_others_only() {
        let language = |text| crate::lang::detect(text).map(Language::lang);
        for text in [
            "TypeError: no\ntotal@812:345\npay@9:1\n",
            "com.facebook.react.common.JavascriptException: no, stack:\ntotal@812:345\npay@9:1\n\n\tat com.facebook.A.b(A.java:1)\n",
            "total@812:345\n[native code]\n",
        ] {
            assert_eq!(language(text), Some(Lang::JavaScript), "{text}");
        }
        for text in [
            "user@12:34",
            "user@12:34\n",
            "user@12:34\nother@12:35\n",
            "TypeError: no\nuser@12:34\nother words\n",
            "lag of the consumer\norders@1:123\npayments@2:456\n",
        ] {
            assert_eq!(language(text), None, "{text}");
        }
        let java = "java.lang.Error: offsets\n orders@1:123\n\tat com.acme.A.b(A.java:1)\n";
        assert_eq!(language(java), Some(Lang::Java));
    }

    #[test]
    fn what_native_code_puts_around_an_error_goes() {
        for header in [
            "TypeError: no such: card",
            "com.facebook.react.common.JavascriptException: TypeError: no such: card, stack:",
            "FATAL EXCEPTION: mqt\ncom.facebook.react.common.JavascriptException: TypeError: no such: card, stack:",
            "Unhandled JS Exception: TypeError: no such: card",
        ] {
            let text =
                format!("{header}\ntotal@812:345\npay@9:1\n\n\tat com.facebook.A.b(A.java:1)\n");
            let stack = Gecko.parse(&text);
            assert_eq!(
                (stack.chain[0].type_name, &*stack.chain[0].message),
                ("TypeError", "no such: card"),
                "{header}"
            );
            assert_eq!(walk(&stack.chain, 0, Reader::plain(&Gecko)).count(), 2, "{header}");
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
