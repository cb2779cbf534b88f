//! Traces a second on one core: none of them seen before, and all of them.

use std::fmt::Write as _;
use std::hint::black_box;
use std::time::Instant;

use brunt_fingerprint::{Cache, Occurrence, Rules, group, group_id, template};

use crate::print::print;
use crate::random::Random;
use crate::story::{KINDS, Kind, Story};
use crate::{judged_row, row};

const N_TEXTS: usize = 2000;
const BYTES: usize = 4096;
const N_RUNS: usize = 15;
/// Million traces a second that are wanted.
const COLD_LEAST: f64 = 0.8;
const CACHED_LEAST: f64 = 3.0;
/// Room for all texts of a language.
const CACHE_BYTES: usize = 64 << 20;

pub(crate) fn measure() {
    println!("\nspeed on one core, {N_TEXTS} texts of {BYTES} bytes, fastest of {N_RUNS} runs");
    let rules = Rules::default();
    let cache = Cache::new(CACHE_BYTES);
    let (mut seconds, mut cached) = (0.0, 0.0);
    for kind in KINDS {
        let texts: Vec<String> = (0..N_TEXTS).map(|n| trace(kind, n)).collect();
        let id = fastest(&texts, |text| group_id(&occurrence(text), &rules).len());
        let info = fastest(&texts, |text| group(&occurrence(text), &rules).group.len());
        seconds += id;
        // The first run fills the cache, and the fastest one only reads it.
        cached += fastest(&texts, |text| cache.group_id(&occurrence(text), &rules).len());
        let figure = format!("{:.2} M, with why {:.2} M", rate(id), rate(info));
        row(&format!("  cold traces a second, {}", kind.name()), &figure, "", "");
    }
    let kinds = f64::from(u32::try_from(KINDS.len()).unwrap_or(1));
    let judged = |what: &str, seconds: f64, least: f64| {
        let figure = rate(seconds / kinds);
        let target = format!(">= {least} M");
        judged_row(what, &format!("{figure:.2} M"), "none published", &target, figure >= least);
    };
    judged("cold traces a second, all languages", seconds, COLD_LEAST);
    judged("cached traces a second, all languages", cached, CACHED_LEAST);
    let messages: Vec<String> = (0..N_TEXTS)
        .map(|n| format!("order {n} of user {n}@example.com could not be placed at https://pay.example.com/v1/charges/{n} after {n} ms"))
        .collect();
    row(
        "  templates a second",
        &format!("{:.2} M", rate(fastest(&messages, |text| template(text).len()))),
        "none published",
        "",
    );
}

fn occurrence(text: &str) -> Occurrence<'_> {
    Occurrence { stacktrace: Some(text), ..Occurrence::default() }
}

/// Million texts a second.
fn rate(seconds: f64) -> f64 {
    let n_texts = f64::from(u32::try_from(N_TEXTS).unwrap_or(1));
    n_texts / seconds / 1e6
}

/// Seconds for all texts. The fastest run is the one that neighbours on the machine disturbed least.
fn fastest(texts: &[String], run: impl Fn(&str) -> usize) -> f64 {
    let seconds = (0..N_RUNS).map(|_| {
        let started = Instant::now();
        black_box(texts.iter().map(|text| run(text)).sum::<usize>());
        started.elapsed().as_secs_f64()
    });
    seconds.fold(f64::MAX, f64::min)
}

/// A stack of the wanted size: real applications have some frames of their own and many of frameworks.
fn trace(kind: Kind, number: usize) -> String {
    let random = &mut Random::new(u64::try_from(number).unwrap_or(0));
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
