//! The margin that Python draws around members of an exception group.
//!
//! ```text
//!   + Exception Group Traceback (most recent call last):
//!   |   File "pay.py", line 3, in charge
//!   | ExceptionGroup: two cards failed (2 sub-exceptions)
//!   +-+---------------- 1 ----------------
//!     | Traceback (most recent call last):
//!     +---------------- 2 ----------------
//!     +------------------------------------
//! ```

use crate::text::{after, indent};

/// A line without its margin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Margin<'a> {
    pub(crate) content: &'a str,
    /// Bytes before the content; 0 where there is no margin.
    pub(crate) offset: usize,
    pub(crate) kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    /// The line above the first member of a group.
    FirstMember,
    /// The line above another member, or below the last one.
    NextMember,
}

pub(crate) fn margin(line: &str) -> Margin<'_> {
    let blanks = indent(line);
    let content = after(line, blanks);
    if content.starts_with("+-+--") {
        return Margin { content: "", offset: line.len(), kind: Kind::FirstMember };
    }
    if content.starts_with("+---") {
        return Margin { content: "", offset: line.len(), kind: Kind::NextMember };
    }
    let inner = content
        .strip_prefix("| ")
        .or_else(|| content.strip_prefix("+ "))
        .or_else(|| (content == "|").then_some(""));
    match inner {
        Some(inner) => {
            Margin { content: inner, offset: line.len() - inner.len(), kind: Kind::Text }
        }
        None => Margin { content: line, offset: 0, kind: Kind::Text },
    }
}
