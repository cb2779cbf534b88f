//! The exports that are measured: the seeded shop's, and harmless errors of many kinds among them.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use brunt_testkit::{Shop, ShopOptions, Written};
use serde_json::{Value, json};
use twox_hash::XxHash3_64;

use crate::error::Error;

/// Kinds of errors besides the shop's own, so that a ranking has the two hundred groups of a real front end.
const N_KINDS: usize = 185;
/// The share of page views and clicks that one of them follows.
const SHARE: f64 = 0.1;

const PARTS: [&str; 15] = [
    "Carousel", "Badge", "Tooltip", "Gallery", "Slider", "Rating", "Banner", "Menu", "Footer",
    "Wishlist", "Zoom", "Video", "Chat", "Consent", "Filter",
];
const FAULTS: [&str; 13] = [
    "Mount", "Layout", "Render", "Scroll", "Fetch", "Parse", "State", "Focus", "Resize", "Cache",
    "Theme", "Locale", "Timer",
];

/// Where the exports lie, and how much there is.
#[derive(Debug, Clone)]
pub(crate) struct Exports {
    folder: PathBuf,
    pub(crate) written: Written,
    /// Errors that were added to the shop's.
    pub(crate) n_added: u64,
}

impl Exports {
    pub(crate) fn write(folder: &Path, seed: u64, n_sessions: u32) -> Result<Self, Error> {
        let shop = Shop::new(ShopOptions::bench(seed, n_sessions));
        let mut written = shop.write_exports(folder).map_err(Error::io("write", folder))?;
        let (mut n_added, events) = (0, folder.join("events"));
        for path in files_below(&events)? {
            let name = path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .replace("session-events", "widget-errors");
            let target = events.join(name);
            n_added += add_errors(&path, &target, seed).map_err(Error::io("write", &target))?;
            written.n_bytes += fs::metadata(&target).map_err(Error::io("read", &target))?.len();
        }
        Ok(Self { folder: folder.to_path_buf(), written, n_added })
    }

    /// Everything to load, definitions not among it.
    pub(crate) fn all(&self) -> Vec<PathBuf> {
        ["traces", "logs", "events", "tickets.jsonl", "accounts.csv", "releases.jsonl"]
            .map(|name| self.folder.join(name))
            .to_vec()
    }

    /// OTLP JSON files, as many as make up to `bytes_max`, at least one of each signal: traces, then logs; and their bytes.
    pub(crate) fn telemetry(&self, bytes_max: u64) -> Result<([Vec<PathBuf>; 2], u64), Error> {
        let mut n_bytes = 0;
        let mut chosen = [Vec::new(), Vec::new()];
        let (traces, logs) =
            (files_below(&self.folder.join("traces"))?, files_below(&self.folder.join("logs"))?);
        for (trace, log) in traces.into_iter().zip(logs) {
            for (path, chosen) in [trace, log].into_iter().zip(&mut chosen) {
                let size = fs::metadata(&path).map_err(Error::io("read", &path))?.len();
                if chosen.is_empty() || n_bytes + size <= bytes_max {
                    n_bytes += size;
                    chosen.push(path);
                }
            }
        }
        Ok((chosen, n_bytes))
    }

    /// The shop's journey.
    pub(crate) fn journeys(&self) -> Result<String, Error> {
        let path = self.folder.join("definitions/journeys.toml");
        fs::read_to_string(&path).map_err(Error::io("read", &path))
    }
}

fn files_below(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let listed = fs::read_dir(folder).map_err(Error::io("read", folder))?;
    let mut paths = listed
        .map(|entry| entry.map(|entry| entry.path()).map_err(Error::io("read", folder)))
        .collect::<Result<Vec<_>, _>>()?;
    paths.sort();
    Ok(paths)
}

/// Lets some events of a file be followed by an error that has nothing to do with anything; returns how many.
fn add_errors(events: &Path, target: &Path, seed: u64) -> std::io::Result<u64> {
    let mut out = BufWriter::new(File::create(target)?);
    let mut n_added = 0;
    for line in BufReader::new(File::open(events)?).lines() {
        let event: Value = serde_json::from_str(&line?)?;
        if let Some(error) = error_after(&event, seed) {
            writeln!(out, "{error}")?;
            n_added += 1;
        }
    }
    out.flush()?;
    Ok(n_added)
}

fn error_after(event: &Value, seed: u64) -> Option<Value> {
    let text = |key: &str| event[key].as_str();
    let id = text("event.id")?;
    let bits = XxHash3_64::oneshot_with_seed(seed, id.as_bytes());
    let (chance, kind) =
        ((bits >> 40) as f64 / f64::from(1 << 24), (bits & 0xff_ffff) as f64 / f64::from(1 << 24));
    if chance >= SHARE || !matches!(text("event.kind"), Some("page_view" | "click")) {
        return None;
    }
    let mut error = json!({
        "ts": a_moment_after(text("ts")?)?,
        "event.id": format!("{id}-widget"),
        "event.kind": "error",
        "event.name": "error",
        "session.id": text("session.id")?,
        "service.name": "frontend",
        "view.name": text("view.name"),
        "url.path": text("url.path"),
    });
    if let Some(user) = text("usr.id") {
        error["usr.id"] = user.into();
    }
    let (part, fault) = names(kind);
    let message = format!("{part} lost its {} at item {}", fault.to_lowercase(), bits % 900);
    let mut stack = format!("{part}{fault}Error: {message}\n");
    for (function, file, line) in
        [(fault, "widget", 40), ("update", "host", 112), ("flush", "host", 71)]
    {
        let place = part.to_lowercase();
        let _ = writeln!(
            stack,
            "    at {part}.on{function} (https://shop.example.com/static/{place}/{file}.js:{line}:{})",
            9
        );
    }
    error["exception.type"] = format!("{part}{fault}Error").into();
    error["exception.message"] = message.into();
    error["exception.stacktrace"] = stack.into();
    Some(error)
}

/// The names of a kind; the lower a number of [0, 1), the more numbers share its kind.
fn names(number: f64) -> (&'static str, &'static str) {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the product is in [0, N_KINDS)"
    )]
    let kind = (number * number * N_KINDS as f64) as usize;
    (PARTS[kind % PARTS.len()], FAULTS[kind / PARTS.len()])
}

/// 0.4 s later, where that is the same second; the shop's clients do nothing else so soon.
fn a_moment_after(ts: &str) -> Option<String> {
    let (seconds, fraction) = ts.trim_end_matches('Z').split_once('.')?;
    let micros = fraction.parse::<u32>().ok()? + 400_000;
    (fraction.len() == 6 && micros < 1_000_000).then(|| format!("{seconds}.{micros:06}Z"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn kinds_have_names_of_their_own_and_all_of_them_come_up() {
        let all: BTreeSet<_> = (0..100_000).map(|n| names(f64::from(n) / 100_000.0)).collect();
        assert_eq!(all.len(), N_KINDS);
    }

    #[test]
    fn an_error_comes_a_moment_after_its_event_in_its_session() {
        let events = (0..1_000).map(|n| {
            json!({ "ts": "2025-10-20T21:53:36.066911Z", "event.id": format!("s-1-{n}"), "event.kind": "click",
                    "session.id": "s-1", "usr.id": "u" })
        });
        let errors: Vec<Value> = events.filter_map(|event| error_after(&event, 1)).collect();
        assert!((70..=130).contains(&errors.len()), "{}", errors.len());
        assert_eq!(errors[0]["ts"], "2025-10-20T21:53:36.466911Z");
        assert_eq!((&errors[0]["session.id"], &errors[0]["usr.id"]), (&json!("s-1"), &json!("u")));
        assert_eq!(a_moment_after("2025-10-20T21:53:36.966911Z"), None);
    }
}
