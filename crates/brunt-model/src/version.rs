//! A version that says by itself which others come before it: semantic versioning's precedence, read leniently.

use std::cmp::Ordering;

/// A version as semver 2.0 orders them.
///
/// Read are two to four numbers with points between them (what is missing is 0), then `-` and a pre-release, then `+` and
/// the build, which does not count. A `v` before them, and a name before an `@` (`shop@1.4.2`), are passed over. Numbers
/// have no leading zeros, so that dates with them (`2025.08.01`), and hashes, are no versions of this kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    numbers: [u64; 4],
    /// Empty for a release.
    pre_release: Vec<Identifier>,
}

/// Numbers come before words, as in semver.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Identifier {
    Number(u64),
    Word(String),
}

impl Version {
    /// `None` for what does not order itself: hashes, dates, words, single numbers.
    pub fn parse(text: &str) -> Option<Self> {
        let text = bare(text);
        let text = text.split_once('+').map_or(text, |(version, _)| version);
        let (core, pre_release) = match text.split_once('-') {
            Some((core, pre_release)) => (core, identifiers(pre_release)?),
            None => (text, Vec::new()),
        };
        let mut numbers = [0; 4];
        let parts: Vec<&str> = core.split('.').collect();
        if !(2..=numbers.len()).contains(&parts.len()) {
            return None;
        }
        for (number, part) in numbers.iter_mut().zip(parts) {
            *number = parse_number(part)?;
        }
        Some(Self { numbers, pre_release })
    }

    /// The first two numbers, which versions of one line have in common.
    pub(crate) fn line(&self) -> [u64; 2] {
        let [major, minor, ..] = self.numbers;
        [major, minor]
    }

    /// Whether only a pre-release tells the two apart.
    pub(crate) fn has_numbers_of(&self, other: &Self) -> bool {
        self.numbers == other.numbers
    }

    /// Whether it is the release that follows another: one of its numbers is one more, and those behind are 0.
    pub(crate) fn follows(&self, other: &Self) -> bool {
        let next = |place: usize| {
            let mut numbers = other.numbers;
            numbers.iter_mut().skip(place).for_each(|number| *number = 0);
            if let (Some(next), Some(number)) = (numbers.get_mut(place), other.numbers.get(place)) {
                *next = number.saturating_add(1);
            }
            numbers
        };
        self.pre_release.is_empty()
            && (0..self.numbers.len()).any(|place| self.numbers == next(place))
    }

    /// The one spelling of a version: without what [`Version::parse`] passes over before the numbers; every other text as
    /// it is, but for white space around it.
    pub fn plain(text: &str) -> &str {
        if Self::parse(text).is_some() { bare(text) } else { text.trim() }
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        let pre_release = || match (self.pre_release.is_empty(), other.pre_release.is_empty()) {
            (true, false) => Ordering::Greater,
            (false, true) => Ordering::Less,
            _ => self.pre_release.cmp(&other.pre_release),
        };
        self.numbers.cmp(&other.numbers).then_with(pre_release)
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// The text without what stands before the numbers.
fn bare(text: &str) -> &str {
    let text = text.trim();
    let text = text.rsplit_once('@').map_or(text, |(_, version)| version);
    text.strip_prefix(['v', 'V']).unwrap_or(text)
}

fn identifiers(text: &str) -> Option<Vec<Identifier>> {
    text.split('.').map(identifier).collect()
}

fn identifier(text: &str) -> Option<Identifier> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return parse_number(text).map(Identifier::Number);
    }
    let is_word = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    is_word.then(|| Identifier::Word(text.to_owned()))
}

/// Digits without a leading zero.
fn parse_number(text: &str) -> Option<u64> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_plain || text.len() > 1 && text.starts_with('0') {
        return None;
    }
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn precedence_is_that_of_semver() {
        // The first eight are the example of semver.org, item 11.
        let rising = [
            "1.0.0-alpha",
            "1.0.0-alpha.1",
            "1.0.0-alpha.beta",
            "1.0.0-beta",
            "1.0.0-beta.2",
            "1.0.0-beta.11",
            "1.0.0-rc.1",
            "1.0.0",
            "1.0.1",
            "v1.2",
            "1.2.0.7",
            "1.9.0",
            "shop@1.10.0",
            "2.0.0",
        ];
        for pair in rising.windows(2) {
            let [low, high] = [pair[0], pair[1]].map(|text| Version::parse(text).unwrap());
            assert!(low < high, "{pair:?}");
        }
    }

    #[test]
    fn prefixes_and_builds_do_not_count() {
        let plain = Version::parse("1.4.2").unwrap();
        for text in ["v1.4.2", " V1.4.2 ", "1.4.2+build.7", "com.shop@1.4.2+7", "1.4.2.0"] {
            assert_eq!(Version::parse(text).unwrap(), plain, "{text}");
        }
    }

    #[test]
    fn one_version_has_one_spelling() {
        for (text, plain) in
            [("v1.4.2+7", "1.4.2+7"), ("shop@1.4.2", "1.4.2"), (" v8 ", "v8"), ("a@b", "a@b")]
        {
            assert_eq!(Version::plain(text), plain, "{text}");
        }
    }

    #[test]
    fn what_does_not_order_itself_is_none() {
        for text in [
            "",
            "3f2a1b9",
            "1234567",
            "2025-08-01",
            "2025.08.01",
            "20250801",
            "main",
            "v",
            "1.",
            "1.2.3.4.5",
            "1.2.x",
            "1.2.3-",
            "1.2.3-a..b",
            "1.2.3-01",
            "99999999999999999999.1",
        ] {
            assert_eq!(Version::parse(text), None, "{text}");
        }
    }
}
