//! `SET` and `RESET`: which settings a session may change, and no further than its engine allows.

use datafusion::common::config::ExtensionOptions;
use datafusion::logical_expr::{LogicalPlan, ResetVariable, SetVariable, Statement};

use crate::code::Code;
use crate::config::{BruntOptions, EpochSetting};
use crate::error::{Error, Fault};
use crate::nearest::nearest;
use crate::session::Session;

/// Settings that a session may change, besides all that begin with `brunt.`; the rest belong to the engine.
const SETTABLE: &[&str] = &[
    "datafusion.execution.batch_size",
    TARGET_PARTITIONS,
    "datafusion.execution.time_zone",
    "datafusion.explain.analyze_level",
    "datafusion.explain.format",
    "datafusion.explain.logical_plan_only",
    "datafusion.explain.physical_plan_only",
    "datafusion.explain.show_schema",
    "datafusion.explain.show_sizes",
    "datafusion.explain.show_statistics",
    "datafusion.optimizer.enable_dynamic_filter_pushdown",
    "datafusion.optimizer.prefer_hash_join",
    "datafusion.optimizer.repartition_joins",
];

const TARGET_PARTITIONS: &str = "datafusion.execution.target_partitions";
const EPOCH: &str = "brunt.epoch";

/// Changes the setting, or says why not and changes nothing.
pub(super) async fn apply(session: &Session, statement: Statement) -> Result<(), Error> {
    match statement {
        Statement::SetVariable(set) => {
            let name = canonical(&set.variable);
            check(session, &name, Some(&set.value)).await?;
            run(session, Statement::SetVariable(SetVariable { variable: name, ..set })).await
        }
        Statement::ResetVariable(reset) => {
            let name = canonical(&reset.variable);
            check(session, &name, None).await?;
            let default = BruntOptions::default().entries().into_iter().find(|it| it.key == name);
            // The engine resets its own settings only.
            let statement = match default.and_then(|entry| entry.value) {
                Some(value) => Statement::SetVariable(SetVariable { variable: name, value }),
                None => Statement::ResetVariable(ResetVariable { variable: name }),
            };
            run(session, statement).await
        }
        other => Err(Error::statement(
            Code::NotSupported,
            format!("statement \"{}\" is not supported", other.name()),
        )),
    }
}

/// The name that the engine knows it by.
fn canonical(name: &str) -> String {
    match name.to_ascii_lowercase().as_str() {
        "timezone" | "time.zone" => "datafusion.execution.time_zone".to_owned(),
        name => name.to_owned(),
    }
}

async fn check(session: &Session, name: &str, value: Option<&str>) -> Result<(), Error> {
    if !name.starts_with("brunt.") && !SETTABLE.contains(&name) {
        let fault = Fault::new(
            Code::UndefinedObject,
            format!("no setting \"{name}\" that a session may change"),
        );
        let known = SETTABLE.iter().copied().chain([EPOCH, "brunt.confidence", "timezone"]);
        return Err(match nearest(name, known) {
            Some(meant) => fault.with_hint(format!("Did you mean \"{meant}\"?")),
            None => fault.with_hint("SELECT name FROM system.settings WHERE settable lists them."),
        }
        .into());
    }
    match (name, value) {
        (EPOCH, Some(value)) => {
            let epoch: EpochSetting = value.parse()?;
            session.engine().pin(epoch).await.map(|_| ())
        }
        (TARGET_PARTITIONS, Some(value)) => {
            let partitions_max = session.engine().target_partitions();
            match value.parse::<usize>() {
                Ok(partitions) if (1..=partitions_max).contains(&partitions) => Ok(()),
                _ => Err(Error::statement(
                    Code::InvalidArgument,
                    format!("setting \"{name}\" is from 1 to {partitions_max}, not \"{value}\""),
                )),
            }
        }
        _ => Ok(()),
    }
}

async fn run(session: &Session, statement: Statement) -> Result<(), Error> {
    let plan = LogicalPlan::Statement(statement);
    session
        .context()
        .execute_logical_plan(plan)
        .await
        .map(|_| ())
        .map_err(|error| session.translate(error))
}

/// Whether a session may change the setting.
pub(crate) fn is_settable(name: &str) -> bool {
    name.starts_with("brunt.") || SETTABLE.contains(&name)
}
