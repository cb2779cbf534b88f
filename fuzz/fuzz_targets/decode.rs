//! Reads any bytes as the format that the target is called after. A crash, a hang, memory over the limit, or counts that
//! do not add up is a finding.
#![no_main]

use std::collections::BTreeMap;

use brunt_ingest::{Error, Format, Input, Mapping, Options, Redacted, Reject, Sink, ingest, table_named};
use brunt_model::Ts;
use libfuzzer_sys::fuzz_target;

/// Formats that hold any records need a table and, for text, a pattern.
const MAPPING: &str = r#"
table = "logs"
pattern = '^(?<ts>\S+) (?<severity_text>\S+) (?<body>.*)$'
[columns]
ts = "ts"
severity_text = "severity_text"
body = "body"
"#;

#[derive(Default)]
struct Counts {
    n_rows: BTreeMap<&'static str, u64>,
    n_rejects: u64,
}

impl Sink for Counts {
    fn rows(&mut self, rows: Redacted) -> Result<(), Error> {
        *self.n_rows.entry(rows.table().name).or_default() += rows.batch().num_rows() as u64;
        Ok(())
    }

    fn reject(&mut self, _: Reject) -> Result<(), Error> {
        self.n_rejects += 1;
        Ok(())
    }
}

/// The readers of columns panic on damaged pages, and the decoders catch it. There a panic is a finding only where it
/// leaves the decoder, which ends the process in any case.
fn let_panics_be_caught() {
    if ["arrow", "parquet"].contains(&env!("CARGO_BIN_NAME")) {
        std::panic::set_hook(Box::new(|_| {}));
    }
}

fuzz_target!(init: let_panics_be_caught(), |bytes: &[u8]| {
    let name = env!("CARGO_BIN_NAME");
    let mut options = Options::new(Ts(1_767_225_600_000_000), "load");
    options.format = Format::parse(name);
    assert!(options.format.is_some(), "there is no format {name}");
    options.table = table_named("logs");
    if name == "text" {
        options.mapping = Mapping::parse(MAPPING, "fuzz.toml").ok();
    }
    let mut counts = Counts::default();
    let mut reader = bytes;
    if let Ok(summary) = ingest(Input { name: "fuzz", reader: &mut reader, reopen: None }, &options, &mut counts) {
        assert_eq!(summary.n_rows, counts.n_rows);
        assert_eq!(summary.n_rejects, counts.n_rejects);
        assert_eq!(summary.n_records, counts.n_rejects + counts.n_rows.values().sum::<u64>());
    }
});
