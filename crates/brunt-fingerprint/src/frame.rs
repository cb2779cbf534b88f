//! The frames of a stack, each with what it is to the grouping.

use crate::chain::{Exception, RawFrame, walk};
use crate::culprit::Duty;
use crate::group::with_grouping;
use crate::info::Why;
use crate::lang::{Naming, Symbol};
use crate::occurrence::Occurrence;
use crate::reader::Reader;
use crate::reading::Reading;
use crate::rules::Rules;

/// One frame, as printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// Type of the exception that was thrown through it; empty where the stack names none.
    pub exception_type: String,
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
    /// Whether the steps put it into the key of the group.
    pub used: bool,
    /// The reason, in a few words.
    pub reason: &'static str,
}

/// What a frame is to the grouping.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Role {
    /// The frame that the error is put down to; of a group of exceptions, one for each distinct member.
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
    /// A rule says that it never counts.
    Dropped,
}

impl Role {
    /// The name that tables and SQL use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Culprit => "culprit",
            Self::ThrowHelper => "throw_helper",
            Self::Guard => "guard",
            Self::Anonymous => "anonymous",
            Self::App => "app",
            Self::Library => "library",
            Self::Dropped => "dropped",
        }
    }
}

impl Frame {
    /// Module and function, as the culprit of a group is written.
    pub fn symbol(&self) -> String {
        match (self.module.as_str(), self.function.as_str()) {
            ("", function) => function.to_owned(),
            (module, "") => module.to_owned(),
            (module, function) => format!("{module}.{function}"),
        }
    }
}

/// The frames of an occurrence's stack: the outermost exception first, then its causes, then members of a group; in
/// each the innermost call first. Empty for a text without a known frame.
pub fn frames(occurrence: &Occurrence<'_>, rules: &Rules) -> Vec<Frame> {
    with_grouping(occurrence, rules, |grouping| {
        let Some(reader) = grouping.context.reader else { return Vec::new() };
        let subject = grouping.read(&mut Why::default());
        let mut frames = Vec::new();
        let group = std::iter::once((&grouping.stack.chain, "ignored: the members are the key"));
        let members = grouping.stack.children.iter();
        let members = members.map(|member| (member, "ignored: equal to a member above"));
        for (chain, beside_the_key) in group.chain(members) {
            let reading = subject.reading_in_key(chain);
            for (at, exception) in chain.iter().enumerate() {
                let exception_type = grouping.context.fold_type(exception.type_name);
                let of_root = match reading {
                    Some(reading) if reading.root == at => Ok(reading),
                    Some(_) => Err("ignored: not of the root"),
                    None => Err(beside_the_key),
                };
                frames.extend(of_exception(chain, at, reader, of_root, exception_type));
            }
        }
        frames
    })
}

/// The frames of one exception; of a root in the key with its reading, of others with why they do not count.
fn of_exception(
    chain: &[Exception<'_>],
    at: usize,
    reader: Reader<'_>,
    reading: Result<&Reading<'_>, &'static str>,
    exception_type: &str,
) -> Vec<Frame> {
    let culprit = reading.ok().and_then(|reading| reading.culprit.as_ref());
    let mut is_below = false;
    let mut frames = Vec::new();
    for (place, frame) in walk(chain, at, reader).enumerate() {
        let symbol = reader.language.symbol(&frame);
        let is_culprit = !is_below
            && culprit.is_some_and(|culprit| culprit.at <= place && culprit.symbol == symbol);
        is_below |= is_culprit;
        let role = if is_culprit {
            Role::Culprit
        } else {
            let is_passed = culprit.is_some() && !is_below;
            role(&frame, &symbol, reader, (exception_type, is_passed))
        };
        let reason = match (role, reading) {
            (Role::Culprit, _) => "used: culprit",
            (Role::Dropped, _) => "ignored: dropped by a rule",
            (Role::Library, _) => "ignored: library frame",
            (_, Err(reason)) => reason,
            _ if is_below => "ignored: calls the culprit",
            (Role::ThrowHelper, _) => "skipped: throw helper",
            (Role::Anonymous, _) => "passed over: no name",
            _ => "ignored: recursion",
        };
        frames.push(Frame {
            exception_type: exception_type.to_owned(),
            function: symbol.function.to_owned(),
            module: symbol.module.into_owned(),
            file: frame.file.to_owned(),
            line: frame.line,
            col: frame.col,
            in_app: reader.is_app(&frame),
            role,
            used: is_culprit,
            reason,
        });
    }
    frames
}

/// What a frame is that is not the culprit, by the type that was thrown through it and whether the culprit stands below.
fn role(
    frame: &RawFrame<'_>,
    symbol: &Symbol<'_>,
    reader: Reader<'_>,
    (exception_type, is_passed): (&str, bool),
) -> Role {
    match (reader.is_app(frame), symbol.naming) {
        _ if reader.rules.drops(symbol) => Role::Dropped,
        (false, _) => Role::Library,
        (true, Naming::Anonymous | Naming::Minified) => Role::Anonymous,
        (true, Naming::Named) => match reader.duty(symbol, exception_type) {
            Duty::Throw => Role::ThrowHelper,
            Duty::Refuse | Duty::Exit if is_passed => Role::ThrowHelper,
            Duty::Guard => Role::Guard,
            Duty::Refuse | Duty::Exit | Duty::Work => Role::App,
        },
    }
}
