//! What fuzzing found worth keeping, read as the fuzz targets read it: `tests/corpora/FORMAT/` has the smallest inputs that
//! reach what no golden case reaches, and those that once made a decoder fail.

use std::fs;
use std::path::{Path, PathBuf};

use brunt_ingest::formats;

use crate::broken::read_forced;

/// More than this is no small corpus.
const CORPUS_BYTES_MAX: u64 = 8 * 1024;

fn inputs(format: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpora").join(format);
    let entries = fs::read_dir(folder).into_iter().flatten();
    let mut inputs: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    inputs.sort();
    inputs
}

#[test]
fn every_kept_input_of_every_format_adds_up() {
    for format in formats() {
        let inputs = inputs(format.name());
        assert!(!inputs.is_empty(), "tests/corpora has nothing of {}", format.name());
        let n_bytes: u64 = inputs.iter().map(|path| fs::metadata(path).unwrap().len()).sum();
        assert!(n_bytes <= CORPUS_BYTES_MAX, "{} has {n_bytes} bytes", format.name());
        for path in inputs {
            // Reading checks the counts of what was read.
            let read = read_forced(&fs::read(&path).unwrap(), format, "logs");
            if let Ok(summary) = &read.outcome {
                for (table, n_rows) in &summary.n_rows {
                    assert_eq!(read.rows_of(table).len() as u64, *n_rows, "{}", path.display());
                }
            }
        }
    }
}
