//! Tests of the whole store: what is written is read, whoever else writes and whatever fails.

mod crash;
mod faults;
mod history;
mod lookup;
mod pruning;
mod race;
mod readers;
mod rows;
mod s3;
mod stream;
mod synced;
mod upkeep;
mod write;
