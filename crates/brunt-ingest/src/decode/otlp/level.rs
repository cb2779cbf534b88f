//! The levels of a long OTLP document that are taken apart, and what their objects say of themselves.

use std::collections::HashMap;

use super::Signal;
use crate::decode::cut::{Cutter, Next};
use crate::decode::{Halt, Place};
use crate::read::RECORD_BYTES_MAX;

/// A level of a document that has lists to be taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Level {
    Document,
    Resource(Signal),
    Scope(Signal),
    /// Never taken apart.
    Record,
}

/// What an object says of itself, beside its lists.
#[derive(Debug, Clone, Default)]
pub(super) struct Context {
    /// Fields with a comma behind each.
    pub(super) text: String,
    /// Where each field begins in the text, and where it stands.
    pub(super) fields: Vec<(usize, Place)>,
    /// Whether it has the resource or scope itself.
    pub(super) is_told: bool,
    /// Whether the object was seen to its end, so that it has no more to say.
    pub(super) is_whole: bool,
}

impl Level {
    /// The level of the elements of a key's value, if that is a list to be taken apart.
    pub(super) fn list(self, key: &str) -> Option<Self> {
        match self {
            Self::Document => Signal::of_key(key).map(Self::Resource),
            Self::Resource(signal) => signal.is_scopes(key).then_some(Self::Scope(signal)),
            Self::Scope(signal) => signal.is_records(key).then_some(Self::Record),
            Self::Record => None,
        }
    }

    /// Whether a key's value tells what the object is.
    fn is_told_by(self, key: &str) -> bool {
        match self {
            Self::Document | Self::Record => false,
            Self::Resource(_) => key == "resource",
            Self::Scope(_) => matches!(key, "scope" | "instrumentationLibrary"),
        }
    }

    pub(super) fn is_context(self, key: &str) -> bool {
        self != Self::Document
            && (self.is_told_by(key) || matches!(key, "schemaUrl" | "schema_url"))
    }
}

impl Context {
    /// Reads an object to its end, and what is in its lists.
    fn look_for(
        &mut self,
        level: Level,
        cutter: &mut Cutter<'_, '_>,
        found: &mut HashMap<u64, Self>,
    ) -> Result<(), Halt> {
        let mut is_first = true;
        cutter.step();
        while let Some(key) = cutter.next_key(is_first)? {
            is_first = false;
            match level.list(&key) {
                Some(inner) if inner != Level::Record && cutter.peek()? == Some(b'[') => {
                    contexts_in_list(inner, cutter, found)?;
                }
                None if level.is_context(&key) => self.take(&key, level, cutter)?,
                _ => cutter.skip()?,
            }
        }
        Ok(())
    }

    /// Takes the value of a key.
    pub(super) fn take(
        &mut self,
        key: &str,
        level: Level,
        cutter: &mut Cutter<'_, '_>,
    ) -> Result<(), Halt> {
        self.is_told |= level.is_told_by(key);
        self.text.push_str(&format!("\"{key}\":"));
        self.fields.push((self.text.len(), cutter.place()));
        self.text.push_str(&cutter.value(RECORD_BYTES_MAX)?);
        self.text.push(',');
        Ok(())
    }
}

/// Looks for what the long objects of a list say of themselves.
pub(super) fn contexts_in_list(
    level: Level,
    cutter: &mut Cutter<'_, '_>,
    found: &mut HashMap<u64, Context>,
) -> Result<(), Halt> {
    let mut is_first = true;
    cutter.step();
    loop {
        match cutter.next_elements(is_first)? {
            Next::Elements(len) => cutter.advance(len),
            Next::Long if cutter.peek()? == Some(b'{') => contexts_in(level, cutter, found)?,
            Next::Long => cutter.skip()?,
            Next::End => return Ok(()),
        }
        is_first = false;
    }
}

/// The same for an object and what is in it.
pub(super) fn contexts_in(
    level: Level,
    cutter: &mut Cutter<'_, '_>,
    found: &mut HashMap<u64, Context>,
) -> Result<(), Halt> {
    let offset = cutter.source().offset();
    let mut context = Context::default();
    let read = context.look_for(level, cutter, found);
    context.is_whole = read.is_ok();
    found.insert(offset, context);
    read
}
