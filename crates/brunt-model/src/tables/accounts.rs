//! `accounts`: an account in its latest state.

use super::block::time;
use crate::column::Column;
use crate::column::ColumnType::{Numeric, Text};
use crate::table::{Table, TableKind};

pub(super) fn accounts() -> Table {
    let mut columns = time();
    columns.extend([
        Column::new("account_id", Text, "Account."),
        Column::new("account_name", Text, "Name of the account."),
        Column::new("mrr", Numeric, "Monthly recurring revenue, in `currency`."),
        Column::new("currency", Text, "ISO 4217 code of `mrr`."),
        Column::new("owner", Text, "Who looks after the account."),
        Column::new("region", Text, "Region of the account."),
        Column::new("status", Text, "Status, such as `active` or `churned`."),
        Column::new("plan_tier", Text, "Plan of the account."),
    ]);
    Table::new(
        "accounts",
        TableKind::Derived,
        "An account in its latest state.",
        &["account_id"],
        columns,
    )
}
