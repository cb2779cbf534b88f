//! What an input is known by: its content, and how it is read.

use std::path::Path;

use brunt_store::LoadEntry;
use twox_hash::XxHash3_128;

use super::input::without_here;
use super::{Input, Plan};
use crate::error::Error;

/// An input with what it is known by.
pub(super) struct Job<'i> {
    pub(super) input: &'i Input,
    pub(super) file_idx: usize,
    pub(super) key: String,
    pub(super) load_id: String,
    pub(super) size_bytes: u64,
}

impl<'i> Job<'i> {
    /// The key of a load is its content, table and mapping, and the format where one was asked for.
    pub(super) fn new(
        input: &'i Input,
        file_idx: usize,
        content: u128,
        size_bytes: u64,
        plan: &Plan,
    ) -> Self {
        let mut hasher = XxHash3_128::new();
        hasher.write(&content.to_le_bytes());
        let format = plan.format.map_or("", |format| format.name());
        for part in [plan.table.map_or("", |table| table.name), plan.mapping_text.as_str(), format]
        {
            hasher.write(&(part.len() as u64).to_le_bytes());
            hasher.write(part.as_bytes());
        }
        let key = format!("{:032x}", hasher.finish_128());
        Self { input, file_idx, load_id: key[..16].to_owned(), key, size_bytes }
    }

    /// Whether a load was of an input of the same name or content.
    pub(super) fn takes_place_of(&self, load: &LoadEntry) -> bool {
        let is_same_path =
            || *without_here(Path::new(&load.input)) == *Path::new(self.input.name());
        self.key == load.key || self.input.name() == load.input || is_same_path()
    }
}

/// Content and size; files are read on a thread that may wait.
pub(super) async fn digest(input: &Input) -> Result<(u128, u64), Error> {
    let input = input.clone();
    let name = input.name().to_owned();
    let digested = tokio::task::spawn_blocking(move || input.digest()).await;
    digested.unwrap_or_else(|error| {
        Err(Error::Io { action: "read", path: name, source: std::io::Error::other(error) })
    })
}
