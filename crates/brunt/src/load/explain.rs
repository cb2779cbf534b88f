//! What an input is taken for, before anything is written.

use std::collections::BTreeMap;

use brunt_ingest::{Feed, Mapping, Options, Redacted, Reject, Sink};
use serde::Serialize;

use super::{Input, Plan, refused};
use crate::error::Error;

/// Rows that are looked at, at most.
const ROWS_MAX: u64 = 100_000;
const REJECTS_SHOWN: usize = 5;

/// What a load would make of an input.
#[derive(Debug, Clone, Serialize)]
pub struct Explanation {
    pub input: String,
    /// What it was found to be, or is to be read as.
    pub format: String,
    /// Whether the input goes on behind the rows that were looked at.
    pub is_part: bool,
    /// Rows that each table would get, duplicates included.
    pub n_rows: BTreeMap<&'static str, u64>,
    pub n_rejects: u64,
    /// Line and reason of the first records that would be refused.
    pub rejects: Vec<(u64, String)>,
    /// Records of signals that have no table.
    pub unsupported: BTreeMap<&'static str, u64>,
    pub fields: Vec<FieldUse>,
    /// A mapping file that reads it this way, as a start; `None` where the format says itself what feeds what.
    pub mapping: Option<String>,
    pub warnings: Vec<String>,
}

/// A key of the source and the column that it feeds.
#[derive(Debug, Clone, Serialize)]
pub struct FieldUse {
    pub table: &'static str,
    /// `attributes` and `resource_attributes` for keys that no column takes.
    pub column: &'static str,
    pub key: String,
    /// Where the key stands: `constant resource scope record span_event`, or `rule` where the value follows from others.
    pub level: &'static str,
    /// Rows in which the column has its value from here; of these, values that it cannot hold; and rows in which the
    /// key says something else than the one that the column has its value from.
    pub n_values: u64,
    pub n_unread: u64,
    pub n_conflicts: u64,
    /// A few values, with secrets masked.
    pub examples: Vec<String>,
}

/// Takes rows for nothing.
#[derive(Debug, Default)]
struct Look {
    rejects: Vec<(u64, String)>,
}

/// Reads an input as a load would. Waits for files: to be called where that is allowed.
pub(super) fn explain(input: &Input, plan: &Plan) -> Result<Explanation, Error> {
    let mut reader = input.reader()?;
    let mut reopen = || -> std::io::Result<Box<dyn std::io::Read>> {
        Ok(input.reader().map_err(std::io::Error::other)?)
    };
    let read =
        brunt_ingest::Input { name: input.name(), reader: &mut reader, reopen: Some(&mut reopen) };
    let options = Options { examples: true, n_rows_max: Some(ROWS_MAX), ..plan.ingest("") };
    let mut look = Look::default();
    let summary = brunt_ingest::ingest(read, &options, &mut look)
        .map_err(|error| refused(input.name(), &error))?;
    let n_rows: u64 = summary.n_rows.values().sum();
    Ok(Explanation {
        input: input.name().to_owned(),
        format: summary.format.name().to_owned(),
        is_part: n_rows >= ROWS_MAX,
        mapping: Mapping::draft(&summary),
        n_rows: summary.n_rows,
        n_rejects: summary.n_rejects,
        rejects: look.rejects,
        unsupported: summary.unsupported,
        fields: summary.feeds.into_iter().map(FieldUse::of).collect(),
        warnings: summary.warnings,
    })
}

impl Explanation {
    /// One JSON object with these fields.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

impl FieldUse {
    fn of(feed: Feed) -> Self {
        Self {
            table: feed.table,
            column: feed.column,
            key: feed.key,
            level: feed.level,
            n_values: feed.n_values,
            n_unread: feed.n_unread,
            n_conflicts: feed.n_conflicts,
            examples: feed.examples,
        }
    }
}

impl Sink for Look {
    fn rows(&mut self, _: Redacted) -> Result<(), brunt_ingest::Error> {
        Ok(())
    }

    fn reject(&mut self, reject: Reject) -> Result<(), brunt_ingest::Error> {
        if self.rejects.len() < REJECTS_SHOWN {
            self.rejects.push((reject.line, reject.reason));
        }
        Ok(())
    }
}
