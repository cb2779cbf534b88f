//! `brunt notebook`: lists the notebooks that ship, runs one of them or a file.

use std::io::stdout;
use std::path::Path;

use brunt_notebook::{Notebook, RunOptions};

use super::Context;
use crate::args;
use crate::failure::{ExitStatus, Failure};
use crate::output::{layout, print};

pub(super) async fn run(ctx: &Context, args: &args::Notebook) -> Result<ExitStatus, Failure> {
    match args {
        args::Notebook::List => list(),
        args::Notebook::Run { notebook, parameters } => {
            let notebook = find(notebook)?;
            let values = parameters
                .iter()
                .map(|parameter| parse_parameter(parameter))
                .collect::<Result<Vec<_>, _>>()?;
            let session = ctx.open().await?.session().await?;
            let options = RunOptions { values, layout: layout(ctx.json) };
            brunt_notebook::run(&notebook, &session, &options, &mut stdout()).await?;
            Ok(ExitStatus::Done)
        }
    }
}

fn list() -> Result<ExitStatus, Failure> {
    for (name, text) in brunt_sql::notebooks() {
        print(&format!("{name:<16}  {}\n", Notebook::parse(name, text)?.title));
    }
    Ok(ExitStatus::Done)
}

/// A notebook that ships, by name or by the path that it has in the sources; else a file.
pub(super) fn find(wanted: &str) -> Result<Notebook, Failure> {
    let path = Path::new(wanted);
    let name = path.file_stem().map_or(wanted.into(), |stem| stem.to_string_lossy());
    if path.exists() {
        let text = std::fs::read_to_string(path).map_err(|error| {
            Failure::refused(format!("notebook \"{wanted}\" cannot be read: {error}"))
        })?;
        return Ok(Notebook::parse(&name, &text)?);
    }
    match brunt_sql::notebooks().iter().find(|(shipped, _)| *shipped == name) {
        Some((name, text)) => Ok(Notebook::parse(name, text)?),
        None => Err(Failure::refused(format!("there is no notebook \"{wanted}\""))
            .hint("`brunt notebook list` names all.")),
    }
}

fn parse_parameter(parameter: &str) -> Result<(String, String), Failure> {
    let (name, value) = parameter.split_once('=').ok_or_else(|| {
        Failure::usage(format!("parameter \"{parameter}\" has no value")).hint("Write NAME=VALUE.")
    })?;
    Ok((name.to_owned(), value.to_owned()))
}
