//! From a story to the stack that its language prints.

use crate::compiled::{GO, NATIVE, RUST, SWIFT};
use crate::managed::{DART, DOTNET, ELIXIR, JAVA, KOTLIN};
use crate::scripts::{BROWSER, FIREFOX, NODE, PHP, PYTHON, RUBY};
use crate::story::{Call, FaultKind, Kind, Story};

/// An error as it is recorded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Printed {
    pub(crate) stack: String,
    /// Beside the stack, where the language does not print it in the stack.
    pub(crate) type_name: Option<String>,
    pub(crate) message: Option<String>,
}

impl Printed {
    pub(crate) fn text(stack: String) -> Self {
        Self { stack, ..Self::default() }
    }
}

/// How a language prints. In lists `{l}` stands for a line, `{n}` for the number of the frame, `{a}` for an address.
pub(crate) struct Dialect {
    /// Frames of libraries that throw.
    pub(crate) above: &'static [&'static str],
    /// Frames of frameworks that call the app.
    pub(crate) tail: &'static [&'static str],
    /// What an asynchronous runtime puts between frames.
    pub(crate) resume: &'static [&'static str],
    pub(crate) own: fn(&Story, Call, u32) -> String,
    pub(crate) print: fn(&Story) -> Printed,
}

pub(crate) fn dialect(kind: Kind) -> &'static Dialect {
    match kind {
        Kind::Java => &JAVA,
        Kind::Kotlin => &KOTLIN,
        Kind::Python => &PYTHON,
        Kind::Node => &NODE,
        Kind::Browser => &BROWSER,
        Kind::Firefox => &FIREFOX,
        Kind::Go => &GO,
        Kind::Rust => &RUST,
        Kind::DotNet => &DOTNET,
        Kind::Ruby => &RUBY,
        Kind::Php => &PHP,
        Kind::Swift => &SWIFT,
        Kind::Native => &NATIVE,
        Kind::Elixir => &ELIXIR,
        Kind::Dart => &DART,
    }
}

pub(crate) fn print(story: &Story) -> Printed {
    (dialect(story.kind).print)(story)
}

/// Frames from the innermost outwards, each with its line end.
pub(crate) fn lines(story: &Story) -> Vec<String> {
    let dialect = dialect(story.kind);
    let library = |list: &[&str], number: usize| format!("{}\n", list[number % list.len()]);
    let mut out: Vec<String> = Vec::new();
    out.extend(story.above.iter().map(|number| library(dialect.above, *number)));
    for (idx, (call, line)) in story.own().into_iter().enumerate() {
        // A runtime resumes callers, never the code that throws.
        if story.is_resumed && idx > 1 {
            out.push(library(dialect.resume, idx));
        }
        out.push((dialect.own)(story, call, line));
    }
    out.extend(story.tail.iter().map(|number| library(dialect.tail, *number)));
    out.into_iter().enumerate().map(|(idx, line)| fill(&line, story, idx)).collect()
}

/// Puts numbers in their places.
fn fill(line: &str, story: &Story, idx: usize) -> String {
    let address = story.address.wrapping_add(u64::try_from(idx).unwrap_or(0) * 0x1c);
    line.replace("{l}", &(story.line + 17).to_string())
        .replace("{n}", &idx.to_string())
        .replace("{nn}", &format!("{idx:02}"))
        .replace("{a}", &format!("{:012x}", address & 0xffff_ffff_ffff))
}

/// The name of a fault that is no type of the app.
pub(crate) fn fault_name(kind: FaultKind, generic: &str, recursion: &str) -> String {
    match kind {
        FaultKind::Specific(name) => name.pascal(),
        FaultKind::Generic => generic.to_owned(),
        FaultKind::Recursion => recursion.to_owned(),
    }
}
