//! Export bytes to redacted record batches, in the order of the input.
//!
//! ```text
//! bytes ─► decode ─► Row ─► normalize ─► Chunk ─► redact ─► Redacted ─► Sink
//!             └────────────── faults ──────────────► Reject ───────────►┘
//! ```
//! No I/O of its own, no async, and no input makes it panic. Records are read in blocks and handed on in batches, and a
//! long JSON document is cut into short ones, so memory is bounded whatever the input's size.
//!
//! ```
//! use brunt_ingest::{Error, Input, Options, Redacted, Reject, Sink, ingest};
//! use brunt_model::Ts;
//!
//! #[derive(Default)]
//! struct Rows(Vec<Redacted>);
//!
//! impl Sink for Rows {
//!     fn rows(&mut self, rows: Redacted) -> Result<(), Error> {
//!         self.0.push(rows);
//!         Ok(())
//!     }
//!     fn reject(&mut self, reject: Reject) -> Result<(), Error> {
//!         panic!("{}:{}: {}", reject.input, reject.line, reject.reason)
//!     }
//! }
//!
//! let mut ticket = &br#"{"kind":"ticket","ticket.id":"84219","ts":"2025-10-28T14:21:13Z",
//!     "message":"Mail me at ann@shop.example","labels":["mobile"]}"#[..];
//! let mut rows = Rows::default();
//! let input = Input { name: "tickets.json", reader: &mut ticket, reopen: None };
//! let options = Options::new(Ts(1_761_700_000_000_000), "load-1");
//! let summary = ingest(input, &options, &mut rows)?;
//! assert_eq!((summary.n_records, summary.n_rejects), (1, 0));
//! assert_eq!(rows.0[0].table().name, "ticket_updates");
//! # Ok::<(), Error>(())
//! ```

#![cfg_attr(not(test), deny(clippy::indexing_slicing))]

mod aliases;
mod chunk;
mod collect;
mod decode;
mod definition;
mod detect;
mod error;
mod feed;
mod fill;
mod format;
mod identity;
mod json;
mod load;
mod mapping;
mod normalize;
mod page;
mod read;
mod redact;
mod reject;
mod row;
mod scan;
mod times;
mod traffic;
mod value;
mod workers;

use std::collections::BTreeMap;
use std::fmt;
use std::io::Read;

use brunt_model::{Table, Ts};

pub use aliases::{Alias, UserAlias, UserAliases, aliases, column_fed};
pub use detect::{Detected, base_tables, detect, table_named};
pub use error::Error;
pub use feed::Feed;
pub use format::{Format, formats};
pub use identity::{Identity, identity};
pub use mapping::Mapping;
pub use normalize::words::environment;
pub use redact::Redacted;
pub use redact::mask::Kind;
pub use redact::policy::Policy;
pub use redact::scan::{Advice, Personal, Scanner, policy_for};
pub use redact::tally::Redaction;
pub use reject::Reject;
pub use traffic::Traffic;

use collect::Collect;
use decode::Plan;
use detect::Head;
use load::{Load, Task};
use page::Page;
use read::Source;

/// What is to be read.
pub struct Input<'r> {
    /// File name or URL: for messages, rejects, and to tell what it is.
    pub name: &'r str,
    pub reader: &'r mut dyn Read,
    /// Opens it once more, from its beginning. Only used for documents longer than [`Options::whole_bytes_max`] in which
    /// a resource follows its records; without it they are refused.
    pub reopen: Option<&'r mut dyn FnMut() -> std::io::Result<Box<dyn Read>>>,
}

/// How it is to be read.
#[derive(Debug, Clone)]
pub struct Options {
    /// Detected where not given.
    pub format: Option<Format>,
    /// Detected where not given; without effect on formats that know their tables.
    pub table: Option<&'static Table>,
    /// Says format and table too, and what each column is made of.
    pub mapping: Option<Mapping>,
    pub policy: Policy,
    pub aliases: UserAliases,
    pub traffic: Traffic,
    /// The time of the load: times more than two days later are absurd.
    pub now: Ts,
    /// Goes into every row.
    pub load_id: String,
    /// Rows of one table that are handed on at a time, at most.
    pub batch_rows_max: usize,
    /// A JSON document up to this size is held whole; a longer one is read in parts.
    pub whole_bytes_max: usize,
    /// Read no further once so many rows were read: enough for a look at an input.
    pub n_rows_max: Option<u64>,
    /// Keep examples of values in [`Summary::feeds`], and count the keys that no column takes as well.
    pub examples: bool,
    /// Threads that decode, where the format lets them; with one, nothing leaves the thread of the caller. What comes out
    /// is the same, and in the same order, however many there are.
    pub n_threads: usize,
}

/// Takes what an input gives, in its order.
pub trait Sink {
    /// Takes rows of one table.
    ///
    /// # Errors
    /// [`Error::Sink`] ends the load.
    fn rows(&mut self, rows: Redacted) -> Result<(), Error>;

    /// Takes a record that was refused.
    ///
    /// # Errors
    /// [`Error::Sink`] ends the load.
    fn reject(&mut self, reject: Reject) -> Result<(), Error>;
}

/// What a load counted. `n_records` is always the rows given to the sink and the rejects; `unsupported` is beside it.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Summary {
    pub format: Format,
    pub n_records: u64,
    /// Rows by table.
    pub n_rows: BTreeMap<&'static str, u64>,
    pub n_rejects: u64,
    /// Records of signals that have no table, such as `metrics`.
    pub unsupported: BTreeMap<&'static str, u64>,
    /// Which keys fed which columns, by table and column, the most trusted key of a column first.
    pub feeds: Vec<Feed>,
    /// What the policy hid, of all records read, by table and field.
    pub redactions: Vec<Redaction>,
    pub warnings: Vec<String>,
    /// Where a document of any shape kept its records: keys with dots between them, empty for the document itself.
    pub records: &'static str,
}

impl Options {
    /// Everything detected, the default masks, batches of 128 Ki rows, documents up to 64 MiB whole, one thread.
    pub fn new(now: Ts, load_id: &str) -> Self {
        Self {
            format: None,
            table: None,
            mapping: None,
            policy: Policy::default(),
            aliases: UserAliases::default(),
            traffic: Traffic::default(),
            now,
            load_id: load_id.to_owned(),
            batch_rows_max: 128 * 1024,
            whole_bytes_max: read::WHOLE_BYTES_MAX,
            n_rows_max: None,
            examples: false,
            n_threads: 1,
        }
    }
}

/// Reads an input to its end: decode, normalize, redact, sort. Bad records become rejects; the rest goes on.
///
/// An empty input gives nothing, and a warning.
///
/// # Errors
/// [`Error::NotAnExport`] and [`Error::UnknownTable`] where neither options nor input tell what it is,
/// [`Error::Unreadable`], [`Error::Malformed`] and [`Error::TooLarge`] where it ends in the middle of nowhere, and what
/// the sink returns. What was handed to the sink until then is not to be kept.
pub fn ingest(input: Input<'_>, options: &Options, sink: &mut dyn Sink) -> Result<Summary, Error> {
    let source = Source::open(input.name, input.reader)?;
    let mut source = source.with(input.reopen, options.whole_bytes_max);
    let (format, plan, is_empty) = plan(&source, options)?;
    let task = Task { input: input.name, options };
    let mut collect = Collect::new(task, sink);
    let mut load = Load::new(task, &mut collect);
    if is_empty {
        load.warn("the input is empty");
    }
    match format.decode(plan, &mut source, &mut load) {
        Err(_) if load.has_enough() => {}
        done => done?,
    }
    load.end_part()?;
    collect.finish(format, plan.records)
}

/// What is known of an input before it is read: options go before the mapping, and both before what it looks like.
/// True where it holds no records: nothing, an empty list, or a page with one.
fn plan<'o>(source: &Source<'_>, options: &'o Options) -> Result<(Format, Plan<'o>, bool), Error> {
    let head = Head::new(source.name(), source.head());
    let mapping = options.mapping.as_ref();
    let is_empty = head.bytes.trim_ascii().is_empty();
    let given = options.format.or_else(|| mapping.and_then(Mapping::format));
    let not_an_export =
        |reason: String| Error::NotAnExport { input: source.name().to_owned(), reason };
    let (format, table) = match (given, detect::of_head(&head, &options.aliases)) {
        // A mapping is meant for a folder's exports, not for what lies beside them.
        (_, Detected::Companion) if options.format.is_none() && !is_empty => {
            return Err(not_an_export("it goes with exports, by its name".to_owned()));
        }
        (None, Detected::NotAnExport { reason }) if !is_empty => return Err(not_an_export(reason)),
        // Nothing is to be read.
        (None, Detected::NotAnExport { .. } | Detected::Companion) => {
            (Format::any(), base_tables().next())
        }
        (given, Detected::Export { format, table }) => (given.unwrap_or(format), table),
        (Some(given), Detected::NotAnExport { .. } | Detected::Companion) => (given, None),
    };
    let table = options.table.or_else(|| mapping.map(Mapping::table)).or(table);
    let is_lines = head.is_lines && format.name() != "json" || format.name() == "jsonl";
    let is_page = mapping.is_none() && format.is_generic();
    let page = Page::of(&head).map(|page| page.records).filter(|_| is_page);
    let empty_page = page::without_records(&head).filter(|_| is_page);
    let is_empty = is_empty || is_page && head.bytes.trim_ascii() == b"[]" || empty_page.is_some();
    let table = table.or_else(|| base_tables().next().filter(|_| is_empty));
    let records = page.or(empty_page).unwrap_or_default();
    Ok((format, Plan { is_lines, table, mapping, records }, is_empty))
}

impl fmt::Debug for Input<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Input").field("name", &self.name).finish_non_exhaustive()
    }
}
