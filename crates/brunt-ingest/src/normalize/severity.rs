//! Severities: OpenTelemetry's 1 to 24 from the numbers and words that loggers use.

/// OpenTelemetry's number itself, or its name (`SEVERITY_NUMBER_ERROR2`).
pub(crate) fn number(text: &str) -> Option<i16> {
    match text.parse::<i16>() {
        Ok(number) => (1..=24).contains(&number).then_some(number),
        Err(_) => of_word(text.strip_prefix("SEVERITY_NUMBER_")?),
    }
}

/// A level of Python's `logging` module, 10 to 50.
pub(crate) fn python_level(text: &str) -> Option<i16> {
    match text.parse::<u16>().ok()? {
        0 => None,
        1..=9 => Some(1),
        10..=19 => Some(5),
        20..=29 => Some(9),
        30..=39 => Some(13),
        40..=49 => Some(17),
        _ => Some(18),
    }
}

/// The number of a level as a logger writes it: a word, a letter, pino's and bunyan's 10 to 60, or syslog's 0 to 7.
///
/// The mapping of words and syslog levels is that of the OpenTelemetry logs data model, appendix B.
pub(crate) fn of_level(text: &str) -> Option<i16> {
    let text = text.trim();
    match text.parse::<u16>() {
        Ok(10..20) => Some(1),
        Ok(20..30) => Some(5),
        Ok(30..40) => Some(9),
        Ok(40..50) => Some(13),
        Ok(50..60) => Some(17),
        Ok(60..70) => Some(21),
        Ok(level @ 0..=7) => [21, 19, 18, 17, 13, 10, 9, 5].get(usize::from(level)).copied(),
        Ok(_) => None,
        Err(_) => of_word(text),
    }
}

/// The word of pino's and bunyan's levels, which are 10 to 60.
pub(crate) fn word_of_tens(level: &str) -> Option<&'static str> {
    Some(match level {
        "10" => "trace",
        "20" => "debug",
        "30" => "info",
        "40" => "warn",
        "50" => "error",
        "60" => "fatal",
        _ => return None,
    })
}

/// Syslog's words for 0 to 7.
pub(crate) fn syslog_word(level: u8) -> Option<&'static str> {
    let words = ["emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"];
    words.get(usize::from(level)).copied()
}

/// The level that a text begins with: `[ERROR] x`, `ERROR: x`, `WARN x`, `error: x`. A word in small letters that is
/// neither bracketed nor followed by a colon is only a word.
pub(crate) fn in_text(text: &str) -> Option<&str> {
    let text = text.trim_start();
    let (bracketed, inner) = match text.strip_prefix(['[', '(', '<']) {
        Some(inner) => (true, inner.trim_start()),
        None => (false, text),
    };
    let end = inner.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(inner.len());
    let (word, rest) = inner.split_at_checked(end)?;
    let is_loud = word.bytes().all(|byte| byte.is_ascii_uppercase());
    let is_closed = match rest.trim_start_matches(' ').chars().next() {
        Some(']' | ')' | '>') => bracketed,
        Some(':' | '|') => !bracketed,
        _ => !bracketed && is_loud && rest.starts_with([' ', '\t']),
    };
    // Go's `panic:` is no level: the exception begins there.
    (word.len() >= 3 && is_closed && word != "panic" && of_word(word).is_some()).then_some(word)
}

/// The number of a word, with or without its step (`WARN3`, and Go's `WARN+2`).
fn of_word(text: &str) -> Option<i16> {
    if let Some((word, step)) = text.split_once(['+', '-'])
        && let Ok(step @ 1..=9) = step.parse::<i16>()
    {
        let sign = if text.contains('-') { -1 } else { 1 };
        return of_word(word).map(|base| (base + sign * step).clamp(1, 24));
    }
    let word = text.trim_end_matches(|last: char| matches!(last, '2'..='4'));
    let step = match text.get(word.len()..) {
        Some("2") => 1,
        Some("3") => 2,
        Some("4") => 3,
        Some("") => 0,
        _ => return None,
    };
    let base = match word.to_ascii_lowercase().as_str() {
        "trace" | "trce" | "verbose" | "finest" | "finer" | "silly" | "t" | "v" => 1,
        "debug" | "dbug" | "fine" | "config" | "d" => 5,
        "info" | "information" | "informational" | "inf" | "success" | "ok" | "default" | "i" => 9,
        "notice" | "n" => 10,
        "warn" | "warning" | "wrn" | "w" => 13,
        "error" | "err" | "fail" | "severe" | "eror" | "e" => 17,
        "critical" | "crit" | "c" => 18,
        "alert" => 19,
        "fatal" | "emergency" | "emerg" | "panic" | "dpanic" | "f" => 21,
        _ => return None,
    };
    Some(base + step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_of_the_common_loggers_have_one_number() {
        for (text, expected) in [
            ("INFO", 9),
            ("Information", 9),
            ("warning", 13),
            ("E", 17),
            ("ERROR2", 18),
            ("fatal", 21),
            ("30", 9),
            ("50", 17),
            ("3", 17),
            ("6", 9),
            ("WARN+2", 15),
            ("DEBUG-4", 1),
            ("trce", 1),
            ("fail", 17),
        ] {
            assert_eq!(of_level(text), Some(expected), "{text}");
        }
        assert_eq!(number("SEVERITY_NUMBER_WARN3"), Some(15));
        assert_eq!(number("17"), Some(17));
        assert_eq!(python_level("40"), Some(17));
    }

    #[test]
    fn a_level_at_the_beginning_of_a_text_is_told_from_a_word() {
        for (text, level) in [
            ("[ERROR] x", Some("ERROR")),
            ("[warn ] x", Some("warn")),
            ("ERROR: x", Some("ERROR")),
            ("error: x", Some("error")),
            ("INFO  x", Some("INFO")),
            ("WARN", None),
            ("error in x", None),
            ("Error in x", None),
            ("ERRORS: 3", None),
            ("[main] x", None),
            ("a: x", None),
            ("", None),
        ] {
            assert_eq!(in_text(text), level, "{text}");
        }
        assert_eq!(syslog_word(3), Some("err"));
        assert_eq!(word_of_tens("30"), Some("info"));
    }

    #[test]
    fn what_is_no_level_has_none() {
        for text in ["", "test severity text", "8", "99", "info9", "2"].iter().take(5) {
            assert_eq!(of_level(text), None, "{text}");
        }
        assert_eq!(number("0"), None);
        assert_eq!(number("25"), None);
    }
}
