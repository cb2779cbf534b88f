//! What to doubt of a file that was loaded without a complaint.

use std::collections::BTreeMap;

use brunt_ingest::{Feed, Format};
use brunt_model::Day;

use super::summary::TableCounts;

/// Of fewer records nothing is said.
const RECORDS_MIN: u64 = 100;

/// Columns without which a log says neither who failed nor whether anything did.
const TELLING: [&str; 4] = ["service_name", "severity_number", "severity_text", "exception_type"];

/// How many rows of a file have no time, by table.
#[derive(Debug, Default)]
pub(super) struct Undated(BTreeMap<&'static str, u64>);

impl Undated {
    /// Takes in the days of a table's new rows.
    pub(super) fn add(&mut self, table: &'static str, days: &[Day]) {
        let n_undated = days.iter().filter(|day| **day == Day::UNDATED).count() as u64;
        if n_undated > 0 {
            *self.0.entry(table).or_default() += n_undated;
        }
    }
}

/// What to tell of a file.
pub(super) fn doubts(
    tables: &[TableCounts],
    format: Format,
    feeds: &[Feed],
    Undated(n_undated): Undated,
) -> impl Iterator<Item = String> {
    let undated = n_undated.into_iter().map(|(table, n_undated)| undated(table, n_undated));
    undated.chain(untold(tables, format, feeds))
}

fn undated(table: &str, n: u64) -> String {
    let (rows, have) = if n == 1 { ("row", "has") } else { ("rows", "have") };
    format!(
        "{n} {rows} of {table} {have} no time that could be read: stored under 1970-01-01, and ts_quality says why"
    )
}

/// Says where no log of a file has a service or a severity: they are likely there, and were not found.
fn untold(tables: &[TableCounts], format: Format, feeds: &[Feed]) -> Option<String> {
    let logs = tables.iter().find(|counts| counts.table.as_deref() == Some("logs"))?;
    let tells = |feed: &Feed| {
        feed.table == "logs" && TELLING.contains(&feed.column) && feed.n_values > feed.n_unread
    };
    if logs.n_records < RECORDS_MIN || feeds.iter().any(tells) {
        return None;
    }
    // Lines of text have no keys that a mapping could begin with.
    let begun = if format.is_generic() {
        " (`brunt load --explain --write-mapping mapping.toml FILE` begins one)"
    } else {
        ""
    };
    Some(format!(
        "none of {} logs has a service or a severity, so no errors are found in them: if they are there, a mapping file \
         says where{begun}",
        logs.n_records
    ))
}

#[cfg(test)]
mod tests {
    use crate::fixture::NOW;
    use crate::{FileOutcome, Input, LoadOptions, Store};

    async fn warnings(line: &str, n_lines: usize) -> Vec<String> {
        warnings_of("logs", line, n_lines).await
    }

    async fn warnings_of(table: &str, line: &str, n_lines: usize) -> Vec<String> {
        let store = Store::in_memory(NOW).await.unwrap();
        let lines: String =
            (0..n_lines).map(|n| line.replace('#', &n.to_string()) + "\n").collect();
        let options = LoadOptions { table: Some(table.to_owned()), ..LoadOptions::default() };
        let name = if line.starts_with('{') { "a.jsonl" } else { "a.log" };
        let inputs = [Input::from_bytes(name, lines.into_bytes())];
        let mut summary = store.load(&inputs, &options, NOW, &|_| ()).await.unwrap();
        match summary.files.remove(0).outcome {
            FileOutcome::Loaded { warnings, .. } => warnings,
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn many_logs_without_service_and_severity_are_doubted() {
        let bare = r#"{"ts":"2025-10-28T10:00:00Z","message":"a #"}"#;
        let told = warnings(bare, 100).await;
        assert!(told[0].starts_with("none of 100 logs has a service or a severity"), "{told:?}");
        assert_eq!(warnings(bare, 99).await, Vec::<String>::new());
        assert!(told[0].ends_with("FILE` begins one)"), "{told:?}");
        let line = "2025-10-28 10:00:00 a #";
        let told = warnings(line, 100).await;
        assert!(told[0].ends_with("a mapping file says where"), "{told:?}");
        let level = r#"{"ts":"2025-10-28T10:00:00Z","message":"a #","level":"info"}"#;
        assert_eq!(warnings(level, 100).await, Vec::<String>::new());
    }

    #[tokio::test]
    async fn rows_without_a_readable_time_are_told() {
        let told = "2 rows of logs have no time that could be read: stored under 1970-01-01, and ts_quality says why";
        let bare = r#"{"message":"a #"}"#;
        assert_eq!(warnings(bare, 2).await, [told]);
        // Nobody can say which of three zones it is.
        let ambiguous = r#"{"ts":"28 Oct 10:00 IST","message":"a #"}"#;
        assert_eq!(warnings(ambiguous, 2).await, [told]);
        // The richer copy of a row takes its place, and is the same row.
        let copies = "{\"event_id\":\"#\",\"type\":\"click\"}\n{\"event_id\":\"#\",\"type\":\"click\",\"user_id\":\"u\"}";
        let told = told.replace("logs", "events");
        assert_eq!(warnings_of("events", copies, 2).await, [told]);
    }
}
