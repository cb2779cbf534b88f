//! From a protobuf message to OTLP JSON documents of bounded size, each record on a line of its own.

use super::json::{sample_of, write_message, write_utf8};
use super::schema::{LOG, RESOURCE, SCOPE, SPAN, Slot};
use super::wire::{CUT, Damage, Field, Fields, Wire};
use crate::decode::Origin;
use crate::decode::otlp::Signal;
use crate::decode::otlp::document::Decoder;
use crate::error::Error;
use crate::load::{Load, Place};
use brunt_model::table;

/// A document is handed on when it is longer than this.
const DOCUMENT_BYTES: usize = 2 * 1024 * 1024;

/// Takes messages apart and hands documents to the decoder.
#[derive(Debug)]
pub(super) struct Transcoder {
    pub(super) decoder: Decoder,
    /// Records so far, so that a reject can name its own.
    pub(super) n_records: u64,
    document: String,
}

/// What is done with a part; whether it ends too early.
type Each<'e, 's> = &'e mut dyn FnMut(&mut Transcoder, &[u8], &mut Load<'s>) -> Result<bool, Error>;

/// The names of a signal's levels in JSON.
struct Names {
    resources: &'static str,
    scopes: &'static str,
    records: &'static str,
    record: &'static [Slot],
}

const LOGS: Names =
    Names { resources: "resourceLogs", scopes: "scopeLogs", records: "logRecords", record: LOG };
const SPANS: Names =
    Names { resources: "resourceSpans", scopes: "scopeSpans", records: "spans", record: SPAN };

impl Transcoder {
    pub(super) fn new(decoder: Decoder) -> Self {
        Self { decoder, n_records: 0, document: String::new() }
    }

    /// Reads a message. Where it is damaged or ends too early, what came before is kept, and the rest is one reject.
    pub(super) fn message(
        &mut self,
        message: &[u8],
        signal: Signal,
        load: &mut Load<'_>,
    ) -> Result<(), Error> {
        let names = match signal {
            Signal::Logs => &LOGS,
            Signal::Spans => &SPANS,
            Signal::Metrics | Signal::Profiles => {
                load.unsupported(signal.name(), count(message));
                return Ok(());
            }
        };
        let ends_early =
            self.parts(message, (1, 1), names, load, &mut |transcoder, resource, load| {
                transcoder.resource(resource, names, load)
            })?;
        if ends_early { self.refuse(CUT, names, "", load) } else { Ok(()) }
    }

    /// Calls `each` for the messages in a field of a message, also for one that is cut off. What ends too early is a
    /// reject of the outermost part that does; whether this one does is returned, for the part around it.
    fn parts<'s>(
        &mut self,
        message: &[u8],
        (number, old_number): (u64, u64),
        names: &Names,
        load: &mut Load<'s>,
        each: Each<'_, 's>,
    ) -> Result<bool, Error> {
        let mut ends_early = false;
        for field in Fields::new(message) {
            match field {
                Ok(Field { number: n, wire: Wire::Bytes(part), is_cut }) => {
                    let part_ends_early =
                        (n == number || n == old_number) && each(self, part, load)?;
                    ends_early |= is_cut;
                    if part_ends_early && !is_cut {
                        self.refuse(CUT, names, "", load)?;
                    }
                }
                Ok(_) => {}
                Err(damage) if damage == CUT => ends_early = true,
                Err(damage) => self.refuse(damage, names, "", load)?,
            }
        }
        Ok(ends_early)
    }

    fn resource(
        &mut self,
        message: &[u8],
        names: &Names,
        load: &mut Load<'_>,
    ) -> Result<bool, Error> {
        let head = match head(message, "resource", RESOURCE) {
            Ok(head) => head,
            Err(damage) => return self.refuse(damage, names, "", load).map(|()| false),
        };
        self.parts(message, (2, 1000), names, load, &mut |transcoder, scope, load| {
            transcoder.scope(scope, &head, names, load)
        })
    }

    fn scope(
        &mut self,
        message: &[u8],
        resource: &str,
        names: &Names,
        load: &mut Load<'_>,
    ) -> Result<bool, Error> {
        let scope = match head(message, "scope", SCOPE) {
            Ok(scope) => scope,
            Err(damage) => return self.refuse(damage, names, "", load).map(|()| false),
        };
        let Names { resources, scopes, records, .. } = names;
        let head = format!("{{\"{resources}\":[{{{resource}\"{scopes}\":[{{{scope}\"{records}\":[");
        let (mut first, mut ends_early) = (self.n_records + 1, false);
        self.document.clear();
        for field in Fields::new(message) {
            match field {
                Ok(Field { number: 2, wire: Wire::Bytes(record), is_cut: false }) => {
                    if self.document.is_empty() {
                        first = self.n_records + 1;
                        self.document.push_str(&head);
                    } else {
                        self.document.push('\n');
                    }
                    self.record(record, names, load)?;
                    if self.document.len() >= DOCUMENT_BYTES {
                        self.hand_on(first, load)?;
                    }
                }
                Ok(field) => ends_early |= field.is_cut,
                Err(damage) if damage == CUT => ends_early = true,
                Err(damage) => self.refuse(damage, names, "", load)?,
            }
        }
        self.hand_on(first, load)?;
        Ok(ends_early)
    }

    /// Writes a record behind those before it, or nothing where it is damaged.
    fn record(&mut self, record: &[u8], names: &Names, load: &mut Load<'_>) -> Result<(), Error> {
        self.n_records += 1;
        let n_before = self.document.len();
        if !self.document.trim_ascii_end().ends_with('[') {
            self.document.push(',');
        }
        match write_message(names.record, record, &mut self.document) {
            Ok(()) => Ok(()),
            Err(damage) => {
                self.document.truncate(n_before);
                self.n_records -= 1;
                let sample = sample_of(names.record, record);
                self.refuse(damage, names, &sample, load)
            }
        }
    }

    fn hand_on(&mut self, first_record: u64, load: &mut Load<'_>) -> Result<(), Error> {
        if !self.document.is_empty() {
            self.document.push_str("]}]}]}");
            let origin = Origin::record(first_record);
            self.decoder.documents(&self.document, &origin, load)?;
            self.document.clear();
        }
        Ok(())
    }

    /// Stores a damaged part as a reject, which is counted like a record.
    fn refuse(
        &mut self,
        damage: Damage,
        names: &Names,
        sample: &str,
        load: &mut Load<'_>,
    ) -> Result<(), Error> {
        let of = if names.records == "spans" { "spans" } else { "logs" };
        self.n_records += 1;
        let place = Place { line: self.n_records, column: None };
        load.reject(table(of), place, damage.code, damage.reason, sample.as_bytes())
    }
}

/// What a resource or scope shares with its records, as the beginning of an object: itself, and its schema.
fn head(message: &[u8], key: &str, slots: &'static [Slot]) -> Result<String, Damage> {
    let mut out = String::new();
    for field in Fields::new(message).map_while(Result::ok) {
        match field {
            Field { number: 1 | 3, is_cut: true, .. } => return Err(CUT),
            Field { number: 1, wire: Wire::Bytes(bytes), .. } => {
                out.push_str(&format!("\"{key}\":"));
                write_message(slots, bytes, &mut out)?;
                out.push(',');
            }
            Field { number: 3, wire: Wire::Bytes(url), .. } => {
                out.push_str("\"schemaUrl\":");
                write_utf8(url, &mut out)?;
                out.push(',');
            }
            _ => {}
        }
    }
    Ok(out)
}

/// Records of a message.
fn count(message: &[u8]) -> u64 {
    let inside = |message, number| {
        Fields::new(message).map_while(Result::ok).filter_map(move |field| match field.wire {
            Wire::Bytes(bytes) if field.number == number => Some(bytes),
            _ => None,
        })
    };
    inside(message, 1)
        .flat_map(|resource| inside(resource, 2))
        .map(|scope| inside(scope, 2).count() as u64)
        .sum()
}
