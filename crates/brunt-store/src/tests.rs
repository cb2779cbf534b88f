//! Tests of the whole store: what is written is read, whoever else writes and whatever fails.

mod rows;
mod write;
