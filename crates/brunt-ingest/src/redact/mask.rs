//! What is secret wherever it stands in a text: e-mail addresses, card numbers, tokens and keys.

use std::sync::LazyLock;

use regex::{Captures, Regex};

/// The kinds of secrets that are masked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Masks {
    pub(crate) email: bool,
    pub(crate) card: bool,
    pub(crate) key: bool,
}

/// Cheap signs that a text may hold a secret; the patterns proper run only where one is.
static SIGNS: LazyLock<regex::bytes::Regex> = LazyLock::new(|| {
    bytes_pattern(
        r"(?i-u)@|%40|u0040|[0-9](?:[ -]?[0-9]){12}|bearer|basic|passw|passphrase|pwd|secret|token|api[-_]?key|access[-_]?key|private[-_ ]?key|credential|authorization|cookie|eyj|akia|[spr]k[-_]|gh[pousr]_|xox[abprs]-|aiza|glpat-",
    )
});
static EMAIL: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"(?i)[\p{L}\p{N}._%+'-]+(?:@|%40|\\+u0040)[\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)+")
});
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

impl Masks {
    pub(crate) const ALL: Self = Self { email: true, card: true, key: true };
    pub(crate) const NONE: Self = Self { email: false, card: false, key: false };
    pub(crate) const EMAIL: Self = Self { email: true, card: false, key: false };

    /// Whether all of the other's kinds are among these.
    pub(crate) fn contains(self, other: Self) -> bool {
        (self.email || !other.email) && (self.card || !other.card) && (self.key || !other.key)
    }

    /// Where, from a place on, a secret may be.
    pub(crate) fn find_suspect(self, bytes: &[u8], at: usize) -> Option<usize> {
        if self == Self::NONE || at > bytes.len() {
            return None;
        }
        SIGNS.find_at(bytes, at).map(|found| found.start())
    }

    /// The text without its secrets; `None` where it has none.
    pub(crate) fn apply(self, text: &str) -> Option<String> {
        self.find_suspect(text.as_bytes(), 0)?;
        let mut masked = text.to_owned();
        if self.key {
            masked = KEY.replace_all(&masked, "[key]").into_owned();
            masked = CREDENTIAL.replace_all(&masked, mask_credential).into_owned();
            masked = ASSIGNMENT.replace_all(&masked, mask_assignment).into_owned();
        }
        if self.email {
            masked = EMAIL.replace_all(&masked, "[email]").into_owned();
        }
        if self.card {
            masked = mask_cards(&masked);
        }
        (masked != text).then_some(masked)
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

fn group<'t>(captures: &Captures<'t>, idx: usize) -> &'t str {
    captures.get(idx).map_or("", |group| group.as_str())
}

/// `Bearer` and `Basic` go before a credential, but also before an ordinary word ("basic authentication").
fn mask_credential(captures: &Captures<'_>) -> String {
    let credential = group(captures, 3);
    let word = credential.len() < 16 && credential.bytes().all(|byte| byte.is_ascii_alphabetic());
    if word {
        return group(captures, 0).to_owned();
    }
    [group(captures, 1), group(captures, 2), "[token]"].concat()
}

/// `token=...` always holds one; `token: ...` in a sentence may go on in words.
fn mask_assignment(captures: &Captures<'_>) -> String {
    let (separator, value) = (group(captures, 2), group(captures, 3));
    let sentence = separator.trim() == ":" && value.bytes().all(|byte| byte.is_ascii_alphabetic());
    let scheme = ["bearer", "basic"].iter().any(|scheme| value.eq_ignore_ascii_case(scheme));
    if sentence || scheme {
        return group(captures, 0).to_owned();
    }
    [group(captures, 1), "[secret]"].concat()
}

/// Masks numbers that have a card's length, issuer and check digit, with or without spaces or dashes between groups.
fn mask_cards(text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut n_copied = 0;
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
                masked.push_str(text.get(n_copied..start).unwrap_or_default());
                masked.push_str("[card]");
                n_copied = start + card_len;
            }
            let group_len = rest.find([' ', '-']).map_or(rest.len(), |len| len + 1);
            start += card_len.map_or(group_len, |len| (len + 1).min(rest.len()));
        }
    }
    masked.push_str(text.get(n_copied..).unwrap_or_default());
    masked
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
            assert_eq!(Masks::ALL.apply(text).as_deref(), Some(masked), "{text}");
            assert_eq!(Masks::ALL.apply(masked), None, "masking twice changes {masked}");
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
            assert_eq!(Masks::ALL.apply(text), None, "{text}");
        }
    }

    #[test]
    fn kinds_can_be_switched_off() {
        let text = "a@b.example 4111111111111111 token=x1";
        let masks = Masks { email: false, ..Masks::ALL };
        assert_eq!(masks.apply(text).as_deref(), Some("a@b.example [card] token=[secret]"));
        assert_eq!(Masks::NONE.apply(text), None);
    }
}
