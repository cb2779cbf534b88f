//! Which statements there are: a store is changed by loading, never by SQL.

use datafusion::logical_expr::LogicalPlan;
use datafusion::prelude::SQLOptions;
use datafusion::sql::parser::{DFParserBuilder, Statement as Parsed};
use datafusion::sql::sqlparser::ast;
use datafusion::sql::sqlparser::dialect::PostgreSqlDialect;

use crate::code::Code;
use crate::error::{Error, Fault};
use crate::translate::{Names, translate};

/// How deep a statement may nest.
pub(crate) const STATEMENT_DEPTH_MAX: usize = 50;

/// One statement that parsed and that a session may run.
#[derive(Debug, Clone)]
pub struct Statement(pub(crate) Parsed);

impl Statement {
    /// The statements of a text, in order; none for an empty text. Any that a session may not run is refused here:
    /// left are queries, `VALUES`, `EXPLAIN`, `SHOW`, `DESCRIBE`, `SET` and `RESET`.
    pub fn parse(text: &str) -> Result<Vec<Self>, Error> {
        let parsed = DFParserBuilder::new(text)
            .with_dialect(&PostgreSqlDialect {})
            .with_recursion_limit(STATEMENT_DEPTH_MAX)
            .build()
            .and_then(|mut parser| parser.parse_statements())
            .map_err(|error| translate(error, &Names::default()))?;
        parsed.into_iter().map(|statement| check(&statement).map(|()| Self(statement))).collect()
    }

    /// A statement that a door parsed, and perhaps rewrote, itself.
    pub fn of(statement: ast::Statement) -> Result<Self, Error> {
        check_sql(&statement)?;
        Ok(Self(Parsed::Statement(Box::new(statement))))
    }

    /// Whether it changes the session and answers with no rows.
    pub fn is_set(&self) -> bool {
        match &self.0 {
            Parsed::Statement(statement) => matches!(**statement, ast::Statement::Set(_)),
            Parsed::Reset(_) => true,
            _ => false,
        }
    }
}

/// Refuses a plan that would write, however deep in it that is.
pub(crate) fn check_plan(plan: &LogicalPlan) -> Result<(), Error> {
    SQLOptions::new()
        .with_allow_ddl(false)
        .with_allow_dml(false)
        .with_allow_statements(true)
        .verify_plan(plan)
        .map_err(|_| read_only("A statement that writes"))
}

fn check(statement: &Parsed) -> Result<(), Error> {
    match statement {
        Parsed::Statement(statement) => check_sql(statement),
        Parsed::Explain(explain) => check(&explain.statement),
        Parsed::CopyTo(_) => Err(read_only("COPY")),
        Parsed::CreateExternalTable(_) => Err(read_only("CREATE EXTERNAL TABLE")),
        Parsed::Reset(_) => Ok(()),
    }
}

fn check_sql(statement: &ast::Statement) -> Result<(), Error> {
    use ast::Statement as Sql;
    match statement {
        Sql::Query(_)
        | Sql::Set(_)
        | Sql::ShowVariable { .. }
        | Sql::ShowTables { .. }
        | Sql::ShowColumns { .. }
        | Sql::ShowFunctions { .. }
        | Sql::ExplainTable { .. } => Ok(()),
        Sql::Explain { statement, .. } => check_sql(statement),
        Sql::Insert(_)
        | Sql::Update(_)
        | Sql::Delete(_)
        | Sql::Merge(_)
        | Sql::Truncate(_)
        | Sql::Copy { .. } => Err(read_only(&first_words(statement, 1))),
        other => {
            let words = first_words(other, 2);
            match words.split(' ').next() {
                Some("CREATE" | "DROP" | "ALTER" | "GRANT" | "REVOKE" | "COMMENT") => {
                    Err(read_only(&words))
                }
                _ => Err(Error::statement(
                    Code::NotSupported,
                    format!("statement \"{}\" is not supported", first_words(other, 1)),
                )),
            }
        }
    }
}

fn first_words(statement: &ast::Statement, n_words: usize) -> String {
    let text = statement.to_string();
    text.split_whitespace().take(n_words).collect::<Vec<_>>().join(" ").to_uppercase()
}

fn read_only(words: &str) -> Error {
    Fault::new(Code::ReadOnly, format!("{words} would write, and SQL only reads"))
        .with_hint("Stores change by `brunt load` and the other commands.")
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_reads_parses() {
        for text in [
            "SELECT 1",
            "WITH a AS (SELECT 1) SELECT * FROM a",
            "VALUES (1), (2)",
            "EXPLAIN SELECT 1",
            "EXPLAIN ANALYZE SELECT 1",
            "SHOW brunt.epoch",
            "SHOW TABLES",
            "SET brunt.epoch = 3",
            "SET TIME ZONE 'UTC'",
            "RESET brunt.epoch",
            "DESCRIBE logs",
        ] {
            assert_eq!(Statement::parse(text).unwrap().len(), 1, "{text}");
        }
    }

    #[test]
    fn what_writes_is_refused_by_name() {
        for (text, name) in [
            ("INSERT INTO logs VALUES (1)", "INSERT"),
            ("DELETE FROM logs", "DELETE"),
            ("UPDATE logs SET ts = 1", "UPDATE"),
            ("CREATE TABLE a (b int)", "CREATE TABLE"),
            (
                "CREATE EXTERNAL TABLE a STORED AS CSV LOCATION '/etc/passwd'",
                "CREATE EXTERNAL TABLE",
            ),
            ("DROP TABLE logs", "DROP TABLE"),
            ("COPY logs TO '/tmp/x.csv'", "COPY"),
            ("EXPLAIN DELETE FROM logs", "DELETE"),
            ("EXPLAIN ANALYZE INSERT INTO logs VALUES (1)", "INSERT"),
        ] {
            let err = Statement::parse(text).unwrap_err();
            assert_eq!(err.code(), Code::ReadOnly, "{text}");
            assert_eq!(err.to_string(), format!("{name} would write, and SQL only reads"));
        }
    }

    #[test]
    fn other_statements_are_named() {
        let err = Statement::parse("VACUUM").unwrap_err();
        assert_eq!(err.code(), Code::NotSupported);
        assert_eq!(err.to_string(), "statement \"VACUUM\" is not supported");
    }

    #[test]
    fn several_statements_come_apart_and_none_is_none() {
        assert_eq!(Statement::parse("SELECT 1; SELECT 2;").unwrap().len(), 2);
        assert_eq!(Statement::parse(" -- nothing\n").unwrap().len(), 0);
    }

    #[test]
    fn a_syntax_error_says_where() {
        let err = Statement::parse("SELECT 1\nFORM logs WHERE").unwrap_err();
        assert_eq!(err.code(), Code::Syntax);
        assert_eq!(err.position().unwrap().line, 2, "{err}");
    }

    #[test]
    fn a_statement_that_nests_too_deeply_is_refused() {
        let text = format!("SELECT {}1{}", "(".repeat(1000), ")".repeat(1000));
        assert_eq!(Statement::parse(&text).unwrap_err().code(), Code::TooComplex);
    }
}
