//! Lists of words and of beginnings that are asked about every frame, so that a miss, which is the rule, costs little.

/// A list of words. Marks of the first and of the last letters with the length tell most words that are not in it.
#[derive(Debug)]
pub(crate) struct Words {
    list: &'static [&'static str],
    marks: [u128; 2],
}

impl Words {
    pub(crate) const fn new(list: &'static [&'static str]) -> Self {
        let mut marks = [0; 2];
        let mut rest = list;
        while let [word, others @ ..] = rest {
            let [first, last] = Self::marks_of(word.as_bytes());
            marks = [marks[0] | first, marks[1] | last];
            rest = others;
        }
        Self { list, marks }
    }

    /// Whether the list holds the word as it is.
    pub(crate) fn have(&self, word: &str) -> bool {
        self.may_have(word.as_bytes()) && self.list.contains(&word)
    }

    /// Whether the list holds the word, upper and lower case alike.
    pub(crate) fn have_in_any_case(&self, word: impl AsRef<[u8]>) -> bool {
        let word = word.as_ref();
        let is_word = |entry: &&str| entry.as_bytes().eq_ignore_ascii_case(word);
        self.may_have(word) && self.list.iter().any(is_word)
    }

    fn may_have(&self, word: &[u8]) -> bool {
        let [first, last] = Self::marks_of(word);
        self.marks[0] & first != 0 && self.marks[1] & last != 0
    }

    /// A letter's case is one bit, which is set in both.
    const fn marks_of(word: &[u8]) -> [u128; 2] {
        let (Some(first), Some(last)) = (word.first(), word.last()) else {
            return [1; 2];
        };
        [Self::mark(*first, word.len()), Self::mark(*last, word.len())]
    }

    const fn mark(letter: u8, len: usize) -> u128 {
        1 << (((letter | 0x20) as usize * 5 + len) % 128)
    }
}

/// A list of beginnings, sorted, none of which begins with another. Their first bytes are compared as numbers.
#[derive(Debug)]
pub(crate) struct Beginnings<const N: usize> {
    list: [&'static str; N],
    heads: [u128; N],
}

impl<const N: usize> Beginnings<N> {
    #[expect(clippy::indexing_slicing, reason = "iterators are none of a constant's")]
    pub(crate) const fn new(list: [&'static str; N]) -> Self {
        let mut heads = [0; N];
        let mut idx = 0;
        while idx < N {
            heads[idx] = head(list[idx]);
            idx += 1;
        }
        Self { list, heads }
    }

    /// Fails where the list is not as it must be.
    #[cfg(test)]
    pub(crate) fn assert_searchable(&self) {
        for pair in self.list.windows(2) {
            assert!(pair[0] < pair[1] && !pair[1].starts_with(pair[0]), "{pair:?}");
        }
    }

    /// Whether `text` begins with an entry.
    pub(crate) fn begin(&self, text: &str) -> bool {
        // The last entry that is not greater is the only candidate.
        let wanted = head(text);
        let mut next = self.heads.partition_point(|head| *head <= wanted);
        // Of entries that are alike as far as a number goes, the text itself tells.
        while let Some(idx) = next.checked_sub(1)
            && let (Some(head), Some(entry)) = (self.heads.get(idx), self.list.get(idx))
        {
            if *head != wanted || *entry <= text {
                return text.as_bytes().starts_with(entry.as_bytes());
            }
            next = idx;
        }
        false
    }
}

/// The first sixteen bytes as a number that sorts like them; what is shorter ends with zeros.
const fn head(text: &str) -> u128 {
    if let Some(bytes) = text.as_bytes().first_chunk() {
        return u128::from_be_bytes(*bytes);
    }
    let (mut head, mut n, mut rest) = (0, 16, text.as_bytes());
    while let [byte, others @ ..] = rest {
        head = head << 8 | *byte as u128;
        n -= 1;
        rest = others;
    }
    if n == 16 { 0 } else { head << (8 * n) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_in_their_case_and_in_any() {
        static WORDS: Words = Words::new(&["", "Error", "panic", "ä"]);
        for word in ["", "Error", "panic", "ä"] {
            assert!(WORDS.have(word) && WORDS.have_in_any_case(word), "{word}");
        }
        assert!(WORDS.have_in_any_case("PANIC") && !WORDS.have("PANIC"));
        for word in ["err", "Errors", "pic", "picnic", "panics", "E", "\0"] {
            assert!(!WORDS.have_in_any_case(word), "{word}");
        }
    }

    #[test]
    fn beginnings_are_found_behind_and_within_their_first_bytes() {
        static LIST: Beginnings<5> = Beginnings::new([
            "a.",
            "com.acme",
            "org.apache.commons.io.",
            "org.apache.commons.lang.",
            "ä",
        ]);
        for text in [
            "a.",
            "a.b",
            "com.acme.A",
            "org.apache.commons.io.A",
            "org.apache.commons.lang.A",
            "ä1",
        ] {
            assert!(LIST.begin(text), "{text}");
        }
        for text in ["", "a", "b", "com.acm", "org.apache.commons.", "org.apache.commons.jo.A", "z"]
        {
            assert!(!LIST.begin(text), "{text}");
        }
    }
}
