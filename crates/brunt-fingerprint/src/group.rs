//! From an occurrence to its group: the steps in their order, and the keys.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use crate::chain::{Exception, Stack};
use crate::hash::{Id, Key};
use crate::header::{self, has_error_suffix};
use crate::info::{ErrorInfo, Quality, Why};
use crate::lang::{self, Lang, Naming, Symbol};
use crate::need::short_type;
use crate::occurrence::Occurrence;
use crate::reader::Reader;
use crate::reading::{Context, Reading, read};
use crate::rules::{Facts, RulePlace, Rules, SplitBy};
use crate::text::Lines;
use crate::unwrap;

/// Characters of the title behind the type.
const TITLE_CHARS_MAX: usize = 160;
/// The place of a rule of expected errors among those that had a say.
const EXPECTED: usize = 3;

/// Groups an occurrence and says why. Never fails: what cannot be read is grouped by type and message, and `quality`
/// says so.
pub fn group(occurrence: &Occurrence<'_>, rules: &Rules) -> ErrorInfo {
    with_grouping(occurrence, rules, info)
}

/// The group alone, as [`group`] has it, without the work of saying why.
pub fn group_id(occurrence: &Occurrence<'_>, rules: &Rules) -> String {
    with_grouping(occurrence, rules, |grouping| {
        let mut why = Why::default();
        let subject = grouping.read(&mut why);
        grouping.decide(&subject, &mut why).group
    })
}

/// What is shown of a group.
fn info(grouping: &Grouping<'_>) -> ErrorInfo {
    let mut why = Why::asked();
    why.used("service", || grouping.service().to_owned(), "used");
    match grouping.lang() {
        Some(lang) => {
            why.used("lang", || lang.as_str().to_owned(), "used: language of the frames");
        }
        None => why.ignored("lang", String::new, "ignored: no frames"),
    }
    let subject = grouping.read(&mut why);
    let decision = grouping.decide(&subject, &mut why);
    let is_expected = decision.rules[EXPECTED].is_some();
    let Decision { group, is_global, is_replaced, title, .. } = decision;
    let reading = &subject.reading;
    let culprit = reading.culprit.as_ref();
    ErrorInfo {
        site: is_replaced.unwrap_or_else(|| grouping.site(&subject, is_global)).text(),
        variant: grouping.variant(&group, reading).text(),
        group,
        lang: grouping.lang(),
        title: title.unwrap_or_else(|| headline(reading.root_type, reading.root_template())),
        culprit_file: culprit
            .map(|place| place.frame.file.to_owned())
            .filter(|file| !file.is_empty()),
        culprit_line: culprit.and_then(|place| place.frame.line),
        culprit: culprit.map(|place| place.symbol.text()).filter(|symbol| !symbol.is_empty()),
        root_type: reading.root_type.to_owned(),
        root_template: reading.root_template().to_owned(),
        thrown_at: reading.thrown_at.as_ref().map(Symbol::text),
        quality: reading.quality,
        is_expected,
        why: why.into_parts(),
    }
}

/// Steps 2 to 4: the text, its language, its exceptions.
pub(crate) fn with_grouping<T>(
    occurrence: &Occurrence<'_>,
    rules: &Rules,
    answer: impl FnOnce(&Grouping<'_>) -> T,
) -> T {
    let message = occurrence.message.unwrap_or("");
    let recorded = occurrence.stacktrace.filter(|stack| !stack.trim_ascii().is_empty());
    let text = unwrap::stack(recorded.or_else(|| stack_in(message)).unwrap_or(""));
    let language = lang::choose(occurrence.lang, &text.text, text.language);
    let message = match (recorded, language) {
        // The stack is the message, whose own words are the stack's header.
        (None, Some(_)) => Cow::Borrowed(""),
        _ => unwrap::message(message),
    };
    let has_stack = recorded.is_some() || language.is_some();
    let mut stack = match language {
        Some(language) => language.parse(&text.text),
        None if has_stack && message.is_empty() => header_only(&text.text),
        None => Stack::default(),
    };
    let type_name = occurrence.exception_type.unwrap_or("").trim_ascii();
    let is_numeric = header::complete(&mut stack, type_name, message);
    let context = Context {
        reader: language.filter(|_| stack.has_frames()).map(|language| Reader { language, rules }),
        named: lang::named(occurrence.lang),
        rules,
        is_numeric,
        is_cut: text.is_cut || stack.is_cut,
        has_stack,
    };
    answer(&Grouping { occurrence, context, stack: &stack })
}

/// A message of many lines may be a whole stack, and in one language a line is.
fn stack_in(message: &str) -> Option<&str> {
    let is_stack = message.contains('\n') || message.contains("\\n") || lang::is_whole(message);
    is_stack.then_some(message)
}

/// A stack of which no line is a frame may still name the type and the message.
fn header_only(text: &str) -> Stack<'_> {
    let mut lines =
        Lines::of(text).map(|(_, line)| line.trim_ascii()).filter(|line| !line.is_empty());
    let first = lines.clone().next().unwrap_or("");
    let header = lines.find_map(|line| {
        header::split(header::behind_level(line).unwrap_or(line), has_error_suffix)
    });
    let (type_name, message) = header.unwrap_or(("", first));
    let message = Cow::Borrowed(message);
    Stack {
        chain: vec![Exception { type_name, message, ..Exception::default() }],
        ..Stack::default()
    }
}

/// An occurrence that is read as far as its exceptions.
pub(crate) struct Grouping<'s> {
    occurrence: &'s Occurrence<'s>,
    pub(crate) context: Context<'s>,
    pub(crate) stack: &'s Stack<'s>,
}

/// What a group is made of: one chain, or the members of a group of exceptions.
pub(crate) struct Subject<'s> {
    /// What is shown.
    chain: &'s [Exception<'s>],
    pub(crate) reading: Reading<'s>,
    /// Two and more distinct members; empty for one chain.
    members: Vec<(&'s [Exception<'s>], Reading<'s>)>,
}

impl<'s> Subject<'s> {
    /// The reading of a chain of the stack that the key is made of; `None` for one beside the key: a group of
    /// exceptions whose members count, a member equal to another.
    pub(crate) fn reading_in_key(&self, chain: &[Exception<'s>]) -> Option<&Reading<'s>> {
        if self.members.is_empty() {
            return std::ptr::eq(self.chain, chain).then_some(&self.reading);
        }
        let mut members = self.members.iter();
        members.find(|(member, _)| std::ptr::eq(*member, chain)).map(|(_, reading)| reading)
    }
}

/// The answer of rules, of the client and of the steps together.
pub(crate) struct Decision {
    group: String,
    /// Whether services share the group.
    is_global: bool,
    /// Whether something else than the steps made the whole group.
    is_replaced: Option<Id>,
    title: Option<String>,
    /// The rule, the split and the merge that had a say, and the rule by which it is expected.
    pub(crate) rules: [Option<RulePlace>; 4],
}

impl<'s> Grouping<'s> {
    fn service(&self) -> &'s str {
        self.occurrence.service.unwrap_or("")
    }

    /// The service's part of a key.
    fn scope(&self, is_global: bool) -> Option<&'s str> {
        Some(self.service()).filter(|_| !is_global)
    }

    /// The language counts where frames were read, so that a log line and a span of one message agree.
    fn lang(&self) -> Option<Lang> {
        self.context.reader.map(|reader| reader.language.lang())
    }

    /// Reads the chain, or all members of a group of exceptions. One distinct member stands for the group; more are
    /// keyed by their set, whatever their order and however often each came.
    pub(crate) fn read(&self, why: &mut Why) -> Subject<'s> {
        let mut members = BTreeMap::new();
        for chain in &self.stack.children {
            let reading = read(chain, self.context, &mut Why::default());
            members.entry(self.group_of(&reading, false)).or_insert((chain.as_slice(), reading));
        }
        if members.len() <= 1 {
            let chain = members.into_values().next().map_or(&*self.stack.chain, |(chain, _)| chain);
            let reading = read(chain, self.context, why);
            return Subject { chain, reading, members: Vec::new() };
        }
        // The group itself is shown; its members are the key.
        let chain = &*self.stack.chain;
        let reading = read(chain, self.context, &mut Why::default());
        let members: Vec<_> = members.into_values().collect();
        for (_, Reading { root_type, culprit, .. }) in &members {
            let symbol = || culprit.as_ref().map_or(String::new(), |place| place.symbol.text());
            why.used(
                "child",
                || format!("{root_type} {}", symbol()).trim_ascii_end().to_owned(),
                "used: member of a group of exceptions",
            );
        }
        Subject { chain, reading, members }
    }

    /// Step 11 for one chain.
    fn group_of(&self, reading: &Reading<'_>, is_global: bool) -> Id {
        let mut key = Key::new("group");
        key.field(self.scope(is_global))
            .field(Some(self.lang().map_or("", Lang::as_str)))
            .field(Some(reading.root_type))
            // Where `e0` once had the first throw helper, so that its other ids stay; `e1` will leave the field out.
            .field(None)
            .symbol(reading.culprit.as_ref().map(|place| &place.symbol))
            .field(reading.message.as_deref());
        key.id()
    }

    fn group(&self, subject: &Subject<'_>, is_global: bool) -> Id {
        if subject.members.is_empty() {
            return self.group_of(&subject.reading, is_global);
        }
        let members = subject.members.iter().map(|(_, member)| self.group_of(member, is_global));
        let mut key = Key::new("groups");
        for member in members.collect::<BTreeSet<_>>() {
            key.field(Some(&member.text()));
        }
        key.id()
    }

    /// Coarser than the group; without a culprit the message is the site.
    fn site(&self, subject: &Subject<'_>, is_global: bool) -> Id {
        let site_of = |reading: &Reading<'_>| {
            let mut key = Key::new("site");
            key.field(self.scope(is_global)).field(Some(self.lang().map_or("", Lang::as_str)));
            match &reading.culprit {
                Some(place) => key.symbol(Some(&place.symbol)),
                None => key.field(reading.message.as_deref()),
            };
            key.id()
        };
        if subject.members.is_empty() {
            return site_of(&subject.reading);
        }
        let mut key = Key::new("sites");
        for site in
            subject.members.iter().map(|(_, member)| site_of(member)).collect::<BTreeSet<_>>()
        {
            key.field(Some(&site.text()));
        }
        key.id()
    }

    /// Finer than the group: all named frames of the app in the whole chain, each once where it repeats, and the
    /// template.
    fn variant(&self, group: &str, reading: &Reading<'_>) -> Id {
        let mut key = Key::new("variant");
        key.field(Some(group)).field(Some(reading.root_template()));
        let Some(reader) = self.context.reader.filter(|_| reading.quality != Quality::MessageOnly)
        else {
            return key.id();
        };
        for chain in std::iter::once(&self.stack.chain).chain(&self.stack.children) {
            for (at, exception) in chain.iter().enumerate() {
                key.field(Some(self.context.fold_type(exception.type_name)));
                let mut previous = None;
                for (_, symbol) in reader
                    .symbols(chain, at, true)
                    .filter(|(_, symbol)| symbol.naming == Naming::Named)
                {
                    if previous.as_ref() != Some(&symbol) {
                        key.symbol(Some(&symbol));
                        previous = Some(symbol);
                    }
                }
            }
        }
        key.id()
    }

    /// Step 1, and what the user says of finished groups: rules first, the client next, then splits and merges.
    pub(crate) fn decide(&self, subject: &Subject<'_>, why: &mut Why) -> Decision {
        let rules = self.context.rules;
        let rule = rules.first_for(&self.facts(subject));
        let is_global = rule.is_some_and(|rule| rule.is_global);
        if is_global {
            why.shared();
        }
        let id = self.group(subject, is_global);
        let asked = rule.and_then(|rule| rule.group.as_deref()).map(|group| ("rule", group));
        let client = self.occurrence.client_fingerprint.map(str::trim_ascii);
        let asked =
            asked.or(client.filter(|text| !text.is_empty()).map(|text| ("fingerprint", text)));
        let mut decision = Decision {
            group: String::new(),
            is_global,
            is_replaced: None,
            title: rule.and_then(|rule| rule.title.clone()),
            rules: [rule.map(|rule| rule.place), None, None, None],
        };
        let id = match asked {
            Some((part, text)) => {
                let (asked, is_replaced) = self.honour((part, text), id, is_global, why);
                decision.is_replaced = Some(asked).filter(|_| is_replaced);
                asked
            }
            None => id,
        };
        decision.group = id.text();
        if let Some((by, place)) = rules.split(&decision.group) {
            decision.group = self.split(&decision.group, by, subject, why);
            decision.rules[1] = Some(*place);
        }
        if let Some((into, place)) = rules.merged(&decision.group) {
            why.used("merge", || decision.group.clone(), "used: merged by a rule");
            into.clone_into(&mut decision.group);
            decision.rules[2] = Some(*place);
        }
        if let Some(place) = rules.expected(&decision.group, &self.facts(subject)) {
            why.ignored("expected", || place.to_string(), "ignored: does not move the error");
            decision.rules[EXPECTED] = Some(place);
        }
        decision
    }

    fn facts<'f>(&'f self, subject: &'f Subject<'_>) -> Facts<'f> {
        Facts {
            root_type: subject.reading.root_type,
            message: subject.reading.root_message,
            service: self.service(),
            symbol: subject.reading.culprit.as_ref().map(|place| &place.symbol),
        }
    }

    /// What a rule or the client asks for replaces the key, or refines it where it holds `{default}`. True if it
    /// replaces.
    fn honour(
        &self,
        (part, text): (&'static str, &str),
        id: Id,
        is_global: bool,
        why: &mut Why,
    ) -> (Id, bool) {
        let is_default = |word: &str| {
            matches!(word.trim_matches(|c: char| !c.is_ascii_alphanumeric()), "default" | "")
        };
        let refines = text.contains("{default}")
            || text.contains("{{ default }}")
            || text.contains("{{default}}");
        if refines && text.split(',').all(is_default) {
            why.ignored(part, || text.to_owned(), "ignored: asks for the default");
            return (id, false);
        }
        // What a client asks for is asked already: attributes are for rules.
        let text = if part == "rule" { self.with_attributes(text) } else { Cow::Borrowed(text) };
        let mut key = Key::new("fingerprint");
        key.field(self.scope(is_global))
            .field(Some(&text))
            .field(refines.then(|| id.text()).as_deref());
        if refines {
            why.used(part, || text.into_owned(), "used: refines the group");
            return (key.id(), false);
        }
        why.replaced();
        why.used(part, || text.into_owned(), "used: replaces the group");
        (key.id(), true)
    }

    /// `{attr.NAME}` is the attribute's value, empty where there is none.
    fn with_attributes<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let mut out = Cow::Borrowed(text);
        let mut rest = text;
        let mut done = String::new();
        while let Some((head, tail)) = rest.split_once("{attr.") {
            let Some((name, tail)) = tail.split_once('}') else { break };
            done.push_str(head);
            done.push_str(self.attribute(name));
            rest = tail;
            out = Cow::Owned(format!("{done}{rest}"));
        }
        out
    }

    fn attribute(&self, name: &str) -> &'s str {
        let found = self.occurrence.attributes.iter().find(|(key, _)| *key == name);
        found.map_or("", |(_, value)| value)
    }

    fn split(&self, group: &str, by: &SplitBy, subject: &Subject<'_>, why: &mut Why) -> String {
        let reading = &subject.reading;
        let value = match by {
            SplitBy::Template => reading.root_template().to_owned(),
            SplitBy::Variant => self.variant(group, reading).text(),
            SplitBy::Caller => self.caller(subject),
            SplitBy::Attribute(name) => self.attribute(name).to_owned(),
        };
        let mut key = Key::new("split");
        key.field(Some(group)).field(Some(&value));
        why.used("split", || value, "used: split by a rule");
        key.id().text()
    }

    /// The first named frame of the app below the culprit.
    fn caller(&self, subject: &Subject<'_>) -> String {
        let (Some(reader), Some(place)) = (self.context.reader, &subject.reading.culprit) else {
            return String::new();
        };
        reader
            .symbols(subject.chain, subject.reading.root, true)
            .filter(|((at, _), symbol)| *at > place.at && symbol.naming == Naming::Named)
            .find(|(_, symbol)| *symbol != place.symbol)
            .map_or(String::new(), |(_, symbol)| symbol.text())
    }
}

fn headline(root_type: &str, root_template: &str) -> String {
    let short = short_type(root_type);
    let words: String = root_template.chars().take(TITLE_CHARS_MAX).collect();
    match (short.is_empty(), words.is_empty()) {
        (false, false) => format!("{short}: {words}"),
        (true, _) => words,
        (false, true) => short.to_owned(),
    }
}
