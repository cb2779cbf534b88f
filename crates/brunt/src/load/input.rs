//! What is loaded: files by path, folder or glob, objects by URL, or bytes in memory.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{Cursor, Read};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use tempfile::{NamedTempFile, TempPath};
use twox_hash::XxHash3_128;
use url::Url;

use super::remote;
use crate::code::Code;
use crate::error::{Error, Fault};

/// One input of a load.
#[derive(Debug, Clone)]
pub struct Input {
    name: String,
    is_named: bool,
    source: Source,
}

#[derive(Debug, Clone)]
enum Source {
    File(PathBuf),
    /// A copy that goes away with its last user.
    Spooled(Arc<TempPath>),
    Bytes(Arc<[u8]>),
}

impl Input {
    /// Bytes in memory, under a name that decides their format as a file's name would.
    pub fn from_bytes(name: impl Into<String>, bytes: impl Into<Arc<[u8]>>) -> Self {
        Self { name: name.into(), is_named: true, source: Source::Bytes(bytes.into()) }
    }

    /// Copies a stream into a temporary file, since a load is known by its content before any of it is read.
    ///
    /// # Errors
    /// Those of the stream and of the temporary folder (`TMPDIR`).
    pub fn from_reader(name: impl Into<String>, reader: &mut dyn Read) -> std::io::Result<Self> {
        let mut spool = NamedTempFile::new()?;
        std::io::copy(reader, &mut spool)?;
        Ok(Self::spooled(name.into(), spool.into_temp_path()))
    }

    pub(crate) fn spooled(name: String, path: TempPath) -> Self {
        Self { name, is_named: true, source: Source::Spooled(Arc::new(path)) }
    }

    /// The inputs of a place: a path as in [`Input::find`], or a URL. An object, all objects below a prefix, or what a
    /// glob matches for `s3://`, `gs://` and `az://`, whose credentials come from the environment; one object for
    /// `https://`, such as a pre-signed URL. Objects are copied to the temporary folder first.
    ///
    /// # Errors
    /// `22P04` where nothing is there or it cannot be had, [`Error::Io`] where a folder cannot be read.
    pub async fn open(place: &str) -> Result<Vec<Self>, Error> {
        match Url::parse(place) {
            Ok(url) if place.contains("://") && url.scheme() != "file" => remote::fetch(&url).await,
            Ok(url) if url.scheme() == "file" => match url.to_file_path() {
                Ok(path) => Self::find(&path.to_string_lossy()),
                Err(()) => Self::find(place),
            },
            _ => Self::find(place),
        }
    }

    /// The inputs of a path: the file itself, all files below a folder, or what a glob (`logs/*.jsonl`) matches.
    ///
    /// They come sorted by path; hidden files and folders are passed over.
    ///
    /// # Errors
    /// `22P04` where nothing is there, [`Error::Io`] where a folder cannot be read.
    pub fn find(path: &str) -> Result<Vec<Self>, Error> {
        let (mut paths, mut seen) = (Vec::new(), BTreeSet::new());
        let is_named = Path::new(path).is_file();
        if Path::new(path).is_dir() {
            push_files_below(Path::new(path), &mut paths, &mut seen)?;
        } else if Path::new(path).exists() {
            paths.push(PathBuf::from(path));
        } else {
            for found in glob::glob(path).into_iter().flatten().flatten() {
                if found.is_dir() {
                    push_files_below(&found, &mut paths, &mut seen)?;
                } else {
                    paths.push(found);
                }
            }
        }
        if paths.is_empty() {
            return Err(Fault::new(
                Code::InputRefused,
                format!("input \"{path}\" does not exist or holds no file"),
            )
            .with_hint("Give a file, a folder, a glob in quotes, or - for standard input.")
            .into());
        }
        paths.sort();
        Ok(paths
            .into_iter()
            .map(|path| without_here(&path))
            .map(|path| Self {
                name: path.display().to_string(),
                is_named,
                source: Source::File(path),
            })
            .collect())
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether somebody asked for this very input, rather than for the folder or glob that it was found by.
    pub fn is_named(&self) -> bool {
        self.is_named
    }

    /// A reader over the bytes as they are stored, from their start.
    pub(crate) fn reader(&self) -> Result<Box<dyn Read + Send>, Error> {
        let path: &Path = match &self.source {
            Source::Bytes(bytes) => return Ok(Box::new(Cursor::new(Arc::clone(bytes)))),
            Source::File(path) => path,
            Source::Spooled(path) => path,
        };
        Ok(Box::new(File::open(path).map_err(|source| self.unreadable(source))?))
    }

    /// The hash of the content and its size in bytes; the whole input is read, and little of it kept.
    pub(crate) fn digest(&self) -> Result<(u128, u64), Error> {
        let mut reader = self.reader()?;
        let mut hasher = XxHash3_128::new();
        let mut n_bytes = 0;
        let mut buffer = vec![0; 1 << 20];
        loop {
            let n_read = reader.read(&mut buffer).map_err(|source| self.unreadable(source))?;
            if n_read == 0 {
                return Ok((hasher.finish_128(), n_bytes));
            }
            hasher.write(&buffer[..n_read]);
            n_bytes += n_read as u64;
        }
    }

    #[expect(clippy::needless_pass_by_value, reason = "`map_err` hands it over")]
    fn unreadable(&self, source: std::io::Error) -> Error {
        Fault::new(Code::InputRefused, format!("input \"{}\" cannot be read", self.name))
            .with_detail(format!("The system says: {source}."))
            .into()
    }
}

/// `./a/./b` is `a/b`, so that one file has one name.
pub(super) fn without_here(path: &Path) -> PathBuf {
    path.components().filter(|part| !matches!(part, Component::CurDir)).collect()
}

/// Files below a folder, each folder once: links may lead back up.
fn push_files_below(
    folder: &Path,
    paths: &mut Vec<PathBuf>,
    seen: &mut BTreeSet<PathBuf>,
) -> Result<(), Error> {
    let unreadable =
        |source| Error::Io { action: "read folder", path: folder.display().to_string(), source };
    if !seen.insert(folder.canonicalize().map_err(unreadable)?) {
        return Ok(());
    }
    let entries: Result<Vec<PathBuf>, _> =
        fs::read_dir(folder).map_err(unreadable)?.map(|entry| Ok(entry?.path())).collect();
    let mut entries = entries.map_err(unreadable)?;
    entries.sort();
    for path in entries {
        if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.')) {
            continue;
        }
        if path.is_dir() { push_files_below(&path, paths, seen)? } else { paths.push(path) }
    }
    Ok(())
}
