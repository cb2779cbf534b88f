//! What a word of a message is.

use crate::text::{byte, ends_with_ignore_case};
use crate::words::Words;

/// Words with a digit that are names.
static NAMES_WITH_DIGITS: Words = Words::new(&[
    "utf8", "utf-8", "utf16", "utf-16", "utf32", "utf-32", "base64", "base32", "http2", "http3",
    "sha1", "sha-1", "sha256", "sha-256", "sha384", "sha512", "sha-512", "md5", "crc32", "aes128",
    "aes256", "rs256", "hs256", "es256", "ed25519", "ipv4", "ipv6", "oauth2", "x509", "s3", "ec2",
    "h2", "db2", "neo4j", "log4j", "log4j2", "slf4j", "i18n", "l10n", "k8s", "p2p", "e2e", "2fa",
    "mp3", "mp4", "h264", "h265", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32",
    "uint64", "float32", "float64", "win32", "win64", "x86", "x86_64", "amd64", "arm64", "v1",
    "v2", "v3",
]);

/// Words of programming after which a quoted name is part of the program, not of the data.
static NOUNS: Words = Words::new(&[
    "attribute",
    "attributes",
    "column",
    "columns",
    "property",
    "properties",
    "reading",
    "setting",
    "module",
    "modules",
    "named",
    "field",
    "fields",
    "method",
    "function",
    "procedure",
    "class",
    "constraint",
    "relation",
    "table",
    "view",
    "sequence",
    "schema",
    "trigger",
    "index",
    "parameter",
    "argument",
    "member",
    "symbol",
    "variable",
    "identifier",
    "keyword",
    "operator",
    "bean",
    "type",
    "trait",
    "interface",
    "enum",
    "macro",
    "import",
    "package",
    "namespace",
    "option",
    "flag",
    "command",
    "directive",
    "component",
    "hook",
]);

/// Words before `user` after which its name comes.
static BEFORE_USER: Words = Words::new(&["for", "of", "by", "as", "to"]);

/// Words before `user` after which its name comes, or what was wrong with it.
static DOUBTS: Words = Words::new(&["invalid", "unknown", "illegal", "nonexistent"]);

/// Words behind `user` that are nobody's name.
static NOT_USERS: Words = Words::new(&[
    "a",
    "account",
    "accounts",
    "agent",
    "an",
    "and",
    "at",
    "credentials",
    "data",
    "details",
    "does",
    "email",
    "from",
    "group",
    "groups",
    "has",
    "id",
    "ids",
    "in",
    "input",
    "is",
    "key",
    "list",
    "login",
    "name",
    "names",
    "not",
    "on",
    "or",
    "password",
    "profile",
    "record",
    "request",
    "role",
    "roles",
    "session",
    "sessions",
    "settings",
    "store",
    "table",
    "the",
    "to",
    "token",
    "type",
    "was",
    "with",
]);

/// Names of values that say what went wrong.
static CAUSES: Words = Words::new(&[
    "e",
    "err",
    "error",
    "errors",
    "ex",
    "exc",
    "exception",
    "cause",
    "reason",
    "failure",
    "fault",
    "msg",
    "message",
]);

static UNITS: Words = Words::new(&[
    "ns",
    "us",
    "µs",
    "ms",
    "s",
    "m",
    "h",
    "d",
    "sec",
    "secs",
    "second",
    "seconds",
    "min",
    "mins",
    "minute",
    "minutes",
    "hr",
    "hrs",
    "hour",
    "hours",
    "day",
    "days",
    "week",
    "weeks",
    "millis",
    "milliseconds",
    "microseconds",
    "nanoseconds",
    "b",
    "kb",
    "mb",
    "gb",
    "tb",
    "kib",
    "mib",
    "gib",
    "tib",
    "byte",
    "bytes",
    "bit",
    "bits",
    "kbps",
    "mbps",
    "gbps",
    "hz",
    "khz",
    "mhz",
    "ghz",
    "px",
    "rpm",
    "percent",
]);

/// Months, weekdays, zones and halves of a day, as they are capitalised.
static CALENDAR: Words = Words::new(&[
    "Jan",
    "Feb",
    "Mar",
    "Apr",
    "May",
    "Jun",
    "Jul",
    "Aug",
    "Sep",
    "Sept",
    "Oct",
    "Nov",
    "Dec",
    "January",
    "February",
    "March",
    "April",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
    "Mon",
    "Tue",
    "Tues",
    "Wed",
    "Thu",
    "Thur",
    "Thurs",
    "Fri",
    "Sat",
    "Sun",
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
    "UTC",
    "GMT",
    "CET",
    "CEST",
    "CST",
    "EST",
    "EDT",
    "PST",
    "PDT",
    "MST",
    "IST",
    "JST",
    "BST",
    "AM",
    "PM",
    "Z",
]);

/// Last labels of names of hosts.
static TOP_DOMAINS: Words = Words::new(&[
    "com",
    "org",
    "net",
    "io",
    "dev",
    "local",
    "internal",
    "cloud",
    "co",
    "edu",
    "gov",
    "eu",
    "uk",
    "de",
    "fr",
    "us",
    "cn",
    "jp",
    "ru",
    "br",
    "nl",
    "ch",
    "se",
    "it",
    "es",
    "au",
    "ca",
    "info",
    "svc",
    "lan",
    "corp",
    "ai",
    "biz",
    "localdomain",
]);

/// Labels before that of a country.
static SECOND_DOMAINS: Words =
    Words::new(&["com", "co", "edu", "org", "net", "gov", "ac", "or", "ne", "go"]);

/// Domains of countries that are words of programs, too.
static COUNTRIES_THAT_ARE_WORDS: Words = Words::new(&[
    "id", "is", "no", "to", "as", "at", "by", "in", "me", "my", "so", "it", "am", "be",
]);

/// First labels of packages, which read like hosts from behind.
static TOP_PACKAGES: Words = Words::new(&["com", "org", "net", "io", "java", "javax", "de"]);

pub(crate) fn is_allowed(word: &str) -> bool {
    NAMES_WITH_DIGITS.have_in_any_case(word)
}

pub(crate) fn is_noun(word: &str) -> bool {
    NOUNS.have_in_any_case(word)
}

/// How surely a word before `user` brings its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Introduction {
    /// `for user`: whatever it is that follows.
    Name,
    /// `invalid user`: what follows may be what was wrong.
    Doubt,
}

pub(crate) fn introduction(word: &str) -> Option<Introduction> {
    if BEFORE_USER.have_in_any_case(word) {
        return Some(Introduction::Name);
    }
    DOUBTS.have_in_any_case(word).then_some(Introduction::Doubt)
}

/// Whether a word behind `user` may be a name: it begins with a letter, and ends as no action or state does.
pub(crate) fn is_user(word: &str) -> bool {
    let is_part = |b: u8| b.is_ascii_alphabetic() || matches!(b, b'.' | b'-' | b'_');
    word.bytes().next().is_some_and(|b| b.is_ascii_alphabetic())
        && word.bytes().all(is_part)
        && !NOT_USERS.have_in_any_case(word)
        && !["tion", "sion", "ment", "ing"].iter().any(|end| ends_with_ignore_case(word, end))
}

/// Whether what follows the name and `=` says what went wrong.
pub(crate) fn is_cause(name: &str) -> bool {
    CAUSES.have_in_any_case(name)
}

pub(crate) fn is_unit(word: &str) -> bool {
    UNITS.have_in_any_case(word)
}

pub(crate) fn is_calendar(word: &str) -> bool {
    CALENDAR.have(word)
}

/// A name as programs have them: short, and without anything that would be masked in it.
pub(crate) fn is_name(text: &str) -> bool {
    let is_part = |b: u8| b.is_ascii_alphabetic() || matches!(b, b'_' | b'.' | b'$' | b'-');
    (1..=64).contains(&text.len())
        && text.bytes().all(is_part)
        && !(text.len() >= 8 && is_hex(text))
}

/// Words that begin with a capital and end with a full stop.
pub(crate) fn is_sentence(text: &str) -> bool {
    text.ends_with('.') && text.contains(' ') && text.starts_with(|c: char| c.is_uppercase())
}

pub(crate) fn is_hex(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_hexdigit())
}

/// An e-mail address, a host with or without port, an address of the internet's sixth version or of a network card.
pub(crate) fn is_address(word: &str) -> bool {
    is_email(word) || is_host(word) || is_colon_address(word)
}

/// From the root, home or here, or with two slashes and more.
pub(crate) fn is_path(word: &str) -> bool {
    let is_rooted = ["/", "~/", "./", "../"].iter().any(|start| {
        word.strip_prefix(start).is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/'))
    });
    is_rooted
        || (memchr::memchr_iter(b'/', word.as_bytes()).count() >= 2
            && word.bytes().any(|b| b.is_ascii_alphanumeric()))
}

fn is_email(word: &str) -> bool {
    let Some((local, domain)) = word.split_once('@') else { return false };
    let is_domain = domain.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-'))
        && domain.contains('.');
    !local.is_empty() && is_domain && !local.contains(['/', ':'])
}

fn is_host(word: &str) -> bool {
    let host = match word.rsplit_once(':') {
        Some((host, port))
            if (1..=5).contains(&port.len()) && port.bytes().all(|b| b.is_ascii_digit()) =>
        {
            host
        }
        _ => word,
    };
    if host == "localhost" {
        return true;
    }
    let Some((labels, top)) = host.rsplit_once('.') else { return false };
    let is_label =
        |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'-' | b'_');
    let is_package = labels.split('.').next().is_some_and(|first| TOP_PACKAGES.have(first));
    // Each country's domain, below one of the usual ones of its own: `www.example.com.hk`. Some are words: `team.org.id`.
    let is_country = top.len() == 2
        && top.bytes().all(|b| b.is_ascii_lowercase())
        && (host.len() < word.len() || !COUNTRIES_THAT_ARE_WORDS.have(top))
        && labels.rsplit_once('.').is_some_and(|(_, second)| SECOND_DOMAINS.have(second));
    (TOP_DOMAINS.have(top) || is_country)
        && !is_package
        && !labels.is_empty()
        && labels.bytes().all(is_label)
        && byte(labels, 0) != Some(b'.')
}

fn is_colon_address(word: &str) -> bool {
    let n_colons = memchr::memchr_iter(b':', word.as_bytes()).count();
    let is_part = |b: u8| b.is_ascii_hexdigit() || matches!(b, b':' | b'.' | b'%' | b'/');
    let has_digit = word.bytes().any(|b| b.is_ascii_digit());
    n_colons >= 2
        && word.bytes().all(is_part)
        && (n_colons >= 5 || (has_digit && word.contains("::")))
}
