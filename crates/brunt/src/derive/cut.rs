//! Cuts an id's rows where it is quiet, so that each piece, a session or a trace, spans two days at most.
//! Of rows without a session id, the program may mark where a session starts and ends, which cuts too.
//!
//! An id is cut where it is quiet for so long, and at the end of a UTC day in which it was never quiet that long.
//! Whether a day was quiet is asked of its own rows: from its start to the first, between them, from the last to its
//! end. A piece that reaches over midnight is therefore the last segment of one day and the first of the next, and
//! ends there: the day that it came from had a quiet stretch before it, the day that it goes to has one after it.

use std::ops::Range;

use brunt_model::Day;

use super::symbols::Sym;

/// A session or trace is over after so much silence.
pub(super) const QUIET_MICROS: i64 = 4 * 3_600_000_000;

/// A session of rows without session id is over after so much silence.
pub(super) const GAP_QUIET_MICROS: i64 = 30 * 60_000_000;

/// No segment.
pub(super) const NO_SEGMENT: u32 = u32::MAX;

/// What a row says of the session that it is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Mark {
    /// It is the first.
    Start,
    None,
    /// It is the last.
    End,
}

/// The rows of one id on one day without a quiet stretch between them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Segment<K = Sym> {
    pub(super) id: K,
    /// `ts` of the first and of the last row.
    pub(super) first: i64,
    pub(super) last: i64,
    /// Which of the id's rows, as places in the order that was cut.
    pub(super) rows: Range<u32>,
    /// Whether its id was never quiet that day; it is then the id's only segment of the day.
    pub(super) never_quiet: bool,
    /// Whether its first row is marked as the start, and its last as the end.
    pub(super) starts: bool,
    pub(super) ends: bool,
}

/// The segments of a day: `ordered` are its rows by (id, time), those without an id left out.
///
/// Marks cut between two times only, so that no two segments of an id have the same first time.
pub(super) fn cut<K: Copy + Ord>(
    day: Day,
    quiet_micros: i64,
    ordered: impl Iterator<Item = (K, i64, Mark)>,
) -> Vec<Segment<K>> {
    let mut segments: Vec<Segment<K>> = Vec::new();
    for (place, (id, ts, mark)) in (0_u32..).zip(ordered) {
        let (starts, ends) = (mark == Mark::Start, mark == Mark::End);
        let goes_on = |open: &Segment<K>| {
            let is_marked = (starts || open.ends) && ts > open.first;
            open.id == id && ts - open.last < quiet_micros && !is_marked
        };
        match segments.last_mut() {
            Some(open) if goes_on(open) => {
                open.last = ts;
                open.rows.end = place + 1;
                open.ends = ends;
            }
            _ => segments.push(Segment {
                id,
                first: ts,
                last: ts,
                rows: place..place + 1,
                never_quiet: false,
                starts,
                ends,
            }),
        }
    }
    for idx in 0..segments.len() {
        let segment = &segments[idx];
        let alone = (idx == 0 || segments[idx - 1].id != segment.id)
            && segments.get(idx + 1).is_none_or(|next| next.id != segment.id);
        let never_quiet = alone
            && segment.first - day.start().0 < quiet_micros
            && day.plus(1).start().0 - segment.last < quiet_micros;
        segments[idx].never_quiet = never_quiet;
    }
    segments
}

/// For each segment of a day the one of the next day that goes on with it, or [`NO_SEGMENT`].
///
/// Both lists are by (id, time), as [`cut`] makes them.
pub(super) fn successors<K: Copy + Ord>(
    before: &[Segment<K>],
    after: &[Segment<K>],
    quiet_micros: i64,
) -> Vec<u32> {
    let mut next = vec![NO_SEGMENT; before.len()];
    let mut first_after = (0_u32..).zip(after).peekable();
    for idx in 0..before.len() {
        let segment = &before[idx];
        let last_of_id = before.get(idx + 1).is_none_or(|other| other.id != segment.id);
        if !last_of_id {
            continue;
        }
        while first_after.next_if(|(_, other)| other.id < segment.id).is_some() {}
        if let Some((after_idx, first)) = first_after.peek()
            && first.id == segment.id
            && !segment.never_quiet
            && first.first - segment.last < quiet_micros
            && !(segment.ends || first.starts)
        {
            next[idx] = *after_idx;
        }
    }
    next
}

#[cfg(test)]
#[allow(
    clippy::cast_possible_truncation,
    clippy::needless_pass_by_value,
    reason = "small values of a test"
)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600_000_000;
    const DAY: i64 = 24 * HOUR;

    /// Cuts times in hours, of one id, as if all days were there, and returns the pieces.
    fn pieces(hours: &[f64]) -> Vec<Vec<f64>> {
        let mut by_day: Vec<(Day, Vec<f64>)> = Vec::new();
        for hour in hours {
            let day = Day((hour / 24.0).floor() as i32);
            match by_day.last_mut() {
                Some((last, rows)) if *last == day => rows.push(*hour),
                _ => by_day.push((day, vec![*hour])),
            }
        }
        let mut pieces: Vec<Vec<f64>> = Vec::new();
        let mut before: Option<(Day, Vec<Segment>)> = None;
        for (day, rows) in by_day {
            let ordered = rows.iter().map(|hour| (Sym(7), (hour * HOUR as f64) as i64, Mark::None));
            let segments = cut(day, QUIET_MICROS, ordered);
            let joined = before.as_ref().is_some_and(|(last_day, last)| {
                last_day.plus(1) == day && successors(last, &segments, QUIET_MICROS).contains(&0)
            });
            for (idx, segment) in segments.iter().enumerate() {
                let part = &rows[segment.rows.start as usize..segment.rows.end as usize];
                match pieces.last_mut() {
                    Some(open) if idx == 0 && joined => open.extend(part),
                    _ => pieces.push(part.to_vec()),
                }
            }
            before = Some((day, segments));
        }
        pieces
    }

    #[test]
    fn a_quiet_stretch_of_four_hours_cuts() {
        assert_eq!(pieces(&[1.0, 4.9, 8.9]), [vec![1.0, 4.9], vec![8.9]]);
        assert_eq!(pieces(&[1.0, 4.99, 8.98]), [vec![1.0, 4.99, 8.98]]);
    }

    #[test]
    fn midnight_alone_does_not_cut() {
        assert_eq!(pieces(&[23.0, 25.0]), [vec![23.0, 25.0]]);
        assert_eq!(pieces(&[10.0, 23.5, 26.0, 34.0]), [vec![10.0], vec![23.5, 26.0], vec![34.0]]);
    }

    #[test]
    fn an_id_that_is_never_quiet_is_cut_at_the_end_of_each_such_day() {
        let every_three_hours: Vec<f64> = (0..32).map(|n| 12.0 + f64::from(n) * 3.0).collect();
        let pieces = pieces(&every_three_hours);
        // Day 0 is quiet until noon and runs on into day 1, which is never quiet; day 4 ends it.
        let starts: Vec<f64> = pieces.iter().map(|piece| piece[0]).collect();
        assert_eq!(starts, [12.0, 48.0, 72.0, 96.0]);
    }

    #[test]
    fn a_day_is_quiet_by_its_own_rows_however_near_those_of_the_next_are() {
        // The first row of day 1 is five hours after midnight, which is quiet, though it is the first.
        assert_eq!(pieces(&[23.0, 29.0, 32.0, 35.0, 38.0, 41.0, 44.0, 47.0, 49.0]).len(), 2);
    }

    #[test]
    fn segments_are_cut_by_id() {
        let rows = [(Sym(1), 0), (Sym(1), HOUR), (Sym(2), 0), (Sym(2), 5 * HOUR)];
        let rows = rows.into_iter().map(|(id, ts)| (id, ts, Mark::None));
        let segments = cut(Day(0), QUIET_MICROS, rows);
        let rows: Vec<(Sym, Range<u32>)> =
            segments.iter().map(|segment| (segment.id, segment.rows.clone())).collect();
        assert_eq!(rows, [(Sym(1), 0..2), (Sym(2), 2..3), (Sym(2), 3..4)]);
    }

    #[test]
    fn successors_are_found_by_id() {
        let segment = |id, first, last, never_quiet| Segment {
            id: Sym(id),
            first,
            last,
            rows: 0..1,
            never_quiet,
            starts: false,
            ends: false,
        };
        let before = [
            segment(1, HOUR, HOUR, false),
            segment(2, 22 * HOUR, 23 * HOUR, false),
            segment(3, 0, 23 * HOUR, true),
            segment(4, 23 * HOUR, 23 * HOUR, false),
        ];
        let after = [
            segment(2, DAY, DAY + HOUR, false),
            segment(3, DAY, DAY, false),
            segment(5, DAY, DAY, false),
        ];
        let expected = [NO_SEGMENT, 0, NO_SEGMENT, NO_SEGMENT];
        assert_eq!(successors(&before, &after, QUIET_MICROS), expected);
        let [mut ends, mut starts] = [before[1].clone(), after[0].clone()];
        (ends.ends, starts.starts) = (true, true);
        assert_eq!(successors(&[ends], &after, QUIET_MICROS), [NO_SEGMENT]);
        assert_eq!(successors(&before[1..2], &[starts], QUIET_MICROS), [NO_SEGMENT]);
    }

    #[test]
    fn marks_cut_and_rows_of_one_time_stay_together() {
        use Mark::{End, None, Start};
        let pieces = |rows: &[(i64, Mark)]| -> Vec<usize> {
            let rows = rows.iter().map(|(ts, mark)| (Sym(1), *ts, *mark));
            cut(Day(0), QUIET_MICROS, rows).iter().map(|segment| segment.rows.len()).collect()
        };
        assert_eq!(pieces(&[(0, None), (1, Start), (2, None)]), [1, 2]);
        assert_eq!(pieces(&[(0, Start), (1, End), (2, None), (3, None)]), [2, 2]);
        // An end and the start after it cut once, and what is cut twice in no time is one.
        assert_eq!(pieces(&[(0, None), (1, End), (2, Start), (3, End)]), [2, 2]);
        assert_eq!(pieces(&[(1, Start), (1, End), (1, Start), (2, None)]), [4]);
    }
}
