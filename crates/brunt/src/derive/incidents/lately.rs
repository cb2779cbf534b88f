//! Which error a later one follows: one of the two seconds before that more than time connects it with.
//!
//! Time alone would make one failure of all that happens to happen at once: a page has many scripts, and a session many
//! requests. So an error follows only what says the same, what the same program on a server said, which does one thing
//! at a time for a trace or session, and what a service said that it calls or is called by.

use std::collections::HashMap;

use super::Heard;
use super::calls::Related;
use crate::derive::occurrences::AFTER_MICROS;
use crate::derive::symbols::Sym;

/// The latest errors so far of a trace or session, each with what the asker knows it by.
#[derive(Debug)]
pub(super) struct Lately<T> {
    by_text: HashMap<(Sym, Sym, Sym), Last<T>>,
    /// By service and whether its client alone recorded it.
    by_service: HashMap<(Sym, bool), Last<T>>,
    n_seen: usize,
}

#[derive(Debug, Clone, Copy)]
struct Last<T> {
    ts: i64,
    /// How many came before it.
    place: usize,
    known_by: T,
}

impl<T> Default for Lately<T> {
    fn default() -> Self {
        Self { by_text: HashMap::new(), by_service: HashMap::new(), n_seen: 0 }
    }
}

impl<T: Copy> Lately<T> {
    /// The latest error that this one follows; times must not fall from call to call.
    pub(super) fn before(&self, ts: i64, heard: &Heard, related: &Related) -> Option<T> {
        let from_client = heard.is_from_client();
        let same_server = (!from_client).then_some((heard.service, false));
        let others = related.of(heard.service).iter();
        let services = others.flat_map(|service| [(*service, false), (*service, true)]);
        services
            .chain(same_server)
            .filter_map(|key| self.by_service.get(&key))
            .chain(self.by_text.get(&heard.exception))
            .filter(|last| ts <= last.ts.saturating_add(AFTER_MICROS))
            .max_by_key(|last| last.place)
            .map(|last| last.known_by)
    }

    pub(super) fn note(&mut self, ts: i64, heard: &Heard, known_by: T) {
        let last = Last { ts, place: self.n_seen, known_by };
        self.n_seen += 1;
        self.by_text.insert(heard.exception, last);
        self.by_service.insert((heard.service, heard.is_from_client()), last);
    }
}
