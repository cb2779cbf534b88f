//! Real stacks and log lines, from the folder that `BRUNT_EXPORTS` names. Without it these tests say so and pass.

#[path = "../benches/grouping/events.rs"]
mod events;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use brunt_fingerprint::{ErrorInfo, Frame, Occurrence, Quality, Rules, template};
use brunt_testkit::needs;
use events::{Event, exceptions, text};
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

/// Events with frames a platform, and how many of them were read when this was written.
const PLATFORMS: [(&str, usize, usize); 11] = [
    ("cocoa", 22, 22),
    ("crystal", 1, 1),
    ("csharp", 6, 6),
    ("go", 3, 3),
    ("java", 11, 11),
    ("javascript", 3, 3),
    ("native", 31, 31),
    ("node", 1, 1),
    ("nonsense", 1, 1),
    ("php", 3, 3),
    ("python", 7, 7),
];

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
fn real_events_of_every_platform_are_read() -> Result<()> {
    let Some(paths) = exports("sentry-events", ".json")? else { return Ok(()) };
    let mut shares = BTreeMap::<String, (usize, usize)>::new();
    let (mut n_frames, mut n_same, mut unread) = (0, 0, Vec::new());
    for path in paths {
        let Some(event) = events::read(&path)? else { continue };
        let Event { platform, value, type_name, stack } = event;
        let recorded = Occurrence { exception_type: Some(&type_name), ..Occurrence::default() };
        let info = group(&Occurrence { stacktrace: Some(&stack), ..recorded });
        let file = path.display();
        let wrapped = stack.replace('\n', "\r\n");
        let wrapped = group(&Occurrence { stacktrace: Some(&wrapped), ..recorded });
        assert_eq!(wrapped.group, info.group, "{file}");
        let is_read = !matches!(info.quality, Quality::Unparsed | Quality::MessageOnly);
        let (n, n_read) = shares.entry(platform).or_default();
        *n += 1;
        *n_read += usize::from(is_read);
        if !is_read {
            unread.push(format!("{file}\n{stack}"));
            continue;
        }
        let frames = frames(&stack);
        assert!(frames.iter().any(|frame| frame.used), "{file}");
        let (n, same) = agreement(&value, &frames);
        n_frames += n;
        n_same += same;
    }
    for (platform, n, least) in PLATFORMS {
        let (n_events, n_read) = shares.remove(platform).unwrap_or_default();
        assert!(n_events >= n, "{n_events} events of {platform}");
        assert!(n_read >= least, "{n_read} of {n_events} of {platform} are read\n{unread:#?}");
    }
    assert!(shares.is_empty(), "other platforms: {shares:?}");
    // 342 of 381 frames when this was written; where the two differ, Sentry's flag often comes from rules that somebody
    // set for that project.
    assert!(n_same * 100 >= n_frames * 89, "{n_same} of {n_frames} frames");
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
