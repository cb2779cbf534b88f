//! What can go wrong with a store, each named after what the reader can do about it.
#![expect(clippy::needless_pass_by_value, reason = "constructors take what `map_err` hands over")]

use std::error::Error as StdError;

/// Why a store did not do what was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Nothing was created here yet.
    #[error("no store at \"{url}\"")]
    NoStore { url: String },
    /// `create` was asked for where a store is.
    #[error("store \"{url}\" exists already")]
    StoreExists { url: String },
    /// A newer brunt wrote the store.
    #[error("store \"{url}\" has format {found}, newer than format {supported}")]
    StoreTooNew { url: String, found: u64, supported: u64 },
    /// The URL or its credentials cannot be used.
    #[error("store URL \"{url}\" is not usable: {reason}")]
    InvalidUrl { url: String, reason: String },
    /// The epoch was never committed, or is no longer kept.
    #[error("epoch {number} is not in the store, whose newest is {newest}")]
    NoEpoch { number: u64, newest: u64 },
    /// There is no such table, or the rows are not of its shape.
    #[error("table \"{table}\" does not take this: {reason}")]
    TableMismatch { table: String, reason: String },
    /// Others changed the same days again and again.
    #[error("other writers changed the same days {attempts} times in a row")]
    ConflictingCommit { attempts: usize },
    /// Another program wrote to a Delta table of the store.
    #[error("table \"{table}\" has a version {version} that brunt did not write")]
    ForeignCommit { table: String, version: u64 },
    /// The write began so long ago that its files may be vacuumed.
    #[error("the write began more than {hours_max} hours ago")]
    WriteTooOld { hours_max: i64 },
    /// The store gave no answer at the moment of commit.
    #[error("commit epoch {number}: the store did not say whether it took it")]
    CommitUncertain { number: u64, source: Box<dyn StdError + Send + Sync> },
    /// A request to the store failed.
    #[error("{action} \"{path}\"")]
    Storage { action: &'static str, path: String, source: Box<dyn StdError + Send + Sync> },
    /// A file of the store is not what brunt wrote.
    #[error("file \"{path}\" is damaged: {reason}")]
    Damaged { path: String, reason: String },
}

impl Error {
    /// What to do about it, in a whole sentence.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::NoStore { .. } => "Load a file to create the store, or check the path or URL.",
            Self::StoreExists { .. } => "Open the store, or choose another place.",
            Self::StoreTooNew { .. } => {
                "Use the version of brunt that wrote the store, or a newer one."
            }
            Self::InvalidUrl { .. } => {
                "Give a folder, or a URL such as s3://bucket/folder, with credentials in the environment."
            }
            Self::NoEpoch { .. } => "Epochs are kept for seven days; system.epochs lists them.",
            Self::TableMismatch { .. } => "Give rows of the table's own schema.",
            Self::ConflictingCommit { .. } => {
                "Run the command again when fewer writers are at work."
            }
            Self::ForeignCommit { .. } => {
                "Only brunt may write to its tables; make a new store from the exports."
            }
            Self::WriteTooOld { .. } => "Run the load again; nothing of it was stored.",
            Self::CommitUncertain { .. } => {
                "Run the same load again: if it was committed, the second time is a no-op."
            }
            Self::Storage { .. } => {
                "Check that the store can be reached, and has space and permissions."
            }
            Self::Damaged { .. } => {
                "Restore the file from a backup, or make the store again from the exports."
            }
        }
    }

    /// Wraps the failure of a request to the object store.
    pub(crate) fn storage(
        action: &'static str,
        path: impl ToString,
        source: impl Into<Box<dyn StdError + Send + Sync>>,
    ) -> Self {
        Self::Storage { action, path: path.to_string(), source: source.into() }
    }

    pub(crate) fn damaged(path: impl ToString, reason: impl ToString) -> Self {
        Self::Damaged { path: path.to_string(), reason: reason.to_string() }
    }

    pub(crate) fn mismatch(table: &str, reason: impl ToString) -> Self {
        Self::TableMismatch { table: table.to_owned(), reason: reason.to_string() }
    }
}
