//! What result columns are called: as PostgreSQL calls them, however often one name occurs.
//!
//! PostgreSQL names a column that the query does not (`count`, `?column?`), and may give several columns one name. The
//! engine names them after its own form of the expression, and refuses two of one name. So each item of a select list gets
//! PostgreSQL's name before planning, with something behind it where another item has that name already; what stands
//! behind is taken off the columns of the answer.

use std::collections::HashSet;
use std::ops::ControlFlow;
use std::sync::Arc;

use arrow::array::{RecordBatch, RecordBatchOptions};
use arrow::datatypes::{Schema, SchemaRef};
use arrow::error::ArrowError;
use datafusion::sql::parser::Statement as Parsed;
use datafusion::sql::sqlparser::ast::{
    AccessExpr, DataType, Expr, Ident, ObjectName, Select, SelectItem,
    SelectItemQualifiedWildcardKind, SetExpr, Statement, TrimWhereField, VisitMut, VisitorMut,
};

/// PostgreSQL's name for an expression that makes none.
const UNNAMED: &str = "?column?";

/// What follows it in a name only tells the column apart from others of that name: a character that no keyboard has.
const APART: char = '\u{2063}';

/// Names the columns of a statement and of its subqueries as PostgreSQL does; doing it again changes nothing.
///
/// A session does so by itself. A door that rewrites expressions before does it first, so that columns are called after
/// what the client wrote.
pub fn name_columns(statement: &mut Statement) {
    let _ = statement.visit(&mut Namer { n_apart: 0 });
}

pub(super) fn name(statement: &mut Parsed) {
    match statement {
        Parsed::Statement(statement) => name_columns(statement),
        Parsed::Explain(explain) => name(&mut explain.statement),
        Parsed::CreateExternalTable(_) | Parsed::CopyTo(_) | Parsed::Reset(_) => {}
    }
}

/// The schema with the names that people see.
pub(super) fn shown_schema(schema: &SchemaRef) -> SchemaRef {
    if schema.fields().iter().all(|field| !field.name().contains(APART)) {
        return Arc::clone(schema);
    }
    let fields = schema
        .fields()
        .iter()
        .map(|field| Arc::new(field.as_ref().clone().with_name(shown(field.name()))));
    Arc::new(Schema::new_with_metadata(fields.collect::<Vec<_>>(), schema.metadata().clone()))
}

/// The batch under the names that people see.
pub(super) fn shown_batch(batch: RecordBatch) -> Result<RecordBatch, ArrowError> {
    let schema = shown_schema(batch.schema_ref());
    if Arc::ptr_eq(&schema, batch.schema_ref()) {
        return Ok(batch);
    }
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    RecordBatch::try_new_with_options(schema, batch.columns().to_vec(), &options)
}

struct Namer {
    /// Names that were told apart: a wildcard may bring those of a subquery together with those around it.
    n_apart: usize,
}

impl VisitorMut for Namer {
    type Break = ();

    fn post_visit_select(&mut self, select: &mut Select) -> ControlFlow<()> {
        self.name_items(select);
        ControlFlow::Continue(())
    }
}

impl Namer {
    fn name_items(&mut self, select: &mut Select) {
        let wildcards: Vec<SelectItem> = select
            .projection
            .iter()
            .filter(|item| {
                matches!(item, SelectItem::Wildcard(_) | SelectItem::QualifiedWildcard(..))
            })
            .cloned()
            .collect();
        let mut taken = HashSet::new();
        for item in &mut select.projection {
            let (name, is_repeated) = match item {
                SelectItem::UnnamedExpr(expr) => {
                    (name_of(expr), wildcards.iter().any(|wildcard| may_bring(wildcard, expr)))
                }
                SelectItem::ExprWithAlias { alias, .. } => (folded(alias), false),
                _ => continue,
            };
            let is_free = taken.insert(name.clone()) && !is_repeated;
            self.n_apart += usize::from(!is_free);
            let alias = if is_free { name } else { format!("{name}{APART}{}", self.n_apart) };
            let alias = Ident::with_quote('"', alias);
            match item {
                SelectItem::UnnamedExpr(Expr::Identifier(_) | Expr::CompoundIdentifier(_))
                    if is_free => {}
                SelectItem::UnnamedExpr(expr) => {
                    let expr = expr.clone();
                    *item = SelectItem::ExprWithAlias { expr, alias };
                }
                SelectItem::ExprWithAlias { alias: given, .. } if !is_free => *given = alias,
                _ => {}
            }
        }
    }
}

/// Whether a wildcard may bring a column of the name that the expression gives.
fn may_bring(wildcard: &SelectItem, expr: &Expr) -> bool {
    match (wildcard, expr) {
        (
            SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::ObjectName(of), _),
            Expr::CompoundIdentifier(idents),
        ) => idents.iter().rev().nth(1).map(folded) == last(of),
        (SelectItem::QualifiedWildcard(..), Expr::Identifier(_)) => false,
        _ => true,
    }
}

/// The name as people see it.
fn shown(name: &str) -> &str {
    name.split(APART).next().unwrap_or(name)
}

/// The name that PostgreSQL gives the expression's column.
fn name_of(expr: &Expr) -> String {
    find(expr).unwrap_or_else(|| UNNAMED.to_owned())
}

fn folded(ident: &Ident) -> String {
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
        Expr::CompoundFieldAccess { root, access_chain } => {
            access_chain.iter().rev().find_map(field).or_else(|| find(root))
        }
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
        Expr::Subquery(query) => first_of(&query.body),
        _ => None,
    }
}

/// The name of a subquery's first column.
fn first_of(body: &SetExpr) -> Option<String> {
    match body {
        SetExpr::Select(select) => match select.projection.first()? {
            SelectItem::UnnamedExpr(expr) => Some(name_of(expr)),
            SelectItem::ExprWithAlias { alias, .. } => Some(shown(&folded(alias)).to_owned()),
            _ => None,
        },
        SetExpr::Query(query) => first_of(&query.body),
        SetExpr::SetOperation { left, .. } => first_of(left),
        _ => None,
    }
}

fn field(access: &AccessExpr) -> Option<String> {
    match access {
        AccessExpr::Dot(Expr::Identifier(field)) => Some(folded(field)),
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
    use crate::fixture::{ask, empty_store, session};

    async fn names(text: &str) -> Vec<String> {
        let answer = session(&empty_store().await).await.sql(text).await.unwrap();
        let told: Vec<String> =
            answer.schema.fields().iter().map(|field| field.name().clone()).collect();
        for batch in answer.collect().await.unwrap() {
            let fields = batch.schema_ref().fields();
            assert!(fields.iter().map(|field| field.name()).eq(&told), "{text}: {fields:?}");
        }
        told
    }

    /// The names that PostgreSQL 15 gives the columns of these queries.
    #[tokio::test]
    async fn columns_are_called_as_in_postgresql() {
        for (query, expected) in [
            ("SELECT 1, 'x', 1 + 2, NULL", vec!["?column?"; 4]),
            ("SELECT count(*), count(*), Max(ts) FROM logs", vec!["count", "count", "max"]),
            ("SELECT l.ts, \"ts\", (ts), TS FROM logs l", vec!["ts"; 4]),
            (
                "SELECT 1::int4, CAST('x' AS text), ts::text, date '2020-01-01' FROM logs",
                vec!["int4", "text", "ts", "date"],
            ),
            (
                "SELECT CASE WHEN true THEN 1 END, CASE WHEN true THEN '1' ELSE body END FROM logs",
                vec!["case", "body"],
            ),
            ("SELECT coalesce(NULL, 1), ARRAY[1]", vec!["coalesce", "array"]),
            (
                "SELECT extract(year FROM now()), (SELECT max(ts) FROM logs), 1 AS \"D\", 2 AS e",
                vec!["extract", "max", "D", "e"],
            ),
            (
                "SELECT (SELECT count(*) FROM logs), (SELECT count(*) FROM spans)",
                vec!["count", "count"],
            ),
            ("SELECT 1, 2 UNION SELECT 3, 4 ORDER BY 1", vec!["?column?"; 2]),
            ("SELECT 1 AS a, 2 AS a", vec!["a"; 2]),
            ("SELECT * FROM (SELECT count(*), count(*) FROM logs) t", vec!["count"; 2]),
            ("WITH t AS (SELECT 1, 1) SELECT *, 2 FROM t", vec!["?column?"; 3]),
            ("SELECT (error_info('E', 'x', NULL, 's')).title", vec!["title"]),
            ("VALUES (1, 1)", vec!["column1", "column2"]),
        ] {
            assert_eq!(names(query).await, expected, "{query}");
        }
    }

    #[tokio::test]
    async fn a_column_may_be_asked_for_beside_all_of_them() {
        for query in [
            "SELECT *, ts, ts::text FROM logs ORDER BY ts",
            "SELECT l.*, l.ts, s.ts FROM logs l JOIN spans s USING (span_id) ORDER BY s.ts",
            "SELECT * FROM (SELECT *, ts, ts FROM logs) t",
        ] {
            let names = names(query).await;
            assert_eq!(names[names.len() - 2..], ["ts", "ts"]);
            assert_eq!(names[0], "ts");
        }
    }

    #[tokio::test]
    async fn the_name_of_a_column_can_be_referred_to() {
        let session = session(&empty_store().await).await;
        for (query, expected) in [
            ("SELECT count FROM (SELECT count(*) FROM logs) t", "0"),
            (
                "SELECT v % 2, count(*) FROM (VALUES (1), (3), (4)) t (v) GROUP BY v % 2 ORDER BY count DESC LIMIT 1",
                "1|2",
            ),
            (
                "SELECT count(*), v FROM (VALUES (1), (1), (4)) t (v) GROUP BY v HAVING count(*) > 1 ORDER BY count(*)",
                "2|1",
            ),
            (
                "SELECT t.v, u FROM (SELECT a.*, b.v FROM (VALUES (1)) a (u), (VALUES (2)) b (v)) t",
                "2|1",
            ),
            ("SELECT v::text, v FROM (VALUES (9), (10)) t (v) ORDER BY t.v LIMIT 1", "9|9"),
            (
                "SELECT a.v, (SELECT count(*) FROM (VALUES (2)) b (v) WHERE b.v = a.v) FROM (VALUES (1)) a (v)",
                "1|0",
            ),
        ] {
            assert_eq!(ask(&session, query).await, [expected], "{query}");
        }
    }

    #[tokio::test]
    async fn an_explanation_takes_what_a_query_does() {
        assert_eq!(names("EXPLAIN SELECT 1, 1").await, ["plan_type", "plan"]);
    }
}
