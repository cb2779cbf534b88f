//! Named random streams: a draw depends on the names that lead to it and on nothing that was drawn before.

/// A position in the tree of random streams.
/// Two runs that ask the same stream for the same name get the same number, whatever else either of them asked for:
/// that is what makes a run with one bug switched off comparable, draw by draw, with the run as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stream(u64);

impl Stream {
    pub(crate) fn new(seed: u64) -> Self {
        Self(mix(seed ^ 0x6272_756e_7453_686f))
    }

    /// The stream of the `idx`-th thing of its kind: a user, a visit, an activity.
    pub(crate) fn nth(self, idx: impl Into<u64>) -> Self {
        Self(mix(self.0 ^ idx.into().wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15)))
    }

    pub(crate) fn named(self, name: &str) -> Self {
        Self(mix(self.0 ^ hash(name)))
    }

    pub(crate) fn bits(self, name: &str) -> u64 {
        mix(self.0 ^ hash(name).rotate_left(17))
    }

    /// Uniform in [0, 1).
    pub(crate) fn uniform(self, name: &str) -> f64 {
        (self.bits(name) >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Standard normal (Box and Muller 1958).
    pub(crate) fn normal(self, name: &str) -> f64 {
        let here = self.named(name);
        let radius = (-2.0 * (1.0 - here.uniform("radius")).ln()).sqrt();
        radius * (std::f64::consts::TAU * here.uniform("angle")).cos()
    }

    pub(crate) fn log_normal(self, name: &str, median: f64, sigma: f64) -> f64 {
        median * (sigma * self.normal(name)).exp()
    }

    /// Exponential with mean 1.
    pub(crate) fn exponential(self, name: &str) -> f64 {
        -(-self.uniform(name)).ln_1p()
    }

    /// Uniform in 0..n; 0 where n is 0.
    pub(crate) fn below(self, name: &str, n: u64) -> u64 {
        // The high half of a 64 by 64 bit product needs no division (Lemire 2019); its bias is below n / 2^64.
        let product = u128::from(self.bits(name)) * u128::from(n);
        (product >> 64) as u64
    }

    /// An index into `weights`, with chances in proportion to them.
    pub(crate) fn pick(self, name: &str, weights: &[f64]) -> usize {
        let mut left = self.uniform(name) * weights.iter().sum::<f64>();
        for (idx, weight) in weights.iter().enumerate() {
            left -= weight;
            if left < 0.0 {
                return idx;
            }
        }
        weights.len().saturating_sub(1)
    }

    pub(crate) fn choice<'a, T: ?Sized>(self, name: &str, of: &[&'a T]) -> &'a T {
        of[index(self.below(name, of.len() as u64))]
    }
}

/// The nearest whole number towards zero.
pub(crate) fn whole(x: f64) -> i64 {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the cast saturates, and every caller stays far below 2^53"
    )]
    let whole = x as i64;
    whole
}

pub(crate) fn index(n: u64) -> usize {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "an index below the length of a slice fits"
    )]
    let index = n as usize;
    index
}

/// The code of a covariate value or of an op: its index in a table of fewer than 256 names.
pub(crate) fn code(idx: usize) -> u8 {
    u8::try_from(idx).unwrap_or(u8::MAX)
}

/// The finalizer of `SplitMix64` (Steele, Lea and Flood 2014).
fn mix(mut z: u64) -> u64 {
    z = z.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// FNV-1a: names are short, and known when compiling.
#[inline]
const fn hash(name: &str) -> u64 {
    let bytes = name.as_bytes();
    let mut h = 0xcbf2_9ce4_8422_2325_u64;
    let mut i = 0;
    while i < bytes.len() {
        h = (h ^ bytes[i] as u64).wrapping_mul(0x0000_0100_0000_01b3);
        i += 1;
    }
    h
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draw_depends_on_its_names_only() {
        let user = Stream::new(7).nth(3_u32);
        let before = user.nth(5_u32).uniform("gap");
        let _ = user.nth(4_u32).uniform("gap");
        assert_eq!(before, Stream::new(7).nth(3_u32).nth(5_u32).uniform("gap"));
        assert_ne!(before, user.nth(5_u32).uniform("next"));
        assert_ne!(before, Stream::new(8).nth(3_u32).nth(5_u32).uniform("gap"));
    }

    #[test]
    fn draws_have_their_moments_and_do_not_follow_each_other() {
        let n = 200_000_u32;
        let (mut sum, mut squares, mut lagged, mut normal, mut normal_squares) =
            (0.0, 0.0, 0.0, 0.0, 0.0);
        let root = Stream::new(1);
        for i in 0..n {
            let u = root.nth(i).uniform("a") - 0.5;
            let next = root.nth(i + 1).uniform("a") - 0.5;
            let z = root.nth(i).normal("z");
            sum += u;
            squares += u * u;
            lagged += u * next;
            normal += z;
            normal_squares += z * z;
        }
        let n = f64::from(n);
        assert!((sum / n).abs() < 0.003, "mean {}", sum / n);
        assert!((squares / n - 1.0 / 12.0).abs() < 0.001, "variance {}", squares / n);
        assert!((lagged / n).abs() < 0.001, "correlation of neighbours {}", lagged / n);
        assert!((normal / n).abs() < 0.01 && (normal_squares / n - 1.0).abs() < 0.02);
    }

    #[test]
    fn pick_follows_its_weights() {
        let root = Stream::new(2);
        let mut counts = [0_u32; 3];
        for i in 0..30_000_u32 {
            counts[root.nth(i).pick("p", &[1.0, 0.0, 2.0])] += 1;
        }
        assert_eq!(counts[1], 0);
        assert!((f64::from(counts[2]) / 30_000.0 - 2.0 / 3.0).abs() < 0.01);
    }
}
