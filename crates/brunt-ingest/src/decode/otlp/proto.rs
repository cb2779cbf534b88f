//! OTLP as protobuf: bare messages, or the collector's files, which put its length before each message.
//!
//! A bare message is a list of resources in its first field, so several of them in a row read like one. A message with its
//! length in four bytes before it, the greatest first, may hold any signal; with compression switched on the collector
//! compresses each by itself, and puts lengths before JSON documents too.

mod json;
mod schema;
mod signal;
mod transcode;
mod wire;

use self::signal::Looks;
use self::transcode::Transcoder;
use self::wire::{CUT, Fields};
use super::Signal;
use super::document::Decoder;
use crate::decode::{Origin, Place, Plan, each_text};
use crate::detect::Head;
use crate::error::Error;
use crate::format::Spec;
use crate::load::Load;
use crate::read::{Block, Source, Split, compression_of};

pub(crate) static SPEC: Spec = Spec {
    name: "otlp_proto",
    about: "OpenTelemetry's OTLP as protobuf, bare or with the length of each message before it",
    is: |head| framing_of(head).is_some(),
    is_generic: false,
    decode,
};

/// No message is longer: greater lengths are none.
const MESSAGE_BYTES_MAX: usize = 256 * 1024 * 1024;
/// Messages of a file that are looked at to tell what it is.
const N_LOOKED_AT: usize = 8;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Framing {
    Bare,
    Lengths,
}

/// How messages follow each other, if they are OTLP's.
fn framing_of(head: &Head<'_>) -> Option<Framing> {
    if head.bytes.starts_with(b"\x0a") {
        let is_told = match signal::looks(&head.bytes) {
            Looks::Like(_) => true,
            Looks::Untold => {
                matches!(head.ending.as_str(), "pb" | "binpb" | "bin" | "otlp")
            }
            Looks::NotOtlp => false,
        };
        return is_told.then_some(Framing::Bare);
    }
    let (mut rest, mut n_told, mut n_others) = (&*head.bytes, 0, 0);
    for _ in 0..N_LOOKED_AT {
        let Some((len, bytes)) = length_of(rest).filter(|(len, _)| *len <= MESSAGE_BYTES_MAX)
        else {
            break;
        };
        let (message, behind) = bytes.split_at(len.min(bytes.len()));
        let is_otlp = match compression_of(message) {
            // The beginning of a compressed message is enough; the head may end within it.
            Some(_) => is_otlp(&crate::detect::inflate(message)),
            None => is_otlp(message),
        };
        n_told += usize::from(is_otlp && len > 0);
        n_others += usize::from(!is_otlp);
        rest = behind;
    }
    // One message may be damaged.
    (n_told > n_others).then_some(Framing::Lengths)
}

fn is_otlp(message: &[u8]) -> bool {
    is_json(message) && memchr::memmem::find(message, b"\"resource").is_some()
        || message.is_empty()
        || matches!(signal::looks(message), Looks::Like(_))
}

fn is_json(message: &[u8]) -> bool {
    message.trim_ascii_start().starts_with(b"{")
}

/// The length of the next message, and the bytes behind it.
fn length_of(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let (len, bytes) = bytes.split_first_chunk()?;
    Some((u32::from_be_bytes(*len) as usize, bytes))
}

/// Bytes of the messages that are whole.
fn whole_messages(bytes: &[u8]) -> Option<usize> {
    let mut n_whole = 0;
    while let Some((len, behind)) = length_of(bytes.get(n_whole..).unwrap_or_default()) {
        if len > MESSAGE_BYTES_MAX {
            // It is no length: all the rest is one part that cannot be read.
            return Some(bytes.len());
        }
        if len > behind.len() {
            break;
        }
        n_whole += 4 + len;
    }
    Some(n_whole).filter(|n_whole| *n_whole > 0)
}

/// Bytes of the resources that are whole.
fn whole_resources(bytes: &[u8]) -> Option<usize> {
    let mut fields = Fields::new(bytes);
    let mut n_whole = 0;
    loop {
        match fields.next() {
            Some(Ok(field)) if !field.is_cut => n_whole = bytes.len() - fields.n_left(),
            Some(Err(damage)) if damage != CUT => return Some(bytes.len()),
            _ => return Some(n_whole).filter(|n_whole| *n_whole > 0),
        }
    }
}

/// Reads an input to its end.
fn decode(_plan: Plan<'_>, source: &mut Source<'_>, load: &mut Load<'_>) -> Result<(), Error> {
    let Some(tables) = super::tables() else { return Ok(()) };
    let head = Head::new(source.name(), source.head());
    let is_bare = match framing_of(&head) {
        Some(framing) => framing == Framing::Bare,
        None => head.bytes.starts_with(b"\x0a"),
    };
    let mut messages = Messages {
        transcoder: Transcoder::new(Decoder::new(tables, load.aliases())),
        of_name: signal::of_name(&head.base),
        of_head: None,
    };
    if is_bare {
        if let Looks::Like(signal) = signal::looks(&head.bytes) {
            messages.of_head = Some(signal);
        }
        drop(head);
        while let Some(block) = source.next_block(Split::By(whole_resources))? {
            messages.bare(block.bytes, load)?;
        }
        return Ok(());
    }
    drop(head);
    while let Some(block) = source.next_block(Split::By(whole_messages))? {
        let mut rest = block.bytes;
        while !rest.is_empty() {
            rest = messages.with_length(rest, load)?;
        }
    }
    Ok(())
}

/// The messages of an input while they are read.
struct Messages {
    transcoder: Transcoder,
    /// The signal that the file's name speaks of.
    of_name: Option<Signal>,
    /// The signal of its first bytes.
    of_head: Option<Signal>,
}

impl Messages {
    fn signal(&self, message: &[u8]) -> Option<Signal> {
        match signal::looks(message) {
            Looks::Like(signal) => Some(signal),
            Looks::Untold => self.of_name.or(Some(Signal::Logs)),
            Looks::NotOtlp => None,
        }
    }

    /// A part of a message, by whole resources.
    fn bare(&mut self, message: &[u8], load: &mut Load<'_>) -> Result<(), Error> {
        match self.of_head.or_else(|| self.signal(message)) {
            Some(signal) => self.transcoder.message(message, signal, load),
            None => self.refuse("not_otlp", "the message is none of OTLP's", load),
        }
    }

    /// One message and its length; what is behind it.
    fn with_length<'b>(&mut self, bytes: &'b [u8], load: &mut Load<'_>) -> Result<&'b [u8], Error> {
        let Some((len, behind)) = length_of(bytes).filter(|(len, _)| *len <= MESSAGE_BYTES_MAX)
        else {
            let reason = "the length of a message was expected";
            self.refuse("protobuf_length", reason, load)?;
            return Ok(&[]);
        };
        let (message, behind) = behind.split_at(len.min(behind.len()));
        let is_cut = message.len() < len;
        if compression_of(message).is_some() {
            match inflate(message) {
                Ok(message) => self.message(&message, load)?,
                Err(error) => {
                    let reason = format!("a message cannot be decompressed: {error}");
                    self.refuse("compression", &reason, load)?;
                }
            }
        } else if is_cut && matches!(signal::looks(message), Looks::NotOtlp) {
            self.refuse(CUT.code, CUT.reason, load)?;
        } else {
            self.message(message, load)?;
            if is_cut && Fields::new(message).all(|field| field.is_ok_and(|field| !field.is_cut)) {
                self.refuse(CUT.code, CUT.reason, load)?;
            }
        }
        Ok(behind)
    }

    fn message(&mut self, message: &[u8], load: &mut Load<'_>) -> Result<(), Error> {
        if is_json(message) {
            self.transcoder.n_records += 1;
            let block = Block { bytes: message, first_line: self.transcoder.n_records };
            return each_text(block, false, load, &mut |text, record, load| {
                self.transcoder.decoder.documents(text, &Origin::record(record), load).map(|_| ())
            });
        }
        match self.signal(message) {
            Some(signal) => self.transcoder.message(message, signal, load),
            None => self.refuse("not_otlp", "the message is none of OTLP's", load),
        }
    }

    /// Refuses a part of the input. Lengths stand so near to texts in it that no mask could be trusted: it has no sample.
    fn refuse(
        &mut self,
        code: &'static str,
        reason: &str,
        load: &mut Load<'_>,
    ) -> Result<(), Error> {
        self.transcoder.n_records += 1;
        let place = Place { line: self.transcoder.n_records, column: None };
        load.reject(None, place, code, reason, &[])
    }
}

fn inflate(message: &[u8]) -> Result<Vec<u8>, Error> {
    let mut reader = message;
    Source::open("message", &mut reader)?.read_whole()
}
