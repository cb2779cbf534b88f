//! What rules would change, as a person reads it.

use brunt::{GroupCount, Regrouping};

use crate::output::print;

/// Prints it; `file` is where the rules are from.
pub(crate) fn show(regrouping: &Regrouping, file: &str, json: bool) {
    let text = if json { regrouping.to_json() + "\n" } else { draw(regrouping, file) };
    print(&text);
}

fn draw(regrouping: &Regrouping, file: &str) -> String {
    let Regrouping { n_occurrences, n_moved, n_new, n_gone, .. } = regrouping;
    let Regrouping { n_groups_before, n_groups_after, .. } = regrouping;
    let mut text = format!(
        "{n_occurrences} occurrences, of which {n_moved} would move; {n_groups_before} groups would be {n_groups_after}\n"
    );
    if *n_new > 0 {
        text.push_str(&format!(
            "{n_new} occurrences would be told apart otherwise than they are stored\n"
        ));
    }
    if *n_gone > 0 {
        text.push_str(&format!("{n_gone} occurrences would be one with others of their traces\n"));
    }
    for merge in &regrouping.merges {
        text.push_str(&format!("\nmerge into\n{}from\n", line(&merge.into)));
        text.extend(merge.from.iter().map(line));
    }
    for split in &regrouping.splits {
        text.push_str(&format!("\nsplit\n{}into\n", line(&split.from)));
        text.extend(split.into.iter().map(line));
    }
    if !regrouping.renamed.is_empty() {
        text.push_str("\nnew ids of groups that keep their occurrences\n");
    }
    for (old, new) in &regrouping.renamed {
        let GroupCount { error_group_id, title, n_occurrences } = new;
        let old = &old.error_group_id;
        text.push_str(&format!("  {n_occurrences:>8}  {old} -> {error_group_id}  {title}\n"));
    }
    if !regrouping.unused.is_empty() {
        text.push_str("\nrules that match no error\n");
        for rule in &regrouping.unused {
            text.push_str(&format!("  {file}:{}: {}\n", rule.line, rule.name));
        }
    }
    text
}

fn line(group: &GroupCount) -> String {
    let GroupCount { error_group_id, title, n_occurrences } = group;
    format!("  {n_occurrences:>8}  {error_group_id}  {title}\n")
}

#[cfg(test)]
mod tests {
    use brunt::{Split, UnusedRule};

    use super::*;

    #[test]
    fn what_splits_and_what_is_renamed_is_shown_with_its_occurrences() {
        let group = |id: &str, n_occurrences| GroupCount {
            error_group_id: id.to_owned(),
            title: format!("Title of {id}"),
            n_occurrences,
        };
        let split =
            Split { from: group("e0:a", 3), into: vec![group("e0:b", 2), group("e0:c", 1)] };
        let regrouping = Regrouping {
            n_occurrences: 13,
            n_moved: 13,
            n_new: 1,
            n_gone: 2,
            n_groups_before: 2,
            n_groups_after: 3,
            splits: vec![split],
            renamed: vec![(group("e0:d", 10), group("e0:e", 10))],
            unused: vec![UnusedRule { line: 4, name: "rule 1".to_owned() }],
            ..Regrouping::default()
        };
        let want = [
            "13 occurrences, of which 13 would move; 2 groups would be 3",
            "1 occurrences would be told apart otherwise than they are stored",
            "2 occurrences would be one with others of their traces",
            "",
            "split",
            "         3  e0:a  Title of e0:a",
            "into",
            "         2  e0:b  Title of e0:b",
            "         1  e0:c  Title of e0:c",
            "",
            "new ids of groups that keep their occurrences",
            "        10  e0:d -> e0:e  Title of e0:e",
            "",
            "rules that match no error",
            "  x.toml:4: rule 1",
            "",
        ];
        assert_eq!(draw(&regrouping, "x.toml"), want.join("\n"));
    }
}
