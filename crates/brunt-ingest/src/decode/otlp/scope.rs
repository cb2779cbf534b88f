//! What a resource and a scope give to each of their records.

use std::borrow::Cow;

use brunt_model::Table;

use super::any_value;
use super::log::text;
use crate::json::{Fault, Json, Kind};
use crate::normalize::form::Form;
use crate::normalize::route::{Router, Target};
use crate::row::{Level, Offer, Row};
use crate::value::{Scalar, write_field};

/// Offers for the columns of every record below, and what has no column.
#[derive(Debug, Clone, Default)]
pub(super) struct Shared<'a> {
    offers: Vec<(usize, Offer<'a>)>,
    flags: String,
    resource_attributes: String,
    attributes: String,
}

pub(super) fn read_resource<'a>(
    json: &mut Json<'a>,
    router: &mut Router,
    table: &'static Table,
    shared: &mut Shared<'a>,
) -> Result<(), Fault> {
    if json.peek()? == Kind::Null {
        return json.null();
    }
    json.enter_object()?;
    while let Some(key) = json.next_key()? {
        match &*key {
            "attributes" => {
                let mut row = Row::new(table);
                any_value::attributes(json, &mut |key, value| {
                    shared.resource_attribute(router, &mut row, key, value);
                })?;
                shared.take_rest(&mut row);
            }
            "droppedAttributesCount" | "dropped_attributes_count" => {
                let n = count(json)?;
                write_count(&mut shared.resource_attributes, "otel.dropped_attributes_count", &n);
            }
            _ => {
                json.skip()?;
            }
        }
    }
    Ok(())
}

pub(super) fn read_scope<'a>(
    json: &mut Json<'a>,
    router: &mut Router,
    table: &'static Table,
    shared: &mut Shared<'a>,
) -> Result<(), Fault> {
    if json.peek()? == Kind::Null {
        return json.null();
    }
    let mut attributes = String::new();
    json.enter_object()?;
    while let Some(key) = json.next_key()? {
        match &*key {
            "name" => {
                let value = text(json)?;
                let rank = Level::Scope.rank(0);
                let offer = Offer {
                    key: Cow::Borrowed("otel.scope.name"),
                    value,
                    form: Form::Text,
                    rank,
                    kept: false,
                };
                shared.offers.extend(table.column_idx("scope_name").map(|idx| (idx, offer)));
            }
            "version" => {
                let version = text(json)?;
                if version.as_str().is_some_and(|version| !version.is_empty()) {
                    write_field(&mut shared.attributes, "otel.scope.version", |out| {
                        version.write_json(out);
                    });
                }
            }
            "attributes" => {
                any_value::attributes(json, &mut |key, value| match router.target(&key) {
                    Target::Column { column_idx, form, order, keep } => {
                        let rank = Level::Scope.rank(order);
                        shared
                            .offers
                            .push((column_idx, Offer { key, value, form, rank, kept: keep }));
                    }
                    _ => write_field(&mut attributes, &key, |out| value.write_json(out)),
                })?;
            }
            "droppedAttributesCount" | "dropped_attributes_count" => {
                let n = count(json)?;
                write_count(&mut attributes, "otel.dropped_attributes_count", &n);
            }
            _ => {
                json.skip()?;
            }
        }
    }
    if !attributes.is_empty() {
        write_field(&mut shared.attributes, "otel.scope.attributes", |out| {
            out.push('{');
            out.push_str(&attributes);
            out.push('}');
        });
    }
    Ok(())
}

/// A number of things that an SDK dropped.
pub(super) fn count<'a>(json: &mut Json<'a>) -> Result<Scalar<'a>, Fault> {
    Ok(match json.peek()? {
        Kind::Number => Scalar::Number(Cow::Borrowed(json.number()?)),
        Kind::Text => Scalar::Text(json.text()?),
        _ => {
            json.skip()?;
            Scalar::Null
        }
    })
}

/// Writes a count that is not zero.
pub(super) fn write_count(out: &mut String, key: &str, n: &Scalar<'_>) {
    if n.as_str().is_some_and(|n| !n.is_empty() && n != "0") {
        write_field(out, key, |out| n.write_json(out));
    }
}

impl<'a> Shared<'a> {
    /// Gives a new record what it shares with the others of its scope. The texts come first: of two offers one goes to the
    /// attributes, behind what is there.
    pub(super) fn apply(&self, row: &mut Row<'a>) {
        row.flags.push_str(&self.flags);
        row.attributes.push_str(&self.attributes);
        row.resource_attributes.push_str(&self.resource_attributes);
        for (column_idx, offer) in &self.offers {
            row.offer(*column_idx, offer.clone());
        }
    }

    pub(super) fn schema_url(&mut self, json: &mut Json<'a>, key: &str) -> Result<(), Fault> {
        if json.peek()? == Kind::Text {
            let url = Scalar::Text(json.text()?);
            if url.as_str().is_some_and(|url| !url.is_empty()) {
                write_field(&mut self.resource_attributes, key, |out| url.write_json(out));
            }
            return Ok(());
        }
        json.skip().map(|_| ())
    }

    fn resource_attribute(
        &mut self,
        router: &mut Router,
        row: &mut Row<'a>,
        key: Cow<'a, str>,
        value: Scalar<'a>,
    ) {
        match router.target(&key) {
            Target::Column { column_idx, form, order, .. } => {
                let kept = router.is_id(column_idx);
                if kept {
                    write_field(&mut self.resource_attributes, &key, |out| value.write_json(out));
                }
                self.offers.push((
                    column_idx,
                    Offer { key, value, form, rank: Level::Resource.rank(order), kept },
                ));
            }
            Target::Attribute => {
                write_field(&mut self.resource_attributes, &key, |out| value.write_json(out));
            }
            Target::Flag { .. } | Target::FlagKey | Target::FlagVariant => {
                router.field(row, Level::Resource, key, value);
            }
        }
    }

    /// Flags that the resource named.
    fn take_rest(&mut self, row: &mut Row<'a>) {
        self.flags = std::mem::take(&mut row.flags);
        row.clear();
    }
}
