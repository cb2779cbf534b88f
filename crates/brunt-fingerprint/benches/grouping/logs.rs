//! Figures on the log messages of many systems, from the folder that `BRUNT_LOGHUB` names: a copy of
//! <https://github.com/logpai/loghub>, of which every `*_structured.csv` is read. Its labels say which statement of the
//! program wrote a line.

use std::path::{Path, PathBuf};

use brunt_fingerprint::template;

use crate::score::{Score, score, share, show};
use crate::{judged_row, row};

/// What is wanted of the means over the systems.
const F1_LEAST: f64 = 0.95;
const ACCURACY_LEAST: f64 = 0.80;
const TARGET: &str = ">= 0.95 / 0.80";
/// The best peer of those that GROUPING's table was made with, on the whole of the data.
const BEST_PEER: &str = "0.938 / 0.769";

/// The labelled messages of one system.
struct System {
    name: String,
    /// Label and message.
    messages: Vec<(String, String)>,
}

pub(crate) fn measure(n_shown: usize) {
    println!("\nlog messages without a stack");
    let systems =
        std::env::var_os("BRUNT_LOGHUB").map_or_else(Vec::new, |root| read(root.as_ref()));
    if systems.is_empty() {
        row(
            "log messages of 16 systems, F1 / accuracy",
            "not measured: no data",
            BEST_PEER,
            TARGET,
        );
        return;
    }
    let (mut own, mut peer) = (Vec::new(), Vec::new());
    for System { name, messages } in &systems {
        let agreement = |group: fn(&str) -> String| {
            score(messages.iter().map(|(label, message)| (label.as_str(), group(message))))
        };
        let scores = [agreement(template), agreement(without_digits)];
        let what = format!("  {} of {name}", messages.len());
        row(&what, &shown(scores[0]), &shown(scores[1]), "");
        own.push(scores[0]);
        peer.push(scores[1]);
        let templates = messages.iter();
        show(templates.map(|(label, message)| (label.as_str(), template(message))), n_shown);
    }
    let mean = |scores: &[Score], of: fn(&Score) -> f64| {
        scores.iter().map(of).sum::<f64>() / share(u64::try_from(scores.len()).unwrap_or(1), 1)
    };
    let means = |scores: &[Score]| Score {
        pair_f1: mean(scores, |score| score.pair_f1),
        b_cubed: mean(scores, |score| score.b_cubed),
        accuracy: mean(scores, |score| score.accuracy),
    };
    let n_messages: usize = systems.iter().map(|system| system.messages.len()).sum();
    let what = format!("{n_messages} messages of {} systems, F1 / accuracy", systems.len());
    let figures = means(&own);
    let is_met = figures.pair_f1 >= F1_LEAST && figures.accuracy >= ACCURACY_LEAST;
    judged_row(&what, &shown(figures), BEST_PEER, TARGET, is_met);
    row("  peer: words with digits masked", "", &shown(means(&peer)), "");
}

fn shown(Score { pair_f1, accuracy, .. }: Score) -> String {
    format!("{pair_f1:.3} / {accuracy:.3}")
}

/// The rule of systems that mask only numbers.
pub(crate) fn without_digits(message: &str) -> String {
    let words = message.split(' ');
    words
        .map(|word| if word.bytes().any(|b| b.is_ascii_digit()) { "*" } else { word })
        .collect::<Vec<_>>()
        .join(" ")
}

/// A file that cannot be read is told.
fn read(root: &Path) -> Vec<System> {
    let mut systems = Vec::new();
    for path in files(root) {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let Some(name) = name.strip_suffix("_structured.csv") else { continue };
        match messages(&path) {
            Ok(messages) => systems.push(System { name: name.to_owned(), messages }),
            Err(error) => eprintln!("grouping: {}: {error}", path.display()),
        }
    }
    systems
}

fn messages(path: &Path) -> Result<Vec<(String, String)>, String> {
    let mut reader = csv::Reader::from_path(path).map_err(|error| error.to_string())?;
    let names = reader.headers().map_err(|error| error.to_string())?;
    let column = |name: &str| {
        names.iter().position(|other| other == name).ok_or(format!("it has no column \"{name}\""))
    };
    let (label, content) = (column("EventId")?, column("Content")?);
    let records = reader.records().map(|record| {
        let record = record.map_err(|error| error.to_string())?;
        let text = |idx| record.get(idx).unwrap_or("").to_owned();
        Ok((text(label), text(content)))
    });
    records.collect()
}

/// All files below a folder, in the order of their names.
pub(crate) fn files(root: &Path) -> Vec<PathBuf> {
    let (mut files, mut folders) = (Vec::new(), vec![root.to_owned()]);
    while let Some(folder) = folders.pop() {
        match std::fs::read_dir(&folder) {
            Ok(entries) => {
                for path in entries.flatten().map(|entry| entry.path()) {
                    if path.is_dir() { folders.push(path) } else { files.push(path) }
                }
            }
            Err(error) => eprintln!("grouping: {}: {error}", folder.display()),
        }
    }
    files.sort();
    files
}
