//! Times of the spans and traces of a load, for rows that have none of their own.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use xxhash_rust::xxh3::xxh3_64_with_seed;

/// At 16 bytes a piece this keeps a load's memory bounded; rows whose trace came later find no time.
const N_MAX: usize = 2_000_000;

#[derive(Debug, Default)]
pub(crate) struct Times {
    /// Earliest time by a hash of trace id, or of trace and span id.
    earliest: HashMap<u64, i64, BuildHasherDefault<Hashed>>,
    last: Option<(u64, i64)>,
}

/// The hash of a key that is a hash.
#[derive(Debug, Default)]
struct Hashed(u64);

impl Hasher for Hashed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 = xxh3_64_with_seed(bytes, self.0);
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

impl Times {
    /// Notes a row's time; `span_id` only where the time is the span's own start.
    pub(crate) fn note(&mut self, trace_id: &str, span_id: Option<&str>, micros: i64) {
        self.keep(trace_key(trace_id), micros);
        if let Some(span_id) = span_id {
            self.keep(span_key(trace_id, span_id), micros);
        }
    }

    /// The start of the row's span, else the earliest time of its trace.
    pub(crate) fn find(&self, trace_id: &str, span_id: Option<&str>) -> Option<i64> {
        let of_span = span_id.and_then(|span_id| self.earliest.get(&span_key(trace_id, span_id)));
        of_span.or_else(|| self.earliest.get(&trace_key(trace_id))).copied()
    }

    fn keep(&mut self, key: u64, micros: i64) {
        // Rows of one trace mostly come together, the earliest first.
        if self.last.is_some_and(|(last_key, earliest)| last_key == key && earliest <= micros) {
            return;
        }
        if self.earliest.len() < N_MAX || self.earliest.contains_key(&key) {
            let earliest = self.earliest.entry(key).or_insert(micros);
            *earliest = micros.min(*earliest);
            self.last = Some((key, *earliest));
        }
    }
}

fn trace_key(trace_id: &str) -> u64 {
    xxh3_64_with_seed(trace_id.as_bytes(), 0)
}

fn span_key(trace_id: &str, span_id: &str) -> u64 {
    xxh3_64_with_seed(span_id.as_bytes(), trace_key(trace_id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_has_its_start_and_a_trace_its_earliest_time() {
        let mut times = Times::default();
        times.note("t", Some("late"), 20);
        times.note("t", Some("early"), 10);
        times.note("t", None, 15);
        assert_eq!(times.find("t", Some("late")), Some(20));
        assert_eq!(times.find("t", Some("unknown")), Some(10));
        assert_eq!(times.find("t", None), Some(10));
        assert_eq!(times.find("u", None), None);
    }
}
