//! What is known of an error once it is grouped.

use crate::lang::Lang;

/// The group of an occurrence and everything that a person wants to see beside it.
///
/// Three ids nest: `group` refines `site`, `variant` refines `group`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorInfo {
    /// The error group: `e0:` and 26 base32 characters, unless a rule merges it into another id.
    pub group: String,
    /// Coarser: language, service and culprit; of an error without a stack, its message template. Without the service
    /// where a rule lets services share the group.
    pub site: String,
    /// Finer: all app frames of the whole chain, and the template.
    pub variant: String,
    /// The language whose stack was read.
    pub lang: Option<Lang>,
    /// The short type and the template, at most 160 characters of it.
    pub title: String,
    /// Module and function that the error is put down to.
    pub culprit: Option<String>,
    /// File of the culprit in this occurrence; for display, never in a key.
    pub culprit_file: Option<String>,
    /// Line of the culprit in this occurrence, from 1; for display, never in a key.
    pub culprit_line: Option<u32>,
    /// Type of the root cause.
    pub root_type: String,
    /// Masked message of the root cause.
    pub root_template: String,
    /// The first throw helper above the culprit; for display, never in a key, because helpers are renamed and moved.
    pub thrown_at: Option<String>,
    /// How much of the input the group rests on.
    pub quality: Quality,
    /// Whether a rule says that such errors are part of normal work.
    pub is_expected: bool,
    /// Every part that was considered, used or not, in the order of the steps.
    pub why: Vec<Part>,
}

/// How much of the input a group rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Quality {
    /// A stack with frames of the app.
    Full,
    /// A stack with library frames only.
    LibraryOnly,
    /// No stack.
    MessageOnly,
    /// The app's names are those of a minifier.
    Minified,
    /// Text or frames past the limits were left out.
    Truncated,
    /// There was a stack, and none of its lines was a known frame.
    Unparsed,
}

impl Quality {
    /// The name that tables and SQL use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::LibraryOnly => "library_only",
            Self::MessageOnly => "message_only",
            Self::Minified => "minified",
            Self::Truncated => "truncated",
            Self::Unparsed => "unparsed",
        }
    }
}

/// One candidate for the key, and why it was used or ignored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// What it is: `service`, `lang`, `type`, `cause`, `frame`, `culprit`, `message`, `child`, `fingerprint`,
    /// `rule`, `split`, `merge`, `expected`.
    pub part: &'static str,
    /// Its value.
    pub value: String,
    /// Whether it is in the key of the group.
    pub used: bool,
    /// The reason, in a few words.
    pub reason: &'static str,
}

/// Collects [`Part`]s, where anybody asks for them.
#[derive(Debug, Default)]
pub(crate) struct Why(Option<Vec<Part>>);

impl Why {
    pub(crate) fn asked() -> Self {
        Self(Some(Vec::new()))
    }

    pub(crate) fn used(
        &mut self,
        part: &'static str,
        value: impl FnOnce() -> String,
        reason: &'static str,
    ) {
        self.push(part, value, true, reason);
    }

    pub(crate) fn ignored(
        &mut self,
        part: &'static str,
        value: impl FnOnce() -> String,
        reason: &'static str,
    ) {
        self.push(part, value, false, reason);
    }

    /// What replaces the key leaves only the service in it.
    pub(crate) fn replaced(&mut self) {
        for part in self.0.iter_mut().flatten() {
            part.used = part.used && part.part == "service";
        }
    }

    /// The service is not in the key.
    pub(crate) fn shared(&mut self) {
        for part in self.0.iter_mut().flatten().filter(|part| part.part == "service") {
            part.used = false;
            part.reason = "ignored: a rule lets services share the group";
        }
    }

    pub(crate) fn is_asked(&self) -> bool {
        self.0.is_some()
    }

    pub(crate) fn into_parts(self) -> Vec<Part> {
        self.0.unwrap_or_default()
    }

    fn push(
        &mut self,
        part: &'static str,
        value: impl FnOnce() -> String,
        used: bool,
        reason: &'static str,
    ) {
        if let Some(parts) = &mut self.0 {
            parts.push(Part { part, value: value(), used, reason });
        }
    }
}
