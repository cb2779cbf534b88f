//! What the estimate is made from, as it comes out of the scans: only the columns that are needed, as codes.

use std::ops::Range;

use arrow::array::{
    Array, Decimal128Array, Float64Array, Int32Array, Int64Array, RecordBatch, StringViewArray,
    TimestampMicrosecondArray,
};
use arrow::compute::cast;
use arrow::datatypes::{DataType, TimeUnit};
use datafusion::error::{DataFusionError, Result};

use brunt_stats::m1::NONE;

use super::codes::{Ids, Kind, Names, key};
use super::sampling::Sampling;
use crate::by_hash::ByHash;

/// What the rows of one scan become.
pub(super) trait Rows: Default + Send + 'static {
    /// The query; its columns are read by place.
    const SQL: &'static str;

    /// Makes room for so many rows, so that columns of millions are not moved while they grow.
    fn reserve(&mut self, _n_rows: usize) {}

    fn push(&mut self, batch: &RecordBatch) -> Result<()>;

    /// About how many bytes it takes.
    fn size(&self) -> usize;
}

/// All sessions, since a person may have been known in any.
#[derive(Debug)]
pub(super) struct Sessions {
    pub(super) sessions: Ids,
    pub(super) ended_at: Vec<i64>,
    pub(super) users: Ids,
    pub(super) pseudos: Ids,
    pub(super) synthetic: Vec<bool>,
    /// Device, version, browser, country.
    pub(super) traits: [Names; 4],
    pub(super) plans: Names,
}

/// Names of the covariates that [`Sessions::traits`] holds.
pub(super) const TRAITS: [&str; 4] =
    ["device_type", "service_version", "browser_name", "geo_country"];

#[derive(Debug)]
pub(super) struct Activities {
    pub(super) ts: Vec<i64>,
    pub(super) ids: Vec<u128>,
    pub(super) ops: Names,
    pub(super) orphan: Vec<bool>,
    pub(super) synthetic: Vec<bool>,
    /// Below all others where the client does not count.
    pub(super) sequence_nos: Vec<i64>,
    pub(super) sessions: Ids,
    pub(super) users: Ids,
    pub(super) pseudos: Ids,
    pub(super) accounts: Ids,
    pub(super) sampling: Sampling,
}

/// Steps of the journeys that are asked for.
#[derive(Debug)]
pub(super) struct Steps {
    pub(super) journeys: Names,
    pub(super) ts: Vec<i64>,
    /// From 1.
    pub(super) step_idxs: Vec<i32>,
    /// 0 where none is known.
    pub(super) activities: Vec<u128>,
    /// Who did it, where no activity tells.
    pub(super) sessions: Ids,
    pub(super) users: Ids,
    pub(super) pseudos: Ids,
    pub(super) values: Vec<Option<f64>>,
    pub(super) currencies: Names,
}

/// Which activities carry which groups.
#[derive(Debug, Default)]
pub(super) struct Carriers {
    pub(super) activities: Vec<u128>,
    pub(super) groups: Names,
}

/// What accounts' plans were, and since when.
#[derive(Debug, Default)]
pub(super) struct PlanHistory {
    accounts: Vec<u128>,
    since: Vec<i64>,
    plans: Names,
    loads: Names,
}

/// What is known of error groups beside their impact, by group.
#[derive(Debug, Default)]
pub(super) struct Groups {
    pub(super) ids: Names,
    pub(super) titles: Vec<Option<String>>,
    pub(super) introduced_in: Vec<Option<String>>,
    pub(super) n_tickets: Vec<Option<i64>>,
}

/// Monthly recurring revenue in ten-thousandths and its currency, by account.
#[derive(Debug, Default)]
pub(super) struct Accounts {
    pub(super) mrr: ByHash<u128, (i128, Option<String>)>,
}

/// Plans of accounts over time.
#[derive(Debug, Default)]
pub(super) struct Plans {
    pub(super) names: Vec<String>,
    /// Since when which plan, account by account, in order of time.
    states: Vec<(i64, u32)>,
    of_account: ByHash<u128, Range<usize>>,
}

impl Plans {
    /// About how many bytes it takes.
    pub(super) fn size(&self) -> usize {
        16 * self.states.capacity() + 48 * self.of_account.len()
    }

    /// The times from which an account had each plan, in order; none for an unknown one.
    pub(super) fn of(&self, account: u128) -> &[(i64, u32)] {
        self.of_account.get(&account).map_or(&[], |own| &self.states[own.clone()])
    }
}

impl PlanHistory {
    /// Of states that began at the same time the last one held, by its load as in `account_history`; one without a
    /// plan says nothing of it.
    pub(super) fn by_account(self) -> Plans {
        let (loads, plans) = (self.loads.places(), self.plans.places());
        let place = |places: &[u32], code: u32| places.get(code as usize).copied();
        let state = |row: usize| {
            let (load, plan) = (self.loads.codes[row], self.plans.codes[row]);
            let order = (place(&loads, load), place(&plans, plan));
            (self.accounts[row], self.since[row], order, plan)
        };
        let mut rows: Vec<_> = (0..self.since.len()).map(state).collect();
        rows.sort_unstable();
        let mut to = Plans { names: self.plans.names, ..Plans::default() };
        for of_account in rows.chunk_by(|a, b| a.0 == b.0) {
            let begin = to.states.len();
            for at_once in of_account.chunk_by(|a, b| a.1 == b.1) {
                if let Some((_, since, _, plan)) = at_once.last()
                    && *plan != NONE
                {
                    to.states.push((*since, *plan));
                }
            }
            to.of_account.insert(of_account[0].0, begin..to.states.len());
        }
        to
    }
}

impl Default for Sessions {
    fn default() -> Self {
        Self {
            sessions: Ids::new(Kind::Session),
            ended_at: Vec::new(),
            users: Ids::new(Kind::User),
            pseudos: Ids::new(Kind::Pseudo),
            synthetic: Vec::new(),
            traits: Default::default(),
            plans: Names::default(),
        }
    }
}

impl Rows for Sessions {
    const SQL: &'static str = "SELECT session_id, ts, ended_at, user_id, user_pseudo_id, synthetic_type,
        device_type, service_version, browser_name, geo_country, plan_tier FROM sessions WHERE session_id IS NOT NULL";

    fn reserve(&mut self, n_rows: usize) {
        self.ended_at.reserve_exact(n_rows);
        self.synthetic.reserve_exact(n_rows);
        for ids in [&mut self.sessions, &mut self.users, &mut self.pseudos] {
            ids.reserve(n_rows);
        }
        for names in self.traits.iter_mut().chain([&mut self.plans]) {
            names.reserve(n_rows);
        }
    }

    fn push(&mut self, batch: &RecordBatch) -> Result<()> {
        let (ids, users, pseudos) = (texts(batch, 0)?, texts(batch, 3)?, texts(batch, 4)?);
        let (ts, ended_at) = (times(batch, 1)?, times(batch, 2)?);
        let synthetic = texts(batch, 5)?;
        for row in 0..batch.num_rows() {
            let ended_at = if ended_at.is_null(row) { ts.value(row) } else { ended_at.value(row) };
            self.ended_at.push(ended_at);
            self.synthetic.push(synthetic.is_valid(row));
        }
        self.sessions.extend_began(ids.iter().zip(ts.values().iter().copied()));
        self.users.extend(users.iter());
        self.pseudos.extend(pseudos.iter());
        for (names, column) in self.traits.iter_mut().chain([&mut self.plans]).zip(6..) {
            push_names(names, &texts(batch, column)?);
        }
        Ok(())
    }

    fn size(&self) -> usize {
        let ids = self.sessions.size() + self.users.size() + self.pseudos.size();
        let names = self.traits.iter().chain([&self.plans]).map(Names::size).sum::<usize>();
        ids + names + 8 * self.ended_at.capacity() + self.synthetic.capacity()
    }
}

impl Default for Activities {
    fn default() -> Self {
        Self {
            ts: Vec::new(),
            ids: Vec::new(),
            ops: Names::default(),
            orphan: Vec::new(),
            synthetic: Vec::new(),
            sequence_nos: Vec::new(),
            sessions: Ids::new(Kind::Session),
            users: Ids::new(Kind::User),
            pseudos: Ids::new(Kind::Pseudo),
            accounts: Ids::new(Kind::Account),
            sampling: Sampling::default(),
        }
    }
}

impl Rows for Activities {
    const SQL: &'static str =
        "SELECT ts, activity_id, op, activity_kind = 'orphan', synthetic_type, sequence_no,
        session_id, session_started_at, user_id, user_pseudo_id, account_id,
        n_errors > 0, coalesce(sample_weight, 1)
        FROM activities WHERE activity_id IS NOT NULL";

    fn reserve(&mut self, n_rows: usize) {
        self.ts.reserve_exact(n_rows);
        self.ids.reserve_exact(n_rows);
        self.ops.reserve(n_rows);
        self.orphan.reserve_exact(n_rows);
        self.synthetic.reserve_exact(n_rows);
        self.sequence_nos.reserve_exact(n_rows);
        for ids in [&mut self.sessions, &mut self.users, &mut self.pseudos, &mut self.accounts] {
            ids.reserve(n_rows);
        }
    }

    fn push(&mut self, batch: &RecordBatch) -> Result<()> {
        let (ts, ids, ops) = (times(batch, 0)?, texts(batch, 1)?, texts(batch, 2)?);
        let (orphan, synthetic) = (batch.column(3), texts(batch, 4)?);
        let orphan = arrow::array::AsArray::as_boolean(orphan);
        let sequence_nos: &Int64Array = column(batch, 5)?;
        let (sessions, started_at) = (texts(batch, 6)?, times(batch, 7)?);
        let [users, pseudos, accounts] = [texts(batch, 8)?, texts(batch, 9)?, texts(batch, 10)?];
        let failed = arrow::array::AsArray::as_boolean(batch.column(11));
        let weights: &Float64Array = column(batch, 12)?;
        self.ts.extend_from_slice(ts.values());
        for row in 0..batch.num_rows() {
            self.sampling.push(failed.is_valid(row) && failed.value(row), weights.value(row));
            self.ids.push(key(Kind::Activity, ids.value(row), 0));
            // An op that says only that nothing is known of it is none.
            let is_orphan = orphan.is_valid(row) && orphan.value(row);
            self.ops.push(text(&ops, row).filter(|_| !is_orphan));
            self.orphan.push(is_orphan);
            self.synthetic.push(synthetic.is_valid(row));
            let sequence_no = sequence_nos.is_valid(row).then(|| sequence_nos.value(row));
            self.sequence_nos.push(sequence_no.unwrap_or(i64::MIN));
        }
        self.sessions.extend_began(sessions.iter().zip(started_at.values().iter().copied()));
        self.users.extend(users.iter());
        self.pseudos.extend(pseudos.iter());
        self.accounts.extend(accounts.iter());
        Ok(())
    }

    fn size(&self) -> usize {
        let ids = [&self.sessions, &self.users, &self.pseudos, &self.accounts].map(Ids::size);
        let numbers =
            8 * (self.ts.capacity() + self.sequence_nos.capacity()) + 16 * self.ids.capacity();
        let of_rows = self.ops.size() + self.sampling.size() + 2 * self.orphan.capacity();
        ids.iter().sum::<usize>() + numbers + of_rows
    }
}

impl Default for Steps {
    fn default() -> Self {
        Self {
            journeys: Names::default(),
            ts: Vec::new(),
            step_idxs: Vec::new(),
            activities: Vec::new(),
            sessions: Ids::new(Kind::Session),
            users: Ids::new(Kind::User),
            pseudos: Ids::new(Kind::Pseudo),
            values: Vec::new(),
            currencies: Names::default(),
        }
    }
}

impl Rows for Steps {
    const SQL: &'static str =
        "SELECT ts, journey, step_idx, activity_id, CASE WHEN activity_id IS NULL THEN session_id END, session_started_at,
        CASE WHEN activity_id IS NULL THEN user_id END, CASE WHEN activity_id IS NULL THEN user_pseudo_id END,
        value, currency FROM journey_steps WHERE journey IS NOT NULL AND step_idx IS NOT NULL";

    fn reserve(&mut self, n_rows: usize) {
        self.journeys.reserve(n_rows);
        self.ts.reserve_exact(n_rows);
        self.step_idxs.reserve_exact(n_rows);
        self.activities.reserve_exact(n_rows);
        self.values.reserve_exact(n_rows);
        self.currencies.reserve(n_rows);
        for ids in [&mut self.sessions, &mut self.users, &mut self.pseudos] {
            ids.reserve(n_rows);
        }
    }

    fn push(&mut self, batch: &RecordBatch) -> Result<()> {
        let (ts, journeys) = (times(batch, 0)?, texts(batch, 1)?);
        let step_idxs: &Int32Array = column(batch, 2)?;
        let (activities, sessions, started_at) =
            (texts(batch, 3)?, texts(batch, 4)?, times(batch, 5)?);
        let [users, pseudos, currencies] = [texts(batch, 6)?, texts(batch, 7)?, texts(batch, 9)?];
        let values: &Decimal128Array = column(batch, 8)?;
        self.ts.extend_from_slice(ts.values());
        self.step_idxs.extend_from_slice(step_idxs.values());
        for row in 0..batch.num_rows() {
            self.journeys.push(text(&journeys, row));
            let activity = text(&activities, row).map(|id| key(Kind::Activity, id, 0));
            self.activities.push(activity.unwrap_or_default());
            self.values.push(values.is_valid(row).then(|| values.value(row) as f64 / UNITS));
            self.currencies.push(text(&currencies, row));
        }
        self.sessions.extend_began(sessions.iter().zip(started_at.values().iter().copied()));
        self.users.extend(users.iter());
        self.pseudos.extend(pseudos.iter());
        Ok(())
    }

    fn size(&self) -> usize {
        let ids = self.sessions.size() + self.users.size() + self.pseudos.size();
        let names = self.journeys.size() + self.currencies.size();
        ids + names + 60 * self.ts.capacity()
    }
}

impl Rows for Carriers {
    const SQL: &'static str = "SELECT ts, activity_id, error_group_id FROM errors
        WHERE activity_id IS NOT NULL AND error_group_id IS NOT NULL";

    fn reserve(&mut self, n_rows: usize) {
        self.activities.reserve_exact(n_rows);
        self.groups.reserve(n_rows);
    }

    fn push(&mut self, batch: &RecordBatch) -> Result<()> {
        let activities = texts(batch, 1)?;
        let ids = (0..batch.num_rows()).map(|row| key(Kind::Activity, activities.value(row), 0));
        self.activities.extend(ids);
        push_names(&mut self.groups, &texts(batch, 2)?);
        Ok(())
    }

    fn size(&self) -> usize {
        16 * self.activities.capacity() + self.groups.size()
    }
}

impl Rows for PlanHistory {
    const SQL: &'static str = "SELECT account_id, ts, plan_tier, load_id FROM account_updates WHERE account_id IS NOT NULL";

    fn push(&mut self, batch: &RecordBatch) -> Result<()> {
        let accounts = texts(batch, 0)?;
        self.accounts.extend(accounts.iter().flatten().map(|text| key(Kind::Account, text, 0)));
        self.since.extend_from_slice(times(batch, 1)?.values());
        push_names(&mut self.plans, &texts(batch, 2)?);
        push_names(&mut self.loads, &texts(batch, 3)?);
        Ok(())
    }

    fn size(&self) -> usize {
        24 * self.accounts.capacity() + self.plans.size() + self.loads.size()
    }
}

impl Rows for Groups {
    const SQL: &'static str =
        "SELECT error_group_id, title, introduced_in, n_tickets FROM error_groups";

    fn push(&mut self, batch: &RecordBatch) -> Result<()> {
        let (titles, introduced_in) = (texts(batch, 1)?, texts(batch, 2)?);
        let n_tickets: &Int64Array = column(batch, 3)?;
        push_names(&mut self.ids, &texts(batch, 0)?);
        for row in 0..batch.num_rows() {
            self.titles.push(text(&titles, row).map(str::to_owned));
            self.introduced_in.push(text(&introduced_in, row).map(str::to_owned));
            self.n_tickets.push(n_tickets.is_valid(row).then(|| n_tickets.value(row)));
        }
        Ok(())
    }

    fn size(&self) -> usize {
        self.ids.size() + 200 * self.titles.len()
    }
}

impl Rows for Accounts {
    const SQL: &'static str = "SELECT account_id, mrr, currency FROM accounts WHERE account_id IS NOT NULL AND mrr IS NOT NULL";

    fn push(&mut self, batch: &RecordBatch) -> Result<()> {
        let (accounts, currencies) = (texts(batch, 0)?, texts(batch, 2)?);
        let mrr: &Decimal128Array = column(batch, 1)?;
        for row in 0..batch.num_rows() {
            let currency = text(&currencies, row).map(str::to_owned);
            self.mrr.insert(key(Kind::Account, accounts.value(row), 0), (mrr.value(row), currency));
        }
        Ok(())
    }

    fn size(&self) -> usize {
        80 * self.mrr.len()
    }
}

/// What a `numeric` column counts in.
const UNITS: f64 = 10_000.0;

fn push_names(names: &mut Names, texts: &StringViewArray) {
    for row in 0..texts.len() {
        names.push(text(texts, row));
    }
}

fn text(texts: &StringViewArray, row: usize) -> Option<&str> {
    texts.is_valid(row).then(|| texts.value(row))
}

fn texts(batch: &RecordBatch, idx: usize) -> Result<StringViewArray> {
    let array = cast(batch.column(idx), &DataType::Utf8View)?;
    Ok(arrow::array::AsArray::as_string_view(&array).clone())
}

fn times(batch: &RecordBatch, idx: usize) -> Result<TimestampMicrosecondArray> {
    let utc = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
    let array = cast(batch.column(idx), &utc)?;
    Ok(arrow::array::AsArray::as_primitive(&array).clone())
}

fn column<T: Array + 'static>(batch: &RecordBatch, idx: usize) -> Result<&T> {
    batch.column(idx).as_any().downcast_ref::<T>().ok_or_else(|| {
        let (name, got) = (batch.schema_ref().field(idx).name(), batch.column(idx).data_type());
        DataFusionError::Internal(format!("column \"{name}\" came as {got}"))
    })
}
