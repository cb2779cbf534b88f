//! What the shop's maker may choose: size, days, richness of traces, and which bugs are in.

use crate::bugs::BugSet;

/// 2025-10-29, the day after the last day of data unless told otherwise.
pub const END_DAY: i32 = 20_390;

/// Mean sessions a user has in fourteen days (measured over seeds; a test holds it).
pub(crate) const SESSIONS_PER_USER: f64 = 1.58;

/// The shop's size and shape. Every field decides the shop together with `seed`, so equal options give equal bytes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ShopOptions {
    pub seed: u64,
    pub n_users: u32,
    /// Days of data, at least 3.
    pub days: u16,
    /// Day after the last day of data, in days since 1970-01-01.
    pub end_day: i32,
    /// Mean number of spans of a request's trace, about 2.2 to 40. A session has 3.3 requests.
    pub spans_per_request: f64,
    /// Bugs that are in the shop.
    pub bugs: BugSet,
}

impl Default for ShopOptions {
    fn default() -> Self {
        Self {
            seed: 1,
            n_users: 20_000,
            days: 14,
            end_day: END_DAY,
            spans_per_request: 9.0,
            bugs: BugSet::ALL,
        }
    }
}

impl ShopOptions {
    /// Users enough for about `n_sessions` sessions.
    #[must_use]
    pub fn with_sessions(seed: u64, n_sessions: u32) -> Self {
        let n_users = crate::draws::whole((f64::from(n_sessions) / SESSIONS_PER_USER).max(1.0));
        Self { seed, n_users: u32::try_from(n_users).unwrap_or(u32::MAX), ..Self::default() }
    }

    /// The shop of `brunt demo`: about 20,000 sessions, and short traces so that it loads in seconds.
    #[must_use]
    pub fn demo() -> Self {
        Self { spans_per_request: 2.5, ..Self::with_sessions(1, 20_000) }
    }

    /// The shop of the benchmarks: about 33 spans a session, so that 300,000 sessions have about 10 million.
    #[must_use]
    pub fn bench(seed: u64, n_sessions: u32) -> Self {
        Self { spans_per_request: 10.1, ..Self::with_sessions(seed, n_sessions) }
    }
}
