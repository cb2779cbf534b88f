//! The Postgres endpoint: a store as PostgreSQL clients see it, read-only.
//!
//! ```text
//! socket ─► messages ─► statement (allow-list) ─► rewrite ─► plan ─► rows ─► encode ─► socket
//!  listener's runtime                            └── CPU runtime, large stacks ──┘   listener's runtime
//! ```
//! `pgwire` gives the messages of the protocol; the connection's loop, the statements, the catalog and the encoder are our
//! own, so that a result streams with bounded memory, a cancel works at any moment, and no path goes round the allow-list.

mod catalog;
mod connection;
mod copy;
mod encode;
mod error;
mod interrupt;
mod parameter;
mod portal;
mod query;
mod rewrite;
mod server;
mod settings;
mod socket;
mod statement;
mod transaction;
mod wire_type;

pub use error::Error;
pub use server::{ServeOptions, serve};
