//! Traces that one exporter knows by all 128 bits of their id and another, such as Datadog's, by the lower 64.

use std::collections::{HashMap, HashSet};

use brunt_model::TraceId;

use super::facts::Row;
use super::symbols::{Sym, Symbols};

/// Gives rows of a day that know 64 bits of their trace's id the whole id, where exactly one trace of the day has these
/// bits in its lower half.
pub(super) fn make_whole(rows: &mut [Row], symbols: &Symbols) {
    let mut traces: HashSet<Sym> = HashSet::new();
    let mut last = Sym::NONE;
    for row in rows.iter() {
        if row.trace != last {
            last = row.trace;
            traces.insert(last);
        }
    }
    let halves = |trace: &Sym| {
        let (upper, lower) = TraceId::halves(symbols.text(*trace)?)?;
        Some((*trace, upper != TraceId::UNKNOWN_HALF, lower))
    };
    let of_halves = traces.iter().filter_map(halves).filter(|(_, is_whole, _)| !is_whole);
    let half_of: HashMap<&str, Sym> = of_halves.map(|(trace, _, lower)| (lower, trace)).collect();
    if half_of.is_empty() {
        return;
    }
    // Nothing where several have the same lower half.
    let mut whole_of: HashMap<Sym, Option<Sym>> = HashMap::new();
    for (trace, is_whole, lower) in traces.iter().filter_map(halves) {
        if is_whole && let Some(half) = half_of.get(lower) {
            whole_of.entry(*half).and_modify(|whole| *whole = None).or_insert(Some(trace));
        }
    }
    for row in rows {
        if let Some(Some(whole)) = whole_of.get(&row.trace) {
            row.trace = *whole;
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::derive::testing::{Memory, log, span};

    const LOWER: &str = "321cf37308d69df2";

    /// The trace and session of the error that a log has, beside spans of these upper halves in sessions `s0`, `s1`, ….
    fn of_log(uppers: &[&str], lower_of_log: &str) -> (Value, Value) {
        let mut memory = Memory::default();
        for (idx, upper) in uppers.iter().enumerate() {
            let more =
                json!({"trace_id": format!("{upper}{LOWER}"), "session_id": format!("s{idx}")});
            memory.add("spans", &[span("10:00:00", 1, 1, 0, more)]);
        }
        let half = format!("0000000000000000{lower_of_log}");
        let more = json!({"trace_id": half, "exception_type": "Timeout", "severity_number": 17});
        memory.add("logs", &[log("10:00:01", 0, more)]);
        memory.derive(&crate::definitions::Definitions::default());
        let error = memory.rows("errors").remove(0);
        (error["trace_id"].clone(), error["session_id"].clone())
    }

    #[test]
    fn a_log_that_knows_half_of_the_id_belongs_to_the_trace() {
        let whole = format!("5b8aa5a2d2c872e8{LOWER}");
        assert_eq!(of_log(&["5b8aa5a2d2c872e8"], LOWER), (json!(whole), json!("s0")));
    }

    #[test]
    fn a_half_that_two_traces_have_or_none_stays_one() {
        let half = json!(format!("0000000000000000{LOWER}"));
        assert_eq!(of_log(&["5b8aa5a2d2c872e8", "00000000000000aa"], LOWER), (half, Value::Null));
        let other = "00000000000000ff";
        let half = json!(format!("0000000000000000{other}"));
        assert_eq!(of_log(&["5b8aa5a2d2c872e8"], other), (half, Value::Null));
    }
}
