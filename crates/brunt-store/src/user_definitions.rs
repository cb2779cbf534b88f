//! The user's own definitions: text files in the store's `definitions/` folder.

use bytes::Bytes;

use crate::error::Error;
use crate::store::Store;

/// The folder below the root.
const FOLDER: &str = "definitions";

impl Store {
    /// The files of the user's definitions, names and contents, by name. Kept apart from what epochs pin.
    pub async fn user_definitions(&self) -> Result<Vec<(String, Bytes)>, Error> {
        let mut files = Vec::new();
        for (name, _) in self.location().list(FOLDER).await? {
            // A file that was deleted since it was listed is no longer a definition.
            if let Some(bytes) = self.location().read(&format!("{FOLDER}/{name}")).await? {
                files.push((name, bytes));
            }
        }
        files.sort();
        Ok(files)
    }

    /// Writes a file of the user's definitions, in place of one of the same name.
    pub async fn write_user_definition(&self, name: &str, contents: Bytes) -> Result<(), Error> {
        self.location().write(&format!("{FOLDER}/{name}"), contents).await
    }
}
