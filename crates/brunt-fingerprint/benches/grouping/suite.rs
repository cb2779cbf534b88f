//! The metamorphic suite: shares of pairs that a way of grouping keeps together and apart, as they must be.

use std::collections::BTreeMap;

use crate::mutate::{Happening, Pair, contested, keep, split};
use crate::random::Random;
use crate::story::{KINDS, Kind, Story};

/// How often something came out right.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Share {
    pub(crate) n_right: u64,
    pub(crate) n: u64,
}

impl Share {
    pub(crate) fn add(&mut self, is_right: bool) {
        self.n += 1;
        self.n_right += u64::from(is_right);
    }

    /// 0 to 1; 1 where nothing was tried.
    pub(crate) fn value(self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "counts of pairs")]
        let share = self.n_right as f64 / self.n.max(1) as f64;
        if self.n == 0 { 1.0 } else { share }
    }
}

/// Shares for each language and each mutation.
pub(crate) type Shares = BTreeMap<(Kind, &'static str), Share>;

/// What a way of grouping scores.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Scores {
    pub(crate) keep: Shares,
    pub(crate) split: Shares,
    /// What a reader would keep and the rules must split; in no sum.
    pub(crate) contested: Shares,
    /// Pairs to keep that came out byte by byte the same, and so were left out.
    pub(crate) n_identical: u64,
    /// Pairs that came out wrong, the first few.
    pub(crate) wrong: Vec<(Kind, Pair)>,
}

pub(crate) fn total(shares: &Shares, of: impl Fn(Kind, &str) -> bool) -> Share {
    let chosen = shares.iter().filter(|((kind, mutation), _)| of(*kind, mutation));
    chosen.fold(Share::default(), |sum, (_, share)| Share {
        n_right: sum.n_right + share.n_right,
        n: sum.n + share.n,
    })
}

/// Groups every pair of `n_seeds` stories a language.
pub(crate) fn run(
    seed: u64,
    n_seeds: u64,
    n_wrong_max: usize,
    group: impl Fn(&Happening) -> String,
) -> Scores {
    let mut scores = Scores::default();
    for kind in KINDS {
        for number in 0..n_seeds {
            let random = &mut Random::new(seed ^ number << 8 ^ kind as u64);
            let story = Story::new(kind, random);
            for (must_keep, pairs) in [(true, keep(&story, random)), (false, split(&story, random))]
            {
                for pair in pairs {
                    if must_keep && pair.first == pair.second {
                        scores.n_identical += 1;
                        continue;
                    }
                    let is_same = group(&pair.first) == group(&pair.second);
                    let shares = if must_keep { &mut scores.keep } else { &mut scores.split };
                    shares.entry((kind, pair.mutation)).or_default().add(is_same == must_keep);
                    if is_same != must_keep && scores.wrong.len() < n_wrong_max {
                        scores.wrong.push((kind, pair));
                    }
                }
            }
            for pair in contested(&story, random) {
                let is_same = group(&pair.first) == group(&pair.second);
                scores.contested.entry((kind, pair.mutation)).or_default().add(is_same);
            }
        }
    }
    scores
}
