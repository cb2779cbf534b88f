//! The blocks of columns that tables share: time, correlation, and what every base row has.

use crate::column::Column;
use crate::column::ColumnType::{Date, Double, Json, Text, Timestamp};

/// `ts` and `day`, first in every table but the system ones.
pub(super) fn time() -> Vec<Column> {
    vec![
        Column::required(
            "ts",
            Timestamp,
            "Time of the row: a span's start, a session's first row.",
        ),
        Column::required("day", Date, "UTC date of `ts`; the partition."),
    ]
}

/// The correlation block K, without the named columns.
pub(super) fn correlation(without: &[&str]) -> Vec<Column> {
    let columns = [
        Column::new("trace_id", Text, "Trace, 32 lower-case hexadecimal digits."),
        Column::new("span_id", Text, "Span, 16 lower-case hexadecimal digits."),
        Column::new("session_id", Text, "Session."),
        Column::new("user_id", Text, "Known user."),
        Column::new("user_pseudo_id", Text, "Anonymous user: device, installation or browser."),
        Column::new(
            "account_id",
            Text,
            "Account (company, tenant, organisation) that the user belongs to.",
        ),
        Column::new("plan_tier", Text, "Plan of the account or user."),
        Column::new("service_name", Text, "Service that wrote the row."),
        Column::new("service_version", Text, "Version of that service or app."),
        Column::new("deployment_environment_name", Text, "Environment, such as `production`."),
        Column::new("feature_flags", Json, "Feature flags: an object of key to variant."),
        Column::new("experiment_bucket", Text, "Bucket of an experiment."),
        Column::new("geo_country", Text, "Country, ISO 3166-1 alpha-2."),
        Column::new("device_type", Text, "Kind of device, such as `mobile`."),
        Column::new("browser_name", Text, "Browser."),
        Column::new("os_name", Text, "Operating system."),
        Column::new("app_channel", Text, "Channel of the product, such as `web` or `ios`."),
        Column::new("synthetic_type", Text, "`bot` or `test` where the traffic is not a person's."),
    ];
    columns.into_iter().filter(|column| !without.contains(&column.name)).collect()
}

/// The base block B, last in every base table.
pub(super) fn base() -> Vec<Column> {
    vec![
        Column::new("load_id", Text, "Load that stored the row."),
        Column::new(
            "ts_quality",
            Text,
            "NULL where `ts` is as exported, else `inferred missing zero absurd`.",
        ),
        Column::new("observed_at", Timestamp, "When the collector saw the record."),
        Column::new("sample_weight", Double, "How many such rows this one stands for; NULL is 1."),
        Column::new("attributes", Json, "What has no column of its own: an object."),
        Column::new(
            "resource_attributes",
            Json,
            "Attributes of the resource that have no column of their own: an object.",
        ),
    ]
}
