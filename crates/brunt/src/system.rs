//! Schema `system`: what the store knows of itself, and what the session can do.

mod aliases;
mod epochs;
mod files;
mod formats;
mod functions;
mod loads;
mod mappings;
pub(crate) mod pii;
mod settings;

use std::sync::Arc;

use datafusion::catalog::TableProvider;

use crate::scan::StoreTable;
use crate::session::Core;

use crate::computed::Computed;

const NAMES: [&str; 14] = [
    "aliases",
    "duplicates",
    "epochs",
    "error_aliases",
    "error_group_updates",
    "files",
    "formats",
    "functions",
    "loads",
    "mappings",
    "pii",
    "redactions",
    "rejects",
    "settings",
];

/// The names of its tables, in order.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    NAMES.into_iter()
}

/// A table by its name, at the session's epoch.
pub(crate) fn table(name: &str, core: &Arc<Core>) -> Option<Arc<dyn TableProvider>> {
    let pin = core.pin();
    Some(match name {
        "aliases" => Arc::new(Computed::new(aliases::Aliases { pin })),
        "formats" => Arc::new(Computed::new(formats::Formats)),
        "epochs" => Arc::new(Computed::new(epochs::Epochs { pin })),
        "files" => Arc::new(Computed::new(files::Files { pin })),
        "functions" => Arc::new(Computed::new(functions::Functions { core: Arc::clone(core) })),
        "loads" => Arc::new(Computed::new(loads::Loads { pin })),
        "mappings" => Arc::new(Computed::new(mappings::Mappings { pin })),
        "pii" => Arc::new(Computed::new(pii::Pii { pin })),
        "duplicates" | "error_aliases" | "error_group_updates" | "redactions" | "rejects" => {
            Arc::new(StoreTable::new(pin, brunt_model::table(name)?))
        }
        "settings" => Arc::new(Computed::new(settings::Settings)),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use crate::fixture::{ask, empty_store, put, session};

    #[tokio::test]
    async fn epochs_and_files_are_those_of_the_pinned_epoch() {
        let store = empty_store().await;
        put(
            &store,
            "events",
            r#"{"ts":"2025-10-01T10:00:00Z","event_kind":"click","session_id":"s1"}"#,
        )
        .await;
        put(&store, "errors", r#"{"ts":"2025-10-02T10:00:00Z","error_id":"e1"}"#).await;
        let session = session(&store).await;
        assert_eq!(
            ask(&session, "SELECT epoch, committed_at, n_loads FROM system.epochs ORDER BY epoch")
                .await,
            ["0|2025-10-29T01:06:40Z|0", "1|2025-10-29T01:06:40Z|1", "2|2025-10-29T01:06:40Z|0"]
        );
        assert_eq!(
            ask(&session, "SELECT table_name, day, n_rows, ts_min = ts_max, path LIKE table_name || '/day=%.parquet' FROM system.files ORDER BY 1").await,
            ["errors|2025-10-02|1|true|true", "events|2025-10-01|1|true|true"]
        );
        ask(&session, "SET brunt.epoch = 1").await;
        session.pin().await.unwrap();
        assert_eq!(ask(&session, "SELECT count(*) FROM system.epochs").await, ["2"]);
        assert_eq!(ask(&session, "SELECT table_name FROM system.files").await, ["events"]);
    }

    #[tokio::test]
    async fn loads_name_the_epoch_that_committed_them() {
        let store = empty_store().await;
        put(
            &store,
            "events",
            r#"{"ts":"2025-10-01T10:00:00Z","event_kind":"click","session_id":"s1"}"#,
        )
        .await;
        let mut reader = arrow::json::ReaderBuilder::new(brunt_model::table("loads").unwrap().schema())
            .build(&br#"{"loaded_at":"2025-10-29T01:06:40Z","day":"2025-10-29","load_id":"load-events-0","table_name":"events","n_rows":1}
{"loaded_at":"2025-10-29T01:06:40Z","day":"2025-10-29","load_id":"forgotten","table_name":"events","n_rows":1}"#[..])
            .unwrap();
        let rows = reader.next().unwrap().unwrap();
        store
            .write::<_, brunt_store::Error>(crate::fixture::NOW, async |tx| {
                tx.add_system_rows("loads", rows.clone()).await
            })
            .await
            .unwrap();
        let session = session(&store).await;
        assert_eq!(
            ask(&session, "SELECT load_id, epoch, n_rows, input FROM system.loads ORDER BY 1")
                .await,
            ["forgotten|NULL|1|NULL", "load-events-0|1|1|NULL"]
        );
        assert_eq!(ask(&session, "SELECT count(*) FROM system.rejects").await, ["0"]);
    }

    #[tokio::test]
    async fn functions_and_settings_are_listed_for_people() {
        let session = session(&empty_store().await).await;
        assert_eq!(
            ask(&session, "SELECT kind, arguments FROM system.functions WHERE name = 'wilson'")
                .await,
            ["scalar|successes bigint, n bigint [, confidence double precision]"]
        );
        let all = ask(&session, "SELECT count(*) > 200, count(DISTINCT name) = count(*), bool_and(kind IN ('scalar', 'aggregate', 'window', 'table')) FROM system.functions").await;
        assert_eq!(all, ["true|true|true"]);
        let abs = ask(
            &session,
            "SELECT arguments, returns FROM system.functions WHERE name = 'starts_with'",
        )
        .await;
        assert_eq!(abs, ["str text, substr text|boolean"]);
        assert_eq!(
            ask(&session, "SELECT name, value FROM system.settings WHERE name LIKE 'brunt.%' AND settable ORDER BY name").await,
            ["brunt.confidence|0.95", "brunt.epoch|newest"]
        );
    }

    #[tokio::test]
    async fn the_information_schema_lists_tables_views_and_system_tables() {
        let session = session(&empty_store().await).await;
        assert_eq!(
            ask(
                &session,
                "SELECT table_schema, table_name, table_type FROM information_schema.tables \
                 WHERE table_name IN ('logs', 'orders', 'loads', 'journeys') ORDER BY 2"
            )
            .await,
            [
                "public|journeys|BASE TABLE",
                "system|loads|BASE TABLE",
                "public|logs|BASE TABLE",
                "public|orders|VIEW"
            ]
        );
        let n_columns = ask(
            &session,
            "SELECT count(*) > 500 FROM information_schema.columns WHERE table_schema = 'public'",
        )
        .await;
        assert_eq!(n_columns, ["true"]);
    }
}
