//! Forms of PostgreSQL that the engine plans under another form.

use std::ops::ControlFlow;

use datafusion::sql::parser::Statement as Parsed;
use datafusion::sql::sqlparser::ast::{
    AccessExpr, Expr, Ident, ObjectName, Set, Statement, Value, visit_expressions_mut,
};

/// Rewrites `(struct).field` to `struct['field']`, and `SET TIME ZONE x` to `SET timezone = x`.
pub(super) fn adapt(statement: &mut Parsed) {
    match statement {
        Parsed::Statement(statement) => adapt_sql(statement),
        Parsed::Explain(explain) => adapt(&mut explain.statement),
        Parsed::CreateExternalTable(_) | Parsed::CopyTo(_) | Parsed::Reset(_) => {}
    }
}

fn adapt_sql(statement: &mut Statement) {
    if let Statement::Set(Set::SetTimeZone { value, .. }) = statement {
        *statement = Statement::Set(Set::SingleAssignment {
            scope: None,
            hivevar: false,
            variable: ObjectName::from(vec![Ident::new("timezone")]),
            values: vec![value.clone()],
        });
    }
    let _ = visit_expressions_mut(statement, |expr| {
        if let Expr::CompoundFieldAccess { access_chain, .. } = expr {
            access_chain.iter_mut().for_each(name_field);
        }
        ControlFlow::<()>::Continue(())
    });
}

fn name_field(access: &mut AccessExpr) {
    if let AccessExpr::Dot(Expr::Identifier(field)) = access {
        let name = match field.quote_style {
            Some(_) => field.value.clone(),
            None => field.value.to_lowercase(),
        };
        *access = AccessExpr::Dot(Expr::value(Value::SingleQuotedString(name)));
    }
}
