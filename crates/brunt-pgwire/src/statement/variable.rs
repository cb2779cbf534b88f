//! SET, SHOW, RESET and DISCARD.

use super::{Statement, Words, transaction};
use crate::error::Report;

pub(super) fn set(mut words: Words) -> Result<Statement, Report> {
    words.next();
    if words.take("constraints") {
        return words.no_op("SET CONSTRAINTS");
    }
    let is_local = words.take("local");
    if !is_local {
        words.take("session");
    }
    if words.take("characteristics") {
        words.expect("as")?;
        words.expect("transaction")?;
        transaction::modes(&mut words)?;
        return Ok(Statement::NoOp("SET"));
    }
    if words.take("transaction") {
        if words.peek().as_deref() != Some("snapshot") {
            transaction::modes(&mut words)?;
        }
        return Ok(Statement::NoOp("SET"));
    }
    if words.take("time") {
        words.expect("zone")?;
        return Ok(Statement::Set {
            name: "timezone".to_owned(),
            value: zone(&mut words)?,
            is_local,
        });
    }
    if words.take("names") {
        let value = words.next();
        words.end()?;
        return Ok(Statement::Set { name: "client_encoding".to_owned(), value, is_local });
    }
    let name = dotted(&mut words)?;
    if name == "authorization" || name == "role" {
        return Err(Report::new("42501", format!("cannot set \"{name}\"")));
    }
    if !words.take("to") {
        words.expect("=")?;
    }
    Ok(Statement::Set { name, value: value(&mut words)?, is_local })
}

pub(super) fn show(mut words: Words) -> Result<Statement, Report> {
    words.next();
    let name = dotted(&mut words)?;
    let name = match name.as_str() {
        "all" => {
            words.end()?;
            return Ok(Statement::ShowAll);
        }
        "time" => {
            words.expect("zone")?;
            "timezone".to_owned()
        }
        "transaction" => {
            words.expect("isolation")?;
            words.expect("level")?;
            "transaction_isolation".to_owned()
        }
        _ => name,
    };
    words.end()?;
    Ok(Statement::Show(name))
}

pub(super) fn reset(mut words: Words) -> Result<Statement, Report> {
    words.next();
    let name = dotted(&mut words)?;
    let statement = match name.as_str() {
        "all" => Statement::ResetAll,
        "time" => {
            words.expect("zone")?;
            Statement::Reset("timezone".to_owned())
        }
        "session" => {
            words.expect("authorization")?;
            Statement::NoOp("RESET")
        }
        "role" => Statement::NoOp("RESET"),
        _ => Statement::Reset(name),
    };
    words.end()?;
    Ok(statement)
}

pub(super) fn discard(mut words: Words) -> Result<Statement, Report> {
    words.next();
    let statement = match words.next().as_deref() {
        Some("all") => Statement::Discard { all: true },
        Some("plans" | "sequences" | "temp" | "temporary") => Statement::Discard { all: false },
        _ => return Err(Report::syntax("DISCARD takes ALL, PLANS, SEQUENCES or TEMP")),
    };
    words.end()?;
    Ok(statement)
}

/// A name of a setting, `brunt.epoch` too.
fn dotted(words: &mut Words) -> Result<String, Report> {
    let mut name = words.name()?;
    while words.take(".") {
        name = format!("{name}.{}", words.name()?);
    }
    Ok(name.to_lowercase())
}

/// A value or a list of them, joined as PostgreSQL keeps it; `None` for DEFAULT.
fn value(words: &mut Words) -> Result<Option<String>, Report> {
    if words.take("default") {
        words.end()?;
        return Ok(None);
    }
    let mut value = String::new();
    while let Some(word) = words.next() {
        match word.as_str() {
            "," => value.push_str(", "),
            _ => value.push_str(&word),
        }
    }
    Ok(Some(value))
}

fn zone(words: &mut Words) -> Result<Option<String>, Report> {
    if words.take("default") || words.take("local") {
        words.end()?;
        return Ok(None);
    }
    if words.take("interval") {
        // The interval counts to the east, a name with a colon to the west, as POSIX has it.
        let offset = words.next().unwrap_or_default();
        while words.next().is_some() {}
        let (sign, rest) = match offset.strip_prefix('-') {
            Some(rest) => ("+", rest),
            None => ("-", offset.trim_start_matches('+')),
        };
        let hours = if rest.contains(':') { rest.to_owned() } else { format!("{rest}:00") };
        return Ok(Some(format!("{sign}{hours}")));
    }
    value(words)
}
