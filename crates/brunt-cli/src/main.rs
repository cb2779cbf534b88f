//! The `brunt` command.

fn main() {}
