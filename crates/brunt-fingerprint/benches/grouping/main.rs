//! Figures of the grouping beside those of its peers and its targets.
//!
//! `cargo bench -p brunt-fingerprint --bench grouping -- [--seeds N] [--seed S] [--show N] [PART…]`
//!
//! Parts are `metamorphic`, `exports`, `speed`, `linear`; all without any. `--show` prints pairs that came out wrong.
//! `exports` reads the folder that `BRUNT_EXPORTS` names. A row for which there is no data says so.
#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

mod compiled;
mod exports;
mod linear;
mod managed;
mod message;
mod mutate;
mod peers;
mod print;
mod random;
mod scripts;
mod speed;
mod story;
mod suite;

use brunt_fingerprint::{Rules, group_id};

use crate::mutate::Happening;
use crate::story::KINDS;
use crate::suite::{Scores, run, total};

/// Figures of GROUPING's table for which no data can be had here: what, the best peer, the target.
const UNMEASURED: [(&str, &str, &str); 5] = [
    ("real Java crashes, F1 / B-cubed", "0.921 / 0.936", ">= 0.945 / 0.945"),
    ("real Python failures, F1 / B-cubed", "0.946 / 0.956", ">= 0.955 / 0.957"),
    ("one failure over released versions", "0.968", ">= 0.97"),
    ("201 distinct crashes kept apart", "197", ">= 194"),
    ("log messages of 16 systems, F1 / accuracy", "0.938 / 0.769", ">= 0.95 / 0.80"),
];

fn main() {
    let mut arguments = std::env::args().skip(1);
    let (mut seed, mut n_seeds, mut n_shown, mut parts) = (1, 400, 0, Vec::new());
    while let Some(argument) = arguments.next() {
        let mut number = || arguments.next().and_then(|n| n.parse::<u64>().ok());
        match argument.as_str() {
            "--seed" => seed = number().unwrap_or(seed),
            "--seeds" => n_seeds = number().unwrap_or(n_seeds),
            "--show" => n_shown = number().unwrap_or(n_shown),
            "--bench" => {}
            _ => parts.push(argument),
        }
    }
    let has = |part: &str| parts.is_empty() || parts.iter().any(|asked| asked == part);
    row("", "brunt", "best peer", "target");
    if has("metamorphic") {
        metamorphic(seed, n_seeds, usize::try_from(n_shown).unwrap_or(0));
    }
    if has("exports") {
        exports::measure(usize::try_from(n_shown).unwrap_or(0));
        for (what, peer, target) in UNMEASURED {
            row(what, "not measured: no data", peer, target);
        }
    }
    if has("speed") {
        speed::measure();
    }
    if has("linear") {
        linear::measure();
    }
}

/// One line of the table.
fn row(what: &str, figure: &str, peer: &str, target: &str) {
    println!("{what:<46} {figure:>22}  {peer:>22}  {target:>16}");
}

fn grouped(happening: &Happening) -> String {
    let occurrence = happening.occurrence();
    group_id(&occurrence, &Rules::default())
}

fn metamorphic(seed: u64, n_seeds: u64, n_shown: usize) {
    let scores = run(seed, n_seeds, n_shown, grouped);
    let peers = peers::all().map(|(name, group)| (name, run(seed, n_seeds, 0, group)));
    let both = |scores: &Scores, of: &dyn Fn(story::Kind, &str) -> bool| {
        let (keep, split) = (total(&scores.keep, of).value(), total(&scores.split, of).value());
        format!("{:.2} / {:.2}", 100.0 * keep, 100.0 * split)
    };
    let n_pairs = total(&scores.keep, |_, _| true).n + total(&scores.split, |_, _| true).n;
    println!(
        "\nmetamorphic suite, seed {seed}, {n_seeds} stories a language, {n_pairs} pairs: must keep / must split, %"
    );
    let best = |of: &dyn Fn(story::Kind, &str) -> bool| {
        let mean =
            |scores: &Scores| total(&scores.keep, of).value() + total(&scores.split, of).value();
        let best = peers.iter().max_by(|(_, a), (_, b)| mean(a).total_cmp(&mean(b)));
        best.map_or(String::new(), |(_, scores)| both(scores, of))
    };
    row("all", &both(&scores, &|_, _| true), &best(&|_, _| true), ">= 99.5 / 99.5");
    for (name, peer) in &peers {
        row(&format!("  peer: {name}"), "", &both(peer, &|_, _| true), "");
    }
    for kind in KINDS {
        let of = |other, _: &str| other == kind;
        row(&format!("  {}", kind.name()), &both(&scores, &of), &best(&of), ">= 97 / 97");
    }
    for (shares, word) in [(&scores.keep, "keep"), (&scores.split, "split")] {
        let mutations: std::collections::BTreeSet<&str> =
            shares.keys().map(|(_, name)| *name).collect();
        for mutation in mutations {
            let share = |shares: &_| {
                format!("{:.2}", 100.0 * total(shares, |_, name| name == mutation).value())
            };
            let of_peers = peers
                .iter()
                .map(|(_, peer)| share(if word == "keep" { &peer.keep } else { &peer.split }));
            row(
                &format!("  {word}: {mutation}"),
                &share(shares),
                &of_peers.collect::<Vec<_>>().join(" "),
                "",
            );
        }
    }
    for (kind, pair) in &scores.wrong {
        println!(
            "\n### {} {}\n{:?}\n{}\n---\n{}",
            kind.name(),
            pair.mutation,
            pair.first.printed.message,
            pair.first.printed.stack,
            pair.second.printed.stack
        );
    }
}
