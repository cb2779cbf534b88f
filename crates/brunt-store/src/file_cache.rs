//! What a write reads of data files again and again: small files whole, and footers. Files never change.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use bytes::Bytes;
use parquet::file::metadata::ParquetMetaData;

/// Past so many bytes all is forgotten and begun anew.
const BYTES_MAX: usize = 64 << 20;

/// Files by path.
#[derive(Debug, Default)]
pub(crate) struct FileCache {
    files: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    files: HashMap<String, Arc<CachedFile>>,
    n_bytes: usize,
}

/// What is known of a file.
#[derive(Debug, Default)]
pub(crate) struct CachedFile {
    /// All of it, where it is small.
    pub(crate) whole: OnceLock<Bytes>,
    /// Its footer, with the page index.
    pub(crate) metadata: OnceLock<Arc<ParquetMetaData>>,
}

impl FileCache {
    /// What is known of a file, which may be nothing yet; `n_bytes` is about what there will be to know.
    pub(crate) fn file(&self, path: &str, n_bytes: usize) -> Arc<CachedFile> {
        let mut kept = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(file) = kept.files.get(path) {
            return Arc::clone(file);
        }
        if kept.n_bytes + n_bytes > BYTES_MAX {
            *kept = Kept::default();
        }
        kept.n_bytes += n_bytes;
        Arc::clone(kept.files.entry(path.to_owned()).or_default())
    }
}
