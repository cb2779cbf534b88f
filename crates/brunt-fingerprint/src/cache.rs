//! A memory of what errors were grouped to: real streams repeat, and a key costs a tenth of a grouping.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::mem::size_of;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use twox_hash::XxHash3_128;

use crate::group::{group, group_id};
use crate::info::ErrorInfo;
use crate::occurrence::Occurrence;
use crate::rules::Rules;

/// Parts that threads lock one by one.
const N_SHARDS: usize = 16;

/// Groups by what they are made of: an occurrence and the rules.
///
/// It holds at most so many bytes, and forgets first what was not asked since it was last looked over (CLOCK). Threads
/// share it. What it answers is what would be computed, whatever it remembers.
#[derive(Debug)]
pub struct Cache {
    shards: [Mutex<Shard>; N_SHARDS],
    shard_bytes_max: usize,
}

impl Cache {
    /// An empty one; it takes memory as it fills.
    pub fn new(bytes_max: usize) -> Self {
        Self { shards: Default::default(), shard_bytes_max: bytes_max / N_SHARDS }
    }

    /// The group, as [`group_id`] has it.
    pub fn group_id(&self, occurrence: &Occurrence<'_>, rules: &Rules) -> Arc<str> {
        let key = key(occurrence, rules);
        if let Some(found) = self.shard(key).look_up(key, |kept| Some(Arc::clone(&kept.group))) {
            return found;
        }
        let group: Arc<str> = group_id(occurrence, rules).into();
        self.keep(key, Kept { group: Arc::clone(&group), info: None });
        group
    }

    /// What is known of the group, as [`group`] has it, but without `why`, which is long and seldom asked.
    pub fn info(&self, occurrence: &Occurrence<'_>, rules: &Rules) -> Arc<ErrorInfo> {
        let key = key(occurrence, rules);
        if let Some(found) = self.shard(key).look_up(key, |kept| kept.info.clone()) {
            return found;
        }
        let info = Arc::new(ErrorInfo { why: Vec::new(), ..group(occurrence, rules) });
        let kept = Kept { group: info.group.as_str().into(), info: Some(Arc::clone(&info)) };
        self.keep(key, kept);
        info
    }

    /// Memory that it takes.
    pub fn size_bytes(&self) -> usize {
        self.shards.iter().map(|shard| lock(shard).n_bytes).sum()
    }

    fn keep(&self, key: u128, kept: Kept) {
        self.shard(key).keep(key, kept, self.shard_bytes_max);
    }

    /// The map of a shard goes by the low half of a key.
    fn shard(&self, key: u128) -> MutexGuard<'_, Shard> {
        let [first_shard, ..] = &self.shards;
        let [first_byte, ..] = key.to_be_bytes();
        lock(self.shards.get(usize::from(first_byte) % N_SHARDS).unwrap_or(first_shard))
    }
}

/// Nothing that is kept can be left half done.
fn lock(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What is remembered of an error.
#[derive(Debug)]
struct Kept {
    group: Arc<str>,
    /// `None` where only the group was asked so far.
    info: Option<Arc<ErrorInfo>>,
}

impl Kept {
    /// With its place in the list and in the map.
    fn size_bytes(&self) -> usize {
        let info = self.info.as_deref().map_or(0, |info| {
            let texts = [&info.group, &info.site, &info.variant, &info.title];
            let more = [&info.root_type, &info.root_template];
            let rest = [&info.culprit, &info.culprit_file, &info.thrown_at];
            let texts = texts.into_iter().chain(more).chain(rest.into_iter().flatten());
            size_of::<ErrorInfo>() + texts.map(String::capacity).sum::<usize>()
        });
        2 * size_of::<(u128, usize)>() + size_of::<Entry>() + self.group.len() + info
    }
}

#[derive(Debug)]
struct Entry {
    key: u128,
    kept: Kept,
    /// Whether it was asked since the hand last came by.
    was_asked: bool,
}

#[derive(Debug, Default)]
struct Shard {
    places: HashMap<u128, usize, BuildHasherDefault<Half>>,
    entries: Vec<Entry>,
    /// Where the hand of the clock stands.
    hand: usize,
    n_bytes: usize,
}

impl Shard {
    fn look_up<T>(&mut self, key: u128, of: impl FnOnce(&Kept) -> Option<T>) -> Option<T> {
        let entry = self.entries.get_mut(*self.places.get(&key)?)?;
        entry.was_asked = true;
        of(&entry.kept)
    }

    /// Remembers, in place of what was known of the same error before, unless that says more.
    fn keep(&mut self, key: u128, kept: Kept, bytes_max: usize) {
        if let Some(place) = self.places.get(&key).copied() {
            if kept.info.is_none() {
                return;
            }
            self.forget(place);
        }
        let n_bytes = kept.size_bytes();
        if n_bytes > bytes_max {
            return;
        }
        while self.n_bytes + n_bytes > bytes_max {
            self.move_hand();
        }
        self.n_bytes += n_bytes;
        self.places.insert(key, self.entries.len());
        self.entries.push(Entry { key, kept, was_asked: false });
    }

    /// What the hand points at gets another round if it was asked, and is forgotten if not.
    fn move_hand(&mut self) {
        match self.entries.get_mut(self.hand) {
            Some(entry) if entry.was_asked => {
                entry.was_asked = false;
                self.hand += 1;
            }
            Some(_) => self.forget(self.hand),
            None => self.hand = 0,
        }
    }

    /// The last entry takes the place of the one that goes.
    fn forget(&mut self, place: usize) {
        if place >= self.entries.len() {
            return;
        }
        let gone = self.entries.swap_remove(place);
        self.n_bytes -= gone.kept.size_bytes();
        self.places.remove(&gone.key);
        if let Some(moved) = self.entries.get(place) {
            self.places.insert(moved.key, place);
        }
    }
}

/// A key is a hash already: half of it will do.
#[derive(Debug, Default)]
struct Half(u64);

impl Hasher for Half {
    fn write(&mut self, bytes: &[u8]) {
        self.0 = bytes.first_chunk().map_or(0, |half| u64::from_le_bytes(*half));
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// All that a group depends on. Texts are hashed one by one and at full speed, and their hashes together, so that no
/// two lists of texts run into each other; what is missing is as what is empty.
fn key(occurrence: &Occurrence<'_>, rules: &Rules) -> u128 {
    let attributes = occurrence.attributes.iter().fold(0, |before, (name, value)| {
        of_hashes([before, of_text(Some(name)), of_text(Some(value))], 0)
    });
    let hashes = [
        of_text(occurrence.exception_type),
        of_text(occurrence.message),
        of_text(occurrence.stacktrace),
        of_text(occurrence.service),
        of_text(occurrence.lang),
        of_text(occurrence.client_fingerprint),
        attributes,
    ];
    of_hashes(hashes, rules.hash())
}

fn of_text(text: Option<&str>) -> u128 {
    text.filter(|text| !text.is_empty()).map_or(0, |text| XxHash3_128::oneshot(text.as_bytes()))
}

fn of_hashes<const N: usize>(hashes: [u128; N], seed: u64) -> u128 {
    XxHash3_128::oneshot_with_seed(seed, hashes.map(u128::to_le_bytes).as_flattened())
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: &str = "schema = 1\n[[rule]]\nwhen = { message = \"*\" }\ngroup = \"all\"\n";

    fn error(message: &str) -> Occurrence<'_> {
        Occurrence {
            exception_type: Some("Error"),
            message: Some(message),
            ..Occurrence::default()
        }
    }

    /// Messages that differ in a letter, which no template masks.
    fn messages(n: usize) -> Vec<String> {
        let letter = |n: usize| char::from(b"abcdefghijklmnop"[n % 16]);
        (0..n)
            .map(|n| {
                format!(
                    "no card for {}{}{}{}",
                    letter(n >> 12),
                    letter(n >> 8),
                    letter(n >> 4),
                    letter(n)
                )
            })
            .collect()
    }

    fn plain(occurrence: &Occurrence<'_>, rules: &Rules) -> ErrorInfo {
        ErrorInfo { why: Vec::new(), ..group(occurrence, rules) }
    }

    #[test]
    fn a_hit_is_what_a_miss_is() {
        let cache = Cache::new(1 << 20);
        let rules = [Rules::default(), Rules::parse(RULES).unwrap()];
        for _ in 0..3 {
            for message in messages(50) {
                let error = error(&message);
                for rules in &rules {
                    assert_eq!(*cache.group_id(&error, rules), group_id(&error, rules));
                    assert_eq!(*cache.info(&error, rules), plain(&error, rules));
                }
            }
        }
        let filled = cache.size_bytes();
        cache.group_id(&error("no card for aaaa"), &rules[0]);
        assert_eq!(cache.size_bytes(), filled);
    }

    #[test]
    fn every_field_and_the_rules_are_in_the_key() {
        let of = |occurrence: Occurrence<'_>| key(&occurrence, &Rules::default());
        let text = Some("a");
        let none = Occurrence::default();
        let keys = [
            of(none),
            key(&none, &Rules::parse(RULES).unwrap()),
            of(Occurrence { exception_type: text, ..none }),
            of(Occurrence { message: text, ..none }),
            of(Occurrence { stacktrace: text, ..none }),
            of(Occurrence { service: text, ..none }),
            of(Occurrence { lang: text, ..none }),
            of(Occurrence { client_fingerprint: text, ..none }),
            of(Occurrence { attributes: &[("a", "b")], ..none }),
            of(Occurrence { attributes: &[("b", "a")], ..none }),
            of(Occurrence { attributes: &[("a", "b"), ("a", "b")], ..none }),
        ];
        let distinct: std::collections::BTreeSet<u128> = keys.into_iter().collect();
        assert_eq!(distinct.len(), keys.len());
        assert_eq!(of(Occurrence { message: Some(""), ..none }), of(none));
    }

    #[test]
    fn it_stays_within_its_bytes_and_keeps_what_is_asked() {
        const BYTES_MAX: usize = 256 * 1024;
        let cache = Cache::new(BYTES_MAX);
        let rules = Rules::default();
        let messages = messages(4096);
        let asked = error(&messages[0]);
        for (n, message) in messages.iter().enumerate() {
            cache.info(&error(message), &rules);
            if n % 16 == 0 {
                cache.group_id(&asked, &rules);
            }
            assert!(cache.size_bytes() <= BYTES_MAX, "{n}");
        }
        assert!(cache.size_bytes() > BYTES_MAX / 2);
        let knows = |occurrence| {
            let key = key(&occurrence, &rules);
            cache.shard(key).places.contains_key(&key)
        };
        assert!(knows(asked) && knows(error(&messages[4095])) && !knows(error(&messages[1])));
        for shard in &cache.shards {
            let shard = lock(shard);
            let n_bytes: usize = shard.entries.iter().map(|entry| entry.kept.size_bytes()).sum();
            assert_eq!((shard.n_bytes, shard.places.len()), (n_bytes, shard.entries.len()));
        }
        assert_eq!(Cache::new(0).info(&asked, &rules).title, "Error: no card for aaaa");
    }

    #[test]
    fn threads_share_it() {
        let cache = Cache::new(64 * 1024);
        let rules = Rules::default();
        let messages = messages(500);
        std::thread::scope(|scope| {
            for n in 0..8 {
                let (cache, rules, messages) = (&cache, &rules, &messages);
                scope.spawn(move || {
                    for message in messages.iter().cycle().skip(n * 61).take(2000) {
                        let error = error(message);
                        assert_eq!(*cache.group_id(&error, rules), group_id(&error, rules));
                        assert_eq!(cache.info(&error, rules).group, *cache.group_id(&error, rules));
                    }
                });
            }
        });
        assert!(cache.size_bytes() <= 64 * 1024);
    }
}
