//! Parameters of prepared statements: how many, of what types, and their values, which are written into the statement as
//! typed literals before it is planned, so that a table function or a LIMIT takes them like any other.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use datafusion::arrow::datatypes::{DataType as ArrowType, Field};
use datafusion::sql::sqlparser::ast::{
    DataType, Expr, LimitClause, Query, Statement, Value, Visit, VisitMut, Visitor, VisitorMut,
};
use datafusion::sql::sqlparser::dialect::PostgreSqlDialect;
use datafusion::sql::sqlparser::parser::Parser;

use crate::encode::Format;
use crate::error::Report;
use crate::wire_type::{array_of, oid, wire_type};

mod binary;
mod literal;

pub(crate) use literal::array_items;

/// A parameter's value as Bind brings it; `None` is NULL.
#[derive(Debug, Clone)]
pub(crate) struct Bound<'a> {
    pub(crate) oid: u32,
    pub(crate) format: Format,
    pub(crate) bytes: Option<&'a [u8]>,
}

/// The highest `$n` of a statement.
pub(crate) fn count(statement: &Statement) -> usize {
    let mut counter = Counter { highest: 0 };
    let _ = statement.visit(&mut counter);
    counter.highest
}

/// Types that the statement's own text tells: `$1::date` is a date, `LIMIT $1` a bigint.
pub(crate) fn told(statement: &Statement) -> BTreeMap<usize, u32> {
    let mut teller = Teller { types: BTreeMap::new() };
    let _ = statement.visit(&mut teller);
    teller.types
}

/// The statement in which `= ANY($1)` is `IN ($1)`, so that the engine infers the element's type, and the parameters
/// that are arrays for that reason.
pub(crate) fn without_any(statement: &Statement) -> (Statement, Vec<usize>) {
    let mut statement = statement.clone();
    let mut rewriter = AnyToIn { arrays: Vec::new() };
    let _ = VisitMut::visit(&mut statement, &mut rewriter);
    (statement, rewriter.arrays)
}

/// The wire's number of an inferred type, text where nothing is known of it.
pub(crate) fn inferred(data_type: Option<&ArrowType>, is_array: bool) -> u32 {
    let element = match data_type {
        None | Some(ArrowType::Null) => oid::TEXT,
        Some(data_type) => wire_type(&Field::new("parameter", data_type.clone(), true)).oid,
    };
    if is_array { array_of(element).unwrap_or(oid::TEXT) } else { element }
}

/// The number of a type that PREPARE names; text for one that it does not know.
pub(crate) fn oid_of(data_type: &DataType) -> u32 {
    literal::oid_of(data_type)
}

/// Replaces each `$n` by its literal.
pub(crate) fn substitute(statement: &Statement, literals: &[Expr]) -> Result<Statement, Report> {
    let mut statement = statement.clone();
    let mut substitution = Substitution { literals };
    match VisitMut::visit(&mut statement, &mut substitution) {
        ControlFlow::Continue(()) => Ok(statement),
        ControlFlow::Break(n) => Err(Report::new("42P02", format!("there is no parameter ${n}"))),
    }
}

/// The literal of a bound value.
pub(crate) fn literal(bound: &Bound<'_>) -> Result<Expr, Report> {
    let text = match (bound.bytes, bound.format) {
        (None, _) => None,
        (Some(bytes), Format::Text) => Some(
            std::str::from_utf8(bytes)
                .map_err(|_| Report::new("22021", "a parameter is not valid UTF-8"))?
                .to_owned(),
        ),
        (Some(bytes), Format::Binary) => Some(binary::to_text(bound.oid, bytes)?),
    };
    expression(&literal::sql(bound.oid, text.as_deref())?)
}

/// An expression cast to the parameter's type, where it has one that a cast is needed for.
pub(crate) fn cast(argument: &Expr, target: Option<&str>) -> Result<Expr, Report> {
    match target {
        Some(target) => expression(&format!("CAST({argument} AS {target})")),
        None => Ok(argument.clone()),
    }
}

/// The literal that stands for a parameter whose value is not known yet.
pub(crate) fn null(oid: u32) -> Result<Expr, Report> {
    expression(&literal::sql(oid, None)?)
}

fn expression(sql: &str) -> Result<Expr, Report> {
    Ok(Parser::new(&PostgreSqlDialect {}).try_with_sql(sql)?.parse_expr()?)
}

fn number(expr: &Expr) -> Option<usize> {
    match expr {
        Expr::Value(value) => match &value.value {
            Value::Placeholder(id) => id.strip_prefix('$').and_then(|id| id.parse().ok()),
            _ => None,
        },
        Expr::Nested(inner) => number(inner),
        _ => None,
    }
}

struct Counter {
    highest: usize,
}

impl Visitor for Counter {
    type Break = ();

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        if let Some(n) = number(expr) {
            self.highest = self.highest.max(n);
        }
        ControlFlow::Continue(())
    }
}

struct Teller {
    types: BTreeMap<usize, u32>,
}

impl Visitor for Teller {
    type Break = ();

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        if let Expr::Cast { expr, data_type, .. } = expr
            && let Some(n) = number(expr)
        {
            self.types.entry(n).or_insert(oid_of(data_type));
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        if let Some(LimitClause::LimitOffset { limit, offset, .. }) = &query.limit_clause {
            let rows = limit.iter().chain(offset.iter().map(|offset| &offset.value));
            for n in rows.filter_map(number) {
                self.types.entry(n).or_insert(oid::INT8);
            }
        }
        ControlFlow::Continue(())
    }
}

struct AnyToIn {
    arrays: Vec<usize>,
}

impl VisitorMut for AnyToIn {
    type Break = ();

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        if let Expr::AnyOp { left, right, .. } | Expr::AllOp { left, right, .. } = expr
            && let Some(n) = number(right)
        {
            self.arrays.push(n);
            let item = std::mem::replace(right.as_mut(), Expr::value(Value::Null));
            let left = std::mem::replace(left.as_mut(), Expr::value(Value::Null));
            *expr = Expr::InList { expr: Box::new(left), list: vec![item], negated: false };
        }
        ControlFlow::Continue(())
    }
}

struct Substitution<'a> {
    literals: &'a [Expr],
}

impl VisitorMut for Substitution<'_> {
    type Break = usize;

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<usize> {
        if let Expr::Value(_) = expr
            && let Some(n) = number(expr)
        {
            match n.checked_sub(1).and_then(|idx| self.literals.get(idx)) {
                Some(literal) => *expr = literal.clone(),
                None => return ControlFlow::Break(n),
            }
        }
        ControlFlow::Continue(())
    }
}

#[cfg(test)]
mod tests;
