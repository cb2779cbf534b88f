//! Stacks as gin and its relatives list them after a panic: places with a counter, and below each the function without
//! its package, where the source can be read.

use std::borrow::Cow;

use crate::lang::go::libraries;
use crate::text::{
    Lines, after, basename, before, byte, extension, find, has_any, has_only, path_parts,
    rsplit_at, rsplit_byte, split_at,
};

/// What stands above the list, behind the time.
const RECOVERED: &str = "panic recovered:";

/// `/srv/shop/cart.go:12 (0x6f0a1b)`, alone on its line.
pub(crate) fn place(line: &str) -> Option<(&str, Option<u32>)> {
    let line = line.trim_ascii().strip_suffix(')')?;
    let (place, counter) = rsplit_byte(line, b'(')?;
    let counter = counter.strip_prefix("0x")?;
    let (file, number) = rsplit_byte(place.strip_suffix(' ')?, b':')?;
    let is_place = !counter.is_empty()
        && has_only(counter, |b| b.is_ascii_hexdigit())
        && !number.is_empty()
        && has_only(number, |b| b.is_ascii_digit())
        && extension(file) == "go"
        && !has_any(file, |b| matches!(b, b'(' | b'"' | b'\''));
    is_place.then(|| (file, number.parse().ok()))
}

/// `(*Cart).Total` of the line below a place, `\t(*Cart).Total: return c.sum()`; empty where the source was not found.
pub(crate) fn function(below: &str) -> &str {
    let line = Lines::of(below).next().map_or("", |(_, line)| line.trim_ascii());
    let name = split_at(line, ": ").map_or("", |(name, _)| name);
    let is_name = name != "???" && !has_any(name, |b| matches!(b, b' ' | b'/' | b':'));
    if is_name && place(line).is_none() { name } else { "" }
}

/// The package of a file. Only folders tell: the whole path of a build without the paths of its machine and of sources
/// in `src/`, else the last folder. `main.go` is by habit of the package `main`.
pub(crate) fn package(file: &str) -> &str {
    let name = basename(file);
    if name == "main.go" {
        return "main";
    }
    let folder = before(file, file.len() - name.len()).trim_end_matches(['/', '\\']);
    if is_relative(file) {
        return folder;
    }
    let in_sources = rsplit_at(folder, "/src/")
        .map(|(_, path)| path)
        .filter(|path| find(before(path, path.find('/').unwrap_or(0)), ".").is_some());
    in_sources.unwrap_or_else(|| basename(folder))
}

/// A place without a function is in some function of its file.
pub(crate) fn unnamed<'a>(package: &'a str, file: &'a str) -> Cow<'a, str> {
    Cow::Owned([package, "/", basename(file)].concat())
}

/// Whether a file is a library's. A last folder such as `log` may be the app's own, so that paths alone count.
pub(crate) fn is_library(package: &str, file: &str) -> bool {
    let named = if is_relative(file) { package } else { "" };
    libraries::holds(named, file) || is_toolchain(file)
}

fn is_relative(file: &str) -> bool {
    !file.starts_with(['/', '\\']) && byte(file, 1) != Some(b':')
}

/// `/opt/go1.22/src/runtime/panic.go`, `/opt/go/1.22.1/x64/src/runtime/panic.go`, `C:/Program Files/Go/src/…`. The
/// folder `go/src` of a user holds that user's own sources.
fn is_toolchain(file: &str) -> bool {
    let Some((root, path)) = rsplit_at(file, "/src/") else { return false };
    let is_go = |(folder, part): (&str, &str)| {
        part == "Go"
            || part.starts_with("go1.")
            || folder == "go"
            || (part == "go" && matches!(folder, "local" | "lib" | "share" | "opt"))
    };
    libraries::is_standard(path) && path_parts(root).any(is_go)
}

/// The message of a panic that the middleware has logged, below the request that it logged too.
pub(crate) fn message(header: &str) -> Option<&str> {
    let (_, logged) = split_at(header, RECOVERED)?;
    let logged = logged.trim_ascii_start();
    let request = Lines::of(logged).next().map_or("", |(_, line)| line.trim_ascii_end());
    let is_request = rsplit_byte(request, b' ').is_some_and(|(_, last)| last.starts_with("HTTP/"));
    let end = find(logged, "\n\n").filter(|_| is_request).unwrap_or(0);
    Some(after(logged, end).trim_ascii())
}

/// Whether another panic is logged here.
pub(crate) fn is_next(line: &str) -> bool {
    find(line, RECOVERED).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_read() {
        let panic = "/usr/local/go/src/runtime/panic.go";
        assert_eq!(place(&format!("{panic}:261 (0x44d0d6)")), Some((panic, Some(261))));
        assert_eq!(place("C:/shop/cart.go:3 (0x1)"), Some(("C:/shop/cart.go", Some(3))));
        for line in ["main.run(0x1)", "/a/b.go:3 +0x1d", "/a/b.go:3 (0x)", "/a/b.c:3 (0x1)"] {
            assert_eq!(place(line), None, "{line}");
        }
    }

    #[test]
    fn functions_stand_below() {
        for (below, name) in [
            ("\tGetOrder: c.JSON(200, o.Items)\n", "GetOrder"),
            ("\t(*Context).Next: c.handlers[c.index](c)\n", "(*Context).Next"),
            ("\trun.func1: a ? b : c", "run.func1"),
            ("\t???: ???", ""),
            ("/a/b.go:3 (0x1)\n\trun: x()", ""),
            ("", ""),
        ] {
            assert_eq!(function(below), name, "{below}");
        }
    }

    #[test]
    fn folders_tell_packages_and_libraries() {
        for (file, name, is_foreign) in [
            ("/app/handlers/orders.go", "handlers", false),
            ("/app/main.go", "main", false),
            ("/app/internal/log/log.go", "log", false),
            ("/go/src/github.com/acme/shop/cart/cart.go", "github.com/acme/shop/cart", false),
            ("github.com/acme/shop/cart/cart.go", "github.com/acme/shop/cart", false),
            ("/go/src/internal/cart.go", "internal", false),
            ("C:/shop/cart/cart.go", "cart", false),
            ("net/http/server.go", "net/http", true),
            ("/usr/local/go/src/net/http/server.go", "http", true),
            ("/opt/hostedtoolcache/go/1.22.1/x64/src/runtime/panic.go", "runtime", true),
            ("/root/sdk/go1.22.1/src/runtime/panic.go", "runtime", true),
            ("C:/Program Files/Go/src/runtime/panic.go", "runtime", true),
            ("/go/pkg/mod/github.com/gin-gonic/gin@v1.9.1/context.go", "gin@v1.9.1", true),
            ("/app/vendor/github.com/x/y/y.go", "y", true),
        ] {
            assert_eq!(
                (package(file), is_library(package(file), file)),
                (name, is_foreign),
                "{file}"
            );
        }
    }
}
