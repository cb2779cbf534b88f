//! What V8, bundlers and transpilers make of names, and which code is not the app's.

use std::borrow::Cow;

use crate::chain::RawFrame;
use crate::lang::{Naming, Symbol};
use crate::text::{
    after, after_last, basename, before, digits_at_end, has_any, has_only, holds, last_part,
    path_parts, split_at, split_byte, starts_with_ignore_case, until, without_starts,
};
use crate::words::Words;

/// Objects that stand before a function's name and say nothing.
static RECEIVERS: Words = Words::new(&[
    "Object",
    "Module",
    "exports",
    "module",
    "Function",
    "window",
    "Window",
    "global",
    "globalThis",
]);

/// Functions that transpilers and bundlers put between two functions of the app.
static ASYNC_MARKERS: Words = Words::new(&[
    "asyncGeneratorStep",
    "_asyncToGenerator",
    "asyncToGenerator",
    "__awaiter",
    "__generator",
    "_next",
    "_throw",
    "fulfilled",
    "rejected",
    "tryCatch",
    "__webpack_require__",
    "__webpack_exec__",
    "webpackJsonpCallback",
]);

/// Node's own files in releases before 16, which print no `node:`.
static NODE_FILES: Words = Words::new(&[
    "_http_agent.js",
    "_http_client.js",
    "_http_common.js",
    "_http_incoming.js",
    "_http_outgoing.js",
    "_http_server.js",
    "_stream_duplex.js",
    "_stream_readable.js",
    "_stream_transform.js",
    "_stream_writable.js",
    "_tls_wrap.js",
    "assert.js",
    "async_hooks.js",
    "bootstrap_node.js",
    "buffer.js",
    "child_process.js",
    "dgram.js",
    "dns.js",
    "domain.js",
    "events.js",
    "fs.js",
    "http.js",
    "https.js",
    "module.js",
    "net.js",
    "node.js",
    "stream.js",
    "timers.js",
    "url.js",
    "vm.js",
    "zlib.js",
]);

/// Folders of sources. A file called `index` inside one of their folders is that folder's module.
const SOURCE_FOLDERS: [&str; 7] =
    ["src", "pages", "routes", "app", "lib", "packages", "components"];

/// Built-ins, the runtime, installed packages, browser extensions and transpilers' helpers.
pub(crate) fn is_library(frame: &RawFrame<'_>) -> bool {
    let file = frame.file;
    let is_runtime = ["node:", "internal/", "deno:", "ext:", "bun:", "native:", "wasm:"]
        .iter()
        .any(|start| file.starts_with(start));
    let is_built_in = matches!(file, "native" | "<anonymous>")
        || (file.is_empty() && frame.line.is_none())
        || file.starts_with("index ");
    let is_extension =
        || split_at(file, "://").is_some_and(|(scheme, _)| scheme.ends_with("-extension"));
    if is_runtime || is_built_in || is_extension() || NODE_FILES.have(file) {
        return true;
    }
    let is_package = |(folder, part): (&str, &str)| {
        matches!(
            part,
            "node_modules" | "bower_components" | "jspm_packages" | ".yarn" | "(webpack)"
        ) || (folder == "webpack" && (part.starts_with("bootstrap") || part.starts_with("runtime")))
    };
    if path_parts(file).any(is_package) {
        return true;
    }
    let stem = basename(file);
    let is_vendor_chunk = [
        "vendor.",
        "vendors.",
        "vendor-",
        "vendors-",
        "vendors~",
        "polyfills",
        "framework-",
        "runtime~",
    ]
    .iter()
    .any(|start| starts_with_ignore_case(stem, start));
    let function = until(frame.function, " [as ");
    is_vendor_chunk
        || function.starts_with("Generator.")
        || ASYNC_MARKERS.have(last_part(function, |b| b == b'.'))
}

/// File and function as they were written, as far as the build kept them.
pub(crate) fn fold<'a>(frame: &RawFrame<'a>) -> Symbol<'a> {
    let (function, naming) = fold_function(frame.function);
    Symbol { module: module(frame.file), function, naming }
}

fn fold_function(raw: &str) -> (&str, Naming) {
    let mut name = until(raw, " [as ").trim_ascii();
    for word in ["get ", "set ", "async ", "static "] {
        name = name.strip_prefix(word).unwrap_or(name);
    }
    // Top-level code of a bundled module is called by the module's path.
    if has_any(name, |b| matches!(b, b'/' | b'\\')) {
        return ("", Naming::Anonymous);
    }
    // Frameworks of classes before 2015 stack the names of what encloses a function.
    name = after_last(name, "<anonymous>.");
    while let Some((receiver, rest)) = split_byte(name, b'.') {
        let written = without_number(receiver).unwrap_or(receiver);
        if !RECEIVERS.have(receiver) && without_starts(written, "new ").len() > 2 {
            break;
        }
        name = rest;
    }
    name = without_number(name).unwrap_or(name);
    let last = last_part(name, |b| b == b'.');
    let last = last.strip_prefix("new ").unwrap_or(last);
    let is_generated =
        last.starts_with('<') || (last.starts_with("_callee") && last.ends_with('$'));
    if is_generated || holds(&["", "anonymous", "eval", "default"], last) {
        return ("", Naming::Anonymous);
    }
    (name, if last.len() <= 2 { Naming::Minified } else { Naming::Named })
}

/// A name without the number by which a bundler tells it from others of that name, as in `parse$2`; `None` for a name
/// as it was written.
fn without_number(name: &str) -> Option<&str> {
    let (written, number) = digits_at_end(name);
    written.strip_suffix('$').filter(|written| !number.is_empty() && !written.is_empty())
}

/// The file without folders, query, extension, and the hash that a bundler puts into its name.
fn module(file: &str) -> Cow<'_, str> {
    let query = memchr::memchr2(b'?', b'#', file.as_bytes());
    let path = before(file, query.unwrap_or(file.len()));
    let name = basename(path);
    let stem = strip_extensions(name);
    if holds(&["index", "page", "route", "layout", "+page", "+server", "+layout"], stem)
        && let Some(folder) = module_folder(before(path, path.len() - name.len()))
    {
        return Cow::Borrowed(folder);
    }
    let stem = without_hash(stem);
    if !stem.bytes().any(|b| matches!(b, b'.' | b'-' | b'_' | b'~')) {
        return Cow::Borrowed(if is_hash(stem) { "chunk" } else { stem });
    }
    let parts = || stem.split_inclusive(['.', '-', '_', '~']);
    let is_kept = |part: &&str| !is_hash(part.trim_end_matches(['.', '-', '_', '~']));
    if parts().all(|part| is_kept(&part)) {
        return Cow::Borrowed(stem);
    }
    let kept: String = parts().filter(is_kept).collect();
    let kept = kept.trim_end_matches(['.', '-', '_', '~']);
    Cow::Owned(if kept.is_empty() { "chunk".to_owned() } else { kept.to_owned() })
}

fn strip_extensions(name: &str) -> &str {
    let mut stem = name.strip_suffix(".jsbundle").unwrap_or(name);
    for extension in [
        ".map", ".js", ".mjs", ".cjs", ".jsx", ".ts", ".mts", ".cts", ".tsx", ".vue", ".svelte",
        ".bundle", ".chunk", ".min",
    ] {
        stem = stem.strip_suffix(extension).filter(|stem| !stem.is_empty()).unwrap_or(stem);
    }
    stem
}

/// The last folder, where it lies inside a folder of sources and so belongs to the project and not to a machine.
fn module_folder(folders: &str) -> Option<&str> {
    let mut parts = folders.trim_end_matches(['/', '\\']).rsplit(['/', '\\']);
    let last = parts.next().filter(|last| {
        !last.is_empty() && !SOURCE_FOLDERS.contains(last) && !last.ends_with(':')
    })?;
    let mut parts = parts.peekable();
    while let Some(part) = parts.next() {
        if SOURCE_FOLDERS.contains(&part) && parts.peek() != Some(&"usr") {
            return Some(last);
        }
    }
    None
}

/// Bytes of the hashes that Rollup, Vite and esbuild write: of base64url, or of capitals and the digits 2 to 7.
const HASH_BYTES: usize = 8;

/// A file's name without the hash at its end, behind a hyphen or a full stop.
///
/// Such a hash may itself have hyphens, and so is none of the name's parts. One in ten of base64url reads like a name,
/// such as `BcartOpq`, and stays; a word of eight capitals, such as `SETTINGS`, goes.
fn without_hash(stem: &str) -> &str {
    let start = stem.len().saturating_sub(HASH_BYTES);
    let head = before(stem, start);
    let name = head.strip_suffix(['-', '.']).filter(|name| !name.is_empty());
    name.filter(|_| is_random(after(stem, start))).unwrap_or(stem)
}

/// Whether no one writes a name like that: a small letter behind a digit, nothing but capitals, or three and more
/// capitals apart from each other, as they are neither in `Overview2` nor in `fromJSON`.
fn is_random(part: &str) -> bool {
    if !has_only(part, |b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_')) {
        return false;
    }
    let bytes = part.as_bytes();
    let n_capitals = bytes.iter().filter(|b| b.is_ascii_uppercase()).count();
    let n_runs = bytes.chunk_by(|a, b| a.is_ascii_uppercase() == b.is_ascii_uppercase());
    let n_runs = n_runs.filter(|run| run.iter().any(u8::is_ascii_uppercase)).count();
    let is_mixed = bytes
        .windows(2)
        .any(|pair| matches!(pair, [a, b] if a.is_ascii_digit() && b.is_ascii_lowercase()));
    let has_small = bytes.iter().any(u8::is_ascii_lowercase);
    (is_mixed && n_capitals > 0) || (n_capitals >= 3 && (n_runs >= 2 || !has_small))
}

/// A number, or six and more letters and digits of which some are digits, or letters that change case too often.
fn is_hash(part: &str) -> bool {
    if has_only(part, |b| b.is_ascii_digit()) {
        return !part.is_empty();
    }
    // SHA-256 and longer ones are written in full.
    let is_hex = has_only(part, |b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    if is_hex && part.len() > 40 {
        return true;
    }
    if part.len() < 6 || part.len() > 40 || !has_only(part, |b| b.is_ascii_alphanumeric()) {
        return false;
    }
    let n_digits = part.bytes().filter(u8::is_ascii_digit).count();
    let n_changes = part
        .as_bytes()
        .windows(2)
        .filter(|pair| matches!(pair, [a, b] if a.is_ascii_lowercase() && b.is_ascii_uppercase()))
        .count();
    (is_hex && part.len() >= 8)
        || n_digits >= 2
        || (n_digits >= 1 && n_changes >= 1)
        || (part.len() >= 8 && n_changes >= 3)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame<'a>(function: &'a str, file: &'a str) -> RawFrame<'a> {
        RawFrame { function, file, ..RawFrame::default() }
    }

    #[test]
    fn names_fold_to_what_was_written() {
        for (function, file, symbol) in [
            ("Object.checkout", "/srv/app/cart.js", "cart.checkout"),
            ("CartService.add [as addItem]", "/srv/app/cart.ts", "cart.CartService.add"),
            ("new Cart", "file:///srv/cart.mjs", "cart.new Cart"),
            ("module.exports.run", "C:\\srv\\cart.js", "cart.run"),
            ("Object.<anonymous>", "/srv/cart.js", "cart"),
            ("", "https://shop.example/assets/main.3f2a9c1b.js?v=2", "main"),
            ("pay", "https://shop.example/assets/index-BxY3kz9Q.js", "index.pay"),
            ("pay", "https://shop.example/123.abcdef12.chunk.js", "chunk.pay"),
            ("pay", "webpack-internal:///./src/cart/index.tsx", "cart.pay"),
            ("pay", "/usr/src/shop/index.js", "index.pay"),
            ("pay", "/home/a/shop/src/cart/index.js", "cart.pay"),
            ("n.pay", "main.js", "main.pay"),
            ("t", "main.js", "main"),
            ("pay$2", "main.js", "main.pay"),
            ("pp$1.pay$2 [as buy]", "main.js", "main.pay"),
            ("Cart$1.pay", "main.js", "main.Cart$1.pay"),
            ("Cart.pay$2", "main.js", "main.Cart.pay"),
            ("$2", "main.js", "main"),
            ("_callee2$", "main.js", "main"),
            ("./src/cart.js", "main.js", "main"),
            ("HTMLButtonElement.<anonymous>", "main.js", "main"),
            ("Node.Object.<anonymous>.Node.send", "main.js", "main.Node.send"),
        ] {
            assert_eq!(fold(&frame(function, file)).text(), symbol, "{function} {file}");
        }
        assert_eq!(fold(&frame("e.t", "main.js")).naming, Naming::Minified);
    }

    #[test]
    fn hashes_of_bundlers_go_and_names_stay() {
        let sha = "3f2a9c1b77aa4c0d".repeat(4);
        for (stem, kept) in [
            ("cart-B4Q2x7Lk", "cart"),
            ("cart-CRqaXwYz", "cart"),
            ("cart-D3fG_h-1", "cart"),
            ("cart-Dx-Gfh1z", "cart"),
            ("cart-D_fGfh1z", "cart"),
            ("cart--DfGfh1z", "cart"),
            ("cart-3NMN3MUW", "cart"),
            ("cart-QWERTYUI", "cart"),
            ("cart.DkMaxQLk", "cart"),
            ("cart-list.DkMaxQLk", "cart-list"),
            (&format!("application-{sha}"), "application"),
            ("cart-Overview", "cart-Overview"),
            ("cart-Checkout1", "cart-Checkout1"),
            ("cart-Overview2", "cart-Overview2"),
            ("cart-Version2", "cart-Version2"),
            ("order-lineItem", "order-lineItem"),
            ("order-UserInfo", "order-UserInfo"),
            ("order-fromJSON", "order-fromJSON"),
            ("time-IANAZone", "time-IANAZone"),
            ("my-checkout", "my-checkout"),
            ("user-settings", "user-settings"),
            ("user-PROFILE", "user-PROFILE"),
            ("my-big-cart", "my-big-cart"),
            ("My-Big-Cart", "My-Big-Cart"),
            ("Cart-V1-Beta2", "Cart-V1-Beta2"),
            ("jquery-3.7.1", "jquery"),
            ("cart-item-2", "cart-item"),
            ("CartView", "CartView"),
        ] {
            assert_eq!(module(&format!("/assets/{stem}.js")), kept, "{stem}");
        }
    }

    #[test]
    fn packages_and_runtimes_are_libraries() {
        for (function, file) in [
            ("Layer.handle", "/srv/node_modules/express/lib/router/layer.js"),
            ("process.processTicksAndRejections", "node:internal/process/task_queues"),
            ("Module._compile", "internal/modules/cjs/loader.js"),
            ("emit", "events.js"),
            ("Array.map", "<anonymous>"),
            ("Promise.all", "index 0"),
            ("run", "chrome-extension://abcdef/content.js"),
            ("run", "webpack-internal:///./node_modules/react-dom/index.js"),
            ("Generator.next", "main.js"),
            ("asyncGeneratorStep", "main.js"),
            ("run", "https://shop.example/vendors~main.abc123.js"),
        ] {
            assert!(is_library(&frame(function, file)), "{function} {file}");
        }
        assert!(!is_library(&frame("run", "https://shop.example/main.js")));
        assert!(!is_library(&frame("run", "/srv/app/events.js")));
    }
}
