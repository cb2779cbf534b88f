//! Real exports of other projects, a folder each as `brunt load FOLDER` takes it: every record is stored, was there
//! already, or is refused, in exact numbers.

use std::path::PathBuf;

use brunt::{FileOutcome, Input, LoadOptions, Store};

use brunt_testkit::needs;

use crate::small::NOW;

/// What a folder comes to.
#[derive(Debug, Default, PartialEq, Eq)]
struct Counts {
    n_loaded: usize,
    n_skipped: usize,
    n_failed: usize,
    n_rows: u64,
    n_duplicates: u64,
    n_rejects: u64,
}

/// Folder, then loaded, skipped and failed files, then rows, duplicates and rejects.
#[rustfmt::skip]
const EXPECTED: &[(&str, [u64; 6])] = &[
    ("abcd", [0, 3, 0, 0, 0, 0]),
    ("banking77", [0, 3, 0, 0, 0, 0]),
    ("datadog", [35, 2, 0, 59, 8, 0]),
    ("elastic-apm", [28, 4, 0, 72, 11, 14]),
    ("fivetran-seeds", [13, 61, 0, 140, 7, 0]),
    ("jaeger", [60, 5, 0, 122, 49, 51]),
    ("otlp", [33, 16, 0, 27, 1, 5]),
    ("otto", [0, 3, 0, 0, 0, 0]),
    ("sentry-events", [104, 2, 0, 103, 1, 0]),
    ("snowplow-web", [1, 2, 0, 89, 3, 0]),
    ("trainticket", [10, 3, 0, 30344, 0, 0]),
    ("weblogs", [1, 2, 0, 2000, 0, 0]),
    ("zipkin", [8, 2, 0, 77, 0, 0]),
];

async fn load(folder: PathBuf, options: &LoadOptions) -> Counts {
    // The rows of real exports are from years that this test's clock has seen.
    let store = Store::in_memory(NOW).await.unwrap();
    let inputs = Input::find(&folder.to_string_lossy()).unwrap();
    let summary = store.load(&inputs, options, NOW, &|_| ()).await.unwrap();
    let n_records: u64 = summary.counts().map(|counts| counts.n_records).sum();
    let mut counts = Counts {
        n_rows: summary.n_rows(),
        n_duplicates: summary.counts().map(|counts| counts.n_duplicates).sum(),
        n_rejects: summary.n_rejects(),
        ..Counts::default()
    };
    assert_eq!(n_records, counts.n_rows + counts.n_duplicates + counts.n_rejects);
    for file in &summary.files {
        match &file.outcome {
            FileOutcome::Loaded { .. } | FileOutcome::AlreadyLoaded => counts.n_loaded += 1,
            FileOutcome::Skipped { .. } => counts.n_skipped += 1,
            FileOutcome::Failed { .. } => counts.n_failed += 1,
        }
    }
    counts
}

#[tokio::test(flavor = "multi_thread")]
async fn folders_of_other_projects_load_in_exact_numbers() {
    let mut found = Vec::new();
    for (name, expected) in EXPECTED {
        let Some(folder) = needs::exports(name) else { continue };
        let counts = load(folder, &LoadOptions::default()).await;
        let counts = [
            counts.n_loaded as u64,
            counts.n_skipped as u64,
            counts.n_failed as u64,
            counts.n_rows,
            counts.n_duplicates,
            counts.n_rejects,
        ];
        if counts != *expected {
            found.push(format!("(\"{name}\", {counts:?}),"));
        }
    }
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}
