//! The Postgres endpoint.
