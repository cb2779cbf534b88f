//! What a client may SET: an allow-list of PostgreSQL's settings, each with the values that it takes here. None of them
//! raises a limit of the server.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::encode::Zone;
use crate::error::Report;

/// The version under which the endpoint presents itself; clients decide by it what they may ask.
pub(crate) const SERVER_VERSION: &str = "15.0";

/// Prefix of the engine's own settings, which the session keeps.
pub(crate) const OWN_PREFIX: &str = "brunt.";

/// One setting: its name as PostgreSQL spells it, its default, what values it takes, and what it is.
struct Setting {
    name: &'static str,
    default: &'static str,
    values: Values,
    doc: &'static str,
}

/// What may be written into a setting.
enum Values {
    Any,
    /// Nobody sets it.
    Fixed,
    /// Only these, compared without case; the first is kept.
    OneOf(&'static [&'static str]),
    Bool,
    Int,
    Millis,
    Zone,
    DateStyle,
}

#[rustfmt::skip]
const SETTINGS: &[Setting] = &[
    Setting { name: "application_name", default: "", values: Values::Any, doc: "What the client calls itself." },
    Setting { name: "backslash_quote", default: "safe_encoding", values: Values::Any, doc: "Accepted, without effect." },
    Setting { name: "bytea_output", default: "hex", values: Values::OneOf(&["hex"]), doc: "Form of bytea as text." },
    Setting { name: "client_encoding", default: "UTF8", values: Values::OneOf(&["UTF8", "UTF-8", "unicode"]), doc: "Encoding of text on the wire." },
    Setting { name: "client_min_messages", default: "notice", values: Values::Any, doc: "Accepted, without effect." },
    Setting { name: "constraint_exclusion", default: "partition", values: Values::Any, doc: "Accepted, without effect." },
    Setting { name: "DateStyle", default: "ISO, MDY", values: Values::DateStyle, doc: "Form of dates; always ISO." },
    Setting { name: "default_transaction_isolation", default: "repeatable read", values: Values::Any, doc: "Every transaction reads one epoch." },
    Setting { name: "default_transaction_read_only", default: "on", values: Values::Any, doc: "Every transaction only reads." },
    Setting { name: "extra_float_digits", default: "1", values: Values::Int, doc: "Floats always have the digits that round-trip." },
    Setting { name: "idle_in_transaction_session_timeout", default: "0", values: Values::Millis, doc: "Accepted, without effect." },
    Setting { name: "idle_session_timeout", default: "0", values: Values::Millis, doc: "Accepted, without effect." },
    Setting { name: "in_hot_standby", default: "off", values: Values::Fixed, doc: "Whether the server replays a log." },
    Setting { name: "integer_datetimes", default: "on", values: Values::Fixed, doc: "Times are integers in binary." },
    Setting { name: "IntervalStyle", default: "postgres", values: Values::OneOf(&["postgres"]), doc: "Form of intervals." },
    Setting { name: "is_superuser", default: "off", values: Values::Fixed, doc: "Whether the user may do everything." },
    Setting { name: "jit", default: "off", values: Values::Bool, doc: "Accepted, without effect." },
    Setting { name: "lc_collate", default: "C", values: Values::Fixed, doc: "Text is ordered by its bytes." },
    Setting { name: "lc_ctype", default: "C.UTF-8", values: Values::Fixed, doc: "Classes of characters." },
    Setting { name: "lc_messages", default: "C", values: Values::Any, doc: "Messages are in English." },
    Setting { name: "lc_monetary", default: "C", values: Values::Any, doc: "Accepted, without effect." },
    Setting { name: "lc_numeric", default: "C", values: Values::Any, doc: "Accepted, without effect." },
    Setting { name: "lc_time", default: "C", values: Values::Any, doc: "Accepted, without effect." },
    Setting { name: "lock_timeout", default: "0", values: Values::Millis, doc: "Nothing here waits for locks." },
    Setting { name: "max_identifier_length", default: "63", values: Values::Fixed, doc: "Bytes of a name." },
    Setting { name: "max_index_keys", default: "32", values: Values::Fixed, doc: "Columns of an index." },
    Setting { name: "row_security", default: "on", values: Values::Bool, doc: "Accepted, without effect." },
    Setting { name: "search_path", default: "\"$user\", public", values: Values::Any, doc: "Unqualified names are looked up in public, whatever it says." },
    Setting { name: "server_encoding", default: "UTF8", values: Values::Fixed, doc: "Encoding of stored text." },
    Setting { name: "server_version", default: SERVER_VERSION, values: Values::Fixed, doc: "The PostgreSQL whose protocol and catalog this is." },
    Setting { name: "server_version_num", default: "150000", values: Values::Fixed, doc: "The same as a number." },
    Setting { name: "session_authorization", default: "", values: Values::Fixed, doc: "The user's name." },
    Setting { name: "standard_conforming_strings", default: "on", values: Values::OneOf(&["on", "true", "1"]), doc: "Backslashes in '...' are ordinary." },
    Setting { name: "statement_timeout", default: "0", values: Values::Millis, doc: "Ends a statement that takes longer; 0 is never." },
    Setting { name: "synchronous_commit", default: "on", values: Values::Any, doc: "Accepted, without effect." },
    Setting { name: "TimeZone", default: "UTC", values: Values::Zone, doc: "Zone in which timestamptz is shown." },
    Setting { name: "transaction_isolation", default: "repeatable read", values: Values::Any, doc: "Every transaction reads one epoch." },
    Setting { name: "transaction_read_only", default: "on", values: Values::Any, doc: "Every transaction only reads." },
    Setting { name: "work_mem", default: "4MB", values: Values::Any, doc: "Accepted, without effect; the server's limit holds." },
    Setting { name: "xmloption", default: "content", values: Values::Any, doc: "Accepted, without effect." },
];

/// Those that the server reports at the start and whenever they change.
const REPORTED: [&str; 13] = [
    "application_name",
    "client_encoding",
    "DateStyle",
    "default_transaction_read_only",
    "in_hot_standby",
    "integer_datetimes",
    "IntervalStyle",
    "is_superuser",
    "server_encoding",
    "server_version",
    "session_authorization",
    "standard_conforming_strings",
    "TimeZone",
];

/// One connection's settings: only those that differ from their defaults.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    changed: BTreeMap<&'static str, String>,
    zone: Zone,
}

/// A setting with its value, for `SHOW ALL` and `pg_settings`.
#[derive(Debug)]
pub(crate) struct Shown {
    pub(crate) name: &'static str,
    pub(crate) value: String,
    pub(crate) default: &'static str,
    pub(crate) doc: &'static str,
    pub(crate) is_fixed: bool,
}

impl Settings {
    pub(crate) fn new(user: &str) -> Self {
        let changed = BTreeMap::from([("session_authorization", user.to_owned())]);
        Self { changed, zone: Zone::utc() }
    }

    /// Changes a setting, `None` back to `origin`'s value; says which one that was as PostgreSQL spells it.
    pub(crate) fn set(
        &mut self,
        name: &str,
        value: Option<&str>,
        origin: &Self,
    ) -> Result<&'static str, Report> {
        let setting = find(name)?;
        let value = match value {
            Some(value) => accepted(setting, value)?,
            None => origin.value_of(setting).to_owned(),
        };
        if setting.name == "TimeZone" {
            self.zone = Zone::parse(&value).unwrap_or_else(Zone::utc);
        }
        self.changed.insert(setting.name, value);
        Ok(setting.name)
    }

    /// The value as SHOW prints it.
    pub(crate) fn show(&self, name: &str) -> Result<(&'static str, &str), Report> {
        let setting = find(name)?;
        Ok((setting.name, self.value_of(setting)))
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = Shown> {
        SETTINGS.iter().map(|setting| Shown {
            name: setting.name,
            value: self.value_of(setting).to_owned(),
            default: setting.default,
            doc: setting.doc,
            is_fixed: matches!(setting.values, Values::Fixed),
        })
    }

    /// Name and value of each setting that the server reports.
    pub(crate) fn reported(&self) -> Vec<(&'static str, String)> {
        REPORTED
            .iter()
            .filter_map(|name| self.show(name).ok())
            .map(|(name, value)| (name, value.to_owned()))
            .collect()
    }

    pub(crate) fn zone(&self) -> &Zone {
        &self.zone
    }

    /// How long a statement may take; `None` for any time.
    pub(crate) fn statement_timeout(&self) -> Option<Duration> {
        let (_, value) = self.show("statement_timeout").ok()?;
        millis(value).filter(|millis| *millis > 0).map(Duration::from_millis)
    }

    fn value_of(&self, setting: &Setting) -> &str {
        self.changed.get(setting.name).map_or(setting.default, String::as_str)
    }
}

fn find(name: &str) -> Result<&'static Setting, Report> {
    SETTINGS.iter().find(|setting| setting.name.eq_ignore_ascii_case(name)).ok_or_else(|| {
        Report::new("42704", format!("unrecognized configuration parameter \"{name}\""))
            .hint("SHOW ALL lists the settings.")
    })
}

fn accepted(setting: &Setting, value: &str) -> Result<String, Report> {
    let refused = || {
        Report::new(
            "22023",
            format!("invalid value for parameter \"{}\": \"{value}\"", setting.name),
        )
    };
    match setting.values {
        Values::Any => Ok(value.to_owned()),
        Values::Fixed => {
            Err(Report::new("55P02", format!("parameter \"{}\" cannot be changed", setting.name)))
        }
        Values::OneOf(values) => {
            let found = values.iter().any(|candidate| candidate.eq_ignore_ascii_case(value));
            found
                .then(|| values[0].to_owned())
                .ok_or_else(|| refused().hint(format!("It is always {}.", values[0])))
        }
        Values::Bool => match value.to_ascii_lowercase().as_str() {
            "on" | "true" | "yes" | "1" | "t" => Ok("on".to_owned()),
            "off" | "false" | "no" | "0" | "f" => Ok("off".to_owned()),
            _ => Err(refused()),
        },
        Values::Int => value.parse::<i64>().map(|number| number.to_string()).map_err(|_| refused()),
        Values::Millis => millis(value).map(shown_millis).ok_or_else(refused),
        Values::Zone => Zone::parse(value).map(|zone| zone.name().to_owned()).ok_or_else(refused),
        Values::DateStyle => {
            date_style(value).ok_or_else(|| refused().hint("The style is always ISO."))
        }
    }
}

/// `250`, `250ms`, `2s`, `1min`, `1h`, `1d`; a bare number is milliseconds.
fn millis(value: &str) -> Option<u64> {
    let value = value.trim();
    let at = value.find(|c: char| !c.is_ascii_digit()).unwrap_or(value.len());
    let (number, unit) = value.split_at(at);
    let factor = match unit.trim() {
        "" | "ms" => 1,
        "s" => 1000,
        "min" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(factor).filter(|millis| *millis <= 2_147_483_647)
}

/// The largest unit that divides it, as SHOW prints times.
fn shown_millis(millis: u64) -> String {
    let units = [(86_400_000, "d"), (3_600_000, "h"), (60_000, "min"), (1000, "s"), (1, "ms")];
    match units.iter().find(|(factor, _)| millis > 0 && millis.is_multiple_of(*factor)) {
        Some((factor, unit)) => format!("{}{unit}", millis / factor),
        None => "0".to_owned(),
    }
}

/// The order of day and month is kept though nothing ambiguous is ever printed.
fn date_style(value: &str) -> Option<String> {
    let mut order = "MDY";
    for part in value.split(',').map(str::trim) {
        match part.to_ascii_uppercase().as_str() {
            "ISO" => {}
            "MDY" | "US" => order = "MDY",
            "DMY" | "EUROPEAN" => order = "DMY",
            "YMD" => order = "YMD",
            _ => return None,
        }
    }
    Some(format!("ISO, {order}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_on_the_list_can_be_set_and_the_rest_cannot() {
        let origin = Settings::new("ana");
        let mut settings = origin.clone();
        assert_eq!(settings.set("timezone", Some("Europe/Berlin"), &origin), Ok("TimeZone"));
        assert_eq!(settings.show("TIMEZONE").unwrap(), ("TimeZone", "Europe/Berlin"));
        settings.set("TimeZone", None, &origin).unwrap();
        assert_eq!(settings.show("TimeZone").unwrap().1, "UTC");
        assert_eq!(settings.set("server_version", Some("9"), &origin).unwrap_err().code, "55P02");
        assert_eq!(
            settings.set("datafusion.runtime.memory_limit", Some("9"), &origin).unwrap_err().code,
            "42704"
        );
        assert_eq!(
            settings.set("client_encoding", Some("LATIN1"), &origin).unwrap_err().code,
            "22023"
        );
        assert_eq!(
            settings.set("timezone", Some("Mars/Olympus"), &origin).unwrap_err().code,
            "22023"
        );
    }

    #[test]
    fn times_are_read_and_shown_with_units() {
        let origin = Settings::new("ana");
        let mut settings = origin.clone();
        settings.set("statement_timeout", Some("90s"), &origin).unwrap();
        assert_eq!(settings.show("statement_timeout").unwrap().1, "90s");
        assert_eq!(settings.statement_timeout(), Some(Duration::from_secs(90)));
        settings.set("statement_timeout", Some("0"), &origin).unwrap();
        assert_eq!(settings.statement_timeout(), None);
        assert_eq!(
            settings.set("statement_timeout", Some("1 fortnight"), &origin).unwrap_err().code,
            "22023"
        );
    }
}
