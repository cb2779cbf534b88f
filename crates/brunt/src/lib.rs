//! The embedding API: open a store, load exports, derive tables, ask in SQL.
//!
//! ```
//! use arrow::util::display::array_value_to_string;
//! use brunt::{Input, LoadOptions, Store};
//! use brunt_model::Ts;
//!
//! # tokio::runtime::Runtime::new().unwrap().block_on(async {
//! // Time comes in as an argument, so that answers can be repeated.
//! let now = Ts(1_761_700_000_000_000);
//! let store = Store::in_memory(now).await?;
//! let log = r#"{"ts":"2025-10-28T14:21:20Z","level":"error","message":"payment 8123 timed out","session.id":"s1"}"#;
//! let inputs = [Input::from_bytes("logs.jsonl", log.as_bytes())];
//! let options = LoadOptions { table: Some("logs".to_owned()), ..LoadOptions::default() };
//! let summary = store.load(&inputs, &options, now, &|_| ()).await?;
//! assert_eq!((summary.n_rows(), summary.n_rejects()), (1, 0));
//!
//! let answer = store.sql("SELECT title FROM error_groups").await?;
//! let batches = answer.collect().await?;
//! assert_eq!(array_value_to_string(batches[0].column(0), 0).unwrap(), "payment <*> timed out");
//! # Ok::<(), brunt::Error>(())
//! # }).unwrap();
//! ```

/// The README's program compiles.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
mod readme {}

mod by_hash;
mod catalog;
mod check;
mod code;
mod computed;
mod config;
mod definitions;
mod derive;
mod error;
mod error_call;
mod estimate;
mod excess;
mod expected;
#[cfg(test)]
mod fixture;
mod functions;
mod funnel;
mod grouper;
mod groups;
mod impact;
mod journeys;
mod load;
mod local_file;
mod nearest;
mod pinned_grouping;
mod relation;
mod scan;
mod session;
mod share_interval;
mod sql_type;
mod states;
mod status;
mod store;
mod system;
mod text_rows;
mod time_text;
mod translate;
mod views;

pub use brunt_ingest::Feed;
pub use brunt_store::{Optimized, Vacuumed};
pub use check::Finding;
pub use code::{CODES, Code};
pub use config::{BruntOptions, Confidence, EpochSetting};
pub use error::{Error, Fault, Position};
pub use groups::{
    ErrorExplanation, ExplainedFrame, ExplainedPart, GroupCount, Merge, Regrouping, Split,
    StoredGroup, UnusedRule,
};
pub use load::{
    Expired, Explanation, FileOutcome, FileSummary, ForgetOptions, ForgottenRows, Input,
    LoadOptions, LoadSummary, Progress, Receipt, Subject, TableCounts, Unloaded, check_mapping,
};
pub use nearest::nearest;
pub use session::{
    Answer, Engine, EngineOptions, Pin, Prepared, RecordBatchStream, Session, Statement,
    name_columns,
};
pub use sql_type::sql_type_name;
pub use states::{Decision, GroupUpdate, UpdatedGroup};
pub use status::Status;
pub use store::{OpenOptions, Store};
