//! Which of two versions came later, where some say it themselves, some do not, and some lie.

use std::collections::{BTreeSet, HashMap};

use crate::time::Ts;
use crate::version::Version;

/// The versions of one service in one environment, each with the time that it was first deployed or seen there.
///
/// Of two versions that order themselves ([`Version`]) the later is the one of higher precedence, so that a fix of an old
/// line (`1.4.3` after `2.0.0`) stays before what it was made after. Of all others it is the one that was deployed later.
///
/// A version can claim too much: a test build `999.9.9` would make each later release an earlier one. So a version that
/// is *ahead of its time* is put by its deployment, whatever it says. To find these, the versions that order themselves
/// are taken in the order of deployment, and as many of them are believed as rise together: a longest subsequence that
/// does not fall, of several the one whose members were deployed last. One that is not among them is ahead of its time if
/// there are believed ones deployed after it, and all of them are lower. Where a later one reaches it, as `2.0.0` reaches
/// a `2.0.0-beta` between releases `1.9.1` and `1.9.2`, it said the truth; and where it is lower than an earlier one and no
/// higher than later ones, it is such a fix of an old line. So it does where it is a release that follows an earlier one by one,
/// and all lower ones after it go on with the first two numbers of one from before it: `2.0.0` after `1.4.0` is the next
/// line, and `1.4.1` after that a fix of the old one, while nothing led to `999.9.9`. Of two versions that
/// contradict each other, with nothing else to tell by, the one that was deployed later is believed.
#[derive(Debug, Default)]
pub struct VersionOrder {
    deployed_at: HashMap<String, Ts>,
    ahead: BTreeSet<String>,
}

impl VersionOrder {
    /// From when each version was first seen and when it was released, which counts where both are known. Of a version
    /// that is given several times the earliest counts.
    pub fn new<'a>(
        seen: impl IntoIterator<Item = (&'a str, Ts)>,
        released: impl IntoIterator<Item = (&'a str, Ts)>,
    ) -> Self {
        let mut deployed_at = earliest(seen);
        deployed_at.extend(earliest(released));
        let ahead = ahead(&deployed_at);
        Self { deployed_at, ahead }
    }

    /// When the version was released, or else first seen; `None` where it never was.
    pub fn deployed_at(&self, version: &str) -> Option<Ts> {
        self.deployed_at.get(Version::plain(version)).copied()
    }

    /// Whether `version` is `from` or came after it. `None` where nothing tells: where one of them does not order itself
    /// or is ahead of its time, and one was never deployed.
    ///
    /// A `from` without a build stands for all its builds; of other builds the later is the one that was deployed later.
    pub fn is_at_or_after(&self, version: &str, from: &str) -> Option<bool> {
        let (version, from) = (Version::plain(version), Version::plain(from));
        if version == from {
            return Some(true);
        }
        if self.is_by_deployment(version, from) {
            return Some(self.deployed_at(version)? >= self.deployed_at(from)?);
        }
        Some(Version::parse(version) >= Version::parse(from))
    }

    /// Whether two versions are ordered by their deployment, and not by what they say.
    pub fn is_by_deployment(&self, version: &str, from: &str) -> bool {
        match (self.believed(version), self.believed(from)) {
            (Some(one), Some(other)) => {
                one == other && build(from).is_some() && build(version) != build(from)
            }
            _ => true,
        }
    }

    /// What the version says of itself, where that counts.
    fn believed(&self, version: &str) -> Option<Version> {
        Version::parse(version).filter(|_| !self.ahead.contains(Version::plain(version)))
    }
}

/// The earliest time of each version.
fn earliest<'a>(times: impl IntoIterator<Item = (&'a str, Ts)>) -> HashMap<String, Ts> {
    let mut earliest: HashMap<String, Ts> = HashMap::new();
    for (version, at) in times {
        let known = earliest.entry(Version::plain(version).to_owned()).or_insert(at);
        *known = at.min(*known);
    }
    earliest
}

fn build(version: &str) -> Option<&str> {
    version.split_once('+').map(|(_, build)| build)
}

/// The versions that are ahead of their time.
fn ahead(deployed_at: &HashMap<String, Ts>) -> BTreeSet<String> {
    let parsed = |(text, at): (&String, &Ts)| Some((*at, Version::parse(text)?, text.clone()));
    let mut versions: Vec<(Ts, Version, String)> = deployed_at.iter().filter_map(parsed).collect();
    versions.sort();
    let in_order: Vec<&Version> = versions.iter().map(|(_, version, _)| version).collect();
    let believed = rising(&in_order);
    let mut ahead = BTreeSet::new();
    let new_lines = least_of_new_lines(&in_order);
    // Those so far that are not ahead.
    let mut known: BTreeSet<&Version> = BTreeSet::new();
    // Believed versions do not fall, so the highest of the later ones is the last.
    let last = believed.last().copied();
    for (idx, (_, version, text)) in versions.iter().enumerate() {
        let reached = |last: usize| idx >= last || *in_order[last] >= *version;
        let is_believed = believed.binary_search(&idx).is_ok() || last.is_none_or(reached);
        let goes_on = || {
            let begins_anew = new_lines[idx].is_some_and(|least| least < version);
            // What it follows is right before it, but for its own pre-releases.
            let mut before = known.range::<&Version, _>(..version).rev();
            let earlier = before.find(|earlier| !earlier.has_numbers_of(version));
            !begins_anew && earlier.is_some_and(|earlier| version.follows(earlier))
        };
        if is_believed || goes_on() {
            known.insert(version);
        } else {
            ahead.insert(text.clone());
        }
    }
    ahead
}

/// For each place the least version of those behind it that are of no line from up to it.
fn least_of_new_lines<'v>(versions: &[&'v Version]) -> Vec<Option<&'v Version>> {
    let mut lines: HashMap<[u64; 2], (usize, &Version)> = HashMap::new();
    for (idx, version) in versions.iter().enumerate() {
        let (_, least) = lines.entry(version.line()).or_insert((idx, version));
        *least = (*least).min(version);
    }
    let mut of_places = vec![None; versions.len()];
    let mut least: Option<&Version> = None;
    for (idx, version) in versions.iter().enumerate().rev() {
        of_places[idx] = least;
        if let Some((_, of_line)) = lines.get(&version.line()).filter(|(first, _)| *first == idx) {
            least = Some(least.map_or(*of_line, |least| least.min(of_line)));
        }
    }
    of_places
}

/// The places of a longest subsequence that does not fall; of several the one whose members come last.
fn rising(versions: &[&Version]) -> Vec<usize> {
    // From the end: of the sequences of each length, the highest version that one begins with.
    let mut highest: Vec<&Version> = Vec::new();
    let mut by_length: Vec<Vec<usize>> = Vec::new();
    for (idx, version) in versions.iter().enumerate().rev() {
        let length = highest.partition_point(|other| *other >= *version);
        if length == highest.len() {
            highest.push(*version);
            by_length.push(Vec::new());
        } else {
            highest[length] = *version;
        }
        by_length[length].push(idx);
    }
    let mut places = Vec::new();
    let mut from: Option<&Version> = None;
    // Of one length, those further on are lower and were noted first.
    for idxs in by_length.iter().rev() {
        let next = idxs.iter().find(|idx| from.is_none_or(|from| *versions[**idx] >= *from));
        if let Some(idx) = next {
            from = Some(versions[*idx]);
            places.push(*idx);
        }
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Versions deployed an hour after each other.
    fn order(versions: &[&str]) -> VersionOrder {
        let at = |idx| Ts(i64::try_from(idx).unwrap() * 3_600_000_000);
        VersionOrder::new(versions.iter().enumerate().map(|(idx, text)| (*text, at(idx))), [])
    }

    #[track_caller]
    fn check(order: &VersionOrder, version: &str, from: &str, want: Option<bool>) {
        assert_eq!(order.is_at_or_after(version, from), want, "{version} at or after {from}");
    }

    #[test]
    fn semver_counts_more_than_deployment() {
        let order = order(&["1.9.0", "1.10.0", "2.0.0", "1.10.1", "2.1.0", "2.1.0+hotfix"]);
        check(&order, "1.10.0", "1.9.0", Some(true));
        check(&order, "1.9.0", "1.10.0", Some(false));
        check(&order, "1.10.1", "2.0.0", Some(false));
        check(&order, "2.0.0", "1.10.1", Some(true));
        check(&order, "v2.1.0", "2.1.0", Some(true));
        check(&order, "2.1.0+hotfix", "2.1.0", Some(true));
        check(&order, "2.1.0", "2.1.0+hotfix", Some(false));
        check(&order, "2.1.0-rc.1", "2.1.0", Some(false));
        // What was never deployed says itself where it belongs.
        check(&order, "2.1.0", "3.0.0", Some(false));
        check(&order, "3.0.0", "2.1.0", Some(true));
    }

    #[test]
    fn hashes_and_dates_are_ordered_by_deployment() {
        let order = order(&["3f2a1b9", "2025.08.01", "1.0.0", "0c0ffee", "2025-08-09"]);
        check(&order, "0c0ffee", "3f2a1b9", Some(true));
        check(&order, "3f2a1b9", "0c0ffee", Some(false));
        check(&order, "2025-08-09", "2025.08.01", Some(true));
        check(&order, "1.0.0", "2025.08.01", Some(true));
        check(&order, "1.0.0", "0c0ffee", Some(false));
        check(&order, "deadbee", "3f2a1b9", None);
        check(&order, "3f2a1b9", "deadbee", None);
        check(&order, "deadbee", "deadbee", Some(true));
    }

    #[test]
    fn an_absurd_version_stands_where_it_was_deployed() {
        let order = order(&["1.4.0", "1.4.1", "999.9.9", "1.4.2", "999.9.10", "1.5.0"]);
        for absurd in ["999.9.9", "999.9.10"] {
            check(&order, "1.5.0", absurd, Some(true));
            check(&order, "1.4.1", absurd, Some(false));
            check(&order, absurd, "1.4.1", Some(true));
            check(&order, absurd, "1.5.0", Some(false));
            // Not deployed yet, so nothing tells.
            check(&order, absurd, "1.6.0", None);
        }
        check(&order, "1.5.0", "1.4.2", Some(true));
        check(&order, "1.4.2", "1.5.0", Some(false));
    }

    #[test]
    fn an_absurd_version_is_known_by_any_spelling() {
        let order = order(&["1.4.0", "v999.9.9", "v1.4.1", "1.4.2"]);
        check(&order, "v1.4.2", "999.9.9", Some(true));
        check(&order, "shop@999.9.9", "1.4.2", Some(false));
    }

    #[test]
    fn one_absurd_version_against_one_release_is_not_believed() {
        let order = order(&["999.9.9", "1.4.2"]);
        check(&order, "1.4.2", "999.9.9", Some(true));
        check(&order, "999.9.9", "1.4.2", Some(false));
    }

    #[test]
    fn one_that_nothing_contradicts_is_believed() {
        let order = order(&["1.4.0", "1.4.1", "999.9.9"]);
        check(&order, "999.9.9", "1.4.1", Some(true));
        check(&order, "1.4.1", "999.9.9", Some(false));
    }

    #[test]
    fn releases_say_when_a_version_was_deployed() {
        let seen = [("v1.4.0", Ts(9)), ("b", Ts(1)), ("c", Ts(2)), ("1.4.0", Ts(8))];
        let order = VersionOrder::new(seen, [("shop@1.4.0", Ts(5)), ("b", Ts(3)), ("b", Ts(4))]);
        let at = ["1.4.0", "v1.4.0", "b", "c", "d"].map(|version| order.deployed_at(version));
        assert_eq!(at, [Some(Ts(5)), Some(Ts(5)), Some(Ts(3)), Some(Ts(2)), None]);
        check(&order, "c", "b", Some(false));
        assert!(order.is_by_deployment("c", "b") && order.is_by_deployment("1.4.0", "b"));
        assert!(!order.is_by_deployment("1.4.0", "v1.5.0"));
    }

    #[test]
    fn a_beta_that_its_release_reaches_said_the_truth() {
        let early = order(&["1.9.0", "2.0.0-beta", "1.9.1", "1.9.2"]);
        check(&early, "1.9.2", "2.0.0-beta", Some(true));
        let reached = order(&["1.9.0", "2.0.0-beta", "1.9.1", "1.9.2", "2.0.0"]);
        check(&reached, "1.9.2", "2.0.0-beta", Some(false));
        check(&reached, "2.0.0", "2.0.0-beta", Some(true));
    }

    #[test]
    fn a_last_fix_of_an_old_line_does_not_outvote_the_new_line() {
        let order = order(&["1.4.0", "2.0.0", "2.0.1", "2.1.0", "1.4.1"]);
        check(&order, "1.4.1", "2.0.0", Some(false));
        check(&order, "2.1.0", "2.0.1", Some(true));
    }

    #[test]
    fn a_fix_of_an_old_line_makes_no_new_line_absurd() {
        for deployed in [
            &["1.2.0", "1.3.0", "1.4.0", "2.0.0", "1.4.1"][..],
            &["1.2.0", "1.3.0", "1.4.0", "2.0.0", "1.4.1", "1.4.2"],
            &["1.4.0", "2.0.0", "2.0.1", "1.4.1", "1.4.2", "1.4.3"],
            &["1.4.0", "1.4.1", "2.0.0", "2.0.1", "2.0.2", "1.4.2", "1.4.3", "1.4.4"],
        ] {
            let order = order(deployed);
            check(&order, "1.4.1", "2.0.0", Some(false));
            check(&order, "2.0.0", "1.4.1", Some(true));
        }
        // Nothing led to these, or what comes after them goes on with nothing.
        let minor = order(&["1.4.0", "1.4.1", "1.999.0", "1.4.2", "1.5.0"]);
        check(&minor, "1.5.0", "1.999.0", Some(true));
        let absurd = order(&["1.4.0", "3.0.0", "1.4.1", "1.4.2"]);
        check(&absurd, "1.4.2", "3.0.0", Some(true));
        let renamed = order(&["1.4.0", "2.0.0", "0.1.0", "0.2.0", "0.3.0"]);
        check(&renamed, "0.1.0", "2.0.0", Some(true));
    }

    #[test]
    fn a_new_scheme_wins_when_most_follow_it() {
        let order = order(&["2025.8.1", "2025.9.1", "1.0.0", "1.1.0", "1.2.0"]);
        check(&order, "1.0.0", "2025.9.1", Some(true));
        check(&order, "2025.9.1", "2025.8.1", Some(true));
    }

    #[test]
    fn the_believed_are_as_many_as_can_be() {
        // By trying all subsets.
        let words = ["1.1", "1.2", "1.3", "1.4"];
        for code in 0..4_usize.pow(5) {
            let picked: Vec<Version> = (0..5)
                .map(|place| Version::parse(words[code / 4_usize.pow(place) % 4]).unwrap())
                .collect();
            let versions: Vec<&Version> = picked.iter().collect();
            let best = (0..32_u32)
                .filter(|set| {
                    let of: Vec<usize> = (0..5).filter(|idx| set >> idx & 1 == 1).collect();
                    of.windows(2).all(|pair| versions[pair[0]] <= versions[pair[1]])
                })
                .map(u32::count_ones)
                .max();
            let found = rising(&versions);
            assert!(
                found
                    .windows(2)
                    .all(|pair| { pair[0] < pair[1] && versions[pair[0]] <= versions[pair[1]] })
            );
            assert_eq!(u32::try_from(found.len()).ok(), best, "{picked:?}");
        }
    }
}
