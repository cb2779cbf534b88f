//! Which keys of a source fed which columns, counted while rows are written.

use brunt_model::Table;
use serde::Serialize;

use crate::json::Json;
use crate::normalize::form::Form;
use crate::normalize::route::column_name;
use crate::redact::mask::Masks;
use crate::row::Level;
use crate::value::{Scalar, Value};

/// Keys that are told apart in one column; the rest count together as [`OTHER_KEYS`].
const KEYS_MAX: usize = 256;
const OTHER_KEYS: &str = "(other keys)";
const EXAMPLES_MAX: usize = 3;
const EXAMPLE_CHARS_MAX: usize = 60;

/// A key of the source and the column that it fed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Feed {
    pub table: &'static str,
    /// Also `end` of spans and `subject` of tickets, which become part of another column; and, where examples are
    /// asked for, `attributes` and `resource_attributes` for keys that no column takes.
    pub column: &'static str,
    /// The key as the source writes it, with dots between the keys of inner objects.
    pub key: String,
    /// Where the key stood: `constant resource scope record span_event`, or `rule` where the value follows from others.
    pub level: &'static str,
    /// Rows in which the column had its value from here.
    pub n_values: u64,
    /// Of these, values that the column could not hold; they are in `attributes`.
    pub n_unread: u64,
    /// Rows in which the key said something else than the one that fed the column; that is in `attributes`, too.
    pub n_conflicts: u64,
    /// The first different values, masked and cut, where [`Options::examples`](crate::Options) asks for them.
    pub examples: Vec<String>,
    #[serde(skip)]
    pub(crate) form: Form,
    #[serde(skip)]
    pub(crate) rank: u32,
}

/// The feeds of one table.
#[derive(Debug)]
pub(crate) struct Feeds {
    table: &'static Table,
    /// By column, the extra places of a row included; in each by key and level.
    by_column: Vec<Vec<Feed>>,
    /// Masks for examples, where these are wanted.
    examples: Option<Masks>,
}

impl Feeds {
    pub(crate) fn new(table: &'static Table, n_columns: usize, examples: Option<Masks>) -> Self {
        Self { table, by_column: vec![Vec::new(); n_columns], examples }
    }

    pub(crate) fn table(&self) -> &'static Table {
        self.table
    }

    /// What was counted, after which counting begins anew.
    pub(crate) fn take(&mut self) -> Self {
        let empty = vec![Vec::new(); self.by_column.len()];
        Self { by_column: std::mem::replace(&mut self.by_column, empty), ..*self }
    }

    /// Adds what was counted behind.
    pub(crate) fn merge(&mut self, behind: Self) {
        for (column_idx, feeds) in behind.by_column.into_iter().enumerate() {
            for other in feeds {
                let feed = self.feed(column_idx, &other.key, other.rank, other.form);
                if let Some(feed) = feed {
                    feed.add(other);
                }
            }
        }
    }

    /// Counts a value that a column gets.
    pub(crate) fn value(
        &mut self,
        column_idx: usize,
        key: &str,
        rank: u32,
        value: &Scalar<'_>,
        form: Form,
    ) {
        let examples = self.examples;
        let Some(feed) = self.feed(column_idx, key, rank, form) else { return };
        feed.n_values += 1;
        if let Some(masks) = examples {
            feed.show(value, masks);
        }
    }

    /// Counts a value that a column got and cannot hold.
    pub(crate) fn unread(&mut self, column_idx: usize, key: &str, rank: u32, form: Form) {
        if let Some(feed) = self.feed(column_idx, key, rank, form) {
            feed.n_unread += 1;
        }
    }

    /// Counts a value that another one of the same column contradicts.
    pub(crate) fn conflict(&mut self, column_idx: usize, key: &str, rank: u32, form: Form) {
        if let Some(feed) = self.feed(column_idx, key, rank, form) {
            feed.n_conflicts += 1;
        }
    }

    /// Counts the keys of an `attributes` object, whose inside this is, where examples are wanted.
    pub(crate) fn attributes(&mut self, column_idx: usize, inside: &str, level: Level) {
        if self.examples.is_none() || inside.is_empty() {
            return;
        }
        let object = ["{", inside, "}"].concat();
        let Ok(Value::Object(fields)) = Value::read(&mut Json::new(&object)) else { return };
        for (key, value) in fields {
            self.value(column_idx, &key, level.rank(0), &value.to_scalar(), Form::Json);
        }
    }

    /// All feeds that counted something, in the order of columns, the most trusted key first.
    pub(crate) fn into_feeds(self) -> impl Iterator<Item = Feed> {
        self.by_column.into_iter().flat_map(|mut feeds| {
            feeds.sort_by(|one, other| {
                (other.rank, other.n_values, &one.key).cmp(&(one.rank, one.n_values, &other.key))
            });
            feeds
        })
    }

    fn feed(&mut self, column_idx: usize, key: &str, rank: u32, form: Form) -> Option<&mut Feed> {
        let table = self.table;
        let feeds = self.by_column.get_mut(column_idx)?;
        // Nearly every value comes the way that one before it came.
        let same = feeds.iter().position(|feed| feed.rank == rank && feed.key == key);
        if let Some(feed_idx) = same {
            return feeds.get_mut(feed_idx);
        }
        let level = Level::of_rank(rank).map_or("rule", Level::name);
        let of_key =
            |key: &str| feeds.iter().position(|feed| feed.key == key && feed.level == level);
        let (key, found) = match of_key(key) {
            None if feeds.len() >= KEYS_MAX => (OTHER_KEYS, of_key(OTHER_KEYS)),
            found => (key, found),
        };
        let feed_idx = found.unwrap_or_else(|| {
            feeds.push(Feed {
                table: table.name,
                column: column_name(table, column_idx),
                key: key.to_owned(),
                level,
                n_values: 0,
                n_unread: 0,
                n_conflicts: 0,
                examples: Vec::new(),
                form,
                rank,
            });
            feeds.len() - 1
        });
        feeds.get_mut(feed_idx)
    }
}

impl Feed {
    fn add(&mut self, other: Self) {
        self.n_values += other.n_values;
        self.n_unread += other.n_unread;
        self.n_conflicts += other.n_conflicts;
        other.examples.into_iter().for_each(|example| self.keep(example));
    }

    /// Keeps a value as an example while there are few.
    fn show(&mut self, value: &Scalar<'_>, masks: Masks) {
        if self.examples.len() >= EXAMPLES_MAX {
            return;
        }
        let Some(text) = value.clone().into_text() else { return };
        let masked = masks.apply(&text, &mut |_, _| {}).unwrap_or_else(|| text.into_owned());
        let mut example: String = masked.chars().take(EXAMPLE_CHARS_MAX).collect();
        if example.len() < masked.len() {
            example.push('…');
        }
        self.keep(example);
    }

    fn keep(&mut self, example: String) {
        if self.examples.len() < EXAMPLES_MAX && !self.examples.contains(&example) {
            self.examples.push(example);
        }
    }
}
