//! What frames are read with: the language that printed them, and the user's rules.

use crate::chain::{Exception, RawFrame, walk};
use crate::culprit::{Duty, duty};
use crate::lang::{Language, Symbol};
use crate::rules::Rules;

#[derive(Debug, Clone, Copy)]
pub(crate) struct Reader<'r> {
    pub(crate) language: &'r dyn Language,
    pub(crate) rules: &'r Rules,
}

impl<'r> Reader<'r> {
    /// Whether a frame is the app's: the user's word first, the language's tables next.
    pub(crate) fn is_app(self, frame: &RawFrame<'_>) -> bool {
        self.rules.in_app(self.language, frame).unwrap_or_else(|| !self.language.is_library(frame))
    }

    /// What a frame does that an error of a type was thrown through.
    pub(crate) fn duty(self, symbol: &Symbol<'_>, error_type: &str) -> Duty {
        self.rules.duty(symbol).unwrap_or_else(|| duty(symbol, error_type))
    }

    /// Frames with their places and symbols, of the app or of libraries; less those that a rule drops.
    pub(crate) fn symbols<'c, 'a>(
        self,
        chain: &'c [Exception<'a>],
        at: usize,
        in_app: bool,
    ) -> impl Iterator<Item = ((usize, RawFrame<'a>), Symbol<'a>)> + use<'r, 'c, 'a>
    where
        'r: 'c,
    {
        let wanted = walk(chain, at, self)
            .enumerate()
            .filter(move |(_, frame)| self.is_app(frame) == in_app);
        wanted
            .map(move |(place, frame)| ((place, frame), self.language.symbol(&frame)))
            .filter(move |(_, symbol)| !self.rules.drops(symbol))
    }
}

#[cfg(test)]
impl Reader<'static> {
    /// A language without rules.
    pub(crate) fn plain(language: &'static dyn Language) -> Self {
        static NONE: std::sync::LazyLock<Rules> = std::sync::LazyLock::new(Rules::default);
        Self { language, rules: &NONE }
    }
}
