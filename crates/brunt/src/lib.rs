//! The embedding API: open a store, load exports, derive tables, ask in SQL.

mod catalog;
mod code;
mod computed;
mod config;
mod definitions;
mod derive;
mod error;
mod estimate;
mod functions;
mod funnel;
mod journeys;
mod nearest;
mod relation;
mod scan;
mod session;
mod sql_type;
mod system;
mod translate;
mod views;

pub use code::{CODES, Code};
pub use config::{BruntOptions, Confidence, EpochSetting};
pub use error::{Error, Fault, Position};
pub use nearest::nearest;
pub use session::{Answer, Engine, EngineOptions, Pin, Prepared, RecordBatchStream, Session, Statement};
pub use sql_type::sql_type_name;
