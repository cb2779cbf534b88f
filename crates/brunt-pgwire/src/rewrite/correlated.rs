//! Scalar subqueries over the catalog that look at the query around them. The engine plans them as a join where they are
//! an aggregate; over the catalog they give one row at most, of which the least is that row.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    Expr, Function, FunctionArgumentClause, FunctionArguments, GroupByExpr, OrderBy, OrderByExpr,
    OrderByKind, Query, Select, SelectItem, SetExpr, TableFactor, TableWithJoins, Visit, Visitor,
};

use super::{call, catalog_relation, empty, take};

pub(super) fn aggregate(expr: &mut Expr) {
    let Expr::Subquery(query) = expr else { return };
    if query.limit_clause.is_some() || query.with.is_some() {
        return;
    }
    let SetExpr::Select(select) = query.body.as_mut() else { return };
    if !reads_catalog(select) || !is_plain(select) || !looks_outside(select) {
        return;
    }
    if let [SelectItem::UnnamedExpr(item) | SelectItem::ExprWithAlias { expr: item, .. }] =
        select.projection.as_mut_slice()
    {
        *item = call("min", vec![take(item)]);
    }
}

/// `ARRAY(SELECT …)` is an aggregate over the same rows. One that finds no rows gives NULL, and not an empty array.
pub(super) fn array(expr: &mut Expr) {
    let Expr::Function(Function { args: FunctionArguments::Subquery(query), name, .. }) = expr
    else {
        return;
    };
    if !name.to_string().eq_ignore_ascii_case("array") || query.limit_clause.is_some() {
        return;
    }
    let order_by = query.order_by.take();
    let SetExpr::Select(select) = query.body.as_mut() else { return };
    if let [SelectItem::UnnamedExpr(item) | SelectItem::ExprWithAlias { expr: item, .. }] =
        select.projection.as_mut_slice()
    {
        let ordered = order_by.map(|order_by| in_aggregate(order_by, item));
        let mut aggregate = call("array_agg", vec![take(item)]);
        if let Expr::Function(Function { args: FunctionArguments::List(list), .. }) = &mut aggregate
        {
            list.clauses.extend(ordered.flatten().map(FunctionArgumentClause::OrderBy));
        }
        *item = aggregate;
    }
    *expr = Expr::Subquery(std::mem::replace(query, Box::new(nothing())));
}

/// The order as an aggregate takes it, in which `1` would be a number and not the first column.
fn in_aggregate(order_by: OrderBy, item: &Expr) -> Option<Vec<OrderByExpr>> {
    let OrderByKind::Expressions(mut exprs) = order_by.kind else { return None };
    for order in &mut exprs {
        if matches!(&order.expr, Expr::Value(_)) {
            order.expr = item.clone();
        }
    }
    Some(exprs)
}

fn nothing() -> Query {
    Query {
        with: None,
        body: Box::new(SetExpr::Values(empty::values())),
        order_by: None,
        limit_clause: None,
        fetch: None,
        locks: Vec::new(),
        for_clause: None,
        settings: None,
        format_clause: None,
        pipe_operators: Vec::new(),
    }
}

fn is_plain(select: &Select) -> bool {
    let grouped =
        !matches!(&select.group_by, GroupByExpr::Expressions(exprs, _) if exprs.is_empty());
    !grouped
        && select.having.is_none()
        && select.distinct.is_none()
        && !empty::has_aggregate(select)
}

fn reads_catalog(select: &Select) -> bool {
    !select.from.is_empty()
        && tables(&select.from).all(
            |table| matches!(table, TableFactor::Table { name, args: None, .. } if catalog_relation(name).is_some()),
        )
}

/// Whether a column of a table that is not among its own is named in it.
fn looks_outside(select: &Select) -> bool {
    let mut finder = Finder { own: tables(&select.from).filter_map(alias).collect(), depth: 0 };
    select.visit(&mut finder).is_break()
}

fn tables(from: &[TableWithJoins]) -> impl Iterator<Item = &TableFactor> {
    from.iter().flat_map(|table| {
        std::iter::once(&table.relation).chain(table.joins.iter().map(|join| &join.relation))
    })
}

/// The name under which a table's columns are known.
fn alias(table: &TableFactor) -> Option<String> {
    match table {
        TableFactor::Table { alias: Some(alias), .. } => Some(alias.name.value.to_lowercase()),
        TableFactor::Table { name, .. } => {
            name.0.last().and_then(|part| part.as_ident()).map(|ident| ident.value.to_lowercase())
        }
        _ => None,
    }
}

struct Finder {
    own: Vec<String>,
    depth: usize,
}

impl Visitor for Finder {
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
        if let Expr::CompoundIdentifier(idents) = expr
            && self.depth == 0
            && let [.., table, _] = idents.as_slice()
            && !self.own.contains(&table.value.to_lowercase())
        {
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    }
}
