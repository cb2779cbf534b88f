//! Crashes that are all different, from the folder that `BRUNT_CRASHES` names: a copy of `crashes` of
//! <https://github.com/STAMP-project/JCrashPack>, each `*.log` of which is the stack of another bug.

use std::collections::BTreeSet;
use std::path::Path;

use brunt_fingerprint::{Occurrence, Rules, group_id};

use crate::failures::{in_app, key};
use crate::logs::files;
use crate::peers::{self, Peer};
use crate::score::{share, show};
use crate::{judged_row, row};

/// 194 of 201.
const APART_LEAST: f64 = 0.965;
/// Packages of the projects, by how the names of their crashes begin.
const PROJECTS: [(&str, &str); 9] = [
    ("CHART-", "org.jfree"),
    ("ES-", "org.elasticsearch"),
    ("LANG-", "org.apache.commons.lang"),
    ("MATH-", "org.apache.commons.math"),
    ("MOCKITO-", "org.mockito"),
    ("TIME-", "org.joda.time"),
    ("XCOMMONS-", "org.xwiki"),
    ("XRENDERING-", "org.xwiki"),
    ("XWIKI-", "org.xwiki"),
];

struct Crash {
    name: String,
    project: &'static str,
    stack: String,
    rules: Rules,
}

pub(crate) fn measure(n_shown: usize) {
    println!("\ndistinct crashes");
    let crashes =
        std::env::var_os("BRUNT_CRASHES").map_or_else(Vec::new, |root| read(root.as_ref()));
    if crashes.is_empty() {
        row("groups of 201 distinct crashes", "not measured: no data", "197", ">= 194");
        return;
    }
    let n_groups = |group_of: Peer| {
        crashes.iter().map(|crash| crash.group(group_of)).collect::<BTreeSet<_>>().len()
    };
    let own: Peer = |occurrence, rules| group_id(occurrence, rules);
    let peers = peers::all().map(|(name, group_of)| (name, n_groups(group_of)));
    let best = peers.iter().map(|(_, n)| *n).max().unwrap_or(0);
    let figure = n_groups(own);
    let of = |n: usize| u64::try_from(n).unwrap_or(0);
    let is_met = share(of(figure), of(crashes.len())) >= APART_LEAST;
    let wanted = format!(">= {:.1} %", 100.0 * APART_LEAST);
    let what = format!("groups of {} distinct crashes", crashes.len());
    judged_row(&what, &figure.to_string(), &best.to_string(), &wanted, is_met);
    for (name, n) in peers {
        row(&format!("  peer: {name}"), "", &n.to_string(), "");
    }
    show(crashes.iter().map(|crash| (crash.name.as_str(), crash.group(key))), n_shown);
}

impl Crash {
    fn group(&self, group_of: Peer) -> String {
        let occurrence = Occurrence {
            stacktrace: Some(&self.stack),
            service: Some(self.project),
            ..Occurrence::default()
        };
        group_of(&occurrence, &self.rules)
    }
}

/// A file that cannot be read, or of a project that is not known, is told.
fn read(root: &Path) -> Vec<Crash> {
    let mut crashes = Vec::new();
    for path in files(root) {
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        if path.extension().is_none_or(|extension| extension != "log") {
            continue;
        }
        let project = PROJECTS.iter().find(|(begins, _)| name.starts_with(begins));
        let read = project.ok_or("its project is not known".to_owned()).and_then(|(_, package)| {
            let stack = std::fs::read_to_string(&path).map_err(|error| error.to_string())?;
            Ok(Crash { name, project: package, stack, rules: in_app(package)? })
        });
        match read {
            Ok(crash) => crashes.push(crash),
            Err(error) => eprintln!("grouping: {}: {error}", path.display()),
        }
    }
    crashes
}
