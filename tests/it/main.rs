//! One heavy test binary, so that DataFusion is linked once.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "a test fails by panicking, and says what it skips and measures"
)]

mod crash;
mod exports;
#[expect(dead_code, reason = "the store's own tests use the rest")]
#[path = "../../crates/brunt-store/src/tests/faults.rs"]
mod faults;
mod slt;
mod small;
mod truth;
mod wire;
