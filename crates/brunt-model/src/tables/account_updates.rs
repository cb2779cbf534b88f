//! `account_updates`: the state of an account from `ts` on.

use super::block::{base, correlation, time};
use crate::column::Column;
use crate::column::ColumnType::{Numeric, Text};
use crate::table::{Table, TableKind};

pub(super) fn account_updates() -> Table {
    let mut columns = time();
    columns.extend(correlation(&[]));
    columns.extend([
        Column::new("account_name", Text, "Name of the account."),
        Column::new("mrr", Numeric, "Monthly recurring revenue, in `currency`."),
        Column::new("currency", Text, "ISO 4217 code of `mrr`."),
        Column::new("owner", Text, "Who looks after the account."),
        Column::new("region", Text, "Region of the account."),
        Column::new("status", Text, "Status, such as `active` or `churned`."),
    ]);
    columns.extend(base());
    Table::new(
        "account_updates",
        TableKind::Base,
        "The state of an account from `ts` on.",
        &["account_id"],
        columns,
    )
}
