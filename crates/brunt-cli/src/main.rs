//! The `brunt` command: reads arguments, calls the library, draws what it answers.

mod args;
mod commands;
mod failure;
mod output;

use std::process::ExitCode;

use clap::Parser;

use args::Args;
use failure::Failure;

/// Large columns come and go with every query and every batch of a load: the system's allocator gives their pages back
/// each time, and a quarter of a query was the kernel clearing them again. `.cargo/config.toml` says for how long and in
/// how many arenas pages are kept.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(usage) => return failure::usage(&usage),
    };
    // Deep expressions are planned on the stack of a worker, so workers get more than the default 2 MiB.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_stack_size(16 << 20)
        .build();
    let done = match runtime {
        Ok(runtime) => runtime.block_on(commands::run(args)),
        Err(error) => Err(Failure::system("start the runtime", &error)),
    };
    match done {
        Ok(status) => status.into(),
        Err(failure) => failure.report(),
    }
}
