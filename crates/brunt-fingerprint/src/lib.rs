//! Error text and stacks to a stable error group; message templates.
//!
//! ```text
//! type, message, stack ─► unwrap ─► language ─► header, chain ─► root ─► culprit ─► message? ─► hash ─► group
//!                         unwrap    lang        lang/*           reading  culprit    need        hash    group
//! ```
//! Steps go in this order, each in the file named below it, and none keeps state: the same input gives the same id
//! in any order, on any machine. Input is never trusted: at most 64 KiB of text, 512 frames an exception and 32 causes
//! are read, work is linear in that, and no text makes anything here panic.
//!
//! A language is one file in `lang/` that implements one trait: Java and all else on its machine, JavaScript on V8,
//! Firefox and Safari, Python, .NET, Go, Rust, Ruby, PHP, Dart, Elixir and Erlang, Swift and native code. Text in
//! another is grouped by its type and message template alone. Frames are read one by one where they are asked for, so
//! the work for an id mostly ends at the culprit; [`group_id`] is that id, [`group`] adds what a person wants to see.
//!
//! Ids begin with `e0:` and may still change between releases; `tests/golden_ids.txt` shows when they do. They become
//! `e1:`, and are frozen, once the benchmark `grouping` meets all its targets. What must keep a group and what must
//! split it is met in every language. [`Cache`] answers for 2.8 to 3.8 million traces a second and core, where 3 are
//! wanted. These rows are not met: the speed of ids that no cache has seen, a quarter to a half of the 0.8 million a
//! second and core that are wanted; failures of real projects over their releases (`benches/failures` makes them) and
//! how many of their faults are kept apart.
//!
//! [`Rules`] are what a user says otherwise: what is the app's, what only throws, which groups belong together.
//!
//! ```
//! use brunt_fingerprint::{Occurrence, Rules, group};
//!
//! let rules = Rules::default();
//!
//! let stack = "java.lang.IllegalStateException: card 4711 declined\n\tat com.acme.pay.Card.charge(Card.java:42)";
//! let moved = "java.lang.IllegalStateException: card 9 declined\n\tat com.acme.pay.Card.charge(Card.java:57)";
//! let info = group(&Occurrence { stacktrace: Some(stack), ..Occurrence::default() }, &rules);
//! assert_eq!(info.title, "IllegalStateException: card <*> declined");
//! assert_eq!(info.culprit.as_deref(), Some("com.acme.pay.Card.charge"));
//! assert_eq!(info.group, group(&Occurrence { stacktrace: Some(moved), ..Occurrence::default() }, &rules).group);
//! ```
#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::string_slice))]

mod cache;
mod chain;
mod codes;
mod culprit;
mod error;
mod frame;
mod group;
mod hash;
mod header;
mod info;
mod lang;
mod matched;
mod name;
mod need;
mod occurrence;
mod reader;
mod reading;
mod recursion;
mod refusal;
mod rules;
mod statement;
mod template;
mod text;
mod unwrap;
mod words;

pub use cache::Cache;
pub use error::Error;
pub use frame::{Frame, Role, frames};
pub use group::{group, group_id};
pub use info::{ErrorInfo, Part, Quality};
pub use lang::Lang;
pub use matched::matched;
pub use occurrence::Occurrence;
pub use rules::{RulePlace, Rules};
pub use template::template;
