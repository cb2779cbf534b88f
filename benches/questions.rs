//! The product's own questions, timed beside peers: `cargo bench -p brunt-bench`.

use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    // Cargo says `--bench` where a benchmark is wanted; `cargo test --all-targets` does not.
    let verb = std::env::args().nth(1).unwrap_or_default();
    match verb.as_str() {
        brunt_bench::SERVE => brunt_bench::serve(),
        "--bench" => brunt_bench::run(Path::new(env!("CARGO_TARGET_TMPDIR"))),
        _ => ExitCode::SUCCESS,
    }
}
