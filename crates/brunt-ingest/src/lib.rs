//! Export bytes to redacted, sorted record batches.
