//! What to doubt of a file that was loaded without a complaint.

use brunt_ingest::Feed;

use super::summary::TableCounts;

/// Of fewer records nothing is said.
const RECORDS_MIN: u64 = 100;

/// Columns without which a log says neither who failed nor whether anything did.
const TELLING: [&str; 4] = ["service_name", "severity_number", "severity_text", "exception_type"];

/// Says where no log of a file has a service or a severity: they are likely there, and were not found.
pub(super) fn doubts(tables: &[TableCounts], feeds: &[Feed]) -> Option<String> {
    let logs = tables.iter().find(|counts| counts.table.as_deref() == Some("logs"))?;
    let tells = |feed: &Feed| {
        feed.table == "logs" && TELLING.contains(&feed.column) && feed.n_values > feed.n_unread
    };
    if logs.n_records < RECORDS_MIN || feeds.iter().any(tells) {
        return None;
    }
    Some(format!(
        "none of {} logs has a service or a severity, so no errors are found in them: if they are there, a mapping file \
         says where (`brunt load --explain --write-mapping mapping.toml FILE` begins one)",
        logs.n_records
    ))
}

#[cfg(test)]
mod tests {
    use crate::fixture::NOW;
    use crate::{FileOutcome, Input, LoadOptions, Store};

    async fn warnings(line: &str, n_lines: usize) -> Vec<String> {
        let store = Store::in_memory(NOW).await.unwrap();
        let lines: String =
            (0..n_lines).map(|n| line.replace('#', &n.to_string()) + "\n").collect();
        let options = LoadOptions { table: Some("logs".to_owned()), ..LoadOptions::default() };
        let inputs = [Input::from_bytes("a.jsonl", lines.into_bytes())];
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
        let level = r#"{"ts":"2025-10-28T10:00:00Z","message":"a #","level":"info"}"#;
        assert_eq!(warnings(level, 100).await, Vec::<String>::new());
    }
}
