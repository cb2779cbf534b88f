//! Figures of the grouping beside those of its peers and its targets.
//!
//! `cargo bench -p brunt-fingerprint --bench grouping -- [--seeds N] [--seed S] [--show N] [PART…]`
//!
//! Parts are `metamorphic`, `exports`, `logs`, `failures`, `crashes`, `speed`, `linear`; all without any. `--show` prints
//! pairs that came out wrong. `exports` reads the folder that `BRUNT_EXPORTS` names, `logs` that of `BRUNT_LOGHUB`,
//! `crashes` that of `BRUNT_CRASHES`, `failures` the file that `BRUNT_FAILURES` names. A row for which there is no data
//! says so.
//!
//! A figure short of its target has **missed** behind it and the program still ends with 0: figures are to be read, and
//! what must hold is in the tests. Arguments that mean nothing end it with 2, before anything is measured.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a benchmark prints its figures")]

mod arguments;
mod compiled;
mod crashes;
mod events;
mod exports;
mod failures;
mod linear;
mod logs;
mod managed;
mod message;
mod mutate;
mod peers;
mod print;
mod random;
mod score;
mod scripts;
mod speed;
mod stacks;
mod story;
mod suite;
mod transport;

use std::collections::BTreeSet;
use std::process::ExitCode;

use brunt_fingerprint::{Rules, group_id};

use crate::arguments::Arguments;
use crate::mutate::Happening;
use crate::story::{KINDS, Kind};
use crate::suite::{Scores, Shares, run, total};

fn main() -> ExitCode {
    let arguments = match Arguments::read(std::env::args().skip(1)) {
        Ok(arguments) => arguments,
        Err(error) => {
            eprintln!("grouping: {error}");
            return ExitCode::from(2);
        }
    };
    row("", "brunt", "best peer", "target");
    if arguments.has("metamorphic") {
        metamorphic(&arguments);
    }
    if arguments.has("exports") {
        exports::measure(arguments.n_shown);
        stacks::measure(arguments.seed, arguments.n_shown);
    }
    if arguments.has("logs") {
        logs::measure(arguments.n_shown);
    }
    if arguments.has("failures") {
        failures::measure(arguments.n_shown);
    }
    if arguments.has("crashes") {
        crashes::measure(arguments.n_shown);
    }
    if arguments.has("speed") {
        speed::measure();
    }
    if arguments.has("linear") {
        linear::measure();
    }
    ExitCode::SUCCESS
}

type SharesOf = fn(&Scores) -> &Shares;

/// One line of the table.
fn row(what: &str, figure: &str, peer: &str, target: &str) {
    println!("{what:<46} {figure:>22}  {peer:>22}  {target:>16}");
}

/// One line of the table, with a word behind the target where the figure is short of it.
fn judged_row(what: &str, figure: &str, peer: &str, target: &str, is_met: bool) {
    let judged = format!("{target}{}", if is_met { "" } else { "  **missed**" });
    row(what, figure, peer, &judged);
}

fn grouped(happening: &Happening) -> String {
    let occurrence = happening.occurrence();
    group_id(&occurrence, &Rules::default())
}

/// The shares of pairs kept together and apart, among those that `of` chooses.
fn both(scores: &Scores, of: impl Fn(Kind, &str) -> bool) -> [f64; 2] {
    [&scores.keep, &scores.split].map(|shares| 100.0 * total(shares, &of).value())
}

fn shown([keep, split]: [f64; 2]) -> String {
    format!("{keep:.2} / {split:.2}")
}

fn metamorphic(arguments: &Arguments) {
    let Arguments { seed, n_seeds, n_shown, .. } = *arguments;
    let scores = run(seed, n_seeds, n_shown, grouped);
    let peers = peers::all().map(|(name, group)| {
        (name, run(seed, n_seeds, 0, |happening| group(&happening.occurrence(), &Rules::default())))
    });
    let n_pairs = total(&scores.keep, |_, _| true).n + total(&scores.split, |_, _| true).n;
    println!(
        "\nmetamorphic suite, seed {seed}, {n_seeds} stories a language, {n_pairs} pairs, {} identical ones left out: \
         must keep / must split, %",
        scores.n_identical
    );
    let best = |of: &dyn Fn(Kind, &str) -> bool| {
        let mean = |scores: &Scores| both(scores, of).into_iter().sum::<f64>();
        let best = peers.iter().max_by(|(_, a), (_, b)| mean(a).total_cmp(&mean(b)));
        best.map_or(String::new(), |(_, scores)| shown(both(scores, of)))
    };
    let against = |what: &str, of: &dyn Fn(Kind, &str) -> bool, target: f64| {
        let own = both(&scores, of);
        let is_met = own.into_iter().all(|share| share >= target);
        judged_row(what, &shown(own), &best(of), &format!(">= {target} / {target}"), is_met);
    };
    against("all", &|_, _| true, 99.5);
    for (name, peer) in &peers {
        row(&format!("  peer: {name}"), "", &shown(both(peer, |_, _| true)), "");
    }
    for kind in KINDS {
        against(&format!("  {}", kind.name()), &|other, _| other == kind, 97.0);
    }
    let parts: [(&str, SharesOf); 3] = [
        ("keep", |scores| &scores.keep),
        ("split", |scores| &scores.split),
        ("in no sum", |scores| &scores.contested),
    ];
    for (word, part) in parts {
        let mutations: BTreeSet<&str> = part(&scores).keys().map(|(_, name)| *name).collect();
        for mutation in mutations {
            let share = |scores: &Scores| {
                let share = total(part(scores), |_, name| name == mutation);
                format!("{:.2}", 100.0 * share.value())
            };
            let of_peers = peers.iter().map(|(_, peer)| share(peer)).collect::<Vec<_>>().join(" ");
            row(&format!("  {word}: {mutation}"), &share(&scores), &of_peers, "");
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
