//! The seam between languages and everything else, and the choice of a language.

mod dart;
mod dotnet;
mod erlang;
mod go;
mod java;
mod javascript;
mod native;
mod php;
mod python;
mod ruby;
mod rust;

use std::borrow::Cow;
use std::fmt::Debug;
use std::sync::LazyLock;

use crate::chain::{RawFrame, Stack};
use crate::text::{Lines, after, holds};

/// A language whose stacks are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Lang {
    /// Java and whatever else runs on its machine.
    Java,
    /// Python 2.7 and 3.
    Python,
    /// JavaScript and what compiles to it, on any engine.
    JavaScript,
    /// Go.
    Go,
    /// Rust.
    Rust,
    /// C#, F# and Visual Basic.
    DotNet,
    /// Ruby.
    Ruby,
    /// PHP.
    Php,
    /// Swift, Objective-C, C++ and C.
    Native,
    /// Elixir and Erlang.
    Erlang,
    /// Dart and Flutter.
    Dart,
}

impl Lang {
    /// The name that tables and SQL use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Java => "java",
            Self::Python => "python",
            Self::JavaScript => "javascript",
            Self::Go => "go",
            Self::Rust => "rust",
            Self::DotNet => "dotnet",
            Self::Ruby => "ruby",
            Self::Php => "php",
            Self::Native => "native",
            Self::Erlang => "erlang",
            Self::Dart => "dart",
        }
    }
}

/// What a language must say about its stacks. Each method sees text as it was printed and may be given any text.
pub(crate) trait Language: Sync + Debug {
    fn lang(&self) -> Lang;

    /// Names under which exporters know the language.
    fn names(&self) -> &'static [&'static str];

    /// Bytes of which every frame begins with one; empty where any may stand there.
    fn first_bytes(&self) -> &'static [u8] {
        &[]
    }

    /// Whether the line, blanks before it aside, can only be a part of a stack of this language.
    fn is_frame(&self, line: &str) -> bool {
        self.frame(line, "").is_some()
    }

    /// The frame that a line prints, or begins to print where a frame has several lines.
    fn frame<'a>(&self, line: &'a str, below: &'a str) -> Option<RawFrame<'a>>;

    /// Finds the exceptions of a whole text. Lines that mean nothing are passed over.
    fn parse<'a>(&self, text: &'a str) -> Stack<'a>;

    /// Whether a frame belongs to the runtime or to a library, not to the app.
    fn is_library(&self, frame: &RawFrame<'_>) -> bool;

    /// The frame's symbol without anything that changes between builds and runs.
    fn symbol<'a>(&self, frame: &RawFrame<'a>) -> Symbol<'a>;

    /// Whether a frame without a name is of a function without one. Else its name was lost.
    fn has_closures(&self) -> bool {
        true
    }

    /// The type's name as it goes into the key.
    fn fold_type<'a>(&self, name: &'a str) -> &'a str {
        name
    }

    /// A message of code whose names a minifier shortened, without such names.
    fn without_minified<'a>(&self, message: &'a str) -> Cow<'a, str> {
        Cow::Borrowed(message)
    }
}

/// A frame's folded name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Symbol<'a> {
    /// Class, or file without folder and extension.
    pub(crate) module: Cow<'a, str>,
    /// Function, folded into the enclosing named one.
    pub(crate) function: &'a str,
    pub(crate) naming: Naming,
}

/// Whether a function's name says anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Naming {
    Named,
    Anonymous,
    /// A minifier's one or two letters.
    Minified,
}

impl Symbol<'_> {
    /// Module and function in one text; the key and the display use the same.
    pub(crate) fn text(&self) -> String {
        self.parts().concat()
    }

    /// What [`Symbol::text`] is made of.
    pub(crate) fn parts(&self) -> [&str; 3] {
        let function = if self.naming == Naming::Named { self.function } else { "" };
        let is_both = !self.module.is_empty() && !function.is_empty();
        [&self.module, if is_both { "." } else { "" }, function]
    }
}

/// Every language with a parser. A new one is a file of its own and a line here. Where two take a line for theirs, the
/// first has it.
pub(crate) static LANGUAGES: [&dyn Language; 12] = [
    &java::Java,
    &javascript::JavaScript,
    &python::Python,
    &dotnet::DotNet,
    &javascript::Gecko,
    &go::Go,
    &rust::Rust,
    &ruby::Ruby,
    &php::Php,
    &dart::Dart,
    &native::Native,
    &erlang::Erlang,
];

/// The language that an exporter means.
pub(crate) fn named(name: Option<&str>) -> Option<&'static dyn Language> {
    let name = name?.trim_ascii();
    LANGUAGES.into_iter().find(|language| holds(language.names(), name))
}

/// The language of a text: the named one if the text has a frame of it, else the one that was detected.
pub(crate) fn choose(
    name: Option<&str>,
    text: &str,
    detected: Option<&'static dyn Language>,
) -> Option<&'static dyn Language> {
    let has_frame =
        |language: &&dyn Language| Lines::of(text).any(|(_, line)| language.is_frame(line));
    named(name).filter(has_frame).or(detected)
}

/// The language of the first line that is a frame in any language.
pub(crate) fn detect(text: &str) -> Option<&'static dyn Language> {
    first_frame(text, 0).map(|(_, language)| language)
}

/// The first line at or behind a byte that is a frame in any language: where it starts, and the language.
pub(crate) fn first_frame(text: &str, from: usize) -> Option<(usize, &'static dyn Language)> {
    let mut above = "";
    Lines::of(text).find_map(|(start, line)| {
        let in_bundle = || -> Option<&'static dyn Language> {
            let below = after(text, start + line.len() + 1);
            javascript::begins_in_bundle(above, line, below).then_some(&javascript::Gecko)
        };
        let found = if start < from { None } else { frame_language(line).or_else(in_bundle) };
        above = line;
        found.map(|language| (start, language))
    })
}

/// Whether a line is an error and its place in one.
pub(crate) fn is_whole(line: &str) -> bool {
    php::reported(line).is_some()
}

pub(crate) fn frame_language(line: &str) -> Option<&'static dyn Language> {
    /// For each byte the languages of which a frame may begin with it, as bits in the order of [`LANGUAGES`].
    static BEGINNERS: LazyLock<[u16; 256]> = LazyLock::new(|| {
        std::array::from_fn(|first| {
            let may_begin = |language: &&dyn Language| {
                let starts = language.first_bytes();
                starts.is_empty() || starts.iter().any(|start| usize::from(*start) == first)
            };
            let bits = LANGUAGES.iter().enumerate().filter(|(_, language)| may_begin(language));
            bits.fold(0, |all, (idx, _)| all | 1 << idx)
        })
    });
    let first = line.bytes().find(|b| !b.is_ascii_whitespace())?;
    let mut left = BEGINNERS.get(usize::from(first)).copied()?;
    while left != 0 {
        let language = LANGUAGES.get(left.trailing_zeros() as usize)?;
        if language.is_frame(line) {
            return Some(*language);
        }
        left &= left - 1;
    }
    None
}
