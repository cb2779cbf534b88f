//! The states of error groups: what people decide about them is kept, and what holds of it is worked out when asked.
//!
//! ```text
//! brunt errors resolve, ignore, reopen ─► system.error_group_updates ─┐
//! errors, releases, activities, sessions ─ order of versions ─────────┼─ judge ─► error_group_states ─► error_groups
//! error_impact, where a cost was named ───────────────────────────────┘
//! ```
//! Decisions are the store's own book-keeping and no base table, for they are no export: no load brings them, none that
//! is taken back takes them along, nothing is derived from them, and they have no end. They keep the id that their group
//! had, and are found by `system.error_aliases`.

mod decision;
mod facts;
mod judge;
mod table;
#[cfg(test)]
mod tests;

use brunt_model::Ts;
use serde::Serialize;

pub use decision::{Decision, GroupUpdate};
pub(crate) use table::{GroupStates, NAME};

use crate::error::Error;
use crate::groups::find_group;
use crate::load;
use crate::session::Session;
use crate::store::Store;
use crate::text_rows::answer;

/// An error group after something was decided about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct UpdatedGroup {
    pub error_group_id: String,
    /// `None` where the error says nothing.
    pub title: Option<String>,
    /// `open resolved ignored regressed`; not what was decided where the data contradict it at once.
    pub state: String,
    pub state_reason: String,
}

impl UpdatedGroup {
    /// One JSON object with these fields.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// Keeps a decision, in an epoch of its own; see [`Store::update_error_group`].
pub(crate) async fn update(
    store: &Store,
    id: &str,
    update: &GroupUpdate,
    now: Ts,
) -> Result<UpdatedGroup, Error> {
    let policy = load::policy(&store.definitions().await?, None)?;
    let update = GroupUpdate {
        decision: update.decision.checked()?,
        comment: update.comment.as_deref().map(|text| policy.mask(text)),
        ..update.clone()
    };
    let mut writing = store.tables().writing(now);
    let group = loop {
        let mut tx = writing.begin().await?;
        // Where groups are made anew meanwhile, the id that was found may be one of yesterday.
        tx.read_table("error_aliases").await?;
        let group = find_group(&store.session().await?, id).await?;
        decision::write(&mut tx, &group, &update, now).await?;
        if let Some(committed) = writing.offer(tx, group).await? {
            break committed.value;
        }
    };
    updated(&store.session().await?, group).await
}

async fn updated(session: &Session, group: String) -> Result<UpdatedGroup, Error> {
    let sql = format!(
        "SELECT g.title, s.state, s.state_reason FROM error_group_states s \
         LEFT JOIN error_groups g ON g.error_group_id = s.error_group_id WHERE s.error_group_id = '{}'",
        group.replace('\'', "''")
    );
    let row = answer(session, &sql).await?.pop().unwrap_or_default();
    let text = |idx: usize| row.get(idx).cloned().flatten();
    Ok(UpdatedGroup {
        error_group_id: group,
        title: text(0),
        state: text(1).unwrap_or_default(),
        state_reason: text(2).unwrap_or_default(),
    })
}
