//! What a write needs is on the disk, content and name, before its epoch has a name.

use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};

use object_store::PutPayload;
use url::Url;

use super::rows::{DAY, append_logs, at};
use crate::Store;
use crate::disk::{Disk, DiskStore, SystemDisk};
use crate::protocol::Log;
use crate::requests::epoch_file;

/// A disk that records its steps.
#[derive(Debug, Default)]
struct RecordedDisk(Mutex<Vec<(&'static str, String)>>);

impl RecordedDisk {
    fn note(&self, step: &'static str, path: &Path) {
        self.0.lock().unwrap().push((step, path.to_str().unwrap().to_owned()));
    }

    /// When a step was last done on a path that ends so.
    fn when(&self, step: &str, path: &str) -> usize {
        let steps = self.0.lock().unwrap();
        let found = steps.iter().rposition(|it| it.0 == step && it.1.ends_with(path));
        found.unwrap_or_else(|| panic!("no {step} of {path} in {steps:#?}"))
    }
}

impl Disk for RecordedDisk {
    fn write_synced(&self, path: &Path, payload: &PutPayload) -> io::Result<()> {
        SystemDisk.write_synced(path, payload)?;
        self.note("write", path);
        Ok(())
    }

    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        SystemDisk.link(from, to)?;
        self.note("name", to);
        Ok(())
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        SystemDisk.rename(from, to)?;
        self.note("name", to);
        Ok(())
    }

    fn sync_folder(&self, path: &Path) -> io::Result<()> {
        SystemDisk.sync_folder(path)?;
        self.note("sync", path);
        Ok(())
    }
}

#[tokio::test]
async fn files_and_folders_are_synced_before_the_epoch_that_names_them() {
    let folder = tempfile::tempdir().unwrap();
    let disk = Arc::new(RecordedDisk::default());
    let objects = Arc::new(DiskStore::new(Arc::clone(&disk) as _));
    let url = Url::from_directory_path(folder.path()).unwrap();
    let store = Store::on(objects, &url, at(DAY, 0)).await.unwrap();
    append_logs(&store, &[(at(DAY, 0), "s", "a"), (at(DAY.plus(1), 0), "s", "b")]).await.unwrap();

    let epoch = disk.when("name", &epoch_file(1));
    let head = store.location().head(1).await.unwrap().unwrap();
    let snapshot = store.snapshot(&head, "logs").await.unwrap();
    assert_eq!(snapshot.files.len(), 2);
    for file in &snapshot.files {
        let day_folder = file.path.rsplit_once('/').unwrap().0;
        let named = disk.when("name", &file.path);
        let day_synced = disk.when("sync", day_folder);
        assert!(named < day_synced && day_synced < epoch, "{}", file.path);
        // The folder of the day was new, and so is its name.
        assert!(disk.when("sync", "/logs") < epoch);
    }
    let epoch_synced = disk.when("sync", "_brunt/epochs");
    let commit = disk.when("name", "logs/_delta_log/00000000000000000001.json");
    assert!(epoch < commit, "the commit comes after its epoch");
    let steps = disk.0.lock().unwrap();
    let synced_before =
        steps[epoch..commit].iter().any(|it| it.0 == "sync" && it.1.ends_with("_brunt/epochs"));
    assert!(synced_before && epoch_synced > epoch, "the epoch is synced before its commits");
}
