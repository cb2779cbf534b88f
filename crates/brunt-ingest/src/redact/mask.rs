//! What is secret or personal wherever it stands in a text: e-mail addresses, card numbers, tokens and keys; where asked
//! for, telephone numbers, account numbers and IP addresses too.

use std::ops::Range;
use std::sync::LazyLock;

use regex::{Captures, Regex};

use crate::redact::contact;

/// A kind of what is secret or personal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// An e-mail address.
    Email,
    /// A payment card's number, by length, issuer and check digit.
    Card,
    /// A token, key, password or other credential.
    Key,
    /// A telephone number, with `+` and its country's code or as North America writes it.
    Phone,
    /// An international bank account number, by its country's length and its checksum.
    Iban,
    /// An IP address that is no private, local or reserved one.
    Ip,
}

/// The kinds that are masked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Masks(u8);

/// A place in a text, and what is put there.
type Place = (Range<usize>, &'static str);

/// Cheap signs that a text may hold a secret; the patterns proper run only where one is.
const SIGNS: &str = r"@|%40|u0040|[0-9](?:[ -]?[0-9]){12}|bearer|basic|passw|passphrase|pwd|secret|token|api[-_]?key|access[-_]?key|private[-_ ]?key|credential|authorization|cookie|eyj|akia|[spr]k[-_]|gh[pousr]_|xox[abprs]-|aiza|glpat-";
/// Signs of the kinds that are not masked unless asked for: they are more frequent.
const MORE_SIGNS: &str = r"\+[1-9]|[0-9]{3}[-. )]{1,2}[0-9]{3}|[a-z]{2}[0-9]{2} ?[a-z0-9]{4}|[0-9]\.[0-9]{1,3}\.[0-9]|[23][0-9a-f]{3}:[0-9a-f]{0,4}:";

static FEW_SIGNS: LazyLock<regex::bytes::Regex> =
    LazyLock::new(|| bytes_pattern(&format!("(?i-u){SIGNS}")));
static ALL_SIGNS: LazyLock<regex::bytes::Regex> =
    LazyLock::new(|| bytes_pattern(&format!("(?i-u){SIGNS}|{MORE_SIGNS}")));
static EMAIL: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"(?i)[\p{L}\p{N}._%+'-]+(?:@|%40|\\+u0040)([\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)+)")
});
/// What files of scripts end with, and what builds put before that.
const SCRIPTS: [&str; 8] = ["js", "jsx", "mjs", "cjs", "ts", "tsx", "vue", "html"];
const BUILDS: [&str; 8] = ["min", "bundle", "chunk", "module", "esm", "prod", "dev", "legacy"];
/// Words that a release may end with.
const RELEASES: [&str; 8] = ["release", "final", "ga", "snapshot", "alpha", "beta", "rc", "dev"];
static DIGITS: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?-u:[0-9]+(?:[ -][0-9]+)*)"));
static CREDENTIAL: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?i-u)\b(bearer|basic)((?:\s|%20|\+)+)([a-z0-9._~+/=-]{6,})"));
static KEY: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?x)
        \beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)?   # a JSON web token
        |\bAKIA[0-9A-Z]{16}\b                                             # AWS
        |\b[spr]k_(?:live|test)_[0-9A-Za-z]{8,}                           # Stripe
        |\bsk-[A-Za-z0-9_-]{20,}                                          # OpenAI, Anthropic
        |\bgh[pousr]_[A-Za-z0-9]{20,}                                     # GitHub
        |\bglpat-[A-Za-z0-9_-]{16,}                                       # GitLab
        |\bxox[abprs]-[A-Za-z0-9-]{10,}                                   # Slack
        |\bAIza[0-9A-Za-z_-]{35}                                          # Google
        |-----BEGIN\x20[A-Z\x20]*PRIVATE\x20KEY-----(?s:.*?)(?:-----END\x20[A-Z\x20]*PRIVATE\x20KEY-----|$)",
    )
});
static ASSIGNMENT: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r#"(?i)((?:password|passwd|passphrase|pwd|client[-_]?secret|secret[-_]?key|secret|access[-_]?token|refresh[-_]?token|id[-_]?token|auth[-_]?token|session[-_]?token|token|api[-_]?key|access[-_]?key|private[-_]?key|credentials?|authorization|set-cookie|cookie)(\\*["']?\s*(?:=|:|%3d)\s*\\*["']?))([^\s"'\\&,;}\])<>\[]+)"#,
    )
});

impl Kind {
    /// All kinds.
    pub const ALL: [Self; 6] =
        [Self::Email, Self::Card, Self::Key, Self::Phone, Self::Iban, Self::Ip];

    /// As a policy names it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Card => "card",
            Self::Key => "key",
            Self::Phone => "phone",
            Self::Iban => "iban",
            Self::Ip => "ip",
        }
    }
}

impl Masks {
    pub(crate) const NONE: Self = Self(0);

    pub(crate) fn of(kinds: &[Kind]) -> Self {
        Self(kinds.iter().fold(0, |bits, kind| bits | 1 << *kind as u8))
    }

    pub(crate) fn all() -> Self {
        Self::of(&Kind::ALL)
    }

    pub(crate) fn contains(self, kind: Kind) -> bool {
        self.0 & 1 << kind as u8 != 0
    }

    /// Where, from a place on, a secret may be.
    pub(crate) fn find_suspect(self, bytes: &[u8], at: usize) -> Option<usize> {
        if self == Self::NONE || at > bytes.len() {
            return None;
        }
        let more = [Kind::Phone, Kind::Iban, Kind::Ip].into_iter().any(|kind| self.contains(kind));
        let signs = if more { &*ALL_SIGNS } else { &*FEW_SIGNS };
        signs.find_at(bytes, at).map(|found| found.start())
    }

    /// The text without its secrets, each of which is shown to `found`; `None` where it has none.
    pub(crate) fn apply(self, text: &str, found: &mut dyn FnMut(Kind, &str)) -> Option<String> {
        self.find_suspect(text.as_bytes(), 0)?;
        let mut masked = Masked { text: text.to_owned(), is_changed: false, found };
        // In this order, because digits of one kind could be taken for another.
        if self.contains(Kind::Key) {
            masked.replace(Kind::Key, |text| whole(&KEY, "[key]", text));
            masked.replace(Kind::Key, |text| value(&CREDENTIAL, "[token]", is_word, text));
            masked.replace(Kind::Key, |text| value(&ASSIGNMENT, "[secret]", is_sentence, text));
        }
        if self.contains(Kind::Email) {
            masked.replace(Kind::Email, emails);
        }
        if self.contains(Kind::Iban) {
            masked.replace(Kind::Iban, |text| named(contact::ibans(text), "[iban]"));
        }
        if self.contains(Kind::Card) {
            masked.replace(Kind::Card, |text| named(cards(text), "[card]"));
        }
        if self.contains(Kind::Ip) {
            masked.replace(Kind::Ip, |text| named(contact::ip_addresses(text), "[ip]"));
        }
        if self.contains(Kind::Phone) {
            masked.replace(Kind::Phone, |text| named(contact::phones(text), "[phone]"));
        }
        masked.is_changed.then_some(masked.text)
    }
}

impl Default for Masks {
    fn default() -> Self {
        Self::of(&[Kind::Email, Kind::Card, Kind::Key])
    }
}

/// A text while it is masked, kind by kind.
struct Masked<'f> {
    text: String,
    is_changed: bool,
    found: &'f mut dyn FnMut(Kind, &str),
}

impl Masked<'_> {
    fn replace(&mut self, kind: Kind, places: impl Fn(&str) -> Vec<Place>) {
        let places = places(&self.text);
        if places.is_empty() {
            return;
        }
        let mut masked = String::with_capacity(self.text.len());
        let mut n_copied = 0;
        for (range, name) in places {
            masked.push_str(self.text.get(n_copied..range.start).unwrap_or_default());
            masked.push_str(name);
            n_copied = range.end;
            (self.found)(kind, self.text.get(range).unwrap_or_default());
        }
        masked.push_str(self.text.get(n_copied..).unwrap_or_default());
        (self.text, self.is_changed) = (masked, true);
    }
}

#[expect(clippy::expect_used, reason = "the patterns are constants, and each is used by a test")]
fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("the pattern is well formed")
}

#[expect(clippy::expect_used, reason = "the patterns are constants, and each is used by a test")]
fn bytes_pattern(text: &str) -> regex::bytes::Regex {
    regex::bytes::Regex::new(text).expect("the pattern is well formed")
}

fn named(ranges: Vec<Range<usize>>, name: &'static str) -> Vec<Place> {
    ranges.into_iter().map(|range| (range, name)).collect()
}

/// Addresses. What is a release (`shop@1.4.2`) or a script (`total@cart.min.js`) is none; whatever is not known to be one
/// of these may be somebody's.
fn emails(text: &str) -> Vec<Place> {
    let mut places = Vec::new();
    let mut at = 0;
    while let Some(captures) = EMAIL.captures_at(text, at) {
        let (Some(address), Some(domain)) = (captures.get(0), captures.get(1)) else { break };
        // What was no domain may be the name before the next one.
        at = domain.start();
        if let Some(len) = domain_len(domain.as_str()) {
            at += len;
            places.push((address.start()..at, "[email]"));
        }
    }
    places
}

/// Bytes of the domain that a text of labels begins with, if it does. Numbers behind one are none of it.
fn domain_len(labels: &str) -> Option<usize> {
    let is_number = |label: &str| label.bytes().all(|b| b.is_ascii_digit());
    let mut parts: Vec<&str> = labels.split('.').collect();
    while parts.last().is_some_and(|last| is_number(last)) {
        parts.pop();
    }
    let is_domain = parts.len() > 1 && !is_release(&parts) && !is_script(&parts);
    is_domain.then(|| parts.iter().map(|part| part.len() + 1).sum::<usize>() - 1)
}

/// `1.4.2-rc`, `v1.2.3-SNAPSHOT`, `4.1.100.Final`: two numbers, and no word at the end but those of releases.
fn is_release(labels: &[&str]) -> bool {
    let begins_with_digit = |label: &str| label.starts_with(|c: char| c.is_ascii_digit());
    let [first, second, ..] = labels else { return false };
    let first = first.strip_prefix('v').unwrap_or(first);
    let is_numbered =
        !first.is_empty() && first.bytes().all(|b| b.is_ascii_digit()) && begins_with_digit(second);
    let last = labels.last().copied().unwrap_or_default();
    is_numbered && (begins_with_digit(last) || holds(&RELEASES, last))
}

/// `cart.js`, `cart.min.js`, `cart.3f2a1b.js`: one name, and what builds put between it and the ending.
fn is_script(labels: &[&str]) -> bool {
    let [_, between @ .., last] = labels else { return false };
    let is_hash = |label: &str| {
        label.bytes().any(|b| b.is_ascii_digit()) && label.bytes().all(|b| b.is_ascii_hexdigit())
    };
    holds(&SCRIPTS, last) && between.iter().all(|label| is_hash(label) || holds(&BUILDS, label))
}

fn holds(list: &[&str], label: &str) -> bool {
    list.iter().any(|entry| entry.eq_ignore_ascii_case(label))
}

/// All of what matches.
fn whole(pattern: &Regex, name: &'static str, text: &str) -> Vec<Place> {
    pattern.find_iter(text).map(|found| (found.range(), name)).collect()
}

/// The third group of what matches, unless it is something else.
fn value(
    pattern: &Regex,
    name: &'static str,
    is_other: fn(&Captures<'_>) -> bool,
    text: &str,
) -> Vec<Place> {
    let found = pattern.captures_iter(text).filter(|captures| !is_other(captures));
    found.filter_map(|captures| Some((captures.get(3)?.range(), name))).collect()
}

fn group<'t>(captures: &Captures<'t>, idx: usize) -> &'t str {
    captures.get(idx).map_or("", |group| group.as_str())
}

/// `Bearer` and `Basic` go before a credential, but also before an ordinary word ("basic authentication").
fn is_word(captures: &Captures<'_>) -> bool {
    let credential = group(captures, 3);
    credential.len() < 16 && credential.bytes().all(|byte| byte.is_ascii_alphabetic())
}

/// `token=...` always holds one; `token: ...` in a sentence may go on in words.
fn is_sentence(captures: &Captures<'_>) -> bool {
    let (separator, value) = (group(captures, 2), group(captures, 3));
    let sentence = separator.trim() == ":" && value.bytes().all(|byte| byte.is_ascii_alphabetic());
    let scheme = ["bearer", "basic"].iter().any(|scheme| value.eq_ignore_ascii_case(scheme));
    sentence || scheme
}

/// Numbers that have a card's length, issuer and check digit, with or without spaces or dashes between groups.
fn cards(text: &str) -> Vec<Range<usize>> {
    let mut cards = Vec::new();
    for run in DIGITS.find_iter(text) {
        let before = text.get(..run.start()).unwrap_or_default();
        let fraction = before
            .strip_suffix('.')
            .is_some_and(|whole| whole.ends_with(|last: char| last.is_ascii_digit()));
        let mut start = run.start();
        while !fraction && start < run.end() {
            let rest = text.get(start..run.end()).unwrap_or_default();
            let card_len = card_at_start(rest);
            if let Some(card_len) = card_len {
                cards.push(start..start + card_len);
            }
            let group_len = rest.find([' ', '-']).map_or(rest.len(), |len| len + 1);
            start += card_len.map_or(group_len, |len| (len + 1).min(rest.len()));
        }
    }
    cards
}

/// Bytes of the longest card number that the groups of digits begin with.
fn card_at_start(groups: &str) -> Option<usize> {
    let mut longest = None;
    let mut digits = Vec::new();
    let mut len = 0;
    for (group_idx, group) in groups.split([' ', '-']).enumerate() {
        len += group.len() + usize::from(group_idx > 0);
        digits.extend(group.bytes().map(|byte| byte - b'0'));
        if digits.len() > 19 {
            break;
        }
        // Nineteen digits in one go are far more often an id of 64 bits or nanoseconds than a card.
        if is_card(&digits) && (digits.len() < 19 || group_idx > 0) {
            longest = Some(len);
        }
    }
    longest
}

/// Issuer ranges and lengths of ISO/IEC 7812 as the large networks use them, and the check digit (Luhn).
fn is_card(digits: &[u8]) -> bool {
    let first = |n: usize| {
        digits.iter().take(n).fold(0_u32, |number, digit| number * 10 + u32::from(*digit))
    };
    let issued = match digits.len() {
        13 => first(1) == 4,
        14 => matches!(first(2), 36 | 38 | 39) || (300..=305).contains(&first(3)),
        15 => matches!(first(2), 34 | 37),
        16 => {
            first(1) == 4
                || (51..=55).contains(&first(2))
                || (2_221..=2_720).contains(&first(4))
                || is_long_issuer(first(2), first(4))
        }
        17 | 18 => is_long_issuer(first(2), first(4)),
        19 => first(1) == 4 || is_long_issuer(first(2), first(4)),
        _ => false,
    };
    let checksum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, digit)| match (place % 2, u32::from(*digit)) {
            (1, digit) if digit > 4 => digit * 2 - 9,
            (1, digit) => digit * 2,
            (_, digit) => digit,
        })
        .sum();
    issued && checksum.is_multiple_of(10)
}

/// Discover, `UnionPay` and JCB, whose numbers have 16 to 19 digits.
fn is_long_issuer(first_two: u32, first_four: u32) -> bool {
    matches!(first_two, 62 | 65)
        || first_four == 6_011
        || (6_440..=6_499).contains(&first_four)
        || (3_528..=3_589).contains(&first_four)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn apply(masks: Masks, text: &str) -> Option<String> {
        masks.apply(text, &mut |_, _| {})
    }

    #[test]
    fn releases_and_scripts_are_no_addresses() {
        for kept in [
            "shop@1.4.2",
            "shop@v1.2.3-rc.final",
            "@acme/shop@1.2",
            "com.acme.shop@1.2.3+45",
            "/.pnpm/express@4.18.2/node_modules",
            "at java.base@17.0.1/java.util.Objects.get",
            "total@cart.min.js",
            "total@cart.3f2a1b.chunk.js",
            "netty@4.1.100.Final",
            "totalOf@cart.js:9:12",
            "user@10.0.0.1",
        ] {
            assert_eq!(apply(Masks::default(), kept), None, "{kept}");
        }
        for (text, masked) in [
            ("joe@example.com.3", "[email].3"),
            ("cart:joe@example.com-42", "cart:[email]"),
            ("joe@example.com2025-10-28", "[email]"),
            ("joe@host.k8s jdoe@mail.ad1", "[email] [email]"),
            ("joe@1.2.example.com", "[email]"),
            ("joe@example.com.html", "[email]"),
            ("lib@1.2.3@joe@example.com", "lib@1.2.3@[email]"),
            ("joe@EXAMPLE.XN--P1AI", "[email]"),
            ("joe@1.example.com", "[email]"),
            ("joe@cart.js.org", "[email]"),
            (
                "joe@\u{43f}\u{43e}\u{447}\u{442}\u{430}.\u{440}\u{444} joe@b.xn--p1ai",
                "[email] [email]",
            ),
        ] {
            assert_eq!(apply(Masks::default(), text).as_deref(), Some(masked));
        }
    }

    #[test]
    fn secrets_are_masked_wherever_they_stand() {
        for (text, masked) in [
            ("mail ann.o'neil+x@shop.example.com now", "mail [email] now"),
            ("/reset?mail=ann%40shop.example&x=1", "/reset?mail=[email]&x=1"),
            (r#"{"m":"ann\u0040shop.example"}"#, r#"{"m":"[email]"}"#),
            ("paid with 4111 1111 1111 1111 today", "paid with [card] today"),
            ("pan=4111111111111111;amex 3782-822463-10005", "pan=[card];amex [card]"),
            ("order 12 4111 1111 1111 1111 9", "order 12 [card] 9"),
            ("Authorization: Bearer abc123def456", "Authorization: Bearer [token]"),
            ("authorization=Basic YWxhZGRpbjpvcGVu", "authorization=Basic [token]"),
            ("token=a1b2&next=/", "token=[secret]&next=/"),
            (r#"{"password": "hunter"}"#, r#"{"password": "[secret]"}"#),
            ("api_key: 9f8e7d", "api_key: [secret]"),
            ("jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NSJ9.c2lnbmF0dXJl x", "jwt [key] x"),
            ("aws AKIAIOSFODNN7EXAMPLE", "aws [key]"),
            (
                "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY----- rest",
                "[key] rest",
            ),
        ] {
            assert_eq!(apply(Masks::default(), text).as_deref(), Some(masked), "{text}");
            assert_eq!(apply(Masks::default(), masked), None, "masking twice changes {masked}");
        }
    }

    #[test]
    fn what_only_looks_like_a_secret_stays() {
        for text in [
            "basic authentication required",
            "token: expired",
            "invalid token",
            "1674981742383150913",
            "trace 5b8aa5a2d2c872e8321cf37308d69df2",
            "4111111111111112",
            "0.4111111111111111",
            "4532015112830366123456",
            "name@localhost",
            "2025-10-28 14:21:13 1234",
        ] {
            assert_eq!(apply(Masks::default(), text), None, "{text}");
        }
    }

    #[test]
    fn kinds_can_be_switched_off() {
        let text = "a@b.example 4111111111111111 token=x1";
        let masks = Masks::of(&[Kind::Card, Kind::Key]);
        assert_eq!(apply(masks, text).as_deref(), Some("a@b.example [card] token=[secret]"));
        assert_eq!(apply(Masks::NONE, text), None);
    }

    #[test]
    fn other_kinds_are_masked_where_asked_for() {
        let text =
            "call +49 30 901820 or 212-555-0142 from 198.51.100.7, pay DE89 3704 0044 0532 0130 00";
        assert_eq!(apply(Masks::default(), text), None);
        let masked = "call [phone] or [phone] from [ip], pay [iban]";
        assert_eq!(apply(Masks::all(), text).as_deref(), Some(masked));
        assert_eq!(apply(Masks::all(), masked), None);
    }

    #[test]
    fn what_was_found_is_shown() {
        let mut found = Vec::new();
        Masks::all().apply("a@b.example, token=x1, b@b.example", &mut |kind, text| {
            found.push((kind.name(), text.to_owned()));
        });
        let found: Vec<_> = found.iter().map(|(kind, text)| (*kind, text.as_str())).collect();
        assert_eq!(found, [("key", "x1"), ("email", "a@b.example"), ("email", "b@b.example")]);
    }
}
