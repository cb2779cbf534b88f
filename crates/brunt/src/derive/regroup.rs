//! The groups that occurrences have with given rules, and what they rest on; nothing is written.

use std::sync::Arc;

use brunt_fingerprint::Rules;
use brunt_model::{Day, Ts};

use super::Rows;
use super::carry::occurrences_on;
use super::output::hex;
use super::recorded::Recorded;
use super::window::Window;
use crate::definitions::Definitions;
use crate::error::Error;

/// Groups the errors of days, which have to come in rising order to be read once.
#[derive(Debug)]
pub(crate) struct Regroup {
    window: Window,
    definitions: Definitions,
}

/// An occurrence as [`super::derive_days`] would have it.
#[derive(Debug)]
pub(crate) struct Regrouped<'a> {
    pub(crate) error_id: String,
    pub(crate) ts: Ts,
    pub(crate) group: &'a str,
    /// Empty where the error says nothing.
    pub(crate) title: &'a str,
    /// Occurrences of a day with equal numbers rest on equal texts.
    pub(crate) text: u32,
    pub(crate) recorded: &'a Recorded,
}

impl Regroup {
    pub(crate) fn new(rules: Arc<Rules>) -> Self {
        let definitions = Definitions { rules, ..Definitions::default() };
        Self { window: Window::new(definitions.grouper(), true), definitions }
    }

    /// Hands over each occurrence of a day, by its records' time.
    ///
    /// # Errors
    /// Those of reading.
    pub(crate) async fn day(
        &mut self,
        tables: &mut impl Rows,
        day: Day,
        mut take: impl FnMut(Regrouped<'_>),
    ) -> Result<(), Error> {
        self.window.move_to(tables, day, &self.definitions).await?;
        let known = &self.window.known;
        for (_, of) in occurrences_on(&self.window, day) {
            let text = self.window.facts(of.best_row.day).records[of.best as usize].grouping;
            let Some(recorded) = known.groupings.recorded(text) else { continue };
            let grouping = known.groupings.grouping(text);
            take(Regrouped {
                error_id: hex(of.id),
                ts: Ts(of.ts),
                group: known.symbols.text(grouping.group).unwrap_or_default(),
                title: known.symbols.text(grouping.title).unwrap_or_default(),
                text,
                recorded,
            });
        }
        Ok(())
    }
}
