//! Real stacks and log lines, from the folder that `BRUNT_EXPORTS` names. Without it these tests say so and pass.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use brunt_fingerprint::{Occurrence, Quality, frames, group, template};
use serde_json::Value;

/// The folder inside the exports, if it is there.
#[expect(clippy::print_stderr, reason = "a test that skips must say so")]
fn exports(folder: &str) -> Option<PathBuf> {
    let path = std::env::var_os("BRUNT_EXPORTS").map(|root| Path::new(&root).join(folder)).filter(|path| path.is_dir());
    if path.is_none() {
        eprintln!("skipped: BRUNT_EXPORTS names no folder with {folder}");
    }
    path
}

fn files(folder: &Path, extension: &str, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, extension, found);
        } else if path.extension().is_some_and(|e| e == extension) {
            found.push(path);
        }
    }
    found.sort();
}

/// An event's exceptions, outermost last as Sentry has them, written as the language would print them.
fn print(event: &Value) -> Option<String> {
    let exceptions = event["exception"].as_array().or_else(|| event["exception"]["values"].as_array())?;
    let platform = event["platform"].as_str()?;
    let mut out = String::new();
    let ordered: Vec<&Value> = if platform == "python" { exceptions.iter().collect() } else { exceptions.iter().rev().collect() };
    for (exception_idx, exception) in ordered.iter().enumerate() {
        let module = exception["module"].as_str().map_or(String::new(), |module| format!("{module}."));
        let header = format!("{module}{}: {}", exception["type"].as_str().unwrap_or(""), exception["value"].as_str().unwrap_or(""));
        let empty = Vec::new();
        let frames = exception["stacktrace"]["frames"].as_array().unwrap_or(&empty);
        let text = |frame: &Value, name: &str| frame[name].as_str().unwrap_or("").to_owned();
        match platform {
            "java" => {
                let _ = writeln!(out, "{}{header}", if exception_idx > 0 { "Caused by: " } else { "" });
                for frame in frames.iter().rev() {
                    let place = frame["lineno"].as_i64().map_or("Native Method".to_owned(), |line| format!("{}:{line}", text(frame, "filename")));
                    let _ = writeln!(out, "\tat {}.{}({place})", text(frame, "module"), text(frame, "function"));
                }
            }
            "python" => {
                let link = "\nThe above exception was the direct cause of the following exception:\n\n";
                let _ = write!(out, "{}Traceback (most recent call last):\n", if exception_idx > 0 { link } else { "" });
                for frame in frames {
                    let file = frame["abs_path"].as_str().map_or_else(|| text(frame, "filename"), str::to_owned);
                    let _ = writeln!(out, "  File \"{file}\", line {}, in {}", frame["lineno"].as_i64().unwrap_or(1), text(frame, "function"));
                }
                let _ = writeln!(out, "{header}");
            }
            _ => {
                let _ = writeln!(out, "{}{header}", if exception_idx > 0 { "Caused by: " } else { "" });
                for frame in frames.iter().rev() {
                    let file = frame["abs_path"].as_str().map_or_else(|| text(frame, "filename"), str::to_owned);
                    let _ = writeln!(out, "    at {} ({file}:{}:{})", text(frame, "function"), frame["lineno"].as_i64().unwrap_or(1), frame["colno"].as_i64().unwrap_or(1));
                }
            }
        }
    }
    Some(out)
}

#[test]
fn real_events_of_known_languages_are_read() {
    let Some(folder) = exports("sentry-events") else { return };
    let mut paths = Vec::new();
    files(&folder, "json", &mut paths);
    let (mut n_read, mut n_frames, mut n_same) = (0, 0, 0);
    for path in paths {
        let event: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        if !matches!(event["platform"].as_str(), Some("java" | "python" | "javascript" | "node")) {
            continue;
        }
        let Some(stack) = print(&event) else { continue };
        let info = group(&Occurrence { stacktrace: Some(&stack), ..Occurrence::default() });
        let read = frames(&stack);
        println!("{:<60} {:>3} {:<13} {:<90} {:?} {:?}", path.file_name().unwrap().display(), read.len(), info.quality.as_str(), info.title.chars().take(90).collect::<String>(), info.culprit, info.thrown_at);
        if read.is_empty() {
            continue;
        }
        n_read += 1;
        assert!(!matches!(info.quality, Quality::Unparsed | Quality::MessageOnly), "{}", path.display());
        assert!(!info.root_type.is_empty() && info.culprit.is_some(), "{}", path.display());
        let crlf = group(&Occurrence { stacktrace: Some(&stack.replace('\n', "\r\n")), ..Occurrence::default() });
        assert_eq!(crlf.group, info.group);
        // Sentry's own clients say which frames they hold for the app's.
        let exceptions = event["exception"].as_array().or_else(|| event["exception"]["values"].as_array()).unwrap();
        let mut claimed = BTreeMap::new();
        for frame in exceptions.iter().filter_map(|e| e["stacktrace"]["frames"].as_array()).flatten() {
            if let Some(in_app) = frame["in_app"].as_bool() {
                let line = frame["lineno"].as_u64().unwrap_or(0);
                claimed.insert((frame["filename"].as_str().map(|f| f.rsplit('/').next().unwrap_or(f).to_owned()), line), in_app);
            }
        }
        for frame in &read {
            let file = frame.file.rsplit('/').next().map(str::to_owned);
            if let Some(in_app) = claimed.get(&(file, u64::from(frame.line.unwrap_or(0)))) {
                n_frames += 1;
                if *in_app == frame.in_app { n_same += 1 } else { println!("   differs: sentry {in_app} {} {} {}", frame.module, frame.function, frame.file) }
            }
        }
    }
    println!("{n_read} events read; {n_same} of {n_frames} frames are the app's or not as the client says");
    assert!(n_read >= 15);
    assert!(n_same * 100 >= n_frames * 80);
}

#[test]
fn real_log_lines_fold_into_few_templates() {
    let Some(folder) = exports("trainticket") else { return };
    let mut paths = Vec::new();
    files(&folder, "csv", &mut paths);
    let (mut n_lines, mut templates) = (0, BTreeMap::<String, BTreeSet<String>>::new());
    for path in paths.iter().filter(|path| path.to_string_lossy().ends_with("_log.csv")) {
        for record in csv::Reader::from_path(path).unwrap().records() {
            let record = record.unwrap();
            let line = serde_json::from_str::<Value>(record.get(7).unwrap_or("")).map_or_else(|_| String::new(), |v| v["log"].as_str().unwrap_or("").to_owned());
            // `16:42:22.382 INFO  t.s.TravelServiceImpl#532 TraceID: … SpanID: … text`: the place in the code tells what belongs together.
            let Some((head, rest)) = line.split_once(" TraceID: ") else { continue };
            let place = format!("{} {}", record.get(3).unwrap_or("").split('-').nth(1).unwrap_or(""), head.rsplit(' ').next().unwrap_or(""));
            let text = rest.splitn(4, ' ').nth(3).unwrap_or("");
            let masked = template(text);
            assert_eq!(template(&masked), masked);
            n_lines += 1;
            templates.entry(place).or_default().insert(masked);
        }
    }
    let n_places = templates.len();
    let n_templates: usize = templates.values().map(BTreeSet::len).sum();
    for (place, texts) in templates.iter().filter(|(_, texts)| texts.len() > 2) {
        println!("{place}: {}", texts.len());
        for text in texts.iter().take(4) {
            println!("    {}", text.chars().take(220).collect::<String>());
        }
    }
    println!("{n_lines} lines of {n_places} places in the code have {n_templates} templates");
    assert!(n_lines > 5000 && n_templates < n_places * 2);
}
