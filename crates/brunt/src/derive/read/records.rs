//! From what a row says about an error to a record of it.

use brunt_fingerprint::Occurrence;

use super::Known;
use crate::derive::facts::{Record, Says};
use crate::derive::numbers::Weight;
use crate::derive::symbols::{Sym, Symbols};

/// An error as one row tells it; texts that are empty count as missing.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Told<'a> {
    pub(super) exception_type: Option<&'a str>,
    pub(super) message: Option<&'a str>,
    pub(super) stacktrace: Option<&'a str>,
    pub(super) service: Sym,
    pub(super) client_fingerprint: Option<&'a str>,
}

/// The columns that a row has beside its exception.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Beside {
    pub(super) error_type: Sym,
    pub(super) http_method: Sym,
    pub(super) http_route: Sym,
    pub(super) http_status: Option<i32>,
    pub(super) url_path: Sym,
    pub(super) severity: i16,
    pub(super) handled: Option<bool>,
}

/// Where and when a record is, and which signal it is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) row: u32,
    /// In its batch.
    pub(super) batch_row: usize,
    pub(super) part: u32,
    pub(super) ts: i64,
    pub(super) signals: u8,
    pub(super) weight: Weight,
}

/// The text, unless it is empty or blank.
pub(super) fn given(text: Option<&str>) -> Option<&str> {
    text.filter(|text| !text.trim().is_empty())
}

/// Groups an error and makes its record.
pub(super) fn record(told: &Told<'_>, beside: &Beside, place: Place, known: &mut Known) -> Record {
    let service = known.symbols.text(told.service).map(str::to_owned);
    let attributes = known.attributes.of(place.batch_row);
    let attributes: Vec<(&str, &str)> =
        attributes.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let occurrence = Occurrence {
        exception_type: given(told.exception_type),
        message: given(told.message),
        stacktrace: given(told.stacktrace),
        service: service.as_deref(),
        lang: None,
        client_fingerprint: given(told.client_fingerprint),
        attributes: &attributes,
    };
    let grouping = known.groupings.group(&occurrence, &mut known.symbols);
    Record {
        row: place.row,
        part: place.part,
        ts: place.ts,
        signals: place.signals,
        says: Says::Error,
        grouping,
        exception_type: interned(told.exception_type, &mut known.symbols),
        message: interned(told.message, &mut known.symbols),
        error_type: beside.error_type,
        stack_len: given(told.stacktrace)
            .map_or(0, |stack| u32::try_from(stack.len()).unwrap_or(u32::MAX)),
        severity: beside.severity,
        handled: beside.handled,
        http_method: beside.http_method,
        http_route: beside.http_route,
        http_status: beside.http_status,
        url_path: beside.url_path,
        weight: place.weight,
    }
}

fn interned(text: Option<&str>, symbols: &mut Symbols) -> Sym {
    given(text).map_or(Sym::NONE, |text| symbols.intern(text))
}
