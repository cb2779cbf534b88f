//! What may change in an error without changing its group, and what must change it.

use brunt_fingerprint::Occurrence;

use crate::message::Message;
use crate::print::{Printed, dialect, print};
use crate::random::Random;
use crate::story::{
    CHECKOUTS, Call, Fault, FaultKind, Kind, SERVICES, Story, call, helper, trouble,
};
use crate::transport;

/// An error as it reaches the grouping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Happening {
    pub(crate) printed: Printed,
    pub(crate) service: &'static str,
}

impl Happening {
    pub(crate) fn of(story: &Story) -> Self {
        Self { printed: print(story), service: story.service }
    }

    pub(crate) fn occurrence(&self) -> Occurrence<'_> {
        Occurrence {
            exception_type: self.printed.type_name.as_deref(),
            message: self.printed.message.as_deref(),
            stacktrace: Some(self.printed.stack.as_str()).filter(|stack| !stack.is_empty()),
            service: Some(self.service),
            ..Occurrence::default()
        }
    }
}

/// Two errors, and the name of what differs between them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pair {
    pub(crate) mutation: &'static str,
    pub(crate) first: Happening,
    pub(crate) second: Happening,
}

/// Pairs that are one group.
pub(crate) fn keep(story: &Story, random: &mut Random) -> Vec<Pair> {
    let mut changes: Vec<(&'static str, Story)> = vec![
        ("ids and addresses", other_ids(story, random)),
        ("lines shifted", Story { line: story.line + random.number(500), ..story.clone() }),
        ("checkout path", Story { checkout: other_checkout(story, random), ..story.clone() }),
        ("framework tail", Story { tail: numbers(random), ..story.clone() }),
        (
            "library frame above",
            Story { above: [&story.above[..], &[random.below(64)]].concat(), ..story.clone() },
        ),
        ("another caller", Story { callers: vec![named(random), named(random)], ..story.clone() }),
        ("closure ordinal", Story { ordinal: story.ordinal + random.number(30), ..story.clone() }),
        ("runtime markers", Story { markers: story.markers ^ random.number(63), ..story.clone() }),
        ("async resumption", Story { is_resumed: !story.is_resumed, ..story.clone() }),
    ];
    if story.kind.has_bundles() {
        changes.push(("bundle hash", Story { bundle: random.bits(), ..story.clone() }));
    }
    if !counts_words(story) {
        changes.push(("localised", translated(story, random)));
    }
    let first = Happening::of(story);
    let mut pairs: Vec<Pair> = changes
        .into_iter()
        .map(|(mutation, changed)| Pair {
            mutation,
            first: first.clone(),
            second: Happening::of(&changed),
        })
        .collect();
    for (mutation, change) in TEXT_CHANGES {
        if let Some(stack) = change(&first.printed.stack, story, random) {
            let printed = Printed { stack, ..first.printed.clone() };
            let second = Happening { printed, ..first.clone() };
            pairs.push(Pair { mutation, first: first.clone(), second });
        }
    }
    if story.kind.has_recursion_errors() {
        pairs.push(recursion(story.kind, random));
    }
    let coded = Message::coded(random);
    pairs.push(localised("localised, with a code", coded, story, random));
    pairs
}

/// Pairs that are one group to a reader, and two by a rule: where words are all there is to tell faults apart, or stand
/// beside a status, another language's words are another fault.
pub(crate) fn contested(story: &Story, random: &mut Random) -> Vec<Pair> {
    let status = localised("localised, with a status", Message::with_status(random), story, random);
    let mut pairs = vec![status];
    if counts_words(story) {
        pairs.push(Pair {
            mutation: "localised, where words count",
            first: Happening::of(story),
            second: Happening::of(&translated(story, random)),
        });
    }
    pairs
}

/// Pairs that are two groups.
pub(crate) fn split(story: &Story, random: &mut Random) -> Vec<Pair> {
    let plain = Story { wrapper: None, helper: None, ..story.clone() };
    let of = |fault: FaultKind, story: &Story| {
        let root = Fault { kind: fault, ..story.root };
        Story { root, ..story.clone() }
    };
    let mut pairs = Vec::new();
    let mut push = |mutation, first: &Story, second: &Story| {
        pairs.push(Pair { mutation, first: Happening::of(first), second: Happening::of(second) });
    };
    push("type", &plain, &of(other_trouble(story, random), &plain));
    let other = other_call(story.culprit, random);
    let function = Call { function: other.function, ..story.culprit };
    push("throwing function", &plain, &Story { culprit: function, ..plain.clone() });
    let module = Call { module: other.module, ..story.culprit };
    push("class or module", &plain, &Story { culprit: module, ..plain.clone() });
    if story.wrapper.is_some() {
        push("root cause type", story, &of(other_trouble(story, random), story));
    }
    let service = if story.service == SERVICES[0] { SERVICES[1] } else { SERVICES[0] };
    push("service", story, &Story { service, ..story.clone() });
    let helped = Story { helper: Some(helper(random)), ..plain.clone() };
    push("caller of a throw helper", &helped, &Story { culprit: other, ..helped.clone() });
    let generic = of(FaultKind::Generic, &plain);
    let root = Fault { message: generic.root.message.other(random), ..generic.root };
    push("message of a generic type", &generic, &Story { root, ..generic.clone() });
    pairs.push(without_stack(story, random));
    pairs
}

/// Whether the message is in the key: the type is thrown for everything, or the stack shows a helper before the fault.
fn counts_words(story: &Story) -> bool {
    story.helper.is_some() || story.root.kind == FaultKind::Generic
}

fn translated(story: &Story, random: &mut Random) -> Story {
    let root = Fault { message: story.root.message.translated(random), ..story.root };
    Story { root, ..story.clone() }
}

/// A generic type, whose message counts, in two languages.
fn localised(mutation: &'static str, message: Message, story: &Story, random: &mut Random) -> Pair {
    let first = Story { root: Fault { kind: FaultKind::Generic, message }, ..story.clone() };
    let second = translated(&first, random);
    Pair { mutation, first: Happening::of(&first), second: Happening::of(&second) }
}

fn other_checkout(story: &Story, random: &mut Random) -> &'static str {
    let at = CHECKOUTS.iter().position(|checkout| *checkout == story.checkout).unwrap_or(0);
    CHECKOUTS[(at + 1 + random.below(CHECKOUTS.len() - 1)) % CHECKOUTS.len()]
}

fn named(random: &mut Random) -> Call {
    Call { is_closure: false, ..call(random) }
}

fn numbers(random: &mut Random) -> Vec<usize> {
    (0..random.below(7)).map(|_| random.below(64)).collect()
}

fn other_ids(story: &Story, random: &mut Random) -> Story {
    let about = |fault: Fault, random: &mut Random| Fault {
        message: fault.message.about_another(random),
        ..fault
    };
    Story {
        root: about(story.root, random),
        wrapper: story.wrapper.map(|wrapper| about(wrapper, random)),
        address: random.bits(),
        ..story.clone()
    }
}

fn other_trouble(story: &Story, random: &mut Random) -> FaultKind {
    loop {
        let kind = FaultKind::Specific(trouble(random));
        if kind != story.root.kind {
            return kind;
        }
    }
}

/// A call that differs in module and in function.
fn other_call(from: Call, random: &mut Random) -> Call {
    loop {
        let other = Call { is_closure: from.is_closure, ..call(random) };
        if other.module != from.module && other.function != from.function {
            return other;
        }
    }
}

/// The same cycle, deeper and entered at its other function.
fn recursion(kind: Kind, random: &mut Random) -> Pair {
    let first = Story::recursive(kind, random);
    let entered = Story {
        depth: first.depth.map(|depth| depth + random.number(40)),
        line: first.line + random.number(90),
        tail: numbers(random),
        ..first.clone()
    };
    Pair {
        mutation: "recursion depth",
        first: Happening::of(&first),
        second: Happening::of(&entered),
    }
}

fn without_stack(story: &Story, random: &mut Random) -> Pair {
    let bare = |message: Message| Happening {
        printed: Printed {
            type_name: print(story).type_name.or(Some("Error".to_owned())),
            message: Some(message.text()),
            stack: String::new(),
        },
        service: story.service,
    };
    Pair {
        mutation: "message without a stack",
        first: bare(story.root.message),
        second: bare(story.root.message.other(random)),
    }
}

type TextChange = fn(&str, &Story, &mut Random) -> Option<String>;

/// What happens to a text on its way; `None` where it does not apply.
const TEXT_CHANGES: [(&str, TextChange); 7] = [
    ("log prefix", |stack, _, random| Some(transport::log_prefix(stack, random))),
    ("crlf", |stack, _, _| Some(transport::crlf(stack))),
    ("ansi", |stack, _, random| Some(transport::ansi(stack, random))),
    ("json-escaped", |stack, _, _| Some(transport::escaped(stack))),
    ("truncated", truncated),
    ("another thread between", |stack, _, random| Some(transport::interleaved(stack, random))),
    ("another thread behind", |stack, story, random| {
        let other = Story::new(story.kind, random);
        let starts = matches!(story.kind, Kind::Go);
        starts.then(|| format!("{stack}\n{}", print(&Story { root: story.root, ..other }).stack))
    }),
];

/// Cut somewhere behind the frame that the error is put down to, or before it where that frame comes last.
fn truncated(stack: &str, story: &Story, random: &mut Random) -> Option<String> {
    let mark = match story.kind {
        Kind::Php => {
            format!("App\\{}->{}(", story.culprit.module.pascal(), story.culprit.function.camel())
        }
        kind => {
            let own = (dialect(kind).own)(story, story.culprit, story.line_of(story.culprit));
            let own =
                if kind.is_innermost_last() { own.lines().next().unwrap_or("") } else { &own };
            // The last line of the frame, from behind what is numbered.
            let last = own
                .trim_end()
                .lines()
                .last()
                .unwrap_or("")
                .rsplit(['}', '\t'])
                .next()
                .unwrap_or("")
                .to_owned();
            last.split("(BuildId").next().unwrap_or("").trim().to_owned()
        }
    };
    let at = stack.rfind(&mark).filter(|_| !mark.is_empty())?;
    if story.kind.is_innermost_last() {
        let first = stack.find("  File ").filter(|first| story.wrapper.is_none() && *first < at)?;
        let starts: Vec<usize> = stack
            .match_indices("  File ")
            .map(|(start, _)| start)
            .filter(|start| *start <= at && *start > first)
            .collect();
        let start = starts.get(random.below(starts.len()))?;
        return stack.get(*start..).map(str::to_owned);
    }
    let end = at + mark.len();
    let line_end = stack.get(end..)?.find('\n').map_or(stack.len(), |more| end + more + 1);
    let room = stack.len() - line_end;
    let cut = stack.floor_char_boundary(line_end + random.below(room + 1));
    Some(stack.get(..cut)?.to_owned())
}
