//! Decodes one input on a thread of its own and hands over rows and rejects as they come.

use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use brunt_ingest::{Redacted, Reject, Sink};
use tokio::sync::mpsc;

use crate::error::Error;

/// Batches that wait between the decoder and the writer: few, since each may hold many rows.
const BATCHES_WAITING_MAX: usize = 4;

/// What a decoder hands over.
pub(super) enum Decoded {
    Rows(Redacted),
    Reject(Reject),
}

/// A decoder at work. Its items come first, its summary at the end.
pub(super) struct Decoding {
    pub(super) items: mpsc::Receiver<Decoded>,
    summary: tokio::task::JoinHandle<Result<brunt_ingest::Summary, brunt_ingest::Error>>,
}

impl Decoding {
    /// Begins to read an input; `n_read` counts its bytes.
    pub(super) fn start(
        input: &super::Input,
        n_read: Arc<AtomicU64>,
        options: brunt_ingest::Options,
    ) -> Result<Self, Error> {
        let input = input.clone();
        let mut reader = Counted { inner: input.reader()?, n_read };
        let (sender, items) = mpsc::channel(BATCHES_WAITING_MAX);
        let summary = tokio::task::spawn_blocking(move || {
            let mut reopen = || -> std::io::Result<Box<dyn Read>> {
                let reader = input.reader().map_err(std::io::Error::other)?;
                Ok(reader)
            };
            let input = brunt_ingest::Input {
                name: input.name(),
                reader: &mut reader,
                reopen: Some(&mut reopen),
            };
            brunt_ingest::ingest(input, &options, &mut Channel(sender))
        });
        Ok(Self { items, summary })
    }

    /// The summary, once all items have been taken.
    pub(super) async fn finish(self) -> Result<brunt_ingest::Summary, brunt_ingest::Error> {
        match self.summary.await {
            Ok(summary) => summary,
            // A decoder never panics on input, so this is a runtime that shuts down.
            Err(error) => Err(brunt_ingest::Error::Sink(Box::new(error))),
        }
    }
}

/// Counts the bytes that were read.
struct Counted {
    inner: Box<dyn Read + Send>,
    n_read: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let n_read = self.inner.read(buffer)?;
        self.n_read.fetch_add(n_read as u64, Ordering::Relaxed);
        Ok(n_read)
    }
}

struct Channel(mpsc::Sender<Decoded>);

impl Channel {
    fn send(&self, item: Decoded) -> Result<(), brunt_ingest::Error> {
        // The writer went away because it failed; its error is the one that counts.
        self.0
            .blocking_send(item)
            .map_err(|_| brunt_ingest::Error::Sink("the writer stopped".into()))
    }
}

impl Sink for Channel {
    fn rows(&mut self, rows: Redacted) -> Result<(), brunt_ingest::Error> {
        self.send(Decoded::Rows(rows))
    }

    fn reject(&mut self, reject: Reject) -> Result<(), brunt_ingest::Error> {
        self.send(Decoded::Reject(reject))
    }
}
