//! What a run is asked for, by environment variables.

use std::env;
use std::path::{Path, PathBuf};

use crate::error::Error;

/// A run's size, seed and tools.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    /// About so many sessions; each has about 33 spans.
    pub(crate) n_sessions: u32,
    pub(crate) seed: u64,
    /// The Python that has the peers.
    pub(crate) python: String,
    /// The `brunt` command whose cold start is measured, where it is built.
    pub(crate) command: Option<PathBuf>,
    /// The folder that cargo builds this profile into; what it is called is all that is left of the profile's name.
    pub(crate) profile: String,
}

impl Settings {
    /// Reads `BRUNT_BENCH_SESSIONS` (20000), `BRUNT_BENCH_SEED` (1), `BRUNT_BENCH_PYTHON` (`python3`) and
    /// `BRUNT_BENCH_COMMAND` (the command beside this benchmark's own file).
    ///
    /// # Errors
    /// Where a number is none.
    pub(crate) fn read() -> Result<Self, Error> {
        Self::read_with(20_000)
    }

    /// [`Settings::read`], with another number of sessions where none is asked for.
    ///
    /// # Errors
    /// Where a number is none.
    pub(crate) fn read_with(n_sessions: u32) -> Result<Self, Error> {
        let built =
            env::current_exe().ok().and_then(|own| own.ancestors().nth(2).map(Path::to_path_buf));
        let beside = built.as_ref().map(|folder| folder.join("brunt"));
        let profile = built.as_ref().and_then(|folder| folder.file_name());
        Ok(Self {
            n_sessions: number("BRUNT_BENCH_SESSIONS", n_sessions)?,
            seed: u64::from(number("BRUNT_BENCH_SEED", 1)?),
            python: env::var("BRUNT_BENCH_PYTHON").unwrap_or_else(|_| "python3".to_owned()),
            command: env::var_os("BRUNT_BENCH_COMMAND")
                .map(PathBuf::from)
                .or(beside)
                .filter(|path| path.exists()),
            profile: match profile.map(|name| name.to_string_lossy()) {
                Some(name) if name == "debug" => "dev".to_owned(),
                Some(name) => name.into_owned(),
                None => "unknown".to_owned(),
            },
        })
    }
}

/// A variable that is a whole number.
pub(crate) fn number(name: &'static str, default: u32) -> Result<u32, Error> {
    match env::var(name) {
        Ok(value) => value.parse().map_err(|_| Error::Variable { name, value }),
        Err(_) => Ok(default),
    }
}
