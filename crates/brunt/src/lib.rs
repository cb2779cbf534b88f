//! The embedding API: open a store, load exports, derive tables, ask in SQL.

mod catalog;
mod check;
mod code;
mod computed;
mod config;
mod definitions;
mod derive;
mod error;
mod estimate;
#[cfg(test)]
mod fixture;
mod functions;
mod funnel;
mod impact;
mod journeys;
mod load;
mod nearest;
mod relation;
mod scan;
mod session;
mod sql_type;
mod status;
mod store;
mod system;
mod translate;
mod views;

pub use brunt_store::{Optimized, Vacuumed};
pub use check::Finding;
pub use code::{CODES, Code};
pub use config::{BruntOptions, Confidence, EpochSetting};
pub use error::{Error, Fault, Position};
pub use load::{
    FileOutcome, FileSummary, Input, LoadOptions, LoadSummary, Progress, TableCounts, check_mapping,
};
pub use nearest::nearest;
pub use session::{
    Answer, Engine, EngineOptions, Pin, Prepared, RecordBatchStream, Session, Statement,
};
pub use sql_type::sql_type_name;
pub use status::Status;
pub use store::{OpenOptions, Store};
