//! The shop's activities in memory: one array a field, ready for an estimator.

use std::ops::Range;

use crate::draws::{code, index};
use crate::ops::{OPS, Op};
use crate::options::ShopOptions;
use crate::people::Person;
use crate::visit::{Act, Plan, converting};

/// All activities, by unit and time, with the entries of the journey `checkout` over them.
///
/// Rows `unit_offsets[u]..unit_offsets[u + 1]` are those of unit `u` (its id in exports is `user_id(u)`).
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Activities {
    pub unit_offsets: Vec<u32>,
    /// Account of each unit: the cluster. Its id in exports is `account_id(a)`.
    pub unit_account: Vec<u32>,
    /// Microseconds since 1970 UTC; strictly growing within a unit.
    pub ts: Vec<i64>,
    /// Index in [`op_names`].
    pub op: Vec<u8>,
    /// Steps reached strictly before the activity, within its entry.
    pub stage: Vec<u8>,
    /// Steps that the activity did: bit k is step k of `STEPS`.
    pub steps: Vec<u8>,
    /// Bugs that it carried: bit `bug as u8`.
    pub bugs: Vec<u32>,
    /// Browser session within the entry.
    pub session: Vec<u8>,
    pub entries: Entries,
}

/// Entries in the journey, by unit and time. Every activity belongs to one: its rows are `first[e]..end[e]`,
/// and those up to the conversion are `first[e]..through[e]`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Entries {
    pub unit: Vec<u32>,
    pub ts: Vec<i64>,
    pub first: Vec<u32>,
    /// One past the activity that converted; `end` where none did.
    pub through: Vec<u32>,
    pub end: Vec<u32>,
    pub converted: Vec<bool>,
    /// Order value in cents of USD; 0 without an order.
    pub revenue_cents: Vec<i64>,
    /// The entry's window was over by the end of the data: only those count.
    pub window_over: Vec<bool>,
    /// Codes at entry: indices in `DEVICES`, `PLANS`, `HOUR_BANDS`, `VERSIONS`, `BROWSERS`, `COUNTRIES`.
    pub device: Vec<u8>,
    pub plan: Vec<u8>,
    pub hour_band: Vec<u8>,
    pub version: Vec<u8>,
    pub browser: Vec<u8>,
    pub country: Vec<u8>,
}

/// Names of the ops, in the order of their codes.
pub fn op_names() -> Vec<String> {
    OPS.iter().map(|facts| facts.op.name()).collect()
}

impl Activities {
    pub fn n_units(&self) -> usize {
        self.unit_account.len()
    }

    pub fn n_entries(&self) -> usize {
        self.entries.unit.len()
    }

    /// Rows of unit `unit`.
    pub fn unit_rows(&self, unit: usize) -> Range<usize> {
        range(self.unit_offsets[unit], self.unit_offsets[unit + 1])
    }

    /// The op of row `row_idx`.
    pub fn op(&self, row_idx: usize) -> Op {
        OPS[usize::from(self.op[row_idx])].op
    }
}

impl Entries {
    /// All rows of entry `entry_idx`.
    pub fn rows(&self, entry_idx: usize) -> Range<usize> {
        range(self.first[entry_idx], self.end[entry_idx])
    }

    /// Rows of entry `entry_idx` up to and including the one that converted: those in which a bug counts.
    pub fn rows_through(&self, entry_idx: usize) -> Range<usize> {
        range(self.first[entry_idx], self.through[entry_idx])
    }
}

pub(crate) struct Builder {
    built: Activities,
}

impl Builder {
    pub(crate) fn new(options: &ShopOptions) -> Self {
        let mut built = Activities::default();
        let n_users = usize::try_from(options.n_users).unwrap_or(0);
        built.unit_offsets.reserve(n_users + 1);
        built.unit_account.reserve(n_users);
        Self { built }
    }

    /// Begins the rows of a unit.
    pub(crate) fn unit(&mut self, person: &Person) {
        self.built.unit_offsets.push(row(self.built.ts.len()));
        self.built.unit_account.push(person.account.idx);
    }

    /// Adds a visit of the unit that was begun last.
    pub(crate) fn visit(&mut self, person: &Person, plan: &Plan, acts: &[Act], window_over: bool) {
        let built = &mut self.built;
        let first = built.ts.len();
        for act in acts {
            built.ts.push(act.ts);
            built.op.push(code(usize::from(act.op as u8)));
            built.stage.push(act.stage);
            built.steps.push(act.steps);
            built.bugs.push(act.bugs.bits());
            built.session.push(act.session);
        }
        let converted = converting(acts);
        let entries = &mut built.entries;
        entries.unit.push(person.unit);
        entries.ts.push(plan.start);
        entries.first.push(row(first));
        entries.through.push(row(first + converted.map_or(acts.len(), |idx| idx + 1)));
        entries.end.push(row(first + acts.len()));
        entries.converted.push(converted.is_some());
        entries.revenue_cents.push(if converted.is_some() { plan.basket_cents } else { 0 });
        entries.window_over.push(window_over);
        entries.device.push(person.device);
        entries.plan.push(person.plan);
        entries.hour_band.push(plan.hour_band);
        entries.version.push(plan.version);
        entries.browser.push(person.browser);
        entries.country.push(person.country);
    }

    pub(crate) fn finish(mut self) -> Activities {
        self.built.unit_offsets.push(row(self.built.ts.len()));
        self.built
    }
}

fn range(first: u32, end: u32) -> Range<usize> {
    index(u64::from(first))..index(u64::from(end))
}

fn row(n: usize) -> u32 {
    #[expect(
        clippy::expect_used,
        reason = "a shop of four billion activities would not fit in memory"
    )]
    u32::try_from(n).expect("rows are counted in 32 bits")
}
