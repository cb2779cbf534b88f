//! `brunt serve`: PostgreSQL clients on a loopback address.

use brunt_pgwire::ServeOptions;
use tokio::net::TcpListener;

use super::Context;
use crate::args::Serve;
use crate::failure::{ExitStatus, Failure};
use crate::output::tell;

pub(super) async fn run(ctx: &Context, args: &Serve) -> Result<ExitStatus, Failure> {
    if !args.listen.ip().is_loopback() {
        return Err(Failure::usage(format!("address {} is not a loopback address", args.listen))
            .hint(
                "Passwords and TLS are not there yet, so brunt listens on 127.0.0.1 or [::1] only.",
            ));
    }
    let store = ctx.open().await?;
    let listener = TcpListener::bind(args.listen).await.map_err(|error| {
        Failure::system(&format!("listen on {}", args.listen), &error)
            .hint("`--listen 127.0.0.1:PORT` takes another port.")
    })?;
    let address =
        listener.local_addr().map_err(|error| Failure::system("read the address", &error))?;
    tell(&format!(
        "listening on {address}, loopback only and without a password; connect with: psql -h {} -p {} -U brunt brunt",
        address.ip(),
        address.port()
    ));
    let stopped = async {
        // Where signals cannot be had, the process ends as the system ends it.
        let _ = tokio::signal::ctrl_c().await;
    };
    brunt_pgwire::serve(store, listener, ServeOptions::default(), stopped)
        .await
        .map_err(|error| Failure::system("serve", &error))?;
    tell("stopped");
    Ok(ExitStatus::Done)
}
