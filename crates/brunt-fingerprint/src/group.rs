//! From an occurrence to its group: the steps in their order, and the keys.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::chain::{Exception, Stack};
use crate::frame::symbols;
use crate::hash::Key;
use crate::header::{self, has_error_suffix};
use crate::info::{ErrorInfo, Quality, Why};
use crate::lang::{self, Language, Naming};
use crate::need::short_type;
use crate::occurrence::Occurrence;
use crate::reading::{Context, Reading, read};
use crate::text::Lines;
use crate::unwrap;

/// Characters of the title behind the type.
const TITLE_CHARS_MAX: usize = 160;

/// Groups an occurrence. Never fails: what cannot be read is grouped by type and message, and `quality` says so.
pub fn group(occurrence: &Occurrence<'_>) -> ErrorInfo {
    let message = occurrence.message.unwrap_or("");
    let recorded = occurrence.stacktrace.filter(|stack| !stack.trim_ascii().is_empty());
    let text = unwrap::stack(recorded.or_else(|| stack_in(message)).unwrap_or(""));
    let language = lang::choose(occurrence.lang, &text.text);
    let message = match (recorded, language) {
        // The stack is the message, whose own words are the stack's header.
        (None, Some(_)) => Cow::Borrowed(""),
        _ => unwrap::message(message),
    };
    let has_stack = recorded.is_some() || language.is_some();
    let mut stack = match language {
        Some(language) => lang::parse(language, &text.text),
        None if has_stack && message.is_empty() => header_only(&text.text),
        None => Stack::default(),
    };
    let type_name = occurrence.exception_type.unwrap_or("").trim_ascii();
    let is_numeric = header::complete(&mut stack, type_name, message);
    let context = Context {
        language: language.filter(|_| stack.has_frames()),
        named: lang::named(occurrence.lang),
        is_numeric,
        is_cut: text.is_cut || stack.is_cut,
        has_stack,
    };
    Grouping { service: occurrence.service.unwrap_or(""), context, stack, why: Why::default() }
        .finish(occurrence.client_fingerprint)
}

/// A message of many lines may be a whole stack.
fn stack_in(message: &str) -> Option<&str> {
    (message.contains('\n') || message.contains("\\n")).then_some(message)
}

/// A stack of which no line is a frame may still name the type and the message.
fn header_only(text: &str) -> Stack<'_> {
    let mut lines =
        Lines::of(text).map(|(_, line)| line.trim_ascii()).filter(|line| !line.is_empty());
    let first = lines.clone().next().unwrap_or("");
    let header = lines.find_map(|line| header::split(line, has_error_suffix));
    let (type_name, message) = header.unwrap_or(("", first));
    let exception = Exception { type_name, message: Cow::Borrowed(message), frames: Vec::new() };
    Stack { chain: vec![exception], ..Stack::default() }
}

/// The three ids of an error.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Ids {
    site: String,
    group: String,
}

struct Grouping<'a> {
    service: &'a str,
    context: Context,
    stack: Stack<'a>,
    why: Why,
}

impl Grouping<'_> {
    fn finish(mut self, client_fingerprint: Option<&str>) -> ErrorInfo {
        let lang = self.context.language.map(Language::lang);
        self.why.used("service", self.service, "used");
        match lang {
            Some(lang) => self.why.used("lang", lang.as_str(), "used: language of the frames"),
            None => self.why.ignored("lang", "", "ignored: no frames"),
        }
        let (reading, ids) = self.read();
        let ids = self.honour(client_fingerprint, ids);
        let variant = self.variant(&ids.group, &reading);
        let short = short_type(&reading.root_type);
        let words: String = reading.root_template.chars().take(TITLE_CHARS_MAX).collect();
        let title = match (short.is_empty(), words.is_empty()) {
            (false, false) => format!("{short}: {words}"),
            (true, _) => words,
            (false, true) => short.to_owned(),
        };
        let culprit = reading.culprit;
        ErrorInfo {
            group: ids.group,
            site: ids.site,
            variant,
            lang,
            title,
            culprit_file: culprit
                .as_ref()
                .map(|place| place.file.clone())
                .filter(|file| !file.is_empty()),
            culprit_line: culprit.as_ref().and_then(|place| place.line),
            culprit: culprit.map(|place| place.symbol).filter(|symbol| !symbol.is_empty()),
            root_type: reading.root_type,
            root_template: reading.root_template,
            thrown_at: reading.thrown_at,
            quality: reading.quality,
            why: self.why.0,
        }
    }

    /// Reads the chain, or all members of a group of exceptions. One distinct member stands for the group; more are
    /// keyed by their set, whatever their order and however often each came.
    fn read(&mut self) -> (Reading, Ids) {
        let mut members = BTreeMap::new();
        for chain in &self.stack.children {
            let reading = read(chain, self.context, &mut Why::default());
            let ids = self.ids(&reading);
            members.entry(ids).or_insert((reading, chain));
        }
        if members.len() <= 1 {
            let chain = members
                .into_values()
                .next()
                .map_or(self.stack.chain.as_slice(), |(_, chain)| chain);
            let reading = read(chain, self.context, &mut self.why);
            let ids = self.ids(&reading);
            return (reading, ids);
        }
        // The group itself is shown; its members are the key.
        let reading = read(&self.stack.chain, self.context, &mut Why::default());
        let mut site = Key::new("sites");
        let mut group = Key::new("groups");
        for (ids, (member, _)) in &members {
            site.field(Some(&ids.site));
            group.field(Some(&ids.group));
            let symbol = member.culprit.as_ref().map_or("", |place| &place.symbol);
            self.why.used(
                "child",
                format!("{} {symbol}", member.root_type).trim_ascii_end(),
                "used: member of a group of exceptions",
            );
        }
        (reading, Ids { site: site.id(), group: group.id() })
    }

    /// Keys of a chain. The language counts where frames were read, so that a log line and a span of one message
    /// agree; without a culprit the message is the site.
    fn ids(&self, reading: &Reading) -> Ids {
        let lang = self.context.language.map_or("", |language| language.lang().as_str());
        let culprit = reading.culprit.as_ref().map(|place| place.symbol.as_str());
        let mut site = Key::new("site");
        site.field(Some(self.service))
            .field(Some(lang))
            .field(culprit.or(reading.message.as_deref()));
        let mut group = Key::new("group");
        group.field(Some(self.service)).field(Some(lang)).field(Some(&reading.root_type));
        group.field(reading.thrown_at.as_deref()).field(culprit).field(reading.message.as_deref());
        Ids { site: site.id(), group: group.id() }
    }

    /// Step 1: a fingerprint of the client replaces the key, or refines it where it holds `{default}`.
    fn honour(&mut self, fingerprint: Option<&str>, ids: Ids) -> Ids {
        let Some(fingerprint) =
            fingerprint.map(str::trim_ascii).filter(|fingerprint| !fingerprint.is_empty())
        else {
            return ids;
        };
        let is_default = |word: &str| {
            matches!(word.trim_matches(|c: char| !c.is_ascii_alphanumeric()), "default" | "")
        };
        let refines = fingerprint.contains("{default}")
            || fingerprint.contains("{{ default }}")
            || fingerprint.contains("{{default}}");
        if refines && fingerprint.split(',').all(is_default) {
            self.why.ignored(
                "fingerprint",
                fingerprint,
                "ignored: the client asks for the default",
            );
            return ids;
        }
        let mut key = Key::new("fingerprint");
        key.field(Some(self.service)).field(Some(fingerprint)).field(refines.then_some(&ids.group));
        if refines {
            self.why.used("fingerprint", fingerprint, "used: refines the group");
            return Ids { group: key.id(), ..ids };
        }
        for part in &mut self.why.0 {
            part.used = part.used && part.part == "service";
        }
        self.why.used("fingerprint", fingerprint, "used: replaces the group");
        Ids { site: key.id(), group: key.id() }
    }

    /// All named frames of the app in the whole chain, each once where it repeats, and the template.
    fn variant(&self, group: &str, reading: &Reading) -> String {
        let mut key = Key::new("variant");
        key.field(Some(group)).field(Some(&reading.root_template));
        let chains = self.stack.chain.iter().chain(self.stack.children.iter().flatten());
        for exception in chains.filter(|_| reading.quality != Quality::MessageOnly) {
            let Some(language) = self.context.language else { continue };
            key.field(Some(header::clean_type(language.fold_type(exception.type_name))));
            let mut previous = None;
            for (_, symbol) in symbols(&exception.frames, language, true)
                .filter(|(_, symbol)| symbol.naming == Naming::Named)
            {
                if previous.as_ref() != Some(&symbol) {
                    key.field(Some(&symbol.module)).field(Some(symbol.function));
                    previous = Some(symbol);
                }
            }
        }
        key.id()
    }
}
