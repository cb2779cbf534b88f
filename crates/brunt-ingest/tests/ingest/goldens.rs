//! Each folder `fixtures/exports/FORMAT/CASE/` is a case: an input, how to read it, and the rows and rejects it gives.
//!
//! A case has one `input.*` (or `*.csv.gz` and so on: any file but the two below), an `options.toml` where something is
//! to be said, and `expected.json`. With `BRUNT_BLESS=1` the expectations are written instead of compared.

use std::fs;
use std::path::{Path, PathBuf};

use brunt_ingest::{Format, Mapping, Options, Policy, table_named};

use crate::reading::{NOW, Read, read};

pub(crate) fn cases() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/exports");
    let folders = |path: &Path| {
        let mut entries: Vec<_> = fs::read_dir(path)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.is_dir())
            .collect();
        entries.sort();
        entries
    };
    folders(&root).iter().flat_map(|format| folders(format)).collect()
}

pub(crate) fn options(case: &Path) -> Options {
    let mut options = Options::new(NOW, "load");
    let Ok(text) = fs::read_to_string(case.join("options.toml")) else { return options };
    let file: toml::Table = text.parse().unwrap();
    let text_of = |key: &str| file.get(key).map(|value| value.as_str().unwrap().to_owned());
    options.format = text_of("format").map(|name| Format::parse(&name).unwrap());
    options.table = text_of("table").map(|word| table_named(&word).unwrap());
    options.mapping = text_of("mapping").map(|path| {
        let text = fs::read_to_string(case.join(&path)).unwrap();
        Mapping::parse(&text, &path).unwrap()
    });
    if let Some(policy) = text_of("policy") {
        options.policy = Policy::parse(&policy, "policy").unwrap();
    }
    if let Some(secret) = text_of("secret") {
        options.policy = options.policy.clone().with_secret(secret.into_bytes());
    }
    options
}

pub(crate) fn input_of(case: &Path) -> PathBuf {
    fs::read_dir(case)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| {
            !matches!(
                path.file_name().and_then(|name| name.to_str()),
                Some("options.toml" | "expected.json")
            ) && !path.to_string_lossy().ends_with(".mapping.toml")
        })
        .unwrap_or_else(|| panic!("{} has no input", case.display()))
}

#[test]
fn every_case_gives_its_rows_and_rejects() {
    let bless = std::env::var_os("BRUNT_BLESS").is_some();
    let mut faults = Vec::new();
    let cases = cases();
    assert!(cases.len() > 10, "the cases are not where they should be");
    for case in cases {
        let input = input_of(&case);
        let name = input.file_name().unwrap().to_string_lossy().into_owned();
        let read: Read = read(&name, &fs::read(&input).unwrap(), &options(&case));
        let actual = read.to_text();
        let expected_path = case.join("expected.json");
        if bless {
            fs::write(&expected_path, &actual).unwrap();
        } else if fs::read_to_string(&expected_path).unwrap_or_default() != actual {
            faults.push(format!("{}:\n{actual}", case.display()));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
