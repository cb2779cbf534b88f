//! What a session, its catalog and its planners share: the pinned epoch, the engine's state, and notices.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};

use datafusion::catalog::SchemaProvider;
use datafusion::execution::SessionState;
use datafusion::prelude::SessionContext;

use crate::catalog::{CATALOG, PUBLIC, SYSTEM};
use crate::code::Code;
use crate::error::Error;
use crate::relation::TableFunction;
use crate::session::Pin;
use crate::translate::Names;

type StateOf = Box<dyn Fn() -> Option<SessionState> + Send + Sync>;

/// The session as its parts see it.
pub(crate) struct Core {
    pin: RwLock<Arc<Pin>>,
    /// The context owns the catalog, which owns this, so this only looks back.
    state: OnceLock<StateOf>,
    table_functions: Vec<Arc<dyn TableFunction>>,
    notices: Arc<Notices>,
    local_files: AtomicBool,
}

/// Whole sentences that the reader should know beside the rows, such as why there are none. Planners and plans find
/// them in the session's configuration; elsewhere, where nobody reads them, there are none.
#[derive(Debug, Default)]
pub(crate) struct Notices(Mutex<Vec<String>>);

impl Notices {
    /// Adds a sentence; the same one only once.
    pub(crate) fn add(&self, sentence: String) {
        let mut notices = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !notices.contains(&sentence) {
            notices.push(sentence);
        }
    }

    pub(crate) fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Core {
    pub(crate) fn new(pin: Arc<Pin>, table_functions: Vec<Arc<dyn TableFunction>>) -> Self {
        Self {
            pin: RwLock::new(pin),
            state: OnceLock::new(),
            table_functions,
            notices: Arc::default(),
            local_files: AtomicBool::new(false),
        }
    }

    /// Tells which context the session runs in; the first one stays.
    pub(crate) fn bind(&self, context: &SessionContext) {
        let state = context.state_weak_ref();
        let _ = self.state.set(Box::new(move || Some(state.upgrade()?.read().clone())));
    }

    pub(crate) fn pin(&self) -> Arc<Pin> {
        Arc::clone(&self.pin.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn set_pin(&self, pin: Arc<Pin>) {
        *self.pin.write().unwrap_or_else(PoisonError::into_inner) = pin;
    }

    pub(crate) fn table_functions(&self) -> &[Arc<dyn TableFunction>] {
        &self.table_functions
    }

    /// The engine's state as it is now.
    pub(crate) fn state(&self) -> Result<SessionState, Error> {
        self.state
            .get()
            .and_then(|state| state())
            .ok_or_else(|| Error::statement(Code::Internal, "the session is closed"))
    }

    pub(crate) fn notices(&self) -> &Arc<Notices> {
        &self.notices
    }

    /// Lets statements name files of this machine.
    pub(crate) fn allow_local_files(&self) {
        self.local_files.store(true, Ordering::Relaxed);
    }

    pub(crate) fn local_files(&self) -> bool {
        self.local_files.load(Ordering::Relaxed)
    }

    /// The names that a statement could have meant.
    pub(crate) fn names(&self) -> Names {
        let Ok(state) = self.state() else { return Names::default() };
        let schema_tables = |schema: &str| -> Vec<String> {
            let provider = state.catalog_list().catalog(CATALOG).and_then(|it| it.schema(schema));
            provider.map(|it: Arc<dyn SchemaProvider>| it.table_names()).unwrap_or_default()
        };
        let mut tables = schema_tables(PUBLIC);
        tables.extend(schema_tables(SYSTEM).into_iter().map(|name| format!("{SYSTEM}.{name}")));
        let mut functions: Vec<String> = state.scalar_functions().keys().cloned().collect();
        functions.extend(state.aggregate_functions().keys().cloned());
        functions.extend(state.window_functions().keys().cloned());
        functions.extend(self.table_functions.iter().map(|it| it.name().to_owned()));
        functions.sort();
        let settings = state.config_options().entries().into_iter().map(|entry| entry.key);
        Names { tables, functions, settings: settings.collect() }
    }
}

impl fmt::Debug for Core {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Core").field("pin", &self.pin()).finish_non_exhaustive()
    }
}
