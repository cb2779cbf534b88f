//! The metamorphic suite of `benches/grouping`, with few seeds: what must keep an error's group and what must split it,
//! in every language; and ids of its texts, which must not change within a version of the algorithm.

#[path = "../benches/grouping/compiled.rs"]
mod compiled;
#[path = "../benches/grouping/managed.rs"]
mod managed;
#[path = "../benches/grouping/message.rs"]
mod message;
#[path = "../benches/grouping/mutate.rs"]
mod mutate;
#[path = "../benches/grouping/print.rs"]
mod print;
#[path = "../benches/grouping/random.rs"]
mod random;
#[path = "../benches/grouping/scripts.rs"]
mod scripts;
#[path = "../benches/grouping/story.rs"]
mod story;
#[path = "../benches/grouping/suite.rs"]
mod suite;
#[path = "../benches/grouping/transport.rs"]
mod transport;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use brunt_fingerprint::{Occurrence, Rules, group, group_id};

use mutate::{Happening, keep, split};
use print::Printed;
use random::Random;
use story::{KINDS, Story};
use suite::{run, total};

/// Stories a language for the golden ids.
const N_GOLDEN: u64 = 18;
/// Distinct texts that the contract of stable ids wants among the golden ones.
const GOLDEN_TEXTS_LEAST: usize = 5000;

fn grouped(happening: &Happening) -> String {
    let occurrence = happening.occurrence();
    let id = group_id(&occurrence, &Rules::default());
    assert_eq!(group(&occurrence, &Rules::default()).group, id, "both functions say the same");
    id
}

#[test]
fn groups_stay_together_and_apart_in_every_language() {
    let scores = run(20_260_303, 30, 1, grouped);
    let shown = scores.wrong.first().map_or(String::new(), |(kind, pair)| {
        format!(
            "{} {}\n{}\n---\n{}",
            kind.name(),
            pair.mutation,
            pair.first.printed.stack,
            pair.second.printed.stack
        )
    });
    for kind in KINDS {
        let keep = total(&scores.keep, |of, _| of == kind).value();
        let split = total(&scores.split, |of, _| of == kind).value();
        assert!(keep >= 0.97, "{}: {keep:.4} are kept together\n{shown}", kind.name());
        assert!(split >= 0.97, "{}: {split:.4} are kept apart\n{shown}", kind.name());
    }
    let (keep, split) =
        (total(&scores.keep, |_, _| true).value(), total(&scores.split, |_, _| true).value());
    assert!(keep >= 0.995 && split >= 0.995, "{keep:.4} together, {split:.4} apart\n{shown}");
}

/// The last ten characters of each id, one line a story: its own, then those of its mutations in their order; and the
/// number of distinct texts.
fn golden() -> (String, usize) {
    let (mut out, mut texts) = (String::new(), BTreeSet::new());
    for kind in KINDS {
        for number in 0..N_GOLDEN {
            let random = &mut Random::new(number << 8 ^ kind as u64);
            let story = Story::new(kind, random);
            let _ = write!(out, "{} {number}", kind.name());
            let pairs = [keep(&story, random), split(&story, random)].concat();
            let all = std::iter::once(Happening::of(&story))
                .chain(pairs.into_iter().map(|pair| pair.second));
            for happening in all {
                let id = grouped(&happening);
                let _ = write!(out, " {}", &id[id.len() - 10..]);
                let Printed { stack, type_name, message } = happening.printed;
                texts.insert((stack, type_name, message));
            }
            out.push('\n');
        }
    }
    (out, texts.len())
}

/// The first line names the version and why its ids are what they are. `BRUNT_GOLDEN_WHY` accepts new ids: within a
/// version that has shipped there is no good reason for it.
#[test]
fn golden_ids_stay() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden_ids.txt");
    let (ids, n_texts) = golden();
    assert!(n_texts >= GOLDEN_TEXTS_LEAST, "{n_texts} distinct texts");
    let any = group_id(&Occurrence::default(), &Rules::default());
    let version = any.split(':').next().unwrap_or_default();
    if let Some(why) = std::env::var("BRUNT_GOLDEN_WHY").ok().filter(|why| !why.is_empty()) {
        std::fs::write(&path, format!("{version}: {why}\n{ids}")).unwrap();
    }
    let text = std::fs::read_to_string(&path).unwrap();
    let (head, want) = text.split_once('\n').unwrap_or_default();
    assert!(head.starts_with(version), "the golden ids are of another version: {head}");
    let differs = want.lines().zip(ids.lines()).find(|(want, id)| want != id);
    assert!(want == ids, "ids changed within {version}: {differs:?}");
}
