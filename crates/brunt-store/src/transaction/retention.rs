//! Retention: days of a table that are dropped as a whole, and from which day on it is whole.

use brunt_model::Day;

use super::Transaction;
use crate::error::Error;
use crate::requests::table_named;

impl Transaction {
    /// Drops the rows of all days before this one but [`Day::UNDATED`]; where there were any, notes that the table is whole
    /// only from it on. Returns how many rows went.
    ///
    /// # Errors
    /// Those of reading the table's log.
    pub async fn drop_days_before(&mut self, table: &str, first: Day) -> Result<u64, Error> {
        let table = table_named(table)?;
        let mut n_rows = 0;
        for file in self.read_table(table.name).await? {
            if file.day < first && file.day != Day::UNDATED {
                n_rows += file.n_rows;
                self.remove_file(table, &file, true);
            }
        }
        if n_rows > 0 && self.first_day(table.name).is_none_or(|known| known < first) {
            self.first_days.insert(table.name.to_owned(), first);
        }
        Ok(n_rows)
    }

    /// The first day of a table that is still whole; `None` where retention took nothing of it.
    pub fn first_day(&self, table: &str) -> Option<Day> {
        self.first_days.get(table).or_else(|| self.base.first_days.get(table)).copied()
    }
}
