//! Taking a load back: its rows go, but those that other loads had too become theirs, so that the store is as if the
//! load had never been.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, RecordBatch, StringArray};
use arrow::compute::filter_record_batch;
use arrow::datatypes::TimestampMicrosecondType;
use brunt_ingest::identity;
use brunt_model::{Day, Table, TableKind, Ts, tables};
use brunt_store::{LoadEntry, Transaction};
use serde::Serialize;

use super::held::{self, Held};
use super::touched::{PART_OF_DAYS, Touched};
use super::transaction::{WHOLE_FROM, derive_whole};
use crate::code::Code;
use crate::definitions::Definitions;
use crate::error::{Error, Fault};
use crate::store::Store;

/// What taking a load back did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Unloaded {
    /// The file or URL that was read.
    pub input: String,
    /// Rows that are gone.
    pub n_rows_dropped: u64,
    /// Rows that other loads had too, and that are theirs now.
    pub n_rows_kept: u64,
}

/// Takes a load back in an epoch of its own.
pub(crate) async fn run(
    store: &Store,
    load_id: &str,
    definitions: &Definitions,
    now: Ts,
) -> Result<Unloaded, Error> {
    let mut writing = store.tables().writing(now);
    loop {
        let mut tx = writing.begin().await?;
        let found = tx.find_loads(|load| load.load_id == load_id).await?;
        let Some(load) = found.into_iter().next() else { return Err(no_such_load(load_id)) };
        let (mut touched, mut tables) = (Touched::default(), BTreeSet::new());
        let unloaded = take_back(&mut tx, load, &mut touched, &mut tables).await?;
        touched.derive(&mut tx, definitions, PART_OF_DAYS).await?;
        if WHOLE_FROM.iter().any(|name| tables.contains(name)) {
            derive_whole(&mut tx).await?;
        }
        if let Some(committed) = writing.offer(tx, unloaded).await? {
            return Ok(committed.value);
        }
    }
}

/// Takes a load's base rows, counts, redactions, rejects and duplicates out; what follows from them is the caller's to derive.
pub(super) async fn take_back(
    tx: &mut Transaction,
    load: LoadEntry,
    touched: &mut Touched,
    touched_tables: &mut BTreeSet<&'static str>,
) -> Result<Unloaded, Error> {
    let mut unloaded = Unloaded { input: load.input.clone(), ..Unloaded::default() };
    let held = in_order(held::read(tx).await?, &load_times(tx).await?);
    let mut others = Others::new(held, &load.load_id);
    for table in tables().iter().filter(|table| table.kind == TableKind::Base) {
        for file in tx.read_table(table.name).await? {
            let is_of = rows_of(&tx.read(&file, Some(&["load_id"])).await?, &load.load_id);
            if is_of.true_count() == 0 {
                continue;
            }
            let rows = tx.read(&file, None).await?;
            let part = part(table, file.day, &rows, &is_of, &mut others)?;
            for (batch, gone) in rows.iter().zip(&part.gone) {
                let days = vec![file.day; batch.num_rows()];
                touched.add(table, batch, &days, |row_idx| gone[row_idx]);
            }
            touched_tables.insert(table.name);
            unloaded.n_rows_dropped += part.n_dropped;
            unloaded.n_rows_kept += part.n_kept;
            tx.replace_rows(&file, part.rows).await?;
            if let Some(restored) = part.restored {
                let days = vec![file.day; restored.num_rows()];
                touched.add(table, &restored, &days, |_| true);
                tx.restore(table.name, &restored).await?;
            }
        }
    }
    if others.is_changed {
        for file in tx.read_table("duplicates").await? {
            tx.replace_rows(&file, Vec::new()).await?;
        }
        held::write(tx, &others.into_held()).await?;
    }
    for name in ["loads", "redactions", "rejects"] {
        for file in tx.read_table(name).await? {
            let is_of = rows_of(&tx.read(&file, Some(&["load_id"])).await?, &load.load_id);
            let keep: BooleanArray = is_of.iter().map(|is_of| is_of.map(|is_of| !is_of)).collect();
            tx.drop_rows(&file, &keep).await?;
        }
    }
    tx.remove_load(load);
    Ok(unloaded)
}

/// What becomes of a file.
struct Part {
    rows: Vec<RecordBatch>,
    /// Which rows of each batch are not there any more.
    gone: Vec<Vec<bool>>,
    /// Rows of other loads that say something else than those which go.
    restored: Option<RecordBatch>,
    n_dropped: u64,
    n_kept: u64,
}

fn part(
    table: &'static Table,
    day: Day,
    batches: &[RecordBatch],
    is_of: &BooleanArray,
    others: &mut Others,
) -> Result<Part, Error> {
    let mut part =
        Part { rows: Vec::new(), gone: Vec::new(), restored: None, n_dropped: 0, n_kept: 0 };
    let mut restored = Vec::new();
    let mut place = 0;
    for batch in batches {
        let owners = batch.column_by_name("load_id").and_then(|ids| ids.as_string_opt::<i32>());
        let mut load_ids: Vec<Option<String>> = (0..batch.num_rows())
            .map(|row_idx| {
                owners.and_then(|ids| ids.is_valid(row_idx).then(|| ids.value(row_idx).to_owned()))
            })
            .collect();
        let mut keep = vec![true; batch.num_rows()];
        let identities = identity(batch, table);
        for (row_idx, identity) in identities.iter().enumerate() {
            if !is_of.value(place + row_idx) {
                continue;
            }
            let key = (table.name.to_owned(), day, identity.key);
            let heir = if identity.by_content {
                others.take_equal(&key)
            } else {
                others.take_richest(&key, identity.content)
            };
            match heir {
                Some(heir) if heir.row.is_none() => {
                    load_ids[row_idx] = Some(heir.load_id);
                    part.n_kept += 1;
                }
                Some(heir) => {
                    keep[row_idx] = false;
                    restored.push(heir);
                    part.n_kept += 1;
                }
                None => {
                    keep[row_idx] = false;
                    part.n_dropped += 1;
                }
            }
        }
        place += batch.num_rows();
        let relabelled = with_load_ids(batch, load_ids.into_iter().collect())?;
        part.gone.push(keep.iter().map(|keep| !keep).collect());
        part.rows.push(
            filter_record_batch(&relabelled, &BooleanArray::from(keep))
                .map_err(|error| mismatch(table, &error))?,
        );
    }
    if !restored.is_empty() {
        let lines: Vec<String> = restored.iter().filter_map(|held| held.row.clone()).collect();
        let rows = held::rows_from_json(table, &lines)?;
        let ids = restored.into_iter().map(|held| Some(held.load_id)).collect();
        part.restored = Some(with_load_ids(&rows, ids)?);
    }
    Ok(part)
}

/// When each load was loaded.
async fn load_times(tx: &mut Transaction) -> Result<HashMap<String, Ts>, Error> {
    let mut times = HashMap::new();
    for file in tx.read_table("loads").await? {
        for batch in tx.read(&file, Some(&["load_id", "loaded_at"])).await? {
            let column = |name| batch.column_by_name(name);
            let ids = column("load_id").and_then(|ids| ids.as_string_opt::<i32>());
            let at = column("loaded_at")
                .and_then(|at| at.as_primitive_opt::<TimestampMicrosecondType>());
            let (Some(ids), Some(at)) = (ids, at) else { continue };
            let rows = ids.iter().flatten().zip(at.values());
            times.extend(rows.map(|(load_id, at)| (load_id.to_owned(), Ts(*at))));
        }
    }
    Ok(times)
}

/// In the order of the loads that had the rows; a copy that a richer one replaced was noted by a later load than its own.
fn in_order(mut held: Vec<Held>, times: &HashMap<String, Ts>) -> Vec<Held> {
    let at = |held: &Held| times.get(&held.load_id).copied().unwrap_or(held.loaded_at);
    held.sort_by(|one, other| (at(one), &one.load_id).cmp(&(at(other), &other.load_id)));
    held
}

/// Table, day and key of rows.
type Key = (String, Day, u128);

/// The rows that other loads had too, by what tells them apart, in the order of loads.
struct Others {
    by_key: HashMap<Key, Vec<Held>>,
    /// How many equal rows the load that goes had of those that earlier loads had, too.
    n_own: HashMap<Key, usize>,
    /// Of equal rows that go: how many went, and how many copies each other load had.
    equal: HashMap<Key, (usize, Vec<(String, usize)>)>,
    is_changed: bool,
}

impl Others {
    /// Leaves out what the load itself had; a copy that only it kept whole goes to another that had the same.
    fn new(all: Vec<Held>, load_id: &str) -> Self {
        let mut others = Self {
            by_key: HashMap::new(),
            n_own: HashMap::new(),
            equal: HashMap::new(),
            is_changed: false,
        };
        let (own, rest): (Vec<Held>, Vec<Held>) =
            all.into_iter().partition(|held| held.load_id == load_id);
        for held in rest {
            others.by_key.entry((held.table.clone(), held.day, held.key)).or_default().push(held);
        }
        for held in own {
            others.is_changed = true;
            let key = (held.table, held.day, held.key);
            let same = others.by_key.get_mut(&key).into_iter().flatten();
            let mut same = same.filter(|other| other.content == held.content);
            if let Some(row) = held.row
                && let Some(heir) = same.next()
                && heir.row.is_none()
            {
                heir.row = Some(row);
            }
            *others.n_own.entry(key).or_default() += 1;
        }
        others
    }

    /// The heir of one of several equal rows. The nth copy that is stored belongs to the first load that had as many: so
    /// it goes to the next load that had, if there is one.
    fn take_equal(&mut self, key: &Key) -> Option<Held> {
        let (n_gone, n_of_load) = self.equal.entry(key.clone()).or_insert_with(|| {
            let mut n_of_load: Vec<(String, usize)> = Vec::new();
            for held in self.by_key.get(key).into_iter().flatten() {
                match n_of_load.last_mut().filter(|(load_id, _)| *load_id == held.load_id) {
                    Some((_, n)) => *n += 1,
                    None => n_of_load.push((held.load_id.clone(), 1)),
                }
            }
            (0, n_of_load)
        });
        *n_gone += 1;
        let n_before = self.n_own.get(key).copied().unwrap_or_default();
        let (heir, _) = n_of_load.iter().find(|(_, n)| *n >= n_before + *n_gone)?;
        let copies = self.by_key.get_mut(key)?;
        let heir_idx = copies.iter().position(|held| held.load_id == *heir)?;
        self.is_changed = true;
        Some(Held { row: None, ..copies.remove(heir_idx) })
    }

    /// The heir of a row that goes: the richest copy, of equal ones that of the earliest load. Its `row` is `None` where
    /// it is the same as the one that goes; the other heirs of the same content learn what their row says.
    fn take_richest(&mut self, key: &Key, content: u128) -> Option<Held> {
        let copies = self.by_key.get_mut(key)?;
        let richest = copies.iter().map(|held| (held.n_filled, held.content)).max()?;
        let heir_idx = copies.iter().position(|held| (held.n_filled, held.content) == richest)?;
        let mut heir = copies.remove(heir_idx);
        self.is_changed = true;
        if heir.content == content {
            heir.row = None;
        } else if heir.row.is_none() {
            // Another copy of the same content has the text.
            let known =
                copies.iter().find(|held| held.content == heir.content && held.row.is_some());
            heir.row = known.and_then(|held| held.row.clone());
        }
        Some(heir)
    }

    fn into_held(self) -> Vec<Held> {
        let mut held: Vec<Held> = self.by_key.into_values().flatten().collect();
        held.sort_by(|one, other| {
            (one.loaded_at, &one.load_id, one.key).cmp(&(
                other.loaded_at,
                &other.load_id,
                other.key,
            ))
        });
        held
    }
}

fn rows_of(batches: &[RecordBatch], load_id: &str) -> BooleanArray {
    let ids = batches.iter().filter_map(|batch| batch.column(0).as_string_opt::<i32>());
    ids.flat_map(StringArray::iter).map(|id| Some(id == Some(load_id))).collect()
}

fn with_load_ids(batch: &RecordBatch, ids: StringArray) -> Result<RecordBatch, Error> {
    let mut columns: Vec<ArrayRef> = batch.columns().to_vec();
    if let Ok(column_idx) = batch.schema_ref().index_of("load_id") {
        columns[column_idx] = Arc::new(ids);
    }
    RecordBatch::try_new(batch.schema(), columns).map_err(|error| {
        let reason = error.to_string();
        brunt_store::Error::TableMismatch { table: "load_id".to_owned(), reason }.into()
    })
}

fn mismatch(table: &Table, error: &arrow::error::ArrowError) -> Error {
    let reason = error.to_string();
    brunt_store::Error::TableMismatch { table: table.name.to_owned(), reason }.into()
}

fn no_such_load(load_id: &str) -> Error {
    Fault::new(Code::UndefinedObject, format!("there is no load \"{load_id}\""))
        .with_hint("`brunt sql 'SELECT load_id, input, loaded_at FROM system.loads'` lists them.")
        .into()
}
