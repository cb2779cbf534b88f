//! What all sessions of one store share: memory, spill files, caches, and the newest epoch that was seen.

use std::fmt;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};

use brunt_fingerprint::Cache;
use brunt_store::Store;
use datafusion::execution::memory_pool::{FairSpillPool, TrackConsumersPool};
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};

use crate::config::EpochSetting;
use crate::error::Error;
use crate::grouper::CACHE_BYTES_MAX;
use crate::relation::table_functions;
use crate::scan::object_store_url;
use crate::session::{Pin, Session};
use crate::translate::{Names, translate};

/// Bounds of what queries may use.
#[derive(Debug, Clone, Default)]
pub struct EngineOptions {
    /// Memory that all queries together may take before they spill or fail; `None` is no bound.
    pub memory_limit_bytes: Option<usize>,
    /// Threads that one query runs on; `None` is one for each core.
    pub target_partitions: Option<usize>,
}

/// The query engine over one store.
pub struct Engine {
    store: Store,
    runtime: Arc<RuntimeEnv>,
    target_partitions: usize,
    newest: Mutex<Option<Arc<Pin>>>,
    grouped: Arc<Cache>,
}

impl Engine {
    pub fn new(store: Store, options: &EngineOptions) -> Result<Arc<Self>, Error> {
        let plain = |error| translate(error, &Names::default());
        // Folders are listed anew for each statement that names files in them: they change while a shell is open.
        let mut builder = RuntimeEnvBuilder::new().with_object_list_cache_limit(0);
        if let Some(limit) = options.memory_limit_bytes {
            // Each consumer gets its fair share and spills past it; the names of the largest end up in the error.
            let pool = TrackConsumersPool::new(FairSpillPool::new(limit), NonZeroUsize::MIN);
            builder = builder.with_memory_pool(Arc::new(pool));
        }
        let runtime = Arc::new(builder.build().map_err(plain)?);
        let url = object_store_url(store.url()).map_err(plain)?;
        runtime.register_object_store(url.as_ref(), store.object_store());
        let cores = || std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        let target_partitions = options.target_partitions.unwrap_or_else(cores).max(1);
        let grouped = Arc::new(Cache::new(CACHE_BYTES_MAX));
        Ok(Arc::new(Self { store, runtime, target_partitions, newest: Mutex::default(), grouped }))
    }

    /// A new session with default settings, at the newest whole epoch.
    pub async fn session(self: &Arc<Self>) -> Result<Session, Error> {
        let pin = self.pin(EpochSetting::Newest).await?;
        Session::new(Arc::clone(self), pin, table_functions())
    }

    pub fn store(&self) -> &Store {
        &self.store
    }

    /// What errors of this store, and of queries over it, were grouped to.
    pub(crate) fn grouped(&self) -> &Arc<Cache> {
        &self.grouped
    }

    pub(crate) fn runtime(&self) -> &Arc<RuntimeEnv> {
        &self.runtime
    }

    pub(crate) fn target_partitions(&self) -> usize {
        self.target_partitions
    }

    /// All tables at an epoch. As long as the store does not change, sessions get the same one, with what it has
    /// looked up already.
    pub(crate) async fn pin(&self, epoch: EpochSetting) -> Result<Arc<Pin>, Error> {
        let epoch = match epoch {
            EpochSetting::Newest => self.store.head().await?,
            EpochSetting::Number(number) => self.store.epoch_at(number).await?,
        };
        let known = self.newest.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(pin) = known.as_ref().filter(|pin| pin.epoch().number == epoch.number) {
            return Ok(Arc::clone(pin));
        }
        let pin = Arc::new(Pin::load(self.store.clone(), epoch, known.as_deref()).await?);
        let mut newest = self.newest.lock().unwrap_or_else(PoisonError::into_inner);
        if newest.as_ref().is_none_or(|old| old.epoch().number < pin.epoch().number) {
            *newest = Some(Arc::clone(&pin));
        }
        Ok(pin)
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine").field("store", &self.store.url().as_str()).finish_non_exhaustive()
    }
}
