//! What one more load costs a store that has many: `cargo bench -p brunt-bench --bench load_cost`.

use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    // Cargo says `--bench` where a benchmark is wanted; `cargo test --all-targets` does not.
    if std::env::args().nth(1).as_deref() == Some("--bench") {
        brunt_bench::run_load_cost(Path::new(env!("CARGO_TARGET_TMPDIR")))
    } else {
        ExitCode::SUCCESS
    }
}
