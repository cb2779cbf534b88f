//! The product's own questions, timed beside peers.

fn main() {}
