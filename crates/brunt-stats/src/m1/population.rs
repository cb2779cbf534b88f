//! What the estimator looks at: activities within entries, each with its place in the journey.

use super::index;
use crate::error::{Error, length};

/// A named column with a code for each entry. What is missing in the data should have a code of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Covariate {
    pub name: String,
    pub codes: Vec<u32>,
}

/// One passage of a unit through the journey, from its first activity at step 1 to its conversion or the end of its
/// window.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Entry {
    pub unit_idx: u32,
    /// Account, else user, else unit, numbered from 0.
    pub cluster: u32,
    pub user: Option<u32>,
    pub account: Option<u32>,
    /// When the journey was entered, in microseconds.
    pub ts: i64,
    pub converted: bool,
    /// Order value of the conversion; 0 without.
    pub revenue: f64,
    /// Its activities are `first_activity..end_activity`.
    pub first_activity: u32,
    pub end_activity: u32,
}

impl Entry {
    pub(super) fn activities(&self) -> std::ops::Range<usize> {
        self.first_activity as usize..self.end_activity as usize
    }

    pub(super) fn y(&self) -> f64 {
        f64::from(u8::from(self.converted))
    }
}

/// All activities of all units in order, those within entries with stage, op and pace; and the entries, in order of
/// their activities. Made by [`super::population`], without covariates.
#[derive(Debug, Clone, Default)]
pub struct Population {
    pub(super) ts: Vec<i64>,
    pub(super) op: Vec<u32>,
    pub(super) orphan: Vec<bool>,
    /// Empty where each stands for itself.
    pub(super) weight: Vec<f32>,
    pub(super) unit: Vec<u32>,
    /// `NONE` outside entries; the columns that follow mean nothing there.
    pub(super) entry: Vec<u32>,
    pub(super) stage: Vec<u16>,
    pub(super) gap: Vec<u8>,
    pub(super) count: Vec<u8>,
    pub(super) dwell: Vec<u8>,
    pub(super) entries: Vec<Entry>,
    /// Entries of unit u are `first_entry_of_unit[u]..first_entry_of_unit[u + 1]`.
    pub(super) first_entry_of_unit: Vec<u32>,
    /// How far back before an entry a hit takes the unit out of a group's analysis; `None` is the unit's whole past.
    pub(super) lookback_micros: Vec<Option<i64>>,
    pub(super) covariates: Vec<Covariate>,
    pub(super) n_clusters: u32,
    /// Whether any conversion carries a value.
    pub(super) valued: bool,
}

impl Population {
    /// The entries that are measured, in order of unit and time.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// This population, compared among entries of equal covariates: a code for each of [`Population::entries`], as it
    /// was at the entry's first activity.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`] where a covariate has more or fewer codes than there are entries.
    pub fn with_covariates(self, covariates: Vec<Covariate>) -> Result<Self, Error> {
        for covariate in &covariates {
            length(&covariate.name, covariate.codes.len(), self.entries.len())?;
        }
        Ok(Self { covariates, ..self })
    }

    /// The entry that holds this activity, if one does.
    pub fn entry_of(&self, activity_idx: u32) -> Option<u32> {
        self.entry.get(activity_idx as usize).copied().filter(|entry| *entry != super::NONE)
    }

    /// Activities within entries.
    pub fn n_activities(&self) -> usize {
        self.entries.iter().map(|entry| entry.activities().len()).sum()
    }

    pub(super) fn entries_of_unit(&self, unit: u32) -> std::ops::Range<u32> {
        let unit = unit as usize;
        self.first_entry_of_unit[unit]..self.first_entry_of_unit[unit + 1]
    }

    pub(super) fn n_entries(&self) -> u32 {
        index(self.entries.len())
    }
}

/// The band of the day that a time falls in, 0 for 0-5 h to 3 for 18-23 h, `offset_micros` east of UTC.
pub fn hour_band(ts: i64, offset_micros: i64) -> u32 {
    const HOUR: i64 = 3_600_000_000;
    let hour = ts.saturating_add(offset_micros).rem_euclid(24 * HOUR) / HOUR;
    [0, 1, 2, 3][usize::try_from(hour / 6).unwrap_or(0).min(3)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hour_bands_follow_the_offset() {
        let hour = 3_600_000_000;
        assert_eq!(hour_band(0, 0), 0);
        assert_eq!(hour_band(6 * hour - 1, 0), 0);
        assert_eq!(hour_band(6 * hour, 0), 1);
        assert_eq!(hour_band(23 * hour, hour), 0);
        assert_eq!(hour_band(-1, 0), 3);
        assert_eq!(hour_band(i64::MAX, hour), hour_band(i64::MAX, 0));
    }
}
