//! What transport does to a text, whoever wrote it.

use crate::random::Random;

/// A logger's words before each line.
pub(crate) fn log_prefix(stack: &str, random: &mut Random) -> String {
    let style = random.below(4);
    let (day, thread) = (random.number(28), random.number(40));
    let mut out = String::new();
    for (idx, line) in stack.lines().enumerate() {
        let second = idx % 60;
        out += &match style {
            0 => format!(
                "2026-03-{day:02} 10:22:{second:02},{:03} [worker-{thread}] ERROR shop.Main : {line}\n",
                idx * 7 % 1000
            ),
            1 => format!(
                "03-{day:02} 10:22:{second:02}.{:03}  1234  {thread} E AndroidRuntime: {line}\n",
                idx * 7 % 1000
            ),
            2 => format!("shop-7f9c-{thread} | {line}\n"),
            _ => format!("Mar {day:02} 10:22:{second:02} host{thread} shop[{thread}]: {line}\n"),
        };
    }
    out
}

pub(crate) fn crlf(stack: &str) -> String {
    stack.replace('\n', "\r\n")
}

/// Colours of a terminal.
pub(crate) fn ansi(stack: &str, random: &mut Random) -> String {
    let lines = stack.lines().map(|line| match random.below(3) {
        0 => format!("\x1b[31m{line}\x1b[0m\n"),
        1 => format!("\x1b[2;37m{line}\x1b[39m\n"),
        _ => format!("{line}\n"),
    });
    lines.collect()
}

/// As it stands in a string of JSON.
pub(crate) fn escaped(stack: &str) -> String {
    let escaped = stack.replace('\\', "\\\\").replace('"', "\\\"");
    escaped.replace('\n', "\\n").replace('\t', "\\t")
}

/// A line that another thread logged while this one printed, anywhere behind the first one.
pub(crate) fn interleaved(stack: &str, random: &mut Random) -> String {
    let lines: Vec<&str> = stack.lines().collect();
    let (head, rest) = lines.split_at(1 + random.below(lines.len()));
    let (a, b, n) = (random.number(899) + 100, random.number(9), random.number(99));
    let foreign = match random.below(4) {
        0 => {
            format!("2026-03-02 10:22:33,{a} [reaper-{b}] INFO  shop.Reaper - swept {n} leases")
        }
        1 => format!("2026/03/02 10:22:33 swept {n} leases"),
        2 => format!("[2026-03-02T10:22:33.{a}Z] shop.INFO: swept {n} leases"),
        _ => format!("2026-03-02T10:22:33.{a}Z  WARN shop::reaper: swept {n} leases worker={b}"),
    };
    [&head.join("\n"), foreign.as_str(), &rest.join("\n")].join("\n")
}
