//! What other rules would do to the stored groups: which would merge, which would split, and which rules do nothing.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use arrow::array::{AsArray, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, TimestampMicrosecondType};
use brunt_fingerprint::{RulePlace, Rules, matched};
use brunt_model::{Day, Table, Ts, day_of, table};
use futures::TryStreamExt;
use serde::Serialize;

use super::pinned::Pinned;
use crate::code::Code;
use crate::derive::{Regroup, Rows};
use crate::error::Error;
use crate::session::Pin;

/// What rules would change.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Regrouping {
    /// Stored occurrences that were grouped again.
    pub n_occurrences: u64,
    /// Those of them whose group would have another id.
    pub n_moved: u64,
    /// Occurrences that are not stored: the rules would tell the records of a trace apart otherwise.
    pub n_new: u64,
    /// Stored occurrences that would be no more: the rules would make one error of several of a trace.
    pub n_gone: u64,
    pub n_groups_before: usize,
    pub n_groups_after: usize,
    /// Groups that would be one, the largest first.
    pub merges: Vec<Merge>,
    /// Groups that would be several, the largest first.
    pub splits: Vec<Split>,
    /// Groups that would keep their occurrences and get another id: old, new.
    pub renamed: Vec<(GroupCount, GroupCount)>,
    /// Rules that match no error, in the order of lines.
    pub unused: Vec<UnusedRule>,
}

/// A group and how many of the occurrences it has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GroupCount {
    pub error_group_id: String,
    pub title: String,
    pub n_occurrences: u64,
}

/// Stored groups whose occurrences would come into one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Merge {
    pub into: GroupCount,
    /// With the occurrences that would come from each, the largest first.
    pub from: Vec<GroupCount>,
}

/// A stored group whose occurrences would go to several.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Split {
    pub from: GroupCount,
    /// With the occurrences that would go to each, the largest first.
    pub into: Vec<GroupCount>,
}

/// A rule that matches none of the errors that were looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UnusedRule {
    /// From 1.
    pub line: usize,
    /// Such as `rule 2`.
    pub name: String,
}

impl Regrouping {
    /// One JSON object with these fields.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// Groups the errors of an epoch from a time on with other rules, and sets that beside what is stored.
pub(crate) async fn compare(
    pin: Arc<Pin>,
    rules: Arc<Rules>,
    since: Option<Ts>,
) -> Result<Regrouping, Error> {
    let mut tables = Pinned(pin);
    let mut found = Found::default();
    let mut regroup = Regroup::new(Arc::clone(&rules));
    for day in tables.days().await? {
        if since.is_some_and(|since| day < day_of(since)) {
            continue;
        }
        let mut stored = stored_groups(&mut tables, day).await?;
        let mut asked = HashSet::new();
        let take = |of: crate::derive::Regrouped<'_>| {
            let before = stored.remove(&of.error_id);
            if since.is_some_and(|since| of.ts < since) {
                return;
            }
            if asked.insert(of.text) {
                found.matched.extend(of.recorded.ask(|occurrence| matched(occurrence, &rules)));
            }
            match before {
                Some(Stored { group, title, .. }) => {
                    found.add(&group, of.group);
                    let at = (of.ts, of.error_id);
                    see(&mut found.titles_before, &group, &title, &at);
                    see(&mut found.titles_after, of.group, of.title, &at);
                }
                None => found.n_new += 1,
            }
        };
        regroup.day(&mut tables, day, take).await?;
        let gone = stored.values().filter(|of| since.is_none_or(|since| of.ts >= since));
        found.n_gone += u64::try_from(gone.count()).unwrap_or(u64::MAX);
    }
    Ok(found.finish(&rules))
}

/// An occurrence as it is stored.
#[derive(Debug)]
struct Stored {
    ts: Ts,
    group: String,
    title: String,
}

/// The stored occurrences of a day that have a group, by id.
async fn stored_groups(tables: &mut Pinned, day: Day) -> Result<HashMap<String, Stored>, Error> {
    let internal = |reason: String| Error::statement(Code::Internal, reason);
    let errors: &'static Table =
        table("errors").ok_or_else(|| internal("there is no table \"errors\"".to_owned()))?;
    let mut stored = HashMap::new();
    let columns = ["error_id", "error_group_id", "title", "ts"];
    let mut batches = tables.rows(errors, day, &columns).await?;
    while let Some(rows) = batches.try_next().await? {
        let texts = rows.columns()[..3].iter().map(|column| cast(column, &DataType::Utf8));
        let texts = texts.collect::<Result<Vec<_>, _>>();
        let texts = texts.map_err(|error| internal(error.to_string()))?;
        let [ids, groups, titles] = [0, 1, 2].map(|idx| StringArray::from(texts[idx].to_data()));
        let times = rows.column(3).as_primitive::<TimestampMicrosecondType>();
        for (((id, group), title), ts) in ids.iter().zip(&groups).zip(&titles).zip(times.values()) {
            if let (Some(id), Some(group)) = (id, group) {
                let title = title.unwrap_or_default().to_owned();
                let of = Stored { ts: Ts(*ts), group: group.to_owned(), title };
                stored.insert(id.to_owned(), of);
            }
        }
    }
    Ok(stored)
}

/// Occurrences by the group that they have and the one that they would have.
#[derive(Debug, Default)]
struct Found {
    n_new: u64,
    n_gone: u64,
    moves: BTreeMap<String, BTreeMap<String, u64>>,
    titles_before: Titles,
    titles_after: Titles,
    matched: BTreeSet<RulePlace>,
}

/// Of each group the title of its earliest occurrence, with the time and id of that.
type Titles = HashMap<String, ((Ts, String), String)>;

fn see(titles: &mut Titles, group: &str, title: &str, at: &(Ts, String)) {
    if titles.get(group).is_none_or(|(known, _)| at < known) {
        titles.insert(group.to_owned(), (at.clone(), title.to_owned()));
    }
}

impl Found {
    fn add(&mut self, before: &str, after: &str) {
        let to = self.moves.entry(before.to_owned()).or_default();
        *to.entry(after.to_owned()).or_default() += 1;
    }

    fn finish(self, rules: &Rules) -> Regrouping {
        let mut back: BTreeMap<&str, BTreeMap<&str, u64>> = BTreeMap::new();
        for (before, to) in &self.moves {
            for (after, n) in to {
                back.entry(after).or_default().insert(before, *n);
            }
        }
        let pairs = || self.moves.iter().flat_map(|(from, to)| to.iter().map(move |to| (from, to)));
        let mut regrouping = Regrouping {
            n_occurrences: pairs().map(|(_, (_, n))| n).sum(),
            n_moved: pairs().filter(|(from, (to, _))| from != to).map(|(_, (_, n))| n).sum(),
            n_new: self.n_new,
            n_gone: self.n_gone,
            n_groups_before: self.moves.len(),
            n_groups_after: back.len(),
            ..Regrouping::default()
        };
        for (after, from) in back.iter().filter(|(_, from)| from.len() > 1) {
            let from = from.iter().map(|(before, n)| self.before(before, *n));
            let from = largest_first(from.collect());
            let into = self.after(after, total(&from));
            regrouping.merges.push(Merge { into, from });
        }
        for (before, to) in &self.moves {
            let into = to.iter().map(|(after, n)| self.after(after, *n));
            let mut into = largest_first(into.collect());
            let from = self.before(before, total(&into));
            match into.len() {
                0 | 1 => {
                    let Some(into) = into.pop() else { continue };
                    let is_alone = back[into.error_group_id.as_str()].len() == 1;
                    if is_alone && into.error_group_id != from.error_group_id {
                        regrouping.renamed.push((from, into));
                    }
                }
                _ => regrouping.splits.push(Split { from, into }),
            }
        }
        regrouping.merges.sort_by_key(|merge| std::cmp::Reverse(merge.into.n_occurrences));
        regrouping.splits.sort_by_key(|split| std::cmp::Reverse(split.from.n_occurrences));
        regrouping.renamed.sort_by_key(|(from, _)| std::cmp::Reverse(from.n_occurrences));
        let places = rules.places();
        let unused = places.difference(&self.matched);
        regrouping.unused =
            unused.map(|place| UnusedRule { line: place.line, name: place.to_string() }).collect();
        regrouping
    }

    fn before(&self, group: &str, n_occurrences: u64) -> GroupCount {
        count(&self.titles_before, group, n_occurrences)
    }

    fn after(&self, group: &str, n_occurrences: u64) -> GroupCount {
        count(&self.titles_after, group, n_occurrences)
    }
}

fn count(titles: &Titles, group: &str, n_occurrences: u64) -> GroupCount {
    let title = titles.get(group).map(|(_, title)| title.clone()).unwrap_or_default();
    GroupCount { error_group_id: group.to_owned(), title, n_occurrences }
}

/// Those of one size by id.
fn largest_first(mut groups: Vec<GroupCount>) -> Vec<GroupCount> {
    groups.sort_by_key(|group| std::cmp::Reverse(group.n_occurrences));
    groups
}

fn total(groups: &[GroupCount]) -> u64 {
    groups.iter().map(|group| group.n_occurrences).sum()
}
