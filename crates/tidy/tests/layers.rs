//! Dependencies point down, and what is heavy stays above its floor.
#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::process::Command;

use serde_json::Value;
use tidy::{report, root};

/// Each crate stands above all that it may use; ARCHITECTURE.md explains the order.
const LAYERS: &[(&str, u8)] = &[
    ("brunt-model", 1),
    ("brunt-stats", 1),
    ("brunt-testkit", 1),
    ("brunt-fingerprint", 2),
    ("brunt-ingest", 3),
    ("brunt-store", 4),
    ("brunt-sql", 4),
    ("brunt", 5),
    ("brunt-pgwire", 6),
    ("brunt-notebook", 6),
    ("brunt-cli", 7),
    ("brunt-tests", 8),
    ("brunt-bench", 8),
    ("tidy", 8),
];

/// A heavy dependency and the crates that may name it.
const FLOORS: &[(&str, &[&str])] = &[
    ("datafusion", &["brunt", "brunt-pgwire"]),
    ("datafusion-functions-json", &["brunt"]),
    ("datafusion-pg-catalog", &["brunt-pgwire"]),
    ("arrow-pg", &["brunt-pgwire"]),
    ("pgwire", &["brunt-pgwire"]),
    ("delta_kernel", &["brunt-store"]),
    ("delta_kernel_default_engine", &["brunt-store"]),
    ("object_store", &["brunt-store", "brunt", "brunt-tests"]),
    (
        "tokio",
        &[
            "brunt-store",
            "brunt",
            "brunt-pgwire",
            "brunt-notebook",
            "brunt-cli",
            "brunt-tests",
            "brunt-bench",
        ],
    ),
    ("clap", &["brunt-cli"]),
    ("rustyline", &["brunt-cli"]),
];

/// Made for tests and benchmarks; `brunt demo` alone ships the shop.
const NEVER_SHIPPED: &[(&str, &[&str])] = &[
    ("tidy", &[]),
    ("brunt-tests", &[]),
    ("brunt-bench", &[]),
    ("brunt-testkit", &["brunt-cli", "brunt-tests", "brunt-bench"]),
];

#[test]
fn dependencies_point_down() {
    let layers: BTreeMap<&str, u8> = LAYERS.iter().copied().collect();
    let mut faults = Vec::new();
    for (name, dependencies) in packages() {
        let Some(layer) = layers.get(name.as_str()) else {
            faults.push(format!("{name} has no layer"));
            continue;
        };
        for dependency in &dependencies {
            if layers.get(dependency.name.as_str()).is_some_and(|below| below >= layer) {
                faults.push(format!("{name} (layer {layer}) may not use {}", dependency.name));
            }
            if let Some((_, users)) = FLOORS.iter().find(|(heavy, _)| *heavy == dependency.name)
                && !users.contains(&name.as_str())
            {
                faults.push(format!("{name} may not use {}", dependency.name));
            }
            if let Some((_, users)) =
                NEVER_SHIPPED.iter().find(|(never, _)| *never == dependency.name)
                && !dependency.is_dev
                && !users.contains(&name.as_str())
            {
                faults.push(format!("{name} may not ship {}", dependency.name));
            }
        }
    }
    report(&faults);
}

#[test]
fn every_layer_has_its_crate() {
    let packages = packages();
    let faults: Vec<String> = LAYERS
        .iter()
        .filter(|(name, _)| !packages.contains_key(*name))
        .map(|(name, _)| format!("{name} has a layer and does not exist"))
        .collect();
    report(&faults);
}

struct Dependency {
    name: String,
    is_dev: bool,
}

fn packages() -> BTreeMap<String, Vec<Dependency>> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--format-version=1", "--offline"])
        .current_dir(root())
        .output()
        .expect("cargo runs");
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo prints JSON");
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    list(&metadata["packages"])
        .iter()
        .map(|package| {
            let dependencies = list(&package["dependencies"])
                .iter()
                .map(|dependency| Dependency {
                    name: text(&dependency["name"]),
                    is_dev: dependency["kind"] == "dev",
                })
                .collect();
            (text(&package["name"]), dependencies)
        })
        .collect()
}
