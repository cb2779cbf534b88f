//! Real stacks and log lines, from the folder that `BRUNT_EXPORTS` names. Without it these tests say so and pass.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::PathBuf;

use brunt_fingerprint::{ErrorInfo, Frame, Occurrence, Quality, Rules, template};
use brunt_testkit::needs;
use serde_json::Value;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// Groups without rules.
fn group(occurrence: &Occurrence<'_>) -> ErrorInfo {
    brunt_fingerprint::group(occurrence, &Rules::default())
}

/// Frames without rules.
fn frames(stack: &str) -> Vec<Frame> {
    let occurrence = Occurrence { stacktrace: Some(stack), ..Occurrence::default() };
    brunt_fingerprint::frames(&occurrence, &Rules::default())
}

/// All files below a folder of the exports that end so; `None` if the folder is not there.
fn exports(folder: &str, suffix: &str) -> Result<Option<Vec<PathBuf>>> {
    let Some(root) = needs::exports(folder) else { return Ok(None) };
    let (mut folders, mut found) = (vec![root], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.to_string_lossy().ends_with(suffix) {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(Some(found))
}

/// An event's exceptions with their frames, the outermost exception and call last, as Sentry keeps them.
fn exceptions(event: &Value) -> Vec<(&Value, &[Value])> {
    let list = event["exception"].as_array().or_else(|| event["exception"]["values"].as_array());
    list.map_or(&[][..], Vec::as_slice)
        .iter()
        .map(|e| (e, e["stacktrace"]["frames"].as_array().map_or(&[][..], Vec::as_slice)))
        .collect()
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap_or("")
}

fn header(exception: &Value) -> String {
    let module = exception["module"].as_str().map_or(String::new(), |module| format!("{module}."));
    format!("{module}{}: {}", text(exception, "type"), text(exception, "value"))
}

/// A frame as the event's language would print it.
fn frame_line(platform: &str, frame: &Value) -> String {
    let line = frame["lineno"].as_u64().unwrap_or(1);
    let file = frame["abs_path"].as_str().unwrap_or(text(frame, "filename"));
    let function = text(frame, "function");
    match platform {
        "java" => {
            format!("\tat {}.{function}({}:{line})", text(frame, "module"), text(frame, "filename"))
        }
        "python" => format!("  File \"{file}\", line {line}, in {function}"),
        _ => format!("    at {function} ({file}:{line}:{})", frame["colno"].as_u64().unwrap_or(1)),
    }
}

/// An event as the event's language would print it; `None` for other languages and without exceptions.
fn print(event: &Value) -> Option<String> {
    let platform = event["platform"]
        .as_str()
        .filter(|p| matches!(*p, "java" | "python" | "javascript" | "node"))?;
    let mut out = String::new();
    let mut list = exceptions(event);
    if platform != "python" {
        list.reverse();
    }
    for (exception, frames) in &list {
        let is_first = out.is_empty();
        if platform == "python" {
            let link = "\nThe above exception was the direct cause of the following exception:\n\n";
            out += if is_first { "" } else { link };
            out += "Traceback (most recent call last):\n";
            for frame in *frames {
                let _ = writeln!(out, "{}", frame_line(platform, frame));
            }
            let _ = writeln!(out, "{}", header(exception));
        } else {
            let _ =
                writeln!(out, "{}{}", if is_first { "" } else { "Caused by: " }, header(exception));
            for frame in frames.iter().rev() {
                let _ = writeln!(out, "{}", frame_line(platform, frame));
            }
        }
    }
    (!list.is_empty()).then_some(out)
}

/// Of the frames of which Sentry's client says whether they are the app's: how many there are, and on how many we agree.
fn agreement(event: &Value, read: &[Frame]) -> (usize, usize) {
    let name = |path: &str| path.rsplit('/').next().unwrap_or(path).to_owned();
    let claimed: BTreeMap<(String, u64), bool> = exceptions(event)
        .iter()
        .flat_map(|(_, frames)| frames.iter())
        .filter_map(|f| {
            Some(((name(text(f, "filename")), f["lineno"].as_u64()?), f["in_app"].as_bool()?))
        })
        .collect();
    let both = read.iter().filter_map(|frame| {
        let claim = claimed.get(&(name(&frame.file), u64::from(frame.line?)))?;
        Some(*claim == frame.in_app)
    });
    both.fold((0, 0), |(n, n_same), is_same| (n + 1, n_same + usize::from(is_same)))
}

#[test]
fn real_events_of_known_languages_are_read() -> Result<()> {
    let Some(paths) = exports("sentry-events", ".json")? else { return Ok(()) };
    let (mut n_read, mut n_frames, mut n_same) = (0, 0, 0);
    for path in paths {
        let event: Value = serde_json::from_slice(&std::fs::read(&path)?)?;
        let Some(stack) = print(&event) else { continue };
        let read = frames(&stack);
        if read.is_empty() {
            continue;
        }
        n_read += 1;
        let info = group(&Occurrence { stacktrace: Some(&stack), ..Occurrence::default() });
        let file = path.display();
        assert!(!matches!(info.quality, Quality::Unparsed | Quality::MessageOnly), "{file}");
        assert!(!info.root_type.is_empty() && info.culprit.is_some(), "{file}");
        let wrapped = stack.replace('\n', "\r\n");
        let wrapped = group(&Occurrence { stacktrace: Some(&wrapped), ..Occurrence::default() });
        assert_eq!(wrapped.group, info.group, "{file}");
        let (n, same) = agreement(&event, &read);
        n_frames += n;
        n_same += same;
    }
    // 22 events and 9 of 10 frames when this was written; where the two differ, Sentry's flag often comes from rules
    // that somebody set for that project.
    assert!(n_read >= 22, "{n_read} events");
    assert!(n_same * 10 >= n_frames * 9, "{n_same} of {n_frames} frames");
    Ok(())
}

#[test]
fn real_log_lines_fold_into_few_templates() -> Result<()> {
    let Some(paths) = exports("trainticket", "_log.csv")? else { return Ok(()) };
    let mut n_lines = 0;
    let mut templates = BTreeMap::<String, BTreeSet<String>>::new();
    for path in paths {
        for record in csv::Reader::from_path(&path)?.records() {
            let record = record?;
            let Ok(log) = serde_json::from_str::<Value>(record.get(7).unwrap_or("")) else {
                continue;
            };
            // `16:42:22.382 INFO  t.s.TravelServiceImpl#532 TraceID: … SpanID: … text`: the place in the code, which
            // no template may see, says what belongs together.
            let Some((head, rest)) = text(&log, "log").split_once(" TraceID: ") else { continue };
            let place = format!(
                "{} {}",
                record.get(3).unwrap_or("").split('-').nth(1).unwrap_or(""),
                head.rsplit(' ').next().unwrap_or("")
            );
            let masked = template(rest.splitn(4, ' ').nth(3).unwrap_or(""));
            assert_eq!(template(&masked), masked);
            n_lines += 1;
            templates.entry(place).or_default().insert(masked);
        }
    }
    let n_places = templates.len();
    let n_templates: usize = templates.values().map(BTreeSet::len).sum();
    // 10,284 lines, 201 places and 234 templates when this was written.
    assert!(n_lines > 10_000, "{n_lines} lines");
    assert!(
        n_templates * 4 <= n_places * 5,
        "{n_templates} templates of {n_places} places in the code"
    );
    Ok(())
}
