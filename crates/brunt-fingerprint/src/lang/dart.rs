//! Dart and Flutter, also obfuscated, and in the short form that test runners print.

use std::borrow::Cow;

use crate::chain::{Body, Exception, RawFrame, Stack};
use crate::header::{has_error_suffix, split};
use crate::lang::{Lang, Language, Naming, Symbol};
use crate::text::{
    Lines, after, basename, before, byte, extension, find, numbered, rsplit_at, rsplit_byte,
    split_at, until,
};
use crate::words::Words;

/// Packages that are libraries; what else stands in `package:` may be the app itself.
static LIBRARIES: Words = Words::new(&[
    "args",
    "async",
    "bloc",
    "cloud_firestore",
    "collection",
    "dio",
    "equatable",
    "firebase_core",
    "flutter",
    "flutter_bloc",
    "flutter_riverpod",
    "flutter_test",
    "get",
    "get_it",
    "go_router",
    "grpc",
    "hive",
    "http",
    "hydrated_bloc",
    "isar",
    "mobx",
    "path",
    "provider",
    "riverpod",
    "rxdart",
    "sentry",
    "sentry_flutter",
    "shared_preferences",
    "shelf",
    "stack_trace",
    "test_api",
    "web_socket_channel",
]);

#[derive(Debug)]
pub(crate) struct Dart;

impl Language for Dart {
    fn lang(&self) -> Lang {
        Lang::Dart
    }

    fn names(&self) -> &'static [&'static str] {
        &["dart", "flutter"]
    }

    fn first_bytes(&self) -> &'static [u8] {
        b"#dflp/."
    }

    fn frame<'a>(&self, line: &'a str, _: &'a str) -> Option<RawFrame<'a>> {
        frame(line)
    }

    fn parse<'a>(&self, text: &'a str) -> Stack<'a> {
        let first = Lines::of(text).find(|(_, line)| frame(line).is_some());
        let start = first.map_or(text.len(), |(start, _)| start);
        let (type_name, message) = header(before(text, start));
        let body = Body::of(after(text, start));
        let exception =
            Exception { type_name, message: Cow::Borrowed(message), body, ..Exception::default() };
        Stack { chain: vec![exception], ..Stack::default() }
    }

    fn is_library(&self, frame: &RawFrame<'_>) -> bool {
        let package = frame.file.strip_prefix("package:").and_then(|path| path.split('/').next());
        frame.file.starts_with("dart:")
            || find(frame.file, "/.pub-cache/").is_some()
            || find(frame.file, "/flutter/packages/").is_some()
            || package.is_some_and(|package| LIBRARIES.have(package))
    }

    fn symbol<'a>(&self, frame: &RawFrame<'a>) -> Symbol<'a> {
        fold(frame)
    }
}

/// `Type: message`, after `Unhandled exception:` or a logger's words; what is not typed is an `Exception`.
fn header(header: &str) -> (&str, &str) {
    if let Some(found) = caught(header) {
        return found;
    }
    let text = ["Unhandled Exception: ", "Unhandled exception:\n"]
        .iter()
        .find_map(|mark| header.split_once(mark))
        .map_or(header, |(_, text)| text)
        .trim_ascii();
    Lines::of(text)
        .find_map(|(start, _)| split(after(text, start).trim_ascii_start(), is_type))
        .unwrap_or(("", text))
}

/// Lines over which Flutter may break the sentence that says what was thrown.
const SENTENCE_LINES: usize = 6;

/// `The following StateError was thrown building Price(dirty):`, in the box that Flutter draws, with the message below it
/// up to an empty line. Which widget was being built is not the error's.
fn caught(text: &str) -> Option<(&str, &str)> {
    let (_, sentence) = split_at(text, "The following ")?;
    let (thrown, _) = split_at(until(sentence, "\n"), " was thrown")?;
    let mut n_open = 0_usize;
    let (last, line) = Lines::of(sentence).take(SENTENCE_LINES).find(|(_, line)| {
        for b in line.bytes() {
            match b {
                b'(' => n_open += 1,
                b')' => n_open = n_open.saturating_sub(1),
                _ => {}
            }
        }
        n_open == 0 && line.trim_ascii_end().ends_with(':')
    })?;
    let message = after(sentence, last + line.len() + 1);
    let message = until(message, "\n\n").trim_ascii();
    let type_name = match thrown {
        "assertion" => "AssertionError",
        // A text was thrown.
        "message" => "",
        type_name => type_name.strip_suffix(" object").unwrap_or(type_name),
    };
    (!type_name.contains(' ')).then_some((type_name, message))
}

fn is_type(name: &str) -> bool {
    let is_name =
        name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'$' | b'<' | b'>'));
    let is_known = has_error_suffix(name) || name.ends_with("Exception") || name.starts_with('_');
    is_name && is_known && byte(name, 0).is_some_and(|b| b.is_ascii_uppercase() || b == b'_')
}

fn frame(line: &str) -> Option<RawFrame<'_>> {
    let line = line.trim_ascii();
    match line.strip_prefix('#') {
        Some(rest) => {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            let rest = after(rest, digits);
            let is_numbered = digits > 0 && rest.starts_with([' ', '\t']);
            let rest = rest.trim_ascii();
            is_numbered.then(|| obfuscated(rest).or_else(|| numbered_frame(rest))).flatten()
        }
        None => terse(line),
    }
}

/// `Cart.total (package:shop/cart.dart:42:5)`.
fn numbered_frame(rest: &str) -> Option<RawFrame<'_>> {
    let (function, place) = rsplit_at(rest.strip_suffix(')')?, " (")?;
    let (file, line, col) = numbered(place).unwrap_or((place, None, None));
    is_file(file).then_some(RawFrame { function, file, line, col, ..RawFrame::default() })
}

/// `package:shop/cart.dart 42:5   Cart.total`.
fn terse(line: &str) -> Option<RawFrame<'_>> {
    let (file, rest) = line.split_once(' ')?;
    let (place, function) = rest.trim_ascii_start().split_once(' ')?;
    let (number, col) = place.split_once(':')?;
    let number = number.parse().ok()?;
    let col = col.parse().ok()?;
    is_file(file).then_some(RawFrame {
        function: function.trim_ascii(),
        file,
        line: Some(number),
        col: Some(col),
        ..RawFrame::default()
    })
}

/// `abs 0000007b virt 0000012c _kDartIsolateSnapshotInstructions+0x1`: a symbol file would be needed.
fn obfuscated(rest: &str) -> Option<RawFrame<'_>> {
    let rest = rest.strip_prefix("abs ")?;
    find(rest, " virt ")
        .is_some()
        .then_some(RawFrame { module: "obfuscated", ..RawFrame::default() })
}

fn is_file(file: &str) -> bool {
    file.starts_with("dart:") || (extension(file) == "dart" && file.contains([':', '/']))
}

/// The function without closures in it, and the file without folders and extension.
fn fold<'a>(frame: &RawFrame<'a>) -> Symbol<'a> {
    let name = frame.function.strip_prefix("new ").unwrap_or(frame.function);
    let name = until(name, ".<");
    let name = name.split('<').next().unwrap_or(name);
    // Applied mixins stand before the class, joined by ampersands.
    let name = rsplit_byte(name, b'&').map_or(name, |(_, name)| name);
    let file = basename(frame.file);
    let module = file.strip_suffix(".dart").unwrap_or(file);
    let naming = match (name.is_empty(), frame.module) {
        (true, "obfuscated") => Naming::Minified,
        (true, _) => Naming::Anonymous,
        (false, _) if name.rsplit('.').next().is_some_and(|last| last.len() <= 2) => {
            Naming::Minified
        }
        (false, _) => Naming::Named,
    };
    Symbol { module: Cow::Borrowed(module), function: name, naming }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_of_all_forms_are_read() {
        for (line, symbol, is_library) in [
            ("#0      Cart.total (package:shop/src/cart.dart:42:5)", "cart.Cart.total", false),
            (
                "#1      Cart.total.<anonymous closure> (package:shop/src/cart.dart:40:9)",
                "cart.Cart.total",
                false,
            ),
            ("#2      new Cart (file:///srv/shop/bin/cart.dart:3)", "cart.Cart", false),
            ("#3      _rootRun (dart:async/zone.dart:1399:13)", "zone._rootRun", true),
            (
                "#4      State.build (package:flutter/src/widgets/framework.dart:1:2)",
                "framework.State.build",
                true,
            ),
            ("package:shop/src/cart.dart 42:5   Cart.total", "cart.Cart.total", false),
            ("#00 abs 0000007b1 virt 00000012c _kDartIsolateSnapshotInstructions+0x1f", "", false),
        ] {
            let found = frame(line).unwrap_or_else(|| panic!("{line}"));
            assert_eq!(
                (fold(&found).text().as_str(), Dart.is_library(&found)),
                (symbol, is_library),
                "{line}"
            );
        }
        for line in
            ["<asynchronous suspension>", "#0 x", "see cart.dart 1:2", "#1 /srv/a.php(3): f()"]
        {
            assert!(frame(line).is_none(), "{line}");
        }
    }

    #[test]
    fn what_flutter_caught_is_read() {
        for (sentence, type_name) in [
            ("The following _TypeError was thrown building Price(dirty):", "_TypeError"),
            (
                "The following _TypeError was thrown building Cart(dirty, state:\n_CartState#1a2b3):",
                "_TypeError",
            ),
            ("The following assertion was thrown during layout:", "AssertionError"),
            ("The following message was thrown while handling a gesture:", ""),
            ("The following CardDeclined object was thrown:", "CardDeclined"),
        ] {
            let text = format!(
                "══╡ EXCEPTION CAUGHT BY WIDGETS LIBRARY ╞══\n{sentence}\nno card: none\n\nThe relevant error-causing widget was:\n  Price Price:file:///shop/lib/main.dart:30:12\n\nWhen the exception was thrown, this was the stack:\n#0      Money.format (package:shop/money.dart:42:18)\n"
            );
            let stack = Dart.parse(&text);
            assert_eq!(
                (stack.chain[0].type_name, &*stack.chain[0].message),
                (type_name, "no card: none"),
                "{sentence}"
            );
            assert_eq!(crate::lang::detect(&text).map(Language::lang), Some(Lang::Dart));
        }
        assert_eq!(caught("The following was thrown away:\nall\n"), None);
        assert_eq!(caught("The following _TypeError was thrown (by a\n"), None);
    }

    #[test]
    fn headers_are_read() {
        for (text, type_name, message) in [
            ("Unhandled exception:\nFormatException: no number\n", "FormatException", "no number"),
            (
                "[ERROR:flutter/x.cc(1)] Unhandled Exception: Exception: no card\n",
                "Exception",
                "no card",
            ),
            ("Unhandled exception:\nno card\n", "", "no card"),
        ] {
            assert_eq!(header(text), (type_name, message), "{text}");
        }
    }
}
