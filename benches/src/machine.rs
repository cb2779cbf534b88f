//! What the numbers were measured on, as Linux tells it; elsewhere what is not known is left out.

use std::fs;

use crate::settings::Settings;

/// Cores, memory, processor, and the revision of the source that was built.
#[derive(Debug, Clone)]
pub(crate) struct Machine {
    pub(crate) n_cores: usize,
    pub(crate) processor: String,
    pub(crate) memory_bytes: u64,
    pub(crate) revision: String,
}

impl Machine {
    pub(crate) fn look() -> Self {
        let processor = line_of("/proc/cpuinfo", "model name");
        Self {
            n_cores: std::thread::available_parallelism().map_or(1, usize::from),
            processor: processor.unwrap_or_else(|| std::env::consts::ARCH.to_owned()),
            memory_bytes: kilobytes("/proc/meminfo", "MemTotal"),
            revision: env!("BRUNT_REVISION").to_owned(),
        }
    }

    /// What stands above every report: the machine, the source, how it was built, the seed of what was measured.
    pub(crate) fn line(&self, settings: &Settings) -> String {
        format!(
            "{} cores of {}, {:.1} GB of memory; brunt at {}, profile `{}`; seed {}.",
            self.n_cores,
            self.processor,
            self.memory_bytes as f64 / 1e9,
            self.revision,
            settings.profile,
            settings.seed
        )
    }
}

/// The most memory that this process ever had resident; 0 where the system does not say.
pub(crate) fn peak_bytes() -> u64 {
    kilobytes("/proc/self/status", "VmHWM")
}

fn kilobytes(path: &str, key: &str) -> u64 {
    let number =
        line_of(path, key).and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    number.unwrap_or_default() * 1_024
}

fn line_of(path: &str, key: &str) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    let (_, value) = text
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.trim() == key)?;
    Some(value.trim().to_owned())
}
