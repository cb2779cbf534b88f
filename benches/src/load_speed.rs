//! How fast one file of OTLP JSON becomes a committed and derived store, and in how much memory: lines beside a peer that
//! turns them into Parquet alone, and the same spans as one document without line breaks.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use brunt_model::Ts;

use crate::error::Error;
use crate::exports::Exports;
use crate::loading::{self, Load, Throughput};
use crate::machine::Machine;
use crate::measure::median;
use crate::settings::{Settings, number};

/// What stands around the resources of a line and of a document.
const BRACKETS: [&str; 2] = ["{\"resourceSpans\":[", "]}"];
/// The ratio and the memory that are wanted.
const TIMES_WANTED: f64 = 10.0;
const PEAK_MB_WANTED: f64 = 512.0;

/// What the benchmark found out.
#[derive(Debug)]
pub(crate) struct LoadSpeed {
    pub(crate) settings: Settings,
    pub(crate) machine: Machine,
    /// Lines, here and elsewhere, each round.
    pub(crate) lines: Vec<Throughput>,
    /// One document, each round, and its bytes.
    pub(crate) document: Vec<Load>,
    pub(crate) document_bytes: u64,
}

/// Writes exports below a folder for temporary files and loads them, `BRUNT_BENCH_ROUNDS` (3) times. As much telemetry
/// as `BRUNT_BENCH_MB` (1000) is loaded, if the sessions that are asked for have that much.
pub(crate) fn measure(scratch: &Path, now: Ts) -> Result<LoadSpeed, Error> {
    let settings = Settings::read()?;
    let n_rounds = number("BRUNT_BENCH_ROUNDS", 3)?;
    let n_bytes_max = u64::from(number("BRUNT_BENCH_MB", 1_000)?) * 1_000_000;
    fs::create_dir_all(scratch).map_err(Error::io("make", scratch))?;
    let folder = tempfile::tempdir_in(scratch).map_err(Error::io("make", scratch))?;
    let folder = folder.path();
    crate::say(&format!("writing the exports of about {} sessions", settings.n_sessions));
    let exports = Exports::write(&folder.join("exports"), settings.seed, settings.n_sessions)?;
    let ([traces, logs], n_bytes) = exports.telemetry(n_bytes_max)?;
    let journeys = exports.journeys()?;
    let joined =
        [join(&traces, &folder.join("traces.jsonl"))?, join(&logs, &folder.join("logs.jsonl"))?];
    let files = joined.map(|path| vec![path]);
    let document = folder.join("traces.json");
    let document_bytes = write_document(&files[0], &document)?;
    let mut speed = LoadSpeed {
        settings,
        machine: Machine::look(),
        lines: Vec::new(),
        document: Vec::new(),
        document_bytes,
    };
    for round in 1..=n_rounds {
        crate::say(&format!("round {round} of {n_rounds}: {} MB", n_bytes / 1_000_000));
        let lines =
            loading::beside_duckdb(&files, n_bytes, &journeys, &speed.settings, folder, now)?;
        speed.lines.push(lines);
        let store = folder.join("document");
        let document = loading::load(&store, std::slice::from_ref(&document), &journeys, now)?;
        fs::remove_dir_all(&store).map_err(Error::io("remove", &store))?;
        speed.document.push(document);
    }
    Ok(speed)
}

/// Files of lines as one.
fn join(paths: &[PathBuf], target: &Path) -> Result<PathBuf, Error> {
    let mut out = File::create(target).map_err(Error::io("write", target))?;
    for path in paths {
        let mut file = File::open(path).map_err(Error::io("read", path))?;
        std::io::copy(&mut file, &mut out).map_err(Error::io("write", target))?;
    }
    Ok(target.to_owned())
}

/// The resources of all lines in one document; returns its bytes.
fn write_document(lines: &[PathBuf], target: &Path) -> Result<u64, Error> {
    let [before, behind] = BRACKETS;
    let write = || -> std::io::Result<u64> {
        let mut out = BufWriter::new(File::create(target)?);
        out.write_all(before.as_bytes())?;
        let mut is_first = true;
        for path in lines {
            for line in BufReader::new(File::open(path)?).lines() {
                let line = line?;
                let inside = line.strip_prefix(before).and_then(|line| line.strip_suffix(behind));
                let inside = inside.ok_or(std::io::ErrorKind::InvalidData)?;
                out.write_all(if is_first { b"" } else { b"," })?;
                out.write_all(inside.as_bytes())?;
                is_first = false;
            }
        }
        out.write_all(behind.as_bytes())?;
        out.flush()?;
        Ok(fs::metadata(target)?.len())
    };
    write().map_err(Error::io("write", target))
}

impl LoadSpeed {
    /// What the run's file is called besides its day.
    pub(crate) fn name(&self) -> String {
        let n_bytes = self.lines.first().map_or(0, |lines| lines.n_bytes);
        let name = format!("load-{}mb", n_bytes / 1_000_000);
        match self.settings.profile.as_str() {
            "release" => name,
            profile => format!("{name}-{profile}"),
        }
    }

    /// Whether brunt was fast enough and small enough; `None` for what was not measured.
    fn is_met(&self) -> [Option<bool>; 2] {
        let peak = self.peak_mb();
        [
            self.times().map(|times| times >= TIMES_WANTED),
            (peak > 0.0).then_some(peak <= PEAK_MB_WANTED),
        ]
    }

    /// `DuckDB`'s time over brunt's, the middle of the rounds.
    fn times(&self) -> Option<f64> {
        let times = self.lines.iter().filter_map(|round| {
            round.duckdb.as_ref().ok().map(|theirs| theirs.ms / round.brunt.ms)
        });
        median(&times.collect::<Vec<_>>())
    }

    /// The most memory that any load of brunt's took.
    fn peak_mb(&self) -> f64 {
        let lines = self.lines.iter().map(|round| round.brunt);
        let peak = lines.chain(self.document.iter().copied()).map(|load| load.peak_bytes).max();
        peak.unwrap_or_default() as f64 / 1e6
    }

    /// A table and what is to be said of it.
    pub(crate) fn markdown(&self) -> String {
        let mut out = String::new();
        // Writing to a string cannot fail.
        let _ = self.push(&mut out);
        out
    }

    fn push(&self, out: &mut String) -> std::fmt::Result {
        let Self { settings, machine, lines, document, document_bytes } = self;
        writeln!(out, "# Loading OTLP JSON\n")?;
        writeln!(out, "{} The middle of {} rounds.\n", machine.line(settings), lines.len())?;
        writeln!(out, "| what | MB | s each | MB/s | peak MB |\n|---|---:|---|---:|---:|")?;
        let n_bytes = lines.first().map_or(0, |round| round.n_bytes);
        let ours: Vec<Load> = lines.iter().map(|round| round.brunt).collect();
        let theirs: Vec<Load> =
            lines.iter().filter_map(|round| round.duckdb.as_ref().ok().copied()).collect();
        push_row(out, "brunt: lines, derived and committed", n_bytes, &ours)?;
        push_row(out, "brunt: one document without line breaks", *document_bytes, document)?;
        push_row(out, "DuckDB: `read_json` of the lines to Parquet", n_bytes, &theirs)?;
        if let Some(Err(fault)) = lines.first().map(|round| &round.duckdb) {
            writeln!(out, "\nDuckDB took no part: {fault}")?;
        }
        let word = |is_met: Option<bool>| match is_met {
            Some(true) => "met",
            Some(false) => "missed",
            None => "not measured",
        };
        let [fast, small] = self.is_met();
        let times = self.times().map_or("–".to_owned(), |times| format!("{times:.2}"));
        writeln!(out, "\n| budget | wanted | measured | |\n|---|---:|---:|---|")?;
        writeln!(
            out,
            "| DuckDB's time over brunt's | ≥ {TIMES_WANTED} | {times} | {} |",
            word(fast)
        )?;
        writeln!(
            out,
            "| peak memory, MB | ≤ {PEAK_MB_WANTED} | {:.0} | {} |",
            self.peak_mb(),
            word(small)
        )
    }
}

fn push_row(out: &mut String, what: &str, n_bytes: u64, loads: &[Load]) -> std::fmt::Result {
    let seconds: Vec<f64> = loads.iter().map(|load| load.ms / 1e3).collect();
    let each: Vec<String> = seconds.iter().map(|seconds| format!("{seconds:.1}")).collect();
    let n_mb = n_bytes as f64 / 1e6;
    let speed = median(&seconds).map_or("–".to_owned(), |middle| format!("{:.1}", n_mb / middle));
    let peak = loads.iter().map(|load| load.peak_bytes).max().unwrap_or_default() as f64 / 1e6;
    writeln!(out, "| {what} | {n_mb:.0} | {} | {speed} | {peak:.0} |", each.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_has_the_resources_of_all_lines() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let lines = "{\"resourceSpans\":[1,2]}\n{\"resourceSpans\":[3]}\n";
        fs::write(path("a"), lines).unwrap();
        let joined = join(&[path("a"), path("a")], &path("b")).unwrap();
        let n_bytes = write_document(&[joined], &path("c")).unwrap();
        let document = fs::read_to_string(path("c")).unwrap();
        assert_eq!(document, "{\"resourceSpans\":[1,2,3,1,2,3]}");
        assert_eq!(n_bytes, document.len() as u64);
    }
}
