//! The map names everything, and its links lead somewhere.

use std::path::Path;

use tidy::{files, read, report, root};

#[test]
fn architecture_names_every_crate() {
    let map = read("ARCHITECTURE.md");
    let mut faults = Vec::new();
    for manifest in files(".", "Cargo.toml") {
        let text = read(&manifest);
        if let Some(name) =
            text.lines().find_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"'))
            && !map.contains(&format!("`{name}`"))
        {
            faults.push(format!("ARCHITECTURE.md does not name `{name}`"));
        }
    }
    report(&faults);
}

#[test]
fn documents_keep_their_length() {
    let faults: Vec<String> = [("ARCHITECTURE.md", 150), ("CONTRIBUTING.md", 60)]
        .iter()
        .filter(|(path, lines_max)| read(path).lines().count() > *lines_max)
        .map(|(path, lines_max)| format!("{path}: more than {lines_max} lines"))
        .collect();
    report(&faults);
}

#[test]
fn links_lead_to_files() {
    let mut faults = Vec::new();
    for path in files(".", ".md") {
        let text = read(&path);
        let folder = path.parent().unwrap_or(Path::new(""));
        for target in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let target = target.split('#').next().unwrap_or_default();
            let is_file = !target.is_empty()
                && !target.contains("://")
                && !target.contains(char::is_whitespace);
            if is_file && !root().join(folder).join(target).exists() {
                faults.push(format!("{}: no file {target}", path.display()));
            }
        }
    }
    report(&faults);
}

#[test]
fn every_fixture_folder_is_read_by_a_test() {
    let sources: String = ["crates", "tests", "benches"]
        .iter()
        .flat_map(|folder| files(folder, ".rs"))
        .map(read)
        .collect();
    let mut faults = Vec::new();
    for entry in std::fs::read_dir(root().join("fixtures")).into_iter().flatten().flatten() {
        let name = format!("fixtures/{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() && !sources.contains(&name) {
            faults.push(format!("{name}: no test reads it"));
        }
    }
    report(&faults);
}
