//! How activities are sampled: what each stands for, and whether failures are kept more often than successes.

/// What the activities that were read stand for.
#[derive(Debug, Default)]
pub(super) struct Sampling {
    failed: Weighed,
    ok: Weighed,
    n_rows: usize,
    /// By row; empty where each stands for itself.
    weights: Vec<f32>,
}

/// Whether activities stand for others that were not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sampled {
    No,
    Equally,
    /// Failures and successes for different numbers of them.
    Unequally,
}

#[derive(Debug, Default)]
struct Weighed {
    n: f64,
    weight: f64,
}

impl Sampling {
    /// Mean weights may differ by this share before a comparison of stored rows is one of different samples.
    const SHARE_MAX: f64 = 0.1;

    /// Takes in the next row. A weight below 1 is no number of activities, and counts as 1.
    pub(super) fn push(&mut self, failed: bool, weight: f64) {
        let of = if failed { &mut self.failed } else { &mut self.ok };
        of.n += 1.0;
        of.weight += weight;
        if weight > 1.0 && self.weights.is_empty() {
            self.weights = vec![1.0; self.n_rows];
        }
        if weight > 1.0 || !self.weights.is_empty() {
            #[expect(clippy::cast_possible_truncation, reason = "a weight has few digits")]
            self.weights.push(weight.max(1.0) as f32);
        }
        self.n_rows += 1;
    }

    /// What a row stands for; `None` where each stands for itself.
    pub(super) fn weight(&self, row: usize) -> Option<f32> {
        self.weights.get(row).copied()
    }

    pub(super) fn sampled(&self) -> Sampled {
        let [failed, ok] = [&self.failed, &self.ok].map(|of| of.weight / of.n);
        // Where there is none of a kind, the mean is no number, and nothing is unequal.
        match (failed - ok).abs() > Self::SHARE_MAX * failed.min(ok) {
            true => Sampled::Unequally,
            false if self.weights.is_empty() => Sampled::No,
            false => Sampled::Equally,
        }
    }

    /// About how many bytes it takes.
    pub(super) fn size(&self) -> usize {
        4 * self.weights.capacity()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_before_the_first_weight_stand_for_themselves() {
        let mut sampling = Sampling::default();
        sampling.push(false, 1.0);
        assert_eq!(sampling.weight(0), None);
        for weight in [4.0, 0.5, f64::NAN] {
            sampling.push(true, weight);
        }
        let weights: Vec<f32> = (0..4).map_while(|row| sampling.weight(row)).collect();
        assert_eq!(weights, [1.0, 4.0, 1.0, 1.0]);
        let mut all = Sampling::default();
        all.push(true, 2.0);
        assert_eq!((all.weight(0), all.sampled()), (Some(2.0), Sampled::Equally));
        assert_eq!(Sampling::default().sampled(), Sampled::No);
        all.push(false, 1.0);
        assert_eq!(all.sampled(), Sampled::Unequally);
    }
}
