//! The frames of a stack, each with what it is to the grouping.

use crate::chain::{RawFrame, Stack, root, walk};
use crate::culprit::{Duty, choose};
use crate::lang::Naming;
use crate::reader::Reader;
use crate::rules::Rules;
use crate::unwrap;

/// One frame, as printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// Class, or file without folder and extension.
    pub module: String,
    /// Function, folded into the enclosing named one; empty if anonymous.
    pub function: String,
    /// File as printed.
    pub file: String,
    /// Line from 1.
    pub line: Option<u32>,
    /// Column from 1.
    pub col: Option<u32>,
    /// Whether the code is the app's, and no runtime's or library's.
    pub in_app: bool,
    /// What the frame is to the grouping.
    pub role: Role,
}

/// What a frame is to the grouping.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Role {
    /// The frame that the error is put down to.
    Culprit,
    /// Throws for its caller.
    ThrowHelper,
    /// Checks something particular.
    Guard,
    /// Code of the app without a name of its own.
    Anonymous,
    /// Other code of the app.
    App,
    /// Code of a library or the runtime.
    Library,
}

impl Role {
    /// The name that tables and SQL use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Culprit => "culprit",
            Self::ThrowHelper => "throw-helper",
            Self::Guard => "guard",
            Self::Anonymous => "anonymous",
            Self::App => "app",
            Self::Library => "library",
        }
    }
}

/// The frames of a stack: the outermost exception first, then its causes, then members of a group; in each the
/// innermost call first. Empty for a text without a known frame.
pub fn frames(stack: &str, rules: &Rules) -> Vec<Frame> {
    let unwrapped = unwrap::stack(stack);
    let Some(language) = unwrapped.language else { return Vec::new() };
    let reader = Reader { language, rules };
    let Stack { chain, children, .. } = language.parse(&unwrapped.text);
    let mut frames = Vec::new();
    for chain in std::iter::once(&chain).chain(&children) {
        let root = root(chain, Some(reader));
        for at in 0..chain.len() {
            let choice = choose(reader.symbols(chain, at, true), |symbol| reader.duty(symbol));
            let culprit = choice.filter(|_| at == root).map(|choice| choice.frame.0);
            let described = walk(chain, at, reader)
                .enumerate()
                .map(|(place, frame)| describe(&frame, reader, culprit == Some(place)));
            frames.extend(described);
        }
    }
    frames
}

fn describe(frame: &RawFrame<'_>, reader: Reader<'_>, is_culprit: bool) -> Frame {
    let symbol = reader.language.symbol(frame);
    let in_app = reader.is_app(frame);
    let role = match (in_app, symbol.naming) {
        _ if is_culprit => Role::Culprit,
        (false, _) => Role::Library,
        (true, Naming::Anonymous | Naming::Minified) => Role::Anonymous,
        (true, Naming::Named) => match reader.duty(&symbol) {
            Duty::Throw => Role::ThrowHelper,
            Duty::Guard => Role::Guard,
            Duty::Work => Role::App,
        },
    };
    Frame {
        function: symbol.function.to_owned(),
        module: symbol.module.into_owned(),
        file: frame.file.to_owned(),
        line: frame.line,
        col: frame.col,
        in_app,
        role,
    }
}
