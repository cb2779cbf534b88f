//! What an input is, from its name and first bytes.

use std::borrow::Cow;
use std::io::Read;

use brunt_model::{Table, TableKind, table, tables};

use crate::aliases::{UserAlias, UserAliases};
use crate::decode::csv;
use crate::format::Format;
use crate::json::{Fault, Json, Kind};
use crate::normalize::colours::uncoloured;
use crate::normalize::route::{Reach, Router, Target};
use crate::normalize::words::fold;
use crate::page::Page;
use crate::read::{HEAD_BYTES, compression_of};

/// What an input seems to be.
#[derive(Debug, Clone)]
pub enum Detected {
    /// An export; `table` is the one that its records tell, for formats that do not fix it.
    Export { format: Format, table: Option<&'static Table> },
    /// Something that goes with exports, by its name, such as a licence. To be skipped and named.
    Companion,
    /// Something that no decoder reads. To be skipped and named.
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

/// The beginning of an input, looked at from several sides.
#[derive(Debug)]
pub(crate) struct Head<'h> {
    /// The file's name in lower case, without folders and endings.
    pub(crate) base: String,
    /// Its last ending but that of its compression, in lower case.
    pub(crate) ending: String,
    /// The first bytes, decompressed, without a byte order mark.
    pub(crate) bytes: Cow<'h, [u8]>,
    /// Whether it begins like JSON, or says so by its name.
    pub(crate) is_json: bool,
    /// Whether each line is a JSON value of its own.
    pub(crate) is_lines: bool,
    /// Keys of the first JSON records by their dotted path; those in lists go by the path of the list.
    pub(crate) keys: Vec<String>,
}

impl<'h> Head<'h> {
    /// `bytes` are an input's first, 64 KiB or all of them.
    pub(crate) fn new(name: &str, bytes: &'h [u8]) -> Self {
        let file = name.rsplit(['/', '\\']).next().unwrap_or(name).to_lowercase();
        let stem = [".gz", ".zst", ".gzip"]
            .iter()
            .find_map(|ending| file.strip_suffix(ending))
            .unwrap_or(&file);
        let (base, ending) = stem.rsplit_once('.').unwrap_or((stem, ""));
        let mut bytes = match compression_of(bytes) {
            Some(_) => Cow::Owned(inflate(bytes)),
            None => Cow::Borrowed(bytes),
        };
        if bytes.starts_with(b"\xef\xbb\xbf") {
            bytes = Cow::Owned(bytes.get(3..).unwrap_or_default().to_vec());
        }
        let mut head = Head {
            base: base.to_owned(),
            ending: ending.to_owned(),
            is_json: false,
            is_lines: matches!(ending, "jsonl" | "ndjson"),
            keys: Vec::new(),
            bytes,
        };
        let text = String::from_utf8_lossy(&head.bytes).into_owned();
        let text = text.trim_start();
        head.is_json = text.starts_with(['{', '['])
            || matches!(ending, "jsonl" | "ndjson" | "json") && !head.is_binary();
        if head.is_json {
            head.is_lines = head.is_lines || is_lines(text.as_bytes());
            let texts: Vec<&str> =
                if head.is_lines { text.lines().take(100).collect() } else { vec![text] };
            for text in texts {
                // The head may end within a value; the keys before that tell enough.
                let _ = push_keys(&mut Json::new(text), "", 0, &mut head.keys);
            }
        }
        head
    }

    pub(crate) fn has_key(&self, path: &str) -> bool {
        self.keys.iter().any(|key| key == path)
    }

    /// Whether it has all of these keys.
    pub(crate) fn has_keys(&self, paths: &[&str]) -> bool {
        paths.iter().all(|path| self.has_key(path))
    }

    /// The keys of a JSON record, else the names in the first line, were it the header of a table.
    pub(crate) fn names(&self) -> Cow<'_, [String]> {
        if self.is_json { Cow::Borrowed(&self.keys) } else { Cow::Owned(self.csv_header()) }
    }

    /// The names in the first line, were it the header of a table.
    pub(crate) fn csv_header(&self) -> Vec<String> {
        csv::header_of(&self.bytes)
    }

    /// The lines that are whole, as text without colours.
    pub(crate) fn lines(&self) -> impl Iterator<Item = Cow<'_, str>> {
        self.bytes.split(|byte| *byte == b'\n').map(|line| {
            match String::from_utf8_lossy(line.trim_ascii_end()) {
                Cow::Borrowed(line) => uncoloured(line),
                Cow::Owned(line) => Cow::Owned(uncoloured(&line).into_owned()),
            }
        })
    }

    pub(crate) fn is_binary(&self) -> bool {
        let start = self.bytes.get(..512).unwrap_or(&self.bytes);
        // Not the one that begins a colour.
        let is_control = |byte: u8| byte < 9 || (14..32).contains(&byte) && byte != 0x1b;
        let n_control = start.iter().filter(|byte| is_control(**byte)).count();
        n_control * 50 > start.len()
    }

    /// Whether it is something that goes with exports, by its name.
    fn is_companion(&self) -> bool {
        let is_prose = matches!(self.ending.as_str(), "" | "txt" | "md" | "rst");
        self.base.is_empty()
            || COMPANIONS.contains(&self.base.as_str()) && is_prose
            || COMPANION_ENDINGS.contains(&self.ending.as_str())
    }
}

/// Tells what an input is, by the names that ship. `head` is its first bytes, 64 KiB or all of them; compressed ones are
/// looked into.
pub fn detect(name: &str, head: &[u8]) -> Detected {
    of_head(&Head::new(name, head), &UserAliases::default())
}

pub(crate) fn of_head(head: &Head<'_>, user: &UserAliases) -> Detected {
    if head.is_companion() {
        return Detected::Companion;
    }
    if head.bytes.trim_ascii().is_empty() {
        return not_an_export("it is empty");
    }
    if let Some(format) = Format::of(head) {
        let table = if format.name() == "csv" {
            table_of(&head.base, &head.csv_header(), user)
        } else if format.is_generic() {
            let wrapped = Page::of(head).and_then(|page| table_of(&head.base, &page.keys, user));
            table_of(&head.base, &head.keys, user).or(wrapped)
        } else {
            None
        };
        return Detected::Export { format, table };
    }
    not_an_export(if head.is_binary() {
        "it is binary data of a format that is not read"
    } else {
        "it is plain text; a mapping file can say how to read it"
    })
}

/// Whether each line of the head is a JSON value of its own.
fn is_lines(head: &[u8]) -> bool {
    let text = String::from_utf8_lossy(head);
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    let Some(first) = lines.next() else { return true };
    let mut json = Json::new(first);
    #[expect(clippy::match_same_arms, reason = "each arm says why")]
    match json.skip() {
        Ok(_) => true,
        // A bracket alone, or a line cut off: lines, if the next one begins a value where lines begin.
        Err(fault) if is_cut_off(&fault) => {
            let is_line = |line: &str| line.starts_with('{') && !line.trim_end().ends_with(',');
            lines.next().is_none_or(is_line)
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

/// How deep keys are looked at: answers of APIs wrap their records three or four times.
const DEPTH_MAX: usize = 8;
/// Elements of a list whose keys are looked at.
const ELEMENTS_MAX: usize = 20;

/// Keys of an object, or of the objects of a list, with those of objects inside by their dotted path.
fn push_keys(
    json: &mut Json<'_>,
    prefix: &str,
    depth: usize,
    keys: &mut Vec<String>,
) -> Result<(), Fault> {
    match json.peek()? {
        Kind::Object if depth < DEPTH_MAX => {
            json.enter_object()?;
            while let Some(key) = json.next_key()? {
                let path =
                    if prefix.is_empty() { key.into_owned() } else { [prefix, ".", &key].concat() };
                if !keys.contains(&path) && keys.len() < 1_000 {
                    keys.push(path.clone());
                }
                push_keys(json, &path, depth + 1, keys)?;
            }
        }
        Kind::Array if depth < DEPTH_MAX => {
            json.enter_array()?;
            let mut n_elements = 0;
            while json.next_element()? {
                n_elements += 1;
                if n_elements > ELEMENTS_MAX {
                    json.skip()?;
                } else {
                    push_keys(json, prefix, depth + 1, keys)?;
                }
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
    ("releases", &["releasekind", "flagkey", "flagvariant", "deployedat", "tagname"]),
    ("account_updates", &["accountname", "mrr", "monthlyrecurringrevenue"]),
    ("events", &["eventkind", "orderid", "viewid", "pageviewid", "frustration"]),
    ("spans", &["parentspanid", "spankind", "spanname", "operationname"]),
];

/// Names of what a ticket or its comment says.
const TICKETS_SAY: &[&str] = &[
    "subject",
    "title",
    "description",
    "message",
    "body",
    "text",
    "comment",
    "content",
    "status",
    "priority",
    "severity",
];

/// Words in a file's name.
const IN_NAMES: &[(&str, &str)] = &[
    ("ticket", "ticket_updates"),
    ("account", "account_updates"),
    ("customer", "account_updates"),
    ("flag", "releases"),
    ("release", "releases"),
    ("deploy", "releases"),
    ("order", "events"),
    ("event", "events"),
    ("span", "spans"),
    ("trace", "spans"),
    ("log", "logs"),
];

/// The table that fits the keys of the records, and then the file's name.
fn table_of(base: &str, keys: &[String], user: &UserAliases) -> Option<&'static Table> {
    let mut folded: Vec<String> = keys.iter().map(|key| fold(key)).collect();
    // A name of the user's own says what the column's own name says.
    let of_user = |alias: &&UserAlias| alias.keys.iter().any(|key| folded.contains(&fold(key)));
    let meant: Vec<String> = user.iter().filter(of_user).map(|alias| fold(alias.column)).collect();
    folded.extend(meant);
    let has = |names: &[&str]| names.iter().any(|name| folded.iter().any(|key| key == name));
    // Tables beside those of tickets know them by their ids too, but say nothing of them.
    let is_ticket = has(TICKETS_SAY) && has(&["ticketid", "id"]);
    if is_ticket && has(&["ticketid"]) {
        return table("ticket_updates");
    }
    if let Some((name, _)) = TELLING.iter().find(|(_, names)| has(names)) {
        return table(name);
    }
    if let Some((_, name)) = IN_NAMES.iter().find(|(word, _)| base.contains(word)) {
        let is_its_own = match *name {
            "ticket_updates" => is_ticket,
            "logs" | "spans" | "events" => {
                n_columns(table(name)?, keys, user) >= 2 && has_time(table(name)?, keys, user)
            }
            _ => n_columns(table(name)?, keys, user) >= 2,
        };
        return table(name).filter(|_| keys.is_empty() || is_its_own);
    }
    let in_session = has(&["sessionid", "userid", "distinctid", "anonymousid"]);
    if in_session
        && has(&["event", "eventname", "eventtype", "type", "action"])
        && !has(&["level", "severity", "message"])
    {
        return table("events");
    }
    let says = has(&[
        "body",
        "message",
        "msg",
        "log",
        "textpayload",
        "shortmessage",
        "messagetemplate",
        "recordmessage",
    ]);
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
            "recordlevelname",
        ])
        // Serilog's compact form, and structlog.
        || ["@mt", "@m"].iter().any(|name| keys.iter().any(|key| key == name))
        || has(&["event"]) && has(&["level"]);
    if logs { table("logs") } else { None }
}

fn n_columns(table: &'static Table, keys: &[String], user: &UserAliases) -> usize {
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    Router::new(table, Reach::Record, user).n_columns_of(&keys)
}

/// Whether one of the keys is the time of the table's rows.
fn has_time(table: &'static Table, keys: &[String], user: &UserAliases) -> bool {
    let mut router = Router::new(table, Reach::Record, user);
    keys.iter().any(|key| matches!(router.target(key), Target::Column { column_idx: 0, .. }))
}

pub(crate) fn inflate(head: &[u8]) -> Vec<u8> {
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
