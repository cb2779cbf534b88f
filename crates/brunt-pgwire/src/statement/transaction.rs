//! BEGIN, COMMIT, ROLLBACK and savepoints.

use super::{Statement, Words};
use crate::error::Report;

pub(super) fn begin(mut words: Words) -> Result<Statement, Report> {
    if words.next().as_deref() == Some("start") {
        words.expect("transaction")?;
    } else {
        work_or_transaction(&mut words);
    }
    modes(&mut words)?;
    Ok(Statement::Begin)
}

pub(super) fn commit(mut words: Words) -> Result<Statement, Report> {
    words.next();
    if words.take("prepared") {
        return Err(Report::new("0A000", "two-phase transactions are not supported"));
    }
    work_or_transaction(&mut words);
    let chain = chain(&mut words)?;
    Ok(Statement::Commit { chain })
}

pub(super) fn rollback(mut words: Words) -> Result<Statement, Report> {
    words.next();
    work_or_transaction(&mut words);
    if words.take("to") {
        words.take("savepoint");
        let name = words.name()?;
        words.end()?;
        return Ok(Statement::RollbackTo(name));
    }
    let chain = chain(&mut words)?;
    Ok(Statement::Rollback { chain })
}

pub(super) fn savepoint(mut words: Words) -> Result<Statement, Report> {
    words.next();
    let name = words.name()?;
    words.end()?;
    Ok(Statement::Savepoint(name))
}

pub(super) fn release(mut words: Words) -> Result<Statement, Report> {
    words.next();
    words.take("savepoint");
    let name = words.name()?;
    words.end()?;
    Ok(Statement::Release(name))
}

/// Every isolation level is given, as a transaction reads one epoch; READ WRITE is taken as clients send it by habit.
pub(super) fn modes(words: &mut Words) -> Result<(), Report> {
    while let Some(word) = words.next() {
        match word.as_str() {
            "isolation" => {
                words.expect("level")?;
                match words.next().as_deref() {
                    Some("serializable") => {}
                    Some("repeatable") => words.expect("read")?,
                    Some("read") if words.take("committed") || words.take("uncommitted") => {}
                    _ => return Err(Report::syntax("ISOLATION LEVEL has no such value")),
                }
            }
            "read" if words.take("only") || words.take("write") => {}
            "not" => words.expect("deferrable")?,
            "deferrable" | "," => {}
            _ => return Err(Report::syntax(format!("syntax error at or near \"{word}\""))),
        }
    }
    Ok(())
}

fn work_or_transaction(words: &mut Words) {
    if !words.take("work") {
        words.take("transaction");
    }
}

fn chain(words: &mut Words) -> Result<bool, Report> {
    let mut chain = false;
    if words.take("and") {
        chain = !words.take("no");
        words.expect("chain")?;
    }
    words.end()?;
    Ok(chain)
}
