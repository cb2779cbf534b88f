//! What was last read for an estimate over one epoch: another question about the same period begins with it.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use super::exec::N_CHILDREN;
use super::measure::Known;
use super::settings::Settings;

/// More than this is not kept, but read again.
const BYTES_MAX: usize = 512 << 20;

/// One reading, that of the last question; an epoch never changes, so it is as good as new.
#[derive(Default)]
pub(crate) struct Kept(Mutex<Option<(Key, Arc<Known>)>>);

/// What a reading depends on beside the epoch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Key {
    from: i64,
    until: i64,
    journeys: Vec<String>,
    with_synthetic: bool,
    is_read: [bool; N_CHILDREN],
}

impl Key {
    /// Of a question that reads these of the node's children.
    pub(super) fn new(settings: &Settings, is_read: [bool; N_CHILDREN]) -> Self {
        Self {
            from: settings.reads_from(),
            until: settings.period.until,
            journeys: settings.journeys.iter().map(|journey| journey.name.clone()).collect(),
            with_synthetic: settings.with_synthetic,
            is_read,
        }
    }
}

impl Kept {
    pub(super) fn get(&self, key: &Key) -> Option<Arc<Known>> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.as_ref().filter(|(of, _)| of == key).map(|(_, known)| Arc::clone(known))
    }

    /// Keeps it in place of the one before, unless it is too large.
    pub(super) fn put(&self, key: Key, known: &Arc<Known>) {
        let kept = (known.size() <= BYTES_MAX).then(|| (key, Arc::clone(known)));
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = kept;
    }
}

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kept").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::super::measure::Inputs;
    use super::*;

    #[test]
    fn a_reading_answers_its_own_question_until_another_is_asked() {
        let key = |from| Key {
            from,
            until: 9,
            journeys: vec!["checkout".to_owned()],
            with_synthetic: false,
            is_read: [true; N_CHILDREN],
        };
        let kept = Kept::default();
        assert!(kept.get(&key(1)).is_none());
        let known = Arc::new(Known::new(Inputs::default(), false, 1));
        kept.put(key(1), &known);
        assert!(kept.get(&key(1)).is_some_and(|kept| Arc::ptr_eq(&kept, &known)));
        assert!(kept.get(&key(2)).is_none());
        kept.put(key(2), &known);
        assert!(kept.get(&key(1)).is_none());
    }
}
