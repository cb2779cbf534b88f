//! What tests need that a machine may not have: they find it here, or say here that they did not run.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The folder of another project's exports, out of those that `BRUNT_EXPORTS` holds.
pub fn exports(folder: &str) -> Option<PathBuf> {
    let root = std::env::var_os("BRUNT_EXPORTS");
    let found = root.map(|root| Path::new(&root).join(folder)).filter(|path| path.is_dir());
    if found.is_none() {
        did_not_run("exports", &format!("BRUNT_EXPORTS names no folder with \"{folder}\""));
    }
    found
}

/// The Python that has these packages: the one that `BRUNT_PYTHON` names, else `python3`.
pub fn python_with(packages: &str) -> Option<String> {
    let python = std::env::var("BRUNT_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    if !runs(Command::new(&python).args(["-c", &format!("import {packages}")])) {
        did_not_run("python", &format!("{python} has not all of {packages}"));
        return None;
    }
    Some(python)
}

/// Whether there is a program of this name, asked for its version.
pub fn has_program(name: &str) -> bool {
    let found = runs(Command::new(name).arg("--version"));
    if !found {
        did_not_run(name, &format!("{name} is not on PATH"));
    }
    found
}

fn runs(command: &mut Command) -> bool {
    let quiet = command.stdout(Stdio::null()).stderr(Stdio::null());
    quiet.status().is_ok_and(|status| status.success())
}

/// Says so past the capture of a passing test's output, and fails the test where `BRUNT_REQUIRE`, names with commas
/// between, has this need: a machine that should have it must not pass without.
fn did_not_run(need: &str, why: &str) {
    let test = std::thread::current().name().unwrap_or("a test").to_owned();
    let _ = writeln!(std::io::stderr(), "skipped {test}: {why}");
    let required = std::env::var("BRUNT_REQUIRE").unwrap_or_default();
    assert!(!required.split(',').any(|name| name == need), "BRUNT_REQUIRE has {need}, but {why}");
}
