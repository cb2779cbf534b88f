//! Which activity carries an error whose trace has none: the latest of its session, else of its user, within two
//! seconds before; else an orphan activity of its own.

use std::collections::{HashMap, HashSet};

use brunt_model::{Day, Ts, day_of};
use twox_hash::XxHash3_128;

use super::facts::UNKNOWN_DAY;
use super::fill::{TraceLevel, trace_level};
use super::occurrences::Occurrence;
use super::symbols::Sym;
use super::units::{Activity, NONE};
use super::window::Window;

/// An error belongs to an activity that ended, or for an event happened, at most so long before.
const BEFORE_MICROS: i64 = 2_000_000;

/// An activity or occurrence: the day whose units have it, and its place there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct InUnits {
    pub(super) day: Day,
    pub(super) place: u32,
}

/// What carries an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Carrier {
    Activity(InUnits),
    /// Place in [`Carried::orphans`].
    Orphan(u32),
}

/// An activity made up for errors that have none: those of one trace on one day share it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Orphan {
    /// The earliest of its errors.
    pub(super) of: InUnits,
    pub(super) id: u128,
    pub(super) n_errors: u32,
}

/// What carries the errors of two days.
#[derive(Debug, Default)]
pub(super) struct Carried {
    carriers: HashMap<InUnits, Carrier>,
    /// Errors from outside an activity's trace.
    from_outside: HashMap<InUnits, u32>,
    pub(super) orphans: Vec<Orphan>,
}

/// Activities by whom they belong to, of those that are asked for.
#[derive(Debug, Default)]
pub(super) struct ByOwner {
    activities: HashMap<Owner, Vec<(i64, u128, InUnits)>>,
}

/// Whom a row belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Owner {
    Session(Sym),
    User(Sym),
    Pseudo(Sym),
}

/// Finds what carries the errors of a day and of the next; the activities of three days have to be known.
pub(super) fn carry(window: &Window, day: Day) -> Carried {
    let mut carried = Carried::default();
    let days = [day, day.plus(1)];
    let mut homeless: Vec<(InUnits, i64, [Option<Owner>; 3])> = Vec::new();
    for (number, occurrence) in days.iter().flat_map(|day| occurrences_on(window, *day)) {
        if occurrence.activity == NONE {
            let level = trace_level(window, occurrence.best_row, occurrence.span);
            homeless.push((number, occurrence.ts, owners(&level)));
        } else {
            let place = occurrence.activity;
            carried.carriers.insert(number, Carrier::Activity(InUnits { place, ..number }));
        }
    }
    homeless.retain(|(_, ts, _)| day_of(Ts(*ts)) != UNKNOWN_DAY);
    let asked =
        homeless.iter().flat_map(|(_, _, owners)| owners.iter().flatten().copied()).collect();
    let by_owner = ByOwner::find(window, &[day.plus(-1), day, day.plus(1)], &asked);
    let mut orphans: HashMap<((InUnits, Option<u32>), Day), u32> = HashMap::new();
    for (number, ts, owners) in homeless {
        if let Some(found) = by_owner.latest(window, &owners, ts) {
            carried.carriers.insert(number, Carrier::Activity(found));
            *carried.from_outside.entry(found).or_default() += 1;
            continue;
        }
        let Some(occurrence) = occurrence(window, number) else { continue };
        // Occurrences come by day and, inside a trace, by time, so the first is the earliest.
        let trace = match occurrence.unit {
            NONE => (number, None),
            unit => (InUnits { day: number.day, place: NONE }, Some(unit)),
        };
        let next = u32::try_from(carried.orphans.len()).unwrap_or(u32::MAX);
        let place = *orphans.entry((trace, day_of(Ts(ts)))).or_insert(next);
        if place == next {
            let id = XxHash3_128::oneshot(
                &[b"orphan".as_slice(), &occurrence.id.to_le_bytes()].concat(),
            );
            carried.orphans.push(Orphan { of: number, id, n_errors: 0 });
        }
        carried.orphans[place as usize].n_errors += 1;
        carried.carriers.insert(number, Carrier::Orphan(place));
    }
    carried
}

/// The activities with `ts` on a day.
pub(super) fn activities_on(
    window: &Window,
    day: Day,
) -> impl Iterator<Item = (InUnits, &Activity)> {
    reaching(day).into_iter().filter(|from| window.has(*from)).flat_map(move |from| {
        let units = window.state(from).units.as_ref();
        let all = units.map(|units| units.activities.as_slice()).unwrap_or_default();
        let numbered = (0_u32..).zip(all).filter(move |(_, one)| day_of(Ts(one.ts)) == day);
        numbered.map(move |(place, activity)| (InUnits { day: from, place }, activity))
    })
}

/// The occurrences with `ts` on a day; those of one trace by time.
pub(super) fn occurrences_on(
    window: &Window,
    day: Day,
) -> impl Iterator<Item = (InUnits, &Occurrence)> {
    reaching(day).into_iter().filter(|from| window.has(*from)).flat_map(move |from| {
        let units = window.state(from).units.as_ref();
        let all = units.map(|units| units.occurrences.as_slice()).unwrap_or_default();
        let numbered = (0_u32..).zip(all).filter(move |(_, one)| day_of(Ts(one.ts)) == day);
        numbered.map(move |(place, occurrence)| (InUnits { day: from, place }, occurrence))
    })
}

pub(super) fn activity(window: &Window, number: InUnits) -> Option<&Activity> {
    window.state(number.day).units.as_ref()?.activities.get(number.place as usize)
}

pub(super) fn occurrence(window: &Window, number: InUnits) -> Option<&Occurrence> {
    window.state(number.day).units.as_ref()?.occurrences.get(number.place as usize)
}

/// Session, user, anonymous user: in this order they are asked.
pub(super) fn owners(level: &TraceLevel) -> [Option<Owner>; 3] {
    [
        level.session.value().map(|(session, _)| Owner::Session(session)),
        level.user.value().map(Owner::User),
        level.pseudo.is_some().then_some(Owner::Pseudo(level.pseudo)),
    ]
}

impl Carried {
    pub(super) fn carrier(&self, number: InUnits) -> Option<Carrier> {
        self.carriers.get(&number).copied()
    }

    /// The key of the activity that carries an error; `None` where the error's time is unknown.
    pub(super) fn activity_id(&self, window: &Window, number: InUnits) -> Option<u128> {
        match self.carrier(number)? {
            Carrier::Activity(found) => activity(window, found).map(|activity| activity.id),
            Carrier::Orphan(place) => self.orphans.get(place as usize).map(|orphan| orphan.id),
        }
    }

    /// How many errors an activity carries.
    pub(super) fn n_errors(&self, number: InUnits, activity: &Activity) -> u32 {
        activity.n_errors + self.from_outside.get(&number).copied().unwrap_or_default()
    }
}

impl ByOwner {
    /// The activities of these days that belong to one of those asked for.
    pub(super) fn find(window: &Window, days: &[Day], asked: &HashSet<Owner>) -> Self {
        let mut found = Self::default();
        if asked.is_empty() {
            return found;
        }
        for (number, activity) in days.iter().flat_map(|day| activities_on(window, *day)) {
            let level = trace_level(window, activity.at, None);
            for owner in owners(&level).into_iter().flatten().filter(|owner| asked.contains(owner))
            {
                let of_owner = found.activities.entry(owner).or_default();
                of_owner.push((activity.ts, activity.id, number));
            }
        }
        for activities in found.activities.values_mut() {
            activities.sort_unstable();
        }
        found
    }

    /// The latest activity of the session, else of the user, that began by then and ended at most two seconds before.
    pub(super) fn latest(
        &self,
        window: &Window,
        owners: &[Option<Owner>; 3],
        ts: i64,
    ) -> Option<InUnits> {
        owners.iter().flatten().find_map(|owner| {
            let activities = self.activities.get(owner)?;
            let n_begun = activities.partition_point(|(began, _, _)| *began <= ts);
            let (_, _, number) = activities[..n_begun].last()?;
            let end = activity(window, *number)?.end;
            (ts <= end.saturating_add(BEFORE_MICROS)).then_some(*number)
        })
    }
}

/// The days whose units can have something on this day.
fn reaching(day: Day) -> [Day; 2] {
    [day.plus(-1), day]
}

#[cfg(test)]
#[allow(
    clippy::cast_possible_truncation,
    clippy::needless_pass_by_value,
    reason = "small values of a test"
)]
mod tests {
    use serde_json::{Value, json};

    use crate::derive::testing::{Memory, event, log, span};

    fn failed(time: &str, more: Value) -> Value {
        let mut row = log(time, 0, json!({"severity_number": 17, "body": "broken"}));
        for (key, value) in more.as_object().unwrap() {
            row[key] = value.clone();
        }
        row
    }

    /// The operation of the activity that carries the only error.
    fn carried_by(memory: &mut Memory) -> String {
        let id = memory.derived().row("errors")["activity_id"].clone();
        let activities = memory.rows("activities");
        let found = activities.iter().find(|row| row["activity_id"] == id).unwrap();
        assert_eq!(found["n_errors"], 1);
        found["op"].as_str().unwrap().to_owned()
    }

    #[test]
    fn an_error_without_a_trace_belongs_to_the_latest_activity_of_its_session() {
        let mut memory = Memory::default();
        memory
            .add(
                "events",
                &[
                    event("10:00:00", "s", json!({"event_name": "first"})),
                    event("10:00:01", "s", json!({"event_name": "second"})),
                    event("10:00:02", "t", json!({"event_name": "other"})),
                ],
            )
            .add("logs", &[failed("10:00:03", json!({"session_id": "s"}))]);
        assert_eq!(carried_by(&mut memory), "second");
    }

    #[test]
    fn two_seconds_are_counted_from_a_requests_end() {
        for (time, op) in [("10:00:07", "work"), ("10:00:08", "(orphan)")] {
            let mut memory = Memory::default();
            memory
                .add(
                    "spans",
                    &[span(
                        "10:00:00",
                        1,
                        1,
                        0,
                        json!({
                            "user_id": "u", "duration_ns": 5_000_000_000_i64
                        }),
                    )],
                )
                .add("logs", &[failed(time, json!({"user_id": "u"}))]);
            assert_eq!(carried_by(&mut memory), op);
        }
    }

    #[test]
    fn midnight_is_no_border() {
        let mut memory = Memory::default();
        memory
            .add("events", &[event("2025-01-06T23:59:59Z", "s", json!({"event_name": "late"}))])
            .add("logs", &[failed("2025-01-07T00:00:01Z", json!({"session_id": "s"}))]);
        assert_eq!(carried_by(&mut memory), "late");
    }

    #[test]
    fn an_error_of_a_trace_belongs_to_the_root_above_it() {
        let mut memory = Memory::default();
        memory
            .add(
                "spans",
                &[
                    span("10:00:00", 1, 1, 0, json!({"span_name": "first"})),
                    span("10:00:01", 1, 2, 1, json!({})),
                    span("10:00:02", 1, 3, 0, json!({"span_name": "second"})),
                ],
            )
            .add(
                "logs",
                &[failed(
                    "10:00:03",
                    json!({
                        "trace_id": format!("{:032x}", 1), "span_id": format!("{:016x}", 2)
                    }),
                )],
            );
        assert_eq!(carried_by(&mut memory), "first");
    }
}
