//! Freshdesk: tickets, whose words are numbers, and their conversations.

use crate::decode::shape::{self, Given};
use crate::decode::ticket::{body, give, ticket_id, update};
use crate::fill::Refusal;
use crate::format::Spec;
use crate::value::Value;

const SOURCE: &str = "freshdesk";

pub(crate) static SPEC: Spec = Spec {
    name: "freshdesk",
    about: "Freshdesk tickets and conversations",
    is: |head| {
        head.is_json
            && ["", "tickets.", "results.", "data."].iter().any(|place| {
                let has = |key: &&str| head.has_key(&[place, *key].concat());
                ["subject", "fr_due_by", "requester_id"].iter().all(has)
                    || ["body_text", "incoming", "ticket_id"].iter().all(has)
            })
    },
    is_generic: false,
    decode: |plan, source, load| {
        shape::decode(&["tickets", "results", "data", ""], record, plan, source, load)
    },
};

type Codes = &'static [(&'static str, &'static str)];

const STATUSES: Codes = &[
    ("2", "open"),
    ("3", "pending"),
    ("4", "resolved"),
    ("5", "closed"),
    ("6", "waiting_on_customer"),
    ("7", "waiting_on_third_party"),
];
const PRIORITIES: Codes = &[("1", "low"), ("2", "medium"), ("3", "high"), ("4", "urgent")];
const CHANNELS: Codes = &[
    ("1", "email"),
    ("2", "portal"),
    ("3", "phone"),
    ("5", "twitter"),
    ("6", "facebook"),
    ("7", "chat"),
    ("9", "feedback_widget"),
    ("10", "outbound_email"),
];

fn record<'a>(mut record: Value<'a>, given: &mut Given<'a>) -> Result<(), Refusal> {
    if record.get("incoming").is_some() && record.get("subject").is_none() {
        let id = ticket_id(&mut record, &["ticket_id"])?;
        comment(record, &id, given);
        return Ok(());
    }
    ticket(record, given)
}

fn ticket<'a>(mut ticket: Value<'a>, given: &mut Given<'a>) -> Result<(), Refusal> {
    let id = ticket_id(&mut ticket, &["id"])?;
    for one in ticket.take_objects("conversations") {
        comment(one, &id, given);
    }
    let mut out = update(SOURCE, "ticket", &id);
    out.put("subject", ticket.take("subject"));
    let plain = ticket.take_any(&["description_text"]);
    let html = body(ticket.take("description"));
    out.put("message", plain.or(html));
    for (column, key, codes) in [
        ("status", "status", STATUSES),
        ("priority", "priority", PRIORITIES),
        ("channel", "source", CHANNELS),
    ] {
        out.put(column, ticket.take(key).map(|code| word(code, codes)));
    }
    for (column, key) in [
        ("topic", "type"),
        ("labels", "tags"),
        ("created_at", "created_at"),
        ("updated_at", "updated_at"),
        ("requester_id", "requester_id"),
        ("organization_id", "company_id"),
        ("user_id", "requester.unique_external_id"),
    ] {
        out.put(column, ticket.take_at(key));
    }
    out.put("account_id", ticket.take_any(&["company.id"]));
    out.put("solved_at", ticket.take_any(&["stats.resolved_at", "stats.closed_at"]));
    give(given, out, ticket);
    Ok(())
}

fn comment<'a>(mut comment: Value<'a>, id: &Value<'a>, given: &mut Given<'a>) {
    let mut out = update(SOURCE, "comment", id);
    out.put("ts", comment.take("created_at"));
    let plain = comment.take_any(&["body_text"]);
    let html = body(comment.take("body"));
    out.put("message", plain.or(html));
    out.put("updated_at", comment.take("updated_at"));
    out.put("author_id", comment.take("user_id"));
    out.put("comment_id", comment.take("id"));
    comment.take("ticket_id");
    // Numbers of conversations mean other sources than those of tickets.
    out.put("source_code", comment.take("source"));
    give(given, out, comment);
}

/// The word for a number; one that an account made up itself stays a number.
fn word(code: Value<'_>, codes: Codes) -> Value<'_> {
    match codes.iter().find(|(number, _)| code.as_str() == Some(*number)) {
        Some((_, word)) => Value::text(*word),
        None => code,
    }
}
