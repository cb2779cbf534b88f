//! Texts as small numbers, so that a row of facts is a handful of them; equal texts have equal numbers.

use twox_hash::XxHash3_128;

use crate::by_hash::ByHash;

/// A text of [`Symbols`], or [`Sym::NONE`]. Numbers depend on the order of reading: nothing derived may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub(super) struct Sym(pub(super) u32);

/// The texts of the days in work.
#[derive(Debug)]
pub(super) struct Symbols {
    /// By the 128-bit hash of the text; two texts with one hash are not to be expected in the age of the universe.
    by_hash: ByHash<u128, Sym>,
    texts: String,
    /// Where each text ends; the first is [`Sym::NONE`]'s.
    ends: Vec<usize>,
    hashes: Vec<u64>,
}

impl Sym {
    /// NULL.
    pub(super) const NONE: Self = Self(0);

    pub(super) fn is_none(self) -> bool {
        self == Self::NONE
    }

    pub(super) fn is_some(self) -> bool {
        self != Self::NONE
    }

    /// This one, or the other where this one is NULL.
    pub(super) fn or(self, other: Self) -> Self {
        if self.is_none() { other } else { self }
    }
}

impl Default for Symbols {
    fn default() -> Self {
        Self { by_hash: ByHash::default(), texts: String::new(), ends: vec![0], hashes: vec![0] }
    }
}

impl Symbols {
    #[expect(
        clippy::expect_used,
        reason = "a text takes 50 bytes, so four billion of them do not fit"
    )]
    pub(super) fn intern(&mut self, text: &str) -> Sym {
        let hash = XxHash3_128::oneshot(text.as_bytes());
        if let Some(sym) = self.by_hash.get(&hash) {
            return *sym;
        }
        let sym = Sym(u32::try_from(self.ends.len()).expect("fewer than four billion texts"));
        self.texts.push_str(text);
        self.ends.push(self.texts.len());
        self.hashes.push(low_half(hash));
        self.by_hash.insert(hash, sym);
        sym
    }

    /// `None` for [`Sym::NONE`].
    pub(super) fn text(&self, sym: Sym) -> Option<&str> {
        let idx = sym.0 as usize;
        (idx > 0).then(|| &self.texts[self.ends[idx - 1]..self.ends[idx]])
    }

    /// A number that depends on the text alone.
    pub(super) fn hash(&self, sym: Sym) -> u64 {
        self.hashes[sym.0 as usize]
    }

    /// Memory that the texts take, roughly.
    pub(super) fn size_bytes(&self) -> usize {
        self.texts.len() + self.ends.len() * 64
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the low half is what is wanted")]
fn low_half(hash: u128) -> u64 {
    hash as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_texts_are_one_symbol_and_null_is_none() {
        let mut symbols = Symbols::default();
        let a = symbols.intern("session-1");
        let b = symbols.intern("session-2");
        assert_eq!(symbols.intern("session-1"), a);
        assert_ne!(a, b);
        assert_eq!(symbols.text(b), Some("session-2"));
        assert_eq!(symbols.text(Sym::NONE), None);
        assert_eq!(a.or(b), a);
        assert_eq!(Sym::NONE.or(b), b);
    }

    #[test]
    fn an_empty_text_is_not_null() {
        let mut symbols = Symbols::default();
        let empty = symbols.intern("");
        assert!(empty.is_some());
        assert_eq!(symbols.text(empty), Some(""));
    }

    #[test]
    fn the_hash_of_a_text_does_not_depend_on_what_came_before() {
        let (mut one, mut other) = (Symbols::default(), Symbols::default());
        other.intern("first");
        let (a, b) = (one.intern("x"), other.intern("x"));
        assert_ne!(a, b);
        assert_eq!(one.hash(a), other.hash(b));
    }
}
