//! Figures on real exports, from the folder that `BRUNT_EXPORTS` names.

use std::path::{Path, PathBuf};

use brunt_fingerprint::template;
use serde_json::Value;

use crate::logs::{files, without_digits};
use crate::score::{Score, score, show};
use crate::{judged_row, row};

/// What is wanted of log messages without a stack.
const F1_LEAST: f64 = 0.95;
const ACCURACY_LEAST: f64 = 0.80;
const TARGET: &str = ">= 0.95 / 0.80";

pub(crate) fn measure(n_shown: usize) {
    println!("\nreal exports");
    let Some(root) = std::env::var_os("BRUNT_EXPORTS").map(PathBuf::from) else {
        row("log messages of trainticket, F1 / accuracy", "not measured: no data", "", TARGET);
        return;
    };
    let pairs = labelled(&root.join("trainticket"));
    if pairs.is_empty() {
        row("log messages of trainticket, F1 / accuracy", "not measured: no data", "", TARGET);
        return;
    }
    let own = score(members(&pairs, template));
    let shown = |Score { pair_f1, accuracy, .. }: Score| format!("{pair_f1:.3} / {accuracy:.3}");
    let what = format!("{} log messages of trainticket, F1 / accuracy", pairs.len());
    let is_met = own.pair_f1 >= F1_LEAST && own.accuracy >= ACCURACY_LEAST;
    judged_row(&what, &shown(own), &shown(score(members(&pairs, without_digits))), TARGET, is_met);
    show(members(&pairs, template), n_shown);
}

/// Messages with the place in the code that wrote them: `16:42:22.382 INFO  t.s.TravelServiceImpl#532 TraceID: …
/// SpanID: … text`.
fn labelled(folder: &Path) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    for path in files(folder) {
        if path.to_string_lossy().ends_with("_log.csv") {
            read(&path, &mut pairs);
        }
    }
    pairs
}

fn read(path: &Path, pairs: &mut Vec<(String, String)>) {
    let Ok(mut reader) = csv::Reader::from_path(path) else { return };
    for record in reader.records().flatten() {
        let Ok(log) = serde_json::from_str::<Value>(record.get(7).unwrap_or("")) else { continue };
        let Some((head, rest)) = log["log"].as_str().and_then(|log| log.split_once(" TraceID: "))
        else {
            continue;
        };
        // `ts-order-other-service-6cdbf9b4cc-h7mqk` is a pod of the service before the two hashes.
        let service = record.get(3).unwrap_or("").rsplitn(3, '-').nth(2).unwrap_or("");
        let place = format!("{service} {}", head.rsplit(' ').next().unwrap_or(""));
        pairs.push((place, rest.splitn(4, ' ').nth(3).unwrap_or("").to_owned()));
    }
}

/// A message is grouped within its service.
fn members(
    pairs: &[(String, String)],
    group: fn(&str) -> String,
) -> impl Iterator<Item = (&str, String)> {
    pairs.iter().map(move |(label, message)| {
        let service = label.split(' ').next().unwrap_or("");
        (label.as_str(), format!("{service} {}", group(message)))
    })
}
