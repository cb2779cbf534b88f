//! Tests over whole inputs: golden cases, real exports, redaction.

mod reading;
mod small;
