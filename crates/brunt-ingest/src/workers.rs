//! Threads that decode parts of an input; what they give is taken in the order of the parts.
//!
//! ```text
//! input ─┬─► parts 0, 2, 4 ... ─► thread ─► pieces ─┬─► load, in order
//!        └─► parts 1, 3, 5 ... ─► thread ─► pieces ─┘
//! ```
//! Every thread has its own decoder, and a bounded number of parts is on its way at a time.

use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::scope;

use crate::collect::Pieces;
use crate::error::Error;
use crate::load::{Load, Task};

/// Parts a thread that are on their way at a time: one is worked on, the other waits.
const N_PARTS: usize = 2;
/// No more bytes are on their way at a time, unless a single part has more.
const BYTES_MAX: usize = 32 * 1024 * 1024;

/// What decodes a part.
pub(crate) trait Worker {
    type Part: Send;

    fn run(&mut self, part: Self::Part, load: &mut Load<'_>) -> Result<Done, Error>;
}

/// What became of a part.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Done {
    /// The byte of the first fault, of those that cost more than a record.
    pub(crate) first_fault: Option<usize>,
    /// A fault cost the rest of the part, and nothing that follows it can be relied on.
    pub(crate) is_broken: bool,
}

/// Decodes parts of an input for its load.
pub(crate) struct Workers<'w, 's, W: Worker> {
    load: &'w mut Load<'s>,
    /// Works where there are no threads.
    here: Option<W>,
    lanes: Vec<Lane<W>>,
    n_taken: usize,
    /// Lengths of the parts on their way.
    on_way: VecDeque<usize>,
}

/// The two ends of a thread.
struct Lane<W: Worker> {
    parts: Sender<W::Part>,
    made: Receiver<Made>,
}

type Made = Result<(Pieces, Done), Error>;

/// Has `feed` put the parts of an input, which end up in the load in their order.
pub(crate) fn with_workers<'s, W: Worker>(
    load: &mut Load<'s>,
    make: impl Fn() -> W + Sync,
    feed: impl FnOnce(&mut Workers<'_, 's, W>) -> Result<(), Error>,
) -> Result<(), Error> {
    let task = load.task();
    // A look at an input ends with a row, which only one thread can tell.
    let n_threads = task.options.n_rows_max.map_or(task.options.n_threads, |_| 1);
    let make = &make;
    scope(|scope| {
        let lane = |_| {
            let ((parts, given), (makes, made)) = (channel(), channel());
            scope.spawn(move || work(make, task, &given, &makes));
            Lane { parts, made }
        };
        let lanes: Vec<_> = (0..n_threads).filter(|_| n_threads > 1).map(lane).collect();
        let here = lanes.is_empty().then(make);
        let mut workers = Workers { load, here, lanes, n_taken: 0, on_way: VecDeque::new() };
        let fed = feed(&mut workers);
        workers.settle()?;
        fed
    })
}

/// Works until no more parts come, or nobody wants what they give.
fn work<W: Worker>(
    make: &impl Fn() -> W,
    task: Task<'_>,
    given: &Receiver<W::Part>,
    makes: &Sender<Made>,
) {
    let mut load = Load::of_parts(task);
    // An input of few parts needs no more decoders.
    let mut worker = None;
    for part in given {
        let made = worker.get_or_insert_with(make).run(part, &mut load).and_then(|done| {
            load.end_part()?;
            Ok((load.take_pieces(), done))
        });
        if makes.send(made).is_err() {
            return;
        }
    }
}

impl<'s, W: Worker> Workers<'_, 's, W> {
    /// The load, with everything in it that was put before.
    pub(crate) fn settled(&mut self) -> Result<&mut Load<'s>, Error> {
        self.settle()?;
        Ok(self.load)
    }

    /// Puts a part of this length. `false` where it, or an earlier one, is known to be broken; then nothing that was put
    /// behind that one counts.
    pub(crate) fn put(&mut self, part: W::Part, n_bytes: usize) -> Result<bool, Error> {
        if let Some(here) = &mut self.here {
            let done = here.run(part, self.load)?;
            self.load.end_part()?;
            return Ok(!done.is_broken);
        }
        while self.on_way.len() >= N_PARTS * self.lanes.len()
            || self.on_way.iter().sum::<usize>() + n_bytes > BYTES_MAX
        {
            match self.take()? {
                Some(Done { is_broken: true, .. }) => return Ok(false),
                Some(_) => {}
                None => break,
            }
        }
        let lane_idx = (self.n_taken + self.on_way.len()) % self.lanes.len().max(1);
        let lane = self.lanes.get(lane_idx);
        if lane.is_some_and(|lane| lane.parts.send(part).is_ok()) {
            self.on_way.push_back(n_bytes);
        }
        Ok(true)
    }

    /// Puts a part and waits for what becomes of it, or of the one before it that is broken.
    pub(crate) fn wait_for(&mut self, part: W::Part, n_bytes: usize) -> Result<Done, Error> {
        if let Some(here) = &mut self.here {
            let done = here.run(part, self.load)?;
            self.load.end_part()?;
            return Ok(done);
        }
        if !self.put(part, n_bytes)? {
            return Ok(Done { first_fault: None, is_broken: true });
        }
        self.settle()
    }

    /// Waits for everything that was put; returns what became of the last.
    pub(crate) fn settle(&mut self) -> Result<Done, Error> {
        let mut last = Done::default();
        while let Some(done) = self.take()? {
            last = done;
        }
        Ok(last)
    }

    /// Takes what the oldest part on its way gave. Behind a broken one nothing counts.
    fn take(&mut self) -> Result<Option<Done>, Error> {
        let Some(made) = self.next_made() else { return Ok(None) };
        let taken = made.and_then(|(pieces, done)| {
            self.load.add(pieces)?;
            Ok(done)
        });
        if taken.as_ref().map_or(true, |done| done.is_broken) {
            while self.next_made().is_some() {}
        }
        taken.map(Some)
    }

    fn next_made(&mut self) -> Option<Made> {
        self.on_way.pop_front()?;
        let lane = self.lanes.get(self.n_taken % self.lanes.len().max(1))?;
        self.n_taken += 1;
        // A thread goes only after this end of it.
        lane.made.recv().ok()
    }
}
