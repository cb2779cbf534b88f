//! Which column a source's key feeds, by the alias registry.

use std::borrow::Cow;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use brunt_model::{Table, TableKind};
use twox_hash::XxHash3_64;

use crate::aliases::{SPAN_END, TICKET_SUBJECT, UserAliases, aliases};
use crate::normalize::form::Form;
use crate::normalize::time::TimeForm;
use crate::normalize::words::fold;
use crate::row::{Level, Offer, Row};
use crate::value::{Scalar, write_field};

/// What a format's keys may mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Attributes, whose names are OpenTelemetry's or a vendor's.
    Attributes,
    /// Whole records of a plain format, where `level` or `id` is a word for a column.
    Record,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Target {
    Column {
        column_idx: usize,
        form: Form,
        order: u32,
        /// The column holds less than the value says, which therefore stays in the attributes too.
        keep: bool,
    },
    /// One flag, whose key is behind this many bytes.
    Flag {
        prefix_len: usize,
    },
    FlagKey,
    FlagVariant,
    Attribute,
}

/// The keys of one table.
#[derive(Debug, Clone)]
pub(crate) struct Router {
    by_name: HashMap<String, (usize, Form, u32)>,
    reach: Reach,
    /// Columns whose values also stay among a resource's attributes, so that an audit can tell where an id was found.
    id_columns: Vec<usize>,
    cache: HashMap<Box<str>, Target, BuildHasherDefault<KeyHasher>>,
    /// The folded keys of the user's own, which mean their column in containers too.
    user_keys: Vec<String>,
}

/// Hashes keys fast. They are a source's own, but no more of them are held than [`CACHE_MAX`].
#[derive(Debug, Default)]
struct KeyHasher(u64);

impl Hasher for KeyHasher {
    fn write(&mut self, bytes: &[u8]) {
        self.0 = XxHash3_64::oneshot_with_seed(self.0, bytes);
    }

    /// The end of a text, which is the only part of its key.
    fn write_u8(&mut self, _: u8) {}

    fn finish(&self) -> u64 {
        self.0
    }
}

/// Columns that only brunt fills, or that only a decoder can.
pub(crate) const NEVER: &[&str] =
    &["day", "load_id", "ts_quality", "attributes", "resource_attributes"];
const NEVER_AS_ATTRIBUTE: &[&str] =
    &["ts", "body", "span_events", "span_links", "message", "kind", "status", "source"];

/// Containers that say nothing of what a key means.
const CONTAINERS: &[&str] = &[
    "baggage.",
    "process.tag.",
    "attributes.",
    "resource.attributes.",
    "resource_attributes.",
    "resource.",
    "fields.",
    "context.",
    "contexts.",
    "extra.",
    "tags.",
    "labels.",
    "properties.",
    "data.",
    "meta.",
    "metadata.",
    "payload.",
    "record.",
    "custom.",
    "global.",
    "event.",
    "user_properties.",
];
/// Those that OTLP attributes have too.
const N_ATTRIBUTE_CONTAINERS: usize = 2;
/// How far a name in a container stands behind the same name at the top.
const CONTAINER_ORDER: u32 = 500;
/// Keys are kept resolved up to this number, which no sane export reaches.
const CACHE_MAX: usize = 4_096;

impl Router {
    pub(crate) fn new(table: &'static Table, reach: Reach, user: &UserAliases) -> Self {
        let mut by_name = HashMap::new();
        let attributes_only = reach == Reach::Attributes && table.kind == TableKind::Base;
        for (column_idx, column) in table.columns.iter().enumerate() {
            let never = NEVER.contains(&column.name)
                || attributes_only && NEVER_AS_ATTRIBUTE.contains(&column.name);
            if !never {
                by_name.insert(fold(column.name), (column_idx, Form::of(column), 0));
            }
        }
        let mut order = 0;
        let mut user_keys = Vec::new();
        for (name, key) in user.of(table) {
            let Some(column_idx) = table.column_idx(name) else { continue };
            let Some(form) = table.columns.get(column_idx).map(Form::of) else { continue };
            order += 1;
            by_name.entry(fold(key)).or_insert((column_idx, form, order));
            user_keys.push(fold(key));
        }
        for alias in aliases() {
            let in_table = alias.tables.is_empty() || alias.tables.contains(&table.name);
            let in_reach = reach == Reach::Record || !alias.plain_words;
            let Some(column_idx) = column_idx(table, alias.column).filter(|_| in_table && in_reach)
            else {
                continue;
            };
            let form = alias.form.or_else(|| table.columns.get(column_idx).map(Form::of));
            for key in alias.keys {
                order += 1;
                let form = form.unwrap_or(if alias.column == SPAN_END {
                    Form::Time(TimeForm::Any)
                } else {
                    Form::Text
                });
                by_name.entry(fold(key)).or_insert((column_idx, form, order));
            }
        }
        let ids = ["session_id", "user_id", "user_pseudo_id", "account_id"];
        let id_columns = ids.iter().filter_map(|name| table.column_idx(name)).collect();
        Self { by_name, reach, id_columns, cache: HashMap::default(), user_keys }
    }

    /// Whether a column's name or an alias is among these keys: the number of columns that they would fill.
    pub(crate) fn n_columns_of(&mut self, keys: &[&str]) -> usize {
        keys.iter().filter(|key| matches!(self.target(key), Target::Column { .. })).count()
    }

    pub(crate) fn target(&mut self, key: &str) -> Target {
        if let Some(target) = self.cache.get(key) {
            return *target;
        }
        let target = self.resolve(key);
        if self.cache.len() < CACHE_MAX {
            self.cache.insert(key.into(), target);
        }
        target
    }

    /// Puts a field where it belongs: into the column that its key feeds, else among the attributes.
    pub(crate) fn field<'a>(
        &mut self,
        row: &mut Row<'a>,
        level: Level,
        key: Cow<'a, str>,
        value: Scalar<'a>,
    ) {
        match self.target(&key) {
            Target::Column { column_idx, form, order, keep } => {
                let is_bare =
                    matches!(&value, Scalar::Text(text) if !text.contains(['?', ':', '#']));
                let keep = keep && !(form == Form::UrlPath && is_bare);
                if keep {
                    row.give_back(&key, &value);
                }
                row.offer(
                    column_idx,
                    Offer { key, value, form, rank: level.rank(order), kept: keep },
                );
            }
            Target::Flag { prefix_len } => {
                let flag = key.get(prefix_len..).unwrap_or_default();
                write_field(&mut row.flags, flag, |out| value.write_json(out));
            }
            Target::FlagKey => row.flag_key = value.into_text(),
            Target::FlagVariant => row.flag_variant = Some(value),
            Target::Attribute if self.reach == Reach::Attributes => row.attribute(&key, &value),
            Target::Attribute => keep(row, &key, &value),
        }
        if let (Some(flag), Some(variant)) = (&row.flag_key, &row.flag_variant) {
            write_field(&mut row.flags, flag, |out| variant.write_json(out));
            (row.flag_key, row.flag_variant) = (None, None);
        }
    }

    pub(crate) fn is_id(&self, column_idx: usize) -> bool {
        self.id_columns.contains(&column_idx)
    }

    fn resolve(&self, key: &str) -> Target {
        if let Some(target) = self.named(key, 0) {
            return target;
        }
        for prefix in ["feature_flags.", "feature_flag_evaluations.", "$feature/"] {
            if key.len() > prefix.len() && key.starts_with(prefix) {
                return Target::Flag { prefix_len: prefix.len() };
            }
        }
        match key {
            "feature_flag.key" => return Target::FlagKey,
            "feature_flag.result.variant" | "feature_flag.variant" => return Target::FlagVariant,
            _ => {}
        }
        let n_containers = match self.reach {
            Reach::Attributes => N_ATTRIBUTE_CONTAINERS,
            Reach::Record => CONTAINERS.len(),
        };
        let inner =
            CONTAINERS.iter().take(n_containers).find_map(|prefix| key.strip_prefix(prefix));
        inner.and_then(|inner| self.named_inside(inner)).unwrap_or(Target::Attribute)
    }

    /// A name inside a container, where plain words mean nothing in particular.
    fn named_inside(&self, key: &str) -> Option<Target> {
        let of_user = self.user_keys.contains(&fold(key));
        let known = of_user
            || aliases().iter().filter(|alias| !alias.plain_words).any(|alias| {
                fold(alias.column) == fold(key)
                    || alias.keys.iter().any(|name| fold(name) == fold(key))
            });
        known.then(|| self.named(key, CONTAINER_ORDER))?
    }

    fn named(&self, key: &str, order_more: u32) -> Option<Target> {
        let (column_idx, form, order) = *self.by_name.get(&fold(key))?;
        Some(Target::Column {
            column_idx,
            form,
            order: order + order_more,
            keep: matches!(form, Form::UrlPath | Form::UserAgent),
        })
    }
}

/// Keeps a field of a record that no column takes. The attributes that a record has apart, its resource's too, stay apart
/// without their prefix.
pub(crate) fn keep(row: &mut Row<'_>, key: &str, value: &Scalar<'_>) {
    let of_resource = ["resource.attributes.", "resource_attributes."];
    match of_resource.iter().find_map(|prefix| key.strip_prefix(prefix)) {
        Some(inner) => row.resource_attribute(inner, value),
        None => row.give_back(key, value),
    }
}

/// The name of a place in a row as mappings have it, the two extra ones included.
pub(crate) fn column_name(table: &Table, column_idx: usize) -> &'static str {
    match (table.columns.get(column_idx), column_idx.checked_sub(table.columns.len())) {
        (Some(column), _) => column.name,
        (None, Some(0)) => "end",
        (None, _) => "subject",
    }
}

/// The place of a column in a row, the two extra ones included.
pub(crate) fn column_idx(table: &Table, name: &str) -> Option<usize> {
    let n_columns = table.columns.len();
    match name {
        SPAN_END => Some(n_columns),
        TICKET_SUBJECT => Some(n_columns + 1),
        _ => table.column_idx(name),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use brunt_model::{table, tables};

    use super::*;

    fn column_of(table_name: &str, reach: Reach, key: &str) -> Option<&'static str> {
        let table = table(table_name).unwrap();
        match Router::new(table, reach, &UserAliases::default()).target(key) {
            Target::Column { column_idx, .. } => {
                table.columns.get(column_idx).map(|column| column.name)
            }
            _ => None,
        }
    }

    #[test]
    fn every_alias_names_a_column_of_its_tables() {
        for alias in aliases() {
            let extra = [SPAN_END, TICKET_SUBJECT].contains(&alias.column);
            let known = |name: &&str| {
                table(name).is_some_and(|table| extra || table.column(alias.column).is_some())
            };
            assert!(alias.tables.iter().all(known), "{alias:?}");
            assert!(
                extra || tables().iter().any(|table| table.column(alias.column).is_some()),
                "{alias:?}"
            );
        }
    }

    #[test]
    fn within_a_table_no_key_is_listed_twice() {
        for table in tables().iter().filter(|table| table.kind == TableKind::Base) {
            let of_table = aliases().iter().filter(|alias| {
                (alias.tables.is_empty() || alias.tables.contains(&table.name))
                    && column_idx(table, alias.column).is_some()
            });
            let mut seen = HashSet::new();
            let twice: Vec<_> = of_table
                .flat_map(|alias| alias.keys)
                .filter(|key| !seen.insert(fold(key)))
                .collect();
            assert!(twice.is_empty(), "{}: {twice:?}", table.name);
        }
    }

    #[test]
    fn names_of_other_vendors_feed_our_columns() {
        for (table, key, column) in [
            ("logs", "traceId", "trace_id"),
            ("logs", "otelTraceID", "trace_id"),
            ("logs", "dd.trace_id", "trace_id"),
            ("spans", "$session_id", "session_id"),
            ("spans", "process.tag.rum.sessionId", "session_id"),
            ("events", "@session.id", "session_id"),
            ("spans", "baggage.user.id", "user_id"),
            ("logs", "$groups.company", "account_id"),
            ("spans", "http.method", "http_request_method"),
            ("logs", "error.stack", "exception_stacktrace"),
            ("logs", "context.usr.id", "user_id"),
            ("ticket_updates", "ticket.id", "ticket_id"),
            ("ticket_updates", "organization_id", "organization_id"),
            ("events", "organization_id", "account_id"),
        ] {
            assert_eq!(column_of(table, Reach::Record, key), Some(column), "{table} {key}");
        }
    }

    #[test]
    fn plain_words_mean_a_column_only_at_the_top_of_a_plain_record() {
        assert_eq!(column_of("logs", Reach::Record, "level"), Some("severity_text"));
        assert_eq!(column_of("logs", Reach::Attributes, "level"), None);
        assert_eq!(column_of("logs", Reach::Record, "data.level"), None);
        assert_eq!(column_of("logs", Reach::Record, "data.session.id"), Some("session_id"));
        assert_eq!(column_of("logs", Reach::Record, "load_id"), None);
    }
}
