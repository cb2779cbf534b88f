//! Times of the spans and traces of a load, for rows that have none of their own.

use twox_hash::XxHash3_64;

/// At 16 bytes a piece this keeps a load's memory bounded: of what was noted, at least so much of the latest is known.
const KEPT: usize = 1 << 19;

/// [`KEPT`] once some row had no time, of which more may come.
const KEPT_FOR_SOME: usize = 1 << 21;

/// A time by a hash of trace id, or of trace and span id.
pub(crate) type Noted = (u64, i64);

/// Times on their way to [`Times`].
#[derive(Debug, Default)]
pub(crate) struct Notes {
    noted: Vec<Noted>,
    last_trace: Option<Noted>,
}

/// The earliest time of each span and trace that was noted lately. Most loads never ask, so noting costs little and
/// asking more.
#[derive(Debug, Default)]
pub(crate) struct Times {
    latest: Noticed,
    /// What was noted before, as much again.
    before: Noticed,
    some_ask: bool,
}

#[derive(Debug, Default)]
struct Noticed {
    noted: Vec<Noted>,
    /// So many are in order of their hashes, each hash with its earliest time alone.
    n_settled: usize,
}

impl Notes {
    /// Notes a row's time; `span_id` only where the time is the span's own start.
    pub(crate) fn note(&mut self, trace_id: &str, span_id: Option<&str>, micros: i64) {
        let trace = trace_key(trace_id);
        // Rows of one trace mostly come together, the earliest first.
        if self.last_trace.is_none_or(|(last, earliest)| last != trace || earliest > micros) {
            self.noted.push((trace, micros));
            self.last_trace = Some((trace, micros));
        }
        if let Some(span_id) = span_id {
            self.noted.push((span_key(trace, span_id), micros));
        }
    }

    pub(crate) fn take(&mut self) -> Vec<Noted> {
        std::mem::take(&mut self.noted)
    }
}

impl Times {
    pub(crate) fn add(&mut self, noted: &[Noted]) {
        self.latest.noted.extend_from_slice(noted);
        let kept = if self.some_ask { KEPT_FOR_SOME } else { KEPT };
        if self.latest.noted.len() >= kept {
            self.before = std::mem::take(&mut self.latest);
        }
    }

    /// Makes known that rows without a time came, which will ask.
    pub(crate) fn expect_some(&mut self) {
        self.some_ask = true;
    }

    /// The start of the row's span, else the earliest time of its trace.
    pub(crate) fn find(&mut self, trace_id: &str, span_id: Option<&str>) -> Option<i64> {
        let trace = trace_key(trace_id);
        let of_span = span_id.and_then(|span_id| self.earliest(span_key(trace, span_id)));
        of_span.or_else(|| self.earliest(trace))
    }

    fn earliest(&mut self, key: u64) -> Option<i64> {
        let found = [&mut self.latest, &mut self.before].map(|noticed| noticed.earliest(key));
        found.into_iter().flatten().min()
    }
}

impl Noticed {
    fn earliest(&mut self, key: u64) -> Option<i64> {
        if self.n_settled < self.noted.len() {
            self.noted.sort_unstable();
            self.noted.dedup_by_key(|(key, _)| *key);
            self.n_settled = self.noted.len();
        }
        let found = self.noted.binary_search_by_key(&key, |(held, _)| *held).ok()?;
        self.noted.get(found).map(|(_, micros)| *micros)
    }
}

fn trace_key(trace_id: &str) -> u64 {
    XxHash3_64::oneshot_with_seed(0, trace_id.as_bytes())
}

fn span_key(trace: u64, span_id: &str) -> u64 {
    XxHash3_64::oneshot_with_seed(trace, span_id.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_has_its_start_and_a_trace_its_earliest_time() {
        let (mut notes, mut times) = (Notes::default(), Times::default());
        notes.note("t", Some("late"), 20);
        times.add(&notes.take());
        assert_eq!(times.find("t", None), Some(20));
        notes.note("t", Some("early"), 10);
        notes.note("t", None, 15);
        times.add(&notes.take());
        assert_eq!(times.find("t", Some("late")), Some(20));
        assert_eq!(times.find("t", Some("unknown")), Some(10));
        assert_eq!(times.find("t", None), Some(10));
        assert_eq!(times.find("u", None), None);
    }

    #[test]
    fn what_was_noted_lately_is_kept_and_no_more_than_there_is_room_for() {
        let mut times = Times::default();
        for n in 0..5 {
            let keys = (n * KEPT as u64)..((n + 1) * KEPT as u64 - 1);
            times.add(&keys.map(|key| (key, 1)).collect::<Vec<_>>());
            let (mut notes, name) = (Notes::default(), format!("t{n}"));
            notes.note(&name, None, 20);
            times.add(&notes.take());
        }
        assert_eq!([times.find("t4", None), times.find("t0", None)], [Some(20), None]);
        assert!(times.latest.noted.len() + times.before.noted.len() <= 2 * KEPT);

        times.expect_some();
        for n in 5..8 {
            let keys = (n * KEPT as u64)..((n + 1) * KEPT as u64);
            times.add(&keys.map(|key| (key, 1)).collect::<Vec<_>>());
        }
        assert_eq!(times.find("t4", None), Some(20), "more is kept for who asks");
    }
}
