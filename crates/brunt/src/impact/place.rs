//! Whose each activity is: units, each with its activities in order.

use std::thread;

use brunt_stats::m1::{NONE, Unit};
use brunt_stats::threads::{both, in_parts};

use super::codes::{Ids, count};
use super::read::{Activities, Rows, Sessions};
use crate::definitions;

/// Marks an anonymous id that became several users, while they are counted.
const SEVERAL: u32 = NONE - 1;

/// Which user an anonymous id became, which sessions there are, and what a journey's unit is. Codes of users,
/// anonymous ids and sessions are those of the activities.
#[derive(Debug)]
pub(super) struct People {
    pub(super) sessions: Sessions,
    /// By the session's code among sessions.
    session_rows: Vec<u32>,
    /// By the session's code: its row among sessions, or `NONE`.
    row_of_session: Vec<u32>,
    /// By the anonymous id's code; `NONE` where it became nobody, or several users.
    user_of_pseudo: Vec<u32>,
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
    /// Units of users by their codes, then units of sessions by theirs; `NONE` for those that are no unit.
    unit_of: Vec<u32>,
    by: definitions::Unit,
}

/// The ids of somebody who did something, as codes among those of the activities.
#[derive(Debug, Clone, Copy)]
struct Who {
    user: u32,
    pseudo: u32,
    session: u32,
}

impl Placed {
    /// Where in the order a row of activities is; `None` where it is left out or is none.
    pub(super) fn place(&self, row: u32) -> Option<u32> {
        self.places.get(row as usize).copied().filter(|place| *place != NONE)
    }
}

impl People {
    /// An anonymous id is the one user that any session or activity ever had with it. The activities' ids know those
    /// of the sessions from here on.
    pub(super) fn new(
        sessions: Sessions,
        users: &mut Ids,
        pseudos: &mut Ids,
        of_sessions: &Ids,
        with_synthetic: bool,
    ) -> Self {
        let mut session_rows = vec![NONE; sessions.sessions.keys.len()];
        for (row, code) in (0..).zip(&sessions.sessions.codes) {
            session_rows[*code as usize] = row;
        }
        let row = |code: u32| session_rows.get(code as usize).copied().unwrap_or(NONE);
        let row_of_session = sessions.sessions.codes_of(of_sessions).into_iter().map(row).collect();
        let (user_codes, pseudo_codes) =
            (users.join(&sessions.users), pseudos.join(&sessions.pseudos));
        let mut user_of_pseudo = vec![NONE; pseudos.keys.len()];
        let mut became = |user: Option<&u32>, pseudo: Option<&u32>| {
            if let (Some(&user), Some(&pseudo)) = (user, pseudo)
                && user != NONE
                && let Some(known) = user_of_pseudo.get_mut(pseudo as usize)
            {
                *known = if [NONE, user].contains(known) { user } else { SEVERAL };
            }
        };
        for (user, pseudo) in users.codes.iter().zip(&pseudos.codes) {
            became(Some(user), Some(pseudo));
        }
        for (user, pseudo) in sessions.users.codes.iter().zip(&sessions.pseudos.codes) {
            became(user_codes.get(*user as usize), pseudo_codes.get(*pseudo as usize));
        }
        for user in user_of_pseudo.iter_mut().filter(|user| **user == SEVERAL) {
            *user = NONE;
        }
        Self { sessions, session_rows, row_of_session, user_of_pseudo, with_synthetic }
    }

    /// About how many bytes it takes.
    pub(super) fn size(&self) -> usize {
        let rows = self.session_rows.capacity() + self.row_of_session.capacity();
        self.sessions.size() + 4 * (rows + self.user_of_pseudo.capacity())
    }

    /// Puts every activity that somebody did with its unit: the user where one is known and the journey follows
    /// users, else the session.
    pub(super) fn place(
        &self,
        activities: &Activities,
        by: definitions::Unit,
        n_threads: usize,
    ) -> Placed {
        let who = |row: usize| Who {
            user: activities.users.codes[row],
            pseudo: activities.pseudos.codes[row],
            session: activities.sessions.codes[row],
        };
        let session_of = |row: usize| self.session_row(activities.sessions.codes[row]);
        let left_out = |row: usize| {
            let of_session =
                || self.sessions.synthetic.get(session_of(row) as usize).copied().unwrap_or(false);
            !self.with_synthetic && (activities.synthetic[row] || of_session())
        };
        let n_rows = activities.ts.len();
        let n_users = count(activities.users.keys.len());
        let possible = |row: usize| {
            let unit = (!left_out(row)).then(|| self.possible_unit(who(row), n_users, by));
            unit.flatten().unwrap_or(NONE)
        };
        let possible = in_parts(n_rows, n_threads, |rows| rows.map(possible).collect());
        let (unit_of, n_units) =
            number(&possible, [&activities.users.keys, &activities.sessions.keys]);
        let unit = |row: usize| unit_of.get(possible[row] as usize).copied().unwrap_or(NONE);
        let unit_of_row = in_parts(n_rows, n_threads, |rows| rows.map(unit).collect());
        let (order, first_of_unit) = group(&unit_of_row, n_units, n_threads, |row| {
            let row = row as usize;
            (activities.ts[row], activities.sequence_nos[row], activities.ids[row])
        });
        let (places, session_at) = both(
            n_threads,
            || {
                let mut places = vec![NONE; n_rows];
                for (place, row) in (0..).zip(&order) {
                    places[*row as usize] = place;
                }
                places
            },
            || order.iter().map(|row| session_of(*row as usize)).collect::<Vec<u32>>(),
        );
        let mut unit_at = Vec::with_capacity(order.len());
        for (unit, bounds) in (0..).zip(first_of_unit.windows(2)) {
            unit_at.resize(bounds[1] as usize, unit);
        }
        let describe = |unit: usize| {
            let own = first_of_unit[unit] as usize..first_of_unit[unit + 1] as usize;
            let rows = || order[own.clone()].iter().map(|row| *row as usize);
            let user = rows().find_map(|row| self.user(who(row)));
            let is_user = by == definitions::Unit::User
                && rows().next().is_some_and(|row| self.user(who(row)).is_some());
            let sessions = session_at[own.clone()].iter().map(|row| *row as usize);
            let ended_at = sessions.filter_map(|row| self.sessions.ended_at.get(row).copied());
            let last = rows().next_back().map(|row| activities.ts[row]);
            Unit {
                n_activities: count(own.len()),
                n_steps: 0,
                user,
                account: rows()
                    .map(|row| activities.accounts.codes[row])
                    .find(|code| *code != NONE),
                ends_at: if is_user { None } else { ended_at.chain(last).max() },
            }
        };
        let units = in_parts(n_units, n_threads, |units| units.map(describe).collect());
        Placed { units, order, places, unit_at, session_at, unit_of, by }
    }

    /// The unit of a row of other columns, for which no activity is known.
    pub(super) fn unit(
        &self,
        placed: &Placed,
        activities: &Activities,
        [users, pseudos, sessions]: [&Ids; 3],
        row: usize,
    ) -> Option<u32> {
        let session = sessions.key(row);
        let own_row = session.and_then(|key| self.sessions.sessions.code(key));
        let own_row = own_row.and_then(|code| self.session_rows.get(code as usize));
        if !self.with_synthetic && own_row.is_some_and(|row| self.sessions.synthetic[*row as usize])
        {
            return None;
        }
        let code = |ids: &Ids, key: Option<u128>| key.and_then(|key| ids.code(key)).unwrap_or(NONE);
        let user = users.key(row);
        let who = Who {
            user: code(&activities.users, user),
            pseudo: code(&activities.pseudos, pseudos.key(row)),
            session: code(&activities.sessions, session),
        };
        if placed.by == definitions::Unit::User && user.is_some() && who.user == NONE {
            return None;
        }
        let n_users = count(activities.users.keys.len());
        let unit = self.possible_unit(who, n_users, placed.by)?;
        placed.unit_of.get(unit as usize).copied().filter(|unit| *unit != NONE)
    }

    /// The code of the user, or that of the session above all of users.
    fn possible_unit(&self, who: Who, n_users: u32, by: definitions::Unit) -> Option<u32> {
        let user = || self.user(who).filter(|_| by == definitions::Unit::User);
        user().or_else(|| (who.session != NONE).then(|| n_users.saturating_add(who.session)))
    }

    fn user(&self, who: Who) -> Option<u32> {
        let became = || self.user_of_pseudo.get(who.pseudo as usize).copied().unwrap_or(NONE);
        Some(if who.user == NONE { became() } else { who.user }).filter(|user| *user != NONE)
    }

    /// The row of a session among sessions, or `NONE`.
    fn session_row(&self, code: u32) -> u32 {
        self.row_of_session.get(code as usize).copied().unwrap_or(NONE)
    }
}

/// Numbers the units that rows have, out of all possible ones, in the order of their keys, so that numbers do not
/// depend on the order of rows. Gives the number of each possible one, `NONE` where no row has it, and how many have
/// one.
fn number(of_row: &[u32], keys: [&[u128]; 2]) -> (Vec<u32>, usize) {
    let mut numbers = vec![NONE; keys[0].len() + keys[1].len()];
    for possible in of_row {
        if let Some(number) = numbers.get_mut(*possible as usize) {
            *number = 0;
        }
    }
    let possible = keys[0].iter().chain(keys[1]).copied().zip(0..);
    let mut used: Vec<(u128, u32)> =
        possible.filter(|(_, possible)| numbers[*possible as usize] == 0).collect();
    used.sort_unstable();
    for (number, (_, possible)) in (0..).zip(&used) {
        numbers[*possible as usize] = number;
    }
    (numbers, used.len())
}

/// Rows by group, each group's in order of `key`, and where each group begins, with the end of the last.
pub(super) fn group<K: Ord>(
    group_of: &[u32],
    n_groups: usize,
    n_threads: usize,
    key: impl Fn(u32) -> K + Sync,
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
    let sort = |own: &mut [u32], bounds: &[u32]| {
        for group in bounds.windows(2) {
            let [start, end] = [group[0], group[1]].map(|at| (at - bounds[0]) as usize);
            let own = &mut own[start..end];
            // Most are in order as they were read.
            if !own.is_sorted_by_key(|row| key(*row)) {
                own.sort_unstable_by_key(|row| key(*row));
            }
        }
    };
    thread::scope(|scope| {
        let n_rows = order.len();
        let (mut rest, mut from) = (order.as_mut_slice(), 0);
        for part in 1..n_threads.max(1) {
            let row = count(n_rows * part / n_threads);
            let until = first.partition_point(|start| *start < row).clamp(from, n_groups);
            let (own, after) = rest.split_at_mut((first[until] - first[from]) as usize);
            let bounds = &first[from..=until];
            scope.spawn(|| sort(own, bounds));
            (rest, from) = (after, until);
        }
        sort(rest, &first[from..]);
    });
    (order, first)
}

#[cfg(test)]
mod tests {
    use super::super::codes::{Kind, key};
    use super::*;

    fn people(sessions: Sessions, of: &mut Activities) -> People {
        People::new(sessions, &mut of.users, &mut of.pseudos, &of.sessions, false)
    }

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
    fn minutes(of: &mut Activities, by: definitions::Unit) -> Vec<Vec<i64>> {
        let sessions = sessions(&["s1", "s2", "s3"]);
        let placed = people(sessions, of).place(of, by, 2);
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
        let mut of = activities(&[
            (3, "s2", Some("ann"), Some("a")),
            (1, "s1", None, Some("a")),
            (2, "s3", None, Some("b")),
            (9, "bot", Some("ann"), None),
        ]);
        assert_eq!(minutes(&mut of, definitions::Unit::User), [vec![1, 3], vec![2]]);
        assert_eq!(minutes(&mut of, definitions::Unit::Session), [vec![1], vec![2], vec![3]]);
    }

    #[test]
    fn an_anonymous_id_of_two_users_is_nobody() {
        let mut of = activities(&[
            (1, "s1", Some("ann"), Some("a")),
            (2, "s2", Some("bob"), Some("a")),
            (3, "s3", None, Some("a")),
        ]);
        assert_eq!(minutes(&mut of, definitions::Unit::User), [vec![1], vec![2], vec![3]]);
    }

    #[test]
    fn users_have_no_end_and_sessions_have_their_own() {
        let mut of = activities(&[
            (1, "s1", Some("ann"), None),
            (70, "s2", None, None),
            (2, "s3", None, None),
        ]);
        let sessions = sessions(&["s1", "s2", "s3"]);
        let placed = people(sessions, &mut of).place(&of, definitions::Unit::User, 1);
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
