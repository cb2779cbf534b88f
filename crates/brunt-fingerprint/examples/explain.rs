//! Reads a stack from standard input and prints its group, with the reasons and the frames.
//!
//! `cargo run -p brunt-fingerprint --example explain < stack.txt`
#![expect(clippy::print_stdout, reason = "an example prints its answer")]

use std::io::Read;

use brunt_fingerprint::{Occurrence, Rules, frames, group};

fn main() -> std::io::Result<()> {
    let mut bytes = Vec::new();
    std::io::stdin().read_to_end(&mut bytes)?;
    let stack = String::from_utf8_lossy(&bytes);
    let rules = Rules::default();
    let occurrence = Occurrence { stacktrace: Some(&stack), ..Occurrence::default() };
    let info = group(&occurrence, &rules);
    println!("{}\n", info.title);
    println!("group    {}\nsite     {}\nvariant  {}", info.group, info.site, info.variant);
    println!("culprit  {}", info.culprit.as_deref().unwrap_or("-"));
    println!("quality  {}\n", info.quality.as_str());
    for part in &info.why {
        println!(
            "{} {:<12}{:<60} {}",
            if part.used { '+' } else { ' ' },
            part.part,
            part.value,
            part.reason
        );
    }
    println!();
    for frame in frames(&occurrence, &rules) {
        println!(
            "  {:<13}{}.{} ({}:{})",
            frame.role.as_str(),
            frame.module,
            frame.function,
            frame.file,
            frame.line.unwrap_or(0)
        );
    }
    Ok(())
}
