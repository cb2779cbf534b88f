//! Elixir and Erlang: `(app version) file:line: Module.function/arity`, and Erlang's own terms.

use std::borrow::Cow;
use std::sync::LazyLock;

use memchr::memmem::Finder;

use crate::chain::{Body, Exception, RawFrame, Stack};
use crate::lang::{Lang, Language, Naming, Symbol};
use crate::text::{
    Lines, after, basename, before, between, find, path_parts, rsplit_at, rsplit_byte, split_at,
    without_starts,
};
use crate::words::Words;

/// Applications of the two languages and of widely used libraries.
static LIBRARIES: Words = Words::new(&[
    "absinthe",
    "bandit",
    "broadway",
    "castore",
    "compiler",
    "cowboy",
    "cowlib",
    "crypto",
    "db_connection",
    "decimal",
    "eex",
    "elixir",
    "ex_unit",
    "ecto",
    "ecto_sql",
    "finch",
    "gettext",
    "gun",
    "hackney",
    "httpoison",
    "iex",
    "inets",
    "jason",
    "kernel",
    "logger",
    "mint",
    "mix",
    "myxql",
    "nimble_pool",
    "oban",
    "phoenix",
    "phoenix_html",
    "phoenix_live_view",
    "plug",
    "plug_cowboy",
    "poison",
    "postgrex",
    "ranch",
    "redix",
    "sentry",
    "ssl",
    "stdlib",
    "telemetry",
    "tesla",
]);
/// Modules of Erlang's own system.
static MODULES: Words = Words::new(&[
    "application",
    "binary",
    "elixir",
    "erl_eval",
    "erlang",
    "ets",
    "file",
    "gen",
    "gen_event",
    "gen_server",
    "gen_statem",
    "gen_tcp",
    "init",
    "io",
    "lists",
    "maps",
    "proc_lib",
    "re",
    "string",
    "supervisor",
    "timer",
    "unicode",
]);

#[derive(Debug)]
pub(crate) struct Erlang;

impl Language for Erlang {
    fn lang(&self) -> Lang {
        Lang::Erlang
    }

    fn names(&self) -> &'static [&'static str] {
        &["erlang", "elixir", "beam"]
    }

    fn first_bytes(&self) -> &'static [u8] {
        b"(adiltw{:*/"
    }

    fn frame<'a>(&self, line: &'a str, _: &'a str) -> Option<RawFrame<'a>> {
        elixir(line).or_else(|| report(line)).or_else(|| term(line))
    }

    fn parse<'a>(&self, text: &'a str) -> Stack<'a> {
        static REPORT: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("** ("));
        let is_frame = |line: &str| self.frame(line, "").is_some();
        let first = Lines::of(text).find(|(_, line)| is_frame(line));
        let start = first.map_or(text.len(), |(start, _)| start);
        let (type_name, message) = header(before(text, start));
        // A second report in one text is another error; a linked process's words stand between frames.
        let mut reports = REPORT.find_iter(after(text, start).as_bytes());
        let other = reports.find(|at| !after(text, start + at).starts_with("** (EXIT"));
        let end = other.map_or(text.len(), |at| start + at);
        let body = Body::of(between(text, start, end));
        let exception =
            Exception { type_name, message: Cow::Borrowed(message), body, ..Exception::default() };
        Stack { chain: vec![exception], ..Stack::default() }
    }

    fn is_library(&self, frame: &RawFrame<'_>) -> bool {
        let first = frame.function.trim_start_matches(':');
        let first = first.split(['.', ':', ',']).next().unwrap_or(first);
        LIBRARIES.have(frame.module)
            || MODULES.have(first)
            || path_parts(frame.file).any(|(_, part)| part == "deps")
    }

    fn symbol<'a>(&self, frame: &RawFrame<'a>) -> Symbol<'a> {
        fold(frame)
    }

    fn fold_type<'a>(&self, name: &'a str) -> &'a str {
        name.strip_prefix("Elixir.").unwrap_or(name)
    }
}

/// `** (Type) message` on the last line that has it; Erlang's `exception error: message`.
fn header(header: &str) -> (&str, &str) {
    if let Some((_, rest)) = rsplit_at(header, "** (")
        && let Some((name, message)) = rest.split_once(')')
    {
        return (name, message.trim_ascii());
    }
    match rsplit_at(header, "exception ") {
        Some((_, rest)) => {
            let (kind, message) = split_at(rest, ": ").unwrap_or((rest, ""));
            (kind.trim_ascii(), message.trim_ascii())
        }
        None => ("", header.trim_ascii()),
    }
}

/// `    (shop 0.1.0) lib/shop/cart.ex:42: Shop.Cart.total/1`, with or without the application and its version.
fn elixir(line: &str) -> Option<RawFrame<'_>> {
    let line = line.trim_ascii();
    let (app, rest) = match line.strip_prefix('(').and_then(|rest| split_at(rest, ") ")) {
        Some((app, rest)) => (app.split(' ').next().unwrap_or(app), rest),
        None => ("", line),
    };
    let extension_end = |dot: usize| {
        let name = after(rest, dot + 1);
        ["ex:", "erl:", "exs:", "eex:", "heex:", "leex:"]
            .iter()
            .find(|extension| name.starts_with(**extension))
            .map(|extension| dot + 1 + extension.len())
    };
    let dot = memchr::memchr_iter(b'.', rest.as_bytes()).find_map(extension_end);
    let Some(number_at) = dot else {
        // Functions that are built in have no file: `:erlang.binary_to_integer("x")`.
        let is_built_in = rest.starts_with(':')
            && rest.contains('.')
            && find(rest, ": ").is_none()
            && rest.ends_with(')');
        let is_plain = !app.is_empty() && has_arity(rest);
        return (is_built_in || is_plain).then_some(RawFrame {
            module: app,
            function: rest,
            ..RawFrame::default()
        });
    };
    let digits = after(rest, number_at).bytes().take_while(u8::is_ascii_digit).count();
    let function = after(rest, number_at + digits).strip_prefix(": ")?;
    let file = before(rest, number_at - 1);
    let is_file = digits > 0 && !file.contains([' ', '"', '(']);
    is_file.then(|| RawFrame {
        module: app,
        function,
        file,
        line: between(rest, number_at, number_at + digits).parse().ok(),
        ..RawFrame::default()
    })
}

fn has_arity(name: &str) -> bool {
    rsplit_byte(name, b'/').is_some_and(|(head, arity)| {
        !head.is_empty() && !arity.is_empty() && arity.bytes().all(|b| b.is_ascii_digit())
    })
}

/// `in function  shop_cart:total/1 (shop_cart.erl, line 42)`, `in call from …`.
fn report(line: &str) -> Option<RawFrame<'_>> {
    let (call, place) = rsplit_at(line.trim_ascii().strip_suffix(')')?, " (")?;
    let (file, number) = split_at(place, ", line ")?;
    let function = call.rsplit(' ').next()?;
    let is_call = function.contains(':') && has_arity(function);
    is_call.then(|| RawFrame { function, file, line: number.parse().ok(), ..RawFrame::default() })
}

/// `{shop_cart,total,1,[{file,"src/shop_cart.erl"},{line,42}]}`.
fn term(line: &str) -> Option<RawFrame<'_>> {
    memchr::memchr(b'{', line.as_bytes())?;
    let (call, place) = split_at(line, ",[{file,\"")?;
    let (file, rest) = split_at(place, "\"},{line,")?;
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let start = call.rfind('{')? + 1;
    let function = after(call, start);
    function.contains(',').then(|| RawFrame {
        function,
        file,
        line: before(rest, digits).parse().ok(),
        ..RawFrame::default()
    })
}

/// Module and function without arity or arguments; anonymous functions are folded into the one around them.
fn fold<'a>(frame: &RawFrame<'a>) -> Symbol<'a> {
    let name = frame.function;
    let name = match rsplit_at(name, " in ") {
        Some((_, owner)) if name.starts_with("anonymous fn") => owner,
        _ => name,
    };
    // Terms name module, function and arity between commas.
    let (module, function) = match name.split_once(',') {
        Some((module, rest)) if !name.contains(['(', ' ']) => {
            (module, rest.split(',').next().unwrap_or(rest))
        }
        _ => call_parts(name),
    };
    let function = function.trim_matches(['\'', '"']);
    // Erlang calls closures of `total` `-total/1-fun-0-`, comprehensions `-total/1-lc$^0/1-0-`.
    let function =
        function.strip_prefix('-').map_or(function, |rest| rest.split('/').next().unwrap_or(rest));
    let module = without_starts(module.trim_start_matches(':'), "Elixir.");
    let is_anonymous = function.is_empty() || function.starts_with('(') || function == "__FILE__";
    let stem = basename(frame.file).split('.').next().unwrap_or("");
    let module = if module.is_empty() { stem } else { module };
    let naming = if is_anonymous { Naming::Anonymous } else { Naming::Named };
    Symbol { module: Cow::Borrowed(module), function, naming }
}

/// `Shop.Cart.total/1`, `Shop.Cart.total(nil)`, `shop_cart:total/1`, `Shop.Cart."-fun.total/1-"/2`.
fn call_parts(name: &str) -> (&str, &str) {
    let quoted = find(name, ".\"").map(|at| (at, at + 2));
    let end = name.find('(').unwrap_or(name.len());
    let head = before(name, end);
    let head =
        if has_arity(head) { rsplit_byte(head, b'/').map_or(head, |(head, _)| head) } else { head };
    let plain = head.rfind(['.', ':']).map(|at| (at, at + 1));
    match quoted.or(plain) {
        Some((at, next)) => (before(head, at), without_starts(after(head, next), "-fun.")),
        None => ("", head),
    }
}

#[cfg(test)]
mod tests;
