//! Select lists in which two items have one name: PostgreSQL gives both columns, the engine refuses.

use std::collections::HashSet;

use datafusion::sql::sqlparser::ast::{Expr, Ident, Select, SelectItem};

/// Gives each later item of a name another one.
pub(super) fn name_apart(select: &mut Select) {
    let mut seen = HashSet::new();
    for (position, item) in select.projection.iter_mut().enumerate() {
        let name = match item {
            SelectItem::UnnamedExpr(expr) => engine_name(expr),
            SelectItem::ExprWithAlias { alias, .. } => alias.value.clone(),
            _ => continue,
        };
        if seen.insert(name.clone()) {
            continue;
        }
        let alias = Ident::with_quote('"', format!("{name}:{}", position + 1));
        match item {
            SelectItem::UnnamedExpr(expr) => {
                let expr = super::take(expr);
                *item = SelectItem::ExprWithAlias { expr, alias };
            }
            SelectItem::ExprWithAlias { alias: old, .. } => *old = alias,
            _ => {}
        }
    }
}

/// What the engine tells columns apart by: it does not count casts.
fn engine_name(expr: &Expr) -> String {
    match expr {
        Expr::Cast { expr, .. } | Expr::Nested(expr) => engine_name(expr),
        other => other.to_string(),
    }
}
