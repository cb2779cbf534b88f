//! Runs each file of `tests/slt` at every door: in process, and over the wire.
//!
//! Files in a folder that the fixtures have too read a store loaded from there: `fixtures/impact`, `fixtures/incidents`.
//! All others read one loaded from `fixtures/small`. `BRUNT_SLT=views/orders` runs the files whose path holds that text;
//! `BRUNT_SLT_COMPLETE=1` writes the answers of the in-process door into the files.

mod local;
mod text;
mod wire;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use sqllogictest::{AsyncDB, Runner, default_column_validator, strict_column_validator};

use crate::small;

#[tokio::test(flavor = "multi_thread")]
async fn local() {
    let mut faults = Vec::new();
    for (name, files) in stores() {
        let store = small::store_of(&name).await;
        for path in files {
            let store = store.clone();
            let mut runner = Runner::new(move || {
                let store = store.clone();
                async move { local::Local::connect(&store).await }
            });
            if std::env::var_os("BRUNT_SLT_COMPLETE").is_some() {
                runner
                    .update_test_file(
                        &path,
                        " ",
                        sqllogictest::default_validator,
                        sqllogictest::default_normalizer,
                        default_column_validator,
                    )
                    .await
                    .expect("a test file can be completed");
            }
            run_file(&mut runner, "local", &path, &mut faults).await;
        }
    }
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn wire() {
    let mut faults = Vec::new();
    for (name, files) in stores() {
        let endpoint = wire::Endpoint::start(small::store_of(&name).await).await;
        for path in files {
            let address = endpoint.address();
            let mut runner = Runner::new(move || wire::Wire::connect(address));
            run_file(&mut runner, "wire", &path, &mut faults).await;
        }
    }
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

async fn run_file<D, M>(
    runner: &mut Runner<D, M>,
    door: &str,
    path: &Path,
    faults: &mut Vec<String>,
) where
    D: AsyncDB<ColumnType = sqllogictest::DefaultColumnType>,
    M: sqllogictest::MakeConnection<Conn = D>,
{
    runner.add_label(door);
    runner.with_column_validator(strict_column_validator);
    if let Err(error) = runner.run_file_async(path).await {
        faults.push(format!("{door}: {}: {}", path.display(), error.display(false)));
    }
}

/// All test files by the folder of fixtures that they read.
fn stores() -> BTreeMap<String, Vec<PathBuf>> {
    let mut stores: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
    for path in files() {
        let folder = path.parent().and_then(Path::file_name).unwrap_or_default().to_string_lossy();
        let name = if small::fixtures(&folder).is_dir() { &*folder } else { "small" };
        stores.entry(name.to_owned()).or_default().push(path);
    }
    stores
}

/// All test files, sorted.
fn files() -> Vec<PathBuf> {
    let wanted = std::env::var("BRUNT_SLT").unwrap_or_default();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("slt");
    let mut found = Vec::new();
    let mut open = vec![root];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder).expect("tests/slt can be read").flatten() {
            let path = entry.path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|ending| ending == "slt")
                && path.to_string_lossy().contains(&wanted)
            {
                found.push(path);
            }
        }
    }
    found.sort();
    assert!(!found.is_empty(), "no test file matches BRUNT_SLT={wanted}");
    found
}
