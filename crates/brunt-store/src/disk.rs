//! A folder as an object store whose every put is on the disk, name and content, before it returns.
//!
//! `object_store`'s own file system does not sync. After a power cut an epoch could be there while a file that
//! it names is empty, so puts go through the steps of [`Disk`]: write and sync a staged file, give it its name,
//! sync the folder (and the folder above each folder that had to be made).

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use futures::{FutureExt, StreamExt};
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMode, PutMultipartOptions, PutOptions, PutPayload, PutResult, RenameOptions, Result,
    UploadPart,
};
use uuid::Uuid;

/// In the names of files that are being written.
const STAGED: &str = ".staged-";

/// Whether a file is one that a writer had not given its name yet.
pub(crate) fn is_staged(path: &str) -> bool {
    path.contains(STAGED)
}

/// The steps of a put that reach the disk, apart from their order, so that a test can record it.
pub(crate) trait Disk: fmt::Debug + Send + Sync + 'static {
    /// Writes a new file and syncs its content.
    fn write_synced(&self, path: &FilePath, payload: &PutPayload) -> io::Result<()> {
        let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
        payload.iter().try_for_each(|chunk| file.write_all(chunk))?;
        file.sync_all()
    }

    /// Gives a file a second name, if nothing has that name.
    fn link(&self, from: &FilePath, to: &FilePath) -> io::Result<()> {
        fs::hard_link(from, to)
    }

    /// Gives a file another name, whatever had it before.
    fn rename(&self, from: &FilePath, to: &FilePath) -> io::Result<()> {
        fs::rename(from, to)
    }

    /// Makes the names in a folder durable.
    fn sync_folder(&self, path: &FilePath) -> io::Result<()> {
        // Elsewhere a folder cannot be opened, and names are durable with the file.
        if cfg!(unix) { File::open(path)?.sync_all() } else { Ok(()) }
    }
}

/// The disk of the machine.
#[derive(Debug)]
pub(crate) struct SystemDisk;

impl Disk for SystemDisk {}

/// An object store over the file system, rooted at `/`.
#[derive(Debug)]
pub(crate) struct DiskStore {
    files: LocalFileSystem,
    disk: Arc<dyn Disk>,
}

impl DiskStore {
    pub(crate) fn new(disk: Arc<dyn Disk>) -> Self {
        Self { files: LocalFileSystem::new(), disk }
    }
}

impl fmt::Display for DiskStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DiskStore")
    }
}

#[async_trait]
impl ObjectStore for DiskStore {
    async fn put_opts(
        &self,
        location: &Path,
        payload: PutPayload,
        opts: PutOptions,
    ) -> Result<PutResult> {
        let path = self.files.path_to_filesystem(location)?;
        let disk = Arc::clone(&self.disk);
        let put = move || put_synced(disk.as_ref(), &path, &payload, &opts.mode);
        tokio::task::spawn_blocking(put).await?.map_err(|source| {
            let path = location.to_string();
            match source.kind() {
                io::ErrorKind::AlreadyExists => {
                    object_store::Error::AlreadyExists { path, source: source.into() }
                }
                io::ErrorKind::PermissionDenied => {
                    object_store::Error::PermissionDenied { path, source: source.into() }
                }
                _ => object_store::Error::Generic { store: "disk", source: source.into() },
            }
        })?;
        Ok(PutResult { e_tag: None, version: None })
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        _opts: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        let store = Self { files: self.files.clone(), disk: Arc::clone(&self.disk) };
        Ok(Box::new(Upload { store, location: location.clone(), parts: Vec::new() }))
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.files.get_opts(location, options).await
    }

    async fn get_ranges(
        &self,
        location: &Path,
        ranges: &[std::ops::Range<u64>],
    ) -> Result<Vec<Bytes>> {
        self.files.get_ranges(location, ranges).await
    }

    fn delete_stream(
        &self,
        locations: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        self.files.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.files.list(prefix)
    }

    fn list_with_offset(
        &self,
        prefix: Option<&Path>,
        offset: &Path,
    ) -> BoxStream<'static, Result<ObjectMeta>> {
        // The log of a table with many loads is a long flat folder, of which only the end is asked for.
        let folder = prefix.and_then(|prefix| {
            let name = offset.prefix_match(prefix)?.next()?.as_ref().to_owned();
            (prefix.clone().join(name.as_str()) == *offset).then(|| (prefix.clone(), name))
        });
        let Some((folder, after)) = folder else {
            return self.files.list_with_offset(prefix, offset);
        };
        let on_disk = self.files.path_to_filesystem(&folder);
        let listed = async move {
            let list = move || list_flat(&on_disk?, &folder, &after);
            tokio::task::spawn_blocking(list).await?
        };
        let rest = self.files.clone();
        let (prefix, offset) = (prefix.cloned(), offset.clone());
        listed
            .map(move |listed| match listed {
                Ok(Some(found)) => futures::stream::iter(found.into_iter().map(Ok)).boxed(),
                Ok(None) => rest.list_with_offset(prefix.as_ref(), &offset),
                Err(err) => futures::stream::once(futures::future::ready(Err(err))).boxed(),
            })
            .into_stream()
            .flatten()
            .boxed()
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.files.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.files.copy_opts(from, to, options).await
    }

    async fn rename_opts(&self, from: &Path, to: &Path, options: RenameOptions) -> Result<()> {
        self.files.rename_opts(from, to, options).await
    }
}

/// A file that comes in parts: kept until complete, then put like any other.
#[derive(Debug)]
struct Upload {
    store: DiskStore,
    location: Path,
    parts: Vec<Bytes>,
}

#[async_trait]
impl MultipartUpload for Upload {
    fn put_part(&mut self, data: PutPayload) -> UploadPart {
        self.parts.extend(data);
        Box::pin(std::future::ready(Ok(())))
    }

    async fn complete(&mut self) -> Result<PutResult> {
        let payload = std::mem::take(&mut self.parts).into_iter().collect();
        self.store.put_opts(&self.location, payload, PutOptions::default()).await
    }

    async fn abort(&mut self) -> Result<()> {
        self.parts.clear();
        Ok(())
    }
}

/// Stages, syncs, names, and syncs the name.
fn put_synced(
    disk: &dyn Disk,
    path: &FilePath,
    payload: &PutPayload,
    mode: &PutMode,
) -> io::Result<()> {
    let folder = path.parent().ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
    create_folders(disk, folder)?;
    let staged = staged_path(path);
    let named = disk.write_synced(&staged, payload).and_then(|()| match mode {
        PutMode::Create => disk.link(&staged, path),
        PutMode::Overwrite => disk.rename(&staged, path),
        PutMode::Update(_) => Err(io::Error::from(io::ErrorKind::Unsupported)),
    });
    // After a link, or when a step failed. What a killed writer leaves, vacuum finds.
    let _ = fs::remove_file(&staged);
    named?;
    disk.sync_folder(folder)
}

/// The files of a folder with names after this one; `None` where it has folders in it.
fn list_flat(on_disk: &FilePath, folder: &Path, after: &str) -> Result<Option<Vec<ObjectMeta>>> {
    let failed =
        |source: io::Error| object_store::Error::Generic { store: "disk", source: source.into() };
    let entries = match fs::read_dir(on_disk) {
        Err(err) if err.kind() == io::ErrorKind::NotFound => return Ok(Some(Vec::new())),
        entries => entries.map_err(failed)?,
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry.map_err(failed)?;
        if !entry.file_type().map_err(failed)?.is_file() {
            return Ok(None);
        }
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.as_str() <= after || is_staged(&name) {
            continue;
        }
        let metadata = match entry.metadata() {
            // Gone since.
            Err(err) if err.kind() == io::ErrorKind::NotFound => continue,
            metadata => metadata.map_err(failed)?,
        };
        found.push(ObjectMeta {
            location: folder.clone().join(name.as_str()),
            last_modified: metadata.modified().map_err(failed)?.into(),
            size: metadata.len(),
            e_tag: None,
            version: None,
        });
    }
    Ok(Some(found))
}

/// A name beside `path`; the dot hides it from readers of Delta tables.
fn staged_path(path: &FilePath) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}{STAGED}{}", Uuid::new_v4().simple()))
}

/// Makes the folder and those above it, each name synced before the next is made inside.
fn create_folders(disk: &dyn Disk, folder: &FilePath) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    let Some(above) = folder.parent() else { return Ok(()) };
    create_folders(disk, above)?;
    match fs::create_dir(folder) {
        Err(err) if err.kind() != io::ErrorKind::AlreadyExists => Err(err),
        // Another writer may have made it a moment ago and not have synced its name yet.
        _ => disk.sync_folder(above),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use futures::TryStreamExt;
    use object_store::ObjectStoreExt;

    use super::*;

    #[tokio::test]
    async fn a_put_is_synced_before_it_has_its_name_and_its_name_before_it_returns() {
        #[derive(Debug, Default)]
        struct Recorded(Mutex<Vec<String>>);
        impl Recorded {
            fn note(&self, step: &str, path: &FilePath) {
                let name = path.file_name().unwrap().to_string_lossy().into_owned();
                let name = name.trim_start_matches('.').split(STAGED).next().unwrap().to_owned();
                self.0.lock().unwrap().push(format!("{step} {name}"));
            }
        }
        impl Disk for Recorded {
            fn write_synced(&self, path: &FilePath, payload: &PutPayload) -> io::Result<()> {
                self.note("write and sync", path);
                SystemDisk.write_synced(path, payload)
            }
            fn link(&self, from: &FilePath, to: &FilePath) -> io::Result<()> {
                self.note("link", to);
                SystemDisk.link(from, to)
            }
            fn sync_folder(&self, path: &FilePath) -> io::Result<()> {
                self.note("sync folder", path);
                SystemDisk.sync_folder(path)
            }
        }

        let folder = tempfile::Builder::new()
            .prefix("root")
            .rand_bytes(0)
            .tempdir_in(tempfile::tempdir().unwrap().keep());
        let folder = folder.unwrap();
        let disk = Arc::new(Recorded::default());
        let store = DiskStore::new(Arc::clone(&disk) as Arc<dyn Disk>);
        let path = Path::from_absolute_path(folder.path().join("a/b/file")).unwrap();
        let create = || PutOptions::from(PutMode::Create);
        store.put_opts(&path, "one".into(), create()).await.unwrap();
        assert_eq!(
            *disk.0.lock().unwrap(),
            [
                "sync folder root",
                "sync folder a",
                "write and sync file",
                "link file",
                "sync folder b"
            ]
        );

        let again = store.put_opts(&path, "two".into(), create()).await;
        assert!(matches!(again, Err(object_store::Error::AlreadyExists { .. })), "{again:?}");
        assert_eq!(store.get(&path).await.unwrap().bytes().await.unwrap(), "one");
        let listed: Vec<_> = store
            .list(Some(&Path::from_absolute_path(folder.path()).unwrap()))
            .try_collect()
            .await
            .unwrap();
        assert_eq!(listed.len(), 1, "nothing staged is left: {listed:?}");
    }

    #[tokio::test]
    async fn the_end_of_a_listing_is_the_same_in_flat_and_in_deep_folders() {
        let folder = tempfile::tempdir().unwrap();
        let store = DiskStore::new(Arc::new(SystemDisk));
        let root = Path::from_absolute_path(folder.path()).unwrap();
        let listed = async |offset: &str| {
            let found = store.list_with_offset(Some(&root), &root.clone().join(offset));
            let found: Vec<ObjectMeta> = found.try_collect().await.unwrap();
            let mut names: Vec<String> = found
                .iter()
                .map(|meta| format!("{} {}", meta.location.filename().unwrap(), meta.size))
                .collect();
            names.sort();
            names
        };
        assert_eq!(listed("0").await, Vec::<String>::new());
        for (name, text) in [("1.json", "a"), ("2.json", "bb"), ("3.json", "ccc")] {
            store.put(&root.clone().join(name), text.into()).await.unwrap();
        }
        assert_eq!(listed("1.json").await, ["2.json 2", "3.json 3"]);
        assert_eq!(listed("1").await, ["1.json 1", "2.json 2", "3.json 3"]);
        store.put(&root.clone().join("below").join("4.json"), "dddd".into()).await.unwrap();
        assert_eq!(listed("2.json").await, ["3.json 3", "4.json 4"]);
    }

    #[tokio::test]
    async fn a_file_that_came_in_parts_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        let store = DiskStore::new(Arc::new(SystemDisk));
        let path = Path::from_absolute_path(folder.path().join("parts")).unwrap();
        let mut upload = store.put_multipart(&path).await.unwrap();
        upload.put_part("one ".into()).await.unwrap();
        upload.put_part("two".into()).await.unwrap();
        upload.complete().await.unwrap();
        assert_eq!(store.get(&path).await.unwrap().bytes().await.unwrap(), "one two");
    }
}
