//! Error groups of records: the one place that asks the fingerprint, with a memory of what it said.

use std::collections::HashMap;
use std::sync::Arc;

use brunt_fingerprint::{Occurrence, Rules};
use twox_hash::XxHash3_128;

use super::recorded::Recorded;
use super::symbols::{Sym, Symbols};
use crate::grouper::Grouper;

/// What the fingerprint says of an error, as symbols.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Grouping {
    pub(super) group: Sym,
    pub(super) site: Sym,
    pub(super) variant: Sym,
    pub(super) title: Sym,
    /// NULL where there is none.
    pub(super) root_type: Sym,
    pub(super) root_template: Sym,
    pub(super) culprit: Sym,
    pub(super) quality: Sym,
    pub(super) is_expected: bool,
}

/// The groupings of the days in work. Errors repeat: most are looked up and not computed.
#[derive(Debug)]
pub(super) struct Groupings {
    grouper: Grouper,
    all: Vec<Grouping>,
    by_text: HashMap<u128, u32>,
    /// What each rests on, where somebody asks for it.
    recorded: Option<Vec<Recorded>>,
    recorded_bytes: usize,
}

impl Groupings {
    /// None yet; `keeps_recorded` is for those who ask [`Groupings::recorded`].
    pub(super) fn new(grouper: Grouper, keeps_recorded: bool) -> Self {
        Self {
            grouper,
            all: Vec::new(),
            by_text: HashMap::new(),
            recorded: keeps_recorded.then(Vec::new),
            recorded_bytes: 0,
        }
    }

    /// A memory as empty as this one was.
    pub(super) fn renewed(&self) -> Self {
        Self::new(self.grouper.clone(), self.recorded.is_some())
    }

    pub(super) fn rules(&self) -> &Arc<Rules> {
        &self.grouper.rules
    }

    /// What a grouping rests on; `None` where it is not kept.
    pub(super) fn recorded(&self, id: u32) -> Option<&Recorded> {
        self.recorded.as_ref()?.get(id as usize)
    }

    /// Memory that what is kept takes, roughly.
    pub(super) fn size_bytes(&self) -> usize {
        self.recorded_bytes
    }

    /// The grouping of an error, as a number for [`Groupings::grouping`].
    #[expect(
        clippy::expect_used,
        reason = "one grouping per record at most, and records are counted in u32"
    )]
    pub(super) fn group(&mut self, error: &Occurrence<'_>, symbols: &mut Symbols) -> u32 {
        let text = text_hash(error);
        if let Some(id) = self.by_text.get(&text) {
            return *id;
        }
        let info = self.grouper.info(error);
        let mut given = |text: &str| {
            if text.is_empty() { Sym::NONE } else { symbols.intern(text) }
        };
        let grouping = Grouping {
            group: given(&info.group),
            site: given(&info.site),
            variant: given(&info.variant),
            title: given(&info.title),
            root_type: given(&info.root_type),
            root_template: given(&info.root_template),
            culprit: given(info.culprit.as_deref().unwrap_or_default()),
            quality: given(info.quality.as_str()),
            is_expected: info.is_expected,
        };
        let id = u32::try_from(self.all.len()).expect("fewer than four billion groupings");
        self.all.push(grouping);
        if let Some(all) = &mut self.recorded {
            let recorded = Recorded::of(error);
            self.recorded_bytes += recorded.size_bytes();
            all.push(recorded);
        }
        self.by_text.insert(text, id);
        id
    }

    pub(super) fn grouping(&self, id: u32) -> Grouping {
        self.all[id as usize]
    }

    /// How complete a stack's reading is, for choosing the richest of several records.
    pub(super) fn rank(&self, id: u32, symbols: &Symbols) -> u8 {
        match symbols.text(self.grouping(id).quality) {
            Some("full") => 5,
            Some("truncated") => 4,
            Some("minified") => 3,
            Some("library_only") => 2,
            Some("unparsed") => 1,
            _ => 0,
        }
    }
}

fn text_hash(error: &Occurrence<'_>) -> u128 {
    let mut hasher = XxHash3_128::new();
    let fields = [
        error.exception_type,
        error.message,
        error.stacktrace,
        error.service,
        error.lang,
        error.client_fingerprint,
    ];
    let attributes = error.attributes.iter().flat_map(|(name, value)| [Some(*name), Some(*value)]);
    for field in fields.into_iter().chain(attributes) {
        // Length first, so that no two lists of fields run together; absent is not empty.
        hasher.write(&field.map_or(u64::MAX, |text| text.len() as u64).to_le_bytes());
        hasher.write(field.unwrap_or_default().as_bytes());
    }
    hasher.finish_128()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_errors_are_grouped_once_and_fields_do_not_run_together() {
        let mut groupings = Groupings::new(Grouper::default(), false);
        let mut symbols = Symbols::default();
        let one = Occurrence { message: Some("payment 17 timed out"), ..Occurrence::default() };
        let first = groupings.group(&one, &mut symbols);
        assert_eq!(groupings.group(&one, &mut symbols), first);
        let other = Occurrence { message: Some("payment 18 timed out"), ..Occurrence::default() };
        let second = groupings.group(&other, &mut symbols);
        assert_ne!(second, first);
        assert_eq!(groupings.grouping(first), groupings.grouping(second));
        let moved = Occurrence { service: Some("payment 17 timed out"), ..Occurrence::default() };
        assert_ne!(text_hash(&one), text_hash(&moved));
        let of_tenant = |attributes| text_hash(&Occurrence { attributes, ..one });
        assert_ne!(of_tenant(&[("tenant", "a")]), of_tenant(&[("tenant", "b")]));
    }
}
