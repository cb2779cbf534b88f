//! An error as it happened, before any language prints it.

use crate::message::Message;
use crate::random::Random;

/// A language as a dialect of stacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Java,
    Kotlin,
    Python,
    Node,
    Browser,
    Firefox,
    Go,
    Rust,
    DotNet,
    Ruby,
    Php,
    Swift,
    Native,
    Elixir,
    Dart,
}

pub(crate) const KINDS: [Kind; 15] = [
    Kind::Java,
    Kind::Kotlin,
    Kind::Python,
    Kind::Node,
    Kind::Browser,
    Kind::Firefox,
    Kind::Go,
    Kind::Rust,
    Kind::DotNet,
    Kind::Ruby,
    Kind::Php,
    Kind::Swift,
    Kind::Native,
    Kind::Elixir,
    Kind::Dart,
];

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Java => "java",
            Self::Kotlin => "kotlin",
            Self::Python => "python",
            Self::Node => "node",
            Self::Browser => "browser",
            Self::Firefox => "firefox",
            Self::Go => "go",
            Self::Rust => "rust",
            Self::DotNet => "dotnet",
            Self::Ruby => "ruby",
            Self::Php => "php",
            Self::Swift => "swift",
            Self::Native => "native",
            Self::Elixir => "elixir",
            Self::Dart => "dart",
        }
    }

    /// Whether a wrapping exception is printed together with its cause.
    pub(crate) fn has_causes(self) -> bool {
        matches!(
            self,
            Self::Java
                | Self::Kotlin
                | Self::Python
                | Self::Node
                | Self::DotNet
                | Self::Ruby
                | Self::Php
        )
    }

    /// Whether frames are printed with the innermost call last.
    pub(crate) fn is_innermost_last(self) -> bool {
        self == Self::Python
    }

    /// Whether endless recursion ends in an error with frames.
    pub(crate) fn has_recursion_errors(self) -> bool {
        matches!(
            self,
            Self::Java
                | Self::Kotlin
                | Self::Python
                | Self::Node
                | Self::Browser
                | Self::Firefox
                | Self::Go
                | Self::Ruby
                | Self::Dart
        )
    }

    /// Whether files are named after a hash of their content.
    pub(crate) fn has_bundles(self) -> bool {
        matches!(self, Self::Browser | Self::Firefox)
    }
}

/// Two words that become a name in the style of a language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Name(pub(crate) &'static str, pub(crate) &'static str);

impl Name {
    /// `cartService`
    pub(crate) fn camel(self) -> String {
        self.0.to_owned() + &capital(self.1)
    }

    /// `CartService`
    pub(crate) fn pascal(self) -> String {
        capital(self.0) + &capital(self.1)
    }

    /// `cart_service`
    pub(crate) fn snake(self) -> String {
        format!("{}_{}", self.0, self.1)
    }
}

fn capital(word: &str) -> String {
    let mut chars = word.chars();
    chars
        .next()
        .map_or(String::new(), |first| first.to_uppercase().collect::<String>() + chars.as_str())
}

/// A function of the app.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Call {
    pub(crate) module: Name,
    pub(crate) function: Name,
    /// Whether the code is a closure inside the function.
    pub(crate) is_closure: bool,
}

/// The name of a type of errors: what it is about, and how it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TypeName {
    name: Name,
    /// `Error` and the like; empty for a plain noun.
    suffix: &'static str,
}

impl TypeName {
    /// `CartDeclinedException`
    pub(crate) fn pascal(self) -> String {
        self.name.pascal() + self.suffix
    }

    /// The package or module that it lies in.
    pub(crate) fn package(self) -> &'static str {
        self.name.0
    }
}

/// One exception without its frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) kind: FaultKind,
    pub(crate) message: Message,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FaultKind {
    /// A type of the app.
    Specific(TypeName),
    /// A type that is thrown for everything.
    Generic,
    /// What the runtime throws when calls never end.
    Recursion,
}

/// Everything that a stack is printed from. Calls go from the innermost outwards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Story {
    pub(crate) kind: Kind,
    pub(crate) service: &'static str,
    pub(crate) wrapper: Option<Fault>,
    pub(crate) root: Fault,
    /// Frames of libraries above the app's, as numbers into the dialect's list.
    pub(crate) above: Vec<usize>,
    /// A function that only throws.
    pub(crate) helper: Option<Call>,
    pub(crate) culprit: Call,
    pub(crate) callers: Vec<Call>,
    /// Frames of frameworks below the app's.
    pub(crate) tail: Vec<usize>,
    /// Added to every line.
    pub(crate) line: u32,
    pub(crate) checkout: &'static str,
    /// What compilers number closures by.
    pub(crate) ordinal: u32,
    /// Hash in names of bundled files.
    pub(crate) bundle: u64,
    /// Where code and data lie in memory, and what is named after builds.
    pub(crate) address: u64,
    /// What runtimes and loggers add around frames, as a set of bits.
    pub(crate) markers: u32,
    /// How often the cycle of an endless recursion came.
    pub(crate) depth: Option<u32>,
    /// Whether frames of an asynchronous runtime stand between the app's.
    pub(crate) is_resumed: bool,
}

pub(crate) const SERVICES: [&str; 4] = ["shop", "billing", "warehouse", "gateway"];
pub(crate) const CHECKOUTS: [&str; 5] = [
    "/srv/shop",
    "/home/ci/builds/4711/shop",
    "/app",
    "/Users/jane/code/shop",
    "/opt/acme/releases/20260302",
];
const NOUNS: [&str; 24] = [
    "cart",
    "checkout",
    "payment",
    "invoice",
    "catalog",
    "shipping",
    "coupon",
    "wallet",
    "refund",
    "basket",
    "search",
    "profile",
    "address",
    "stock",
    "order",
    "session",
    "newsletter",
    "subscription",
    "loyalty",
    "pricing",
    "tax",
    "image",
    "upload",
    "report",
];
const ROLES: [&str; 12] = [
    "service",
    "controller",
    "repository",
    "client",
    "store",
    "worker",
    "planner",
    "view",
    "engine",
    "gateway",
    "mapper",
    "cache",
];
const VERBS: [&str; 20] = [
    "compute", "apply", "load", "merge", "place", "render", "resolve", "select", "update",
    "remove", "attach", "fetch", "decode", "publish", "settle", "reserve", "collect", "schedule",
    "split", "sum",
];
const OBJECTS: [&str; 16] = [
    "total", "price", "item", "rate", "label", "row", "line", "tree", "entry", "page", "quota",
    "ledger", "batch", "window", "slot", "node",
];
const TROUBLES: [&str; 10] = [
    "missing",
    "expired",
    "declined",
    "conflict",
    "overflow",
    "stale",
    "duplicate",
    "locked",
    "rejected",
    "exhausted",
];
/// How names of types end.
const SUFFIXES: [&str; 5] = ["Error", "Exception", "Fault", "", ""];
/// First words of functions that only throw.
const THROWS: [&str; 4] = ["throw", "raise", "fail", "reject"];

impl Story {
    pub(crate) fn new(kind: Kind, random: &mut Random) -> Self {
        let fault = |n: usize, random: &mut Random| {
            let message = Message::new(random);
            let is_generic = random.is_one_in(n);
            let specific = FaultKind::Specific(trouble(random));
            Fault { kind: if is_generic { FaultKind::Generic } else { specific }, message }
        };
        let root = fault(5, random);
        let wrapper = (kind.has_causes() && random.is_one_in(2)).then(|| fault(4, random));
        let numbers = |most: usize, random: &mut Random| {
            (0..random.below(most)).map(|_| random.below(64)).collect::<Vec<_>>()
        };
        let n_callers = 1 + random.below(5);
        Self {
            kind,
            service: random.pick(&SERVICES),
            wrapper,
            root,
            above: numbers(3, random),
            helper: random.is_one_in(5).then(|| helper(random)),
            culprit: call(random),
            callers: (0..n_callers).map(|_| Call { is_closure: false, ..call(random) }).collect(),
            tail: numbers(7, random),
            line: random.number(900),
            checkout: random.pick(&CHECKOUTS),
            ordinal: random.number(30),
            bundle: random.bits(),
            address: random.bits(),
            markers: random.number(64),
            depth: None,
            is_resumed: random.is_one_in(4),
        }
    }

    /// An endless recursion over the culprit and its first caller.
    pub(crate) fn recursive(kind: Kind, random: &mut Random) -> Self {
        let story = Self::new(kind, random);
        Self {
            wrapper: None,
            root: Fault { kind: FaultKind::Recursion, ..story.root },
            helper: None,
            above: Vec::new(),
            culprit: Call { is_closure: false, ..story.culprit },
            depth: Some(20 + random.number(60)),
            is_resumed: false,
            ..story
        }
    }

    /// The app's calls from the throw helper on, each with its line.
    pub(crate) fn own(&self) -> Vec<(Call, u32)> {
        let mut calls: Vec<Call> = self.helper.into_iter().collect();
        for _ in 0..self.depth.unwrap_or(0) {
            calls.push(self.culprit);
            calls.extend(self.callers.first());
        }
        calls.push(self.culprit);
        calls.extend(&self.callers);
        calls.into_iter().map(|call| (call, self.line_of(call))).collect()
    }

    /// A function's line: somewhere in its file, moved with everything else.
    pub(crate) fn line_of(&self, call: Call) -> u32 {
        let name = call.function.0.len() * 7 + call.function.1.len() * 13 + call.module.0.len() * 3;
        self.line + u32::try_from(name).unwrap_or(0)
    }
}

pub(crate) fn call(random: &mut Random) -> Call {
    Call {
        module: Name(random.pick(&NOUNS), random.pick(&ROLES)),
        function: Name(random.pick(&VERBS), random.pick(&OBJECTS)),
        is_closure: random.is_one_in(4),
    }
}

pub(crate) fn helper(random: &mut Random) -> Call {
    Call {
        module: Name(random.pick(&NOUNS), "rules"),
        function: Name(random.pick(&THROWS), random.pick(&TROUBLES)),
        is_closure: false,
    }
}

/// `CartDeclinedError`, `CartDeclined`, and every now and then a lone `Declined`.
pub(crate) fn trouble(random: &mut Random) -> TypeName {
    let trouble = random.pick(&TROUBLES);
    let suffix = random.pick(&SUFFIXES);
    if random.is_one_in(6) {
        return TypeName { name: Name(trouble, ""), suffix };
    }
    TypeName { name: Name(random.pick(&NOUNS), trouble), suffix }
}
