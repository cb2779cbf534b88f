//! The columns of `error_impact`, and the figures as rows of them.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use arrow::array::{
    ArrayRef, BooleanArray, Decimal128Array, Float64Array, Int64Array, ListBuilder, RecordBatch,
    StringArray, StringBuilder,
};
use arrow::datatypes::{Field, Schema, SchemaRef};
use brunt_model::ColumnType::{BigInt, Boolean, Double, Numeric, Text, TextArray};
use brunt_model::{Column, ColumnType, MONEY_PRECISION, MONEY_SCALE, Money};
use brunt_stats::m1::{self, Estimate, GroupImpact, Warning};
use datafusion::error::Result;

use super::measure::{Known, OfJourney};
use super::sampling::Sampled;

/// Name, type, what it says.
const COLUMNS: [(&str, ColumnType, &str); 42] = [
    ("rank", BigInt, "Place among the journey's groups by rank_score, from 1."),
    ("rank_by_count", BigInt, "Place by n_affected, which is how counting would rank the group."),
    ("journey", Text, "Journey."),
    ("error_group_id", Text, "Error group."),
    ("title", Text, "Short type and message template of the group."),
    (
        "n_affected",
        BigInt,
        "Stored entries of the journey that met the group, up to and with the activity that converted.",
    ),
    ("n_matched", BigInt, "Affected entries that have comparable unaffected ones."),
    (
        "n_unaffected",
        BigInt,
        "Entries that never met the group, in the cells that the affected are compared in.",
    ),
    ("n_users", BigInt, "Known users among the affected."),
    ("n_accounts", BigInt, "Known accounts among the affected."),
    ("conversion_affected", Double, "Share of the matched affected that converted, 0 to 1."),
    (
        "conversion_expected",
        Double,
        "Share of them that would have converted without the group, 0 to 1.",
    ),
    (
        "loss_pp",
        Double,
        "Expected less observed conversion, in percentage points; positive is harm.",
    ),
    ("loss_pp_lo", Double, "Lower bound of loss_pp."),
    ("loss_pp_hi", Double, "Upper bound of loss_pp."),
    (
        "lost_conversions",
        Double,
        "Conversions that the group cost, over all affected. Where telemetry is sampled, over all that they stand for: each \
         affected entry counts as many times as the activity that met the group first (sample_weight).",
    ),
    ("lost_conversions_lo", Double, "Lower bound of lost_conversions."),
    ("lost_conversions_hi", Double, "Upper bound of lost_conversions."),
    (
        "revenue_at_risk",
        Numeric,
        "Order value that the group cost, in currency; weighted as lost_conversions.",
    ),
    ("revenue_at_risk_lo", Numeric, "Lower bound of revenue_at_risk."),
    ("revenue_at_risk_hi", Numeric, "Upper bound of revenue_at_risk."),
    ("currency", Text, "ISO 4217 code of the journey's currency."),
    ("p_value", Double, "Two-sided p-value of no loss."),
    ("q_value", Double, "The same adjusted for all groups of the journey (Benjamini-Hochberg)."),
    ("accused", Boolean, "Whether q_value is below 0.05 and loss_pp_lo above the floor."),
    ("rank_score", Double, "lost_conversions shrunk towards 0 by its uncertainty; rank is by it."),
    (
        "unadjusted_loss_pp",
        Double,
        "Conversion of all unaffected less that of the affected, as naive tools have it.",
    ),
    ("overlap_share", Double, "n_matched as a share of n_affected, 0 to 1."),
    ("adjusted_for", TextArray, "What the compared have in common."),
    (
        "partner",
        Text,
        "Error group that at least three tenths of the first hits share their activity with.",
    ),
    ("alone_pp", Double, "Loss where no partner strikes; not estimated yet."),
    ("alone_pp_lo", Double, "Lower bound of alone_pp."),
    ("alone_pp_hi", Double, "Upper bound of alone_pp."),
    ("n_alone", BigInt, "Affected entries that alone_pp rests on."),
    (
        "e_value",
        Double,
        "How strongly something unseen would have to go with both to explain the loss away.",
    ),
    ("clusters_effective", Double, "Independent accounts or users that the interval rests on."),
    (
        "mrr_touched",
        Numeric,
        "Recurring revenue a month of the accounts that met it in the journey, in currency.",
    ),
    ("n_tickets", BigInt, "Tickets that have the group in ticket_context."),
    ("introduced_in", Text, "Service version that the group was first seen in."),
    ("method", Text, "The estimator."),
    ("confidence", Double, "Share of intervals that should contain the truth, 0 to 1."),
    ("warnings", TextArray, "What to doubt, or why there is no figure."),
];

/// The columns, in order.
pub(super) fn schema() -> SchemaRef {
    static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
        let field = |(name, ty, doc): &(&'static str, ColumnType, &'static str)| -> Field {
            Column { name, ty: *ty, nullable: true, doc }.field()
        };
        Arc::new(Schema::new(COLUMNS.iter().map(field).collect::<Vec<_>>()))
    });
    Arc::clone(&SCHEMA)
}

/// A group of a journey.
#[derive(Clone, Copy)]
struct Row<'a> {
    journey: &'a OfJourney,
    /// Its place among the groups.
    group: usize,
    impact: &'a GroupImpact,
    /// Its row among what else is known of groups.
    known: Option<usize>,
}

/// The figures as one batch of [`schema`]: journeys in their order, groups by rank, those without one by id. Filters on
/// a group act here, when all are ranked.
pub(super) fn batch(
    known: &Known,
    journeys: &[OfJourney],
    group: Option<&str>,
) -> Result<RecordBatch> {
    let rows = rows(known, journeys, group);
    let mut columns: Vec<ArrayRef> = Vec::with_capacity(COLUMNS.len());
    let (group_ids, known) = (&known.group_ids, &known.groups);
    columns.push(bigints(&rows, |row| row.impact.rank.map(i64::from)));
    columns.push(bigints(&rows, |row| row.impact.rank_by_count.map(i64::from)));
    columns.push(texts(&rows, |row| Some(&row.journey.name)));
    columns.push(texts(&rows, |row| Some(&group_ids[row.group])));
    columns.push(texts(&rows, |row| known.titles[row.known?].as_deref()));
    for count in [
        |of: &GroupImpact| of.n_affected,
        |of: &GroupImpact| of.n_matched,
        |of: &GroupImpact| of.n_unaffected,
        |of: &GroupImpact| of.n_users,
        |of: &GroupImpact| of.n_accounts,
    ] {
        columns.push(bigints(&rows, |row| i64::try_from(count(row.impact)).ok()));
    }
    columns.push(doubles(&rows, |of| of.conversion_affected));
    columns.push(doubles(&rows, |of| of.conversion_expected));
    columns.extend(estimates(|part| doubles(&rows, |of| of.loss_pp.and_then(part))));
    columns.extend(estimates(|part| doubles(&rows, |of| of.lost_conversions.and_then(part))));
    for part in PARTS {
        let units = |row: &Row<'_>| units(row.impact.revenue_at_risk.and_then(part)?);
        columns.push(numerics(&rows, units)?);
    }
    columns.push(texts(&rows, |row| row.journey.currency.as_deref()));
    columns.push(doubles(&rows, |of| of.p_value));
    columns.push(doubles(&rows, |of| of.q_value));
    columns
        .push(Arc::new(rows.iter().map(|row| Some(row.impact.accused)).collect::<BooleanArray>()));
    columns.push(doubles(&rows, |of| of.rank_score));
    columns.push(doubles(&rows, |of| of.unadjusted_loss_pp));
    columns.push(doubles(&rows, |of| of.overlap_share));
    columns.push(lists(&rows, |row| row.impact.adjusted_for.clone()));
    columns.push(texts(&rows, |row| group_ids.get(row.impact.partner?).map(String::as_str)));
    columns.extend(estimates(|part| doubles(&rows, |of| of.alone_pp.and_then(part))));
    columns.push(bigints(&rows, |row| row.impact.n_alone.and_then(|n| i64::try_from(n).ok())));
    columns.push(doubles(&rows, |of| of.e_value));
    columns.push(doubles(&rows, |of| of.clusters_effective));
    columns.push(numerics(&rows, |row| row.journey.mrr_touched[row.group])?);
    columns.push(bigints(&rows, |row| known.n_tickets[row.known?]));
    columns.push(texts(&rows, |row| known.introduced_in[row.known?].as_deref()));
    columns.push(texts(&rows, |_| Some(m1::METHOD)));
    columns.push(doubles(&rows, |_| Some(m1::CONFIDENCE)));
    columns.push(lists(&rows, warnings));
    Ok(RecordBatch::try_new(schema(), columns)?)
}

fn rows<'a>(known: &Known, journeys: &'a [OfJourney], group: Option<&str>) -> Vec<Row<'a>> {
    let group_ids = &known.group_ids;
    let known: HashMap<&str, usize> =
        known.groups.ids.names.iter().enumerate().map(|(row, id)| (id.as_str(), row)).collect();
    let mut rows = Vec::new();
    for journey in journeys.iter().filter(|journey| journey.n_entries > 0) {
        let first = rows.len();
        for (idx, (id, impact)) in group_ids.iter().zip(&journey.impacts).enumerate() {
            if group.is_none_or(|wanted| wanted == id) {
                rows.push(Row {
                    journey,
                    group: idx,
                    impact,
                    known: known.get(id.as_str()).copied(),
                });
            }
        }
        rows[first..].sort_by_key(|row| row.impact.rank.unwrap_or(u32::MAX));
    }
    rows
}

const PARTS: [fn(Estimate) -> Option<f64>; 3] = [|of| Some(of.value), |of| of.lo, |of| of.hi];

/// A figure and its two bounds.
fn estimates(column: impl Fn(fn(Estimate) -> Option<f64>) -> ArrayRef) -> [ArrayRef; 3] {
    PARTS.map(column)
}

fn warnings(row: &Row<'_>) -> Vec<String> {
    let mut texts: Vec<String> = row.impact.warnings.iter().map(Warning::to_string).collect();
    if row.journey.other_currency && row.impact.revenue_at_risk.is_some() {
        texts.push("other_currency".to_owned());
    }
    let sampled: &[&str] = match row.journey.sampled {
        Sampled::No => &[],
        Sampled::Equally => &["sampled"],
        Sampled::Unequally => &["sampled", "sampled_unequally"],
    };
    texts.extend(sampled.iter().map(ToString::to_string));
    texts
}

fn bigints(rows: &[Row<'_>], of: impl Fn(&Row<'_>) -> Option<i64>) -> ArrayRef {
    Arc::new(rows.iter().map(of).collect::<Int64Array>())
}

/// A figure that is no number is none.
fn doubles(rows: &[Row<'_>], of: impl Fn(&GroupImpact) -> Option<f64>) -> ArrayRef {
    let value = |row: &Row<'_>| of(row.impact).filter(|value| value.is_finite());
    Arc::new(rows.iter().map(value).collect::<Float64Array>())
}

fn texts<'a>(rows: &[Row<'a>], of: impl Fn(&Row<'a>) -> Option<&'a str>) -> ArrayRef {
    Arc::new(rows.iter().map(of).collect::<StringArray>())
}

fn numerics(rows: &[Row<'_>], of: impl Fn(&Row<'_>) -> Option<i128>) -> Result<ArrayRef> {
    let fits = |row: &Row<'_>| Money::from_units(of(row)?).map(Money::units);
    let array = rows.iter().map(fits).collect::<Decimal128Array>();
    Ok(Arc::new(array.with_precision_and_scale(MONEY_PRECISION, MONEY_SCALE)?))
}

fn lists(rows: &[Row<'_>], of: impl Fn(&Row<'_>) -> Vec<String>) -> ArrayRef {
    let mut lists = ListBuilder::new(StringBuilder::new());
    for row in rows {
        for text in of(row) {
            lists.values().append_value(text);
        }
        lists.append(true);
    }
    Arc::new(lists.finish())
}

/// Ten-thousandths of an amount; `None` where it is no number.
#[expect(clippy::cast_possible_truncation, reason = "what does not fit is refused by Money next")]
fn units(amount: f64) -> Option<i128> {
    amount.is_finite().then(|| (amount * 10_000.0).round() as i128)
}
