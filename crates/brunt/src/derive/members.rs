//! What the rows of each session carry themselves or got from their traces: the evidence of the second step.

use brunt_model::Day;

use super::evidence::{Evidence, Seen};
use super::fill::{unit, unit_of};
use super::window::{At, Window};

/// The evidence of a day's session segments, from the rows of that day and their traces.
#[derive(Debug, Default)]
pub(super) struct Members {
    pub(super) evidence: Vec<Evidence>,
}

/// Gathers the evidence of a day's session segments.
///
/// The rows of a session are those that carry its id and those that get it from their trace. Of a trace that agrees on
/// the session all rows are members, so all that they carry counts; of one that does not, only the row that carries the
/// session's id, with what it carries or what its trace agrees on.
pub(super) fn find(window: &Window, day: Day) -> Members {
    let facts = window.facts(day);
    let mut evidence = facts.sessions.own.clone();
    for (segment_idx, segment) in facts.sessions.segments.iter().enumerate() {
        let mut last = None;
        for row_idx in &facts.sessions.rows[segment.rows.start as usize..segment.rows.end as usize]
        {
            let Some(number) = unit_of(window, At { day, row: *row_idx }) else { continue };
            let row = &facts.rows[*row_idx as usize];
            let agrees = unit(window, number).map(|unit| unit.evidence.session)
                == Some(Seen::One(segment.id));
            if last == Some(number) && agrees {
                continue;
            }
            last = Some(number);
            let Some(unit) = unit(window, number) else { continue };
            let of_trace = if agrees {
                unit.evidence
            } else {
                let agreed = |own, seen: Seen| if own { Seen::None } else { Seen::of(seen.one()) };
                Evidence {
                    session: Seen::None,
                    user: agreed(row.user.is_some(), unit.evidence.user),
                    account: agreed(row.account.is_some(), unit.evidence.account),
                    pseudo: agreed(row.pseudo.is_some(), unit.evidence.pseudo),
                }
            };
            evidence[segment_idx] = evidence[segment_idx].and(of_trace);
        }
    }
    Members { evidence }
}
