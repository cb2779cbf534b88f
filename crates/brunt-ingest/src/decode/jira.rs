//! Jira: issues with their comments and history, as its API searches them, and tables of a warehouse.

use crate::decode::record::Record;
use crate::decode::shape::{self, Given};
use crate::decode::ticket::{body, give, names, ticket_id, update};
use crate::fill::Refusal;
use crate::format::Spec;
use crate::value::Value;

const SOURCE: &str = "jira";

pub(crate) static SPEC: Spec = Spec {
    name: "jira",
    about: "Jira issues, from its API or a warehouse",
    is: |head| {
        if head.is_json {
            return ["", "issues.", "values."].iter().any(|place| {
                let has = |key: &&str| head.has_key(&[place, *key].concat());
                ["key", "fields.summary", "fields.status.name"].iter().all(has)
            });
        }
        let header = head.csv_header();
        let has = |name: &&str| header.iter().any(|held| held == name);
        ["key", "summary", "issue_type", "project", "status"].iter().all(has)
            || ["issue_id", "body", "author_id"].iter().all(has)
            || ["issue_id", "field_id", "value", "time"].iter().all(has)
    },
    is_generic: false,
    decode: |plan, source, load| {
        shape::decode(&["issues", "values", ""], record, plan, source, load)
    },
};

fn record<'a>(mut record: Value<'a>, given: &mut Given<'a>) -> Result<(), Refusal> {
    if record.get("fields").is_some() {
        return issue(record, given);
    }
    if record.get("issue_id").is_none() {
        return table_row(record, given);
    }
    let id = ticket_id(&mut record, &["issue_id"])?;
    if record.get("field_id").is_some() {
        let mut out = update(SOURCE, "ticket", &id);
        out.put("ts", record.take("time"));
        let (field, value) = (record.take("field_id"), record.take("value"));
        field_of(&mut out, field, value);
        give(given, out, record);
    } else {
        comment(record, &id, given);
    }
    Ok(())
}

fn issue<'a>(mut issue: Value<'a>, given: &mut Given<'a>) -> Result<(), Refusal> {
    let id = ticket_id(&mut issue, &["key", "id"])?;
    let mut fields = issue.take("fields").unwrap_or(Value::Object(Vec::new()));
    for one in fields.take_objects("comment.comments") {
        comment(one, &id, given);
    }
    for one in issue.take_objects("changelog.histories") {
        history(one, &id, given);
    }
    issue.take("changelog");
    let mut out = update(SOURCE, "ticket", &id);
    for (column, key) in [
        ("subject", "summary"),
        ("topic", "issuetype.name"),
        ("status", "status.name"),
        ("priority", "priority.name"),
        ("labels", "labels"),
        ("created_at", "created"),
        ("updated_at", "updated"),
        ("solved_at", "resolutiondate"),
    ] {
        out.put(column, fields.take_at(key));
    }
    out.put("message", body(fields.take("description")));
    out.put(
        "requester_id",
        fields.take_any(&["reporter.accountId", "reporter.name", "reporter.key"]),
    );
    out.put("components", names(fields.take("components"), "name"));
    out.put("link_url", issue.take("self"));
    out.put("issue_id", issue.take("id"));
    out.put("attributes", Some(fields));
    give(given, out, issue);
    Ok(())
}

/// An issue of the warehouse's table. It goes by the number that its comments and history know it by.
fn table_row<'a>(mut issue: Value<'a>, given: &mut Given<'a>) -> Result<(), Refusal> {
    let id = ticket_id(&mut issue, &["id"])?;
    let mut out = update(SOURCE, "ticket", &id);
    for (column, key) in [
        ("subject", "summary"),
        ("topic", "issue_type"),
        ("status", "status"),
        ("priority", "priority"),
        ("created_at", "created"),
        ("updated_at", "updated"),
        ("solved_at", "resolved"),
        ("requester_id", "reporter"),
    ] {
        out.put(column, issue.take(key));
    }
    out.put("message", body(issue.take("description")));
    give(given, out, issue);
    Ok(())
}

fn comment<'a>(mut comment: Value<'a>, id: &Value<'a>, given: &mut Given<'a>) {
    let mut out = update(SOURCE, "comment", id);
    out.put("ts", comment.take("created"));
    out.put("message", body(comment.take("body")));
    out.put("author_id", comment.take_any(&["author.accountId", "author.name", "author_id"]));
    out.put("comment_id", comment.take("id"));
    // An edited comment is another state of itself.
    out.put("updated_at", comment.take("updated"));
    give(given, out, comment);
}

fn history<'a>(mut history: Value<'a>, id: &Value<'a>, given: &mut Given<'a>) {
    let mut out = update(SOURCE, "ticket", id);
    out.put("ts", history.take("created"));
    for mut item in history.take_objects("items") {
        let (field, value) = (item.take("field"), item.take_any(&["toString", "to"]));
        field_of(&mut out, field, value);
    }
    out.put("author_id", history.take_any(&["author.accountId", "author.name"]));
    out.put("history_id", history.take("id"));
    give(given, out, Value::Object(Vec::new()));
}

/// What a field of an issue became. Fields without a column are attributes; labels have spaces in between.
fn field_of<'a>(out: &mut Record<'a>, field: Option<Value<'a>>, value: Option<Value<'a>>) {
    let Some(field) = field.and_then(Value::into_text) else { return };
    match &*field {
        "status" | "priority" => out.put(field, value),
        "summary" => out.put("subject", value),
        "description" => out.put("message", body(value)),
        "issuetype" => out.put("topic", value),
        "labels" => {
            let labels = value.and_then(Value::into_text);
            let labels = labels.map(|labels| {
                labels.split_whitespace().map(|label| Value::text(label.to_owned())).collect()
            });
            out.put("labels", labels.map(Value::Array));
        }
        _ => out.put(["changed.", &field].concat(), value),
    }
}
