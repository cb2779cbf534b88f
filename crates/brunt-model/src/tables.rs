//! All tables, in the order in which data travels through them.

mod account_updates;
mod accounts;
mod activities;
mod block;
mod duplicates;
mod error_aliases;
mod error_group_updates;
mod errors;
mod events;
mod journey_steps;
mod loads;
mod logs;
mod redactions;
mod rejects;
mod releases;
mod sessions;
mod spans;
mod ticket_updates;
mod tickets;
mod traces;

use std::sync::LazyLock;

use crate::table::Table;

static TABLES: LazyLock<Vec<Table>> = LazyLock::new(|| {
    vec![
        logs::logs(),
        spans::spans(),
        events::events(),
        ticket_updates::ticket_updates(),
        account_updates::account_updates(),
        releases::releases(),
        sessions::sessions(),
        traces::traces(),
        activities::activities(),
        errors::errors(),
        journey_steps::journey_steps(),
        tickets::tickets(),
        accounts::accounts(),
        loads::loads(),
        rejects::rejects(),
        duplicates::duplicates(),
        redactions::redactions(),
        error_aliases::error_aliases(),
        error_group_updates::error_group_updates(),
    ]
});

/// All tables: base, then derived, then system.
pub fn tables() -> &'static [Table] {
    &TABLES
}

/// The table of this name; system tables go by their bare name.
pub fn table(name: &str) -> Option<&'static Table> {
    TABLES.iter().find(|table| table.name == name)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::table::TableKind;

    #[test]
    fn every_table_has_its_time_and_day_first_and_its_sort_key() {
        for table in tables() {
            assert_eq!(table.columns[0].name, table.time_column(), "{}", table.name);
            assert_eq!(table.columns[1].name, "day", "{}", table.name);
            for key in table.sort_key {
                assert!(table.column(key).is_some(), "{} has no column {key}", table.name);
            }
        }
    }

    #[test]
    fn column_names_are_unique_snake_case_and_documented() {
        for table in tables() {
            let mut seen = HashSet::new();
            for column in &table.columns {
                let snake = column
                    .name
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
                assert!(snake && seen.insert(column.name), "{}.{}", table.name, column.name);
                assert!(column.doc.ends_with('.'), "{}.{}", table.name, column.name);
            }
        }
    }

    #[test]
    fn base_tables_end_with_the_base_block() {
        for table in tables().iter().filter(|table| table.kind == TableKind::Base) {
            assert_eq!(
                table.columns.last().map(|column| column.name),
                Some("resource_attributes"),
                "{}",
                table.name
            );
        }
    }
}
