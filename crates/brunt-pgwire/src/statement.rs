//! The statements that a client may send. Everything that reaches the query engine, on whatever path, has come through
//! [`parse`], and its match on the first word is the allow-list.

use datafusion::sql::sqlparser::ast::{DataType, Expr, Query, Statement as Ast};
use datafusion::sql::sqlparser::dialect::PostgreSqlDialect;
use datafusion::sql::sqlparser::parser::Parser;
use datafusion::sql::sqlparser::tokenizer::{Token, TokenWithSpan};

use crate::error::Report;

mod allow;
mod cursor;
mod scan;
mod transaction;
mod variable;

pub(crate) use cursor::{Fetch, Motion};

/// Nesting of parentheses and the like that the parser takes; chains of operators are counted apart, in `scan`.
const RECURSION_MAX: usize = 128;

/// One statement, known to be allowed.
#[derive(Debug, Clone)]
pub(crate) enum Statement {
    /// A query, or EXPLAIN of one.
    Query(Box<Ast>),
    Copy(Box<Copy>),
    Set {
        name: String,
        value: Option<String>,
        is_local: bool,
    },
    Show(String),
    ShowAll,
    Reset(String),
    ResetAll,
    Discard {
        all: bool,
    },
    Begin,
    Commit {
        chain: bool,
    },
    Rollback {
        chain: bool,
    },
    Savepoint(String),
    Release(String),
    RollbackTo(String),
    Prepare {
        name: String,
        types: Vec<DataType>,
        statement: Box<Statement>,
    },
    Execute {
        name: String,
        arguments: Vec<Expr>,
    },
    Deallocate(Option<String>),
    Declare {
        name: String,
        hold: bool,
        binary: bool,
        query: Box<Ast>,
    },
    Fetch(Fetch),
    Close(Option<String>),
    /// Accepted and without effect, as it would be on a PostgreSQL in which nobody notifies; the command tag.
    NoOp(&'static str),
}

/// `COPY (query) TO STDOUT`.
#[derive(Debug, Clone)]
pub(crate) struct Copy {
    pub(crate) query: Box<Ast>,
    /// Names in lower case with their values, as written.
    pub(crate) options: Vec<(String, Option<String>)>,
}

/// The statements of a text, in order; none for a text of nothing but space and comments.
pub(crate) fn parse(text: &str) -> Result<Vec<Statement>, Report> {
    scan::statements(text)?.into_iter().map(parse_one).collect()
}

/// The name of the statement's kind, for messages and command tags.
impl Statement {
    /// Whether the statement may run in a transaction that has failed.
    pub(crate) fn ends_transaction(&self) -> bool {
        matches!(self, Self::Commit { .. } | Self::Rollback { .. } | Self::RollbackTo(_))
    }
}

fn parse_one(tokens: Vec<TokenWithSpan>) -> Result<Statement, Report> {
    let words = Words::new(tokens);
    let Some(first) = words.peek() else { return Err(Report::syntax("empty statement")) };
    match first.as_str() {
        "select" | "with" | "values" | "table" | "(" => query(words).map(Statement::Query),
        "explain" => explain(words),
        "copy" => copy(words),
        "set" => variable::set(words),
        "show" => variable::show(words),
        "reset" => variable::reset(words),
        "discard" => variable::discard(words),
        "begin" | "start" => transaction::begin(words),
        "commit" | "end" => transaction::commit(words),
        "rollback" | "abort" => transaction::rollback(words),
        "savepoint" => transaction::savepoint(words),
        "release" => transaction::release(words),
        "prepare" => prepare(words),
        "execute" => execute(words),
        "deallocate" => deallocate(words),
        "declare" => cursor::declare(words),
        "fetch" => cursor::fetch(words, Motion::Fetch),
        "move" => cursor::fetch(words, Motion::Move),
        "close" => cursor::close(words),
        "listen" => words.no_op("LISTEN"),
        "unlisten" => words.no_op("UNLISTEN"),
        "checkpoint" => words.no_op("CHECKPOINT"),
        _ => Err(refuse(words)),
    }
}

/// Says why a statement is not taken: it would write, it is none of ours, or it is none at all.
fn refuse(mut words: Words) -> Report {
    let first = words.next().unwrap_or_default();
    let second = words.next().unwrap_or_default();
    match first.as_str() {
        "create" | "drop" | "alter" | "comment" | "grant" | "revoke" | "refresh" | "security"
        | "import" => {
            let kind =
                if second == "or" { String::new() } else { format!(" {}", second.to_uppercase()) };
            Report::read_only(&format!("{}{kind}", first.to_uppercase()))
        }
        "insert" | "update" | "delete" | "merge" | "truncate" | "vacuum" | "analyze"
        | "cluster" | "reindex" | "lock" | "call" | "do" | "load" | "notify" | "reassign" => {
            Report::read_only(&first.to_uppercase())
        }
        _ => Report::syntax(format!("syntax error at or near \"{first}\"")),
    }
}

fn query(words: Words) -> Result<Box<Ast>, Report> {
    let mut parser = words.parser();
    let query = parser.parse_query()?;
    finish(&mut parser)?;
    checked(query)
}

fn checked(query: Box<Query>) -> Result<Box<Ast>, Report> {
    allow::check(&query)?;
    Ok(Box::new(Ast::Query(query)))
}

fn explain(words: Words) -> Result<Statement, Report> {
    let mut parser = words.parser();
    let statement = parser.parse_statement()?;
    finish(&mut parser)?;
    match &statement {
        Ast::Explain { statement: inner, .. } => match inner.as_ref() {
            Ast::Query(query) => allow::check(query)?,
            other => return Err(refuse(Words::of(&other.to_string())?)),
        },
        _ => return Err(Report::syntax("EXPLAIN takes a query")),
    }
    Ok(Statement::Query(Box::new(statement)))
}

fn copy(mut words: Words) -> Result<Statement, Report> {
    words.next();
    let query = if words.peek().as_deref() == Some("(") {
        let inner = words.parenthesized()?;
        query(Words::new(inner))?
    } else {
        let relation = words.until(&["to", "from"]);
        if words.peek().as_deref() == Some("from") {
            return Err(Report::read_only("COPY FROM"));
        }
        copied_table(relation)?
    };
    words.expect("to")?;
    match words.next().as_deref() {
        Some("stdout") => {}
        _ => {
            return Err(Report::new("42501", "COPY writes to STDOUT only")
                .hint("Use psql's \\copy, which writes the file on your side."));
        }
    }
    let options = copy_options(&mut words)?;
    words.end()?;
    Ok(Statement::Copy(Box::new(Copy { query, options })))
}

/// `COPY logs (ts, body) TO …` is `COPY (SELECT ts, body FROM logs) TO …`.
#[expect(clippy::needless_pass_by_value, reason = "the tokens are spent here")]
fn copied_table(relation: Vec<TokenWithSpan>) -> Result<Box<Ast>, Report> {
    let at =
        relation.iter().position(|token| token.token == Token::LParen).unwrap_or(relation.len());
    let (name, columns) = relation.split_at(at);
    let text = |tokens: &[TokenWithSpan]| {
        tokens.iter().map(|token| token.token.to_string()).collect::<String>()
    };
    let columns = match columns {
        [] => "*".to_owned(),
        [_, inner @ .., _] => text(inner),
        [_] => return Err(Report::syntax("COPY has an open parenthesis")),
    };
    query(Words::of(&format!("SELECT {columns} FROM {}", text(name)))?)
}

/// Both forms: `WITH (FORMAT csv, HEADER)` and the older `CSV HEADER`.
fn copy_options(words: &mut Words) -> Result<Vec<(String, Option<String>)>, Report> {
    words.take("with");
    let mut options = Vec::new();
    if words.peek().as_deref() == Some("(") {
        let mut inner = Words::new(words.parenthesized()?);
        while let Some(name) = inner.next() {
            let value = if inner.peek().as_deref() == Some("(") {
                inner.parenthesized()?.first().map(|token| token.token.to_string())
            } else if inner.peek().as_deref() == Some(",") {
                None
            } else {
                inner.next()
            };
            options.push((name, value));
            if !inner.take(",") {
                break;
            }
        }
        inner.end()?;
        return Ok(options);
    }
    while let Some(word) = words.next() {
        match word.as_str() {
            "csv" | "binary" | "text" => options.push(("format".to_owned(), Some(word))),
            "header" => options.push((word, None)),
            "delimiter" | "null" | "quote" | "escape" => {
                words.take("as");
                options.push((word, words.next()));
            }
            "force" => {
                words.expect("quote")?;
                options.push(("force_quote".to_owned(), words.next()));
            }
            _ => return Err(Report::syntax(format!("syntax error at or near \"{word}\""))),
        }
    }
    Ok(options)
}

fn prepare(mut words: Words) -> Result<Statement, Report> {
    words.next();
    let name = words.name()?;
    let types = if words.peek().as_deref() == Some("(") {
        let mut parser = Words::new(words.parenthesized()?).parser();
        let types = parser.parse_comma_separated(Parser::parse_data_type)?;
        finish(&mut parser)?;
        types
    } else {
        Vec::new()
    };
    words.expect("as")?;
    let statement = parse_one(words.rest())?;
    if !matches!(statement, Statement::Query(_)) {
        return Err(Report::syntax("PREPARE takes a query"));
    }
    Ok(Statement::Prepare { name, types, statement: Box::new(statement) })
}

fn execute(mut words: Words) -> Result<Statement, Report> {
    words.next();
    let name = words.name()?;
    let arguments = if words.peek().as_deref() == Some("(") {
        let mut parser = Words::new(words.parenthesized()?).parser();
        let arguments = parser.parse_comma_separated(Parser::parse_expr)?;
        finish(&mut parser)?;
        arguments
    } else {
        Vec::new()
    };
    words.end()?;
    Ok(Statement::Execute { name, arguments })
}

fn deallocate(mut words: Words) -> Result<Statement, Report> {
    words.next();
    words.take("prepare");
    let name = if words.take("all") { None } else { Some(words.name()?) };
    words.end()?;
    Ok(Statement::Deallocate(name))
}

fn finish(parser: &mut Parser<'_>) -> Result<(), Report> {
    match parser.next_token().token {
        Token::EOF => Ok(()),
        token => Err(Report::syntax(format!("syntax error at or near \"{token}\""))),
    }
}

/// The words of one statement, read one by one; everything that is not a quoted name or a string is in lower case.
#[derive(Debug)]
pub(crate) struct Words {
    tokens: std::collections::VecDeque<TokenWithSpan>,
}

impl Words {
    fn new(tokens: Vec<TokenWithSpan>) -> Self {
        Self { tokens: tokens.into() }
    }

    fn of(text: &str) -> Result<Self, Report> {
        scan::statements(text)?
            .pop()
            .map(Self::new)
            .ok_or_else(|| Report::syntax("empty statement"))
    }

    fn parser(self) -> Parser<'static> {
        Parser::new(&PostgreSqlDialect {})
            .with_recursion_limit(RECURSION_MAX)
            .with_tokens_with_locations(self.tokens.into())
    }

    fn rest(self) -> Vec<TokenWithSpan> {
        self.tokens.into()
    }

    fn peek(&self) -> Option<String> {
        self.tokens.front().map(|token| word(&token.token))
    }

    fn next(&mut self) -> Option<String> {
        self.tokens.pop_front().map(|token| word(&token.token))
    }

    /// Takes the next word where it is this one, unquoted.
    fn take(&mut self, keyword: &str) -> bool {
        let is_quoted = matches!(
            self.tokens.front().map(|token| &token.token),
            Some(
                Token::SingleQuotedString(_)
                    | Token::Word(datafusion::sql::sqlparser::tokenizer::Word {
                        quote_style: Some(_),
                        ..
                    })
            )
        );
        let found = !is_quoted && self.peek().as_deref() == Some(keyword);
        if found {
            self.tokens.pop_front();
        }
        found
    }

    fn expect(&mut self, keyword: &str) -> Result<(), Report> {
        if self.take(keyword) {
            return Ok(());
        }
        Err(match self.peek() {
            Some(other) => Report::syntax(format!("syntax error at or near \"{other}\"")),
            None => Report::syntax("syntax error at end of input"),
        })
    }

    /// A name: a word that is not punctuation.
    fn name(&mut self) -> Result<String, Report> {
        match self.tokens.pop_front().map(|token| token.token) {
            Some(Token::Word(name)) if name.quote_style.is_some() => Ok(name.value),
            Some(Token::Word(name)) => Ok(name.value.to_lowercase()),
            Some(other) => Err(Report::syntax(format!("syntax error at or near \"{other}\""))),
            None => Err(Report::syntax("syntax error at end of input")),
        }
    }

    fn until(&mut self, keywords: &[&str]) -> Vec<TokenWithSpan> {
        let mut taken = Vec::new();
        while let Some(next) = self.peek() {
            if keywords.contains(&next.as_str()) {
                break;
            }
            taken.extend(self.tokens.pop_front());
        }
        taken
    }

    /// What stands between the parenthesis that is next and its partner.
    fn parenthesized(&mut self) -> Result<Vec<TokenWithSpan>, Report> {
        self.expect("(")?;
        let mut depth = 1;
        let mut inner = Vec::new();
        while let Some(token) = self.tokens.pop_front() {
            match token.token {
                Token::LParen => depth += 1,
                Token::RParen => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                return Ok(inner);
            }
            inner.push(token);
        }
        Err(Report::syntax("syntax error at end of input"))
    }

    fn end(&mut self) -> Result<(), Report> {
        match self.peek() {
            None => Ok(()),
            Some(other) => Err(Report::syntax(format!("syntax error at or near \"{other}\""))),
        }
    }

    #[expect(clippy::unused_self, clippy::unnecessary_wraps, reason = "the shape of its siblings")]
    fn no_op(self, tag: &'static str) -> Result<Statement, Report> {
        Ok(Statement::NoOp(tag))
    }
}

fn word(token: &Token) -> String {
    match token {
        Token::Word(word) if word.quote_style.is_some() => word.value.clone(),
        Token::Word(word) => word.value.to_lowercase(),
        Token::SingleQuotedString(text) | Token::EscapedStringLiteral(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests;
