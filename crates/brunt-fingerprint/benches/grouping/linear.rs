//! Time on hostile texts of growing size: twice the text may take twice the time.

use std::hint::black_box;
use std::time::Instant;

use brunt_fingerprint::{Occurrence, Rules, group};

use crate::row;

/// Pieces that parsers could go over again and again.
const UNITS: [&str; 24] = [
    "\tat a.B.c(B.java:1)\n",
    "Caused by: a.B: x\n\t... 9 more\n",
    "Suppressed: a.B: x\n\tCaused by: a.C: y\n",
    "at ",
    "File \"",
    "  | ",
    "---> ",
    "a.b(\n\t/x.go:1\n",
    "1: a::b\n",
    "x:1:in '",
    "#0 a(1): b\n",
    "#0 0x1 in a b:1\n",
    "(a) b.ex:1: c\n",
    "** (",
    "<<<<",
    "f@http://a/b.js:1:2\n",
    "f@1:2\n",
    "Error: x\nf@1:2\nx\n",
    "/x.go:1 (0x1)\n\ta: b\n",
    "e[n].e ",
    "'a ",
    "{[(",
    "1 ms ",
    "\\n\\t\\\"",
];

pub(crate) fn measure() {
    println!("\ntime on hostile texts: nanoseconds a byte at 8, 16, 32 and 64 KiB");
    let mut worst: f64 = 0.0;
    for unit in UNITS {
        let figures: Vec<f64> =
            [8, 16, 32, 64].map(|n_kib| nanoseconds_a_byte(unit, n_kib * 1024)).to_vec();
        worst = worst.max(figures[3] / figures[0]);
        let text =
            figures.iter().map(|figure| format!("{figure:.1}")).collect::<Vec<_>>().join(" ");
        row(&format!("  {unit:?}"), &text, "", "");
    }
    row("time a byte at 64 KiB over that at 8 KiB, worst", &format!("{worst:.2}"), "", "about 1");
}

fn nanoseconds_a_byte(unit: &str, n_bytes: usize) -> f64 {
    let text = unit.repeat(n_bytes / unit.len());
    let rules = Rules::default();
    let occurrence = Occurrence {
        exception_type: Some(&text),
        message: Some(&text),
        stacktrace: Some(&text),
        ..Occurrence::default()
    };
    let fastest = (0..5).map(|_| {
        let started = Instant::now();
        black_box(group(&occurrence, &rules));
        started.elapsed().as_secs_f64()
    });
    let seconds = fastest.fold(f64::MAX, f64::min);
    seconds * 1e9 / f64::from(u32::try_from(text.len()).unwrap_or(1))
}
