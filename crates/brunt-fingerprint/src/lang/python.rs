//! Python 2.7 to 3.14: chains, groups of exceptions, notes.

mod group_margin;

use std::borrow::Cow;

use crate::chain::{Body, CAUSES_MAX, Exception, Order, RawFrame, Stack, push_capped};
use crate::header::{behind_level, split};
use crate::lang::{Lang, Language, Naming, Symbol};
use crate::text::{
    Lines, after, after_last, basename, before, between, byte, indent, last_part, path_parts,
    rsplit_byte, starts_with_ignore_case,
};

use group_margin::{Kind, Margin, margin};

/// Stands between a cause and what was raised from it.
const CAUSED: &str = "The above exception was the direct cause of the following exception:";
/// Stands between an exception and what its handler raised.
const HANDLING: &str = "During handling of the above exception, another exception occurred:";

#[derive(Debug)]
pub(crate) struct Python;

impl Language for Python {
    fn lang(&self) -> Lang {
        Lang::Python
    }

    fn names(&self) -> &'static [&'static str] {
        &["python", "cpython", "pypy"]
    }

    fn first_bytes(&self) -> &'static [u8] {
        b"F|+"
    }

    fn frame<'a>(&self, line: &'a str, below: &'a str) -> Option<RawFrame<'a>> {
        let frame = frame(margin(line).content)?;
        // Below the frame stand its line of source, marks under that, and how often it came again.
        let inner = Lines::of(below).take(3).map(|(_, line)| margin(line).content);
        let mut own = inner.take_while(|line| !line.trim_ascii_start().starts_with("File \""));
        let n_repeats = own.find_map(|line| repeats(line.trim_ascii())).unwrap_or(0);
        Some(RawFrame { n_repeats, ..frame })
    }

    fn parse<'a>(&self, text: &'a str) -> Stack<'a> {
        let mut parser = Parser { text, ..Parser::default() };
        for (start, line) in Lines::of(text) {
            parser.line(start, line);
        }
        parser.finish()
    }

    fn is_library(&self, frame: &RawFrame<'_>) -> bool {
        is_library_path(frame.file)
    }

    fn symbol<'a>(&self, frame: &RawFrame<'a>) -> Symbol<'a> {
        let function = after_last(frame.function, "<locals>.");
        // Lambdas and comprehensions are parts of the function around them, and since 3.12 not always frames;
        // a module's own code has no name but the file's. Templates and code in a text have neither.
        let is_anonymous =
            function.is_empty() || function.starts_with('<') || frame.file == "<unknown>";
        let (naming, module) = match frame.file {
            "<unknown>" | "<string>" if is_anonymous => (Naming::Anonymous, ""),
            file if is_anonymous => (Naming::Anonymous, module(file)),
            file => (Naming::Named, module(file)),
        };
        Symbol { module: Cow::Borrowed(module), function, naming }
    }

    /// A class that moved to another module is the same class.
    fn fold_type<'a>(&self, name: &'a str) -> &'a str {
        let name = after_last(name, "<locals>.");
        let last = last_part(name, |b| b == b'.');
        if last.is_empty() { name } else { last }
    }
}

/// What has been read of the current exception.
#[derive(Debug, Default)]
struct Open {
    /// Where the first frame's line starts.
    frames_start: Option<usize>,
    /// Where the line starts that names the type.
    frames_end: usize,
    /// Indent of the frames' lines.
    frame_indent: Option<usize>,
    /// Where the type's line starts, and where the message ends.
    header: Option<(usize, usize)>,
    /// The same of what stands above the frames.
    logged: Option<(usize, usize)>,
    /// Whether the message still goes on.
    in_message: bool,
}

#[derive(Debug, Default)]
struct Parser<'a> {
    text: &'a str,
    open: Open,
    /// Exceptions of the current chain, root first as printed.
    chain: Vec<Exception<'a>>,
    /// The chain outside of all groups, once a group was entered.
    outer: Option<Vec<Exception<'a>>>,
    children: Vec<Vec<Exception<'a>>>,
    /// Whether the group is over and what follows was raised because of it.
    is_past_group: bool,
    /// Where a logger has written the type and the message before the traceback, as AWS Lambda does, which leaves them
    /// out below the frames.
    logged_at: Option<usize>,
    is_cut: bool,
}

impl<'a> Parser<'a> {
    fn line(&mut self, start: usize, line: &'a str) {
        if self.is_of_frames(line) {
            return;
        }
        let Margin { content, offset, kind } = margin(line);
        match kind {
            Kind::FirstMember => {
                // What was read in this chain so far is the group itself, which its members speak for.
                self.close(start);
                let group = std::mem::take(&mut self.chain);
                self.outer.get_or_insert(group);
                return;
            }
            Kind::NextMember => return self.end_member(start),
            Kind::Text => {}
        }
        let blanks = indent(content);
        let has_frames = self.open.frame_indent.is_some();
        if after(content, blanks).starts_with("File \"") && (has_frames || frame(content).is_some())
        {
            // A second line that looks like a type was a line of source.
            self.open.header = None;
            self.open.in_message = false;
            self.open.frame_indent.get_or_insert(blanks);
            self.open.frames_start.get_or_insert(start);
            return;
        }
        let words = content.trim_ascii();
        let is_handling = words == HANDLING;
        if is_handling || words == CAUSED || words.ends_with("Traceback (most recent call last):") {
            if offset == 0 && self.outer.is_some() {
                self.end_member(start);
                self.is_past_group = true;
                if is_handling {
                    self.children.clear();
                    if let Some(group) = self.outer.as_mut().and_then(|outer| outer.last_mut()) {
                        group.is_handled = true;
                    }
                }
            } else {
                self.close(start);
                if let Some(handled) = self.chain.last_mut() {
                    handled.is_handled |= is_handling;
                }
                self.open.logged = self.logged_at.take().map(|logged| (logged, start));
            }
        } else if self.open.in_message {
            self.message_line(start, offset, line);
        } else if self.is_header(content) {
            self.open.header = Some((start + offset + indent(content), start + line.len()));
            self.open.frames_end = start;
            self.open.in_message = true;
        } else if self.open.frame_indent.is_none()
            && let Some(logged) = behind_level(content)
            && split(logged, is_type).is_some()
        {
            self.logged_at = Some(start + line.len() - logged.len());
        }
    }

    /// Whether a line only goes on with the frames, as most lines do: another frame, or a line of source or of marks
    /// below one, which is indented more than frames and is in no margin.
    fn is_of_frames(&self, line: &str) -> bool {
        let Some(frame_indent) = self.open.frame_indent.filter(|_| !self.open.in_message) else {
            return false;
        };
        let blanks = indent(line);
        if blanks > frame_indent {
            return !matches!(byte(line, blanks), Some(b'|' | b'+'));
        }
        blanks == frame_indent
            && self.open.header.is_none()
            && after(line, blanks).starts_with("File \"")
    }

    /// The type's line is indented less than the frames, and is no line of source.
    fn is_header(&self, content: &str) -> bool {
        let Some(frame_indent) = self.open.frame_indent else { return false };
        self.open.header.is_none()
            && (frame_indent == 0 || indent(content) < frame_indent)
            && split(content.trim_ascii_start(), is_type).is_some()
    }

    /// A message may have many lines; within a group each stands behind the margin, and the first is enough.
    fn message_line(&mut self, start: usize, offset: usize, line: &str) {
        if offset > 0 || (self.outer.is_some() && !self.is_past_group) {
            self.open.in_message = false;
        } else if let Some((_, end)) = &mut self.open.header {
            *end = start + line.len();
        }
    }

    fn close(&mut self, end: usize) {
        let open = std::mem::take(&mut self.open);
        let logged = open.logged.filter(|_| open.frames_start.is_some());
        let header = open.header.or(logged);
        let header =
            header.map_or("", |(start, end)| between(self.text, start, end).trim_ascii_end());
        let frames_end = if open.header.is_some() { open.frames_end } else { end };
        let frames = open.frames_start.map_or("", |start| between(self.text, start, frames_end));
        if header.is_empty() && frames.is_empty() {
            return;
        }
        let (type_name, message) = split(header, is_type).unwrap_or(("", header));
        let body = Body { order: Order::InnermostLast, ..Body::of(frames) };
        let message = Cow::Borrowed(message);
        let exception = Exception { type_name, message, body, is_handled: false };
        // Past the limit one stands for two.
        let is_handled = self.chain.last().is_some_and(|last| last.is_handled);
        if !push_capped(&mut self.chain, exception, CAUSES_MAX) {
            self.is_cut = true;
            if let Some(last) = self.chain.last_mut() {
                last.is_handled |= is_handled;
            }
        }
    }

    fn end_member(&mut self, start: usize) {
        self.close(start);
        if self.is_past_group {
            return;
        }
        let mut chain = std::mem::take(&mut self.chain);
        if !chain.is_empty() {
            chain.reverse();
            self.is_cut |= !push_capped(&mut self.children, chain, CAUSES_MAX);
        }
    }

    fn finish(mut self) -> Stack<'a> {
        let start = self.text.len();
        let chain = if let Some(mut outer) = self.outer.take() {
            self.end_member(start);
            outer.append(&mut self.chain);
            outer.reverse();
            outer
        } else {
            self.close(start);
            self.chain.reverse();
            self.chain
        };
        Stack { chain, children: self.children, is_cut: self.is_cut }
    }
}

/// `File "path", line 12, in function`; a syntax error's place has no function.
fn frame(content: &str) -> Option<RawFrame<'_>> {
    let rest = content.trim_ascii_start().strip_prefix("File \"")?;
    let end = memchr::memchr_iter(b'"', rest.as_bytes())
        .find(|quote| after(rest, *quote).starts_with("\", line "))?;
    let place = after(rest, end + "\", line ".len());
    let n_digits = place.bytes().take_while(u8::is_ascii_digit).count();
    let function = match after(place, n_digits) {
        "" => "",
        more => more
            .strip_prefix(", in ")
            .or_else(|| more.strip_prefix(" in "))
            .or_else(|| more.trim_ascii().is_empty().then_some(""))?,
    };
    let line = before(place, n_digits).parse().ok();
    (n_digits > 0).then_some(RawFrame {
        function: function.trim_ascii(),
        file: before(rest, end),
        line,
        ..RawFrame::default()
    })
}

fn repeats(words: &str) -> Option<u32> {
    words.strip_prefix("[Previous line repeated ")?.split(' ').next()?.parse().ok()
}

fn is_type(name: &str) -> bool {
    let is_name = name
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'<' | b'>') || b >= 0x80);
    is_name
        && byte(name, 0).is_some_and(|b| !b.is_ascii_digit() && b != b'.')
        && !name.ends_with('.')
}

/// The file without folders and extension; a package's own file is named after the package.
fn module(path: &str) -> &str {
    if let Some(inner) = basename(path).strip_prefix('<') {
        // Interactive cells carry their number and a hash.
        return inner.split(['-', '>', ' ']).next().unwrap_or(inner);
    }
    let file = basename(path);
    let stem = rsplit_byte(file, b'.').map_or(file, |(stem, _)| stem);
    if matches!(stem, "__init__" | "__main__") {
        let folder = basename(before(path, path.len() - file.len()).trim_end_matches(['/', '\\']));
        return if folder.is_empty() { stem } else { folder };
    }
    stem
}

/// Installed packages, the standard library, frozen and generated code.
fn is_library_path(path: &str) -> bool {
    let name = basename(path);
    if name.starts_with('<') {
        return !["<string>", "<stdin>", "<ipython-input", "<unknown>"]
            .iter()
            .any(|own| name.starts_with(own));
    }
    for (folder, part) in path_parts(path) {
        let is_packages = matches!(
            part,
            "site-packages" | "dist-packages" | "__pypackages__" | ".pex" | "python.zip"
        );
        let is_python = |part: &str| {
            starts_with_ignore_case(part, "python") || starts_with_ignore_case(part, "pypy")
        };
        let is_standard = (is_python(part) && folder.starts_with("lib"))
            || (part.eq_ignore_ascii_case("lib") && is_python(folder));
        if is_packages || is_standard {
            return true;
        }
    }
    // Compiled extensions show the path of their source as it was in their own build.
    matches!(rsplit_byte(name, b'.'), Some((_, "pyx" | "pxd"))) || path.starts_with("/var/runtime/")
}

#[cfg(test)]
mod tests;
