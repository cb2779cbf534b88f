//! Expressions: operators, casts, literals and calls in spellings that the engine plans.

use datafusion::sql::sqlparser::ast::{
    Array, BinaryOperator, DataType, Expr, Function, FunctionArg, FunctionArgExpr,
    FunctionArguments, Value,
};

use super::sql_type::{known, reg_type};
use super::{call, function_name, number, take, text};
use crate::catalog::{Catalog, INFORMATION_SCHEMA, PG_CATALOG};
use crate::error::Report;
use crate::parameter::array_items;

pub(super) fn rewrite(expr: &mut Expr, catalog: &Catalog) -> Result<(), Report> {
    match expr {
        Expr::Function(function) => rewrite_function(function),
        Expr::Collate { expr: inner, .. } => *expr = take(inner),
        Expr::BinaryOp { op, .. } => rewrite_operator(op)?,
        Expr::Like { pattern, escape_char, .. } | Expr::ILike { pattern, escape_char, .. } => {
            if let Some(escape) = escape_char.take() {
                rewrite_escape(pattern, &escape.value);
            }
        }
        Expr::AnyOp { right, .. } | Expr::AllOp { right, .. } => {
            if let Some(items) = literal_array(right) {
                **right = items;
            }
        }
        Expr::Cast { .. } => rewrite_cast(expr, catalog)?,
        _ => {}
    }
    Ok(())
}

/// Functions are found by their bare names.
fn rewrite_function(function: &mut Function) {
    let schema = match function.name.0.as_slice() {
        [schema, _] => schema.as_ident().map(|ident| ident.value.to_lowercase()),
        _ => None,
    };
    if schema.is_some_and(|schema| schema == PG_CATALOG || schema == INFORMATION_SCHEMA) {
        function.name.0.remove(0);
    }
}

/// `OPERATOR(pg_catalog.~)` is `~`.
fn rewrite_operator(op: &mut BinaryOperator) -> Result<(), Report> {
    let BinaryOperator::PGCustomBinaryOperator(parts) = op else { return Ok(()) };
    let symbol = parts.last().map(String::as_str).unwrap_or_default();
    *op = match symbol {
        "=" => BinaryOperator::Eq,
        "<>" | "!=" => BinaryOperator::NotEq,
        "<" => BinaryOperator::Lt,
        "<=" => BinaryOperator::LtEq,
        ">" => BinaryOperator::Gt,
        ">=" => BinaryOperator::GtEq,
        "+" => BinaryOperator::Plus,
        "-" => BinaryOperator::Minus,
        "*" => BinaryOperator::Multiply,
        "/" => BinaryOperator::Divide,
        "||" => BinaryOperator::StringConcat,
        "~" => BinaryOperator::PGRegexMatch,
        "~*" => BinaryOperator::PGRegexIMatch,
        "!~" => BinaryOperator::PGRegexNotMatch,
        "!~*" => BinaryOperator::PGRegexNotIMatch,
        "~~" => BinaryOperator::PGLikeMatch,
        "~~*" => BinaryOperator::PGILikeMatch,
        "!~~" => BinaryOperator::PGNotLikeMatch,
        "!~~*" => BinaryOperator::PGNotILikeMatch,
        _ => return Err(Report::new("42883", format!("operator does not exist: {symbol}"))),
    };
    Ok(())
}

/// The engine escapes by backslash only, so another character becomes one.
fn rewrite_escape(pattern: &mut Expr, escape: &Value) {
    let (Value::SingleQuotedString(escape) | Value::EscapedStringLiteral(escape)) = escape else {
        return;
    };
    if escape == "\\" {
        return;
    }
    let doubled = call("replace", vec![take(pattern), text("\\"), text("\\\\")]);
    *pattern = if escape.is_empty() {
        doubled
    } else {
        call("replace", vec![doubled, text(escape), text("\\")])
    };
}

fn rewrite_cast(expr: &mut Expr, catalog: &Catalog) -> Result<(), Report> {
    let Expr::Cast { expr: inner, data_type, .. } = expr else { return Ok(()) };
    if let Some(name) = reg_type(data_type) {
        let inner = take(inner);
        *expr = reg_cast(name, inner, catalog)?;
        return Ok(());
    }
    if matches!(data_type, DataType::Array(_))
        && let Some(items) = literal_array(inner)
    {
        **inner = items;
    }
    known(data_type);
    if matches!(data_type, DataType::BigInt(_) | DataType::Int(_))
        && let Some(number) = number_of_name(inner)
    {
        *expr = number;
    }
    Ok(())
}

/// A literal's number, or the name of a number that is computed.
fn reg_cast(reg_type: &str, inner: Expr, catalog: &Catalog) -> Result<Expr, Report> {
    let Some(literal) = literal_text(&inner) else {
        return Ok(match reg_type {
            "regclass" => call("regclassout", vec![inner]),
            "regtype" => call("format_type", vec![inner, number(-1)]),
            "regnamespace" => call("regnamespaceout", vec![inner]),
            _ => call("regroleout", vec![inner]),
        });
    };
    let missing =
        |kind: &str, code: &str| Report::new(code, format!("{kind} \"{literal}\" does not exist"));
    let oid = match reg_type {
        "regclass" => catalog.relation_oid(literal).ok_or_else(|| missing("relation", "42P01"))?,
        "regtype" => catalog.type_oid(literal).ok_or_else(|| missing("type", "42704"))?,
        "regnamespace" => catalog.schema_oid(literal).ok_or_else(|| missing("schema", "3F000"))?,
        _ => catalog.role_oid(literal).ok_or_else(|| missing("role", "42704"))?,
    };
    Ok(number(oid))
}

/// `x::regclass::oid` is `x`.
fn number_of_name(expr: &mut Expr) -> Option<Expr> {
    let Expr::Function(function) = expr else { return None };
    let name = function_name(function)?;
    if !["regclassout", "regnamespaceout", "regroleout"].contains(&name.as_str()) {
        return None;
    }
    let FunctionArguments::List(list) = &mut function.args else { return None };
    match list.args.pop()? {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(argument)) => Some(argument),
        _ => None,
    }
}

/// `'{a,b}'` as `ARRAY['a', 'b']`.
fn literal_array(expr: &Expr) -> Option<Expr> {
    let items = array_items(literal_text(expr)?)?;
    let elem = items.iter().map(|item| item.as_deref().map_or_else(super::null, text)).collect();
    Some(Expr::Array(Array { elem, named: true }))
}

fn literal_text(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Value(value) => match &value.value {
            Value::SingleQuotedString(text) | Value::EscapedStringLiteral(text) => Some(text),
            _ => None,
        },
        Expr::Nested(inner) => literal_text(inner),
        _ => None,
    }
}
