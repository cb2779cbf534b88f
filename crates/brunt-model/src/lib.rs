//! The words every other crate speaks: identifiers, versions, time, money, and the schema of each table.
//!
//! Nothing here reads, writes or computes an answer.
//! ```
//! use brunt_model::{TraceId, table};
//!
//! let spans = table("spans").unwrap();
//! assert_eq!(spans.columns[0].name, "ts");
//! // An AWS X-Ray id and the hexadecimal one are the same trace.
//! assert_eq!(
//!     TraceId::parse("1-5759e988-bd862e3fe1be46a994272793"),
//!     TraceId::parse("5759e988bd862e3fe1be46a994272793"),
//! );
//! ```

mod column;
mod id;
mod money;
mod table;
mod tables;
mod time;
mod version;
mod version_order;

pub use column::{Column, ColumnType};
pub use id::{SpanId, TraceId};
pub use money::{MONEY_PRECISION, MONEY_SCALE, Money};
pub use table::{Table, TableKind};
pub use tables::{table, tables};
pub use time::{Day, Ts, day_of};
pub use version::Version;
pub use version_order::VersionOrder;
