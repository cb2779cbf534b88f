//! Tells the benchmark which source it was built from, whatever is checked out when it runs.

use std::process::Command;

fn main() {
    for source in ["../crates", "../sql", "../Cargo.lock", ".", "../.git/HEAD", "../.git/refs"] {
        println!("cargo::rerun-if-changed={source}");
    }
    let described = Command::new("git").args(["describe", "--always", "--dirty"]).output();
    let text = described.ok().and_then(|output| String::from_utf8(output.stdout).ok());
    let revision = text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    println!("cargo::rustc-env=BRUNT_REVISION={}", revision.as_deref().unwrap_or("unknown"));
}
