//! From rows to files while the write goes on: two runs are encoded at a time, files are put several at a time.

use brunt_model::{Day, Table};

use super::Transaction;
use crate::data_file::EncodedFile;
use crate::error::Error;
use crate::runs::{Encoding, Run, RunWriter};

/// Runs that are encoded at a time. With one, whoever collects the next would wait for it while a core has nothing to do.
const ENCODINGS_MAX: usize = 2;

/// Which of the shares of a day's new rows these are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a share is first or not, last or not")]
pub struct Share {
    /// What the day has is from before.
    pub is_first: bool,
    /// What the day has had, and no share has brought again, goes.
    pub is_last: bool,
}

/// What becomes of the files of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Then {
    Add,
    /// They are among the only ones of their day. Files that are there already stay.
    Replace(Share),
}

impl Share {
    /// All rows of the day.
    pub const WHOLE: Self = Self { is_first: true, is_last: true };
}

impl Transaction {
    pub(crate) async fn put_run(&mut self, run: Run) -> Result<(), Error> {
        self.encode(run, Then::Add).await
    }

    /// Begins to make files of a run; waits for the oldest where enough are in the making.
    pub(super) async fn encode(&mut self, run: Run, then: Then) -> Result<(), Error> {
        while self.encodings.len() >= ENCODINGS_MAX {
            self.settle_oldest().await?;
        }
        self.encodings.push_back((Encoding::start(run), then));
        Ok(())
    }

    /// Waits for the runs that are in the making.
    pub(super) async fn settle(&mut self) -> Result<(), Error> {
        while !self.encodings.is_empty() {
            self.settle_oldest().await?;
        }
        Ok(())
    }

    async fn settle_oldest(&mut self) -> Result<(), Error> {
        let Some((encoding, then)) = self.encodings.pop_front() else { return Ok(()) };
        let (table, day) = (encoding.table, encoding.day);
        let mut encoded = encoding.finish().await?;
        let Then::Replace(share) = then else {
            return self.put_files(table, day, encoded).await;
        };
        if share.is_first {
            let before = self.files_so_far(table, |other| other == day).await?;
            self.replaced.insert((table.name, day), before);
        }
        let before = self.replaced.entry((table.name, day)).or_default();
        encoded.retain(|file| {
            let same = before.iter().position(|before| before.content() == file.content);
            same.map(|same| before.remove(same)).is_none()
        });
        if share.is_last {
            for file in self.replaced.remove(&(table.name, day)).unwrap_or_default() {
                self.remove_file(table, &file, true);
            }
        }
        self.put_files(table, day, encoded).await
    }

    async fn put_files(
        &mut self,
        table: &'static Table,
        day: Day,
        encoded: Vec<EncodedFile>,
    ) -> Result<(), Error> {
        let mut writer = RunWriter::new(table, day, self.now, true);
        for file in encoded {
            let (file, bytes) = writer.name(file);
            self.waiting.push(table, file.file.path.clone(), bytes);
            self.changes.entry(table.name).or_default().added.push(file);
        }
        if self.waiting.is_much() {
            self.write_waiting(|_| true).await?;
        }
        Ok(())
    }

    /// Puts the files that wait, of the tables that are asked for.
    pub(super) async fn write_waiting(
        &mut self,
        wanted: impl Fn(&Table) -> bool,
    ) -> Result<(), Error> {
        let written = self.waiting.write(self.store.location(), wanted).await?;
        if self.first_file.is_none() {
            self.first_file = written;
        }
        Ok(())
    }
}
