//! Zendesk: tickets of API pages and incremental exports, audits, ticket events and comments, and tables of a warehouse.

use std::borrow::Cow;

use crate::decode::record::Record;
use crate::decode::shape::{self, Given};
use crate::decode::ticket::{body, give, ticket_id, update};
use crate::fill::Refusal;
use crate::format::Spec;
use crate::value::Value;

const SOURCE: &str = "zendesk";
const NOT_AN_OBJECT: Refusal =
    Refusal { code: "not_an_object", reason: Cow::Borrowed("a record is not an object") };
const LISTS: &[&str] = &[
    "tickets",
    "organizations",
    "ticket_events",
    "audits",
    "ticket_comments",
    "results",
    "ticket",
    "",
];
/// A page of one ticket's comments is a record itself: only the page may know the ticket.
const COMMENTS: &str = "comments";

pub(crate) static SPEC: Spec = Spec {
    name: "zendesk",
    about: "Zendesk tickets, comments, audits and ticket events, from its API or a warehouse",
    is: |head| {
        let keys = head.names();
        let is_record = |place: &str| {
            let has = |name: &&str| {
                keys.iter().any(|key| match place {
                    "" => key == name,
                    _ => {
                        key.strip_prefix(place).and_then(|key| key.strip_prefix('.')) == Some(name)
                    }
                })
            };
            let has_all = |names: &[&str]| names.iter().all(has);
            has_all(&["requester_id", "submitter_id", "subject"])
                || has_all(&["ticket_id", "child_events"])
                || has_all(&["ticket_id", "author_id", "events"])
                || has_all(&["author_id", "html_body", "public"])
                || has_all(&["shared_tickets", "shared_comments", "name"])
                || !head.is_json
                    && (has_all(&["ticket_id", "body", "public", "user_id"])
                        || has_all(&["field_name", "ticket_id", "updated", "value"]))
        };
        LISTS.iter().chain([&COMMENTS]).any(|place| is_record(place))
    },
    is_generic: false,
    decode: |plan, source, load| shape::decode(LISTS, record, plan, source, load),
};

fn record<'a>(mut record: Value<'a>, given: &mut Given<'a>) -> Result<(), Refusal> {
    if record.get("subject").is_none() && matches!(record.get(COMMENTS), Some(Value::Array(_))) {
        comments(record, given);
        Ok(())
    } else if record.get("shared_tickets").is_some() {
        organization(record, given);
        Ok(())
    } else if record.get("child_events").is_some() {
        changes(record, "child_events", given)
    } else if matches!(record.get("events"), Some(Value::Array(_))) {
        changes(record, "events", given)
    } else if record.get("field_name").is_some() {
        let id = ticket_id(&mut record, &["ticket_id"])?;
        let mut out = update(SOURCE, "ticket", &id);
        out.put("ts", record.take_any(&["updated", "created_at"]));
        let (field, value) = (record.take("field_name"), record.take("value"));
        field_of(&mut out, field, value);
        give(given, out, record);
        Ok(())
    } else if record.get("body").is_some() && record.get("subject").is_none() {
        let id = ticket_id(&mut record, &["ticket_id"])?;
        comment(record, &id, None, given);
        Ok(())
    } else {
        ticket(record, given)
    }
}

fn ticket<'a>(mut ticket: Value<'a>, given: &mut Given<'a>) -> Result<(), Refusal> {
    let id = ticket_id(&mut ticket, &["id", "ticket_id"])?;
    let mut out = update(SOURCE, "ticket", &id);
    let subject = ticket.take_any(&["subject", "raw_subject"]);
    if ticket.get("raw_subject") == subject.as_ref() {
        ticket.take("raw_subject");
    }
    out.put("subject", subject);
    out.put("message", body(ticket.take("description")));
    for (column, keys) in [
        ("topic", ["type", "type"]),
        ("labels", ["tags", "tags"]),
        ("channel", ["via.channel", "via_channel"]),
        ("status", ["custom_status.agent_label", "status"]),
        ("solved_at", ["metric_set.solved_at", "solved_at"]),
        ("user_id", ["requester.external_id", "requester_external_id"]),
        ("satisfaction", ["satisfaction_rating.score", "satisfaction_score"]),
    ] {
        out.put(column, ticket.take_any(&keys));
    }
    let organization = ticket.get("organization_id").cloned();
    out.put(
        "account_id",
        ticket.take_any(&["organization.external_id", "organization_external_id"]).or(organization),
    );
    for column in ["priority", "created_at", "updated_at", "requester_id", "organization_id"] {
        out.put(column, ticket.take(column));
    }
    out.put("link_url", ticket.take("url"));
    // The fields of a form, whose names only the account knows.
    ticket.take("fields");
    // Some exports put a ticket's comments into it.
    for inside in ticket.take_objects(COMMENTS) {
        comment(inside, &id, None, given);
    }
    give(given, out, ticket);
    Ok(())
}

/// An organization is an account; tickets name it by its id of the customer's own system, where it has one.
fn organization<'a>(mut record: Value<'a>, given: &mut Given<'a>) {
    let mut out = Record::default();
    out.put("ts", record.take_any(&["updated_at", "created_at"]));
    out.put("account_id", record.take_any(&["external_id", "id"]));
    out.put("account_name", record.take("name"));
    out.put("plan_tier", record.take_any(&["organization_fields.plan"]));
    given.record("account_updates", out.rest(record));
}

/// A page of comments: each may say its ticket, else it is the page's own, told by itself or by a link to its neighbours.
fn comments<'a>(mut page: Value<'a>, given: &mut Given<'a>) {
    let list = page.take_list(COMMENTS);
    let of_page = page.take_any(&["ticket_id", "ticket.id"]).or_else(|| {
        let links = ["next_page", "previous_page", "links.next", "links.prev"];
        let id = links.iter().find_map(|link| ticket_of_link(page.text_at(link)?))?;
        Some(Value::text(id.to_owned()))
    });
    for mut inside in list {
        match ticket_id(&mut inside, &["ticket_id"])
            .or_else(|refusal| of_page.clone().ok_or(refusal))
        {
            Ok(id) if matches!(inside, Value::Object(_)) => comment(inside, &id, None, given),
            Ok(_) => given.refuse(&inside, NOT_AN_OBJECT),
            Err(refusal) => given.refuse(&inside, refusal),
        }
    }
}

/// `https://shop.zendesk.com/api/v2/tickets/35/comments.json?page=2`
fn ticket_of_link(link: &str) -> Option<&str> {
    let (id, rest) = link.split_once("/tickets/")?.1.split_once('/')?;
    let is_id = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit());
    (is_id && rest.starts_with(COMMENTS)).then_some(id)
}

/// A comment. Its author is not its ticket's requester, so they stay apart.
fn comment<'a>(
    mut comment: Value<'a>,
    id: &Value<'a>,
    ts: Option<Value<'a>>,
    given: &mut Given<'a>,
) {
    let mut out = update(SOURCE, "comment", id);
    out.put("ts", comment.take_any(&["created_at", "created", "timestamp"]).or(ts));
    let plain = comment.take_any(&["plain_body"]);
    let html = body(comment.take_any(&["html_body", "body"]));
    comment.take("body");
    out.put("message", plain.or(html));
    out.put("channel", comment.take_any(&["via.channel"]));
    out.put("author_id", comment.take_any(&["author_id", "user_id"]));
    out.put("comment_id", comment.take("id"));
    comment.take("type");
    comment.take("event_type");
    give(given, out, comment);
}

/// Keys of a ticket event's change beside the field that it changed.
const ABOUT_CHANGES: &[&str] = &[
    "id",
    "via",
    "via_reference_id",
    "type",
    "event_type",
    "previous_value",
    "comment_present",
    "comment_public",
];

/// An audit or ticket event: each comment is a row, and all changes of fields are one.
fn changes<'a>(mut audit: Value<'a>, key: &str, given: &mut Given<'a>) -> Result<(), Refusal> {
    let id = ticket_id(&mut audit, &["ticket_id"])?;
    let ts = audit.take_any(&["created_at", "timestamp"]);
    let mut out = update(SOURCE, "ticket", &id);
    let (mut is_changed, mut is_said) = (false, false);
    for mut event in audit.take_objects(key) {
        let kind =
            event.text_at("event_type").or_else(|| event.text_at("type")).unwrap_or_default();
        match kind {
            "Comment" | "VoiceComment" | "FacebookComment" => {
                is_said = true;
                comment(event, &id, ts.clone(), given);
            }
            "Create" | "Change" if event.get("field_name").is_some() => {
                is_changed = true;
                let (field, value) = (event.take("field_name"), event.take("value"));
                field_of(&mut out, field, value);
            }
            // Ticket events name the field by the key of its value.
            "Create" | "Change" => {
                is_changed = true;
                let Value::Object(fields) = event else { continue };
                for (field, value) in fields {
                    if !ABOUT_CHANGES.contains(&&*field) {
                        field_of(&mut out, Some(Value::text(field)), Some(value));
                    }
                }
            }
            _ => {}
        }
    }
    if is_changed || !is_said {
        out.put("ts", ts);
        out.put("channel", audit.take_any(&["via.channel"]));
        out.put("author_id", audit.take_any(&["author_id", "updater_id"]));
        out.put("audit_id", audit.take("id"));
        give(given, out, Value::Object(Vec::new()));
    }
    Ok(())
}

/// What a field of a ticket became. Fields without a column are attributes.
fn field_of<'a>(out: &mut Record<'a>, field: Option<Value<'a>>, value: Option<Value<'a>>) {
    let Some(field) = field.and_then(Value::into_text) else { return };
    match &*field {
        "status" | "priority" | "organization_id" | "requester_id" | "subject" => {
            out.put(field, value);
        }
        "tags" => out.put("labels", value),
        "satisfaction_score" => out.put("satisfaction", value),
        "description" => out.put("message", body(value)),
        "type" => out.put("topic", value),
        _ => out.put(["changed.", &field].concat(), value),
    }
}
