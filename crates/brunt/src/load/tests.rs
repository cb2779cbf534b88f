//! Laws of loading, on random rows planted around midnights: the order of loads does not matter, and derived tables are
//! those that deriving everything gives, whatever is derived again for each load.

use std::collections::BTreeMap;
use std::time::Duration;

use arrow::json::LineDelimitedWriter;
use arrow::util::display::array_value_to_string;
use brunt_model::{TableKind, tables};
use proptest::prelude::*;
use serde_json::{Map, Value};

use super::{LoadOptions, plan, run};
use crate::derive::tests::{JOURNEYS, Planted, as_json, planted};
use crate::fixture::NOW;
use crate::load::Input;
use crate::store::Store;

/// How rows come: each in one load, some again in another, whole or with less in them.
#[derive(Debug, Clone)]
struct Deal {
    rows: Vec<(Planted, usize)>,
    again: Vec<(usize, usize, bool)>,
}

const N_LOADS: usize = 5;

/// Groups that depend on a column and on what has none.
const RULES: &str = "schema = 1
[[rule]]
when = { service = \"*\" }
group = \"{default}|{attr.device.type}|{attr.queue}\"
";

fn deal() -> impl Strategy<Value = Deal> {
    let rows = prop::collection::vec((planted(), 0..N_LOADS), 1..40);
    let again = prop::collection::vec((0..40_usize, 0..N_LOADS, any::<bool>()), 0..8);
    (rows, again).prop_map(|(rows, again)| Deal { rows, again })
}

impl Deal {
    /// Lines of each load, by table.
    fn loads(&self) -> Vec<BTreeMap<&'static str, String>> {
        let planted: Vec<Planted> = self.rows.iter().map(|(row, _)| row.clone()).collect();
        let rows = as_json(&planted);
        let mut loads = vec![BTreeMap::<&str, String>::new(); N_LOADS];
        let mut add = |load: usize, table: &'static str, row: &Map<String, Value>| {
            let lines = loads[load].entry(table).or_default();
            lines.push_str(&serde_json::to_string(row).unwrap());
            lines.push('\n');
        };
        for ((_, load), (table, row)) in self.rows.iter().zip(&rows) {
            add(*load, table, &named(row, table));
        }
        for (row, load, poorer) in &self.again {
            let (table, row) = &rows[row % rows.len()];
            let mut row = named(row, table);
            if *poorer {
                for name in ["session_id", "user_id", "duration_ns", "span_name", "device_type"] {
                    row.remove(name);
                }
            }
            add(*load, table, &row);
        }
        loads
    }
}

/// A row with the trace that a span cannot be without.
fn named(row: &Value, table: &str) -> Map<String, Value> {
    let mut row = row.as_object().unwrap().clone();
    row.retain(|_, value| !value.is_null());
    if table == "spans" {
        row.entry("trace_id").or_insert_with(|| format!("{:032x}", 99).into());
    }
    row
}

/// A store after loads in an order.
async fn loaded(
    loads: &[BTreeMap<&'static str, String>],
    order: impl Iterator<Item = usize>,
    part_of_days: u64,
) -> Store {
    let store = Store::in_memory(NOW).await.unwrap();
    store.write_definition("journeys.toml", JOURNEYS).await.unwrap();
    store.write_definition("errors.toml", RULES).await.unwrap();
    for load in order {
        for (table, lines) in &loads[load] {
            let options =
                LoadOptions { table: Some((*table).to_owned()), ..LoadOptions::default() };
            let mut plan = plan(store.definitions().await.unwrap(), &options, NOW).unwrap();
            plan.part_of_days = part_of_days;
            let input =
                Input::from_bytes(format!("{load}-{table}.jsonl"), lines.clone().into_bytes());
            let summary = run::run(&store, &[input], &plan, &|_| ()).await.unwrap();
            assert_eq!(summary.n_rejects(), 0, "{}", summary.to_json());
        }
    }
    store
}

/// All rows of the tables of a kind as JSON, sorted, without what tells loads apart.
async fn rows(store: &Store, kind: TableKind) -> BTreeMap<&'static str, Vec<String>> {
    let head = store.tables().head().await.unwrap();
    let mut all = BTreeMap::new();
    for table in tables().iter().filter(|table| table.kind == kind) {
        let snapshot = store.tables().snapshot(&head, table.name).await.unwrap();
        let mut rows = Vec::new();
        for file in &snapshot.files {
            let mut writer = LineDelimitedWriter::new(Vec::new());
            for batch in store.tables().read(file, None).await.unwrap() {
                writer.write(&batch).unwrap();
            }
            writer.finish().unwrap();
            let text = String::from_utf8(writer.into_inner()).unwrap();
            rows.extend(text.lines().map(|line| {
                let mut row: Map<String, Value> = serde_json::from_str(line).unwrap();
                row.remove("load_id");
                Value::Object(row).to_string()
            }));
        }
        rows.sort();
        all.insert(table.name, rows);
    }
    all
}

/// By connected rows whatever their number, and by whole days.
const CONNECTED: u64 = 0;
const WHOLE: u64 = u64::MAX;

async fn check(deal: &Deal, shift: usize, backwards: bool) {
    let loads = deal.loads();
    let there: Vec<usize> = (0..N_LOADS).collect();
    let mut back: Vec<usize> = (0..N_LOADS).map(|load| (load + shift) % N_LOADS).collect();
    if backwards {
        back.reverse();
    }
    let first = loaded(&loads, there.into_iter(), CONNECTED).await;
    let second = loaded(&loads, back.iter().copied(), CONNECTED).await;
    let whole = loaded(&loads, back.iter().copied(), WHOLE).await;
    let base = rows(&first, TableKind::Base).await;
    assert_eq!(base, rows(&second, TableKind::Base).await, "base tables by order");
    let derived = rows(&first, TableKind::Derived).await;
    assert_eq!(derived, rows(&second, TableKind::Derived).await, "derived tables by order");
    assert_eq!(derived, rows(&whole, TableKind::Derived).await, "derived by whole days");
    first.derive_all(NOW).await.unwrap();
    assert_eq!(derived, rows(&first, TableKind::Derived).await, "derived all");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, ..ProptestConfig::default() })]

    #[test]
    fn the_order_of_loads_does_not_matter_and_derived_tables_are_those_of_deriving_all(
        deal in deal(),
        shift in 0..N_LOADS,
        backwards in any::<bool>(),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(check(&deal, shift, backwards));
    }
}

#[test]
fn a_program_may_allow_two_threads_for_blocking_work() {
    let line = |n: u32| format!("{{\"ts\":\"2025-10-28T10:00:00Z\",\"message\":\"a {n}\"}}\n");
    // What the second load has waits between the decoder and the writer, while that looks for rows of the first.
    let inputs = [0..1, 1..150_000].map(|range| {
        Input::from_bytes(format!("{range:?}"), range.map(line).collect::<String>().into_bytes())
    });
    let options = LoadOptions { table: Some("logs".to_owned()), ..LoadOptions::default() };
    let folder = tempfile::tempdir().unwrap();
    let loaded = async {
        let store = Store::open_or_create(folder.path().to_str().unwrap(), NOW).await.unwrap();
        for input in inputs {
            store.load(&[input], &options, NOW, &|_| ()).await.unwrap();
        }
        store.derive_all(NOW).await.unwrap();
        store.sql("SELECT count(*) FROM logs").await.unwrap().collect().await.unwrap()
    };
    let in_time = async { tokio::time::timeout(Duration::from_mins(2), loaded).await };
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.max_blocking_threads(2).enable_all().build().unwrap();
    let counted = runtime.block_on(in_time).expect("a task waits for itself");
    assert_eq!(array_value_to_string(counted[0].column(0), 0).unwrap(), "150000");
}
