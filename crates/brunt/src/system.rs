//! Schema `system`: what the store knows of itself, and what the session can do.

mod epochs;
mod files;
mod functions;
mod loads;
mod settings;

use std::sync::Arc;

use datafusion::catalog::TableProvider;

use crate::scan::StoreTable;
use crate::session::Core;

use crate::computed::Computed;

const NAMES: [&str; 6] = ["epochs", "files", "functions", "loads", "rejects", "settings"];

/// The names of its tables, in order.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    NAMES.into_iter()
}

/// A table by its name, at the session's epoch.
pub(crate) fn table(name: &str, core: &Arc<Core>) -> Option<Arc<dyn TableProvider>> {
    let pin = core.pin();
    Some(match name {
        "epochs" => Arc::new(Computed::new(epochs::Epochs { pin })),
        "files" => Arc::new(Computed::new(files::Files { pin })),
        "functions" => Arc::new(Computed::new(functions::Functions { core: Arc::clone(core) })),
        "loads" => Arc::new(Computed::new(loads::Loads { pin })),
        "rejects" => Arc::new(StoreTable::new(pin, brunt_model::table("rejects")?)),
        "settings" => Arc::new(Computed::new(settings::Settings)),
        _ => return None,
    })
}
