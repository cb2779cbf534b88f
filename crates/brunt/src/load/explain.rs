//! What an input is taken for, before anything is written.

use std::collections::BTreeMap;

use brunt_ingest::{Feed, Mapping, Options, Redacted, Reject, Sink};
use serde::Serialize;

use super::run::reason;
use super::{Input, Plan};
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
    /// Which keys feed which columns, with a few values in which secrets are masked.
    pub feeds: Vec<Feed>,
    /// A mapping file that reads it this way, as a start; `None` where the format says itself what feeds what.
    pub mapping: Option<String>,
    pub warnings: Vec<String>,
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
    let summary =
        brunt_ingest::ingest(read, &options, &mut look).map_err(|error| Error::Input {
            input: input.name().to_owned(),
            reason: reason(input, &error),
            hint: error.hint().map(str::to_owned),
        })?;
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
        feeds: summary.feeds,
        warnings: summary.warnings,
    })
}

impl Explanation {
    /// One JSON object with these fields.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
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
