//! A write that is under way: begun on the newest epoch, offered, and begun anew where others came first.

use std::sync::Arc;

use brunt_model::Ts;

use crate::epoch::Epoch;
use crate::error::Error;
use crate::protocol::{self, Offered};
use crate::store::Store;
use crate::transaction::Transaction;

/// How often a write is begun anew because others changed what it had read.
const ROUNDS_MAX: usize = 20;

/// The rounds of one write: each begins a transaction and offers it, until one is committed.
///
/// ```
/// # use brunt_model::Ts;
/// # async fn example(store: brunt_store::Store, now: Ts) -> Result<(), brunt_store::Error> {
/// let mut writing = store.writing(now);
/// let committed = loop {
///     let mut tx = writing.begin().await?;
///     tx.replace_table("sessions", vec![]).await?;
///     if let Some(committed) = writing.offer(tx, ()).await? {
///         break committed;
///     }
/// };
/// assert!(!committed.is_new, "an empty table replaced by nothing is no change");
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Writing {
    store: Store,
    now: Ts,
    n_rounds: usize,
}

/// What a write came to.
#[derive(Debug)]
#[non_exhaustive]
pub struct Committed<T> {
    /// The epoch that the write made, or on which it found nothing to do.
    pub epoch: Arc<Epoch>,
    /// Whether the write made an epoch.
    pub is_new: bool,
    /// What was offered beside the transaction.
    pub value: T,
    /// Why a checkpoint or a hint for readers could not be written after the commit. Nothing is lost: a later write
    /// makes it.
    pub upkeep_error: Option<Error>,
}

impl Writing {
    pub(crate) fn new(store: Store, now: Ts) -> Self {
        Self { store, now, n_rounds: 0 }
    }

    /// Begins a round on the newest epoch.
    ///
    /// # Errors
    /// [`Error::ConflictingCommit`] where others came first in too many rounds.
    pub async fn begin(&mut self) -> Result<Transaction, Error> {
        if self.n_rounds == ROUNDS_MAX {
            return Err(Error::ConflictingCommit { attempts: ROUNDS_MAX });
        }
        self.n_rounds += 1;
        Ok(Transaction::new(self.store.clone(), self.store.finish_newest().await?, self.now))
    }

    /// Commits what the transaction did, all of it or nothing; `None` where another writer came first and changed what
    /// it had read, so that the work must be done again on the newer state. Where the other changed nothing of that,
    /// the same result is offered again here. A transaction that changed nothing makes no epoch.
    ///
    /// # Errors
    /// [`Error::CommitUncertain`] where the store did not say whether it took the commit; then, and only then, the
    /// write may or may not be in the store. With every other error from before the commit it is not.
    pub async fn offer<T>(
        &self,
        transaction: Transaction,
        value: T,
    ) -> Result<Option<Committed<T>>, Error> {
        let base = Arc::clone(transaction.base());
        let Some(draft) = transaction.into_draft().await? else {
            return Ok(Some(Committed { epoch: base, is_new: false, value, upkeep_error: None }));
        };
        self.store.refuse_if_old(&draft).await?;
        match protocol::offer(self.store.location(), base, &draft).await? {
            Offered::Committed(epoch) => {
                self.store.remember(&epoch);
                let upkeep_error = self.store.keep_up(&epoch).await.err();
                Ok(Some(Committed { epoch, is_new: true, value, upkeep_error }))
            }
            Offered::Lost(winner) => {
                self.store.remember(&winner);
                Ok(None)
            }
        }
    }
}
