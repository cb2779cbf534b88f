//! What a result column is called where the query gives it no name: as PostgreSQL calls it.

use datafusion::sql::sqlparser::ast::{
    DataType, Expr, ObjectName, Query, SelectItem, SetExpr, Statement, TrimWhereField,
};

/// PostgreSQL's name for an expression that makes none.
const UNNAMED: &str = "?column?";

/// One item of a select list.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Item {
    Named(String),
    /// `*`: as many columns as its tables have, under their own names.
    Wildcard,
}

/// The items of the select list that names a statement's columns; `None` where there is none, as for VALUES.
pub(crate) fn items(statement: &Statement) -> Option<Vec<Item>> {
    match statement {
        Statement::Query(query) => query_items(query),
        _ => None,
    }
}

/// The names of `n_columns` columns of which the engine says `given`.
pub(crate) fn apply(items: Option<&[Item]>, given: Vec<String>) -> Vec<String> {
    let Some(items) = items else { return given };
    let n_wildcards = items.iter().filter(|item| **item == Item::Wildcard).count();
    let n_named = items.len() - n_wildcards;
    // With several wildcards it is not known which of them has how many columns.
    if n_wildcards > 1 || given.len() < n_named || (n_wildcards == 0 && given.len() != n_named) {
        return given;
    }
    let n_expanded = given.len() - n_named;
    let mut given = given.into_iter();
    let mut names = Vec::with_capacity(given.len());
    for item in items {
        match item {
            Item::Wildcard => names.extend(given.by_ref().take(n_expanded)),
            Item::Named(name) => {
                names.push(name.clone());
                given.next();
            }
        }
    }
    names
}

/// The name that PostgreSQL gives the expression's column.
pub(crate) fn of(expr: &Expr) -> String {
    find(expr).unwrap_or_else(|| UNNAMED.to_owned())
}

fn query_items(query: &Query) -> Option<Vec<Item>> {
    body_items(&query.body)
}

fn body_items(body: &SetExpr) -> Option<Vec<Item>> {
    match body {
        SetExpr::Select(select) => Some(
            select
                .projection
                .iter()
                .map(|item| match item {
                    SelectItem::UnnamedExpr(expr) => Item::Named(of(expr)),
                    SelectItem::ExprWithAlias { alias, .. } => Item::Named(folded(alias)),
                    _ => Item::Wildcard,
                })
                .collect(),
        ),
        SetExpr::Query(query) => query_items(query),
        SetExpr::SetOperation { left, .. } => body_items(left),
        _ => None,
    }
}

fn folded(ident: &datafusion::sql::sqlparser::ast::Ident) -> String {
    if ident.quote_style.is_some() { ident.value.clone() } else { ident.value.to_lowercase() }
}

fn last(name: &ObjectName) -> Option<String> {
    name.0.last().and_then(|part| part.as_ident()).map(folded)
}

/// As `FigureColname` of PostgreSQL's parser decides.
fn find(expr: &Expr) -> Option<String> {
    let named = |name: &str| Some(name.to_owned());
    match expr {
        Expr::Identifier(ident) => Some(folded(ident)),
        Expr::CompoundIdentifier(idents) => idents.last().map(folded),
        Expr::CompoundFieldAccess { root, .. } => find(root),
        Expr::Nested(inner) | Expr::Collate { expr: inner, .. } => find(inner),
        Expr::Function(function) => last(&function.name),
        Expr::Cast { expr, data_type, .. } => find(expr).or_else(|| type_name(data_type)),
        Expr::TypedString(typed) => type_name(&typed.data_type),
        Expr::Interval(_) => named("interval"),
        Expr::Case { else_result, .. } => {
            else_result.as_deref().and_then(find).or_else(|| named("case"))
        }
        Expr::Exists { .. } => named("exists"),
        Expr::Array(_) => named("array"),
        Expr::Tuple(_) => named("row"),
        Expr::Extract { .. } => named("extract"),
        Expr::Position { .. } => named("position"),
        Expr::Substring { .. } => named("substring"),
        Expr::Overlay { .. } => named("overlay"),
        Expr::Ceil { .. } => named("ceil"),
        Expr::Floor { .. } => named("floor"),
        Expr::AtTimeZone { .. } => named("timezone"),
        Expr::Trim { trim_where, .. } => named(match trim_where {
            Some(TrimWhereField::Leading) => "ltrim",
            Some(TrimWhereField::Trailing) => "rtrim",
            _ => "btrim",
        }),
        Expr::Subquery(query) => match query_items(query)?.into_iter().next()? {
            Item::Named(name) => Some(name),
            Item::Wildcard => None,
        },
        _ => None,
    }
}

/// The short name, under which a cast names its column: `int4`, not `integer`.
fn type_name(data_type: &DataType) -> Option<String> {
    let text = data_type.to_string().to_lowercase();
    let text = text.split('(').next().unwrap_or(&text).trim();
    let short = match text {
        "smallint" => "int2",
        "int" | "integer" => "int4",
        "bigint" => "int8",
        "real" | "float4" => "float4",
        "double precision" | "float8" | "double" => "float8",
        "boolean" => "bool",
        "decimal" | "dec" => "numeric",
        "character varying" => "varchar",
        "character" | "char" => "bpchar",
        "timestamp" if data_type.to_string().to_lowercase().contains("with time zone") => {
            "timestamptz"
        }
        _ if text.ends_with("[]") => return None,
        other => other.rsplit('.').next().unwrap_or(other),
    };
    Some(short.trim_matches('"').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statement::{Statement as Ours, parse};

    fn names(text: &str) -> Vec<String> {
        let Ours::Query(ast) = parse(text).unwrap().remove(0) else { panic!("{text}") };
        items(&ast)
            .unwrap()
            .into_iter()
            .map(|item| match item {
                Item::Named(name) => name,
                Item::Wildcard => "*".to_owned(),
            })
            .collect()
    }

    /// The names that PostgreSQL 15 gives the columns of these queries.
    #[test]
    fn unnamed_columns_are_called_as_in_postgresql() {
        for (query, expected) in [
            ("SELECT 1, 'x', 1 + 2, NULL", vec!["?column?"; 4]),
            ("SELECT count(*), Max(a), pg_catalog.version()", vec!["count", "max", "version"]),
            ("SELECT a.b, \"C\" , (a), B", vec!["b", "C", "a", "b"]),
            (
                "SELECT 1::int4, CAST('x' AS text), a::bigint, date '2020-01-01'",
                vec!["int4", "text", "a", "date"],
            ),
            ("SELECT CASE WHEN a THEN 1 END, CASE WHEN a THEN 1 ELSE b END", vec!["case", "b"]),
            (
                "SELECT coalesce(a, 1), EXISTS (SELECT 1), ARRAY[1]",
                vec!["coalesce", "exists", "array"],
            ),
            (
                "SELECT extract(year FROM a), (SELECT b FROM c), a AS \"D\"",
                vec!["extract", "b", "D"],
            ),
            ("SELECT *, 1 UNION SELECT 2, 3", vec!["*", "?column?"]),
            ("SELECT current_user, current_date", vec!["current_user", "current_date"]),
        ] {
            assert_eq!(names(query), expected, "{query}");
        }
    }

    #[test]
    fn a_wildcard_keeps_the_names_of_its_tables() {
        let items =
            [Item::Named("n".to_owned()), Item::Wildcard, Item::Named("?column?".to_owned())];
        let given = ["x", "a", "b", "Int64(1)"].map(str::to_owned).to_vec();
        assert_eq!(apply(Some(&items), given), ["n", "a", "b", "?column?"]);
        let two = [Item::Wildcard, Item::Wildcard];
        assert_eq!(apply(Some(&two), vec!["a".to_owned()]), ["a"]);
    }
}
