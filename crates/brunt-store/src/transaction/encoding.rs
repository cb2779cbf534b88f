//! From rows to files while the write goes on: one run is encoded at a time, files are put several at a time.

use brunt_model::{Day, Table};

use super::Transaction;
use crate::data_file::{DataFile, EncodedFile};
use crate::error::Error;
use crate::runs::{Encoding, Run, RunWriter};

/// What becomes of the files of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Then {
    Add,
    /// They become the only ones of their day, unless these are the same.
    ReplaceDay,
}

impl Transaction {
    pub(crate) async fn put_run(&mut self, run: Run) -> Result<(), Error> {
        self.encode(run, Then::Add).await
    }

    /// Begins to make files of a run; one at a time is in the making.
    pub(super) async fn encode(&mut self, run: Run, then: Then) -> Result<(), Error> {
        self.settle().await?;
        self.encoding = Some((Encoding::start(run), then));
        Ok(())
    }

    /// Waits for the run that is in the making.
    pub(super) async fn settle(&mut self) -> Result<(), Error> {
        let Some((encoding, then)) = self.encoding.take() else { return Ok(()) };
        let (table, day) = (encoding.table, encoding.day);
        let encoded = encoding.finish().await?;
        if then == Then::ReplaceDay {
            let files = self.files_so_far(table, |other| other == day).await?;
            let new = encoded.iter().map(|file| &file.content);
            if files.iter().map(DataFile::content).eq(new) {
                return Ok(());
            }
            for file in &files {
                self.remove_file(table, file, true);
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
