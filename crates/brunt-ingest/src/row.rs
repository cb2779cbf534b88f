//! One record on its way into a table: what was offered for each column, and what has no column.

use std::borrow::Cow;

use brunt_model::Table;

use crate::normalize::form::Form;
use crate::value::{Scalar, write_field};

/// How near to the record a value was found: of two for one column the nearer is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    Constant,
    Resource,
    Scope,
    Record,
    SpanEvent,
}

/// Places of a row beyond its table's columns, for values that become part of one.
pub(crate) const N_EXTRA: usize = 2;

/// A value that wants to be a column's.
#[derive(Debug, Clone)]
pub(crate) struct Offer<'a> {
    pub(crate) key: Cow<'a, str>,
    pub(crate) value: Scalar<'a>,
    pub(crate) form: Form,
    /// Greater wins.
    pub(crate) rank: u32,
    /// Whether the value is also kept elsewhere in the row, so that it may lose without a trace.
    pub(crate) kept: bool,
}

#[derive(Debug)]
pub(crate) struct Row<'a> {
    pub(crate) table: &'static Table,
    offers: Vec<Option<Offer<'a>>>,
    /// Columns that have an offer, in the order in which they came.
    touched: Vec<usize>,
    /// The inside of the `attributes` object.
    pub(crate) attributes: String,
    /// The inside of the `resource_attributes` object.
    pub(crate) resource_attributes: String,
    /// The inside of the `feature_flags` object, flag by flag.
    pub(crate) flags: String,
    /// A flag's key that waits for its variant, and the other way round.
    pub(crate) flag_key: Option<Cow<'a, str>>,
    pub(crate) flag_variant: Option<Scalar<'a>>,
    /// Offers that said something else than the one that was taken, with their columns.
    conflicts: Vec<(usize, Offer<'a>)>,
}

impl Level {
    /// The rank of a value found here under a column's `order`th name.
    pub(crate) fn rank(self, order: u32) -> u32 {
        (self as u32 + 1) * 1_000 - order.min(998)
    }

    /// Where a value of this rank was found; `None` for values that a rule put in.
    pub(crate) fn of_rank(rank: u32) -> Option<Self> {
        // A record's own fields go one before its attributes.
        match rank.saturating_sub(2) / 1_000 {
            0 => Some(Self::Constant),
            1 => Some(Self::Resource),
            2 => Some(Self::Scope),
            3 => Some(Self::Record),
            4 => Some(Self::SpanEvent),
            _ => None,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Constant => "constant",
            Self::Resource => "resource",
            Self::Scope => "scope",
            Self::Record => "record",
            Self::SpanEvent => "span_event",
        }
    }
}

impl Offer<'_> {
    /// Whether both are one value, in whatever way each was written.
    fn says_the_same(&self, other: &Self) -> bool {
        let read = |offer: &Self| offer.form.read(offer.value.clone()).ok();
        read(self).is_some_and(|cell| read(other).is_some_and(|other| cell == other))
    }
}

impl<'a> Row<'a> {
    pub(crate) fn new(table: &'static Table) -> Self {
        Self {
            table,
            offers: vec![None; table.columns.len() + N_EXTRA],
            touched: Vec::new(),
            attributes: String::new(),
            resource_attributes: String::new(),
            flags: String::new(),
            flag_key: None,
            flag_variant: None,
            conflicts: Vec::new(),
        }
    }

    /// Makes the row empty for the next record.
    pub(crate) fn clear(&mut self) {
        while let Some(column_idx) = self.touched.pop() {
            if let Some(offer) = self.offers.get_mut(column_idx) {
                *offer = None;
            }
        }
        self.attributes.clear();
        self.resource_attributes.clear();
        self.flags.clear();
        self.flag_key = None;
        self.flag_variant = None;
        self.conflicts.clear();
    }

    /// Offers a value for a column; of two the one of higher rank stays, and the other goes to the attributes.
    pub(crate) fn offer(&mut self, column_idx: usize, offer: Offer<'a>) {
        let empty = match &offer.value {
            Scalar::Null => true,
            Scalar::Text(text) => text.is_empty(),
            Scalar::Bool(_) | Scalar::Number(_) | Scalar::Json(_) => false,
        };
        let Some(place) = self.offers.get_mut(column_idx).filter(|_| !empty) else { return };
        let loser = match place {
            None => {
                *place = Some(offer);
                self.touched.push(column_idx);
                return;
            }
            Some(held) if held.rank >= offer.rank => offer,
            Some(held) => std::mem::replace(held, offer),
        };
        let Some(held) = place.as_ref().filter(|held| held.value != loser.value) else { return };
        let is_conflict = Level::of_rank(held.rank).is_some() && !held.says_the_same(&loser);
        if !loser.kept {
            self.give_back(&loser.key, &loser.value);
        }
        if is_conflict {
            self.conflicts.push((column_idx, loser));
        }
    }

    /// What was overruled by something that it contradicts, with the columns that it was offered for.
    pub(crate) fn conflicts(&self) -> &[(usize, Offer<'a>)] {
        &self.conflicts
    }

    /// The value that a column would get, for rules that look at several.
    pub(crate) fn value(&self, column_idx: usize) -> Option<&Offer<'a>> {
        self.offers.get(column_idx)?.as_ref()
    }

    /// Takes a column's offer back.
    pub(crate) fn take(&mut self, column_idx: usize) -> Option<Offer<'a>> {
        self.offers.get_mut(column_idx)?.take()
    }

    /// The column that was `n`th to get an offer; one that was taken back since has none.
    pub(crate) fn touched(&self, n: usize) -> Option<usize> {
        self.touched.get(n).copied()
    }

    pub(crate) fn attribute(&mut self, key: &str, value: &Scalar<'_>) {
        write_field(&mut self.attributes, key, |out| value.write_json(out));
    }

    /// Puts what a column did not take among the attributes. Those that a record has apart, as OpenTelemetry's data model
    /// does, stand there without their prefix.
    pub(crate) fn give_back(&mut self, key: &str, value: &Scalar<'_>) {
        self.attribute(key.strip_prefix("attributes.").unwrap_or(key), value);
    }

    pub(crate) fn resource_attribute(&mut self, key: &str, value: &Scalar<'_>) {
        write_field(&mut self.resource_attributes, key, |out| value.write_json(out));
    }
}
