//! What an input is, from its name and first bytes.

use std::io::Read;

use brunt_model::{Table, TableKind, table, tables};

use crate::decode::{csv, otlp};
use crate::json::{Fault, Json, Kind};
use crate::normalize::route::{Reach, Router};
use crate::normalize::words::fold;
use crate::read::{HEAD_BYTES, compression_of};

/// A form in which exports are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// OTLP as JSON, one document or one a line.
    OtlpJson,
    /// One JSON document with records.
    Json,
    /// One JSON object a line.
    JsonLines,
    /// A header and records with commas, semicolons or tabs.
    Csv,
    /// Lines that a mapping's pattern takes apart.
    Text,
    Parquet,
}

/// What an input seems to be.
#[derive(Debug, Clone)]
pub enum Detected {
    /// An export; `table` is the one that its records tell, for formats that do not fix it.
    Export { format: Format, table: Option<&'static Table> },
    /// Something that happens to lie beside exports. To be skipped and named.
    NotAnExport { reason: String },
}

/// The base table that people mean by a word of `--table`: `logs spans events tickets accounts orders releases`, or a
/// base table's own name.
pub fn table_named(word: &str) -> Option<&'static Table> {
    let name = match word {
        "tickets" => "ticket_updates",
        "accounts" => "account_updates",
        "orders" => "events",
        other => other,
    };
    table(name).filter(|table| table.kind == TableKind::Base)
}

impl Format {
    /// The name that `--format` takes.
    pub fn name(self) -> &'static str {
        match self {
            Self::OtlpJson => "otlp_json",
            Self::Json => "json",
            Self::JsonLines => "jsonl",
            Self::Csv => "csv",
            Self::Text => "text",
            Self::Parquet => "parquet",
        }
    }

    /// The format of this name.
    pub fn parse(name: &str) -> Option<Self> {
        FORMATS.into_iter().find(|format| format.name() == name)
    }
}

/// All formats, in the order in which help shows them.
pub const FORMATS: [Format; 6] =
    [Format::OtlpJson, Format::Json, Format::JsonLines, Format::Csv, Format::Text, Format::Parquet];

/// Names, without their ending, of files that come with exports and are none.
const COMPANIONS: &[&str] = &[
    "license",
    "licence",
    "copying",
    "notice",
    "readme",
    "changelog",
    "contributing",
    "authors",
    "source",
    "_success",
];
/// Endings of what is read by people or programs.
const COMPANION_ENDINGS: &[&str] = &[
    "md", "rst", "html", "toml", "yaml", "yml", "py", "sh", "sql", "rs", "js", "ts", "png", "jpg",
    "jpeg", "gif", "pdf", "crc", "lock",
];

/// Tells what an input is. `head` is its first bytes, 64 KiB or all of them; compressed ones are looked into.
pub fn detect(name: &str, head: &[u8]) -> Detected {
    let file = name.rsplit(['/', '\\']).next().unwrap_or(name).to_lowercase();
    let stem = [".gz", ".zst", ".gzip"]
        .iter()
        .find_map(|ending| file.strip_suffix(ending))
        .unwrap_or(&file);
    let (base, ending) = stem.rsplit_once('.').unwrap_or((stem, ""));
    if base.is_empty() || COMPANIONS.contains(&base) || COMPANION_ENDINGS.contains(&ending) {
        return not_an_export("it goes with exports, by its name");
    }
    let inflated;
    let head = if compression_of(head).is_some() {
        inflated = inflate(head);
        &inflated
    } else {
        head
    };
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    let text = String::from_utf8_lossy(head);
    let text = text.trim_start();
    if text.is_empty() {
        return not_an_export("it is empty");
    }
    if text.starts_with(['{', '[']) {
        return detect_json(base, ending, text);
    }
    if head.starts_with(b"PAR1") {
        return Detected::Export { format: Format::Parquet, table: table_of(base, &[]) };
    }
    if is_binary(head) {
        return match ending {
            "pb" | "otlp" | "binpb" | "proto" => {
                not_an_export("OTLP in its protobuf form is not read yet; export it as OTLP JSON")
            }
            _ => not_an_export("it is binary data of a format that is not read"),
        };
    }
    if matches!(ending, "jsonl" | "ndjson" | "json") {
        return detect_json(base, ending, text);
    }
    let header = csv::header_of(text.as_bytes());
    let is_table = matches!(ending, "csv" | "tsv")
        || header.len() >= 3 && header.iter().all(|name| is_name(name));
    if is_table {
        return Detected::Export { format: Format::Csv, table: table_of(base, &header) };
    }
    not_an_export("it is plain text; a mapping file can say how to read it")
}

/// Whether each line of the head is a JSON value of its own.
pub(crate) fn is_lines(head: &[u8]) -> bool {
    let text = String::from_utf8_lossy(head);
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    let Some(first) = lines.next() else { return true };
    let mut json = Json::new(first);
    #[expect(clippy::match_same_arms, reason = "each arm says why")]
    match json.skip() {
        Ok(_) => true,
        // A bracket alone, or a line cut off: lines, if the next one begins a value where lines begin.
        Err(fault) if is_cut_off(&fault) => {
            lines.next().is_none_or(|second| second.starts_with('{'))
        }
        Err(_) => true,
    }
}

fn is_cut_off(fault: &Fault) -> bool {
    fault.code == "json_truncated"
}

fn not_an_export(reason: &str) -> Detected {
    Detected::NotAnExport { reason: reason.to_owned() }
}

fn detect_json(base: &str, ending: &str, text: &str) -> Detected {
    let lines = matches!(ending, "jsonl" | "ndjson") || is_lines(text.as_bytes());
    let mut keys = Vec::new();
    let texts: Vec<&str> = if lines { text.lines().take(100).collect() } else { vec![text] };
    for text in texts {
        let mut json = Json::new(text);
        // The head may end within a value; the keys before that tell enough.
        let _ = top_keys(&mut json, "", 0, &mut keys);
        if keys.iter().any(|key| otlp::is_otlp_key(key)) {
            return Detected::Export { format: Format::OtlpJson, table: None };
        }
    }
    let format = if lines { Format::JsonLines } else { Format::Json };
    Detected::Export { format, table: table_of(base, &keys) }
}

/// Keys of an object, or of the objects of a list, with those of objects inside by their dotted path.
fn top_keys(
    json: &mut Json<'_>,
    prefix: &str,
    depth: usize,
    keys: &mut Vec<String>,
) -> Result<(), Fault> {
    match json.peek()? {
        Kind::Object if depth < 4 => {
            json.enter_object()?;
            while let Some(key) = json.next_key()? {
                let path =
                    if prefix.is_empty() { key.into_owned() } else { [prefix, ".", &key].concat() };
                if !keys.contains(&path) && keys.len() < 1_000 {
                    keys.push(path.clone());
                }
                top_keys(json, &path, depth + 1, keys)?;
            }
        }
        Kind::Array if prefix.is_empty() => {
            json.enter_array()?;
            while json.next_element()? {
                top_keys(json, prefix, depth, keys)?;
            }
        }
        _ => {
            json.skip()?;
        }
    }
    Ok(())
}

/// Names that only one table's records have.
const TELLING: &[(&str, &[&str])] = &[
    ("ticket_updates", &["ticketid"]),
    ("releases", &["releasekind", "flagkey", "flagvariant", "deployedat"]),
    ("account_updates", &["accountname", "mrr", "monthlyrecurringrevenue"]),
    ("events", &["eventkind", "orderid", "viewid", "pageviewid", "frustration"]),
    ("spans", &["parentspanid", "spankind", "spanname", "operationname"]),
];

/// Words in a file's name.
const IN_NAMES: &[(&str, &str)] = &[
    ("ticket", "ticket_updates"),
    ("account", "account_updates"),
    ("release", "releases"),
    ("deploy", "releases"),
    ("order", "events"),
    ("event", "events"),
    ("span", "spans"),
    ("trace", "spans"),
    ("log", "logs"),
];

/// The table that fits the keys of the records, and then the file's name.
pub(crate) fn table_of(base: &str, keys: &[String]) -> Option<&'static Table> {
    let folded: Vec<String> = keys.iter().map(|key| fold(key)).collect();
    let has = |names: &[&str]| names.iter().any(|name| folded.iter().any(|key| key == name));
    if let Some((name, _)) = TELLING.iter().find(|(_, names)| has(names)) {
        return table(name);
    }
    if let Some((_, name)) = IN_NAMES.iter().find(|(word, _)| base.contains(word)) {
        return table(name).filter(|table| keys.is_empty() || n_columns(table, keys) >= 2);
    }
    let in_session = has(&["sessionid", "userid", "distinctid", "anonymousid"]);
    if in_session
        && has(&["event", "eventname", "eventtype", "type", "action"])
        && !has(&["level", "severity", "message"])
    {
        return table("events");
    }
    let says = has(&["body", "message", "msg", "log", "textpayload", "shortmessage"]);
    let logs = says
        && has(&[
            "level",
            "severity",
            "severitytext",
            "loglevel",
            "lvl",
            "ts",
            "time",
            "timestamp",
        ]);
    if logs { table("logs") } else { None }
}

fn n_columns(table: &'static Table, keys: &[String]) -> usize {
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    Router::new(table, Reach::Record).n_columns_of(&keys)
}

/// Whether a text looks like the name of a column.
fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 60
        && text.chars().all(|c| c.is_alphanumeric() || "_.-@$/ ".contains(c))
}

fn is_binary(head: &[u8]) -> bool {
    let start = head.get(..512).unwrap_or(head);
    let n_control = start.iter().filter(|byte| **byte < 9 || (14..32).contains(*byte)).count();
    n_control * 50 > start.len()
}

fn inflate(head: &[u8]) -> Vec<u8> {
    let mut inflated = Vec::new();
    let limit = HEAD_BYTES as u64;
    // The head of an archive ends before the archive does; what came out until then is enough.
    let _ = match compression_of(head) {
        Some("gzip") => {
            flate2::read::MultiGzDecoder::new(head).take(limit).read_to_end(&mut inflated)
        }
        _ => zstd::stream::read::Decoder::new(head)
            .and_then(|decoder| decoder.take(limit).read_to_end(&mut inflated)),
    };
    inflated
}

/// The tables that inputs can be loaded into.
pub fn base_tables() -> impl Iterator<Item = &'static Table> {
    tables().iter().filter(|table| table.kind == TableKind::Base)
}
