//! A parsed stack: exceptions from the outermost to the innermost, each with its frames.

use std::borrow::Cow;

/// Frames kept of one exception, the ones nearest to where it was thrown.
pub(crate) const FRAMES_MAX: usize = 512;
/// Exceptions kept of one chain, and children kept of one group of exceptions.
pub(crate) const CAUSES_MAX: usize = 32;

/// A line of a stack, as printed; text that the language does not print is empty.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct RawFrame<'a> {
    pub(crate) module: &'a str,
    pub(crate) function: &'a str,
    pub(crate) file: &'a str,
    pub(crate) line: Option<u32>,
    pub(crate) col: Option<u32>,
    /// Whether the code is the app's; set once the whole stack is read.
    pub(crate) in_app: bool,
    /// How many times more the runtime says that this frame came.
    pub(crate) n_repeats: u32,
}

/// One exception. Frames go from the innermost call outwards.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Exception<'a> {
    pub(crate) type_name: &'a str,
    pub(crate) message: Cow<'a, str>,
    pub(crate) frames: Vec<RawFrame<'a>>,
}

/// What a language's parser makes of a text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Stack<'a> {
    /// Outermost exception first, its cause next, and so on.
    pub(crate) chain: Vec<Exception<'a>>,
    /// Of a group of exceptions, the chain of each member.
    pub(crate) children: Vec<Vec<Exception<'a>>>,
    /// Whether frames or causes past the limits were left out.
    pub(crate) is_cut: bool,
}

impl Stack<'_> {
    pub(crate) fn has_frames(&self) -> bool {
        self.chain
            .iter()
            .chain(self.children.iter().flatten())
            .any(|exception| !exception.frames.is_empty())
    }
}

/// Appends up to the limit; past it the last one is replaced, so that both ends of a list stay. False if it was full.
pub(crate) fn push_capped<T>(list: &mut Vec<T>, item: T, n_max: usize) -> bool {
    if list.len() < n_max {
        list.push(item);
        return true;
    }
    if let Some(last) = list.last_mut() {
        *last = item;
    }
    false
}

/// The root: the innermost exception with a frame of the app, else the innermost.
pub(crate) fn root(chain: &[Exception<'_>]) -> usize {
    let has_app = |exception: &Exception<'_>| exception.frames.iter().any(|frame| frame.in_app);
    chain.iter().rposition(has_app).unwrap_or(chain.len().saturating_sub(1))
}
