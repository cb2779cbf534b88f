//! OTLP JSON to a derived store beside `DuckDB`'s `read_json` to Parquet: `cargo bench -p brunt-bench --bench load`.

use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    // Cargo says `--bench` where a benchmark is wanted; `cargo test --all-targets` does not.
    match std::env::args().nth(1).unwrap_or_default().as_str() {
        brunt_bench::SERVE => brunt_bench::serve(),
        "--bench" => brunt_bench::run_load_speed(Path::new(env!("CARGO_TARGET_TMPDIR"))),
        _ => ExitCode::SUCCESS,
    }
}
