//! What reads a relation of the catalog that never has rows. A store has no indexes, constraints, triggers, policies or
//! publications, and the queries that clients ask about them are the ones that the engine cannot plan.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, GroupByExpr, Ident,
    JoinOperator, ObjectNamePart, Query, Select, SelectItem, SetExpr, SetOperator, TableFactor,
    TableWithJoins, Value, Visit, Visitor,
};

use super::{call, catalog_relation, function_name, null};
use crate::catalog::Catalog;

/// Functions that give a row even where there is none to aggregate.
const AGGREGATES: [&str; 12] = [
    "array_agg",
    "avg",
    "bool_and",
    "bool_or",
    "count",
    "every",
    "json_agg",
    "max",
    "min",
    "string_agg",
    "sum",
    "jsonb_agg",
];

/// Columns of the catalog that are NULL in every row: no relation, column or function has options or grants of its own.
const UNSET_LISTS: [&str; 5] = ["reloptions", "attoptions", "attfdwoptions", "relacl", "attacl"];

/// Replaces a select that can have no rows by one over no table, with as many columns.
pub(super) fn fold_select(select: &mut Select, catalog: &Catalog) {
    let grouped =
        !matches!(&select.group_by, GroupByExpr::Expressions(exprs, _) if exprs.is_empty());
    if select.from.is_empty() || !select.from.iter().any(|table| is_empty_join(table, catalog)) {
        return;
    }
    if !grouped && has_aggregate(select) {
        return;
    }
    let mut projection = Vec::with_capacity(select.projection.len());
    for (position, item) in select.projection.iter().enumerate() {
        let alias = match item {
            SelectItem::UnnamedExpr(Expr::Identifier(ident)) => ident.clone(),
            SelectItem::UnnamedExpr(Expr::CompoundIdentifier(idents)) => match idents.last() {
                Some(ident) => ident.clone(),
                None => return,
            },
            SelectItem::UnnamedExpr(_) => Ident::with_quote('"', format!("column{}", position + 1)),
            SelectItem::ExprWithAlias { alias, .. } => alias.clone(),
            // As many columns as its tables have: the engine knows how many.
            _ => return,
        };
        let expr = super::sql_type::cast_to_text(null());
        projection.push(SelectItem::ExprWithAlias { expr, alias });
    }
    select.projection = projection;
    select.from.clear();
    select.distinct = None;
    select.selection = Some(Expr::value(Value::Boolean(false)));
    select.group_by = GroupByExpr::Expressions(Vec::new(), Vec::new());
    select.having = None;
}

/// Drops the sides of a UNION that have no rows, and an order of nothing.
pub(super) fn fold_query(query: &mut Query) {
    fold_union(&mut query.body);
    if is_empty_body(&query.body) {
        query.order_by = None;
    }
}

/// A subquery without rows is NULL, exists not, and holds nothing.
pub(super) fn fold_expr(expr: &mut Expr) {
    let folded = match expr {
        Expr::Subquery(query) if is_empty_query(query) => null(),
        Expr::Exists { subquery, negated } if is_empty_query(subquery) => truth(*negated),
        Expr::InSubquery { subquery, negated, .. } if is_empty_query(subquery) => truth(*negated),
        Expr::AnyOp { right, .. } if matches!(right.as_ref(), Expr::Subquery(query) if is_empty_query(query)) => {
            truth(false)
        }
        Expr::Function(Function { args: FunctionArguments::Subquery(query), name, .. })
            if is_empty_query(query) && name.to_string().eq_ignore_ascii_case("array") =>
        {
            super::sql_type::cast_to_texts(call("make_array", Vec::new()))
        }
        _ => return,
    };
    *expr = folded;
}

/// Whether an aggregate stands in the select list or in HAVING, subqueries left out.
pub(super) fn has_aggregate(select: &Select) -> bool {
    let mut finder = Aggregates { depth: 0 };
    select.projection.visit(&mut finder).is_break() || select.having.visit(&mut finder).is_break()
}

fn truth(value: bool) -> Expr {
    Expr::value(Value::Boolean(value))
}

fn fold_union(body: &mut Box<SetExpr>) {
    if let SetExpr::SetOperation { left, op: SetOperator::Union, right, .. } = body.as_mut() {
        fold_union(left);
        fold_union(right);
        let kept = match (is_empty_body(left), is_empty_body(right)) {
            (true, false) => right,
            (_, true) => left,
            _ => return,
        };
        let kept = std::mem::replace(kept.as_mut(), SetExpr::Values(values()));
        **body = kept;
    }
}

/// VALUES of nothing, which stands where a body was taken out.
pub(super) fn values() -> datafusion::sql::sqlparser::ast::Values {
    datafusion::sql::sqlparser::ast::Values {
        explicit_row: false,
        value_keyword: false,
        rows: Vec::new(),
    }
}

fn is_empty_query(query: &Query) -> bool {
    is_empty_body(&query.body)
}

fn is_empty_body(body: &SetExpr) -> bool {
    match body {
        SetExpr::Select(select) => {
            let never = matches!(
                &select.selection,
                Some(Expr::Value(value)) if value.value == Value::Boolean(false)
            );
            never && select.from.is_empty() && !has_aggregate(select)
        }
        SetExpr::Query(query) => is_empty_query(query),
        SetExpr::SetOperation { left, op: SetOperator::Union, right, .. } => {
            is_empty_body(left) && is_empty_body(right)
        }
        _ => false,
    }
}

/// Whether a table with its joins has no rows, whatever the other tables hold.
fn is_empty_join(table: &TableWithJoins, catalog: &Catalog) -> bool {
    table.joins.iter().fold(is_empty_table(&table.relation, catalog), |left, join| {
        let right = is_empty_table(&join.relation, catalog);
        match &join.join_operator {
            JoinOperator::Join(_) | JoinOperator::Inner(_) | JoinOperator::CrossJoin(_) => {
                left || right
            }
            JoinOperator::Right(_) | JoinOperator::RightOuter(_) => right,
            JoinOperator::FullOuter(_) => left && right,
            _ => left,
        }
    })
}

fn is_empty_table(table: &TableFactor, catalog: &Catalog) -> bool {
    match table {
        TableFactor::Table { name, args: None, .. } => {
            catalog_relation(name).is_some_and(|(schema, name)| catalog.is_empty(schema, name))
        }
        TableFactor::Table { name, args: Some(args), .. } => {
            let is_unnest = |part: &ObjectNamePart| {
                part.as_ident().is_some_and(|ident| ident.value.eq_ignore_ascii_case("unnest"))
            };
            let of_nothing = |arg: &FunctionArg| matches!(arg, FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) if is_unset_list(expr));
            name.0.last().is_some_and(is_unnest) && args.args.iter().all(of_nothing)
        }
        TableFactor::UNNEST { array_exprs, .. } => array_exprs.iter().all(is_unset_list),
        TableFactor::Derived { subquery, .. } => is_empty_query(subquery),
        TableFactor::NestedJoin { table_with_joins, .. } => {
            is_empty_join(table_with_joins, catalog)
        }
        _ => false,
    }
}

/// Whether a column of the catalog holds a list that is set for nothing here.
fn is_unset_list(expr: &Expr) -> bool {
    let Expr::CompoundIdentifier(idents) = expr else { return false };
    idents.last().is_some_and(|ident| UNSET_LISTS.contains(&ident.value.as_str()))
}

struct Aggregates {
    depth: usize,
}

impl Visitor for Aggregates {
    type Break = ();

    fn pre_visit_query(&mut self, _: &Query) -> ControlFlow<()> {
        self.depth += 1;
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _: &Query) -> ControlFlow<()> {
        self.depth -= 1;
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        if let Expr::Function(function) = expr
            && self.depth == 0
            && function.over.is_none()
            && function_name(function).is_some_and(|name| AGGREGATES.contains(&name.as_str()))
        {
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    }
}
