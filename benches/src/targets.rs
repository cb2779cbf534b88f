//! The budgets, and whether a run met them.

use crate::engines::{BRUNT, CHDB, DUCKDB, DUCKDB_PARQUET};
use crate::measure::median;
use crate::report::Run;

/// A budget beside what was measured.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Target {
    pub(crate) what: String,
    pub(crate) wanted: String,
    pub(crate) measured: String,
    /// `None` where it was not measured, or not at the size that the budget is for.
    pub(crate) is_met: Option<bool>,
}

/// Spans of the shop for which times of single lookups and of all groups' impact are meant.
const N_SPANS_WANTED: u64 = 10_000_000;

/// All budgets that one run can speak of.
pub(crate) fn targets(run: &Run) -> Vec<Target> {
    let mut targets = Vec::new();
    targets.push(at_least(
        "same SQL over the same Parquet: DuckDB's time over brunt's, geometric mean",
        1.0,
        run.speedup_word_for_word(DUCKDB_PARQUET),
    ));
    for peer in [DUCKDB, CHDB] {
        targets.push(at_least(
            &format!("own questions: {peer}'s time over brunt's, geometric mean"),
            5.0,
            run.speedup(peer),
        ));
        targets.push(at_least(
            &format!("own questions: {peer}'s time over brunt's, the worst"),
            1.0,
            run.worst(peer),
        ));
    }
    let n_mb = run.throughput.n_bytes as f64 / 1e6;
    let speed = |ms: f64| n_mb / (ms / 1e3);
    let ours = speed(run.throughput.brunt.ms);
    let ratio = run.throughput.duckdb.as_ref().ok().map(|theirs| ours / speed(theirs.ms));
    targets.push(at_least(
        "OTLP JSON to committed, derived tables: brunt's MB/s over DuckDB's read_json to Parquet",
        10.0,
        ratio,
    ));
    let peak = run.load.peak_bytes.max(run.throughput.brunt.peak_bytes);
    targets.push(at_most(
        "peak memory of a load, MB",
        512.0,
        (peak > 0).then_some(peak as f64 / 1e6),
        true,
    ));
    let is_full = run.written.n_spans >= N_SPANS_WANTED * 9 / 10;
    for name in ["trace_by_id", "session_timeline"] {
        let ms = run.question(name).and_then(|question| question.median(BRUNT));
        targets.push(at_most(&format!("{name} at 10 M spans, ms"), 10.0, ms, is_full));
    }
    let ms = run.question("impact_all_groups").and_then(|question| question.median(BRUNT));
    targets.push(at_most("impact of 200 groups at 300 k sessions, ms", 1_000.0, ms, is_full));
    for (table, wanted) in [("spans", 28.0), ("logs", 32.0)] {
        let ours = run.bytes_a_row(BRUNT, table);
        targets.push(at_most(&format!("bytes on disk a row of {table}"), wanted, ours, true));
        for peer in [DUCKDB, CHDB] {
            let ratio = ours.zip(run.bytes_a_row(peer, table)).map(|(ours, theirs)| theirs / ours);
            targets.push(at_least(
                &format!("bytes on disk a row of {table}: {peer}'s over brunt's"),
                1.0,
                ratio,
            ));
        }
    }
    targets.push(at_most(
        "brunt sql 'SELECT 1' from a cold start, ms",
        50.0,
        run.cold_start.as_deref().ok().and_then(median),
        true,
    ));
    targets
}

fn at_least(what: &str, wanted: f64, measured: Option<f64>) -> Target {
    target(
        what,
        format!("at least {wanted}"),
        measured,
        measured.map(|measured| measured >= wanted),
    )
}

fn at_most(what: &str, wanted: f64, measured: Option<f64>, is_at_size: bool) -> Target {
    let is_met = measured.filter(|_| is_at_size).map(|measured| measured <= wanted);
    target(what, format!("at most {wanted}"), measured, is_met)
}

fn target(what: &str, wanted: String, measured: Option<f64>, is_met: Option<bool>) -> Target {
    let measured =
        measured.map_or_else(|| "not measured".to_owned(), |measured| format!("{measured:.2}"));
    Target { what: what.to_owned(), wanted, measured, is_met }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_is_met_missed_or_left_open() {
        assert_eq!(at_least("x", 5.0, Some(5.0)).is_met, Some(true));
        assert_eq!(at_least("x", 5.0, Some(4.9)).is_met, Some(false));
        assert_eq!(at_most("x", 10.0, Some(3.0), false).is_met, None);
        assert_eq!(at_most("x", 10.0, None, true).measured, "not measured");
    }
}
