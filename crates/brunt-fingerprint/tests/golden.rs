//! Ids that must not change by accident. A file in `golden/` holds cases; each keeps every id it ever had:
//!
//! ```text
//! === what the case shows
//! service: shop
//! message: card 7 declined
//! stack:
//! | com.acme.Declined: card 7 declined
//! |     at com.acme.Pay.charge(Pay.java:5)
//! id: e0:… why: the reason for this id, in the words of whoever changed it
//! ```
//! The last `id:` is the one that must come out. To accept new ones, run the test with the reason in
//! `BRUNT_GOLDEN_WHY`; each changed case gets one more line, and the old ones stay.

use std::fmt::Write as _;
use std::path::Path;

use brunt_fingerprint::{ErrorInfo, Occurrence, Rules};

/// Groups without rules.
fn group(occurrence: &Occurrence<'_>) -> ErrorInfo {
    brunt_fingerprint::group(occurrence, &Rules::default())
}

#[derive(Debug, Default)]
struct Case {
    lines: Vec<String>,
    fields: std::collections::BTreeMap<String, String>,
    stack: String,
    ids: Vec<(String, String)>,
}

impl Case {
    fn group(&self) -> ErrorInfo {
        let field = |name: &str| self.fields.get(name).map(String::as_str);
        group(&Occurrence {
            exception_type: field("type"),
            message: field("message"),
            stacktrace: Some(self.stack.as_str()).filter(|stack| !stack.is_empty()),
            service: field("service"),
            lang: field("lang"),
            client_fingerprint: field("fingerprint"),
            attributes: &[],
        })
    }
}

fn read_cases(text: &str) -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    for line in text.lines() {
        if line.starts_with("=== ") {
            cases.push(Case::default());
        }
        let Some(case) = cases.last_mut() else { continue };
        if let Some(stack_line) = line.strip_prefix("| ").or_else(|| line.strip_prefix('|')) {
            let _ = writeln!(case.stack, "{stack_line}");
        } else if let Some(id) = line.strip_prefix("id: ") {
            let (id, why) = id.split_once(" why: ").unwrap_or((id, ""));
            case.ids.push((id.to_owned(), why.to_owned()));
        } else if let Some((name, value)) =
            line.split_once(": ").filter(|_| !line.starts_with("==="))
        {
            case.fields.insert(name.to_owned(), value.to_owned());
        }
        case.lines.push(line.to_owned());
    }
    cases
}

#[test]
fn ids_stay_or_say_why_they_changed() {
    let why = std::env::var("BRUNT_GOLDEN_WHY").ok().filter(|why| !why.is_empty());
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let mut changed = String::new();
    let mut n_cases = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let head: String = text
            .lines()
            .take_while(|line| !line.starts_with("=== "))
            .fold(String::new(), |head, line| head + line + "\n");
        let mut out = head;
        for case in read_cases(&text) {
            n_cases += 1;
            let name = case.lines.first().cloned().unwrap_or_default();
            assert!(
                case.ids.iter().all(|(_, why)| why.len() > 4),
                "{name}: an id must say why it is what it is"
            );
            let info = case.group();
            let is_same = case.ids.last().is_some_and(|(id, _)| *id == info.group);
            let mut lines = case.lines;
            if !is_same {
                let _ = writeln!(
                    changed,
                    "{name}\n  is now {}  {} | {:?} | {:?}",
                    info.group, info.title, info.culprit, info.quality
                );
                let at = lines.iter().rposition(|line| !line.is_empty()).map_or(0, |last| last + 1);
                lines.insert(
                    at,
                    format!("id: {} why: {}", info.group, why.as_deref().unwrap_or("?")),
                );
            }
            out = lines.into_iter().fold(out, |out, line| out + &line + "\n");
        }
        if why.is_some() && out != text {
            std::fs::write(&path, out).unwrap();
        }
    }
    assert!(n_cases >= 30, "only {n_cases} golden cases were found");
    assert!(
        changed.is_empty() || why.is_some(),
        "ids changed; run with BRUNT_GOLDEN_WHY=reason if they should:\n{changed}"
    );
}

#[test]
fn no_two_golden_cases_share_a_group_but_those_that_say_so() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let mut seen = std::collections::BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        for case in read_cases(&std::fs::read_to_string(entry.unwrap().path()).unwrap()) {
            let name = case.lines.first().cloned().unwrap_or_default();
            let same = name
                .split_once(" (same as ")
                .map(|(_, other)| other.trim_end_matches(')').to_owned());
            let title = name
                .trim_start_matches("=== ")
                .split(" (same as ")
                .next()
                .unwrap_or_default()
                .to_owned();
            let first: &mut String =
                seen.entry(case.group().group).or_insert_with(|| title.clone());
            assert_eq!(same.as_ref().unwrap_or(&title), first, "{title}");
        }
    }
}
