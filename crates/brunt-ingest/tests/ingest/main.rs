//! Tests over whole inputs: golden cases, real exports, redaction.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a test fails by panicking"
)]

mod broken;
mod corpora;
mod exports;
mod feeds;
mod fluentbit;
mod goldens;
mod logs;
mod long;
mod otlp_messages;
mod otlp_proto;
mod reading;
mod redaction;
mod small;
mod spans_and_errors;
mod threads;
mod vendors;
