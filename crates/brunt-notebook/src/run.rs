//! Runs a notebook's cells in order and writes prose and answers as it goes.

use std::io::Write;
use std::sync::Arc;

use brunt::Session;

use crate::draw::{Layout, draw};
use crate::error::Error;
use crate::notebook::{Cell, Notebook};
use crate::parameter::bind;

/// How a notebook is run.
#[derive(Debug, Default)]
pub struct RunOptions {
    /// Values for parameters, by name; the others keep their defaults.
    pub values: Vec<(String, String)>,
    pub layout: Layout,
}

/// Runs all cells; each is a view of its name for those after it.
///
/// # Errors
/// [`Error::UnknownParameter`] for a value without a parameter, [`Error::Cell`] for the first query that fails;
/// what was written before stays written.
pub async fn run(
    notebook: &Notebook,
    session: &Session,
    options: &RunOptions,
    out: &mut (dyn Write + Send),
) -> Result<(), Error> {
    let values = values(notebook, options)?;
    for cell in &notebook.cells {
        let text = match cell {
            Cell::Prose(prose) => format!("{prose}\n\n"),
            Cell::Query { name, sql, line } => {
                let sql = bind(sql.trim().trim_end_matches(';'), &values);
                let failed = |source| Error::Cell {
                    notebook: notebook.name.clone(),
                    cell: name.clone(),
                    line: *line,
                    source,
                };
                session.create_view(name, &sql).await.map_err(failed)?;
                let answer = session.sql(&sql).await.map_err(failed)?;
                let schema = Arc::clone(&answer.schema);
                let notices: String =
                    answer.notices.iter().map(|notice| format!("{notice}\n")).collect();
                let batches = answer.collect().await.map_err(failed)?;
                format!("{}{notices}\n", draw(&schema, &batches, &options.layout)?)
            }
        };
        // A reader that went away (`| head`) is no failure of the notebook.
        if out.write_all(text.as_bytes()).is_err() {
            return Ok(());
        }
    }
    Ok(())
}

/// Every parameter with its value.
fn values(notebook: &Notebook, options: &RunOptions) -> Result<Vec<(String, String)>, Error> {
    let declared: Vec<String> =
        notebook.parameters.iter().map(|parameter| parameter.name.clone()).collect();
    if let Some((unknown, _)) = options.values.iter().find(|(name, _)| !declared.contains(name)) {
        return Err(Error::UnknownParameter {
            notebook: notebook.name.clone(),
            parameter: unknown.clone(),
            declared,
        });
    }
    let value_of = |name: &str| {
        options.values.iter().rev().find(|(given, _)| given == name).map(|(_, value)| value)
    };
    Ok(notebook
        .parameters
        .iter()
        .map(|parameter| {
            let value = value_of(&parameter.name).unwrap_or(&parameter.default);
            (parameter.name.clone(), value.clone())
        })
        .collect())
}
