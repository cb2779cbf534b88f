//! How a query groups errors: as the epoch does that it began with, carried by its session.

use std::any::Any;
use std::sync::Arc;

use datafusion::common::config::{ConfigEntry, ConfigExtension, ExtensionOptions};

use crate::config::no_setting;
use crate::grouper::Grouper;
use crate::groups::GroupAliases;

/// How the epoch that queries read groups errors. No setting: the epoch says it, and a running query keeps what it began
/// with.
#[derive(Debug, Clone, Default)]
pub(crate) struct PinnedGrouping {
    /// By the rules of its definitions.
    pub(crate) grouper: Grouper,
    /// Where ids of before lead.
    pub(crate) aliases: Arc<GroupAliases>,
}

impl ConfigExtension for PinnedGrouping {
    const PREFIX: &'static str = "brunt_grouping";
}

impl ExtensionOptions for PinnedGrouping {
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
