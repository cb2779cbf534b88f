//! Telephone numbers, bank account numbers and IP addresses in texts, told from the many numbers that only look like one.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

/// Digits of a telephone number with its country's code: at least those of the shortest national plans, at most what
/// ITU-T E.164 allows.
const PHONE_DIGITS: std::ops::RangeInclusive<usize> = 8..=15;

static INTERNATIONAL: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"\+[1-9][0-9]{0,2}(?:[ .\x2f-]?\(?[0-9]{1,5}\)?){1,6}"));
static NORTH_AMERICAN: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"(?:\([2-9][0-9]{2}\) ?|[2-9][0-9]{2}[ .-])[2-9][0-9]{2}[ .-][0-9]{4}")
});
static IBAN: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?"));
static IPV4: LazyLock<Regex> = LazyLock::new(|| pattern(r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}"));
static IPV6: LazyLock<Regex> = LazyLock::new(|| pattern(r"[23][0-9A-Fa-f]{3}:[0-9A-Fa-f:]{1,34}"));

/// Countries with the length of their account numbers, from SWIFT's registry of IBANs (ISO 13616).
const IBAN_LENGTHS: &str = "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DK18 DO28 \
    EE20 EG29 ES24 FI18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HR21 HU28 IE22 IL23 IQ23 IS26 \
    IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MR27 MT31 MU30 \
    NL18 NO15 PK24 PL28 PS29 PT25 QA29 RO24 RS22 SA24 SC31 SD18 SE24 SI19 SK24 SM27 ST25 SV28 \
    TL23 TN24 TR26 UA29 VA22 VG24 XK20";

/// Telephone numbers: with `+` and the country's code, or as North America writes them.
pub(crate) fn phones(text: &str) -> Vec<Range<usize>> {
    let mut places: Vec<Range<usize>> = Vec::new();
    for (numbers, is_international) in [(&*INTERNATIONAL, true), (&*NORTH_AMERICAN, false)] {
        for found in numbers.find_iter(text) {
            let n_digits = found.as_str().bytes().filter(u8::is_ascii_digit).count();
            let is_long = !is_international || PHONE_DIGITS.contains(&n_digits);
            let overlaps =
                |place: &Range<usize>| place.start < found.end() && found.start() < place.end;
            if is_long && stands_alone(text, &found.range()) && !places.iter().any(overlaps) {
                places.push(found.range());
            }
        }
    }
    places.sort_by_key(|place| place.start);
    places
}

/// International bank account numbers, with or without spaces between groups.
pub(crate) fn ibans(text: &str) -> Vec<Range<usize>> {
    let candidates = IBAN.find_iter(text).filter_map(|found| {
        let country = found.as_str().get(..2)?;
        let mut lengths = IBAN_LENGTHS.split_whitespace();
        let len: usize = lengths.find_map(|entry| entry.strip_prefix(country)?.parse().ok())?;
        // What follows after a space may be the next word.
        let mut n_characters = 0;
        let end = found.as_str().char_indices().find_map(|(at, character)| {
            n_characters += usize::from(character != ' ');
            (n_characters == len).then_some(at + 1)
        })?;
        Some(found.start()..found.start() + end)
    });
    candidates
        .filter(|place| {
            stands_alone(text, place) && text.get(place.clone()).is_some_and(has_iban_checksum)
        })
        .collect()
}

/// IP addresses that can belong to somebody: none that is private, local or reserved.
pub(crate) fn ip_addresses(text: &str) -> Vec<Range<usize>> {
    let mut places: Vec<Range<usize>> = IPV4
        .find_iter(text)
        .filter(|found| {
            let is_foreign = found.as_str().parse().is_ok_and(is_foreign);
            is_foreign && stands_alone(text, &found.range()) && !is_version(text, found.start())
        })
        .map(|found| found.range())
        .collect();
    for found in IPV6.find_iter(text) {
        let address = found.as_str().trim_end_matches(':');
        let place = found.start()..found.start() + address.len();
        let is_part = text.get(..place.start).is_some_and(|before| before.ends_with(':'));
        let is_address = address.parse::<Ipv6Addr>().is_ok();
        if is_address && !is_part && stands_alone(text, &place) {
            places.push(place);
        }
    }
    places.sort_by_key(|place| place.start);
    places
}

/// Whether an address is one of the wide net. What begins with three small numbers is far more often a version, and what
/// ends in 0 is one, or a net.
fn is_foreign(address: Ipv4Addr) -> bool {
    let [first, second, third, last] = address.octets();
    let is_small = [first, second, third].into_iter().all(|number| number < 10);
    !(address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_multicast()
        || is_small
        || last == 0
        || first == 0
        || first >= 240)
}

/// `Chrome/120.0.0.0` has the form of an address; `http://120.0.0.7` has one.
fn is_version(text: &str, start: usize) -> bool {
    let before = text.get(..start).unwrap_or_default();
    let product = before.strip_suffix('/').unwrap_or_default();
    product.ends_with(|last: char| last.is_alphanumeric())
}

/// Whether neither a letter nor a digit, nor what joins numbers, stands beside the place.
fn stands_alone(text: &str, place: &Range<usize>) -> bool {
    let before = text.get(..place.start).unwrap_or_default().chars().next_back();
    let mut after = text.get(place.end..).unwrap_or_default().chars();
    let joins = |character: char| character.is_alphanumeric() || character == '_';
    let joined_before = before.is_some_and(|last| joins(last) || matches!(last, '.' | '-' | '+'));
    let joined_after = match after.next() {
        Some('.' | '-') => after.next().is_some_and(|next| next.is_ascii_digit()),
        Some(next) => joins(next),
        None => false,
    };
    !joined_before && !joined_after
}

/// ISO 7064 MOD 97-10: with the first four characters put last and letters as numbers from 10 on, it leaves 1.
fn has_iban_checksum(iban: &str) -> bool {
    let compact: String = iban.chars().filter(|character| *character != ' ').collect();
    let (head, rest) = compact.split_at_checked(4).unwrap_or_default();
    let remainder = rest.chars().chain(head.chars()).try_fold(0_u32, |remainder, character| {
        let value = character.to_digit(36)?;
        let shifted = if value < 10 { remainder * 10 } else { remainder * 100 };
        Some((shifted + value) % 97)
    });
    remainder == Some(1)
}

#[expect(clippy::expect_used, reason = "the patterns are constants, and each is used by a test")]
fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("the pattern is well formed")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str, find: fn(&str) -> Vec<Range<usize>>) -> Vec<&str> {
        find(text).into_iter().map(|place| &text[place]).collect()
    }

    #[test]
    fn phones_are_told_from_other_numbers() {
        for (text, found) in [
            ("call +49 30 901820 now", vec!["+49 30 901820"]),
            ("tel:+14155550132", vec!["+14155550132"]),
            ("+1 (415) 555-0132, (212) 555-0142", vec!["+1 (415) 555-0132", "(212) 555-0142"]),
            ("212-555-0142.", vec!["212-555-0142"]),
            ("2025-10-28T14:21:13+02:00", vec![]),
            ("1e+12345678", vec![]),
            ("trace 5b8aa5a2-d2c8-72e8-321c", vec![]),
            ("order 1212-555-0142", vec![]),
            ("+1234", vec![]),
        ] {
            assert_eq!(texts(text, phones), found, "{text}");
        }
    }

    #[test]
    fn ibans_have_their_length_and_checksum() {
        // The examples that banks print for Germany, the United Kingdom and Norway.
        for (text, found) in [
            ("DE89370400440532013000", vec!["DE89370400440532013000"]),
            ("pay GB82 WEST 1234 5698 7654 32 now", vec!["GB82 WEST 1234 5698 7654 32"]),
            ("to NO9386011117947 OK", vec!["NO9386011117947"]),
            ("DE89370400440532013001", vec![]),
            ("XDE89370400440532013000", vec![]),
            ("DE8937040044053201300", vec![]),
        ] {
            assert_eq!(texts(text, ibans), found, "{text}");
        }
    }

    #[test]
    fn ip_addresses_are_those_of_the_wide_net() {
        for (text, found) in [
            ("from 198.51.100.7:443", vec!["198.51.100.7"]),
            ("http://203.0.113.9/x", vec!["203.0.113.9"]),
            ("peer:203.0.113.9, 1:2001:db8::1", vec!["203.0.113.9"]),
            ("2001:db8::8a2e:370:7334 said", vec!["2001:db8::8a2e:370:7334"]),
            ("10.0.0.7 127.0.0.1 192.168.1.1 0.0.0.0 255.255.255.255", vec![]),
            ("Chrome/120.0.0.7 v31.2.3.4 31.2.3.4.5 999.1.1.1", vec![]),
            ("rv:1.9.1.16, Version=4.0.0.0, 198.51.100.0/24", vec![]),
            ("at 14:21:13, 2025:10:28", vec![]),
        ] {
            assert_eq!(texts(text, ip_addresses), found, "{text}");
        }
    }
}
