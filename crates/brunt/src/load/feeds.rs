//! Which keys fed which columns, as a load's row in `loads` keeps it.

use brunt_ingest::Feed;
use serde::{Deserialize, Serialize};

/// A key and the column that it fed, with counts as in [`Feed`].
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct StoredFeed {
    pub(crate) column: String,
    pub(crate) key: String,
    pub(crate) level: String,
    pub(crate) n_values: u64,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(crate) n_unread: u64,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(crate) n_conflicts: u64,
}

impl StoredFeed {
    /// The feeds of a table as JSON; `None` where it has none.
    pub(super) fn write(feeds: &[Feed], table: &str) -> Option<String> {
        let of_table = feeds.iter().filter(|feed| feed.table == table).map(|feed| Self {
            column: feed.column.to_owned(),
            key: feed.key.clone(),
            level: feed.level.to_owned(),
            n_values: feed.n_values,
            n_unread: feed.n_unread,
            n_conflicts: feed.n_conflicts,
        });
        let stored: Vec<Self> = of_table.collect();
        if stored.is_empty() { None } else { serde_json::to_string(&stored).ok() }
    }

    /// The feeds of such a text; none of a text that is not one.
    pub(crate) fn read(json: &str) -> Vec<Self> {
        serde_json::from_str(json).unwrap_or_default()
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_zero(n: &u64) -> bool {
    *n == 0
}
