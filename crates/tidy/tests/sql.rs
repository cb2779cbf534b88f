//! Every view has its header, is embedded once and after what it reads, and is tested by name.

use tidy::{files, read, report};

#[test]
fn every_view_opens_with_what_it_holds() {
    let faults: Vec<String> = files("sql/views", ".sql")
        .iter()
        .filter(|path| !read(path).starts_with("-- "))
        .map(|path| format!("{}: opens without a comment on what one row is", path.display()))
        .collect();
    report(&faults);
}

#[test]
fn every_view_is_embedded_once_and_after_what_it_reads() {
    let list = read("sql/src/lib.rs");
    let names: Vec<String> = files("sql/views", ".sql")
        .iter()
        .filter_map(|path| Some(path.file_stem()?.to_string_lossy().into_owned()))
        .collect();
    let place = |name: &str| list.find(&format!("views/{name}.sql"));
    let mut faults = Vec::new();
    for name in &names {
        if list.matches(&format!("views/{name}.sql")).count() != 1 {
            faults.push(format!("sql/src/lib.rs does not embed the view {name} once"));
        }
        let text = read(format!("sql/views/{name}.sql"));
        for other in names.iter().filter(|other| *other != name) {
            let reads = ["from ", "join "].iter().any(|word| {
                text.to_lowercase().split(word).skip(1).any(|rest| {
                    rest.split(|c: char| !c.is_alphanumeric() && c != '_').next()
                        == Some(other.as_str())
                })
            });
            if reads && place(other) > place(name) {
                faults.push(format!("sql/src/lib.rs embeds {name} before {other}, which it reads"));
            }
        }
    }
    report(&faults);
}

#[test]
fn every_view_has_a_test_of_its_name() {
    let faults: Vec<String> = files("sql/views", ".sql")
        .iter()
        .filter_map(|path| Some(path.file_stem()?.to_string_lossy().into_owned()))
        .filter(|name| read(format!("tests/slt/views/{name}.slt")).is_empty())
        .map(|name| format!("the view {name} has no tests/slt/views/{name}.slt"))
        .collect();
    report(&faults);
}

#[test]
fn every_function_has_a_test_of_its_name() {
    let faults: Vec<String> = files("crates/brunt/src/functions", ".rs")
        .iter()
        .filter_map(|path| Some(path.file_stem()?.to_string_lossy().into_owned()))
        .filter(|name| read(format!("tests/slt/functions/{name}.slt")).is_empty())
        .map(|name| format!("the function {name} has no tests/slt/functions/{name}.slt"))
        .collect();
    report(&faults);
}
