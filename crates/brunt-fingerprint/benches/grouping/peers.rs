//! Rules that other systems document, written anew for comparison. They are given our reading of the frames, so that
//! only the rules differ.

use std::hash::{DefaultHasher, Hash, Hasher};

use brunt_fingerprint::{Frame, Occurrence, Rules, frames, group};

use crate::mutate::Happening;

type Peer = fn(&Happening) -> String;

pub(crate) fn all() -> [(&'static str, Peer); 3] {
    [("whole stack", whole_stack), ("top frame with line", top_frame), ("message", message)]
}

/// Type, and module and function of every frame of the app; without such frames all frames, without frames the
/// message.
fn whole_stack(happening: &Happening) -> String {
    let frames = frames_of(happening);
    let own: Vec<&Frame> = frames.iter().filter(|frame| frame.in_app).collect();
    let chosen = if own.is_empty() { frames.iter().collect() } else { own };
    if chosen.is_empty() {
        return message(happening);
    }
    let names: Vec<_> = chosen.iter().map(|frame| (&frame.module, &frame.function)).collect();
    key(&(happening.service, type_name(happening), names))
}

/// Type, and file and line of the first frame of the app.
fn top_frame(happening: &Happening) -> String {
    let frames = frames_of(happening);
    let top = frames.iter().find(|frame| frame.in_app).or(frames.first());
    match top {
        Some(frame) => key(&(happening.service, type_name(happening), &frame.file, frame.line)),
        None => message(happening),
    }
}

fn frames_of(happening: &Happening) -> Vec<Frame> {
    let stacktrace = Some(happening.printed.stack.as_str());
    frames(&Occurrence { stacktrace, ..Occurrence::default() }, &Rules::default())
}

/// Type and message as they are.
fn message(happening: &Happening) -> String {
    let printed = &happening.printed;
    let header = printed.stack.lines().find(|line| !line.trim().is_empty()).unwrap_or("");
    key(&(happening.service, &printed.type_name, printed.message.as_deref().unwrap_or(header)))
}

fn type_name(happening: &Happening) -> String {
    let occurrence = Occurrence {
        exception_type: happening.printed.type_name.as_deref(),
        stacktrace: Some(&happening.printed.stack),
        ..Occurrence::default()
    };
    group(&occurrence, &Rules::default()).root_type
}

fn key(parts: &impl Hash) -> String {
    let mut hasher = DefaultHasher::new();
    parts.hash(&mut hasher);
    format!("{:x}", hasher.finish())
}
