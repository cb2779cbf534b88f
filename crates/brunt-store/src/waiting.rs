//! Files that are ready and not put yet: several are put at a time, because each put waits for the disk or the network.

use brunt_model::Table;
use bytes::Bytes;
use futures::{FutureExt, StreamExt, TryStreamExt};

use crate::error::Error;
use crate::location::Location;

/// Puts that are under way at a time.
const PUTS_MAX: usize = 8;

/// Past so many bytes nothing waits any longer.
const BYTES_MAX: usize = 24 << 20;

/// Files in the order in which they became ready.
#[derive(Debug, Default)]
pub(crate) struct Waiting {
    files: Vec<(&'static Table, String, Bytes)>,
}

impl Waiting {
    pub(crate) fn push(&mut self, table: &'static Table, path: String, bytes: Bytes) {
        self.files.push((table, path, bytes));
    }

    pub(crate) fn is_much(&self) -> bool {
        self.files.iter().map(|(_, _, bytes)| bytes.len()).sum::<usize>() >= BYTES_MAX
    }

    /// The file is not needed any more; whether it was put already does not matter.
    pub(crate) fn forget(&mut self, path: &str) {
        self.files.retain(|(_, waiting, _)| waiting != path);
    }

    /// Puts the files of the wanted tables; returns the path of one of the first.
    pub(crate) async fn write(
        &mut self,
        location: &Location,
        wanted: impl Fn(&Table) -> bool,
    ) -> Result<Option<String>, Error> {
        let (now, later): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.files).into_iter().partition(|(table, ..)| wanted(table));
        self.files = later;
        let first = now.first().map(|(_, path, _)| path.clone());
        let mut puts = Vec::with_capacity(now.len());
        for (_, path, bytes) in now {
            let location = location.clone();
            puts.push(async move { location.write(&path, bytes).await }.boxed());
        }
        futures::stream::iter(puts).buffer_unordered(PUTS_MAX).try_collect::<Vec<()>>().await?;
        Ok(first)
    }
}
