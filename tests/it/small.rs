//! Stores with the rows of a folder of fixtures, small enough to check every answer by hand.

use std::path::{Path, PathBuf};

use brunt::{Input, LoadOptions, OpenOptions, Store};
use brunt_model::{Day, Ts};

/// The day after the fixtures' own.
pub(crate) const NOW: Ts = Ts(20_390 * 86_400_000_000);

pub(crate) fn folder() -> PathBuf {
    fixtures("small")
}

pub(crate) fn fixtures(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures").join(name)
}

/// A new store in memory, loaded with everything in `fixtures/small`.
pub(crate) async fn store() -> Store {
    store_of("small").await
}

/// A new store in memory, loaded with everything in a folder of the fixtures.
pub(crate) async fn store_of(name: &str) -> Store {
    assert_eq!(Day(20_390).start(), NOW);
    let folder = fixtures(name);
    let options =
        OpenOptions { definitions: Some(folder.join("definitions")), ..OpenOptions::default() };
    let store = Store::in_memory_with(options, NOW).await.expect("a store in memory");
    let inputs = Input::find(&folder.to_string_lossy()).expect("the fixtures can be read");
    store.load(&inputs, &LoadOptions::default(), NOW, &|_| ()).await.expect("the fixtures load");
    store
}
