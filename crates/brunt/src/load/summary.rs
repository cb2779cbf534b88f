//! What a load did: for every file its counts, or why it was not loaded.

use serde::Serialize;

use super::Unloaded;

/// The outcome of one call of [`crate::Store::load`].
#[derive(Debug, Clone, Serialize)]
pub struct LoadSummary {
    /// One entry for each input, in their order.
    pub files: Vec<FileSummary>,
    /// Loads that these took the place of, where that was asked for.
    pub replaced: Vec<Unloaded>,
    /// The epoch that holds the loads; `None` where nothing new was stored.
    pub epoch: Option<u64>,
}

/// The outcome for one input.
#[derive(Debug, Clone, Serialize)]
pub struct FileSummary {
    pub input: String,
    #[serde(flatten)]
    pub outcome: FileOutcome,
}

/// What became of an input.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum FileOutcome {
    /// Every record is stored, was there already, or is a reject.
    Loaded {
        load_id: String,
        format: String,
        /// One entry a table, and one without a table for rejects that belong to none.
        tables: Vec<TableCounts>,
        warnings: Vec<String>,
    },
    /// The same content was loaded before, with the same table and mapping.
    AlreadyLoaded,
    /// The file is no export.
    Skipped { reason: String },
    /// The file was refused as a whole; nothing of it was stored.
    Failed { error: String, hint: Option<String> },
}

/// Counts of records; `n_records = n_rows + n_duplicates + n_rejects`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct TableCounts {
    pub table: Option<String>,
    pub n_records: u64,
    pub n_rows: u64,
    pub n_duplicates: u64,
    pub n_rejects: u64,
}

impl LoadSummary {
    /// Rows stored, over all files.
    pub fn n_rows(&self) -> u64 {
        self.counts().map(|counts| counts.n_rows).sum()
    }

    /// Records refused, over all files.
    pub fn n_rejects(&self) -> u64 {
        self.counts().map(|counts| counts.n_rejects).sum()
    }

    /// The counts of all files and tables.
    pub fn counts(&self) -> impl Iterator<Item = &TableCounts> {
        self.files.iter().flat_map(|file| match &file.outcome {
            FileOutcome::Loaded { tables, .. } => tables.as_slice(),
            _ => &[],
        })
    }

    /// One JSON object: `files` with their `outcome`, `replaced`, and `epoch`.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}
