//! What rows say about an id: nothing, one value, or several that disagree.

use super::symbols::Sym;

/// The values of one id that were seen together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Seen {
    #[default]
    None,
    One(Sym),
    Many,
}

/// What rows that belong together say about each id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Evidence {
    pub(super) session: Seen,
    pub(super) user: Seen,
    pub(super) account: Seen,
    pub(super) pseudo: Seen,
}

impl Seen {
    pub(super) fn of(sym: Sym) -> Self {
        if sym.is_none() { Self::None } else { Self::One(sym) }
    }

    #[must_use]
    pub(super) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::None, seen) | (seen, Self::None) => seen,
            (Self::One(a), Self::One(b)) if a == b => self,
            _ => Self::Many,
        }
    }

    /// The one value, or [`Sym::NONE`].
    pub(super) fn one(self) -> Sym {
        if let Self::One(sym) = self { sym } else { Sym::NONE }
    }
}

impl Evidence {
    #[must_use]
    pub(super) fn and(self, other: Self) -> Self {
        Self {
            session: self.session.and(other.session),
            user: self.user.and(other.user),
            account: self.account.and(other.account),
            pseudo: self.pseudo.and(other.pseudo),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_that_agree_are_one_and_others_are_many() {
        let (a, b) = (Seen::of(Sym(1)), Seen::of(Sym(2)));
        assert_eq!(a.and(Seen::None), a);
        assert_eq!(Seen::None.and(a), a);
        assert_eq!(a.and(a).one(), Sym(1));
        assert_eq!(a.and(b), Seen::Many);
        assert_eq!(a.and(b).and(a).one(), Sym::NONE);
        assert_eq!(Seen::of(Sym::NONE), Seen::None);
    }
}
