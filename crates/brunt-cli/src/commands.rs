//! One file a command; this one opens the store and hands over.

mod audit;
mod check;
mod demo;
mod derive;
mod errors;
mod forget;
mod impact;
mod load;
mod meter;
mod notebook;
mod regroup;
mod rows;
mod serve;
mod session;
mod shell;
mod sql;
mod statements;
mod status;
mod ticket;
mod trace;
mod unload;
mod upkeep;

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use brunt::{Code, OpenOptions, Store};
use brunt_model::Ts;

use crate::args::{Args, Command};
use crate::failure::{ExitStatus, Failure};

/// What every command gets: where the store is, and how answers are drawn.
#[derive(Debug)]
pub(crate) struct Context {
    store: String,
    options: OpenOptions,
    json: bool,
}

pub(crate) async fn run(args: Args) -> Result<ExitStatus, Failure> {
    let options = OpenOptions { definitions: args.definitions, memory_limit: None };
    let mut ctx = Context { store: args.store, options, json: args.json };
    match args.command {
        Command::Demo(demo) => demo::run(&ctx, &demo).await,
        Command::Load(load) => load::run(&ctx, &load).await,
        Command::Unload(unload) => unload::run(&ctx, &unload).await,
        Command::Sql(sql) => sql::run(&mut ctx, &sql).await,
        Command::Serve(serve) => serve::run(&ctx, &serve).await,
        Command::Errors(errors) => errors::run(&ctx, &errors).await,
        Command::Impact(impact) => impact::run(&ctx, &impact).await,
        Command::Trace(trace) => trace::run(&ctx, &trace).await,
        Command::Session(session) => session::run(&ctx, &session).await,
        Command::Ticket(ticket) => ticket::run(&ctx, &ticket).await,
        Command::Notebook(notebook) => notebook::run(&ctx, &notebook).await,
        Command::Status => status::run(&ctx).await,
        Command::Derive(derive) => derive::run(&ctx, &derive).await,
        Command::Regroup(regroup) => regroup::run(&ctx, &regroup).await,
        Command::Check(check) => check::run(&ctx, &check).await,
        Command::Audit(audit) => audit::run(&ctx, &audit).await,
        Command::Forget(forget) => forget::run(&ctx, forget).await,
        Command::Optimize => upkeep::optimize(&ctx).await,
        Command::Vacuum(vacuum) => upkeep::vacuum(&ctx, &vacuum).await,
    }
}

impl Context {
    /// The store, which must be there.
    async fn open(&self) -> Result<Store, Failure> {
        Ok(Store::open_with(&self.store, self.options.clone()).await?)
    }

    /// The store, for its definitions; where there is none yet, one in memory that nothing is written to.
    async fn open_for_definitions(&self) -> Result<Store, Failure> {
        match Store::open_with(&self.store, self.options.clone()).await {
            Err(error) if error.code() == Code::StoreMissing => {
                Ok(Store::in_memory_with(self.options.clone(), now()).await?)
            }
            opened => Ok(opened?),
        }
    }

    /// The store, made where it is not there yet.
    async fn open_or_create(&self) -> Result<Store, Failure> {
        Ok(Store::open_or_create_with(&self.store, self.options.clone(), now()).await?)
    }
}

/// The secret of `hash` rules: `BRUNT_SECRET`, or the first line of the file that `BRUNT_SECRET_FILE` names.
fn secret() -> Result<Option<String>, Failure> {
    let own = std::env::var("BRUNT_SECRET").ok();
    let Some(path) = std::env::var_os("BRUNT_SECRET_FILE") else { return Ok(own) };
    let path = Path::new(&path);
    if own.is_some() {
        let message = "BRUNT_SECRET and BRUNT_SECRET_FILE are both set";
        return Err(Failure::usage(message).hint("Unset the one that should not hold."));
    }
    let refused = |why: &str| {
        let message = format!("BRUNT_SECRET_FILE \"{}\" {why}", path.display());
        Failure::refused(message)
            .hint("It is a file whose first line is the secret, and which only you can read.")
    };
    let text = std::fs::read_to_string(path)
        .map_err(|error| refused(&format!("cannot be read: {error}")))?;
    match text.lines().next().map(str::trim_end) {
        Some(secret) if !secret.is_empty() => Ok(Some(secret.to_owned())),
        _ => Err(refused("holds no secret")),
    }
}

/// The time of the command; the library takes it as an argument.
#[expect(clippy::disallowed_methods, reason = "the command is where time comes from")]
fn now() -> Ts {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Ts(i64::try_from(since_1970.as_micros()).unwrap_or(i64::MAX))
}

/// A text as a SQL literal.
fn quote(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
