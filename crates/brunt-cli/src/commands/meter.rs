//! How far a load is, with its rate and what is left: a line in place on a terminal, a line now and then elsewhere.

use std::io::{IsTerminal, stderr};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use brunt::Progress;

use crate::output::{tell, tell_progress};

/// A log gets a line no more often.
const LINE_EVERY: Duration = Duration::from_secs(10);

/// A terminal is written to no more often.
const REDRAW_EVERY: Duration = Duration::from_millis(100);

/// A rate from less time says nothing.
const RATE_AFTER: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(super) struct Meter {
    started_at: Instant,
    shown_at: Mutex<Instant>,
}

impl Meter {
    pub(super) fn start() -> Self {
        let now = Instant::now();
        Self { started_at: now, shown_at: Mutex::new(now) }
    }

    pub(super) fn show(&self, progress: &Progress) {
        let is_terminal = stderr().is_terminal();
        let every = if is_terminal { REDRAW_EVERY } else { LINE_EVERY };
        let Ok(mut shown_at) = self.shown_at.lock() else { return };
        let is_step = !matches!(progress, Progress::Reading { .. });
        if shown_at.elapsed() < every && !(is_step && is_terminal) {
            return;
        }
        *shown_at = Instant::now();
        let line = line(progress, self.started_at.elapsed());
        if is_terminal { tell_progress(&line) } else { tell(&line) }
    }
}

fn line(progress: &Progress, elapsed: Duration) -> String {
    match progress {
        Progress::Reading { input, file_idx, n_files, n_records, n_bytes, n_bytes_all } => {
            let mb = |n_bytes: u64| n_bytes as f64 / 1e6;
            let mut line = format!(
                "[{}/{n_files}] {input}: {n_records} records, {:.0} of {:.0} MB",
                file_idx + 1,
                mb(*n_bytes),
                mb(*n_bytes_all)
            );
            if elapsed >= RATE_AFTER && *n_bytes > 0 {
                let rate = mb(*n_bytes) / elapsed.as_secs_f64();
                let left = mb(n_bytes_all.saturating_sub(*n_bytes)) / rate;
                line.push_str(&format!(", {rate:.0} MB/s, about {} left", duration(left)));
            }
            line
        }
        Progress::Deriving { n_days } => {
            format!("deriving sessions, traces and errors of {n_days} days")
        }
        Progress::Committing => "committing".to_owned(),
        _ => String::new(),
    }
}

fn duration(seconds: f64) -> String {
    if seconds < 90.0 { format!("{seconds:.0} s") } else { format!("{:.0} min", seconds / 60.0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_how_far_how_fast_and_how_long() {
        let progress = Progress::Reading {
            input: "spans.jsonl".to_owned(),
            file_idx: 1,
            n_files: 3,
            n_records: 1_000,
            n_bytes: 50_000_000,
            n_bytes_all: 250_000_000,
        };
        let first = "[2/3] spans.jsonl: 1000 records, 50 of 250 MB";
        assert_eq!(line(&progress, Duration::from_millis(500)), first);
        let later = format!("{first}, 20 MB/s, about 10 s left");
        assert_eq!(line(&progress, Duration::from_millis(2_500)), later);
    }
}
