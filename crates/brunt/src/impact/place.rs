//! Whose each activity is: units, each with its activities in order.

use brunt_stats::m1::{NONE, Unit};

use super::codes::{ByKey, Ids, count};
use super::read::{Activities, Sessions};
use super::threads::both;
use crate::definitions;

/// Which user an anonymous id became, which sessions there are, and what a journey's unit is.
#[derive(Debug)]
pub(super) struct People<'a> {
    sessions: &'a Sessions,
    /// By code of the session.
    session_rows: Vec<u32>,
    /// `None` where an anonymous id became several users.
    user_of_pseudo: ByKey<Option<u128>>,
    with_synthetic: bool,
}

/// The activities of all units.
#[derive(Debug)]
pub(super) struct Placed {
    /// Without their steps, which are a journey's.
    pub(super) units: Vec<Unit>,
    /// Rows of activities by unit, each unit's by (time, sequence, id).
    pub(super) order: Vec<u32>,
    /// Where in the order a row is; `NONE` for those left out.
    places: Vec<u32>,
    /// The unit at each place of the order.
    pub(super) unit_at: Vec<u32>,
    /// For each place of the order, the row of its session, or `NONE`.
    pub(super) session_at: Vec<u32>,
    unit_of: ByKey<u32>,
    by: definitions::Unit,
}

/// The ids that a row carries.
#[derive(Debug, Clone, Copy)]
pub(super) struct Who<'a> {
    pub(super) users: &'a Ids,
    pub(super) pseudos: &'a Ids,
    pub(super) sessions: &'a Ids,
}

impl Placed {
    /// Where in the order a row of activities is; `None` where it is left out or is none.
    pub(super) fn place(&self, row: u32) -> Option<u32> {
        self.places.get(row as usize).copied().filter(|place| *place != NONE)
    }
}

impl<'a> People<'a> {
    /// An anonymous id is the one user that any session or activity ever had with it.
    pub(super) fn new(
        sessions: &'a Sessions,
        activities: &Activities,
        with_synthetic: bool,
    ) -> Self {
        let mut session_rows = vec![NONE; sessions.sessions.keys.len()];
        for (row, code) in (0..).zip(&sessions.sessions.codes) {
            session_rows[*code as usize] = row;
        }
        let mut user_of_pseudo = ByKey::default();
        add_users(&sessions.users, &sessions.pseudos, &mut user_of_pseudo);
        add_users(&activities.users, &activities.pseudos, &mut user_of_pseudo);
        Self { sessions, session_rows, user_of_pseudo, with_synthetic }
    }

    /// Puts every activity that somebody did with its unit: the user where one is known and the journey follows
    /// users, else the session.
    pub(super) fn place(
        &self,
        activities: &Activities,
        by: definitions::Unit,
        n_threads: usize,
    ) -> Placed {
        let who = Who {
            users: &activities.users,
            pseudos: &activities.pseudos,
            sessions: &activities.sessions,
        };
        let session_of_code = self.rows_of(&activities.sessions);
        let session_of = |row: usize| match activities.sessions.codes[row] {
            NONE => NONE,
            code => session_of_code[code as usize],
        };
        let left_out = |row: usize| {
            let of_session =
                || self.sessions.synthetic.get(session_of(row) as usize).copied().unwrap_or(false);
            !self.with_synthetic && (activities.synthetic[row] || of_session())
        };
        let n_rows = activities.ts.len();
        let key_of = |row: usize| if left_out(row) { None } else { self.unit_key(who, row, by) };
        let (unit_of, unit_of_row) = number(n_rows, key_of);
        let (order, first_of_unit) = group(&unit_of_row, unit_of.len(), |row| {
            let row = row as usize;
            (activities.ts[row], activities.sequence_nos[row], activities.ids[row])
        });
        let ((places, unit_at), session_at) = both(
            n_threads,
            || {
                let mut places = vec![NONE; n_rows];
                for (place, row) in (0..).zip(&order) {
                    places[*row as usize] = place;
                }
                let unit_at = order.iter().map(|row| unit_of_row[*row as usize]).collect();
                (places, unit_at)
            },
            || order.iter().map(|row| session_of(*row as usize)).collect(),
        );
        let mut placed = Placed {
            units: Vec::with_capacity(unit_of.len()),
            places,
            unit_at,
            session_at,
            order,
            unit_of,
            by,
        };
        self.describe(activities, who, &first_of_unit, &mut placed);
        placed
    }

    /// The unit of a row that no activity is known for.
    pub(super) fn unit(&self, placed: &Placed, who: Who<'_>, row: usize) -> Option<u32> {
        let session = who.sessions.key(row).and_then(|key| self.session_row(key));
        let synthetic = session.is_some_and(|row| self.sessions.synthetic[row as usize]);
        if synthetic && !self.with_synthetic {
            return None;
        }
        placed.unit_of.get(&self.unit_key(who, row, placed.by)?).copied()
    }

    fn unit_key(&self, who: Who<'_>, row: usize, by: definitions::Unit) -> Option<u128> {
        match by {
            definitions::Unit::User => self.user(who, row).or_else(|| who.sessions.key(row)),
            definitions::Unit::Session => who.sessions.key(row),
        }
    }

    fn user(&self, who: Who<'_>, row: usize) -> Option<u128> {
        let became = || self.user_of_pseudo.get(&who.pseudos.key(row)?).copied().flatten();
        who.users.key(row).or_else(became)
    }

    fn rows_of(&self, sessions: &Ids) -> Vec<u32> {
        sessions.keys.iter().map(|key| self.session_row(*key).unwrap_or(NONE)).collect()
    }

    fn session_row(&self, key: u128) -> Option<u32> {
        let code = self.sessions.sessions.code(key)?;
        self.session_rows.get(code as usize).copied()
    }

    /// Fills in who each unit is: the first user and the first account that its activities name.
    fn describe(
        &self,
        activities: &Activities,
        who: Who<'_>,
        first_of_unit: &[u32],
        placed: &mut Placed,
    ) {
        let mut user_codes = ByKey::default();
        for bounds in first_of_unit.windows(2) {
            let own = bounds[0] as usize..bounds[1] as usize;
            let rows = || placed.order[own.clone()].iter().map(|row| *row as usize);
            let user = rows().find_map(|row| self.user(who, row));
            let next = count(user_codes.len());
            let is_user = rows().next().is_some_and(|row| {
                placed.by == definitions::Unit::User && self.user(who, row).is_some()
            });
            let sessions = placed.session_at[own.clone()].iter().map(|row| *row as usize);
            let ended_at = sessions.filter_map(|row| self.sessions.ended_at.get(row).copied());
            let last = rows().next_back().map(|row| activities.ts[row]);
            let unit = Unit {
                n_activities: count(own.len()),
                n_steps: 0,
                user: user.map(|key| *user_codes.entry(key).or_insert(next)),
                account: rows()
                    .map(|row| activities.accounts.codes[row])
                    .find(|code| *code != NONE),
                ends_at: if is_user { None } else { ended_at.chain(last).max() },
            };
            placed.units.push(unit);
        }
    }
}

fn add_users(users: &Ids, pseudos: &Ids, user_of_pseudo: &mut ByKey<Option<u128>>) {
    let mut last = (NONE, NONE);
    for pair in users.codes.iter().copied().zip(pseudos.codes.iter().copied()) {
        if pair == last || pair.0 == NONE || pair.1 == NONE {
            continue;
        }
        last = pair;
        let user = users.keys[pair.0 as usize];
        let known = user_of_pseudo.entry(pseudos.keys[pair.1 as usize]).or_insert(Some(user));
        *known = known.filter(|known| *known == user);
    }
}

/// Numbers distinct keys in their own order, so that numbers do not depend on that of rows; `NONE` for rows without.
fn number(n_rows: usize, key_of: impl Fn(usize) -> Option<u128>) -> (ByKey<u32>, Vec<u32>) {
    let mut numbers: ByKey<u32> = ByKey::default();
    let mut keys = Vec::new();
    let mut last = None;
    let mut of_row: Vec<u32> = Vec::with_capacity(n_rows);
    for row in 0..n_rows {
        let key = key_of(row);
        let number = match key {
            None => NONE,
            Some(_) if key == last => of_row[row - 1],
            Some(key) => *numbers.entry(key).or_insert_with(|| {
                keys.push(key);
                count(keys.len() - 1)
            }),
        };
        last = key;
        of_row.push(number);
    }
    let mut sorted: Vec<u32> = (0..count(keys.len())).collect();
    sorted.sort_unstable_by_key(|number| keys[*number as usize]);
    let mut places = vec![0; keys.len()];
    for (place, number) in (0..).zip(sorted) {
        places[number as usize] = place;
    }
    of_row
        .iter_mut()
        .filter(|number| **number != NONE)
        .for_each(|number| *number = places[*number as usize]);
    for number in numbers.values_mut() {
        *number = places[*number as usize];
    }
    (numbers, of_row)
}

/// Rows by group, each group's in order of `key`, and where each group begins, with the end of the last.
pub(super) fn group<K: Ord>(
    group_of: &[u32],
    n_groups: usize,
    key: impl Fn(u32) -> K,
) -> (Vec<u32>, Vec<u32>) {
    let mut first = vec![0; n_groups + 1];
    for group in group_of.iter().filter(|group| **group != NONE) {
        first[*group as usize + 1] += 1;
    }
    for group in 0..n_groups {
        first[group + 1] += first[group];
    }
    let mut next = first.clone();
    let mut order = vec![0; first[n_groups] as usize];
    for (row, group) in (0..).zip(group_of).filter(|(_, group)| **group != NONE) {
        let at = &mut next[*group as usize];
        order[*at as usize] = row;
        *at += 1;
    }
    for bounds in first.windows(2) {
        let own = &mut order[bounds[0] as usize..bounds[1] as usize];
        // Most are in order as they were read.
        if !own.is_sorted_by_key(|row| key(*row)) {
            own.sort_unstable_by_key(|row| key(*row));
        }
    }
    (order, first)
}

#[cfg(test)]
mod tests {
    use super::super::codes::{Kind, key};
    use super::*;

    /// Rows of (minute, session, user, anonymous id).
    fn activities(rows: &[(i64, &str, Option<&str>, Option<&str>)]) -> Activities {
        let mut to = Activities::default();
        for (n, (minute, session, user, pseudo)) in rows.iter().enumerate() {
            to.ts.push(minute * 60_000_000);
            to.ids.push(key(Kind::Activity, &n.to_string(), 0));
            to.ops.push(Some("op"));
            to.orphan.push(false);
            to.synthetic.push(*session == "bot");
            to.sequence_nos.push(i64::MIN);
            to.sessions.extend([Some(*session)]);
            to.users.extend([*user]);
            to.pseudos.extend([*pseudo]);
            to.accounts.extend([user.map(|_| "acme")]);
        }
        to
    }

    fn sessions(ids: &[&str]) -> Sessions {
        let mut to = Sessions::default();
        for id in ids {
            to.sessions.extend([Some(*id)]);
            to.ended_at.push(3_600_000_000);
            to.users.extend([None]);
            to.pseudos.extend([None]);
            to.synthetic.push(false);
        }
        to
    }

    /// The minutes of each unit's activities, in the order of the earliest.
    fn minutes(of: &Activities, by: definitions::Unit) -> Vec<Vec<i64>> {
        let sessions = sessions(&["s1", "s2", "s3"]);
        let placed = People::new(&sessions, of, false).place(of, by, 2);
        let mut at = 0;
        let mut all: Vec<Vec<i64>> = Vec::new();
        for unit in &placed.units {
            let own = &placed.order[at..at + unit.n_activities as usize];
            all.push(own.iter().map(|row| of.ts[*row as usize] / 60_000_000).collect());
            at += own.len();
        }
        all.sort();
        all
    }

    #[test]
    fn an_anonymous_id_is_the_one_user_that_it_became() {
        let of = activities(&[
            (3, "s2", Some("ann"), Some("a")),
            (1, "s1", None, Some("a")),
            (2, "s3", None, Some("b")),
            (9, "bot", Some("ann"), None),
        ]);
        assert_eq!(minutes(&of, definitions::Unit::User), [vec![1, 3], vec![2]]);
        assert_eq!(minutes(&of, definitions::Unit::Session), [vec![1], vec![2], vec![3]]);
    }

    #[test]
    fn an_anonymous_id_of_two_users_is_nobody() {
        let of = activities(&[
            (1, "s1", Some("ann"), Some("a")),
            (2, "s2", Some("bob"), Some("a")),
            (3, "s3", None, Some("a")),
        ]);
        assert_eq!(minutes(&of, definitions::Unit::User), [vec![1], vec![2], vec![3]]);
    }

    #[test]
    fn users_have_no_end_and_sessions_have_their_own() {
        let of = activities(&[
            (1, "s1", Some("ann"), None),
            (70, "s2", None, None),
            (2, "s3", None, None),
        ]);
        let sessions = sessions(&["s1", "s2", "s3"]);
        let placed = People::new(&sessions, &of, false).place(&of, definitions::Unit::User, 1);
        let mut ends: Vec<_> =
            placed.units.iter().map(|unit| (unit.user.is_some(), unit.ends_at)).collect();
        ends.sort();
        assert_eq!(
            ends,
            [(false, Some(3_600_000_000)), (false, Some(4_200_000_000)), (true, None)]
        );
        assert_eq!(placed.units.iter().filter(|unit| unit.account.is_some()).count(), 1);
    }
}
