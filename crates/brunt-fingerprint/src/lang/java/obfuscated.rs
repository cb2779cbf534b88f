//! Names that R8 and `ProGuard` shortened, which another build shortens otherwise.

use std::borrow::Cow;

use crate::chain::RawFrame;
use crate::lang::{Naming, Symbol};
use crate::text::{before, last_part};

/// Whether a build left out in which file a frame is: `SourceFile`, `r8-map-id-3f2a9c`, `Unknown Source:12`. Short names
/// with a real file are those of a person, and a JVM has no number where it knows no file.
pub(crate) fn is_hidden(frame: &RawFrame<'_>) -> bool {
    matches!(frame.file, "SourceFile" | "D8$$SyntheticClass" | "R8$$SyntheticClass")
        || frame.file == "Unknown Source" && frame.line.is_some()
        || frame.file.starts_with("r8-map-id-")
}

/// The symbol as it is, or what of its class was not shortened. A method that overrides one of a library keeps its name,
/// but who wrote it is not known if its class did not.
///
/// Apps of more than some thousand classes have names of three letters too, which are taken for written ones.
pub(crate) fn without_short(symbol: Symbol<'_>) -> Symbol<'_> {
    let len = written_len(&symbol.module);
    if len == symbol.module.len() && !is_short(symbol.function) {
        return symbol;
    }
    let module = match symbol.module {
        Cow::Borrowed(module) => Cow::Borrowed(before(module, len)),
        Cow::Owned(module) => Cow::Owned(before(&module, len).to_owned()),
    };
    Symbol { module, naming: Naming::Minified, ..symbol }
}

/// Bytes of a class without the short parts at its end: `com.acme` of `com.acme.a.b$c`, nothing of `b4.c`.
fn written_len(class: &str) -> usize {
    let mut rest = class;
    loop {
        let part = last_part(rest, |b| matches!(b, b'.' | b'$'));
        if !is_short(part) {
            return rest.len();
        }
        rest = before(rest, (rest.len() - part.len()).saturating_sub(1));
    }
}

fn is_short(name: &str) -> bool {
    matches!(name.len(), 1 | 2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::Language;
    use crate::lang::java::{Java, frame};

    #[test]
    fn shortened_names_are_a_minifiers() {
        for (line, module) in [
            ("at a.b.c.a(Unknown Source:12)", ""),
            ("at a.b.c.a(SourceFile:3)", ""),
            ("at b4.c.a(r8-map-id-3f2a9c1b77aa4c0d:12)", ""),
            ("at b4.d.onClick(r8-map-id-3f2a9c1b77aa4c0d:3)", ""),
            ("at com.acme.shop.a.b.a(SourceFile:3)", "com.acme.shop"),
            ("at com.acme.shop.CartFragment$b.run(SourceFile:3)", "com.acme.shop.CartFragment"),
            ("at com.acme.shop.CartFragment.a(Unknown Source:3)", "com.acme.shop.CartFragment"),
            ("at b4.d$$ExternalSyntheticLambda0.onClick(R8$$SyntheticClass:0)", ""),
        ] {
            let found = frame(line).unwrap_or_else(|| panic!("{line}"));
            let symbol = Java.symbol(&found);
            assert_eq!((&*symbol.module, symbol.naming), (module, Naming::Minified), "{line}");
            assert_eq!(symbol.text(), module, "{line}");
        }
    }

    #[test]
    fn written_names_stay() {
        for (line, symbol) in [
            ("at com.acme.A.b(A.java:1)", "com.acme.A.b"),
            ("at a.b.c(c.java)", "a.b.c"),
            ("at com.acme.Cart.total(Unknown Source:2)", "com.acme.Cart.total"),
            ("at com.acme.Cart.total(SourceFile:2)", "com.acme.Cart.total"),
            ("at com.acme.Cart.a(Native Method)", "com.acme.Cart.a"),
        ] {
            let found: RawFrame<'_> = frame(line).unwrap_or_else(|| panic!("{line}"));
            let found = Java.symbol(&found);
            assert_eq!((found.text().as_str(), found.naming), (symbol, Naming::Named), "{line}");
        }
    }

    #[test]
    fn another_build_of_an_app_keeps_its_group() {
        let group = |message: &str, class: &str, method: &str| {
            let stack = format!(
                "java.lang.NullPointerException: {message}\n\tat {class}.{method}(SourceFile:12)\n\tat {class}a.onClick(SourceFile:3)\n\tat android.view.View.performClick(View.java:7448)\n"
            );
            let occurrence =
                crate::Occurrence { stacktrace: Some(&stack), ..crate::Occurrence::default() };
            crate::group(&occurrence, &crate::Rules::default())
        };
        let one = group("no size of a list", "b", "a");
        assert_eq!(one.quality, crate::Quality::Minified);
        assert_eq!(one.group, group("no size of a list", "c", "b").group);
        assert_ne!(one.group, group("no name of a user", "b", "a").group);
    }
}
