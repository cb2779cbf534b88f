//! Tests over whole inputs: golden cases, real exports, redaction.

mod exports;
mod fluentbit;
mod goldens;
mod reading;
mod small;
