//! The keys of all loads, from the epochs that brought them and the checkpoints that sum them up.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{AsArray, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema};
use bytes::Bytes;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::errors::Result as ParquetResult;

use crate::epoch::{Epoch, LoadEntry};
use crate::error::Error;
use crate::location::Location;
use crate::protocol::Log;
use crate::requests::{EPOCHS, loads_file};

/// The keys of all loads are written down at each so many epochs.
pub(crate) const LOAD_INDEX_EPOCHS: u64 = 100;

/// All loads up to an epoch, by key.
#[derive(Debug)]
pub(crate) struct LoadIndex {
    loads: BTreeMap<String, LoadEntry>,
    /// The epoch whose loads come next.
    next: u64,
}

impl LoadIndex {
    /// Begins with the newest checkpoint that is not later than `epoch`, or with the first epoch.
    pub(crate) async fn open(location: &Location, epoch: &Epoch) -> Result<Self, Error> {
        // Where the newest should be, so that the epochs need not be listed.
        let newest = epoch.number - epoch.number % LOAD_INDEX_EPOCHS;
        let mut found = location.read(&loads_file(newest)).await?.map(|bytes| (newest, bytes));
        if found.is_none() {
            found = Self::newest_listed(location, epoch).await?;
        }
        let Some((number, bytes)) = found else {
            return Ok(Self { loads: BTreeMap::new(), next: 0 });
        };
        let path = loads_file(number);
        let loads = decode(bytes).map_err(|err| Error::damaged(&path, err))?;
        Ok(Self { loads, next: number + 1 })
    }

    /// The newest checkpoint that is there and not later than `epoch`.
    async fn newest_listed(
        location: &Location,
        epoch: &Epoch,
    ) -> Result<Option<(u64, Bytes)>, Error> {
        let listed = location.list(EPOCHS).await?;
        let numbers = listed
            .iter()
            .filter_map(|(name, _)| name.strip_suffix(".checkpoint.parquet")?.parse::<u64>().ok());
        let Some(number) = numbers.filter(|number| *number <= epoch.number).max() else {
            return Ok(None);
        };
        let path = loads_file(number);
        let bytes = location.read(&path).await?;
        let bytes = bytes.ok_or_else(|| Error::damaged(&path, "it was there a moment ago"))?;
        Ok(Some((number, bytes)))
    }

    /// Adds the loads of the epochs up to this one.
    pub(crate) async fn advance(
        &mut self,
        location: &Location,
        epoch: &Epoch,
    ) -> Result<(), Error> {
        while self.next <= epoch.number {
            let missing = Error::NoEpoch { number: self.next, newest: epoch.number };
            let head = location.head(self.next).await?.ok_or(missing)?;
            for load in &head.unloads {
                self.loads.remove(&load.key);
            }
            for load in &head.loads {
                self.loads.insert(load.key.clone(), load.clone());
            }
            self.next += 1;
        }
        Ok(())
    }

    pub(crate) fn find(&self, key: &str) -> Option<&LoadEntry> {
        self.loads.get(key)
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &LoadEntry> {
        self.loads.values()
    }

    /// Gives inputs other names, where there is one.
    pub(crate) fn rename_inputs(
        &mut self,
        rename: &(dyn Fn(&str) -> Option<String> + Send + Sync),
    ) {
        for load in self.loads.values_mut() {
            if let Some(name) = rename(&load.input) {
                load.input = name;
            }
        }
    }

    /// Writes the checkpoint of the last epoch that is in it.
    pub(crate) async fn write(&self, location: &Location) -> Result<(), Error> {
        let path = loads_file(self.next - 1);
        let bytes = encode(&self.loads).map_err(|err| Error::storage("encode", &path, err))?;
        location.write(&path, bytes).await
    }
}

fn encode(loads: &BTreeMap<String, LoadEntry>) -> ParquetResult<Bytes> {
    let text = |of: fn(&LoadEntry) -> &str| -> StringArray {
        loads.values().map(|it| Some(of(it))).collect()
    };
    let fields = ["key", "load_id", "input"].map(|name| Field::new(name, DataType::Utf8, false));
    let batch = RecordBatch::try_new(
        Arc::new(Schema::new(fields.to_vec())),
        vec![
            Arc::new(text(|load| &load.key)),
            Arc::new(text(|load| &load.load_id)),
            Arc::new(text(|load| &load.input)),
        ],
    )?;
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), None)?;
    writer.write(&batch)?;
    Ok(writer.into_inner()?.into())
}

fn decode(bytes: Bytes) -> ParquetResult<BTreeMap<String, LoadEntry>> {
    let mut loads = BTreeMap::new();
    for batch in ParquetRecordBatchReaderBuilder::try_new(bytes)?.build()? {
        let batch = batch?;
        let columns = [0, 1, 2].map(|idx| batch.column(idx).as_string::<i32>());
        for row_idx in 0..batch.num_rows() {
            let [key, load_id, input] = columns.map(|column| column.value(row_idx).to_owned());
            loads.insert(key.clone(), LoadEntry { load_id, key, input });
        }
    }
    Ok(loads)
}
