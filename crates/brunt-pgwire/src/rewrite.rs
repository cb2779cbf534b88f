//! Queries of PostgreSQL's shapes to queries that the engine plans: by shape only, never by the text of one client.
//!
//! - `pg_catalog.f(x)`, `x OPERATOR(pg_catalog.~) y`, `x COLLATE c`, `LIKE … ESCAPE`, `TABLE t`: plainer spellings
//! - `x::oid`, `x::regclass`, `x::jsonb`, `'{a,b}'::text[]`, `= ANY('{a,b}')`: types and literals that the engine has
//! - a relation of the catalog that is always empty: what reads it is empty, NULL or false, and need not be planned
//! - a scalar subquery over the catalog that looks at the query around it: an aggregate, so that it becomes a join

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    DuplicateTreatment, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentList,
    FunctionArguments, Ident, ObjectName, ObjectNamePart, Query, Select, SetExpr, Statement, Value,
    VisitMut, VisitorMut,
};
use datafusion::sql::sqlparser::dialect::PostgreSqlDialect;
use datafusion::sql::sqlparser::parser::Parser;

use crate::catalog::{Catalog, INFORMATION_SCHEMA, PG_CATALOG};
use crate::error::Report;

mod correlated;
mod empty;
mod expression;
mod sql_type;

/// The statement in shapes that the engine plans.
pub(crate) fn rewrite(mut statement: Statement, catalog: &Catalog) -> Result<Statement, Report> {
    match statement.visit(&mut Rewriter { catalog }) {
        ControlFlow::Continue(()) => Ok(statement),
        ControlFlow::Break(report) => Err(report),
    }
}

/// Works from the inside out: an expression or query is looked at when its parts have been.
struct Rewriter<'a> {
    catalog: &'a Catalog,
}

impl VisitorMut for Rewriter<'_> {
    type Break = Report;

    fn pre_visit_relation(&mut self, relation: &mut ObjectName) -> ControlFlow<Report> {
        // PostgreSQL looks in pg_catalog without being told.
        if let [ObjectNamePart::Identifier(name)] = relation.0.as_slice()
            && name.value.starts_with("pg_")
            && self.catalog.has(PG_CATALOG, &name.value)
        {
            relation.0.insert(0, ObjectNamePart::Identifier(Ident::new(PG_CATALOG)));
        }
        ControlFlow::Continue(())
    }

    fn post_visit_select(&mut self, select: &mut Select) -> ControlFlow<Report> {
        empty::fold_select(select, self.catalog);
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, query: &mut Query) -> ControlFlow<Report> {
        if let SetExpr::Table(table) = query.body.as_ref() {
            match parse_query(&format!("SELECT * FROM {}", table_name(table))) {
                Ok(select) => query.body = select.body,
                Err(report) => return ControlFlow::Break(report),
            }
        }
        empty::fold_query(query);
        ControlFlow::Continue(())
    }

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<Report> {
        empty::fold_expr(expr);
        correlated::aggregate(expr);
        correlated::array(expr);
        match expression::rewrite(expr, self.catalog) {
            Ok(()) => ControlFlow::Continue(()),
            Err(report) => ControlFlow::Break(report),
        }
    }
}

/// Schema and name of a relation of the catalog; `None` for any other.
fn catalog_relation(name: &ObjectName) -> Option<(&str, &str)> {
    let parts: Vec<&str> = name
        .0
        .iter()
        .filter_map(|part| part.as_ident())
        .map(|ident| ident.value.as_str())
        .collect();
    match parts.as_slice() {
        [.., schema, name] if *schema == PG_CATALOG || *schema == INFORMATION_SCHEMA => {
            Some((schema, name))
        }
        _ => None,
    }
}

fn table_name(table: &datafusion::sql::sqlparser::ast::Table) -> String {
    let parts = table.schema_name.iter().chain(&table.table_name);
    parts.cloned().collect::<Vec<_>>().join(".")
}

fn parse_query(sql: &str) -> Result<Box<Query>, Report> {
    Ok(Parser::new(&PostgreSqlDialect {}).try_with_sql(sql)?.parse_query()?)
}

/// `name(arguments)`.
fn call(name: &str, arguments: Vec<Expr>) -> Expr {
    let arguments =
        arguments.into_iter().map(|argument| FunctionArg::Unnamed(FunctionArgExpr::Expr(argument)));
    Expr::Function(Function {
        name: ObjectName(vec![ObjectNamePart::Identifier(Ident::new(name))]),
        uses_odbc_syntax: false,
        parameters: FunctionArguments::None,
        args: FunctionArguments::List(FunctionArgumentList {
            duplicate_treatment: None::<DuplicateTreatment>,
            args: arguments.collect(),
            clauses: Vec::new(),
        }),
        filter: None,
        null_treatment: None,
        over: None,
        within_group: Vec::new(),
    })
}

fn text(value: &str) -> Expr {
    Expr::value(Value::SingleQuotedString(value.to_owned()))
}

fn number(value: i64) -> Expr {
    Expr::value(Value::Number(value.to_string(), false))
}

fn null() -> Expr {
    Expr::value(Value::Null)
}

/// Takes an expression out of the tree; something must be put in its place.
fn take(expr: &mut Expr) -> Expr {
    std::mem::replace(expr, null())
}

/// The name of a function without its schema.
fn function_name(function: &Function) -> Option<String> {
    function.name.0.last().and_then(|part| part.as_ident()).map(|ident| ident.value.to_lowercase())
}

#[cfg(test)]
mod tests;
