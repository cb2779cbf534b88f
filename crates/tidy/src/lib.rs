//! Tests that read the tree and fail with one line per fault.
