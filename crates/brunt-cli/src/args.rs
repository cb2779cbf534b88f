//! The arguments of each command.

use std::net::SocketAddr;
use std::path::PathBuf;

use brunt_model::Money;
use clap::{Parser, Subcommand, ValueEnum};

/// Which bugs do customers bear the brunt of?
///
/// brunt loads exports of logs, traces, session events and tickets into a store of Delta tables, joins them, and says what each error costs.
#[derive(Debug, Parser)]
#[command(name = "brunt", version, max_term_width = 100)]
pub(crate) struct Args {
    /// The store: a folder, or the URL of one on an object store
    #[arg(
        long,
        global = true,
        env = "BRUNT_STORE",
        default_value = "./brunt-data",
        hide_default_value = true,
        hide_env = true,
        value_name = "URL"
    )]
    pub(crate) store: String,

    /// The folder that holds journeys.toml and the other definitions, in place of the store's own
    #[arg(long, global = true, env = "BRUNT_DEFINITIONS", hide_env = true, value_name = "FOLDER")]
    pub(crate) definitions: Option<PathBuf>,

    /// Print answers as JSON, one object a row
    #[arg(long, global = true)]
    pub(crate) json: bool,

    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make a shop's exports, load them, and show which errors cost the most, beside their true cost
    Demo(Demo),
    /// Load exports into the store
    Load(Load),
    /// Take loads back: their rows go, but for those that other loads had too
    Unload(Unload),
    /// Ask in SQL: one query, a file of them, or a shell
    Sql(Sql),
    /// Answer PostgreSQL clients, psql and BI tools among them
    Serve(Serve),
    /// List error groups, the most frequent first, or what a period has more of; explain, resolve or ignore one, or test
    /// rules
    Errors(Errors),
    /// Show what error groups cost in a journey
    Impact(Impact),
    /// Draw a trace with its logs and errors
    Trace(Trace),
    /// Draw one session as a timeline
    Session(SessionArgs),
    /// Show a ticket with the sessions and errors of the 24 hours before it
    Ticket(Ticket),
    /// List the notebooks that ship with brunt, or run one
    #[command(subcommand)]
    Notebook(Notebook),
    /// Show what the store holds
    Status,
    /// Make the derived tables again from the base tables
    Derive(Derive),
    /// Group all errors again with the rules as they are now, and show what that changes
    Regroup(Regroup),
    /// Check journeys, rules of grouping, redaction, retention and mappings
    Check(Check),
    /// Look for what should not be stored
    #[command(subcommand)]
    Audit(Audit),
    /// Erase a person, an account or a session from the store, and from its disk
    Forget(Forget),
    /// Merge the files of days that have many
    Optimize,
    /// Drop rows that are past their retention, and delete files that no kept epoch names
    Vacuum(Vacuum),
}

#[derive(Debug, clap::Args)]
pub(crate) struct Demo {
    /// Seed of the shop: the same seed makes the same shop
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,

    /// Keep the exports in this folder
    #[arg(long, value_name = "FOLDER")]
    pub(crate) exports: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Load {
    /// Files, folders, globs, URLs (s3, gs, az, https), or `-` for standard input
    #[arg(required = true, value_name = "FILE")]
    pub(crate) inputs: Vec<String>,

    /// Read every file as this format instead of finding it out
    #[arg(long)]
    pub(crate) format: Option<String>,

    /// The table that the rows go to: logs, spans, events, tickets, accounts, orders or releases
    #[arg(long)]
    pub(crate) table: Option<String>,

    /// A mapping file, which says what feeds which column
    #[arg(long, value_name = "FILE")]
    pub(crate) mapping: Option<PathBuf>,

    /// Take back first what was loaded from files of the same names
    #[arg(long)]
    pub(crate) replace: bool,

    /// Show what each file is taken for and what feeds which column, and write nothing to the store
    #[arg(long)]
    pub(crate) explain: bool,

    /// With --explain: write a mapping file as a start, for one file of a format that has no keys of its own
    #[arg(long, value_name = "FILE", requires = "explain")]
    pub(crate) write_mapping: Option<PathBuf>,

    /// Exit with status 3 where more records than this are refused
    #[arg(long, value_name = "N")]
    pub(crate) max_rejects: Option<u64>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Unload {
    /// Ids of loads, as in `system.loads`
    #[arg(required = true, value_name = "LOAD_ID")]
    pub(crate) load_ids: Vec<String>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Sql {
    /// The query; without it, a shell
    // A query may begin with a comment, which looks like an option.
    #[arg(allow_hyphen_values = true)]
    pub(crate) query: Option<String>,

    /// Run this query, too
    #[arg(short, long, value_name = "QUERY")]
    pub(crate) command: Option<String>,

    /// Run the queries of this file
    #[arg(short, long, value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,

    /// How to write answers (json is one array, ndjson one object a line); without it as the ending of --output says, else as a table
    #[arg(long, value_enum)]
    pub(crate) format: Option<OutputFormat>,

    /// Write answers to this file instead of standard output
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,

    /// Answer from this epoch instead of the newest
    #[arg(long, value_name = "N")]
    pub(crate) epoch: Option<u64>,

    /// Fail rather than take more memory than this, such as 512MB
    #[arg(long, value_name = "SIZE")]
    pub(crate) memory_limit: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum OutputFormat {
    Table,
    Expanded,
    Csv,
    Json,
    Ndjson,
    Markdown,
    Parquet,
    Arrow,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Serve {
    /// Address to listen on: loopback only, until passwords and TLS are there
    #[arg(long, default_value = "127.0.0.1:5432")]
    pub(crate) listen: SocketAddr,
}

#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Errors {
    #[command(subcommand)]
    pub(crate) action: Option<ErrorsAction>,

    /// Only the period that begins then, a time or a span back such as '1 hour': first what it has more of than before
    #[arg(long, value_name = "TIME")]
    pub(crate) since: Option<String>,

    /// When the period ends; with the newest row where this is not given
    #[arg(long, value_name = "TIME", requires = "since")]
    pub(crate) until: Option<String>,

    /// A period to compare with, such as '2025-10-01T08:00:00/2025-10-01T09:00:00'; may be given several times; all that was before where it is not given
    #[arg(long, value_name = "TIME/TIME", requires = "since")]
    pub(crate) baseline: Vec<String>,

    /// Rows to show
    #[arg(long, default_value_t = 20)]
    pub(crate) limit: u32,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ErrorsAction {
    /// Show why an error is in its group: the parts of the key, each frame's fate, the rules
    Explain(ExplainError),
    /// Show which groups would merge or split with the rules of a file, and which of them match nothing
    Test(TestRules),
    /// Say that a group is mended, in a version or from now on; it regresses where it occurs after that
    Resolve(ResolveGroup),
    /// Say that nobody needs to look at a group, or not until it costs more
    Ignore(IgnoreGroup),
    /// Take back that a group is resolved or ignored
    Reopen(ReopenGroup),
}

#[derive(Debug, clap::Args)]
pub(crate) struct ResolveGroup {
    /// Id of the error group, or enough of its beginning
    pub(crate) id: String,

    /// The first version that is mended; without it, what occurs from now on is a regression
    #[arg(long = "in", value_name = "VERSION")]
    pub(crate) version: Option<String>,

    /// Only in this environment, such as `production`
    #[arg(long, value_name = "NAME")]
    pub(crate) environment: Option<String>,

    #[command(flatten)]
    pub(crate) remark: Remark,
}

#[derive(Debug, clap::Args)]
pub(crate) struct IgnoreGroup {
    /// Id of the error group, or enough of its beginning
    pub(crate) id: String,

    /// It is open again when it costs a journey more than this, as `brunt impact` estimates it
    #[arg(long, value_name = "AMOUNT", value_parser = money)]
    pub(crate) until_costs: Option<Money>,

    /// The currency of the amount, such as EUR; that of each journey without it
    #[arg(long, value_name = "CODE", requires = "until_costs")]
    pub(crate) currency: Option<String>,

    #[command(flatten)]
    pub(crate) remark: Remark,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ReopenGroup {
    /// Id of the error group, or enough of its beginning
    pub(crate) id: String,

    #[command(flatten)]
    pub(crate) remark: Remark,
}

/// What is kept beside a decision.
#[derive(Debug, clap::Args)]
pub(crate) struct Remark {
    /// Why
    #[arg(long, value_name = "TEXT")]
    pub(crate) comment: Option<String>,

    /// Who decides; the name that the system knows where it is not given
    #[arg(long, value_name = "NAME", env = "USER", hide_env = true)]
    pub(crate) by: Option<String>,
}

fn money(text: &str) -> Result<Money, String> {
    Money::parse(text).ok_or_else(|| "give a number such as 500 or 99.95".to_owned())
}

#[derive(Debug, clap::Args)]
pub(crate) struct ExplainError {
    /// Id of an error group, of which the best read error is shown, or of an error
    #[arg(required_unless_present = "text", conflicts_with = "text")]
    pub(crate) id: Option<String>,

    /// Explain the stack in this file, or of standard input with `-`, by the rules as they are now
    #[arg(long, value_name = "FILE")]
    pub(crate) text: Option<String>,

    /// With --text: the service that it is from; services share no groups
    #[arg(long, value_name = "NAME", requires = "text")]
    pub(crate) service: Option<String>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct TestRules {
    /// A file of rules, as errors.toml is one
    #[arg(value_name = "RULES.toml")]
    pub(crate) rules: PathBuf,

    /// Only errors since then: a time, or a span back from the newest error such as '7 days'
    #[arg(long, value_name = "TIME")]
    pub(crate) since: Option<String>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Regroup {
    /// Show what would change, and store nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Impact {
    /// Error group; all of them without it
    pub(crate) group: Option<String>,

    /// Journey; all of them without it
    #[arg(long)]
    pub(crate) journey: Option<String>,

    /// Only entries since then: a time, or a span back from the newest row such as '14 days'
    #[arg(long, value_name = "TIME")]
    pub(crate) since: Option<String>,

    /// Only entries until then
    #[arg(long, value_name = "TIME")]
    pub(crate) until: Option<String>,

    /// Rows to show
    #[arg(long, default_value_t = 20)]
    pub(crate) limit: u32,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Trace {
    /// Trace id, in any form that exports use
    pub(crate) id: String,
}

#[derive(Debug, clap::Args)]
pub(crate) struct SessionArgs {
    /// Session id
    pub(crate) id: String,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Ticket {
    /// Ticket id
    pub(crate) id: String,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Notebook {
    /// List the notebooks that ship with brunt
    List,
    /// Run a notebook: one that ships, or a Markdown file
    Run {
        /// Its name or path
        notebook: String,
        /// A parameter's value
        #[arg(long = "param", value_name = "NAME=VALUE")]
        parameters: Vec<String>,
    },
}

#[derive(Debug, clap::Args)]
pub(crate) struct Derive {
    /// Every day, not only those that wait for it
    #[arg(long)]
    pub(crate) all: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Check {
    /// A mapping file to check, too
    #[arg(long, value_name = "FILE")]
    pub(crate) mapping: Option<PathBuf>,

    /// Propose a journey from the events and routes that sessions pass in order
    #[arg(long)]
    pub(crate) suggest: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Audit {
    /// List e-mail addresses, telephone, card and account numbers, IP addresses and secrets
    Pii {
        /// Propose a redaction.toml that would have hidden them
        #[arg(long)]
        suggest: bool,
    },
}

#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("subject").required(true))]
pub(crate) struct Forget {
    /// A person: their rows, what their sessions and traces tell of them, and their id in the rows of others
    #[arg(long, value_name = "USER_ID", group = "subject")]
    pub(crate) user: Option<String>,

    /// An account with the rows of its users
    #[arg(long, value_name = "ACCOUNT_ID", group = "subject")]
    pub(crate) account: Option<String>,

    /// One session
    #[arg(long, value_name = "SESSION_ID", group = "subject")]
    pub(crate) session: Option<String>,

    /// Count what would be deleted, and delete nothing
    #[arg(long)]
    pub(crate) dry_run: bool,

    /// Write the receipt to this file, as JSON
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Vacuum {
    /// Say what would be dropped and deleted, and do nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}
