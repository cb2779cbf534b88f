//! The small types that intervals and tests take and give: a proportion, a two by two table, an interval.

/// How many of `trials` were successes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Proportion {
    pub successes: u64,
    pub trials: u64,
}

impl Proportion {
    /// The share of successes, 0 to 1; `None` without trials, and where there are more successes than trials.
    pub fn share(self) -> Option<f64> {
        let is_one = self.trials > 0 && self.successes <= self.trials;
        is_one.then(|| self.successes as f64 / self.trials as f64)
    }

    /// Trials that were no success.
    pub fn failures(self) -> u64 {
        self.trials.saturating_sub(self.successes)
    }
}

/// Two cohorts side by side, successes and trials of each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Table2x2 {
    pub affected: Proportion,
    pub unaffected: Proportion,
}

/// Bounds of an estimate, in the estimate's own unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    pub lo: f64,
    pub hi: f64,
}

#[cfg(test)]
pub(crate) fn assert_close(got: f64, want: f64, relative: f64) {
    let scale = want.abs().max(1e-300);
    assert!((got - want).abs() <= relative * scale, "got {got:e}, want {want:e}");
}
