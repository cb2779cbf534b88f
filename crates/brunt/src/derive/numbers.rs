//! Numbers that may be missing, in as few bytes as facts of millions of rows should take.

/// A number that may be missing, in the eight bytes of the number: the least of all stands for none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Perhaps(i64);

/// Ten-thousandths that may be missing, upper and lower half, without the alignment of an `i128`; the least of all stands
/// for none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Amount(i64, u64);

/// How many rows one stands for; a single precision is plenty for a sampling rate. What is no number stands for none.
#[derive(Debug, Clone, Copy)]
pub(super) struct Weight(f32);

impl Perhaps {
    pub(super) fn new(number: Option<i64>) -> Self {
        Self(number.unwrap_or(i64::MIN))
    }

    pub(super) fn get(self) -> Option<i64> {
        Some(self.0).filter(|number| *number != i64::MIN)
    }
}

impl Amount {
    #[expect(clippy::cast_possible_truncation, reason = "two halves are the whole")]
    pub(super) fn new(amount: Option<i128>) -> Self {
        let amount = amount.unwrap_or(i128::MIN);
        Self((amount >> 64) as i64, amount.cast_unsigned() as u64)
    }

    pub(super) fn get(self) -> Option<i128> {
        let amount = i128::from(self.0) << 64 | i128::from(self.1);
        Some(amount).filter(|amount| *amount != i128::MIN)
    }
}

impl Weight {
    #[expect(clippy::cast_possible_truncation, reason = "a sampling rate needs no more digits")]
    pub(super) fn new(weight: Option<f64>) -> Self {
        Self(weight.map_or(f32::NAN, |weight| weight as f32))
    }

    pub(super) fn double(self) -> Option<f64> {
        (!self.0.is_nan()).then(|| f64::from(self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_back_as_they_went_in() {
        for number in [None, Some(0), Some(-1), Some(i64::MAX), Some(i64::MIN + 1)] {
            assert_eq!(Perhaps::new(number).get(), number);
            let amount = number.map(|number| i128::from(number) * 1_000_000_007);
            assert_eq!(Amount::new(amount).get(), amount);
        }
        assert_eq!(Amount::new(Some(i128::MAX)).get(), Some(i128::MAX));
        assert_eq!(Weight::new(Some(2.5)).double(), Some(2.5));
        assert_eq!(Weight::new(None).double(), None);
        assert_eq!((size_of::<Perhaps>(), size_of::<Amount>(), size_of::<Weight>()), (8, 16, 4));
    }
}
