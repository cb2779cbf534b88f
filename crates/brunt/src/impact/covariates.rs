//! What is known of activities besides who did them: what was tried, and what the comparison holds fast.

use arrow::array::timezone::Tz;
use brunt_stats::m1::{self, Covariate, Entry, NONE, hour_band};
use brunt_stats::threads::in_parts;
use chrono::{DateTime, Offset, TimeZone};

use super::place::Placed;
use super::read::{Activities, Plans, Sessions, TRAITS};

const QUARTER_HOUR: i64 = 900_000_000;

/// The activities as the estimator takes them; codes of ops are places in the order of names.
pub(super) fn activities(placed: &Placed, of: &Activities) -> m1::Activities {
    let rows = || placed.order.iter().map(|row| *row as usize);
    let op_places = of.ops.places();
    let op = |row: usize| op_places.get(of.ops.codes[row] as usize).copied().unwrap_or(NONE);
    m1::Activities {
        ts: rows().map(|row| of.ts[row]).collect(),
        op: rows().map(op).collect(),
        orphan: rows().map(|row| of.orphan[row]).collect(),
        weight: rows().filter_map(|row| of.sampling.weight(row)).collect(),
    }
}

/// What the covariates are known from.
#[derive(Clone, Copy)]
pub(super) struct Told<'a> {
    pub(super) placed: &'a Placed,
    pub(super) activities: &'a Activities,
    pub(super) sessions: &'a Sessions,
    pub(super) plans: &'a Plans,
}

/// What is held fast of each entry, as it was at its first activity: traits of that activity's session, in the order in
/// which ties are broken, and its plan; where the session has none, that of the account at that time. Codes are places
/// in the order of names.
pub(super) fn of_entries(
    entries: &[Entry],
    told: &Told<'_>,
    zone: Tz,
    n_threads: usize,
) -> Vec<Covariate> {
    let firsts: Vec<u32> = entries.iter().map(|entry| entry.first_activity).collect();
    let codes = |of: &(dyn Fn(&[u32]) -> Vec<u32> + Sync)| {
        in_parts(firsts.len(), n_threads, |part| of(&firsts[part]))
    };
    let traits = TRAITS.iter().zip(&told.sessions.traits).map(|(name, names)| {
        let places = names.places();
        let code = |first: &u32| {
            let code = names.codes.get(told.session_row(*first))?;
            places.get(*code as usize).copied()
        };
        let of = |firsts: &[u32]| firsts.iter().map(|it| code(it).unwrap_or(NONE)).collect();
        Covariate { name: (*name).to_owned(), codes: codes(&of) }
    });
    let mut covariates: Vec<Covariate> = traits.collect();
    let held = told.plans_of_accounts();
    let plan_tier = codes(&|firsts| told.plan_codes(&held, firsts));
    covariates.insert(1, Covariate { name: "plan_tier".to_owned(), codes: plan_tier });
    let ts = |first: &u32| told.activities.ts[told.row(*first)];
    let hour_band = codes(&|firsts| hour_bands(firsts.iter().map(ts), zone));
    covariates.insert(2, Covariate { name: "hour_band".to_owned(), codes: hour_band });
    covariates
}

/// Plans by the code of the account, and the places of both sources' names in one order.
struct Held<'a> {
    of_accounts: Vec<&'a [(i64, u32)]>,
    of_session: Vec<u32>,
    of_account: Vec<u32>,
}

impl Told<'_> {
    /// The row of the activity at a place of the order.
    fn row(&self, place: u32) -> usize {
        self.placed.order[place as usize] as usize
    }

    /// The row of its session, or one that there is not.
    fn session_row(&self, place: u32) -> usize {
        self.placed.session_at[place as usize] as usize
    }

    fn plans_of_accounts(&self) -> Held<'_> {
        // Both sources name the same plans, so their names are put in one order.
        let mut all: Vec<&String> =
            self.sessions.plans.names.iter().chain(&self.plans.names).collect();
        all.sort_unstable();
        all.dedup();
        let places = |names: &[String]| -> Vec<u32> {
            let place = |name: &String| all.partition_point(|other| *other < name);
            names.iter().map(|name| super::codes::count(place(name))).collect()
        };
        let accounts = &self.activities.accounts.keys;
        Held {
            of_accounts: accounts.iter().map(|account| self.plans.of(*account)).collect(),
            of_session: places(&self.sessions.plans.names),
            of_account: places(&self.plans.names),
        }
    }

    fn plan_codes(&self, held: &Held<'_>, places: &[u32]) -> Vec<u32> {
        let code = |place: &u32| {
            let own = self.sessions.plans.codes.get(self.session_row(*place));
            if let Some(code) = own.and_then(|code| held.of_session.get(*code as usize)) {
                return *code;
            }
            let row = self.row(*place);
            let account = self.activities.accounts.codes[row] as usize;
            let plan = held.of_accounts.get(account).and_then(|states| {
                let ts = self.activities.ts[row];
                let n_before = states.partition_point(|(since, _)| *since <= ts);
                states.get(n_before.checked_sub(1)?)
            });
            plan.map_or(NONE, |(_, plan)| held.of_account[*plan as usize])
        };
        places.iter().map(code).collect()
    }
}

fn hour_bands(ts: impl Iterator<Item = i64>, zone: Tz) -> Vec<u32> {
    // Clocks change on quarter hours everywhere.
    let mut known = (i64::MIN, 0);
    let mut offset = |ts: i64| {
        let quarter = ts.div_euclid(QUARTER_HOUR);
        if quarter != known.0 {
            let at = DateTime::from_timestamp_micros(ts).unwrap_or_default().naive_utc();
            let seconds = zone.offset_from_utc_datetime(&at).fix().local_minus_utc();
            known = (quarter, i64::from(seconds) * 1_000_000);
        }
        known.1
    };
    ts.map(|ts| hour_band(ts, offset(ts))).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, RecordBatch, StringArray, TimestampMicrosecondArray};

    use super::super::codes::{Kind, key};
    use super::super::place::People;
    use super::super::read::{PlanHistory, Rows};
    use super::*;
    use crate::definitions::Unit;

    const DAY: i64 = 86_400_000_000;

    #[test]
    fn hour_bands_follow_the_zone_and_its_summer_time() {
        // A second before four; at one that night, 2025-03-30, Berlin's clocks went from +1 to +2.
        let night = 20_177 * DAY + 3 * 3_600_000_000 + 3_599_000_000;
        let zone: Tz = "Europe/Berlin".parse().unwrap();
        let bands = |ts: &[i64], zone: Tz| hour_bands(ts.iter().copied(), zone);
        assert_eq!(
            bands(&[night - DAY, night - DAY + 1_000_000, night, night + 1_000_000], zone),
            [0, 0, 0, 1]
        );
        let at_five = night + 3_600_000_000;
        assert_eq!(bands(&[at_five - 2 * DAY, at_five], zone), [0, 1]);
        assert_eq!(bands(&[at_five], "+00:00".parse().unwrap()), [0]);
    }

    #[test]
    fn a_plan_is_the_sessions_own_else_the_accounts_at_that_time() {
        let (mut of, mut sessions) = (Activities::default(), Sessions::default());
        for (n, (session, ts)) in [("s1", 5), ("s2", 5), ("s2", 15), ("s2", 1)].iter().enumerate() {
            of.ts.push(*ts);
            of.ids.push(key(Kind::Activity, &n.to_string(), 0));
            of.ops.push(None);
            of.orphan.push(false);
            of.synthetic.push(false);
            of.sequence_nos.push(0);
            of.sessions.extend([Some(*session)]);
            of.users.extend([Some("ann")]);
            of.pseudos.extend([None]);
            of.accounts.extend([Some("acme")]);
        }
        for (session, plan) in [("s1", Some("plus")), ("s2", None)] {
            sessions.sessions.extend([Some(session)]);
            sessions.ended_at.push(20);
            sessions.users.extend([Some("ann")]);
            sessions.pseudos.extend([None]);
            sessions.synthetic.push(false);
            sessions.traits.iter_mut().for_each(|names| names.push(None));
            sessions.plans.push(plan);
        }
        let states: [(&str, ArrayRef); 4] = [
            ("account_id", Arc::new(StringArray::from(vec!["acme"; 2]))),
            ("ts", Arc::new(TimestampMicrosecondArray::from(vec![10, 3]))),
            ("plan_tier", Arc::new(StringArray::from(vec!["plus", "free"]))),
            ("load_id", Arc::new(StringArray::from(vec!["load"; 2]))),
        ];
        let mut history = PlanHistory::default();
        history.push(&RecordBatch::try_from_iter(states).unwrap()).unwrap();
        let plans = history.by_account();
        let (users, pseudos) = (&mut of.users, &mut of.pseudos);
        let people = People::new(sessions, users, pseudos, &of.sessions, false);
        let placed = people.place(&of, Unit::User, 1);
        // In order of time: before any plan, then s1 and s2 at 5, then s2 at 15. "free" comes before "plus".
        let sessions = &people.sessions;
        let told = Told { placed: &placed, activities: &of, sessions, plans: &plans };
        let codes = told.plan_codes(&told.plans_of_accounts(), &[0, 1, 2, 3]);
        assert_eq!((codes[0], codes[3]), (NONE, 1));
        let at_five: Vec<_> =
            (1..3).map(|place| (placed.session_at[place], codes[place])).collect();
        assert!(at_five.contains(&(0, 1)) && at_five.contains(&(1, 0)));
    }
}
