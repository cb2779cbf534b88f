//! Table `journeys`: one row a step of a journey, as the definitions of the session's epoch say.

use std::sync::{Arc, LazyLock};

use arrow::array::{Int32Array, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use brunt_model::ColumnType::{BigInt, Int, Text};
use datafusion::catalog::Session;
use datafusion::error::Result;

use crate::computed::{Rows, schema_of};
use crate::definitions::{Journey, Order, Step, Unit};
use crate::session::Pin;

/// Name of the table.
pub(crate) const NAME: &str = "journeys";

/// The journeys that derived tables were made with.
#[derive(Debug)]
pub(crate) struct Journeys {
    pub(crate) pin: Arc<Pin>,
}

#[async_trait]
impl Rows for Journeys {
    fn schema(&self) -> SchemaRef {
        static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
            schema_of(&[
                ("journey", Text, "Name of the journey."),
                ("step_idx", Int, "Place of the step, from 1; the last step converts."),
                ("step", Text, "Name of the step."),
                ("table_name", Text, "Table whose rows do the step: `events spans logs orders`."),
                ("condition", Text, "What holds for those rows; NULL where every row does it."),
                ("unit", Text, "What is followed through the journey: `user session`."),
                ("window_ns", BigInt, "From entry to conversion, in nanoseconds."),
                ("step_order", Text, "Whether steps count only in order: `strict any`."),
                ("owner", Text, "Who looks after the journey."),
                ("currency", Text, "ISO 4217 code of values whose rows have none."),
                ("file", Text, "File that defines it."),
                ("line", Int, "Line of that file, from 1."),
            ])
        });
        Arc::clone(&SCHEMA)
    }

    async fn rows(&self, _: &dyn Session) -> Result<RecordBatch> {
        let definitions = self.pin.definitions();
        let steps: Vec<(&Journey, usize, &Step)> = definitions
            .journeys
            .iter()
            .flat_map(|journey| {
                let steps = journey.steps.iter().enumerate();
                steps.map(move |(step_idx, step)| (journey, step_idx, step))
            })
            .collect();
        let of_journey = |text: fn(&Journey) -> Option<&str>| -> StringArray {
            steps.iter().map(|(journey, ..)| text(journey)).collect()
        };
        let of_step = |text: fn(&Step) -> Option<&str>| -> StringArray {
            steps.iter().map(|(.., step)| text(step)).collect()
        };
        let places: Int32Array =
            steps.iter().map(|(_, step_idx, _)| i32::try_from(step_idx + 1).ok()).collect();
        let windows: Int64Array =
            steps.iter().map(|(journey, ..)| journey.window_micros.checked_mul(1000)).collect();
        let lines: Int32Array =
            steps.iter().map(|(journey, ..)| i32::try_from(journey.line).ok()).collect();
        Ok(RecordBatch::try_new(
            self.schema(),
            vec![
                Arc::new(of_journey(|journey| Some(&journey.name))),
                Arc::new(places),
                Arc::new(of_step(|step| Some(&step.name))),
                Arc::new(of_step(|step| Some(step.table.name()))),
                Arc::new(of_step(|step| step.where_sql.as_deref())),
                Arc::new(of_journey(|journey| Some(unit_name(journey.unit)))),
                Arc::new(windows),
                Arc::new(of_journey(|journey| Some(order_name(journey.order)))),
                Arc::new(of_journey(|journey| journey.owner.as_deref())),
                Arc::new(of_journey(|journey| journey.currency.as_deref())),
                Arc::new(of_journey(|journey| Some(&journey.file))),
                Arc::new(lines),
            ],
        )?)
    }
}

fn unit_name(unit: Unit) -> &'static str {
    match unit {
        Unit::User => "user",
        Unit::Session => "session",
    }
}

fn order_name(order: Order) -> &'static str {
    match order {
        Order::Strict => "strict",
        Order::Any => "any",
    }
}
