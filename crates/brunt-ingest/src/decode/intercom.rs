//! Intercom: conversations with their parts, as its API lists them, and tables of a warehouse.

use crate::decode::record::Record;
use crate::decode::shape::{self, Given};
use crate::decode::ticket::{body, give, names, ticket_id, update};
use crate::fill::Refusal;
use crate::format::Spec;
use crate::value::Value;

const SOURCE: &str = "intercom";

pub(crate) static SPEC: Spec = Spec {
    name: "intercom",
    about: "Intercom conversations, from its API or a warehouse",
    is: |head| {
        if head.is_json {
            return ["", "conversations.", "data."].iter().any(|place| {
                let has = |key: &str| head.has_key(&[place, key].concat());
                has("company_id") && has("monthly_spend")
                    || has("id") && has("state") && has("source.delivered_as")
                    || has("conversation_parts.conversation_parts")
            });
        }
        let header = head.csv_header();
        let has = |name: &&str| header.iter().any(|held| held == name);
        ["source_delivered_as", "source_author_id", "state"].iter().all(has)
            || ["conversation_id", "part_type", "author_id"].iter().all(has)
            || ["company_id", "monthly_spend"].iter().all(has)
    },
    is_generic: false,
    decode: |plan, source, load| {
        shape::decode(&["conversations", "data", ""], record, plan, source, load)
    },
};

fn record<'a>(mut record: Value<'a>, given: &mut Given<'a>) -> Result<(), Refusal> {
    if record.get("company_id").is_some() && record.get("state").is_none() {
        company(record, given);
        return Ok(());
    }
    if record.get("part_type").is_some() {
        let id = ticket_id(&mut record, &["conversation_id"])?;
        part(record, &id, given);
        return Ok(());
    }
    conversation(record, given)
}

fn conversation<'a>(mut conversation: Value<'a>, given: &mut Given<'a>) -> Result<(), Refusal> {
    let id = ticket_id(&mut conversation, &["id", "conversation_id"])?;
    for one in conversation.take_objects("conversation_parts.conversation_parts") {
        part(one, &id, given);
    }
    let mut out = update(SOURCE, "chat", &id);
    out.put("subject", body(conversation.take_any(&["source.subject", "source_subject", "title"])));
    out.put("message", body(conversation.take_any(&["source.body", "source_body"])));
    let is_closed = conversation.text_at("state") == Some("closed");
    for (column, keys) in [
        ("status", ["state", "state"]),
        ("priority", ["priority", "priority"]),
        ("channel", ["source.type", "source_type"]),
        ("created_at", ["created_at", "created_at"]),
        ("updated_at", ["updated_at", "updated_at"]),
        ("satisfaction", ["conversation_rating.rating", "conversation_rating_value"]),
    ] {
        out.put(column, conversation.take_any(&keys));
    }
    if is_closed {
        out.put("solved_at", conversation.take_any(&["statistics.last_close_at"]));
    }
    out.put("labels", names(conversation.take_at("tags.tags"), "name"));
    let contacts = conversation.take_objects("contacts.contacts");
    let mut contact = contacts.into_iter().next().unwrap_or(Value::Object(Vec::new()));
    out.put("user_id", contact.take("external_id"));
    let author = ["source.author.id", "source_author_id"];
    out.put("requester_id", contact.take("id").or_else(|| conversation.take_any(&author)));
    out.put("account_id", conversation.take_any(&["company.company_id", "company.id"]));
    conversation.take("type");
    give(given, out, conversation);
    Ok(())
}

/// A company is an account.
fn company<'a>(mut company: Value<'a>, given: &mut Given<'a>) {
    let mut out = Record::default();
    out.put("ts", company.take_any(&["updated_at", "created_at"]));
    out.put("account_id", company.take("company_id"));
    out.put("account_name", company.take("name"));
    out.put("mrr", company.take("monthly_spend"));
    out.put("plan_tier", company.take_any(&["plan.name", "plan_name"]));
    given.record("account_updates", out.rest(company));
}

/// A part of a conversation: what was said is a comment, and what was done to the conversation a state.
fn part<'a>(mut part: Value<'a>, id: &Value<'a>, given: &mut Given<'a>) {
    let ts = part.take_any(&["created_at", "updated_at"]);
    let status = match part.text_at("part_type") {
        Some("close") => Some("closed"),
        Some("open") => Some("open"),
        Some("snoozed") => Some("snoozed"),
        _ => None,
    };
    let author = part.take_any(&["author.id", "author_id"]);
    let said = part.take("body").filter(|body| !body.is_blank());
    part.take("type");
    let part_id = part.take("id");
    let is_said = said.is_some();
    let row = |kind| {
        let mut out = update(SOURCE, kind, id);
        out.put("ts", ts.clone());
        out.put("author_id", author.clone());
        out.put("part_id", part_id.clone());
        out
    };
    if status.is_some() || !is_said {
        let mut out = row("ticket");
        out.text("status", status);
        give(given, out, part.clone());
    }
    if is_said {
        let mut out = row("comment");
        out.put("message", body(said));
        give(given, out, part);
    }
}
