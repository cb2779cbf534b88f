//! What describes a row's program and device besides its ids: the twelve further columns of the correlation block.

use std::collections::HashMap;

use super::symbols::{Sym, Symbols};

/// The columns of a context, in this order.
pub(super) const COLUMNS: [&str; 12] = [
    "service_name",
    "service_version",
    "deployment_environment_name",
    "plan_tier",
    "feature_flags",
    "experiment_bucket",
    "geo_country",
    "device_type",
    "browser_name",
    "os_name",
    "app_channel",
    "synthetic_type",
];

/// How many of [`COLUMNS`] name the program; they go together, the others one by one.
const N_PROGRAM: usize = 3;

/// A value for each of [`COLUMNS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(super) struct Context(pub(super) [Sym; COLUMNS.len()]);

/// The distinct contexts of the days in work, few beside the rows.
#[derive(Debug, Default)]
pub(super) struct Contexts {
    all: Vec<Context>,
    ids: HashMap<Context, u32>,
}

impl Context {
    pub(super) fn service(&self) -> Sym {
        self.0[0]
    }

    /// Takes from another what this one lacks: of the program all or nothing, of the rest each by itself.
    #[must_use]
    pub(super) fn or(self, other: Self) -> Self {
        let mut merged = self.with_device_of(other);
        if self.0[..N_PROGRAM].iter().all(|sym| sym.is_none()) {
            merged.0[..N_PROGRAM].copy_from_slice(&other.0[..N_PROGRAM]);
        }
        merged
    }

    /// As [`Context::or`], but a row's program stays its own.
    #[must_use]
    pub(super) fn with_device_of(mut self, other: Self) -> Self {
        for (own, theirs) in self.0.iter_mut().zip(other.0).skip(N_PROGRAM) {
            *own = own.or(theirs);
        }
        self
    }

    /// A number that depends on the texts alone.
    pub(super) fn hash(&self, symbols: &Symbols) -> u64 {
        self.0.iter().fold(0, |hash: u64, sym| hash.rotate_left(5) ^ symbols.hash(*sym))
    }
}

impl Contexts {
    #[expect(
        clippy::expect_used,
        reason = "one context per row at most, and rows are counted in u32"
    )]
    pub(super) fn intern(&mut self, context: Context) -> u32 {
        if let Some(id) = self.ids.get(&context) {
            return *id;
        }
        let id = u32::try_from(self.all.len()).expect("fewer than four billion contexts");
        self.all.push(context);
        self.ids.insert(context, id);
        id
    }

    pub(super) fn context(&self, id: u32) -> Context {
        self.all[id as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn context(service: u32, version: u32, plan: u32, device: u32) -> Context {
        let mut context = Context::default();
        context.0[0] = Sym(service);
        context.0[1] = Sym(version);
        context.0[3] = Sym(plan);
        context.0[7] = Sym(device);
        context
    }

    #[test]
    fn a_context_takes_what_it_lacks_but_never_half_a_program() {
        let merged = context(1, 0, 0, 5).or(context(2, 9, 3, 4));
        assert_eq!(merged, context(1, 0, 3, 5));
        assert_eq!(context(0, 0, 0, 5).or(context(2, 9, 3, 4)), context(2, 9, 3, 5));
        assert_eq!(context(0, 0, 0, 5).with_device_of(context(2, 9, 3, 4)), context(0, 0, 3, 5));
    }

    #[test]
    fn equal_contexts_are_one() {
        let mut contexts = Contexts::default();
        let a = contexts.intern(context(1, 2, 3, 4));
        assert_eq!(contexts.intern(context(1, 2, 3, 4)), a);
        assert_ne!(contexts.intern(context(1, 2, 3, 5)), a);
        assert_eq!(contexts.context(a), context(1, 2, 3, 4));
    }
}
