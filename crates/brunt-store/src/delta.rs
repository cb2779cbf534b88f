//! The actions of a Delta commit as JSON lines: reader version 1, writer version 2, partitioned by day.
//!
//! The form is that of the Delta protocol, <https://github.com/delta-io/delta/blob/master/PROTOCOL.md>.

use brunt_model::{Column, ColumnType, Day, Table, Ts};
use serde_json::{Value, json};
use uuid::Uuid;

/// The application id under which each commit records its epoch.
pub(crate) const APP_ID: &str = "brunt";

/// The lines that begin a table's version 0.
///
/// They are ours, because the kernel's own way to create a table asks for protocol 3 and 7, which fewer readers know.
pub(crate) fn create_table(table: &Table, now: Ts) -> [String; 2] {
    let fields: Vec<Value> = table.columns.iter().map(schema_field).collect();
    let schema = json!({"type": "struct", "fields": fields});
    let metadata = json!({"metaData": {
        "id": Uuid::new_v4().to_string(),
        "name": table.name,
        "description": table.doc,
        "format": {"provider": "parquet", "options": {}},
        "schemaString": schema.to_string(),
        "partitionColumns": ["day"],
        "configuration": {},
        "createdTime": millis(now),
    }});
    [r#"{"protocol":{"minReaderVersion":1,"minWriterVersion":2}}"#.to_owned(), metadata.to_string()]
}

/// What was done, for people who look at a table's history.
pub(crate) fn commit_info(now: Ts, operation: &str) -> String {
    json!({"commitInfo": {
        "timestamp": millis(now),
        "operation": operation,
        "operationParameters": {},
        "engineInfo": concat!("brunt/", env!("CARGO_PKG_VERSION")),
    }})
    .to_string()
}

/// The epoch that a commit belongs to.
pub(crate) fn transaction(epoch: u64, now: Ts) -> String {
    json!({"txn": {"appId": APP_ID, "version": epoch, "lastUpdated": millis(now)}}).to_string()
}

/// A data file as an `add` or `remove` action names it.
#[derive(Debug)]
pub(crate) struct FileAction<'a> {
    /// Relative to the table's folder.
    pub(crate) path: &'a str,
    pub(crate) day: Day,
    pub(crate) size_bytes: u64,
    pub(crate) now: Ts,
    /// False where the same rows only lie in other files.
    pub(crate) data_change: bool,
}

impl FileAction<'_> {
    pub(crate) fn add(&self, statistics: &Value) -> String {
        json!({"add": {
            "path": self.path,
            "partitionValues": {"day": self.day.to_string()},
            "size": self.size_bytes,
            "modificationTime": millis(self.now),
            "dataChange": self.data_change,
            "stats": statistics.to_string(),
        }})
        .to_string()
    }

    pub(crate) fn remove(&self) -> String {
        json!({"remove": {
            "path": self.path,
            "deletionTimestamp": millis(self.now),
            "dataChange": self.data_change,
            "extendedFileMetadata": true,
            "partitionValues": {"day": self.day.to_string()},
            "size": self.size_bytes,
        }})
        .to_string()
    }
}

/// The epoch that a commit says it belongs to; `None` where brunt did not write it.
pub(crate) fn owner_of(commit: &[u8]) -> Option<u64> {
    actions(commit).find_map(|action| {
        let txn = action.get("txn")?;
        (txn.get("appId")?.as_str()? == APP_ID).then(|| txn.get("version")?.as_u64()).flatten()
    })
}

/// The paths of the files that a commit adds, relative to the table's folder.
pub(crate) fn added_paths(commit: &[u8]) -> Vec<String> {
    actions(commit)
        .filter_map(|action| Some(action.get("add")?.get("path")?.as_str()?.to_owned()))
        .collect()
}

/// A time in statistics: microseconds, so that nothing is rounded.
pub(crate) fn timestamp_text(ts: Ts) -> String {
    let day = brunt_model::day_of(ts);
    let micros = ts.0 - day.start().0;
    let (seconds, fraction) = (micros / 1_000_000, micros % 1_000_000);
    format!(
        "{day}T{:02}:{:02}:{:02}.{fraction:06}Z",
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60
    )
}

fn actions(commit: &[u8]) -> impl Iterator<Item = Value> {
    commit.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok())
}

fn millis(ts: Ts) -> i64 {
    ts.0.div_euclid(1000)
}

fn schema_field(column: &Column) -> Value {
    let data_type = match column.ty {
        ColumnType::Text | ColumnType::Json => json!("string"),
        ColumnType::TextArray => {
            json!({"type": "array", "elementType": "string", "containsNull": true})
        }
        ColumnType::SmallInt => json!("short"),
        ColumnType::Int => json!("integer"),
        ColumnType::BigInt => json!("long"),
        ColumnType::Double => json!("double"),
        ColumnType::Boolean => json!("boolean"),
        ColumnType::Timestamp => json!("timestamp"),
        ColumnType::Date => json!("date"),
        ColumnType::Numeric => {
            json!(format!("decimal({},{})", brunt_model::MONEY_PRECISION, brunt_model::MONEY_SCALE))
        }
    };
    json!({
        "name": column.name,
        "type": data_type,
        "nullable": column.nullable,
        "metadata": column.field().metadata(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commit_names_its_epoch_and_its_files() {
        let file = FileAction {
            path: "day=2025-10-28/a.parquet",
            day: Day(20_389),
            size_bytes: 7,
            now: Ts(1_500),
            data_change: true,
        };
        let commit = [
            commit_info(Ts(0), "load"),
            transaction(42, Ts(0)),
            file.add(&json!({"numRecords": 1})),
            file.remove(),
        ]
        .join("\n");
        assert_eq!(owner_of(commit.as_bytes()), Some(42));
        assert_eq!(added_paths(commit.as_bytes()), ["day=2025-10-28/a.parquet"]);
        assert_eq!(owner_of(br#"{"txn":{"appId":"spark","version":42}}"#), None);
        assert_eq!(owner_of(b"no json\n"), None);
    }

    #[test]
    fn times_in_statistics_keep_their_microseconds() {
        // `python3 -c "import datetime as d; print(d.datetime.fromtimestamp(1761661273.000001, d.UTC))"`
        assert_eq!(timestamp_text(Ts(1_761_661_273_000_001)), "2025-10-28T14:21:13.000001Z");
        assert_eq!(timestamp_text(Ts(-1)), "1969-12-31T23:59:59.999999Z");
    }
}
