//! Markdown notebooks of SQL cells, and how an answer is drawn for people and for programs.
//!
//! A notebook is a Markdown file whose fenced code blocks that begin with `sql NAME` are cells.
//! Each cell is a view of its name for the cells after it, and pastes into psql as it is.

mod draw;
mod error;
mod notebook;
mod parameter;
mod run;

pub use draw::{Format, Layout, draw, shorten};
pub use error::Error;
pub use notebook::{Cell, Notebook, Parameter};
pub use run::{RunOptions, run};
