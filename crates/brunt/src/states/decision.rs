//! What people decided about error groups, as `system.error_group_updates` keeps it.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Decimal128Array, RecordBatch, StringArray};
use arrow::datatypes::{Decimal128Type, TimestampMicrosecondType};
use brunt_model::{MONEY_PRECISION, MONEY_SCALE, Money, Ts, table};
use brunt_store::Transaction;

use crate::code::Code;
use crate::error::{Error, Fault};
use crate::load::add_system_rows;
use crate::session::Pin;

/// What is to hold for an error group from now on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// It is mended: in this version and all later ones, or from now on where there is none; in one environment, or in all.
    Resolve { version: Option<String>, environment: Option<String> },
    /// Nobody needs to look at it, or not until it costs more than this in a journey: in a currency (ISO 4217), or in that of
    /// the journey, whichever it is.
    Ignore { until_cost: Option<Money>, currency: Option<String> },
    /// What was decided before does not hold any more.
    Reopen,
}

/// A decision with who made it and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupUpdate {
    pub decision: Decision,
    /// Masked as all free text is; `forget` takes ids out of it.
    pub comment: Option<String>,
    pub actor: Option<String>,
}

/// An update and its time.
#[derive(Debug)]
pub(super) struct Decided {
    pub(super) at: Ts,
    pub(super) update: GroupUpdate,
}

impl Decision {
    fn action(&self) -> &'static str {
        match self {
            Self::Resolve { .. } => "resolve",
            Self::Ignore { .. } => "ignore",
            Self::Reopen => "reopen",
        }
    }

    /// The decision with its texts in one form.
    ///
    /// # Errors
    /// [`Code::Usage`] where one of them says nothing, or the cost or the currency is none.
    pub(super) fn checked(&self) -> Result<Self, Fault> {
        let filled = |what: &str, text: &Option<String>| match text.as_deref().map(str::trim) {
            Some("") => Err(Fault::new(Code::Usage, format!("the {what} is empty"))),
            text => Ok(text.map(str::to_owned)),
        };
        Ok(match self {
            Self::Resolve { version, environment } => Self::Resolve {
                version: filled("version", version)?,
                // As loads write it.
                environment: filled("environment", environment)?
                    .map(|text| brunt_ingest::environment(&text).into_owned()),
            },
            Self::Ignore { until_cost, currency } => {
                if let Some(cost) = until_cost.filter(|cost| *cost < Money::default()) {
                    let fault = Fault::new(Code::Usage, format!("the cost {cost} is negative"));
                    return Err(fault.with_hint("Losses count as positive: give 500 for 500 lost."));
                }
                let currency = currency.as_deref().map(|code| code.trim().to_uppercase());
                let is_code = |code: &String| {
                    code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_uppercase())
                };
                if let Some(code) = currency.as_ref().filter(|code| !is_code(code)) {
                    let fault = Fault::new(Code::Usage, format!("\"{code}\" is no currency"));
                    return Err(fault.with_hint("Give a code of ISO 4217, such as EUR."));
                }
                Self::Ignore { until_cost: *until_cost, currency }
            }
            Self::Reopen => Self::Reopen,
        })
    }
}

/// Adds an update to a write.
pub(super) async fn write(
    tx: &mut Transaction,
    group: &str,
    update: &GroupUpdate,
    now: Ts,
) -> Result<(), Error> {
    let text = |value: Option<&str>| -> ArrayRef { Arc::new(StringArray::from(vec![value])) };
    let (mut version, mut environment, mut cost, mut currency) = (None, None, None, None);
    match &update.decision {
        Decision::Resolve { version: in_version, environment: of } => {
            (version, environment) = (in_version.as_deref(), of.as_deref());
        }
        Decision::Ignore { until_cost, currency: code } => {
            (cost, currency) = (until_cost.map(Money::units), code.as_deref());
        }
        Decision::Reopen => {}
    }
    let cost = Decimal128Array::from(vec![cost])
        .with_data_type(arrow::datatypes::DataType::Decimal128(MONEY_PRECISION, MONEY_SCALE));
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("error_group_id", text(Some(group))),
        ("action", text(Some(update.decision.action()))),
        ("service_version", text(version)),
        ("deployment_environment_name", text(environment)),
        ("until_cost", Arc::new(cost)),
        ("currency", text(currency)),
        ("comment", text(update.comment.as_deref())),
        ("actor", text(update.actor.as_deref())),
    ];
    add_system_rows(tx, "error_group_updates", now, 1, columns).await
}

/// All updates of an epoch by the group of today, in the order of time.
pub(super) async fn read(pin: &Pin) -> Result<BTreeMap<String, Vec<Decided>>, Error> {
    let mut groups: BTreeMap<String, Vec<Decided>> = BTreeMap::new();
    let Some(table) = table("error_group_updates") else { return Ok(groups) };
    for file in &pin.snapshot(table).await?.files {
        for rows in pin.store().read(file, None).await? {
            for idx in 0..rows.num_rows() {
                if let Some((group, decided)) = decided(&rows, idx) {
                    let group = pin.aliases().current(&group, decided.at).to_owned();
                    groups.entry(group).or_default().push(decided);
                }
            }
        }
    }
    for decided in groups.values_mut() {
        decided.sort_by_key(|decided| decided.at);
    }
    Ok(groups)
}

/// The update of a row, with its group; `None` for an action that a newer brunt may have.
fn decided(rows: &RecordBatch, idx: usize) -> Option<(String, Decided)> {
    let text = |name: &str| {
        let column = rows.column_by_name(name)?.as_string_opt::<i32>()?;
        column.is_valid(idx).then(|| column.value(idx).to_owned())
    };
    let decision = match text("action")?.as_str() {
        "resolve" => Decision::Resolve {
            version: text("service_version"),
            environment: text("deployment_environment_name"),
        },
        "ignore" => {
            let costs = rows.column_by_name("until_cost")?.as_primitive_opt::<Decimal128Type>()?;
            let cost = costs.is_valid(idx).then(|| costs.value(idx));
            Decision::Ignore {
                until_cost: cost.and_then(Money::from_units),
                currency: text("currency"),
            }
        }
        "reopen" => Decision::Reopen,
        _ => return None,
    };
    let times = rows.column(0).as_primitive_opt::<TimestampMicrosecondType>()?;
    let update = GroupUpdate { decision, comment: text("comment"), actor: text("actor") };
    Some((text("error_group_id")?, Decided { at: Ts(times.value(idx)), update }))
}
