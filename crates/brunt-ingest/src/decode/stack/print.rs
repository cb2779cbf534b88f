//! The printed form of each language. Chains come outermost exception first.

use std::fmt::Write;

use super::{Frame, Raised};

/// Groups in groups are printed to this depth.
const GROUP_DEPTH_MAX: usize = 16;

/// The root first, the newest call last.
pub(super) fn python(chain: &[Raised<'_>], out: &mut String) {
    let is_group = chain.iter().any(|raised| !raised.members.is_empty());
    python_chain(chain, if is_group { "  " } else { "" }, 0, out);
}

fn python_chain(chain: &[Raised<'_>], indent: &str, depth: usize, out: &mut String) {
    let margin = if indent.is_empty() { String::new() } else { format!("{indent}| ") };
    for (raised_idx, raised) in chain.iter().enumerate().rev() {
        python_one(raised, indent, &margin, depth, out);
        if raised_idx == 0 {
            break;
        }
        let why = if raised.is_context {
            "During handling of the above exception, another exception occurred:"
        } else {
            "The above exception was the direct cause of the following exception:"
        };
        let blank = margin.trim_end();
        let _ = write!(out, "{blank}\n{margin}{why}\n{blank}\n");
    }
}

fn python_one(raised: &Raised<'_>, indent: &str, margin: &str, depth: usize, out: &mut String) {
    if !raised.frames.is_empty() {
        let _ = match (raised.members.is_empty(), depth) {
            (false, 0) => {
                writeln!(out, "{indent}+ Exception Group Traceback (most recent call last):")
            }
            (false, _) => {
                writeln!(out, "{margin}Exception Group Traceback (most recent call last):")
            }
            (true, _) => writeln!(out, "{margin}Traceback (most recent call last):"),
        };
    }
    for frame in raised.frames.iter().rev() {
        let (file, line) = frame.place();
        let _ = write!(out, "{margin}  File \"{file}\", line {line}");
        if let Some(function) = frame.function.filter(|function| !function.is_empty()) {
            let _ = write!(out, ", in {function}");
        }
        out.push('\n');
        if let Some(source) = frame.source.map(str::trim).filter(|source| !source.is_empty()) {
            let _ = writeln!(out, "{margin}    {source}");
        }
    }
    for line in raised.header().lines() {
        let _ = writeln!(out, "{margin}{line}");
    }
    if raised.members.is_empty() || depth == GROUP_DEPTH_MAX {
        return;
    }
    let inner = format!("{indent}  ");
    for (member_idx, member) in raised.members.iter().enumerate() {
        let start = if member_idx == 0 { format!("{indent}+-+") } else { format!("{inner}+") };
        let _ = writeln!(out, "{start}---------------- {} ----------------", member_idx + 1);
        python_chain(member, &inner, depth + 1, out);
    }
    let _ = writeln!(out, "{inner}+------------------------------------");
}

pub(super) fn java(chain: &[Raised<'_>], out: &mut String) {
    outermost_first(chain, "Caused by: ", out, |frame, _, out| {
        let name = frame.qualified(".");
        let _ = match (frame.file, frame.line) {
            (_, Some("-2")) => writeln!(out, "\tat {name}(Native Method)"),
            (Some(file), Some(line)) if !line.starts_with(['-', '0']) => {
                writeln!(out, "\tat {name}({file}:{line})")
            }
            (Some(file), _) => writeln!(out, "\tat {name}({file})"),
            (None, _) => writeln!(out, "\tat {name}(Unknown Source)"),
        };
    });
}

pub(super) fn javascript(chain: &[Raised<'_>], out: &mut String) {
    outermost_first(chain, "Caused by: ", out, |frame, _, out| {
        let place = match (frame.file, frame.line) {
            (Some(file), Some(line)) => format!("{file}:{line}:{}", frame.column.unwrap_or("1")),
            (Some(file), None) => file.to_owned(),
            (None, _) => "<anonymous>".to_owned(),
        };
        let _ = match frame.name() {
            Some(name) => writeln!(out, "    at {name} ({place})"),
            None => writeln!(out, "    at {place}"),
        };
    });
}

/// All headers, then the calls of each exception from the innermost outwards.
pub(super) fn dotnet(chain: &[Raised<'_>], out: &mut String) {
    for (raised_idx, raised) in chain.iter().enumerate() {
        let _ = writeln!(out, "{}{}", if raised_idx > 0 { " ---> " } else { "" }, raised.header());
    }
    for (raised_idx, raised) in chain.iter().enumerate().rev() {
        for frame in &raised.frames {
            let name = frame.qualified(".");
            let call = if name.contains('(') { "" } else { "()" };
            let _ = match (frame.file, frame.line) {
                (Some(file), Some(line)) => {
                    writeln!(out, "   at {name}{call} in {file}:line {line}")
                }
                _ => writeln!(out, "   at {name}{call}"),
            };
        }
        if raised_idx > 0 {
            out.push_str("   --- End of inner exception stack trace ---\n");
        }
    }
}

/// The root first. A line names the function that was called, and the place that it was called from.
pub(super) fn php(chain: &[Raised<'_>], out: &mut String) {
    for (raised_idx, raised) in chain.iter().rev().enumerate() {
        let (file, line) = raised.frames.first().copied().unwrap_or_default().place();
        let start = if raised_idx > 0 { "\nNext " } else { "" };
        let _ = writeln!(out, "{start}{} in {file}:{line}\nStack trace:", raised.header());
        let callers = raised.frames.iter().skip(1);
        for (frame_idx, (called, caller)) in raised.frames.iter().zip(callers).enumerate() {
            let (file, line) = caller.place();
            let name = called.qualified("::");
            let _ = writeln!(out, "#{frame_idx} {file}({line}): {name}()");
        }
        let _ = writeln!(out, "#{} {{main}}", raised.frames.len().saturating_sub(1));
    }
}

pub(super) fn ruby(chain: &[Raised<'_>], out: &mut String) {
    for raised in chain {
        let type_name = raised.type_name.as_deref().unwrap_or("RuntimeError");
        let message = raised.message.unwrap_or("unhandled exception");
        let mut start = "";
        let mut end = format!(": {message} ({type_name})");
        if raised.frames.is_empty() {
            let _ = writeln!(out, "{message} ({type_name})");
        }
        for frame in &raised.frames {
            let (file, line) = frame.place();
            let name = frame.function.unwrap_or("<main>");
            let _ = writeln!(out, "{start}{file}:{line}:in '{name}'{end}");
            start = "\tfrom ";
            end.clear();
        }
    }
}

pub(super) fn go(chain: &[Raised<'_>], out: &mut String) {
    for (raised_idx, raised) in chain.iter().enumerate() {
        let start = if raised_idx > 0 { "\n" } else { "" };
        let _ = writeln!(out, "{start}{}", raised.header());
        if !raised.frames.is_empty() {
            out.push_str("\ngoroutine 1 [running]:\n");
        }
        for frame in &raised.frames {
            let (file, line) = frame.place();
            let _ = writeln!(out, "{}(...)\n\t{file}:{line}", frame.qualified("."));
        }
    }
}

pub(super) fn other(chain: &[Raised<'_>], out: &mut String) {
    outermost_first(chain, "Caused by: ", out, |frame, frame_idx, out| {
        let _ = write!(out, "#{frame_idx} ");
        if let Some(address) = frame.address {
            let _ = write!(out, "{address} in ");
        }
        out.push_str(&frame.qualified("."));
        let _ = match (frame.file, frame.line) {
            (Some(file), Some(line)) => write!(out, " ({file}:{line})"),
            (Some(file), None) => write!(out, " ({file})"),
            (None, _) => Ok(()),
        };
        out.push('\n');
    });
}

fn outermost_first(
    chain: &[Raised<'_>],
    cause: &str,
    out: &mut String,
    frame_line: fn(&Frame<'_>, usize, &mut String),
) {
    for (raised_idx, raised) in chain.iter().enumerate() {
        let _ = writeln!(out, "{}{}", if raised_idx > 0 { cause } else { "" }, raised.header());
        for (frame_idx, frame) in raised.frames.iter().enumerate() {
            frame_line(frame, frame_idx, out);
        }
    }
}
