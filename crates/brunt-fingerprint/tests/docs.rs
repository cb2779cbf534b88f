//! `docs/grouping.md` says what is so: an example has the group that is printed below its stack, a change to it keeps or
//! splits the group as the page says, and a rule does what is shown.
//!
//! A section of examples holds a stack, what `brunt errors explain --text` prints for it (lines may be left out, blanks
//! are not compared), and `diff` blocks below a line that begins with `Keeps the group` or `Splits the group`. A `toml`
//! block among the rules is followed by lines of what is then printed for the example that the line between names.

use std::collections::{BTreeMap, BTreeSet};

use brunt_fingerprint::{ErrorInfo, Occurrence, Rules, frames, group, matched};

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/grouping.md");

/// A fenced block of the page, with what stands before it.
#[derive(Debug, Default, Clone)]
struct Block {
    /// The heading of the second level that it stands below, and that of the third.
    section: String,
    heading: String,
    /// The last line of text before it.
    said: String,
    kind: String,
    text: String,
}

/// The blocks of a section, or of the whole page.
#[expect(clippy::expect_used, reason = "without the page there is nothing to test")]
fn blocks(section: Option<&str>) -> Vec<Block> {
    let page = std::fs::read_to_string(PAGE).expect("docs/grouping.md");
    let (mut at, mut blocks) = (Block::default(), Vec::new());
    let mut open: Option<Block> = None;
    for line in page.lines() {
        if let Some(block) = &mut open {
            match line {
                "```" => blocks.extend(open.take()),
                line => block.text.extend([line, "\n"]),
            }
        } else if let Some(kind) = line.strip_prefix("```") {
            open = Some(Block { kind: kind.to_owned(), ..at.clone() });
        } else if let Some(heading) = line.strip_prefix("### ") {
            heading.clone_into(&mut at.heading);
        } else if let Some(section) = line.strip_prefix("## ") {
            at = Block { section: section.to_owned(), ..Block::default() };
        } else if !line.is_empty() {
            line.clone_into(&mut at.said);
        }
    }
    blocks.retain(|block| section.is_none_or(|section| block.section == section));
    blocks
}

/// An error as `errors explain --text` reads it: a stack in the place of the message.
fn read(text: &str) -> Occurrence<'_> {
    Occurrence { message: Some(text), ..Occurrence::default() }
}

fn info(text: &str) -> ErrorInfo {
    group(&read(text), &Rules::default())
}

/// The stacks of the examples by their headings.
fn stacks() -> BTreeMap<String, String> {
    let mut stacks = BTreeMap::new();
    for block in blocks(Some("Examples")) {
        stacks.entry(block.heading).or_insert(block.text);
    }
    stacks
}

/// A line with one blank between words.
fn words(line: &str) -> String {
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What is printed of an error, and whether the page must have the line.
fn printed(text: &str, rules: &Rules) -> Vec<(String, bool)> {
    let occurrence = read(text);
    let info = group(&occurrence, rules);
    let place = |file: Option<&str>, line: Option<u32>| match (file.unwrap_or(""), line) {
        ("", _) => String::new(),
        (file, Some(line)) => format!("({file}:{line})"),
        (file, None) => format!("({file})"),
    };
    let mut lines = vec![
        (info.title, true),
        (format!("group {}", info.group), true),
        (format!("site {}", info.site), false),
        (format!("variant {}", info.variant), false),
    ];
    if let Some(culprit) = &info.culprit {
        let place = place(info.culprit_file.as_deref(), info.culprit_line);
        lines.push((format!("culprit {culprit} {place}"), true));
    }
    lines.push((format!("quality {}", info.quality.as_str()), true));
    let rules_of = matched(&occurrence, rules);
    lines.extend(rules_of.iter().map(|at| (format!("rule errors.toml:{}: {at}", at.line), true)));
    lines.push(("parts of the key".to_owned(), true));
    let mark = |used| if used { "+" } else { "" };
    let parts = info.why.iter();
    lines.extend(
        parts.map(|of| (format!("{} {} {} {}", mark(of.used), of.part, of.reason, of.value), true)),
    );
    let mut last_type = None;
    for frame in frames(&occurrence, rules) {
        let (role, reason, symbol) = (frame.role.as_str(), frame.reason, frame.symbol());
        let place = place(Some(&frame.file), frame.line);
        if last_type.as_ref() != Some(&frame.exception_type) {
            lines.push((format!("frames of {}", frame.exception_type), false));
            last_type = Some(frame.exception_type);
        }
        lines.push((format!("{} {role} {reason} {symbol} {place}", mark(frame.used)), false));
    }
    lines.into_iter().map(|(line, is_needed)| (words(&line), is_needed)).collect()
}

/// Fails where a line that the page shows is not printed, or not in this order.
fn assert_printed(shown: &str, printed: &[(String, bool)], heading: &str) {
    let mut rest = printed.iter();
    for line in shown.lines().map(words).filter(|line| !line.is_empty()) {
        let is_printed = rest.any(|(of, _)| *of == line);
        assert!(is_printed, "{heading}: the page shows\n{line}\nand printed is\n{printed:#?}");
    }
}

/// The stack with the lines behind `-` replaced by those behind `+`.
fn changed(stack: &str, diff: &str, heading: &str) -> String {
    let mut text = stack.to_owned();
    let mut lines = diff.lines().peekable();
    while lines.peek().is_some() {
        let mut take = |sign: char| {
            let mut run = String::new();
            while let Some(line) = lines.next_if(|line| line.starts_with(sign)) {
                run.extend([line.strip_prefix(sign).unwrap_or(line), "\n"]);
            }
            run
        };
        let (old, new) = (take('-'), take('+'));
        let n_found = if old.is_empty() { 0 } else { text.matches(&old).count() };
        assert_eq!(n_found, 1, "{heading}: {old}");
        text = text.replacen(&old, &new, 1);
    }
    text
}

#[test]
fn examples_are_printed_as_the_page_shows() {
    let all = blocks(Some("Examples"));
    let mut langs = BTreeSet::new();
    for (heading, stack) in stacks() {
        let mut texts = all.iter().filter(|of| of.heading == heading && of.kind == "text").skip(1);
        let shown = &texts.next().expect("what is printed for the stack").text;
        assert!(texts.next().is_none(), "{heading}: one stack and what is printed for it");
        let printed = printed(&stack, &Rules::default());
        assert_printed(shown, &printed, &heading);
        let shown: BTreeSet<String> = shown.lines().map(words).collect();
        for (line, _) in printed.iter().filter(|(_, is_needed)| *is_needed) {
            assert!(shown.contains(line), "{heading}: the page does not show\n{line}");
        }
        langs.insert(info(&stack).lang.map_or("", |lang| lang.as_str()));
    }
    let want = [
        "",
        "dart",
        "dotnet",
        "erlang",
        "go",
        "java",
        "javascript",
        "native",
        "php",
        "python",
        "ruby",
        "rust",
    ];
    assert_eq!(Vec::from_iter(langs), want, "each language has an example");
}

#[test]
fn changes_keep_and_split_as_the_page_says() {
    let stacks = stacks();
    let mut changes = BTreeSet::new();
    for Block { heading, said, text: diff, .. } in
        blocks(Some("Examples")).into_iter().filter(|block| block.kind == "diff")
    {
        let stack = &stacks[&heading];
        let is_kept = info(&changed(stack, &diff, &heading)).group == info(stack).group;
        let says_kept = said.starts_with("Keeps the group");
        assert!(says_kept || said.starts_with("Splits the group"), "{heading}: {said}");
        assert_eq!(is_kept, says_kept, "{heading}: {said}\n{diff}");
        changes.insert((heading, is_kept));
    }
    for heading in stacks.keys() {
        assert!(changes.contains(&(heading.clone(), false)), "{heading}: nothing splits it");
    }
    assert!(changes.iter().filter(|(_, is_kept)| *is_kept).count() >= 12, "{changes:?}");
}

#[test]
fn rules_do_what_the_page_shows() {
    let stacks = stacks();
    let all = blocks(Some("Rules: errors.toml"));
    let mut kinds = BTreeSet::new();
    assert_eq!(all.len() % 2, 0, "each rule is followed by what it does");
    for pair in all.chunks(2) {
        let [rules, shown] = pair else { continue };
        assert_eq!((rules.kind.as_str(), shown.kind.as_str()), ("toml", "text"), "{pair:?}");
        let example = shown.said.split('"').nth(1).expect("the name of an example");
        let rules = Rules::parse(&rules.text).expect(&rules.text);
        let (before, after) =
            (printed(&stacks[example], &Rules::default()), printed(&stacks[example], &rules));
        assert_printed(&shown.text, &after, &shown.heading);
        let is_new = |line: &String| !before.iter().any(|(of, _)| of == line);
        let mut lines = shown.text.lines().map(words).filter(|line| !line.starts_with("rule "));
        assert!(lines.any(|line| is_new(&line)), "{}: the rule changes nothing", shown.heading);
        kinds.extend(rules.places().into_iter().map(|place| place.kind));
    }
    let want = [
        "drop",
        "expected",
        "generic",
        "helper",
        "in_app.exclude",
        "in_app.include",
        "merge",
        "rule",
        "split",
    ];
    assert_eq!(Vec::from_iter(kinds), want, "each key has an example");
}

/// Also in what commands print of a store that holds the errors of the example for Java, of two tenants.
#[test]
fn every_id_of_the_page_is_one_that_is_given() {
    let mut given = BTreeSet::new();
    for stack in stacks().values() {
        let info = info(stack);
        given.extend([info.group, info.site, info.variant]);
    }
    let stacks = stacks();
    let commands = blocks(Some("Commands"));
    let toml = commands.iter().find(|block| block.kind == "toml").expect("rules to be tested");
    let by_tenant = Rules::parse(&toml.text).expect(&toml.text);
    for (rules, tenant) in
        [(&Rules::default(), "acme"), (&by_tenant, "acme"), (&by_tenant, "globex")]
    {
        let (service, attributes) = (Some("shop"), [("tenant.id", tenant)]);
        let stored = Occurrence { service, attributes: &attributes, ..read(&stacks["Java"]) };
        given.insert(group(&stored, rules).group);
    }
    let mut n_ids = 0;
    for block in blocks(None) {
        let is_part = |c: char| c.is_ascii_alphanumeric() || c == ':';
        for id in block.text.split(|c| !is_part(c)).filter(|word| word.starts_with("e0:")) {
            assert!(id == "e0:" || given.contains(id), "{}: {id}", block.heading);
            n_ids += 1;
        }
    }
    assert!(n_ids > given.len() / 2, "{n_ids} ids");
}
