//! Figures on failures of real projects over their releases, from the file that `BRUNT_FAILURES` names and that
//! `benches/failures/failures.py` makes.
//!
//! A fault is something that a program does wrong with a project, and its label. Each is reached in three ways, and the
//! newest release also stands with all lines shifted, so that a fault has six members there. The project is the app: a
//! rule says so where its package is in the list of libraries.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use brunt_fingerprint::{ErrorInfo, Occurrence, Rules, group, group_id};
use serde::Deserialize;

use crate::peers::{self, Peer};
use crate::score::{Score, score, share, show};
use crate::{judged_row, row};

/// Languages with their name in the table, and what is wanted of pair F1 and B-cubed.
const SUITES: [(&str, &str, Option<[f64; 2]>); 3] = [
    ("java", "Java", Some([0.945, 0.945])),
    ("python", "Python", Some([0.955, 0.957])),
    ("node", "Node", None),
];
const KEPT_LEAST: f64 = 0.97;
/// 194 of the 201 that were asked for.
const APART_LEAST: f64 = 0.965;
/// Added to each line.
const SHIFT: u32 = 7;

/// Releases by the fault and the way in which it was reached.
type Series<'f> = BTreeMap<(&'f str, &'f str), Vec<&'f Failure>>;

#[derive(Debug, Clone, Deserialize)]
struct Failure {
    language: String,
    project: String,
    #[serde(default)]
    package: String,
    version: String,
    fault: String,
    way: String,
    #[serde(rename = "type")]
    exception_type: String,
    stack: String,
    #[serde(skip)]
    label: String,
    #[serde(skip)]
    rules: Rules,
}

impl Failure {
    fn read(line: &str) -> Result<Self, String> {
        let failure: Self = serde_json::from_str(line).map_err(|error| error.to_string())?;
        let label = format!("{}: {}", failure.project, failure.fault);
        let rules = match failure.package.as_str() {
            "" => Rules::default(),
            package => in_app(package)?,
        };
        Ok(Self { label, rules, ..failure })
    }

    fn occurrence(&self) -> Occurrence<'_> {
        Occurrence {
            exception_type: Some(&self.exception_type),
            stacktrace: Some(&self.stack),
            service: Some(&self.project),
            ..Occurrence::default()
        }
    }

    fn group(&self, group_of: Peer) -> String {
        group_of(&self.occurrence(), &self.rules)
    }

    fn info(&self) -> ErrorInfo {
        group(&self.occurrence(), &self.rules)
    }

    /// The same with other lines, as after an edit above.
    fn shifted(&self) -> Self {
        let shift = |line: &str| -> String {
            let place = match self.language.as_str() {
                "python" => line.split_once(", line ").map(|(head, _)| head.len() + 7),
                "java" => line.rfind(':').map(|colon| colon + 1),
                _ => line.rfind(':').and_then(|colon| line[..colon].rfind(':')).map(|at| at + 1),
            };
            let (head, rest) = line.split_at(place.unwrap_or(0));
            let n_digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            match rest[..n_digits].parse::<u32>() {
                Ok(number) if !head.is_empty() => {
                    format!("{head}{}{}", number + SHIFT, &rest[n_digits..])
                }
                _ => line.to_owned(),
            }
        };
        let stack = self.stack.lines().map(shift).collect::<Vec<_>>().join("\n");
        Self { stack, ..self.clone() }
    }
}

/// A rule by which a project's own package is the app.
pub(crate) fn in_app(package: &str) -> Result<Rules, String> {
    let text = format!("schema = 1\n[in_app]\ninclude = [\"java:{package}.**\"]");
    Rules::parse(&text).map_err(|error| error.to_string())
}

pub(crate) fn measure(n_shown: usize) {
    println!("\nfailures of real projects");
    let failures =
        std::env::var_os("BRUNT_FAILURES").map_or_else(Vec::new, |path| read(path.as_ref()));
    for (language, name, target) in SUITES {
        let of_language: Vec<&Failure> =
            failures.iter().filter(|failure| failure.language == language).collect();
        agreement(name, &of_language, target, n_shown);
    }
    releases(&failures, n_shown);
    apart(&failures);
}

/// A file or a line that cannot be read is told, so that no figure is of less than was asked for unseen.
fn read(path: &Path) -> Vec<Failure> {
    let mut failures = Vec::new();
    let lines = match File::open(path) {
        Ok(file) => BufReader::new(file).lines(),
        Err(error) => {
            eprintln!("grouping: {}: {error}", path.display());
            return failures;
        }
    };
    for (idx, line) in lines.enumerate() {
        let line = line.map_err(|error| error.to_string());
        match line.and_then(|line| Failure::read(&line)) {
            Ok(failure) => failures.push(failure),
            Err(error) => eprintln!("grouping: {}:{}: {error}", path.display(), idx + 1),
        }
    }
    failures
}

fn own(occurrence: &Occurrence<'_>, rules: &Rules) -> String {
    group_id(occurrence, rules)
}

/// Failures of the newest release of each project.
fn newest<'f>(failures: &[&'f Failure]) -> Vec<&'f Failure> {
    let parts = |version: &str| -> Vec<u32> {
        version.split('.').map(|part| part.parse().unwrap_or(0)).collect()
    };
    let mut newest = BTreeMap::<&str, &str>::new();
    for failure in failures {
        let version = newest.entry(&failure.project).or_insert(&failure.version);
        if parts(&failure.version) > parts(version) {
            *version = &failure.version;
        }
    }
    let is_newest = |failure: &&&Failure| newest[failure.project.as_str()] == failure.version;
    failures.iter().filter(is_newest).copied().collect()
}

fn agreement(name: &str, failures: &[&Failure], target: Option<[f64; 2]>, n_shown: usize) {
    let wanted = target.map_or(String::new(), |[f1, b_cubed]| format!(">= {f1} / {b_cubed}"));
    let failures = newest(failures);
    if failures.is_empty() {
        row(&format!("{name}, F1 / B-cubed"), "not measured: no data", "", &wanted);
        return;
    }
    let projects: BTreeSet<&str> =
        failures.iter().map(|failure| failure.project.as_str()).collect();
    let labels: BTreeSet<&str> = failures.iter().map(|failure| failure.label.as_str()).collect();
    let what =
        format!("{} faults of {} {name} projects, F1 / B-cubed", labels.len(), projects.len());
    let members: Vec<Failure> =
        failures.iter().flat_map(|failure| [(*failure).clone(), failure.shifted()]).collect();
    let scored = |group: Peer| {
        score(members.iter().map(|member| (member.label.as_str(), member.group(group))))
    };
    let shown = |Score { pair_f1, b_cubed, .. }: Score| format!("{pair_f1:.3} / {b_cubed:.3}");
    let figures = scored(own);
    let peers = peers::all().map(|(name, group)| (name, scored(group)));
    let mean = |score: &Score| score.pair_f1 + score.b_cubed;
    let best = peers.iter().max_by(|(_, a), (_, b)| mean(a).total_cmp(&mean(b)));
    let best = best.map_or(String::new(), |(_, score)| shown(*score));
    let is_met =
        target.is_none_or(|[f1, b_cubed]| figures.pair_f1 >= f1 && figures.b_cubed >= b_cubed);
    judged_row(&what, &shown(figures), &best, &wanted, is_met);
    for (name, score) in peers {
        row(&format!("  peer: {name}"), "", &shown(score), "");
    }
    show(members.iter().map(|member| (member.label.as_str(), member.group(key))), n_shown);
}

/// What a group is made of, to be read.
pub(crate) fn key(occurrence: &Occurrence<'_>, rules: &Rules) -> String {
    let used = group(occurrence, rules).why.into_iter().filter(|part| part.used);
    let parts = used.filter(|part| !["service", "lang"].contains(&part.part));
    parts.map(|part| format!("{}={}", part.part, part.value)).collect::<Vec<_>>().join(" ")
}

/// Pairs of two releases of one fault, reached in one way.
fn releases(failures: &[Failure], n_shown: usize) {
    let mut series = Series::new();
    for failure in failures {
        series.entry((&failure.label, &failure.way)).or_default().push(failure);
    }
    series.retain(|_, releases| releases.len() > 1);
    let what = format!("{} failures over their releases", series.len());
    let wanted = format!(">= {KEPT_LEAST}");
    if series.is_empty() {
        row("one failure over released versions", "not measured: no data", "", &wanted);
        return;
    }
    let best =
        peers::all().map(|(_, group)| kept(&series, |failure| failure.group(group), PartialEq::eq));
    let best = best.into_iter().fold(0.0, f64::max);
    let figure = kept(&series, |failure| failure.group(own), PartialEq::eq);
    judged_row(
        &what,
        &format!("{figure:.3}"),
        &format!("{best:.3}"),
        &wanted,
        figure >= KEPT_LEAST,
    );
    // What no key of the type and one of the others can be above, even one that chooses anew for each pair.
    let is_alike = |a: &ErrorInfo, b: &ErrorInfo| {
        a.root_type == b.root_type && (a.culprit == b.culprit || a.root_template == b.root_template)
    };
    let most = kept(&series, Failure::info, is_alike);
    row("  of one type, and one place or message", &format!("{most:.3}"), "", "");
    for ((label, _), releases) in
        series.iter().filter(|((_, way), _)| *way == "request").take(n_shown)
    {
        let keys: Vec<_> =
            releases.iter().map(|failure| (failure.version.as_str(), failure.group(key))).collect();
        if keys.iter().any(|(_, other)| *other != keys[0].1) {
            println!("  moved {label}: {keys:#?}");
        }
    }
}

/// The share of pairs of two releases that are the same.
fn kept<T>(
    series: &Series<'_>,
    read: impl Fn(&Failure) -> T,
    is_same: impl Fn(&T, &T) -> bool,
) -> f64 {
    let (mut n_kept, mut n_pairs) = (0, 0);
    for releases in series.values() {
        let releases: Vec<T> = releases.iter().map(|failure| read(failure)).collect();
        for (at, first) in releases.iter().enumerate() {
            let others = releases.get(at + 1..).unwrap_or(&[]);
            n_pairs += others.len();
            n_kept += others.iter().filter(|other| is_same(first, other)).count();
        }
    }
    share(u64::try_from(n_kept).unwrap_or(0), u64::try_from(n_pairs).unwrap_or(0))
}

/// Faults that share their group with no other.
fn apart(failures: &[Failure]) {
    let failures = newest(&failures.iter().collect::<Vec<_>>());
    let labels: BTreeSet<&str> = failures.iter().map(|failure| failure.label.as_str()).collect();
    let n_labels = labels.len();
    if n_labels == 0 {
        row("distinct crashes kept apart", "not measured: no data", "", ">= 96.5 %");
        return;
    }
    let n_apart = |group: Peer| {
        let mut groups = BTreeMap::<String, BTreeSet<&str>>::new();
        for failure in &failures {
            groups.entry(failure.group(group)).or_default().insert(&failure.label);
        }
        let shared: BTreeSet<&str> =
            groups.into_values().filter(|labels| labels.len() > 1).flatten().collect();
        n_labels - shared.len()
    };
    let n_own = n_apart(own);
    let best = peers::all().map(|(_, group)| n_apart(group)).into_iter().max().unwrap_or(0);
    let is_met = share(u64::try_from(n_own).unwrap_or(0), u64::try_from(n_labels).unwrap_or(0))
        >= APART_LEAST;
    let wanted = format!(">= {:.1} %", 100.0 * APART_LEAST);
    judged_row(
        &format!("of {n_labels} distinct faults kept apart"),
        &n_own.to_string(),
        &best.to_string(),
        &wanted,
        is_met,
    );
}
