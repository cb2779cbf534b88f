//! A store as other programs embed it: load, derive, ask, keep.

use std::path::PathBuf;
use std::sync::Arc;

use brunt_model::Ts;
use brunt_store::{Optimized, StoreOptions, Vacuumed};
use url::Url;

use crate::check::{self, Finding};
use crate::definitions::{self, DefinitionFile, Definitions};
use crate::error::Error;
use crate::groups::{self, ErrorExplanation, Regrouping};
use crate::load::{
    self, Expired, Explanation, ForgetOptions, Input, LoadOptions, LoadSummary, Progress, Receipt,
    Subject, Unloaded,
};
use crate::session::{Answer, Engine, EngineOptions, Session};
use crate::states::{self, GroupUpdate, UpdatedGroup};
use crate::status::{self, Status};
use crate::system;

/// A store. Clones share memory, caches and connections.
#[derive(Debug, Clone)]
pub struct Store {
    engine: Arc<Engine>,
    /// In place of the store's own definitions.
    definitions: Option<PathBuf>,
}

/// How a store is opened.
#[derive(Debug, Clone, Default)]
pub struct OpenOptions {
    /// A local folder of definitions (`journeys.toml`, `errors.toml`, `redaction.toml`, `aliases.toml`, `traffic.toml`), in place of the store's own.
    pub definitions: Option<PathBuf>,
    /// Memory in bytes that all queries together may take before they spill or fail; `None` is no bound.
    pub memory_limit: Option<u64>,
}

impl Store {
    /// Opens the store at a folder's path or a URL (`file://`, `s3://`).
    ///
    /// # Errors
    /// [`crate::Code::StoreMissing`] where there is none, [`crate::Code::StoreTooNew`] where a newer brunt made it.
    pub async fn open(place: &str) -> Result<Self, Error> {
        Self::open_with(place, OpenOptions::default()).await
    }

    /// Opens the store with options; see [`Store::open`].
    pub async fn open_with(place: &str, options: OpenOptions) -> Result<Self, Error> {
        Self::over(brunt_store::Store::open(place, &StoreOptions::default()).await?, options)
    }

    /// Opens the store, or makes an empty one where there is none; `now` becomes the time of its first epoch.
    pub async fn open_or_create(place: &str, now: Ts) -> Result<Self, Error> {
        Self::open_or_create_with(place, OpenOptions::default(), now).await
    }

    /// Opens or makes the store with options; see [`Store::open_or_create`].
    pub async fn open_or_create_with(
        place: &str,
        options: OpenOptions,
        now: Ts,
    ) -> Result<Self, Error> {
        Self::over(
            brunt_store::Store::open_or_create(place, &StoreOptions::default(), now).await?,
            options,
        )
    }

    /// A new store in memory, gone with its last clone.
    pub async fn in_memory(now: Ts) -> Result<Self, Error> {
        Self::in_memory_with(OpenOptions::default(), now).await
    }

    /// A new store in memory with options; see [`Store::in_memory`].
    pub async fn in_memory_with(options: OpenOptions, now: Ts) -> Result<Self, Error> {
        Self::over(brunt_store::Store::in_memory(now).await?, options)
    }

    /// Over a store that is open already, for callers that bring their own object store.
    pub fn over(store: brunt_store::Store, options: OpenOptions) -> Result<Self, Error> {
        let limit = options.memory_limit.map(|limit| usize::try_from(limit).unwrap_or(usize::MAX));
        let engine_options =
            EngineOptions { memory_limit_bytes: limit, ..EngineOptions::default() };
        let engine = Engine::new(store, &engine_options)?;
        Ok(Self { engine, definitions: options.definitions })
    }

    /// The store's root; ends with `/`.
    pub fn url(&self) -> &Url {
        self.tables().url()
    }

    /// Loads inputs in one epoch: each file is stored whole or not at all, with its derived tables, and the same file
    /// twice is one load. A file that is refused is named in the summary and does not stop the others.
    ///
    /// `now` bounds sane times and becomes the time of the load; `on_progress` is called after every batch of rows. The
    /// runtime must allow one thread more for blocking work than there are loads at a time; tokio's default is 512.
    ///
    /// # Errors
    /// What concerns all inputs: wrong definitions, a mapping that cannot be used, an unknown format or table, and
    /// failures of the store. Nothing is stored then.
    pub async fn load(
        &self,
        inputs: &[Input],
        options: &LoadOptions,
        now: Ts,
        on_progress: &(dyn Fn(&Progress) + Send + Sync),
    ) -> Result<LoadSummary, Error> {
        load::run(self, inputs, options, now, on_progress).await
    }

    /// What a load would make of an input, from its first 100,000 rows: the format, the tables, which keys feed which
    /// columns with example values, and a mapping file as a start. Writes nothing.
    ///
    /// # Errors
    /// As [`Store::load`], and [`Error::Input`] where the input is no export or ends in the middle of nowhere.
    pub async fn explain(
        &self,
        input: &Input,
        options: &LoadOptions,
        now: Ts,
    ) -> Result<Explanation, Error> {
        load::explain(self, input, options, now).await
    }

    /// Takes a load back: its rows go, but those that other loads had too become theirs, and what follows from them is
    /// derived again, so that the store is as if the load had never been.
    ///
    /// # Errors
    /// [`crate::Code::InvalidArgument`] where there is no such load.
    pub async fn unload(&self, load_id: &str, now: Ts) -> Result<Unloaded, Error> {
        load::unload(self, load_id, &self.definitions().await?, now).await
    }

    /// Erases a person, an account or a session: rows that are theirs go, also those that only their session or trace
    /// tells to be theirs; their ids are taken out of the rows of others; derived tables follow; and everything that
    /// only earlier epochs need is deleted at once, so that no byte of it can be read any more.
    ///
    /// Whoever reads an earlier epoch meanwhile, or writes, may fail and has to begin anew.
    ///
    /// # Errors
    /// [`crate::Code::Usage`] where ids are stored as hashes and there is no secret to hash the given one with.
    pub async fn forget(
        &self,
        subject: &Subject,
        options: &ForgetOptions,
        now: Ts,
    ) -> Result<Receipt, Error> {
        load::forget(self, subject, options, now).await
    }

    /// Drops the rows that are older than `retention.toml` says, counted back from `now` in whole days, and returns what
    /// was dropped by table; `dry_run` only counts. Their bytes go with [`Store::vacuum`], once no kept epoch names them.
    pub async fn apply_retention(&self, dry_run: bool, now: Ts) -> Result<Vec<Expired>, Error> {
        load::apply_retention(self, dry_run, now).await
    }

    /// Makes all derived tables again from the base tables and the definitions as they are now; returns how many
    /// days it made. The rows are those that the loads made, whatever order they came in.
    pub async fn derive_all(&self, now: Ts) -> Result<usize, Error> {
        load::derive_all(self, now).await
    }

    /// A new session at the newest whole epoch, with settings of its own.
    pub async fn session(&self) -> Result<Session, Error> {
        self.engine.session().await
    }

    /// Runs one query in a session of its own.
    ///
    /// # Errors
    /// A statement that is wrong, would write, or fails; its [`crate::Code`] says which.
    pub async fn sql(&self, text: &str) -> Result<Answer, Error> {
        self.session().await?.sql(text).await
    }

    /// Why an error is in its group: the error of this id, or the best read one of the error group that the id means
    /// ([`Session::find_error_group`]), by the rules that the stored ids were made with.
    ///
    /// # Errors
    /// [`crate::Code::UndefinedObject`] where there is none, and where retention took the rows that it was made of;
    /// [`crate::Code::InvalidArgument`] where several groups begin so.
    pub async fn explain_error(&self, id: &str) -> Result<ErrorExplanation, Error> {
        groups::explain(&self.session().await?, id).await
    }

    /// How a stack that is in no store would be grouped by the rules as they are now, as an error of this service.
    pub async fn explain_stack(
        &self,
        stack: &str,
        service: Option<&str>,
    ) -> Result<ErrorExplanation, Error> {
        Ok(groups::explain_stack(stack, service, &self.definitions().await?.rules))
    }

    /// What the rules of a file would change of the stored groups: the errors since a time are grouped again from their base
    /// rows, and nothing is stored. `file` is the file's name, for messages, and its text.
    ///
    /// # Errors
    /// [`Error::Definition`] where the file is wrong.
    pub async fn test_rules(
        &self,
        (file, text): (&str, &str),
        since: Option<Ts>,
    ) -> Result<Regrouping, Error> {
        let rules = definitions::parse_rules(file, text)?;
        groups::compare(self.session().await?.pinned(), Arc::new(rules), since).await
    }

    /// What deriving everything with the rules as they are now would change of the stored groups; see
    /// [`Store::test_rules`].
    pub async fn test_regrouping(&self, since: Option<Ts>) -> Result<Regrouping, Error> {
        let rules = self.definitions().await?.rules;
        groups::compare(self.session().await?.pinned(), rules, since).await
    }

    /// Keeps what is to hold for an error group from now on, and says what it is then: `id` is its id or one that it had
    /// before, or so much of the beginning as no other group has. `now` becomes the time of the decision.
    ///
    /// # Errors
    /// [`crate::Code::UndefinedObject`] where no group has the id, [`crate::Code::InvalidArgument`] where several begin so.
    pub async fn update_error_group(
        &self,
        id: &str,
        update: &GroupUpdate,
        now: Ts,
    ) -> Result<UpdatedGroup, Error> {
        states::update(self, id, update, now).await
    }

    /// What the store holds, and what waits to be done.
    pub async fn status(&self) -> Result<Status, Error> {
        status::status(self).await
    }

    /// Everything that is wrong with the definitions, and with what they say of this store's tables.
    pub async fn check(&self) -> Result<Vec<Finding>, Error> {
        check::check(self).await
    }

    /// A journey as TOML, proposed from the events and requests that sessions with orders pass in order; `None` where
    /// no session leads to an order.
    pub async fn suggest_journey(&self) -> Result<Option<String>, Error> {
        check::suggest(self).await
    }

    /// A redaction policy as TOML that does what the present one does and would have hidden what personal or secret is
    /// stored, as `system.pii` lists it; `None` where there is nothing.
    pub async fn suggest_redaction(&self) -> Result<Option<String>, Error> {
        let found = system::pii::find(&self.session().await?.pinned()).await?;
        let present = load::policy(&self.definitions().await?, None)?;
        Ok((!found.is_empty()).then(|| brunt_ingest::policy_for(&found, &present)))
    }

    /// Merges the files of days that have several, table by table.
    pub async fn optimize(&self, now: Ts) -> Result<Optimized, Error> {
        let mut all = Optimized::default();
        for table in brunt_model::tables() {
            let done = self.tables().optimize(now, table.name, None).await?;
            all.n_days += done.n_days;
            all.n_days_dropped += done.n_days_dropped;
            all.n_files_before += done.n_files_before;
            all.n_files_after += done.n_files_after;
        }
        Ok(all)
    }

    /// Deletes files that no kept epoch names and that are older than a day by the store's own clock; `dry_run` only
    /// names them.
    pub async fn vacuum(&self, dry_run: bool) -> Result<Vacuumed, Error> {
        Ok(self.tables().vacuum(dry_run).await?)
    }

    /// Keeps a file of definitions in the store's own folder of them, in place of one of the same name.
    ///
    /// # Errors
    /// [`Error::Definition`] where the definitions would be wrong with it; nothing is kept then.
    pub async fn write_definition(&self, name: &str, text: &str) -> Result<(), Error> {
        let mut files = self.definition_files().await?;
        files.retain(|file| file.name != name);
        files.push(DefinitionFile { name: name.to_owned(), text: text.to_owned() });
        Definitions::parse(files)?;
        Ok(self.tables().write_user_definition(name, text.to_owned().into()).await?)
    }

    pub(crate) fn tables(&self) -> &brunt_store::Store {
        self.engine.store()
    }

    /// Nothing, where the definitions as they are now can be used: what a load would say of them.
    ///
    /// # Errors
    /// The first fault, as [`Error::Definition`]; a definition that cannot be read.
    pub async fn verify_definitions(&self) -> Result<(), Error> {
        self.definitions().await.map(|_| ())
    }

    /// The definitions as they are now.
    pub(crate) async fn definitions(&self) -> Result<Definitions, Error> {
        let definitions = Definitions::parse(self.definition_files().await?)?;
        Ok(Definitions { grouped: Some(Arc::clone(self.engine.grouped())), ..definitions })
    }

    pub(crate) async fn definition_files(&self) -> Result<Vec<DefinitionFile>, Error> {
        if let Some(folder) = &self.definitions {
            return definitions::read_folder(folder);
        }
        let mut files = Vec::new();
        for (name, bytes) in self.tables().user_definitions().await? {
            if [".toml", ".yaml", ".yml"].iter().any(|ending| name.ends_with(ending)) {
                let text = String::from_utf8(bytes.to_vec()).map_err(|_| Error::Definition {
                    file: name.clone(),
                    line: 0,
                    message: "the file is not UTF-8 text".to_owned(),
                    hint: None,
                })?;
                files.push(DefinitionFile { name, text });
            }
        }
        Ok(files)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_send<T: Send>(_: &T) {}

    #[tokio::test]
    async fn futures_can_be_spawned() {
        let store = Store::in_memory(Ts(0)).await.unwrap();
        is_send(&store.load(&[], &LoadOptions::default(), Ts(0), &|_| {}));
        is_send(&store.unload("", Ts(0)));
        is_send(&store.forget(&Subject::User(String::new()), &ForgetOptions::default(), Ts(0)));
        is_send(&store.apply_retention(true, Ts(0)));
        is_send(&store.derive_all(Ts(0)));
        is_send(&store.sql("SELECT 1"));
        is_send(&store.optimize(Ts(0)));
        is_send(&store.vacuum(true));
        is_send(&store.status());
        is_send(&store.check());
        is_send(&store.explain_error(""));
        is_send(&store.explain_stack("", None));
        is_send(&store.test_rules(("", ""), None));
        is_send(&store.test_regrouping(None));
        let reopen = GroupUpdate { decision: crate::Decision::Reopen, comment: None, actor: None };
        is_send(&store.update_error_group("", &reopen, Ts(0)));
        is_send(&store.suggest_journey());
        is_send(&store.suggest_redaction());
        is_send(&store.write_definition("journeys.toml", ""));
    }
}
