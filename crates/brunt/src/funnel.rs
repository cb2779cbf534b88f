//! The kernel of `window_funnel`: how far the best chain through sorted events gets.

/// A row: when, and which conditions it met (bit 0 is the first).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Event {
    pub(crate) micros: i64,
    pub(crate) met: u64,
}

/// What is asked.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Funnel {
    pub(crate) n_conditions: usize,
    /// From the first event of a chain to its last.
    pub(crate) window_micros: i64,
    pub(crate) strict_deduplication: bool,
    pub(crate) strict_order: bool,
    pub(crate) strict_increase: bool,
}

/// A chain that reached some condition: when it began and when it got there.
#[derive(Debug, Clone, Copy)]
struct Chain {
    began: i64,
    reached: i64,
}

impl Event {
    /// By time; at one time rows that meet nothing first, then earlier conditions, as in ClickHouse, so that the answer
    /// does not depend on the order of rows.
    pub(crate) fn order(&self) -> (i64, u32, u64) {
        let first = if self.met == 0 { 0 } else { 1 + self.met.trailing_zeros() };
        (self.micros, first, self.met)
    }
}

/// The number of conditions that some chain met in order. Events are sorted by [`Event::order`].
///
/// For each condition only the chain that began last is kept: it has the most of its window left. A row takes its
/// conditions from the last to the first, so that it never follows on itself.
pub(crate) fn level(funnel: &Funnel, events: &[Event]) -> usize {
    let mut chains: Vec<Option<Chain>> = vec![None; funnel.n_conditions];
    for event in events {
        if event.met == 0 && chains[0].is_some() {
            // Only strict order keeps such rows.
            break;
        }
        let mut interrupted = false;
        for condition_idx in (0..funnel.n_conditions).rev() {
            if event.met >> condition_idx & 1 == 0 {
                continue;
            }
            let Some(before_idx) = condition_idx.checked_sub(1) else {
                chains[0] = Some(Chain { began: event.micros, reached: event.micros });
                continue;
            };
            if funnel.strict_deduplication && chains[condition_idx].is_some() {
                interrupted = true;
            } else if let Some(before) = chains[before_idx] {
                let in_window = event.micros <= before.began.saturating_add(funnel.window_micros);
                let in_order = !funnel.strict_increase || event.micros > before.reached;
                if in_window && in_order {
                    chains[condition_idx] =
                        Some(Chain { began: before.began, reached: event.micros });
                }
            } else if funnel.strict_order && chains[0].is_some() {
                interrupted = true;
            }
        }
        if interrupted || chains.last().is_some_and(Option::is_some) {
            break;
        }
    }
    chains.iter().rposition(Option::is_some).map_or(0, |condition_idx| condition_idx + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `A1 B2` is condition A at second 1, then B at second 2; `AB3` meets both, `-4` none.
    fn events(text: &str) -> Vec<Event> {
        let mut events: Vec<Event> = text
            .split_whitespace()
            .map(|word| {
                let digits = word.find(|c: char| c.is_ascii_digit()).unwrap();
                let met = word[..digits].bytes().filter(u8::is_ascii_uppercase);
                Event {
                    micros: word[digits..].parse::<i64>().unwrap() * 1_000_000,
                    met: met.fold(0, |met, letter| met | 1 << (letter - b'A')),
                }
            })
            .collect();
        events.sort_unstable_by_key(Event::order);
        events
    }

    fn funnel(n_conditions: usize, window_seconds: i64) -> Funnel {
        Funnel { n_conditions, window_micros: window_seconds * 1_000_000, ..Funnel::default() }
    }

    #[test]
    fn the_longest_chain_counts() {
        for (text, reached) in [
            ("", 0),
            ("B1 C2", 0),
            ("A1", 1),
            ("A1 B2", 2),
            ("B1 A2", 1),
            ("A1 C2 B3 C4", 3),
            ("A1 B2 D3 C4", 3),
            ("A1 C2", 1),
            // Too late for the first A, in time for the second.
            ("A1 A9 B15 C18", 3),
            ("A1 B2 C30", 2),
            // The window's end is inside.
            ("A1 B11", 2),
            ("A1 B12", 1),
            // One row is one step of a chain, whatever it meets.
            ("AB1", 1),
            ("AB1 AB2", 2),
            // At one time the order of conditions is the order of rows.
            ("B5 A5", 2),
        ] {
            assert_eq!(level(&funnel(3, 10), &events(text)), reached, "{text}");
        }
    }

    #[test]
    fn strict_order_ends_at_the_first_stranger() {
        let strict = Funnel { strict_order: true, ..funnel(3, 10) };
        let of_four = Funnel { strict_order: true, ..funnel(4, 10) };
        assert_eq!(level(&of_four, &events("A1 B2 D3 C4")), 2);
        assert_eq!(level(&strict, &events("A1 B2 -3 C4")), 2);
        assert_eq!(level(&strict, &events("-0 A1 B2 C4")), 3);
        assert_eq!(level(&strict, &events("A1 C2 B3")), 1);
    }

    #[test]
    fn strict_deduplication_ends_at_the_first_repeat() {
        let strict = Funnel { strict_deduplication: true, ..funnel(3, 10) };
        assert_eq!(level(&strict, &events("A1 B2 B3 C4")), 2);
        assert_eq!(level(&strict, &events("A1 B2 C4")), 3);
    }

    #[test]
    fn strict_increase_wants_later_times() {
        let strict = Funnel { strict_increase: true, ..funnel(2, 10) };
        assert_eq!(level(&strict, &events("A1 B1")), 1);
        assert_eq!(level(&strict, &events("A1 B1 B2")), 2);
    }

    #[test]
    fn levels_are_those_of_clickhouse() {
        let mut n_cases = 0;
        for line in include_str!("funnel/golden.txt").lines().skip(1) {
            let (text, levels) = line.split_once(';').unwrap();
            let mut events = events(text);
            for event in &mut events {
                // D is nothing that is asked for.
                event.met &= 0b111;
            }
            events.sort_unstable_by_key(Event::order);
            // Only strict order is given the rows that meet nothing.
            let some: Vec<Event> = events.iter().copied().filter(|event| event.met != 0).collect();
            let plain = funnel(3, 5);
            let modes = [
                plain,
                Funnel { strict_order: true, ..plain },
                Funnel { strict_deduplication: true, ..plain },
                Funnel { strict_increase: true, ..plain },
                Funnel { strict_order: true, strict_increase: true, ..plain },
            ];
            let reached =
                modes.map(|mode| level(&mode, if mode.strict_order { &events } else { &some }));
            let want: Vec<usize> = levels.split(';').map(|level| level.parse().unwrap()).collect();
            assert_eq!(reached.as_slice(), want, "{text}");
            n_cases += 1;
        }
        assert_eq!(n_cases, 300);
    }

    #[test]
    fn a_chain_reaches_as_far_as_the_slow_reference_says() {
        // Every sequence of up to five events with four times and three conditions, against trying all chains.
        let n_kinds = 8_usize;
        for code in 0..n_kinds.pow(5) {
            let mut code = code;
            let mut events = Vec::new();
            for idx in 0..5 {
                events.push(Event { micros: [0, 1, 1, 3, 5][idx], met: (code % n_kinds) as u64 });
                code /= n_kinds;
            }
            events.retain(|event| event.met != 0);
            events.sort_unstable_by_key(Event::order);
            let funnel = Funnel { n_conditions: 3, window_micros: 3, ..Funnel::default() };
            assert_eq!(level(&funnel, &events), slow_level(&funnel, &events), "{events:?}");
        }
    }

    fn slow_level(funnel: &Funnel, events: &[Event]) -> usize {
        fn extend(funnel: &Funnel, events: &[Event], began: i64, next: usize) -> usize {
            let longest = events.iter().enumerate().filter_map(|(idx, event)| {
                let fits =
                    event.met >> next & 1 == 1 && event.micros <= began + funnel.window_micros;
                fits.then(|| extend(funnel, &events[idx + 1..], began, next + 1))
            });
            if next == funnel.n_conditions { next } else { longest.max().unwrap_or(next) }
        }
        let starts = events.iter().enumerate().filter(|(_, event)| event.met & 1 == 1);
        let chains = starts.map(|(idx, event)| extend(funnel, &events[idx + 1..], event.micros, 1));
        chains.max().unwrap_or(0)
    }
}
