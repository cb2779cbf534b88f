//! An epoch as queries see it: one version of every table, each looked up when first needed and then kept.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use brunt_fingerprint::Cache;
use brunt_model::{Table, tables};
use brunt_store::{Epoch, Snapshot, Store};
use bytes::Bytes;
use futures::StreamExt;
use tokio::sync::OnceCell;

use crate::definitions::{DefinitionFile, Definitions};
use crate::error::Error;
use crate::grouper::Grouper;
use crate::groups::GroupAliases;
use crate::impact;
use crate::pinned_grouping::PinnedGrouping;

/// Epoch files that are asked for at a time.
const READS_AHEAD: usize = 16;

/// The table of which aliases are made.
const ALIASES: &str = "error_aliases";

/// All tables at one epoch. Sessions share it, and a running query keeps the one that it began with.
pub struct Pin {
    store: Store,
    epoch: Arc<Epoch>,
    definitions: Arc<Definitions>,
    aliases: Arc<GroupAliases>,
    epochs: OnceCell<Vec<Arc<Epoch>>>,
    snapshots: HashMap<&'static str, OnceCell<Arc<Snapshot>>>,
    kept_impact: Arc<impact::Kept>,
}

impl Pin {
    /// Everything at an epoch; what was read of `other` is used where it is the same.
    pub(crate) async fn load(
        store: Store,
        epoch: Arc<Epoch>,
        other: Option<&Self>,
    ) -> Result<Self, Error> {
        let same = other.filter(|other| other.epoch.definitions_hash == epoch.definitions_hash);
        let definitions = match (same, &epoch.definitions_hash) {
            (Some(other), _) => Arc::clone(&other.definitions),
            (None, Some(hash)) => Arc::new(read_definitions(&store, hash).await?),
            (None, None) => Arc::default(),
        };
        let is_same = |other: &&Self| other.aliases_version() == epoch.versions.get(ALIASES);
        let aliases = match other.filter(is_same) {
            Some(other) => Arc::clone(&other.aliases),
            None => Arc::new(GroupAliases::load(&store, &epoch).await?),
        };
        let snapshots = tables().iter().map(|table| (table.name, OnceCell::new())).collect();
        Ok(Self {
            store,
            epoch,
            definitions,
            aliases,
            epochs: OnceCell::new(),
            snapshots,
            kept_impact: Arc::default(),
        })
    }

    pub fn epoch(&self) -> &Epoch {
        &self.epoch
    }

    pub fn store(&self) -> &Store {
        &self.store
    }

    /// The definitions that derived tables of this epoch were made with.
    pub(crate) fn definitions(&self) -> &Definitions {
        &self.definitions
    }

    /// Where the ids of error groups lead that they had before this epoch.
    pub(crate) fn aliases(&self) -> &GroupAliases {
        &self.aliases
    }

    /// What `error_impact` last read of this epoch.
    pub(crate) fn kept_impact(&self) -> &Arc<impact::Kept> {
        &self.kept_impact
    }

    /// What functions group errors by, and remember in `cache`.
    pub(crate) fn grouping(&self, cache: &Arc<Cache>) -> PinnedGrouping {
        let grouper = Grouper::new(&self.definitions.rules, cache);
        PinnedGrouping { grouper, aliases: Arc::clone(&self.aliases) }
    }

    fn aliases_version(&self) -> Option<&u64> {
        self.epoch.versions.get(ALIASES)
    }

    /// This epoch and those before it that are still kept, newest first.
    pub async fn epochs(&self) -> Result<Vec<Arc<Epoch>>, Error> {
        let load = || async {
            let mut epochs = vec![Arc::clone(&self.epoch)];
            let mut older = futures::stream::iter((0..self.epoch.number).rev())
                .map(|number| self.store.epoch_at(number))
                .buffered(READS_AHEAD);
            loop {
                match older.next().await {
                    Some(Ok(epoch)) => epochs.push(epoch),
                    None | Some(Err(brunt_store::Error::NoEpoch { .. })) => return Ok(epochs),
                    Some(Err(error)) => return Err(error.into()),
                }
            }
        };
        self.epochs.get_or_try_init(load).await.cloned()
    }

    /// The files of a table at this epoch.
    pub async fn snapshot(&self, table: &'static Table) -> Result<Arc<Snapshot>, Error> {
        let load = || async { Ok(self.store.snapshot(&self.epoch, table.name).await?) };
        match self.snapshots.get(table.name) {
            Some(cell) => cell.get_or_try_init(load).await.map(Arc::clone),
            None => load().await,
        }
    }
}

async fn read_definitions(store: &Store, hash: &str) -> Result<Definitions, Error> {
    let files = store.definitions(hash).await?;
    let text = |(name, bytes): (String, Bytes)| DefinitionFile {
        name,
        text: String::from_utf8_lossy(&bytes).into_owned(),
    };
    Definitions::parse(files.into_iter().map(text).collect())
}

impl fmt::Debug for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pin").field("epoch", &self.epoch.number).finish_non_exhaustive()
    }
}
