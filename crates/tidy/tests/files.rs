//! What every source file looks like.

use tidy::{files, read, report};

const LINES_MAX: usize = 500;

const BANNED_NAMES: &[&str] =
    &["util", "utils", "helper", "helpers", "common", "misc", "mod", "core", "types"];

fn sources() -> Vec<std::path::PathBuf> {
    ["crates", "sql", "tests", "benches"].iter().flat_map(|folder| files(folder, ".rs")).collect()
}

#[test]
fn a_file_opens_with_what_it_holds() {
    let faults: Vec<String> = sources()
        .iter()
        .filter(|path| !read(path).starts_with("//! "))
        .map(|path| format!("{}: opens without `//! ` and its purpose", path.display()))
        .collect();
    report(&faults);
}

#[test]
fn files_are_short() {
    let mut faults = Vec::new();
    for path in sources() {
        let text = read(&path);
        let n_lines = text.lines().take_while(|line| *line != "#[cfg(test)]").count();
        if n_lines > LINES_MAX {
            faults.push(format!(
                "{}: {n_lines} lines before its tests, at most {LINES_MAX}",
                path.display()
            ));
        }
    }
    report(&faults);
}

#[test]
fn names_say_what_a_file_defines() {
    let faults: Vec<String> = sources()
        .iter()
        .filter(|path| {
            path.file_stem().is_some_and(|stem| BANNED_NAMES.contains(&&*stem.to_string_lossy()))
        })
        .map(|path| format!("{}: a name that holds anything", path.display()))
        .collect();
    report(&faults);
}

#[test]
fn nothing_is_left_open() {
    // Written in halves, so that this file does not name what it bans.
    let banned = [
        ["to", "do!("].concat(),
        ["unimple", "mented!("].concat(),
        ["db", "g!("].concat(),
        ["#[ig", "nore"].concat(),
        ["#[should_", "panic"].concat(),
    ];
    let mut faults = Vec::new();
    for path in sources() {
        for (line_idx, line) in read(&path).lines().enumerate() {
            let re_export =
                line.trim_start().starts_with("pub use ") && line.trim_end().ends_with("::*;");
            if re_export || banned.iter().any(|word| line.contains(word.as_str())) {
                faults.push(format!("{}:{}: {}", path.display(), line_idx + 1, line.trim()));
            }
        }
    }
    report(&faults);
}
