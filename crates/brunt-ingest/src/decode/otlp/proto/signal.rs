//! Which signal a message holds. All of them have the same two levels above their records, so the records tell.

use super::super::Signal;
use super::wire::{CUT, Damage, Field, Fields, Wire};

/// Records that are looked at.
const N_LOOKED_AT: usize = 64;

/// The greatest number of a field of a record, whatever the signal; greater ones are new, and tell nothing.
const RECORD_NUMBER_MAX: u64 = 16;

/// What a message looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Looks {
    /// Its fields are not those of OTLP.
    NotOtlp,
    /// It has no record that tells.
    Untold,
    Like(Signal),
}

/// How many fields of records are as each signal has them, less those that are not.
#[derive(Debug, Default)]
struct Scores {
    logs: i32,
    spans: i32,
    metrics: i32,
    n_records: usize,
}

/// Looks at a message, or its beginning.
pub(super) fn looks(message: &[u8]) -> Looks {
    let mut scores = Scores::default();
    let mut has_dictionary = false;
    if scores.message(message, &mut has_dictionary).is_none() {
        return Looks::NotOtlp;
    }
    if has_dictionary {
        return Looks::Like(Signal::Profiles);
    }
    let best = scores.logs.max(scores.spans).max(scores.metrics);
    match best {
        ..=0 => Looks::Untold,
        _ if best == scores.logs => Looks::Like(Signal::Logs),
        _ if best == scores.spans => Looks::Like(Signal::Spans),
        _ => Looks::Like(Signal::Metrics),
    }
}

/// The signal that a file's name speaks of.
pub(super) fn of_name(name: &str) -> Option<Signal> {
    let name = name.to_lowercase();
    let words = [
        ("trace", Signal::Spans),
        ("span", Signal::Spans),
        ("metric", Signal::Metrics),
        ("profile", Signal::Profiles),
        ("log", Signal::Logs),
    ];
    words.iter().find(|(word, _)| name.contains(word)).map(|(_, signal)| *signal)
}

impl Scores {
    /// `None` where it is not OTLP.
    fn message(&mut self, message: &[u8], has_dictionary: &mut bool) -> Option<()> {
        for field in Fields::new(message) {
            match messages(field)? {
                Some((1, resource)) => self.resource(resource)?,
                Some((2, _)) => *has_dictionary = true,
                _ => {}
            }
        }
        Some(())
    }

    fn resource(&mut self, message: &[u8]) -> Option<()> {
        for field in Fields::new(message) {
            if let Some((2 | 1000, scope)) = messages(field)? {
                self.scope(scope)?;
            }
        }
        Some(())
    }

    fn scope(&mut self, message: &[u8]) -> Option<()> {
        for field in Fields::new(message) {
            if let Some((2, record)) = messages(field)? {
                self.n_records += 1;
                if self.n_records <= N_LOOKED_AT {
                    self.record(record);
                }
            }
        }
        Some(())
    }

    fn record(&mut self, message: &[u8]) {
        let known = Fields::new(message).map_while(Result::ok);
        for field in known.filter(|field| field.number <= RECORD_NUMBER_MAX) {
            let score = |fits: bool| if fits { 1 } else { -1 };
            self.logs += score(is_of_log(&field));
            self.spans += score(is_of_span(&field));
            self.metrics += score(is_of_metric(&field));
        }
    }
}

/// Numbers of fields that a level above the records may have one day; greater ones are no OTLP.
const NUMBER_MAX: u64 = 15;

/// The number and bytes of a field of a level above the records; `Some(None)` where it says nothing, and `None` where it
/// is not OTLP's.
#[expect(clippy::option_option, reason = "a field that says nothing is not one that is wrong")]
fn messages(field: Result<Field<'_>, Damage>) -> Option<Option<(u64, &[u8])>> {
    match field {
        Ok(Field { number: number @ (1..=3 | 1000), wire: Wire::Bytes(bytes), .. }) => {
            Some(Some((number, bytes)))
        }
        Ok(Field { number: 4..=NUMBER_MAX, .. }) => Some(None),
        Ok(_) => None,
        Err(damage) => (damage == CUT).then_some(None),
    }
}

fn is_of_log(field: &Field<'_>) -> bool {
    match (field.number, field.wire) {
        (1 | 11, Wire::Fixed64(_))
        | (2 | 7, Wire::Varint(_))
        | (8, Wire::Fixed32(_))
        | (3 | 5 | 6 | 12, Wire::Bytes(_)) => true,
        (9, Wire::Bytes(id)) => matches!(id.len(), 0 | 16),
        (10, Wire::Bytes(id)) => matches!(id.len(), 0 | 8),
        _ => false,
    }
}

fn is_of_span(field: &Field<'_>) -> bool {
    match (field.number, field.wire) {
        (1, Wire::Bytes(id)) => id.len() == 16,
        (2, Wire::Bytes(id)) => id.len() == 8,
        (4, Wire::Bytes(id)) => matches!(id.len(), 0 | 8),
        (3 | 5 | 9 | 11 | 13 | 15, Wire::Bytes(_))
        | (6 | 10 | 12 | 14, Wire::Varint(_))
        | (7 | 8, Wire::Fixed64(_))
        | (16, Wire::Fixed32(_)) => true,
        _ => false,
    }
}

fn is_of_metric(field: &Field<'_>) -> bool {
    matches!((field.number, field.wire), (1..=3 | 5 | 7 | 9..=12, Wire::Bytes(_)))
}
