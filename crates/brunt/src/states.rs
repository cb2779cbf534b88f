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

use crate::code::Code;
use crate::error::{Error, Fault};
use crate::session::Session;
use crate::store::Store;
use crate::text_rows::{TextRow, text_rows};

/// Ids that an error names.
const IDS_NAMED_MAX: usize = 5;

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
    let update = GroupUpdate { decision: update.decision.checked()?, ..update.clone() };
    let mut writing = store.tables().writing(now);
    let group = loop {
        let mut tx = writing.begin().await?;
        // Where groups are made anew meanwhile, the id that was found may be one of yesterday.
        tx.read_table("error_aliases").await?;
        let group = find(&store.session().await?, id).await?;
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

/// The group of this id: whole, or as much of its beginning as no other has, with or without the version of the
/// algorithm; or one that it had before groups were made anew.
async fn find(session: &Session, id: &str) -> Result<String, Error> {
    let sql =
        "SELECT DISTINCT error_group_id FROM errors WHERE error_group_id IS NOT NULL ORDER BY 1";
    let ids: Vec<String> = answer(session, sql).await?.into_iter().flatten().flatten().collect();
    let current = session.pinned().aliases().current(id, Ts(i64::MIN)).to_owned();
    for whole in [id, &current] {
        if ids.iter().any(|known| known == whole) {
            return Ok(whole.to_owned());
        }
    }
    let begins = |known: &&String| {
        let without_version = known.split_once(':').map_or("", |(_, hash)| hash);
        !id.is_empty() && (known.starts_with(id) || without_version.starts_with(id))
    };
    let begun: Vec<&String> = ids.iter().filter(begins).collect();
    match begun[..] {
        [one] => Ok(one.clone()),
        [] => Err(no_group(id, &ids).into()),
        _ => {
            let message = format!("{} error groups have an id that begins \"{id}\"", begun.len());
            let fault = Fault::new(Code::InvalidArgument, message);
            Err(fault.with_hint(format!("Give more of one of them: {}.", named(&begun))).into())
        }
    }
}

/// The fault of an id that no group has, with those that begin most like it.
fn no_group(id: &str, ids: &[String]) -> Fault {
    let fault = Fault::new(Code::UndefinedObject, format!("no error group \"{id}\""));
    let common = |known: &str| known.bytes().zip(id.bytes()).take_while(|(a, b)| a == b).count();
    let most = ids.iter().map(|known| common(known)).max().unwrap_or_default();
    let nearest: Vec<&String> = ids.iter().filter(|known| common(known) == most).collect();
    // The version of the algorithm is no likeness.
    if most <= id.find(':').map_or(0, |at| at + 1) {
        return fault.with_hint("`brunt errors` lists the groups.");
    }
    fault.with_hint(format!("The nearest: {}.", named(&nearest)))
}

async fn answer(session: &Session, sql: &str) -> Result<Vec<TextRow>, Error> {
    let batches = session.sql(sql).await?.collect().await?;
    text_rows(&batches).map_err(|error| Error::statement(Code::Internal, error.to_string()))
}

fn named(ids: &[&String]) -> String {
    let more = if ids.len() > IDS_NAMED_MAX { ", …" } else { "" };
    let ids: Vec<&str> = ids.iter().take(IDS_NAMED_MAX).map(|id| id.as_str()).collect();
    ids.join(", ") + more
}
