//! Files of the exports: one a signal and day, written as it comes, so that memory does not grow with the shop.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

use super::calendar_text::day_text;
use crate::visit::DAY;

/// Line files of one signal, one a UTC day, each made when its first line comes.
pub(crate) struct DayFiles {
    dir: PathBuf,
    name: &'static str,
    files: Vec<(i64, BufWriter<File>)>,
    pub(crate) n_bytes: u64,
}

impl DayFiles {
    pub(crate) fn new(dir: PathBuf, name: &'static str) -> io::Result<Self> {
        fs::create_dir_all(&dir)?;
        Ok(Self { dir, name, files: Vec::new(), n_bytes: 0 })
    }

    /// Writes the line to the file of the day of `ts`, and empties the buffer.
    pub(crate) fn write(&mut self, ts: i64, line: &mut String) -> io::Result<()> {
        let day = ts.div_euclid(DAY);
        let known = self.files.iter().position(|(of, _)| *of == day);
        let idx = known.unwrap_or(self.files.len());
        if known.is_none() {
            let path = self.dir.join(format!("{}-{}.jsonl", self.name, day_text(day)));
            self.files.push((day, BufWriter::with_capacity(1 << 17, File::create(path)?)));
        }
        line.push('\n');
        self.n_bytes += line.len() as u64;
        self.files[idx].1.write_all(line.as_bytes())?;
        line.clear();
        Ok(())
    }

    pub(crate) fn finish(self) -> io::Result<u64> {
        for (_, mut file) in self.files {
            file.flush()?;
        }
        Ok(self.n_bytes)
    }
}

/// One file of lines.
pub(crate) struct LineFile {
    file: BufWriter<File>,
    n_bytes: u64,
}

impl LineFile {
    pub(crate) fn new(path: PathBuf) -> io::Result<Self> {
        if let Some(dir) = path.parent() {
            fs::create_dir_all(dir)?;
        }
        Ok(Self { file: BufWriter::new(File::create(path)?), n_bytes: 0 })
    }

    pub(crate) fn write(&mut self, line: &mut String) -> io::Result<()> {
        line.push('\n');
        self.n_bytes += line.len() as u64;
        self.file.write_all(line.as_bytes())?;
        line.clear();
        Ok(())
    }

    pub(crate) fn finish(mut self) -> io::Result<u64> {
        self.file.flush()?;
        Ok(self.n_bytes)
    }
}
