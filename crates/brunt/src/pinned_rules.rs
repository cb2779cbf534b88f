//! The rules of grouping that a query began with, carried by its session.

use std::any::Any;
use std::sync::Arc;

use brunt_fingerprint::Rules;
use datafusion::common::config::{ConfigEntry, ConfigExtension, ExtensionOptions};

use crate::config::no_setting;

/// The rules of grouping of the epoch that queries read. No setting: the epoch's definitions say them, and a running
/// query keeps those that it began with.
#[derive(Debug, Clone, Default)]
pub(crate) struct PinnedRules(pub(crate) Arc<Rules>);

impl ConfigExtension for PinnedRules {
    const PREFIX: &'static str = "brunt_rules";
}

impl ExtensionOptions for PinnedRules {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }

    fn cloned(&self) -> Box<dyn ExtensionOptions> {
        Box::new(self.clone())
    }

    fn set(&mut self, key: &str, _: &str) -> datafusion::error::Result<()> {
        Err(no_setting(key).into())
    }

    fn entries(&self) -> Vec<ConfigEntry> {
        Vec::new()
    }
}
