//! A store with the rows of `fixtures/small`, small enough to check every answer by hand.

use std::path::{Path, PathBuf};

use brunt::{Input, LoadOptions, OpenOptions, Store};
use brunt_model::{Day, Ts};

/// The day after the fixtures' own.
pub(crate) const NOW: Ts = Ts(20_390 * 86_400_000_000);

pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/small")
}

/// A new store in memory, loaded with everything in the folder.
pub(crate) async fn store() -> Store {
    assert_eq!(Day(20_390).start(), NOW);
    let options =
        OpenOptions { definitions: Some(folder().join("definitions")), ..OpenOptions::default() };
    let store = Store::in_memory_with(options, NOW).await.expect("a store in memory");
    let inputs = Input::find(&folder().to_string_lossy()).expect("fixtures/small can be read");
    store.load(&inputs, &LoadOptions::default(), NOW, &|_| ()).await.expect("fixtures/small loads");
    store
}
