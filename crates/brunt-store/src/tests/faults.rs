//! An object store that fails as real ones do, on demand: refuses, does and says it did not, answers late, dies.
//!
//! It wraps another store, and needs nothing but the `object_store` interface, so that any test binary can include it.

use std::collections::HashMap;
use std::fmt;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard};

use async_trait::async_trait;
use bytes::Bytes;
use chrono::TimeDelta;
use futures::stream::BoxStream;
use futures::{FutureExt, StreamExt};
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta,
    ObjectStore, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};

/// How a put goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// 5xx: nothing was done.
    Refused,
    /// 409, as S3 answers when two conditional puts meet: nothing was done.
    Conflict,
    /// A timeout after it was done.
    LandedThenFailed,
    /// A timeout, and it is done when two more puts have been.
    Late,
    /// Nothing was done, and nothing answers any more.
    Died,
    /// It was done, and nothing answers any more.
    LandedThenDied,
}

/// All that a put can meet and the one who puts survives.
pub(crate) const SURVIVABLE: [Fault; 4] =
    [Fault::Refused, Fault::Conflict, Fault::LandedThenFailed, Fault::Late];

/// An object store with faults; see the module.
#[derive(Debug)]
pub(crate) struct FaultStore {
    inner: Arc<dyn ObjectStore>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Paths of all puts that were asked for.
    puts: Vec<String>,
    at_put: HashMap<usize, Fault>,
    /// One put in so many fails, by a generator with this state; of one path at most two.
    random: Option<(u64, u64)>,
    n_random: HashMap<String, usize>,
    late: Vec<(usize, Path, PutPayload, PutOptions)>,
    dead: bool,
    /// How far the store's clock is ahead, and when each object was written by it.
    ahead: TimeDelta,
    written_ahead: HashMap<Path, TimeDelta>,
}

impl FaultStore {
    pub(crate) fn new(inner: Arc<dyn ObjectStore>) -> Arc<Self> {
        Arc::new(Self { inner, state: Mutex::default() })
    }

    /// Lets the put with this number, counted from 0, go wrong.
    pub(crate) fn at_put(&self, number: usize, fault: Fault) {
        self.state().at_put.insert(number, fault);
    }

    /// Lets one put in `one_in` go wrong in a way that can be survived, and no path more than twice.
    pub(crate) fn at_random(&self, seed: u64, one_in: u64) {
        self.state().random = Some((seed, one_in));
    }

    /// The paths of all puts so far, in order.
    pub(crate) fn puts(&self) -> Vec<String> {
        self.state().puts.clone()
    }

    /// No faults from here on; what is late lands.
    pub(crate) async fn revive(&self) {
        let late = {
            let mut state = self.state();
            state.dead = false;
            state.random = None;
            state.at_put.clear();
            std::mem::take(&mut state.late)
        };
        for (_, path, payload, options) in late {
            let _ = self.inner.put_opts(&path, payload, options).await;
        }
    }

    /// Lets time pass for the store.
    pub(crate) fn pass(&self, time: TimeDelta) {
        self.state().ahead += time;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    fn alive(&self) -> Result<()> {
        if self.state().dead { Err(failure("the store is gone")) } else { Ok(()) }
    }

    fn dated(&self, mut meta: ObjectMeta) -> ObjectMeta {
        let state = self.state();
        meta.last_modified += state.written_ahead.get(&meta.location).copied().unwrap_or_default();
        meta
    }

    async fn put(
        &self,
        path: &Path,
        payload: PutPayload,
        options: PutOptions,
    ) -> Result<PutResult> {
        let done = self.inner.put_opts(path, payload, options).await;
        if done.is_ok() {
            let mut state = self.state();
            let ahead = state.ahead;
            state.written_ahead.insert(path.clone(), ahead);
        }
        done
    }

    /// The fault of this put, and the late ones whose time has come.
    fn next_put(&self, path: &Path) -> (Option<Fault>, Vec<(Path, PutPayload, PutOptions)>) {
        let mut state = self.state();
        let number = state.puts.len();
        state.puts.push(path.to_string());
        let due = state.late.extract_if(.., |late| late.0 <= number);
        let due = due.map(|(_, path, payload, options)| (path, payload, options)).collect();
        let planned = state.at_put.get(&number).copied();
        let drawn = state.random.as_mut().and_then(|(seed, one_in)| {
            // Xorshift: Marsaglia, "Xorshift RNGs", 2003.
            *seed ^= *seed << 13;
            *seed ^= *seed >> 7;
            *seed ^= *seed << 17;
            let kind = usize::try_from(*seed >> 40).unwrap() % SURVIVABLE.len();
            (*seed).is_multiple_of(*one_in).then(|| SURVIVABLE[kind])
        });
        let n_random = state.n_random.entry(path.to_string()).or_default();
        let drawn = drawn.filter(|_| *n_random < 2);
        *n_random += usize::from(drawn.is_some());
        (planned.or(drawn), due)
    }
}

impl fmt::Display for FaultStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FaultStore({})", self.inner)
    }
}

fn failure(text: &'static str) -> Error {
    Error::Generic { store: "faults", source: text.into() }
}

#[async_trait]
impl ObjectStore for FaultStore {
    async fn put_opts(
        &self,
        path: &Path,
        payload: PutPayload,
        options: PutOptions,
    ) -> Result<PutResult> {
        self.alive()?;
        let (fault, due) = self.next_put(path);
        for (path, payload, options) in due {
            let _ = self.put(&path, payload, options).await;
        }
        match fault {
            None => self.put(path, payload, options).await,
            Some(Fault::Refused) => Err(failure("503")),
            Some(Fault::Conflict) => {
                Err(Error::Precondition { path: path.to_string(), source: "409".into() })
            }
            Some(Fault::LandedThenFailed) => {
                let _ = self.put(path, payload, options).await;
                Err(failure("timeout"))
            }
            Some(Fault::Late) => {
                let mut state = self.state();
                let number = state.puts.len() + 1;
                state.late.push((number, path.clone(), payload, options));
                Err(failure("timeout"))
            }
            Some(fault @ (Fault::Died | Fault::LandedThenDied)) => {
                if fault == Fault::LandedThenDied {
                    let _ = self.put(path, payload, options).await;
                }
                self.state().dead = true;
                Err(failure("the store is gone"))
            }
        }
    }

    async fn put_multipart_opts(
        &self,
        path: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.alive()?;
        self.inner.put_multipart_opts(path, options).await
    }

    async fn get_opts(&self, path: &Path, options: GetOptions) -> Result<GetResult> {
        self.alive()?;
        let mut found = self.inner.get_opts(path, options).await?;
        found.meta = self.dated(found.meta);
        Ok(found)
    }

    async fn get_ranges(&self, path: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        self.alive()?;
        self.inner.get_ranges(path, ranges).await
    }

    fn delete_stream(
        &self,
        paths: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        match self.alive() {
            Ok(()) => self.inner.delete_stream(paths),
            Err(err) => futures::stream::once(async { Err(err) }).boxed(),
        }
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        if let Err(err) = self.alive() {
            return async { Err(err) }.into_stream().boxed();
        }
        let written_ahead = self.state().written_ahead.clone();
        let listed = self.inner.list(prefix);
        listed
            .map(move |meta| {
                meta.map(|mut meta| {
                    let ahead = written_ahead.get(&meta.location).copied();
                    meta.last_modified += ahead.unwrap_or_default();
                    meta
                })
            })
            .boxed()
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.alive()?;
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.alive()?;
        self.inner.copy_opts(from, to, options).await
    }
}
