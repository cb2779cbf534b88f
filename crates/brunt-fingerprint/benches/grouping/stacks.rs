//! Figures on real stacks: the events of Sentry's clients of many platforms, below the folder that `BRUNT_EXPORTS` names.
//!
//! They have no labels, so each is held against itself: what transport and another build do to it must keep its group,
//! another type, other functions and another service must not.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use brunt_fingerprint::{Occurrence, Quality, Rules, group, group_id};
use serde_json::Value;

use crate::events::{self, Event};
use crate::logs::files;
use crate::peers::{self, Peer};
use crate::random::Random;
use crate::suite::Share;
use crate::{judged_row, row, shown, transport};

/// What the metamorphic suite wants of a language, in percent.
const LEAST: f64 = 97.0;
/// Added to each line, column and address.
const SHIFT: u64 = 16;

/// An exception as a service recorded it.
#[derive(PartialEq)]
struct Recorded {
    type_name: String,
    stack: String,
    service: &'static str,
}

impl Recorded {
    fn of(event: &Event) -> Self {
        let Event { type_name, stack, .. } = event;
        Self { type_name: type_name.clone(), stack: stack.clone(), service: "shop" }
    }

    fn group(&self, group_of: Peer) -> String {
        let occurrence = Occurrence {
            exception_type: Some(&self.type_name),
            stacktrace: Some(&self.stack),
            service: Some(self.service),
            ..Occurrence::default()
        };
        group_of(&occurrence, &Rules::default())
    }
}

pub(crate) fn measure(seed: u64, n_shown: usize) {
    let wanted = format!(">= {LEAST} / {LEAST}");
    let root = std::env::var_os("BRUNT_EXPORTS").map(PathBuf::from);
    let events = root.map_or_else(Vec::new, |root| read(&root.join("sentry-events")));
    if events.is_empty() {
        row("real stacks, must keep / must split, %", "not measured: no data", "", &wanted);
        return;
    }
    let platforms: BTreeSet<&str> = events.iter().map(|event| event.platform.as_str()).collect();
    let what = format!("{} real stacks of {} platforms", events.len(), platforms.len());
    let mut read = Share::default();
    for event in &events {
        let occurrence = Occurrence { stacktrace: Some(&event.stack), ..Occurrence::default() };
        let quality = group(&occurrence, &Rules::default()).quality;
        read.add(!matches!(quality, Quality::Unparsed | Quality::MessageOnly));
    }
    row(&format!("{what}, read, %"), &format!("{:.2}", 100.0 * read.value()), "", "");
    let own: Peer = |occurrence, rules| group_id(occurrence, rules);
    let figures = shares(&events, seed, own, n_shown);
    let peers = peers::all().map(|(name, group_of)| (name, shares(&events, seed, group_of, 0)));
    let mean = |shares: &[f64; 2]| shares.iter().sum::<f64>();
    let best = peers.iter().map(|(_, shares)| *shares).max_by(|a, b| mean(a).total_cmp(&mean(b)));
    let is_met = figures.into_iter().all(|share| share >= LEAST);
    let best = best.map_or(String::new(), shown);
    judged_row("  must keep / must split, %", &shown(figures), &best, &wanted, is_met);
    for (name, shares) in peers {
        row(&format!("  peer: {name}"), "", &shown(shares), "");
    }
}

/// A file that cannot be read is told.
fn read(root: &Path) -> Vec<Event> {
    let is_event = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "json");
    let read = files(root).into_iter().filter(is_event).filter_map(|path| {
        events::read(&path).unwrap_or_else(|error| {
            eprintln!("grouping: {error}");
            None
        })
    });
    read.collect()
}

/// The shares of pairs that are kept together and apart as they must be, in percent.
fn shares(events: &[Event], seed: u64, group_of: Peer, n_shown: usize) -> [f64; 2] {
    let (mut keep, mut split) = (Share::default(), Share::default());
    let mut n_left = n_shown;
    for (event, number) in events.iter().zip(0..) {
        let first = Recorded::of(event);
        let own = first.group(group_of);
        let random = &mut Random::new(seed ^ number);
        for (must_keep, changes) in [(true, kept(event, random)), (false, splitting(event))] {
            // A stack without lines has none to shift.
            for (name, changed) in changes.into_iter().filter(|(_, changed)| *changed != first) {
                let is_right = (changed.group(group_of) == own) == must_keep;
                if must_keep { &mut keep } else { &mut split }.add(is_right);
                if !is_right && n_left > 0 {
                    n_left -= 1;
                    println!("### {name}\n{}\n---\n{}", first.stack, changed.stack);
                }
            }
        }
    }
    [keep, split].map(|share| 100.0 * share.value())
}

fn kept(event: &Event, random: &mut Random) -> Vec<(&'static str, Recorded)> {
    let stack = &event.stack;
    let on_its_way = [
        ("log prefix", transport::log_prefix(stack, random)),
        ("crlf", transport::crlf(stack)),
        ("ansi", transport::ansi(stack, random)),
        ("json-escaped", transport::escaped(stack)),
        ("another thread between", transport::interleaved(stack, random)),
    ];
    let on_its_way =
        on_its_way.map(|(name, stack)| (name, Recorded { stack, ..Recorded::of(event) }));
    let shifted = changed(event, |_| (), shift).map(|shifted| ("lines shifted", shifted));
    on_its_way.into_iter().chain(shifted).collect()
}

fn splitting(event: &Event) -> Vec<(&'static str, Recorded)> {
    let other_code = changed(event, |_| (), other_code).map(|changed| ("code", changed));
    let other_type = changed(event, other_type, |_| ()).map(|changed| ("type", changed));
    let elsewhere = ("service", Recorded { service: "billing", ..Recorded::of(event) });
    [other_code, other_type, Some(elsewhere)].into_iter().flatten().collect()
}

/// The event with something done to each exception and each frame.
fn changed(
    event: &Event,
    of_exception: fn(&mut Value),
    of_frame: fn(&mut Value),
) -> Option<Recorded> {
    let mut value = event.value.clone();
    let list = match &mut value["exception"] {
        Value::Array(list) => Some(list),
        exception => exception["values"].as_array_mut(),
    };
    for exception in list.into_iter().flatten() {
        of_exception(exception);
        let frames = exception["stacktrace"]["frames"].as_array_mut();
        frames.into_iter().flatten().for_each(of_frame);
    }
    Event::of(value).as_ref().map(Recorded::of)
}

/// Another build: other lines, columns and addresses.
fn shift(frame: &mut Value) {
    for name in ["lineno", "colno"] {
        if let Some(number) = frame[name].as_u64() {
            frame[name] = (number + SHIFT).into();
        }
    }
    let address = frame["instruction_addr"].as_str().and_then(|text| text.strip_prefix("0x"));
    if let Some(address) = address.and_then(|digits| u64::from_str_radix(digits, 16).ok()) {
        frame["instruction_addr"] = format!("{:#x}", address.wrapping_add(SHIFT)).into();
    }
}

fn other_type(exception: &mut Value) {
    if let Some(type_name) = exception["type"].as_str() {
        exception["type"] = format!("Other{type_name}").into();
    }
}

/// Another function of another file.
fn other_code(frame: &mut Value) {
    for name in ["function", "module", "filename", "abs_path"] {
        rename(&mut frame[name]);
    }
}

/// Puts a word into the last part of a path or a name, before what follows a full stop in it.
fn rename(name: &mut Value) {
    let Some(text) = name.as_str() else { return };
    let start = text.rfind(['/', '\\']).map_or(0, |slash| slash + 1);
    let word = start + text[start..].find(char::is_alphanumeric).unwrap_or(0);
    let is_end = |c: char| !c.is_alphanumeric();
    let end = text[word..].find(is_end).map_or(text.len(), |len| word + len);
    *name = format!("{}Other{}", &text[..end], &text[end..]).into();
}
