//! Tests over whole inputs: golden cases, real exports, redaction.

mod broken;
mod exports;
mod fluentbit;
mod goldens;
mod reading;
mod redaction;
mod small;
