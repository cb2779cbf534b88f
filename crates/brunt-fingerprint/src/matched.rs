//! Which of a user's rules have to do with an occurrence.

use std::collections::BTreeSet;

use crate::chain::walk;
use crate::group::with_grouping;
use crate::info::Why;
use crate::occurrence::Occurrence;
use crate::rules::{RulePlace, Rules};

/// The places of the rules that name a frame or the root type of an occurrence, and of the `rule`, `split`, `merge` and
/// `expected` that had a say; a `rule` or `expected` behind another that applies has none.
pub fn matched(occurrence: &Occurrence<'_>, rules: &Rules) -> BTreeSet<RulePlace> {
    with_grouping(occurrence, rules, |grouping| {
        let mut places = BTreeSet::new();
        if let Some(reader) = grouping.context.reader {
            for chain in std::iter::once(&grouping.stack.chain).chain(&grouping.stack.children) {
                for frame in (0..chain.len()).flat_map(|at| walk(chain, at, reader)) {
                    places.extend(rules.naming_frame(reader.language, &frame));
                }
            }
        }
        let subject = grouping.read(&mut Why::default());
        places.extend(rules.naming_type(subject.reading.root_type));
        let decision = grouping.decide(&subject, &mut Why::default());
        places.extend(decision.rules.into_iter().flatten());
        places
    })
}
