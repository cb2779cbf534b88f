//! What the benchmark is asked for. A word that it does not know is refused, so that no figure is missed by a slip.

/// What can be measured.
pub(crate) const PARTS: [&str; 7] =
    ["metamorphic", "exports", "logs", "failures", "crashes", "speed", "linear"];

/// The command line of the benchmark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Arguments {
    pub(crate) seed: u64,
    /// Stories a language, from 1.
    pub(crate) n_seeds: u64,
    /// Pairs that came out wrong to be printed.
    pub(crate) n_shown: usize,
    /// All parts where none is named.
    parts: Vec<String>,
}

impl Arguments {
    /// Reads the words behind the program's name; the error says which one is wrong and what may stand there.
    pub(crate) fn read(mut words: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut read = Self { seed: 1, n_seeds: 400, n_shown: 0, parts: Vec::new() };
        while let Some(word) = words.next() {
            match word.as_str() {
                "--seed" => read.seed = number(&word, words.next(), 0)?,
                "--seeds" => read.n_seeds = number(&word, words.next(), 1)?,
                "--show" => {
                    read.n_shown =
                        usize::try_from(number(&word, words.next(), 0)?).unwrap_or(usize::MAX);
                }
                // Cargo says so to every benchmark.
                "--bench" => {}
                part if PARTS.contains(&part) => read.parts.push(word),
                other => {
                    return Err(format!(
                        "\"{other}\" is no part and no option; parts are {}, options --seed, --seeds and --show with a number",
                        PARTS.join(", ")
                    ));
                }
            }
        }
        Ok(read)
    }

    pub(crate) fn has(&self, part: &str) -> bool {
        self.parts.is_empty() || self.parts.iter().any(|asked| asked == part)
    }
}

fn number(option: &str, word: Option<String>, least: u64) -> Result<u64, String> {
    let Some(word) = word else { return Err(format!("{option} needs a number behind it")) };
    let number = word.parse().ok().filter(|number| *number >= least);
    number.ok_or_else(|| format!("{option} needs a whole number from {least} on, not \"{word}\""))
}
