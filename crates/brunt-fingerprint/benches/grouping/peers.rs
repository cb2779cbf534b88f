//! Rules that other systems document, written anew for comparison. They are given our reading of the frames, so that
//! only the rules differ.

use std::hash::{DefaultHasher, Hash, Hasher};

use brunt_fingerprint::{Frame, Occurrence, Rules, frames, group};

pub(crate) type Peer = fn(&Occurrence<'_>, &Rules) -> String;

pub(crate) fn all() -> [(&'static str, Peer); 3] {
    [("whole stack", whole_stack), ("top frame with line", top_frame), ("message", message)]
}

/// Type, and module and function of every frame of the app; without such frames all frames, without frames the
/// message.
fn whole_stack(occurrence: &Occurrence<'_>, rules: &Rules) -> String {
    let frames = frames_of(occurrence, rules);
    let own: Vec<&Frame> = frames.iter().filter(|frame| frame.in_app).collect();
    let chosen = if own.is_empty() { frames.iter().collect() } else { own };
    if chosen.is_empty() {
        return message(occurrence, rules);
    }
    let names: Vec<_> = chosen.iter().map(|frame| (&frame.module, &frame.function)).collect();
    key(&(occurrence.service, type_name(occurrence, rules), names))
}

/// Type, and file and line of the first frame of the app.
fn top_frame(occurrence: &Occurrence<'_>, rules: &Rules) -> String {
    let frames = frames_of(occurrence, rules);
    let top = frames.iter().find(|frame| frame.in_app).or(frames.first());
    match top {
        Some(frame) => {
            let type_name = type_name(occurrence, rules);
            key(&(occurrence.service, type_name, &frame.file, frame.line))
        }
        None => message(occurrence, rules),
    }
}

fn frames_of(occurrence: &Occurrence<'_>, rules: &Rules) -> Vec<Frame> {
    frames(&Occurrence { stacktrace: occurrence.stacktrace, ..Occurrence::default() }, rules)
}

/// Type and message as they are; Python prints them last.
fn message(occurrence: &Occurrence<'_>, _: &Rules) -> String {
    let stack = occurrence.stacktrace.unwrap_or("");
    let mut lines = stack.lines().filter(|line| !line.trim().is_empty());
    let is_last = stack.starts_with("Traceback ");
    let header = if is_last { lines.next_back() } else { lines.next() }.unwrap_or("");
    key(&(occurrence.service, occurrence.exception_type, occurrence.message.unwrap_or(header)))
}

fn type_name(occurrence: &Occurrence<'_>, rules: &Rules) -> String {
    let Occurrence { exception_type, stacktrace, .. } = *occurrence;
    group(&Occurrence { exception_type, stacktrace, ..Occurrence::default() }, rules).root_type
}

fn key(parts: &impl Hash) -> String {
    let mut hasher = DefaultHasher::new();
    parts.hash(&mut hasher);
    format!("{:x}", hasher.finish())
}
