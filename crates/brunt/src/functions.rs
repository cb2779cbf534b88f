//! The functions that SQL has beside the engine's own: one registry, by name.

mod cohort_diff;
mod error_group_id;
mod error_template;
mod newcombe;
mod wilson;
mod window_funnel;

use std::sync::Arc;

use datafusion::error::Result;
use datafusion::execution::FunctionRegistry;
use datafusion::logical_expr::{AggregateUDF, DocSection, Documentation, ScalarUDF};

/// What the reference says of a function.
#[derive(Debug)]
pub(crate) struct Document {
    pub(crate) name: &'static str,
    /// Each with its type; optional ones in brackets.
    pub(crate) arguments: &'static str,
    pub(crate) returns: &'static str,
    pub(crate) description: &'static str,
    /// A statement that runs on any store.
    pub(crate) example: &'static str,
}

impl Document {
    /// The same for the engine's own catalog.
    fn build(&self) -> Documentation {
        let syntax = format!("{}({})", self.name, self.arguments);
        Documentation::builder(DocSection::default(), self.description, syntax)
            .with_sql_example(self.example)
            .build()
    }
}

/// Registers every scalar and aggregate function, and JSON's `->` and `->>`.
pub(crate) fn register_all(registry: &mut dyn FunctionRegistry) -> Result<()> {
    datafusion_functions_json::register_all(registry)?;
    for function in scalars() {
        registry.register_udf(Arc::new(function))?;
    }
    for function in aggregates() {
        registry.register_udaf(Arc::new(function))?;
    }
    Ok(())
}

/// What the reference says of each of them.
pub(crate) fn documents() -> [&'static Document; 6] {
    [
        &cohort_diff::DOCUMENT,
        &error_group_id::DOCUMENT,
        &error_template::DOCUMENT,
        &newcombe::DOCUMENT,
        &wilson::DOCUMENT,
        &window_funnel::DOCUMENT,
    ]
}

fn scalars() -> [ScalarUDF; 4] {
    [
        ScalarUDF::new_from_impl(error_group_id::ErrorGroupId::new()),
        ScalarUDF::new_from_impl(error_template::ErrorTemplate::new()),
        ScalarUDF::new_from_impl(newcombe::Newcombe::new()),
        ScalarUDF::new_from_impl(wilson::Wilson::new()),
    ]
}

fn aggregates() -> [AggregateUDF; 2] {
    [
        AggregateUDF::new_from_impl(cohort_diff::CohortDiff::new()),
        AggregateUDF::new_from_impl(window_funnel::WindowFunnel::new()),
    ]
}
