//! `error_impact`: what each error group cost each journey.
//!
//! ```text
//! sessions, activities, journey_steps, errors ─► scans ─► ids as codes ─► units, in order ─┐
//! account_history ─► plans at the time ──────────────────────────────────► covariates ─────┤
//!                                        brunt_stats::m1: population, partition, impacts ◄─┘
//! error_groups, accounts ─► title, tickets, revenue of accounts ─► one row a journey and group
//! ```
//! A unit is a user (its own id, or the one user that its anonymous id ever became), else a session. Times are those of
//! `ts`; activities at one time keep the order of `sequence_no`, then of their ids.

mod codes;
mod columns;
mod covariates;
mod exec;
mod kept;
mod measure;
mod place;
mod read;
mod sampling;
mod settings;
mod table;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use datafusion::datasource::provider_as_source;
use datafusion::logical_expr::{LogicalPlan, LogicalPlanBuilder};

pub(crate) use self::exec::ImpactExec;
pub(crate) use self::kept::Kept;

use self::read::{Accounts, Activities, Carriers, Groups, PlanHistory, Rows, Sessions, Steps};
use self::settings::Asked;
use self::table::{ImpactTable, Queries};
use crate::error::Error;
use crate::relation::{Argument, ArgumentType, Arguments, PlanContext, TableFunction};
use crate::translate::{Names, translate};

/// The table function.
#[derive(Debug)]
pub(crate) struct ErrorImpact;

const ARGUMENTS: &[Argument] = &[
    Argument {
        name: "journey",
        ty: ArgumentType::Text,
        default: Some("NULL"),
        doc: "Name of a journey; every journey where none is given.",
    },
    Argument {
        name: "error_group_id",
        ty: ArgumentType::Text,
        default: Some("NULL"),
        doc: "The one group to show; ranks and q-values stay those among all groups.",
    },
    Argument {
        name: "since",
        ty: ArgumentType::Moment,
        default: Some("NULL"),
        doc: "The first time at which entries count, or a span back from the last one, such as '14 days'; all data where none is given.",
    },
    Argument {
        name: "until",
        ty: ArgumentType::Timestamp,
        default: Some("NULL"),
        doc: "The time by which an entry's window must be over; the newest one of logs, spans and events where none is given.",
    },
    Argument {
        name: "include_synthetic",
        ty: ArgumentType::Boolean,
        default: Some("false"),
        doc: "Whether bots and tests count.",
    },
    Argument {
        name: "accuse_floor_pp",
        ty: ArgumentType::Double,
        default: Some("1.0"),
        doc: "Percentage points that the lower bound of a loss must be above for the group to be accused.",
    },
];

impl TableFunction for ErrorImpact {
    fn name(&self) -> &'static str {
        "error_impact"
    }

    fn doc(&self) -> &'static str {
        "What each error group cost each journey, in conversions and revenue: one row a journey and group."
    }

    fn example(&self) -> &'static str {
        "SELECT rank, title, lost_conversions, lost_conversions_lo, lost_conversions_hi FROM error_impact(since => '14 days') ORDER BY rank"
    }

    fn arguments(&self) -> &'static [Argument] {
        ARGUMENTS
    }

    fn schema(&self) -> SchemaRef {
        columns::schema()
    }

    fn plan(&self, arguments: &Arguments, context: &PlanContext<'_>) -> Result<LogicalPlan, Error> {
        let time_zone = context.state().config_options().execution.time_zone.as_deref();
        let asked = Asked::new(arguments, time_zone)?;
        let pin = context.pin();
        let table = ImpactTable {
            journeys: asked.journeys(&pin.definitions().journeys)?,
            pin,
            asked,
            queries: Queries {
                sessions: context.sql(Sessions::SQL)?,
                activities: context.sql(Activities::SQL)?,
                steps: context.sql(Steps::SQL)?,
                carriers: context.sql(Carriers::SQL)?,
                plans: context.sql(PlanHistory::SQL)?,
                groups: context.sql(Groups::SQL)?,
                accounts: context.sql(Accounts::SQL)?,
            },
        };
        LogicalPlanBuilder::scan(self.name(), provider_as_source(Arc::new(table)), None)
            .and_then(LogicalPlanBuilder::build)
            .map_err(|error| translate(error, &Names::default()))
    }
}
