//! `accounts`: each account in its latest state, from all its exported states.

use std::collections::{BTreeMap, BTreeSet};

use arrow::record_batch::RecordBatch;
use brunt_model::{Day, Ts, day_of};

use super::Rows;
use super::output::Columns;
use super::read::base_table;
use super::whole::{States, micros, text};
use crate::error::Error;

/// The accounts of all days; rows without an account are passed over. Its time is that of its newest state, its columns
/// are the newest values, revenue and currency from one row.
///
/// # Errors
/// Those of reading.
pub(super) async fn derive(
    tables: &mut impl Rows,
    days: &BTreeSet<Day>,
) -> Result<BTreeMap<Day, Vec<RecordBatch>>, Error> {
    let base = base_table("account_updates")?;
    let by_time = |rows: &RecordBatch, row: usize| micros(rows, "ts", row);
    let states = States::read(tables, base, days.iter().copied(), by_time).await?;
    let mut by_account: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
    for row in (0_u32..).take(states.rows.num_rows()) {
        if let Some(account) = text(&states.rows, "account_id", row as usize) {
            by_account.entry(account).or_default().push(row);
        }
    }
    let mut by_day: BTreeMap<Day, Vec<(i64, &Vec<u32>)>> = BTreeMap::new();
    for rows in by_account.values() {
        let ts = rows.last().map_or(0, |row| micros(&states.rows, "ts", *row as usize));
        by_day.entry(day_of(Ts(ts))).or_default().push((ts, rows));
    }
    let mut batches = BTreeMap::new();
    for (day, mut accounts) in by_day {
        // By hour; those of one hour are by account already.
        accounts.sort_by_key(|(ts, _)| Ts(*ts).hour());
        batches.insert(day, write(&states, &accounts)?);
    }
    Ok(batches)
}

fn write(states: &States, accounts: &[(i64, &Vec<u32>)]) -> Result<Vec<RecordBatch>, Error> {
    let table = base_table("accounts")?;
    let mut columns = Columns::new(table, accounts.len());
    for column in &table.columns {
        if states.rows.column_by_name(column.name).is_none() {
            continue;
        }
        // An amount is worth nothing beside another row's currency.
        let told_by = if column.name == "currency" { "mrr" } else { column.name };
        let rows: Vec<Option<u32>> = accounts
            .iter()
            .map(|(_, rows)| states.newest(told_by, rows))
            .collect::<Result<_, _>>()?;
        columns.set(column.name, states.take(column.name, &rows)?);
    }
    columns.times(&accounts.iter().map(|(ts, _)| *ts).collect::<Vec<_>>());
    columns.finish()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::derive::testing::Memory;

    #[test]
    fn an_account_is_its_newest_values() {
        let mut memory = Memory::default();
        memory
            .add("account_updates", &[
                json!({"ts": "2025-01-06T10:00:00Z", "account_id": "a", "account_name": "Acme", "mrr": "10", "currency": "EUR"}),
                json!({"ts": "2025-01-08T10:00:00Z", "account_id": "a", "plan_tier": "pro", "currency": "USD"}),
                json!({"ts": "1970-01-01T00:00:00Z", "account_id": "b"}),
                json!({"ts": "2025-01-06T10:00:00Z", "account_name": "nobody"}),
            ])
            .derive_whole();
        let accounts = memory.rows("accounts");
        assert_eq!(accounts.len(), 2);
        assert_eq!(accounts[0]["account_id"], "b");
        let account = &accounts[1];
        assert_eq!(account["ts"], "2025-01-08T10:00:00Z");
        assert_eq!(
            (&account["account_name"], &account["plan_tier"]),
            (&json!("Acme"), &json!("pro"))
        );
        assert_eq!(account["currency"], "EUR");
    }

    #[test]
    fn an_account_that_moved_leaves_its_old_day() {
        let mut memory = Memory::default();
        memory.add("account_updates", &[json!({"ts": "2025-01-06T10:00:00Z", "account_id": "a"})]);
        memory.derive_whole();
        memory.add("account_updates", &[json!({"ts": "2025-01-09T10:00:00Z", "account_id": "a"})]);
        assert_eq!(memory.derive_whole().rows("accounts").len(), 1);
    }
}
