//! Events of browsers and apps, which OpenTelemetry writes as log records and brunt keeps with the session events.

use std::borrow::Cow;

use brunt_model::{Table, table};

use crate::aliases::UserAliases;
use crate::json::Json;
use crate::normalize::route::{Reach, Router};
use crate::row::{Level, Row};
use crate::value::{Scalar, Value};

/// How the names of such events begin, in OpenTelemetry's conventions for browsers, apps and sessions.
const PREFIXES: &[&str] = &[
    "browser.",
    "session.start",
    "session.end",
    "app.screen.",
    "app.widget.",
    "app.jank",
    "app.crash",
    "device.app.",
];

/// Turns log records into events.
#[derive(Debug)]
pub(super) struct ClientEvents {
    events: &'static Table,
    router: Router,
    /// For each column of logs the one of events that says the same.
    same_column: Vec<Option<usize>>,
    event_name: usize,
    body: usize,
}

impl ClientEvents {
    /// For log records of this table; `None` for every other table.
    pub(super) fn of(logs: &'static Table, aliases: &UserAliases) -> Option<Self> {
        let events = table("events").filter(|_| logs.name == "logs")?;
        let same = |name: &str| events.column_idx(name);
        Some(Self {
            events,
            router: Router::new(events, Reach::Attributes, aliases),
            same_column: logs.columns.iter().map(|column| same(column.name)).collect(),
            event_name: logs.column_idx("event_name")?,
            body: logs.column_idx("body")?,
        })
    }

    /// The record as an event, where its name is one of a client's; it is taken out of the row then.
    pub(super) fn take<'a>(&mut self, record: &mut Row<'a>) -> Option<Row<'a>> {
        let name = record.value(self.event_name)?.value.as_str()?;
        if !PREFIXES.iter().any(|prefix| name.starts_with(prefix)) {
            return None;
        }
        let mut event = Row::new(self.events);
        let attributes = ["{", &std::mem::take(&mut record.attributes), "}"].concat();
        self.route(&mut event, &attributes);
        event.resource_attributes = std::mem::take(&mut record.resource_attributes);
        event.flags = std::mem::take(&mut record.flags);
        event.flag_key = record.flag_key.take();
        event.flag_variant = record.flag_variant.take();
        let mut n = 0;
        while let Some(column_idx) = record.touched(n) {
            n += 1;
            let Some(offer) = record.take(column_idx) else { continue };
            match self.same_column.get(column_idx).copied().flatten() {
                Some(same_idx) => event.offer(same_idx, offer),
                // Earlier conventions put an event's data into the body.
                None if column_idx == self.body && is_object(&offer.value) => {
                    self.route(&mut event, offer.value.as_str().unwrap_or_default());
                }
                None => event.attribute(&offer.key, &offer.value),
            }
        }
        record.clear();
        Some(event)
    }

    /// Fields that logs have no column for may feed one of events.
    fn route(&mut self, event: &mut Row<'_>, object: &str) {
        let Ok(Value::Object(fields)) = Value::read(&mut Json::new(object)) else { return };
        for (key, value) in fields {
            let (key, value) = (Cow::Owned(key.into_owned()), value.into_owned().to_scalar());
            self.router.field(event, Level::Record, key, value);
        }
    }
}

fn is_object(value: &Scalar<'_>) -> bool {
    matches!(value, Scalar::Json(text) if text.starts_with('{'))
}
