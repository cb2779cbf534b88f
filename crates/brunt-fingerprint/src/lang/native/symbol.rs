//! Names of functions in Swift, Objective-C, C++ and C, and which code is the system's.

use std::borrow::Cow;

use crate::chain::RawFrame;
use crate::lang::{Naming, Symbol};
use crate::text::{
    after, basename, before, between, find, path_parts, rfind, rsplit_at, rsplit_byte,
    starts_with_ignore_case, without_starts,
};
use crate::words::{Beginnings, Words};

/// Modules of Apple's systems that no path gives away.
static APPLE_MODULES: Words = Words::new(&[
    "AppKit",
    "AttributeGraph",
    "AVFoundation",
    "AudioToolbox",
    "BackBoardServices",
    "CFNetwork",
    "Combine",
    "CoreAudio",
    "CoreData",
    "CoreFoundation",
    "CoreGraphics",
    "CoreImage",
    "CoreLocation",
    "CoreMedia",
    "CoreText",
    "Foundation",
    "FrontBoardServices",
    "GraphicsServices",
    "HIToolbox",
    "ImageIO",
    "JavaScriptCore",
    "MapKit",
    "Metal",
    "Network",
    "QuartzCore",
    "RunningBoardServices",
    "Security",
    "SpringBoardServices",
    "StoreKit",
    "SwiftUI",
    "SwiftUICore",
    "UIFoundation",
    "UIKit",
    "UIKitCore",
    "UserNotifications",
    "WebCore",
    "WebKit",
    "XCTest",
    "XCTestCore",
    "dyld",
    "dyld_sim",
    "libdyld.dylib",
    "xctest",
    "???",
    "<unknown>",
]);

/// Where systems keep their own code.
static SYSTEM_PATHS: Beginnings<9> = Beginnings::new([
    "/System/Library/",
    "/apex/",
    "/lib/",
    "/lib64/",
    "/system/",
    "/usr/lib/",
    "/usr/local/lib/",
    "/vendor/lib",
    "linux-vdso",
]);

/// Beginnings of what throws, aborts, checks and starts programs.
static SYSTEM_FUNCTIONS: Beginnings<47> = Beginnings::new([
    "Swift runtime failure",
    "Swift.",
    "_NSThrow",
    "_Unwind_",
    "__GI_",
    "__asan_",
    "__assert",
    "__cxa_",
    "__exceptionPreprocess",
    "__gnu_cxx::",
    "__interceptor_",
    "__libc_",
    "__msan_",
    "__pthread_",
    "__restore_rt",
    "__rethrow",
    "__sanitizer",
    "__stack_chk_fail",
    "__tsan_",
    "__ubsan_",
    "_assertionFailure",
    "_dispatch_",
    "_objc_",
    "_pthread_",
    "_sigtramp",
    "_start",
    "_swift_",
    "abort",
    "calloc",
    "clone",
    "closure #1 in _assertionFailure",
    "free",
    "gsignal",
    "kill",
    "libc_start",
    "malloc",
    "memcpy",
    "memmove",
    "objc_",
    "operator delete",
    "operator new",
    "pthread_",
    "raise",
    "realloc",
    "start_thread",
    "std::",
    "swift_",
]);

/// Beginnings of libraries' names, wherever they lie.
static SYSTEM_LIBRARIES: Beginnings<12> = Beginnings::new([
    "ld-linux",
    "libart.so",
    "libc++",
    "libc.so",
    "libdispatch",
    "libobjc.",
    "libpthread",
    "libsqlite3",
    "libstdc++",
    "libswift",
    "libsystem_",
    "libunwind",
]);

pub(crate) fn is_library(frame: &RawFrame<'_>) -> bool {
    let function = without_starts(frame.function, "(anonymous namespace)::");
    let function = function.strip_prefix("specialized ").unwrap_or(function);
    APPLE_MODULES.have(frame.module)
        || SYSTEM_PATHS.begin(frame.module)
        || is_windows_own(frame.module)
        || SYSTEM_LIBRARIES.begin(basename(frame.module))
        || SYSTEM_FUNCTIONS.begin(function)
        || is_library_file(frame.file)
}

/// `C:\Windows\System32\ntdll.dll`
fn is_windows_own(module: &str) -> bool {
    starts_with_ignore_case(after(module, 1), ":\\windows\\")
}

/// Compilers inline the standard library of C and C++, and then the file tells.
fn is_library_file(file: &str) -> bool {
    path_parts(file).any(|(folder, part)| {
        matches!(part, "c++" | "sysdeps" | "llvm-project" | "libsanitizer" | "compiler-rt")
            || (folder, part) == ("usr", "include")
    })
}

/// The name without offset, arguments, templates and what compilers add to copies of a function.
pub(crate) fn fold<'a>(frame: &RawFrame<'a>) -> Symbol<'a> {
    let image = image(frame);
    let name = without_offset(frame.function);
    if let Some(symbol) = objective_c(name) {
        return symbol;
    }
    let name = swift_owner(name);
    let is_unnamed = name.is_empty()
        || name.starts_with("0x")
        || name.starts_with("___lldb_unnamed_symbol")
        || matches!(
            name,
            "<redacted>"
                | "???"
                | "<unknown>"
                | "<deduplicated_symbol>"
                // What Sentry puts for a name that its user wants to keep private.
                | "stripped_application_code"
        );
    let unnamed = Symbol { module: Cow::Borrowed(image), function: "", naming: Naming::Anonymous };
    if is_unnamed {
        return unnamed;
    }
    let name = before(name, arguments_start(name)).trim_ascii_end();
    let name = match name.rfind(' ').filter(|_| find(name, "operator").is_none()) {
        // A return type stands before the name of a C++ template.
        Some(blank)
            if !between(name, 0, blank).contains('<')
                || find(after(name, blank), "::").is_some() =>
        {
            after(name, blank + 1)
        }
        _ => name,
    };
    let plain = before(name, clone_start(name));
    if is_lambda(plain) {
        return unnamed;
    }
    let (owner, function) = last_part(plain);
    let function = function.split('<').next().unwrap_or(function);
    let module = if owner.is_empty() { Cow::Borrowed(image) } else { without_templates(owner) };
    let naming = if function.is_empty() { Naming::Anonymous } else { Naming::Named };
    Symbol { module, function, naming }
}

/// The program or library, or the file where it is not known.
fn image<'a>(frame: &RawFrame<'a>) -> &'a str {
    let path = if frame.module.is_empty() { frame.file } else { frame.module };
    let name = basename(path);
    name.split('.').next().filter(|stem| !stem.is_empty()).unwrap_or(name)
}

/// `total(Cart*) + 12`, `total+0x1c`.
fn without_offset(name: &str) -> &str {
    let name = name.trim_ascii();
    let is_offset = |text: &str| {
        let digits = without_starts(text.trim_ascii(), "0x");
        !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_hexdigit())
    };
    match rsplit_byte(name, b'+') {
        Some((name, offset)) if is_offset(offset) => name.trim_ascii_end(),
        _ => name,
    }
}

/// `-[Cart total:]`, `+[Cart make]`, `__25-[Cart total:]_block_invoke_2`.
fn objective_c(name: &str) -> Option<Symbol<'_>> {
    let open = find(name, "-[").or_else(|| find(name, "+["))?;
    let call = after(name, open + 2);
    let (class, rest) = call.split_once(' ')?;
    let function = rest.split(']').next().unwrap_or(rest);
    let class = class.split('(').next().unwrap_or(class);
    Some(Symbol { module: Cow::Borrowed(class), function, naming: Naming::Named })
}

/// `closure #1 in Cart.total()` and other words before the function that was written.
fn swift_owner(name: &str) -> &str {
    let name = match rsplit_at(name, " in ") {
        Some((head, owner))
            if ["closure #", "implicit closure", "partial apply", "local func", "(", "defer"]
                .iter()
                .any(|mark| find(head, mark).is_some()) =>
        {
            owner
        }
        _ => name,
    };
    let mut name = name;
    let words = [
        "specialized ",
        "static ",
        "@objc ",
        "@nonobjc ",
        "partial apply for ",
        "thunk for ",
        "merged ",
        "closure ",
        "generic specialization ",
        "protocol witness for ",
        "class ",
        "dispatch thunk of ",
        "virtual thunk to ",
        "non-virtual thunk to ",
    ];
    while let Some(rest) = words.iter().find_map(|word| name.strip_prefix(word)) {
        name = rest;
    }
    name.strip_prefix("(anonymous namespace)::").unwrap_or(name)
}

/// Where the list of arguments begins, past `operator()` and anonymous namespaces.
fn arguments_start(name: &str) -> usize {
    let mut depth = 0_u32;
    for (at, b) in name.bytes().enumerate() {
        match b {
            b'<' if !before(name, at).ends_with("operator") => depth += 1,
            b'>' => depth = depth.saturating_sub(1),
            b'(' if depth == 0 && at > 0 => {
                let rest = after(name, at);
                let is_name = rest.starts_with("(anonymous namespace)")
                    || rest.starts_with("(lambda")
                    || before(name, at).ends_with("operator");
                if !is_name {
                    return at;
                }
            }
            _ => {}
        }
    }
    name.len()
}

/// `total.constprop.0`, `total.cold`: copies that a C compiler made. Swift's names have full stops of their own.
fn clone_start(name: &str) -> usize {
    let marks = ["constprop.", "isra.", "part.", "cold", "llvm.", "lto_priv"];
    memchr::memchr_iter(b'.', name.as_bytes())
        .find(|dot| marks.iter().any(|mark| after(name, dot + 1).starts_with(mark)))
        .unwrap_or(name.len())
}

/// What compilers call the class of a lambda, behind the function around it.
const LAMBDAS: [&str; 4] = ["::{lambda", "::<lambda", "::$_", "::(anonymous class)"];

/// Whether a function is that of a lambda outside of any other function, or of one whose class a debugger leaves out.
fn is_lambda(name: &str) -> bool {
    name == "operator()" || LAMBDAS.iter().any(|lambda| name.starts_with(after(lambda, 2)))
}

/// The owner and the function: `acme::Cart` and `total`, `Shop.Cart` and `total`. A lambda is its function.
fn last_part(name: &str) -> (&str, &str) {
    let lambda = LAMBDAS.iter().filter_map(|lambda| find(name, lambda)).min();
    let name = before(name, lambda.unwrap_or(name.len()));
    let open = name.find('<').unwrap_or(name.len());
    let mut end = name.len();
    let cpp = std::iter::from_fn(|| {
        end = rfind(before(name, end), "::")?;
        Some((end, end + 2))
    });
    // Separators inside template parameters are not this name's.
    let outside = |(at, _): &(usize, usize)| {
        let tail = after(name, *at);
        let n = |mark| memchr::memchr_iter(mark, tail.as_bytes()).count();
        n(b'<') >= n(b'>')
    };
    if let Some((at, next)) = { cpp }.find(outside) {
        return (before(name, at), after(name, next));
    }
    match before(name, open).rfind('.') {
        Some(dot) if dot > 0 => (before(name, dot), after(name, dot + 1)),
        _ => ("", name),
    }
}

fn without_templates(owner: &str) -> Cow<'_, str> {
    if !owner.contains('<') {
        return Cow::Borrowed(owner);
    }
    let mut depth = 0_u32;
    let kept = owner.chars().filter(|c| match c {
        '<' => {
            depth += 1;
            false
        }
        '>' => {
            depth = depth.saturating_sub(1);
            false
        }
        _ => depth == 0,
    });
    Cow::Owned(kept.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_can_be_searched() {
        SYSTEM_PATHS.assert_searchable();
        SYSTEM_FUNCTIONS.assert_searchable();
        SYSTEM_LIBRARIES.assert_searchable();
    }

    #[test]
    fn names_fold_to_what_was_written() {
        for (function, symbol) in [
            ("Cart.total() + 12", "Cart.total"),
            ("closure #1 in Cart.total() + 12", "Cart.total"),
            ("specialized Cart.total(of:) + 12", "Cart.total"),
            ("static Shop.Cart.make(_:) + 4", "Shop.Cart.make"),
            ("-[Cart total:] + 40", "Cart.total:"),
            ("__25-[Cart total:]_block_invoke_2 + 40", "Cart.total:"),
            (
                "acme::Cart::total(std::vector<int, std::allocator<int> > const&) const",
                "acme::Cart.total",
            ),
            ("acme::Cache<int>::get(int)", "acme::Cache.get"),
            ("int acme::parse<int>(char const*)", "acme.parse"),
            ("acme::Cart::total(int)::{lambda(int)#1}::operator()(int) const", "acme::Cart.total"),
            ("acme::Cart::total::<lambda_5db80dab47756d3e>::operator()", "acme::Cart.total"),
            ("acme::total(int)::<lambda(int)>::operator()(int) const", "acme.total"),
            ("acme::total::<lambda_1>::operator()::<lambda_2>::operator()", "acme.total"),
            ("acme::Cart::total(int)::$_0::operator()(int) const", "acme::Cart.total"),
            ("acme::Less::operator()(int) const", "acme::Less.operator()"),
            ("<lambda_5db80dab47756d3e>::operator()", "shop"),
            ("{lambda(int)#1}::operator()(int) const", "shop"),
            ("operator()", "shop"),
            ("total.constprop.0+0x1c", "shop.total"),
            ("Java_com_acme_Shop_total+120", "shop.Java_com_acme_Shop_total"),
            ("0x0000000100003f24", "shop"),
            ("", "shop"),
        ] {
            let frame = RawFrame { function, module: "/srv/shop", ..RawFrame::default() };
            assert_eq!(fold(&frame).text(), symbol, "{function}");
        }
    }
}
