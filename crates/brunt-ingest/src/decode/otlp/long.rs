//! One long OTLP document, read in parts: each part becomes a short document with the resource and scope of its records.
//!
//! ```text
//! {"resourceSpans":[{"scopeSpans":[{"scope":S,"spans":[a,b,c, ... ]}],"resource":R}]}
//!   ─►  {"resourceSpans":[{"resource":R,"scopeSpans":[{"scope":S,"spans":[a,b]}]}]}
//!   ─►  {"resourceSpans":[{"resource":R,"scopeSpans":[{"scope":S,"spans":[c, ...]}]}]}
//! ```
//! What is short enough stays as it is; only resources and scopes that are longer than a part are taken apart. What they
//! say of themselves may stand behind their lists, so it is looked for first, by reading the input once more.

use std::collections::HashMap;

use super::document::Decoder;
use super::level::{Context, Level, contexts_in, contexts_in_list};
use super::{ANSWER, Part};
use crate::decode::cut::{Cutter, Next, fault};
use crate::decode::{Halt, Origin, Place};
use crate::error::Error;
use crate::read::{RECORD_BYTES_MAX, Source};
use crate::workers::Workers;

/// A value that should have been a list is shown to the decoder up to this size.
const VALUE_BYTES: usize = 64 * 1024;
/// The key of an answer is among these bytes, unless somebody wrote many blanks before it.
const ANSWER_BYTES: usize = 64;

/// What stands before the elements of a list, up to its bracket, and behind.
#[derive(Debug, Clone)]
pub(super) struct Frame {
    pub(super) before: String,
    pub(super) origin: Origin,
    pub(super) behind: String,
}

/// How reading goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flow {
    Go,
    /// The frame has a fault at this byte: leave the object that it belongs to. So many brackets are open until there.
    Leave {
        at: usize,
        n_brackets: usize,
    },
    /// Nothing behind can be relied on.
    Stop,
}

impl Frame {
    fn new(place: Place) -> Self {
        Self { before: String::new(), origin: Origin::at(place), behind: String::new() }
    }

    /// The frame of a list of documents.
    fn of_documents(place: Place) -> Self {
        Self { before: "[".to_owned(), origin: Origin::at(place), behind: "]".to_owned() }
    }

    /// The frame of an object's list, or of another value of its key.
    fn inside(&self, context: &Context, place: Place, list: Option<&str>, is_list: bool) -> Self {
        let mut frame = self.clone();
        frame.origin.push(frame.before.len(), place);
        frame.before.push('{');
        for (at, place) in &context.fields {
            frame.origin.push(frame.before.len() + at, *place);
        }
        frame.before.push_str(&context.text);
        match list {
            Some(key) => frame.before.push_str(&format!("\"{key}\":")),
            None if frame.before.ends_with(',') => drop(frame.before.pop()),
            None => {}
        }
        let mut behind = "}".to_owned();
        if is_list {
            frame.before.push('[');
            behind.insert(0, ']');
        }
        frame.behind.insert_str(0, &behind);
        frame
    }
}

/// Reads a long document, or what else the line has where it is one of lines; the source then stands behind it.
pub(super) fn read(
    source: &mut Source<'_>,
    is_line: bool,
    workers: &mut Workers<'_, '_, Decoder>,
) -> Result<(), Error> {
    let mut long = Long { cutter: Cutter::new(source, is_line), contexts: None, start: 0 };
    let end = loop {
        match long.document(workers) {
            Ok(Some(Flow::Go | Flow::Leave { .. })) => {}
            Ok(Some(Flow::Stop)) => return long.cutter.finish(),
            end => break end,
        }
    };
    // A part on its way may be broken, and then what was found behind it does not count.
    if workers.settle()?.is_broken {
        return long.cutter.finish();
    }
    match end {
        Err(Halt::Error(error)) => Err(error),
        Err(Halt::Fault(fault)) => long.cutter.refuse(&fault, workers.settled()?),
        Ok(_) => Ok(()),
    }
}

/// A long document while it is read.
struct Long<'c, 'r> {
    cutter: Cutter<'c, 'r>,
    /// What long objects say of themselves, by their place; looked for when the first of them is met.
    contexts: Option<HashMap<u64, Context>>,
    /// Where the document begins.
    start: u64,
}

impl Long<'_, '_> {
    /// The next document; `None` at the end.
    fn document(&mut self, workers: &mut Workers<'_, '_, Decoder>) -> Result<Option<Flow>, Halt> {
        let Some(byte) = self.cutter.peek()? else { return Ok(None) };
        (self.start, self.contexts) = (self.cutter.source().offset(), None);
        // An answer is a page, and held whole.
        let n_part =
            if self.is_answer()? { RECORD_BYTES_MAX } else { self.cutter.source().part_bytes() };
        let frame = Frame::new(self.cutter.place());
        if let Some(len) = self.cutter.value_len(n_part)? {
            return self.emit(&frame, len, false, workers).map(Some);
        }
        match byte {
            b'{' => self.object(Level::Document, &frame, workers).map(Some),
            b'[' => {
                let frame = Frame::of_documents(self.cutter.place());
                self.list(Level::Document, &frame, workers).map(Some)
            }
            _ => {
                let Some(len) = self.cutter.value_len(RECORD_BYTES_MAX)? else {
                    return Err(self.cutter.source().too_large().into());
                };
                self.emit(&frame, len, false, workers).map(Some)
            }
        }
    }

    /// Whether the document that comes next begins like an answer of Jaeger's API.
    fn is_answer(&mut self) -> Result<bool, Error> {
        let bytes = self.cutter.ahead(ANSWER_BYTES)?;
        let key = bytes.trim_ascii_start().strip_prefix(b"{").unwrap_or_default();
        let key = key.trim_ascii_start().strip_prefix(b"\"").unwrap_or_default();
        Ok(key.strip_prefix(ANSWER.as_bytes()).is_some_and(|rest| rest.starts_with(b"\"")))
    }

    /// An object whose lists are taken apart.
    fn object(
        &mut self,
        level: Level,
        around: &Frame,
        workers: &mut Workers<'_, '_, Decoder>,
    ) -> Result<Flow, Halt> {
        let place = self.cutter.place();
        let known = self.context_of_this(level)?;
        let is_known = known.is_some();
        if known.as_ref().is_some_and(|known| !known.is_told && !known.is_whole) {
            // Its records would not know whose they are.
            return Err(Halt::Fault(fault("json_truncated", "the JSON ends too early")));
        }
        let mut context = known.unwrap_or_default();
        let (mut is_first, mut n_lists) = (true, 0);
        self.cutter.step();
        while let Some(key) = self.cutter.next_key(is_first)? {
            is_first = false;
            let flow = match level.list(&key) {
                Some(inner) => {
                    n_lists += 1;
                    let is_list = self.cutter.peek()? == Some(b'[');
                    let frame = around.inside(&context, place, Some(&key), is_list);
                    if !is_list {
                        self.no_list(&frame, workers)?
                    } else if is_known || context.is_told || level == Level::Document {
                        self.list(inner, &frame, workers)?
                    } else {
                        return Err(self.unordered());
                    }
                }
                None if level.is_context(&key) && !is_known => {
                    context.take(&key, level, &mut self.cutter)?;
                    Flow::Go
                }
                None => {
                    self.cutter.skip()?;
                    Flow::Go
                }
            };
            match flow {
                Flow::Go => {}
                // The object's own fault: what else it has is part of the reject.
                Flow::Leave { at, n_brackets } if at >= around.before.len() => {
                    self.cutter.leave(n_brackets + 1)?;
                    return Ok(Flow::Go);
                }
                Flow::Leave { at, n_brackets } => {
                    return Ok(Flow::Leave { at, n_brackets: n_brackets + 1 });
                }
                Flow::Stop => return Ok(Flow::Stop),
            }
        }
        if n_lists == 0 {
            let mut frame = around.inside(&context, place, None, false);
            frame.origin.push(frame.before.len(), self.cutter.place_before());
            return self.emit(&frame, 0, true, workers);
        }
        Ok(Flow::Go)
    }

    /// A list whose elements go on in parts.
    fn list(
        &mut self,
        inner: Level,
        frame: &Frame,
        workers: &mut Workers<'_, '_, Decoder>,
    ) -> Result<Flow, Halt> {
        let mut is_first = true;
        self.cutter.step();
        loop {
            let flow = match self.cutter.next_elements(is_first)? {
                Next::Elements(len) => self.emit(frame, len, is_first, workers)?,
                Next::Long => self.long_element(inner, frame, is_first, workers)?,
                Next::End if is_first => return self.emit(frame, 0, true, workers),
                Next::End => return Ok(Flow::Go),
            };
            is_first = false;
            match flow {
                Flow::Go => {}
                Flow::Leave { at, n_brackets } => {
                    return Ok(Flow::Leave { at, n_brackets: n_brackets + 1 });
                }
                Flow::Stop => return Ok(Flow::Stop),
            }
        }
    }

    /// An element that is longer than a part: it is taken apart, or held after all.
    fn long_element(
        &mut self,
        inner: Level,
        frame: &Frame,
        is_first: bool,
        workers: &mut Workers<'_, '_, Decoder>,
    ) -> Result<Flow, Halt> {
        let is_object = inner != Level::Record && self.cutter.peek()? == Some(b'{');
        let n_max = if is_object { self.n_held_max() } else { RECORD_BYTES_MAX };
        match self.cutter.value_len(n_max)? {
            Some(len) => self.emit(frame, len, is_first, workers),
            None if is_object => self.object(inner, frame, workers),
            None => Err(self.cutter.source().too_large().into()),
        }
    }

    /// Resources and scopes up to this size are held whole: where the input can be read but once, none is taken apart
    /// without need.
    fn n_held_max(&mut self) -> usize {
        let source = self.cutter.source();
        if source.can_reopen() { source.part_bytes() } else { source.whole_bytes_max() }
    }

    /// The value of a list's key that is none. Whatever it is, its reject is the same.
    fn no_list(
        &mut self,
        frame: &Frame,
        workers: &mut Workers<'_, '_, Decoder>,
    ) -> Result<Flow, Halt> {
        if let Some(len) = self.cutter.value_len(VALUE_BYTES)? {
            return self.emit(frame, len, true, workers);
        }
        let mut frame = frame.clone();
        frame.origin.push(frame.before.len(), self.cutter.place());
        frame.behind.insert_str(0, "{}");
        self.cutter.skip()?;
        self.emit(&frame, 0, true, workers)
    }

    /// What the object at this place says of itself. `None` where that could not be looked for.
    fn context_of_this(&mut self, level: Level) -> Result<Option<Context>, Halt> {
        if level == Level::Document {
            return Ok(None);
        }
        if self.contexts.is_none() {
            self.contexts = self.look_for_contexts()?;
        }
        let offset = self.cutter.source().offset();
        Ok(self.contexts.as_mut().map(|contexts| contexts.remove(&offset).unwrap_or_default()))
    }

    fn look_for_contexts(&mut self) -> Result<Option<HashMap<u64, Context>>, Halt> {
        let start = self.start;
        let is_line = self.cutter.is_line();
        let Some(mut again) = self.cutter.source().again(start)? else { return Ok(None) };
        let mut cutter = Cutter::new(&mut again, is_line);
        let mut found = HashMap::new();
        let level = Level::Document;
        let looked = match cutter.peek()? {
            Some(b'[') => contexts_in_list(level, &mut cutter, &mut found),
            _ => contexts_in(level, &mut cutter, &mut found),
        };
        match looked {
            // The document is broken; where and how is told when it is read.
            Ok(()) | Err(Halt::Fault(_)) => Ok(Some(found)),
            Err(error) => Err(error),
        }
    }

    fn unordered(&mut self) -> Halt {
        Halt::Error(Error::Unordered { input: self.cutter.source().name().to_owned() })
    }

    /// Hands a short document to the decoders: the frame, with the bytes that come next inside. Where it `may_leave`, the
    /// frame is new, and may be at fault itself.
    fn emit(
        &mut self,
        frame: &Frame,
        len: usize,
        may_leave: bool,
        workers: &mut Workers<'_, '_, Decoder>,
    ) -> Result<Flow, Halt> {
        let place = self.cutter.place();
        let ahead = self.cutter.ahead(len + 1)?;
        let inside = ahead.get(..len).unwrap_or(ahead).to_vec();
        let mut frame = frame.clone();
        if len > 0 && ahead.len() <= len {
            // A document that ends here lacks its brackets, and is not to be helped out.
            frame.behind.clear();
        }
        if len > 0 {
            frame.origin.push(frame.before.len(), place);
        }
        let n_before = frame.before.len();
        let part = Part::Framed { frame, inside, first_line: place.line };
        self.cutter.advance(len);
        if !may_leave {
            return Ok(if workers.put(part, len)? { Flow::Go } else { Flow::Stop });
        }
        let done = workers.wait_for(part, len)?;
        Ok(match done.first_fault.filter(|at| *at < n_before) {
            _ if done.is_broken => Flow::Stop,
            Some(at) => Flow::Leave { at, n_brackets: 0 },
            None => Flow::Go,
        })
    }
}
