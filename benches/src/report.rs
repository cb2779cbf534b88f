//! A run in words for people (Markdown) and in numbers for programs (CSV).

use std::fmt::Write;

use brunt_model::Day;
use brunt_testkit::Written;

use crate::engines::{BRUNT, CHDB, DUCKDB, DUCKDB_PARQUET, Prepared};
use crate::loading::{Load, Throughput};
use crate::machine::Machine;
use crate::measure::{Measured, median};
use crate::settings::Settings;
use crate::targets::targets;

const ENGINES: [&str; 4] = [BRUNT, DUCKDB, CHDB, DUCKDB_PARQUET];

/// Everything that a run found out.
#[derive(Debug, Clone)]
pub(crate) struct Run {
    pub(crate) day: Day,
    pub(crate) machine: Machine,
    pub(crate) settings: Settings,
    pub(crate) written: Written,
    /// Errors among the shop's that no planted bug made.
    pub(crate) n_added: u64,
    /// All exports.
    pub(crate) load: Load,
    pub(crate) throughput: Throughput,
    /// Milliseconds of each start, or why there are none.
    pub(crate) cold_start: Result<Vec<f64>, String>,
    pub(crate) prepared: Vec<Prepared>,
    pub(crate) questions: Vec<Measured>,
}

impl Run {
    /// What files of this run are called: day and size, and the profile where it is not the one that counts.
    pub(crate) fn name(&self) -> String {
        let name = format!("{}-{}", self.day, self.settings.n_sessions);
        if self.settings.profile == "release" {
            name
        } else {
            format!("{name}-{}", self.settings.profile)
        }
    }

    pub(crate) fn question(&self, name: &str) -> Option<&Measured> {
        self.questions.iter().find(|question| question.name == name)
    }

    /// The geometric mean of how many times as long a peer takes, over questions that both answered.
    pub(crate) fn speedup(&self, peer: &str) -> Option<f64> {
        mean(self.questions.iter().filter_map(|question| question.ratio(peer)))
    }

    /// The same over the questions that both were asked in the same words.
    pub(crate) fn speedup_word_for_word(&self, peer: &str) -> Option<f64> {
        let same = self.questions.iter().filter(|question| !question.otherwise.contains(&peer));
        mean(same.filter_map(|question| question.ratio(peer)))
    }

    /// The least of a peer's times over ours.
    pub(crate) fn worst(&self, peer: &str) -> Option<f64> {
        self.questions.iter().filter_map(|question| question.ratio(peer)).reduce(f64::min)
    }

    /// Bytes on disk an engine has for a row of a table.
    pub(crate) fn bytes_a_row(&self, engine: &str, table: &str) -> Option<f64> {
        let n_bytes = *self.prepared(engine)?.n_bytes.get(table)?;
        let n_rows = *self.prepared(BRUNT)?.n_rows.get(table)?;
        (n_rows > 0).then(|| n_bytes as f64 / n_rows as f64)
    }

    fn prepared(&self, engine: &str) -> Option<&Prepared> {
        self.prepared.iter().find(|prepared| prepared.engine == engine)
    }

    /// Tables and remarks.
    pub(crate) fn markdown(&self) -> String {
        let mut out = String::new();
        // Writing to a string cannot fail.
        let _ = self
            .push_setting(&mut out)
            .and_then(|()| self.push_questions(&mut out))
            .and_then(|()| self.push_loading(&mut out))
            .and_then(|()| self.push_disk(&mut out))
            .and_then(|()| self.push_targets(&mut out));
        out
    }

    fn push_setting(&self, out: &mut String) -> std::fmt::Result {
        let Self { settings, machine, written, .. } = self;
        writeln!(out, "# {} sessions, {}\n", settings.n_sessions, self.day)?;
        writeln!(out, "{}", machine.line(settings))?;
        writeln!(
            out,
            "The shop: {} sessions, {} spans, {} logs, {} events ({} of them errors added to the planted ones), {:.1} MB of exports.",
            written.n_sessions,
            written.n_spans,
            written.n_logs,
            written.n_events + self.n_added,
            self.n_added,
            written.n_bytes as f64 / 1e6
        )?;
        for prepared in &self.prepared {
            match &prepared.absent {
                Some(reason) => {
                    writeln!(out, "- {}: absent, so not measured ({reason})", prepared.engine)?;
                }
                None => writeln!(out, "- {} {}", prepared.engine, prepared.version)?,
            }
        }
        Ok(())
    }

    fn push_questions(&self, out: &mut String) -> std::fmt::Result {
        writeln!(
            out,
            "\n## Questions\n\nMilliseconds, median of interleaved runs after one that warms up and whose answers are compared; best of peers over brunt.\n"
        )?;
        writeln!(out, "| question | rows | {} | best peer / brunt |", ENGINES.join(" | "))?;
        writeln!(out, "|---|---:|{}---:|", "---:|".repeat(ENGINES.len()))?;
        for question in &self.questions {
            write!(out, "| {} | {} |", question.name, question.n_rows)?;
            for engine in ENGINES {
                match question.median(engine) {
                    Some(ms) => write!(out, " {} |", digits(ms))?,
                    None => write!(out, " – |")?,
                }
            }
            let best =
                ENGINES[1..].iter().filter_map(|peer| question.median(peer)).reduce(f64::min);
            match best.zip(question.median(BRUNT)) {
                Some((best, ours)) => writeln!(out, " {:.2} |", best / ours)?,
                None if question.faults.is_empty() => writeln!(out, " – |")?,
                None => writeln!(out, " **fault** |")?,
            }
        }
        writeln!(out)?;
        for question in &self.questions {
            writeln!(out, "- `{}`: {}", question.name, question.title)?;
            for fault in &question.faults {
                writeln!(out, "  - **fault:** {fault}")?;
            }
        }
        Ok(())
    }

    fn push_loading(&self, out: &mut String) -> std::fmt::Result {
        writeln!(out, "\n## Loading\n")?;
        writeln!(out, "| what | MB | s | MB/s | peak MB |\n|---|---:|---:|---:|---:|")?;
        let mut row = |what: &str, n_bytes: u64, load: &Load| {
            let (n_mb, seconds) = (n_bytes as f64 / 1e6, load.ms / 1e3);
            let peak_mb = load.peak_bytes as f64 / 1e6;
            writeln!(
                out,
                "| {what} | {n_mb:.0} | {seconds:.1} | {:.1} | {peak_mb:.0} |",
                n_mb / seconds
            )
        };
        row("brunt: all exports, derived and committed", self.written.n_bytes, &self.load)?;
        row(
            "brunt: OTLP JSON, derived and committed",
            self.throughput.n_bytes,
            &self.throughput.brunt,
        )?;
        match &self.throughput.duckdb {
            Ok(load) => row(
                "DuckDB: the same OTLP JSON to Parquet, nothing derived",
                self.throughput.n_bytes,
                load,
            )?,
            Err(reason) => writeln!(out, "\nDuckDB did not convert: {reason}")?,
        }
        writeln!(out)?;
        for prepared in self.prepared.iter().filter(|prepared| prepared.ms > 0.0) {
            writeln!(
                out,
                "{} took {:.1} s for its tables from brunt's files.",
                prepared.engine,
                prepared.ms / 1e3
            )?;
        }
        match &self.cold_start {
            Ok(times) => {
                let ms = median(times).unwrap_or(f64::NAN);
                writeln!(
                    out,
                    "\n`brunt sql 'SELECT 1'` takes {} ms from a cold start, the median of {}.",
                    digits(ms),
                    times.len()
                )
            }
            Err(reason) => writeln!(out, "\nCold start not measured: {reason}."),
        }
    }

    fn push_disk(&self, out: &mut String) -> std::fmt::Result {
        let engines = [BRUNT, DUCKDB, CHDB];
        writeln!(out, "\n## Bytes on disk a row\n\n| table | rows | {} |", engines.join(" | "))?;
        writeln!(out, "|---|---:|{}", "---:|".repeat(engines.len()))?;
        for (table, n_rows) in self.prepared(BRUNT).into_iter().flat_map(|brunt| &brunt.n_rows) {
            write!(out, "| {table} | {n_rows} |")?;
            for engine in engines {
                match self.bytes_a_row(engine, table) {
                    Some(n_bytes) => write!(out, " {n_bytes:.1} |")?,
                    None => write!(out, " – |")?,
                }
            }
            writeln!(out)?;
        }
        Ok(())
    }

    fn push_targets(&self, out: &mut String) -> std::fmt::Result {
        writeln!(out, "\n## Budgets\n\n| what | target | measured | |\n|---|---:|---:|---|")?;
        for target in targets(self) {
            let verdict =
                target.is_met.map_or("open", |is_met| if is_met { "met" } else { "**missed**" });
            writeln!(
                out,
                "| {} | {} | {} | {verdict} |",
                target.what, target.wanted, target.measured
            )?;
        }
        writeln!(
            out,
            "\nOpen is what was not measured, or not at the size that the budget is for. Not measured here: that lookups by id cost by the days in range, and that queries keep to `--memory-limit`."
        )
    }

    /// `section,name,engine,round,value,unit`, a line for each number as it was measured.
    pub(crate) fn csv(&self) -> String {
        let mut out = "section,name,engine,round,value,unit\n".to_owned();
        let mut line =
            |section: &str, name: &str, engine: &str, round: usize, value: f64, unit: &str| {
                // Writing to a string cannot fail.
                let _ = writeln!(out, "{section},{name},{engine},{round},{value},{unit}");
            };
        for question in &self.questions {
            for (engine, times) in &question.times {
                for (round, ms) in (1..).zip(times) {
                    line("question", &question.name, engine, round, *ms, "ms");
                }
            }
        }
        for (round, ms) in (1..).zip(self.cold_start.iter().flatten()) {
            line("cold start", "SELECT 1", BRUNT, round, *ms, "ms");
        }
        for prepared in &self.prepared {
            for (table, n_bytes) in &prepared.n_bytes {
                line("disk", table, prepared.engine, 1, *n_bytes as f64, "B");
            }
            for (table, n_rows) in &prepared.n_rows {
                line("rows", table, prepared.engine, 1, *n_rows as f64, "rows");
            }
        }
        let telemetry = self.throughput.n_bytes;
        let theirs = self.throughput.duckdb.as_ref().ok();
        let loads = [
            ("exports", BRUNT, self.written.n_bytes, Some(&self.load)),
            ("telemetry", BRUNT, telemetry, Some(&self.throughput.brunt)),
            ("telemetry", DUCKDB, telemetry, theirs),
        ];
        for (name, engine, n_bytes, load) in loads {
            if let Some(load) = load {
                line("load", name, engine, 1, n_bytes as f64, "B");
                line("load", name, engine, 1, load.ms, "ms");
                line("load peak", name, engine, 1, load.peak_bytes as f64, "B");
            }
        }
        out
    }
}

/// Three digits that count.
fn digits(value: f64) -> String {
    match value {
        value if value >= 100.0 => format!("{value:.0}"),
        value if value >= 10.0 => format!("{value:.1}"),
        value => format!("{value:.2}"),
    }
}

/// The geometric mean of ratios; `None` of nothing.
fn mean(ratios: impl Iterator<Item = f64>) -> Option<f64> {
    let (n, sum) = ratios.fold((0.0, 0.0), |(n, sum), ratio| (n + 1.0, sum + ratio.ln()));
    (n > 0.0).then(|| f64::exp(sum / n))
}
