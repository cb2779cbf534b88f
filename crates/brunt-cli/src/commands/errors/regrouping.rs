//! What rules would change, as a person reads it.

use brunt::{GroupCount, Regrouping};

use crate::output::print;

/// Prints it; `file` is where the rules are from.
pub(crate) fn show(regrouping: &Regrouping, file: &str, json: bool) {
    let text = if json { regrouping.to_json() + "\n" } else { draw(regrouping, file) };
    print(&text);
}

fn draw(regrouping: &Regrouping, file: &str) -> String {
    let Regrouping { n_occurrences, n_moved, n_new, n_groups_before, n_groups_after, .. } =
        regrouping;
    let mut text = format!(
        "{n_occurrences} occurrences, of which {n_moved} would move; {n_groups_before} groups would be {n_groups_after}\n"
    );
    if *n_new > 0 {
        text.push_str(&format!(
            "{n_new} occurrences would be told apart otherwise than they are stored\n"
        ));
    }
    for merge in &regrouping.merges {
        text.push_str(&format!("\nmerge into\n{}from\n", line(&merge.into)));
        text.extend(merge.from.iter().map(line));
    }
    for split in &regrouping.splits {
        text.push_str(&format!("\nsplit\n{}into\n", line(&split.from)));
        text.extend(split.into.iter().map(line));
    }
    for (old, new) in &regrouping.renamed {
        text.push_str(&format!("\nnew id of\n{}which would be\n{}", line(old), line(new)));
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
