//! Paths of Rust functions as compilers print them, and which are not the app's.

use std::borrow::Cow;

use crate::chain::RawFrame;
use crate::lang::{Naming, Symbol};
use crate::text::{
    after, after_last, basename, before, find, path_parts, rsplit_at, split_at, until,
    without_starts,
};
use crate::words::Words;

/// Crates that are libraries where no path says so.
static CRATES: Words = Words::new(&[
    "actix",
    "actix_http",
    "actix_rt",
    "actix_server",
    "actix_web",
    "addr2line",
    "alloc",
    "anyhow",
    "async_std",
    "axum",
    "axum_core",
    "backtrace",
    "bytes",
    "clap",
    "clap_builder",
    "color_eyre",
    "core",
    "crossbeam",
    "diesel",
    "eyre",
    "futures",
    "futures_core",
    "futures_util",
    "gimli",
    "h2",
    "hashbrown",
    "http",
    "http_body",
    "hyper",
    "hyper_util",
    "mio",
    "object",
    "once_cell",
    "opentelemetry",
    "panic_unwind",
    "parking_lot",
    "prost",
    "rayon",
    "rayon_core",
    "redis",
    "regex",
    "reqwest",
    "ring",
    "rocket",
    "rustls",
    "sea_orm",
    "sentry",
    "serde",
    "serde_json",
    "sqlx",
    "sqlx_core",
    "std",
    "test",
    "tokio",
    "tokio_postgres",
    "tokio_rustls",
    "tonic",
    "tower",
    "tower_http",
    "tracing",
    "warp",
]);

/// The standard library, fetched crates, and what the system starts a program with.
pub(crate) fn is_library(frame: &RawFrame<'_>) -> bool {
    let is_fetched = path_parts(frame.file).any(|(folder, part)| {
        matches!(part, "rustc" | ".cargo" | ".rustup" | "vendor")
            || (folder == "library" && matches!(part, "std" | "core" | "alloc"))
    });
    if is_fetched || frame.function.is_empty() {
        return is_fetched;
    }
    // Names without a path are the system's, or those under which C calls the program.
    is_foreign(own_type(frame.function).0)
}

/// The path without hash, closures and parameters of types; its last part is the function.
pub(crate) fn fold<'a>(frame: &RawFrame<'a>) -> Symbol<'a> {
    let (path, method) = own_type(frame.function);
    let end = [
        find(path, "::{{"),
        find(path, "::{closure"),
        find(path, "::{async"),
        find(path, "{{vtable"),
    ];
    let path_end = end.into_iter().flatten().min().unwrap_or(path.len());
    let path = without_hash(before(path, path_end));
    let end = [find(method, "::{{"), find(method, "::{closure"), find(method, "::{async")];
    let method = before(method, end.into_iter().flatten().min().unwrap_or(method.len()));
    let method = without_starts(without_hash(method), "::").split('<').next().unwrap_or("");
    if frame.function.is_empty() {
        let file = basename(frame.file);
        let module = Cow::Borrowed(file.strip_suffix(".rs").unwrap_or(file));
        return Symbol { module, function: "", naming: Naming::Anonymous };
    }
    if !method.is_empty() {
        let method = after_last(method, "::");
        return Symbol {
            module: without_parameters(path),
            function: method,
            naming: Naming::Named,
        };
    }
    // The last part, unless it is only parameters: `parse::<u8>` is `parse`.
    let path = until(path, "::<");
    let open = path.find('<').unwrap_or(path.len());
    let (module, function) = match rsplit_at(path, "::")
        .filter(|(head, _)| head.len() < open || path.ends_with(|c: char| c != '>'))
    {
        Some((module, function)) => (without_parameters(module), function),
        None => (Cow::Borrowed(""), path),
    };
    let naming = if function.is_empty() { Naming::Anonymous } else { Naming::Named };
    Symbol { module, function, naming }
}

/// `<shop::Cart as core::fmt::Debug>::fmt` and `shop::cart::<impl core::fmt::Debug for shop::Cart>::fmt` are the type
/// `shop::Cart` and `::fmt`; other paths are whole. Of a type that is not the app's and a trait that is, it is the trait.
fn own_type(path: &str) -> (&str, &str) {
    let path = find(path, "::<impl ").map_or(path, |at| after(path, at + 2));
    if !path.starts_with('<') {
        return (path, "");
    }
    let mut depth = 0_u32;
    let end = path.bytes().position(|b| {
        match b {
            b'<' => depth += 1,
            b'>' => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0
    });
    let Some(end) = end else { return (path, "") };
    let inner = before(after(path, 1), end.saturating_sub(1));
    let inner = inner.strip_prefix("impl ").unwrap_or(inner);
    let method = after(path, end + 1);
    let (own, of_trait) = match (split_at(inner, " for "), split_at(inner, " as ")) {
        (Some((of_trait, own)), _) => (until(own, " as "), of_trait),
        (None, Some((own, of_trait))) => (own, of_trait),
        (None, None) => (inner, ""),
    };
    let is_trait = is_foreign(own) && !of_trait.is_empty() && !is_foreign(of_trait);
    (if is_trait { of_trait } else { own }, method)
}

/// Whether a path is a library's, or without a crate as parameters of types are.
fn is_foreign(path: &str) -> bool {
    let path = path.trim_start_matches(['&', '<', '*', '(', '[']);
    let path = path.strip_prefix("dyn ").or_else(|| path.strip_prefix("mut ")).unwrap_or(path);
    let first = until(path, "::");
    let first = first.split(['[', '<']).next().unwrap_or(first);
    find(path, "::").is_none() || CRATES.have(first)
}

/// `shop::total::h0123456789abcdef` without the last part.
fn without_hash(path: &str) -> &str {
    let is_hash = |part: &str| {
        part.len() == 17
            && part.starts_with('h')
            && part.bytes().skip(1).all(|b| b.is_ascii_hexdigit())
    };
    rsplit_at(path, "::").filter(|(_, part)| is_hash(part)).map_or(path, |(path, _)| path)
}

/// A path without `<…>` and `[…]`.
fn without_parameters(path: &str) -> Cow<'_, str> {
    if !path.contains(['<', '[']) {
        return Cow::Borrowed(path);
    }
    let mut depth = 0_u32;
    let mut out = String::with_capacity(path.len());
    for c in path.chars() {
        match c {
            '<' | '[' => depth += 1,
            '>' | ']' => depth = depth.saturating_sub(1),
            c if depth == 0 => out.push(c),
            _ => {}
        }
    }
    Cow::Owned(out.trim_end_matches("::").replace("::::", "::"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_fold_to_what_was_written() {
        for (path, symbol) in [
            ("shop::cart::total", "shop::cart.total"),
            ("shop::cart::total::h0123456789abcdef", "shop::cart.total"),
            ("shop::cart::total::{{closure}}::h0123456789abcdef", "shop::cart.total"),
            ("shop::cart::total::{closure#0}", "shop::cart.total"),
            ("shop::cart::Cart<T>::total", "shop::cart::Cart.total"),
            (
                "<shop::cart::Cart as core::fmt::Debug>::fmt::h0123456789abcdef",
                "shop::cart::Cart.fmt",
            ),
            ("<shop::cart::Cart<T>>::total", "shop::cart::Cart.total"),
            ("shop::cart::<impl shop::cart::Cart>::total", "shop::cart::Cart.total"),
            (
                "shop::_::<impl serde::de::Deserialize for shop::Cart>::deserialize::h0123456789abcdef",
                "shop::Cart.deserialize",
            ),
            ("<T as shop::ext::Ext>::run", "shop::ext::Ext.run"),
            ("<alloc::vec::Vec<T> as shop::ext::Ext>::stop", "shop::ext::Ext.stop"),
            ("shop::ext::<impl shop::ext::Ext for alloc::vec::Vec<T>>::run", "shop::ext::Ext.run"),
            ("shop[5e1f]::cart::total", "shop::cart.total"),
            ("shop::parse::<u8>", "shop.parse"),
            ("main", "main"),
        ] {
            let frame = RawFrame { function: path, ..RawFrame::default() };
            assert_eq!(fold(&frame).text(), symbol, "{path}");
        }
    }

    #[test]
    fn the_standard_library_and_fetched_crates_are_libraries() {
        for (function, file) in [
            ("rust_begin_unwind", "/rustc/abc/library/std/src/panicking.rs"),
            ("core::panicking::panic_fmt", ""),
            ("<alloc::boxed::Box<F,A> as core::ops::function::FnOnce<Args>>::call_once", ""),
            ("<F as core::ops::FnOnce>::call_once", ""),
            ("_start", ""),
            ("other::run", "/home/me/.cargo/registry/src/index-1/other-1.0/src/lib.rs"),
        ] {
            assert!(is_library(&RawFrame { function, file, ..RawFrame::default() }), "{function}");
        }
        for function in [
            "shop::run",
            "<T as shop::ext::Ext>::run",
            "shop::cart::<impl core::fmt::Display for shop::cart::Cart>::fmt",
        ] {
            let own = RawFrame { function, file: "./src/main.rs", ..RawFrame::default() };
            assert!(!is_library(&own), "{function}");
        }
    }
}
