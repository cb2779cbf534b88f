//! Traces a second on one core: none of them seen before, and all of them.

use std::fmt::Write as _;
use std::hint::black_box;
use std::path::Path;
use std::time::Duration;

use brunt_fingerprint::{Cache, Occurrence, Rules, group, group_id, template};
use criterion::{Criterion, SamplingMode, Throughput};
use serde_json::Value;

use crate::print::print;
use crate::random::Random;
use crate::story::{KINDS, Kind, Story};
use crate::{judged_row, row};

const N_TEXTS: u32 = 2000;
const BYTES: usize = 4096;
/// Million traces a second that are wanted.
const COLD_LEAST: f64 = 0.8;
const CACHED_LEAST: f64 = 3.0;
/// Room for all texts of a language.
const CACHE_BYTES: usize = 64 << 20;
/// Where criterion keeps what it measured, and what it compares the next run with.
const KEPT: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/criterion");

pub(crate) fn measure() {
    let mut criterion = Criterion::default()
        .output_directory(Path::new(KEPT))
        .without_plots()
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_secs(1))
        .sample_size(20);
    let rules = Rules::default();
    let cache = Cache::new(CACHE_BYTES);
    let mut rows = Vec::new();
    let (mut cold, mut cached) = (0.0, 0.0);
    for kind in KINDS {
        let texts: Vec<String> = (0..N_TEXTS).map(|n| trace(kind, n)).collect();
        let name = kind.name();
        let id = seconds(&mut criterion, "cold", name, &texts, |text| {
            group_id(&occurrence(text), &rules).len()
        });
        let info = seconds(&mut criterion, "why", name, &texts, |text| {
            group(&occurrence(text), &rules).group.len()
        });
        cold += id;
        // Warming up fills the cache.
        cached += seconds(&mut criterion, "cached", name, &texts, |text| {
            cache.group_id(&occurrence(text), &rules).len()
        });
        rows.push((name, format!("{:.2} M, with why {:.2} M", rate(id), rate(info))));
    }
    let messages: Vec<String> = (0..N_TEXTS)
        .map(|n| format!("order {n} of user {n}@example.com could not be placed at https://pay.example.com/v1/charges/{n} after {n} ms"))
        .collect();
    let templates =
        seconds(&mut criterion, "templates", "order", &messages, |text| template(text).len());

    println!("\nspeed on one core, {N_TEXTS} texts of {BYTES} bytes, medians of criterion");
    for (name, figure) in rows {
        row(&format!("  cold traces a second, {name}"), &figure, "", "");
    }
    let n_kinds = f64::from(u32::try_from(KINDS.len()).unwrap_or(1));
    let judged = |what: &str, seconds: f64, least: f64| {
        let figure = rate(seconds / n_kinds);
        let target = format!(">= {least} M");
        judged_row(what, &format!("{figure:.2} M"), "none published", &target, figure >= least);
    };
    judged("cold traces a second, all languages", cold, COLD_LEAST);
    judged("cached traces a second, all languages", cached, CACHED_LEAST);
    row("  templates a second", &format!("{:.2} M", rate(templates)), "none published", "");
}

fn occurrence(text: &str) -> Occurrence<'_> {
    Occurrence { stacktrace: Some(text), ..Occurrence::default() }
}

/// Million texts a second.
fn rate(seconds: f64) -> f64 {
    f64::from(N_TEXTS) / seconds / 1e6
}

/// Seconds for all texts: the median of criterion's samples; infinite where what it kept of them cannot be read.
fn seconds(
    criterion: &mut Criterion,
    group: &str,
    name: &str,
    texts: &[String],
    run: impl Fn(&str) -> usize,
) -> f64 {
    let mut benches = criterion.benchmark_group(group);
    benches.throughput(Throughput::Elements(N_TEXTS.into())).sampling_mode(SamplingMode::Flat);
    benches.bench_function(name, |bench| {
        bench.iter(|| black_box(texts.iter().map(|text| run(text)).sum::<usize>()));
    });
    benches.finish();
    let path = Path::new(KEPT).join(group).join(name).join("new/estimates.json");
    let median = || -> Result<f64, String> {
        let bytes = std::fs::read(&path).map_err(|error| error.to_string())?;
        let kept: Value = serde_json::from_slice(&bytes).map_err(|error| error.to_string())?;
        kept["median"]["point_estimate"].as_f64().ok_or("it has no median".to_owned())
    };
    let nanoseconds = median().unwrap_or_else(|error| {
        eprintln!("grouping: {}: {error}", path.display());
        f64::INFINITY
    });
    nanoseconds / 1e9
}

/// A stack of the wanted size: real applications have some frames of their own and many of frameworks.
fn trace(kind: Kind, number: u32) -> String {
    let random = &mut Random::new(u64::from(number));
    let mut story = Story { wrapper: None, ..Story::new(kind, random) };
    let mut text = print(&story).stack;
    while text.len() < BYTES {
        story.tail.extend((0..4).map(|_| random.below(64)));
        text = print(&story).stack;
    }
    let end = text.floor_char_boundary(BYTES);
    let end = text[..end].rfind('\n').map_or(end, |line_end| line_end + 1);
    if kind == Kind::Python {
        // Cut at the head: the fault is at the end.
        let start = text.ceil_char_boundary(text.len() - end);
        let start = text[start..].find("  File ").map_or(start, |file| start + file);
        let mut out = String::new();
        let _ = write!(out, "Traceback (most recent call last):\n{}", &text[start..]);
        return out;
    }
    text[..end].to_owned()
}
