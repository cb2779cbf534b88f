//! Writes a shop's exports: `cargo run -p brunt-testkit --example write_shop -- DIR [SESSIONS [SEED [SPANS_A_REQUEST]]]`.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use brunt_testkit::{Shop, ShopOptions};

fn main() -> ExitCode {
    match run(&std::env::args().skip(1).collect::<Vec<_>>()) {
        Ok(report) => {
            let _ = std::io::stdout().write_all(report.as_bytes());
            ExitCode::SUCCESS
        }
        Err(reason) => {
            let _ = writeln!(std::io::stderr(), "{reason}");
            ExitCode::from(2)
        }
    }
}

fn run(args: &[String]) -> Result<String, String> {
    let [dir, rest @ ..] = args else {
        return Err("usage: write_shop DIR [SESSIONS [SEED [SPANS_A_REQUEST]]]".to_owned());
    };
    let number = |idx: usize, name: &str, default: f64| match rest.get(idx) {
        Some(text) => text.parse::<f64>().map_err(|_| format!("{name} {text:?} is not a number")),
        None => Ok(default),
    };
    let whole = |idx: usize, name: &str, default: u32| match rest.get(idx) {
        Some(text) => {
            text.parse::<u32>().map_err(|_| format!("{name} {text:?} is not a whole number"))
        }
        None => Ok(default),
    };
    let demo = ShopOptions::demo();
    let sized =
        ShopOptions::with_sessions(u64::from(whole(1, "seed", 1)?), whole(0, "sessions", 20_000)?);
    let spans_per_request = number(2, "spans a request", demo.spans_per_request)?;
    let shop = Shop::new(ShopOptions { spans_per_request, ..sized });
    let written = shop
        .write_exports(&PathBuf::from(dir))
        .map_err(|error| format!("write {dir:?}: {error}"))?;
    let mut report = format!("{written:#?}\n");
    for bug in shop.truth() {
        let _ = writeln!(
            report,
            "{:22} affected {:6}  lost conversions {:5}  lost revenue {:9.2}  {}",
            bug.name,
            bug.n_affected,
            bug.lost_conversions,
            bug.lost_revenue(),
            bug.note
        );
    }
    Ok(report)
}
