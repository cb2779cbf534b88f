//! The rules that errors are grouped with, and what is remembered of errors that were.

use std::sync::Arc;

use brunt_fingerprint::{Cache, ErrorInfo, Occurrence, Rules};

/// Memory that a store's handle keeps for groups: those of some hundred thousand errors.
pub(crate) const CACHE_BYTES_MAX: usize = 64 << 20;

/// Groups errors by rules. Clones, and groupers of other rules over the same cache, share what is remembered.
#[derive(Debug, Clone)]
pub(crate) struct Grouper {
    pub(crate) rules: Arc<Rules>,
    cache: Arc<Cache>,
}

impl Grouper {
    pub(crate) fn new(rules: &Arc<Rules>, cache: &Arc<Cache>) -> Self {
        Self { rules: Arc::clone(rules), cache: Arc::clone(cache) }
    }

    /// One that remembers nothing.
    pub(crate) fn forgetful(rules: &Arc<Rules>) -> Self {
        Self::new(rules, &Arc::new(Cache::new(0)))
    }

    pub(crate) fn group_id(&self, error: &Occurrence<'_>) -> Arc<str> {
        self.cache.group_id(error, &self.rules)
    }

    /// What is known of an error's group, less why it is that.
    pub(crate) fn info(&self, error: &Occurrence<'_>) -> Arc<ErrorInfo> {
        self.cache.info(error, &self.rules)
    }
}

impl Default for Grouper {
    fn default() -> Self {
        Self::forgetful(&Arc::default())
    }
}
