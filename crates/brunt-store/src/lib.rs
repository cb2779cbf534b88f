//! Delta tables on an object store, committed by epochs.
//!
//! ```text
//! write(closure) ─► transaction ─► runs of sorted rows ─► data files ─► epoch ─► Delta commits
//!                   reads, rows     layout, data_file      (synced)    protocol    delta
//! head ─► epoch ─► snapshot (table_log) ─► files with their statistics ─► scans
//! ```
//!
//! The epoch is the commit point of all tables together. A reader takes the newest whole one and sees no half of
//! a load; a writer that dies leaves nothing, or something that the next writer finishes.

mod change;
mod data_file;
mod delta;
mod disk;
mod epoch;
mod error;
mod file_cache;
mod layout;
mod load_index;
mod location;
mod lookup;
mod merge;
mod optimize;
mod protocol;
mod read;
mod requests;
mod runs;
mod snapshot;
mod store;
mod table_log;
mod tiers;
mod transaction;
mod user_definitions;
mod vacuum;
mod waiting;
mod writing;

#[cfg(test)]
mod tests;

pub use data_file::DataFile;
pub use epoch::{CommitEntry, Epoch, LoadEntry};
pub use error::Error;
pub use layout::{ROW_GROUP_ROWS_MAX, SortColumn, sort_order};
pub use location::{StoreOptions, object_store};
pub use lookup::Wanted;
pub use optimize::Optimized;
pub use snapshot::{ColumnStatistics, Snapshot, Statistics};
pub use store::Store;
pub use transaction::{Share, Transaction};
pub use vacuum::Vacuumed;
pub use writing::{Committed, Writing};
