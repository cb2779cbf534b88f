//! A parsed stack: exceptions from the outermost to the innermost, each with the text that holds its frames.

use std::borrow::Cow;

use crate::reader::Reader;
use crate::text::{after, before};

/// Frames read of one exception, the ones nearest to where it was thrown.
pub(crate) const FRAMES_MAX: usize = 512;
/// Exceptions kept of one chain, and children kept of one group of exceptions.
pub(crate) const CAUSES_MAX: usize = 32;
/// No frame is printed with fewer bytes, its line end included.
const FRAME_BYTES_MIN: usize = 8;

/// A frame of a stack, as printed; text that the language does not print is empty.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct RawFrame<'a> {
    pub(crate) module: &'a str,
    pub(crate) function: &'a str,
    pub(crate) file: &'a str,
    pub(crate) line: Option<u32>,
    pub(crate) col: Option<u32>,
    /// How many times more the runtime says that this frame came.
    pub(crate) n_repeats: u32,
}

/// The lines of an exception's frames. They are read when they are asked for, because the first few decide.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Body<'a> {
    pub(crate) text: &'a str,
    pub(crate) order: Order,
    /// Frames that the runtime left out at the end, because the exception printed before has the same there.
    pub(crate) n_elided: usize,
}

impl<'a> Body<'a> {
    /// Frames with the innermost call first, none left out.
    pub(crate) fn of(text: &'a str) -> Self {
        Self { text, ..Self::default() }
    }
}

/// How frames are printed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Order {
    #[default]
    InnermostFirst,
    InnermostLast,
}

/// One exception.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Exception<'a> {
    pub(crate) type_name: &'a str,
    pub(crate) message: Cow<'a, str>,
    pub(crate) body: Body<'a>,
    /// The one before it in the chain was thrown while this one was handled, and not because of it.
    pub(crate) is_handled: bool,
}

/// What a language's parser makes of a text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Stack<'a> {
    /// Outermost exception first, its cause next, and so on.
    pub(crate) chain: Vec<Exception<'a>>,
    /// Of a group of exceptions, the chain of each member.
    pub(crate) children: Vec<Vec<Exception<'a>>>,
    /// Whether causes past the limit were left out.
    pub(crate) is_cut: bool,
}

impl Stack<'_> {
    /// Whether there is text with frames.
    pub(crate) fn has_frames(&self) -> bool {
        let mut exceptions = self.chain.iter().chain(self.children.iter().flatten());
        exceptions.any(|exception| !exception.body.text.is_empty())
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

/// Exceptions at the start of a chain that are causes of the first. What was being handled when another was thrown is no
/// cause of that: what its handler threw is the fault that is left.
pub(crate) fn n_causes(chain: &[Exception<'_>]) -> usize {
    chain.iter().position(|exception| exception.is_handled).unwrap_or(chain.len())
}

/// The root: the innermost cause with a frame of the app, else the innermost.
pub(crate) fn root(chain: &[Exception<'_>], reader: Option<Reader<'_>>) -> usize {
    let n_causes = n_causes(chain);
    let last = n_causes.saturating_sub(1);
    let Some(reader) = reader.filter(|_| last > 0) else { return last };
    let has_app = |at: &usize| walk(chain, *at, reader).any(|frame| reader.is_app(&frame));
    (0..n_causes).rev().find(has_app).unwrap_or(last)
}

/// The frames of one exception of a chain, from the innermost call outwards, at most [`FRAMES_MAX`].
pub(crate) fn walk<'c, 'a>(
    chain: &'c [Exception<'a>],
    at: usize,
    reader: Reader<'c>,
) -> Walk<'c, 'a> {
    let rest = chain.get(at).map_or("", |exception| exception.body.text);
    Walk { chain, at, rest, n_skipped: 0, n_left: FRAMES_MAX, reader }
}

/// Whether an exception has more frames than are read.
pub(crate) fn is_deep(chain: &[Exception<'_>], at: usize, reader: Reader<'_>) -> bool {
    let n_bytes: usize = chain.iter().take(at + 1).map(|exception| exception.body.text.len()).sum();
    n_bytes > FRAMES_MAX * FRAME_BYTES_MIN && {
        let all = Walk { n_left: FRAMES_MAX + 1, ..walk(chain, at, reader) };
        all.count() > FRAMES_MAX
    }
}

/// Walks over frames without keeping them.
#[derive(Debug)]
pub(crate) struct Walk<'c, 'a> {
    chain: &'c [Exception<'a>],
    at: usize,
    /// What is still to be read of the body at `at`.
    rest: &'a str,
    /// Frames to pass over: those of an enclosing exception that are not shared.
    n_skipped: usize,
    n_left: usize,
    reader: Reader<'c>,
}

impl<'a> Iterator for Walk<'_, 'a> {
    type Item = RawFrame<'a>;

    fn next(&mut self) -> Option<RawFrame<'a>> {
        while self.n_left > 0 {
            let body = self.chain.get(self.at)?.body;
            match next_frame(body, &mut self.rest, self.reader) {
                Some(_) if self.n_skipped > 0 => self.n_skipped -= 1,
                Some(frame) => {
                    self.n_left -= 1;
                    return Some(frame);
                }
                None => self.enter_enclosing(body.n_elided)?,
            }
        }
        None
    }
}

impl Walk<'_, '_> {
    /// Goes on with the frames that the exception before has at its end too.
    fn enter_enclosing(&mut self, n_elided: usize) -> Option<()> {
        let enclosing = self.at.checked_sub(1).filter(|_| n_elided > 0)?;
        self.n_skipped += count(self.chain, enclosing, self.reader).saturating_sub(n_elided);
        self.at = enclosing;
        self.rest = self.chain.get(enclosing)?.body.text;
        Some(())
    }
}

/// Number of frames of an exception, the elided ones as their runtime counts them.
fn count(chain: &[Exception<'_>], at: usize, reader: Reader<'_>) -> usize {
    let Some(Exception { body, .. }) = chain.get(at) else { return 0 };
    let mut rest = body.text;
    let own = std::iter::from_fn(|| next_frame(*body, &mut rest, reader)).count();
    own + body.n_elided
}

/// Takes lines off `rest` up to and with the next frame.
fn next_frame<'a>(body: Body<'a>, rest: &mut &'a str, reader: Reader<'_>) -> Option<RawFrame<'a>> {
    while !rest.is_empty() {
        let (line, below) = match body.order {
            Order::InnermostFirst => {
                let end = memchr::memchr(b'\n', rest.as_bytes()).unwrap_or(rest.len());
                let line = before(rest, end);
                *rest = after(rest, (end + 1).min(rest.len()));
                (line, *rest)
            }
            Order::InnermostLast => {
                let start = memchr::memrchr(b'\n', rest.as_bytes());
                let line = after(rest, start.map_or(0, |start| start + 1));
                let below = after(body.text, (rest.len() + 1).min(body.text.len()));
                *rest = before(rest, start.unwrap_or(0));
                (line, below)
            }
        };
        if let Some(frame) = reader.language.frame(line, below) {
            return Some(frame);
        }
    }
    None
}
