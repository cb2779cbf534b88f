//! The functions that clients call beside the catalog's relations, from `format_type` to `version`.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Int64Array, ListBuilder, StringArray, StringBuilder,
};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field};
use datafusion::error::Result;
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, TypeSignature, Volatility,
};

use super::regclass::{name as relation_name, oid as relation_oid, quoted};
use super::{Catalog, DATABASE, PG_CATALOG, pg_class, pg_type, spec};
use crate::settings::SERVER_VERSION;
use crate::wire_type::format_type;

/// One function over the catalog.
#[derive(Debug)]
pub(super) struct CatalogFunction {
    name: &'static str,
    body: Body,
    catalog: Arc<Catalog>,
    signature: Signature,
}

/// What a function makes of one row's arguments.
#[derive(Debug, Clone, Copy)]
enum Body {
    Text(fn(&Catalog, &Row<'_>) -> Option<String>),
    Int(fn(&Catalog, &Row<'_>) -> Option<i64>),
    Bool(fn(&Catalog, &Row<'_>) -> Option<bool>),
    Texts(fn(&Catalog, &Row<'_>) -> Option<Vec<String>>),
}

/// The arguments in one row, each as text.
struct Row<'a> {
    arguments: &'a [StringArray],
    row_idx: usize,
}

impl Row<'_> {
    fn text(&self, idx: usize) -> Option<&str> {
        self.arguments
            .get(idx)
            .filter(|array| array.is_valid(self.row_idx))
            .map(|array| array.value(self.row_idx))
    }

    fn int(&self, idx: usize) -> Option<i64> {
        self.text(idx)?.parse().ok()
    }
}

/// Functions that give a text, number, truth or list of texts.
const FUNCTIONS: &[(&str, Body)] = &[
    ("col_description", Body::Text(col_description)),
    ("current_catalog", Body::Text(|_, _| Some(DATABASE.to_owned()))),
    ("current_database", Body::Text(|_, _| Some(DATABASE.to_owned()))),
    ("current_role", Body::Text(|catalog, _| Some(catalog.user.clone()))),
    ("current_schema", Body::Text(|_, _| Some("public".to_owned()))),
    ("current_schemas", Body::Texts(current_schemas)),
    ("current_setting", Body::Text(current_setting)),
    ("current_user", Body::Text(|catalog, _| Some(catalog.user.clone()))),
    ("format_type", Body::Text(shown_type)),
    ("obj_description", Body::Text(obj_description)),
    // Connection pools call it when they take a connection back; nothing is ever locked.
    ("pg_advisory_unlock_all", Body::Text(|_, _| None)),
    ("pg_backend_pid", Body::Int(|catalog, _| Some(i64::from(catalog.pid)))),
    (
        "pg_encoding_to_char",
        Body::Text(|_, row| (row.int(0) == Some(6)).then(|| "UTF8".to_owned())),
    ),
    (
        "pg_function_is_visible",
        Body::Bool(|catalog, row| Some(catalog.relations.function(row.int(0)?).is_some())),
    ),
    (
        "pg_get_function_arguments",
        Body::Text(|catalog, row| of_function(catalog, row, |it| &it.arguments)),
    ),
    (
        "pg_get_function_identity_arguments",
        Body::Text(|catalog, row| of_function(catalog, row, |it| &it.arguments)),
    ),
    (
        "pg_get_function_result",
        Body::Text(|catalog, row| of_function(catalog, row, |it| &it.returns)),
    ),
    ("pg_get_userbyid", Body::Text(|catalog, row| Some(catalog.role_name(row.int(0)?)))),
    ("pg_get_viewdef", Body::Text(view_definition)),
    ("pg_is_in_recovery", Body::Bool(|_, _| Some(false))),
    ("pg_is_other_temp_schema", Body::Bool(|_, _| Some(false))),
    ("pg_my_temp_schema", Body::Int(|_, _| Some(0))),
    ("pg_relation_is_publishable", Body::Bool(|_, _| Some(false))),
    ("pg_size_pretty", Body::Text(|_, row| Some(pretty_size(row.int(0)?)))),
    ("pg_table_is_visible", Body::Bool(table_is_visible)),
    ("quote_ident", Body::Text(|_, row| Some(quoted(row.text(0)?)))),
    (
        "regclassout",
        Body::Text(|catalog, row| Some(relation_name(&catalog.relations, row.int(0)?))),
    ),
    ("regnamespaceout", Body::Text(namespace_name)),
    ("regroleout", Body::Text(|catalog, row| Some(catalog.role_name(row.int(0)?)))),
    ("session_user", Body::Text(|catalog, _| Some(catalog.user.clone()))),
    ("to_regtype", Body::Int(|_, row| pg_type::oid(row.text(0)?))),
    ("to_regclass", Body::Int(|catalog, row| relation_oid(&catalog.relations, row.text(0)?))),
    ("user", Body::Text(|catalog, _| Some(catalog.user.clone()))),
    ("version", Body::Text(|_, _| Some(version()))),
];

/// Definitions of things that a store does not have: NULL, as for a number that nothing has.
const UNDEFINED: [&str; 15] = [
    "pg_get_constraintdef",
    "pg_get_expr",
    "pg_get_functiondef",
    "pg_get_indexdef",
    "pg_get_partkeydef",
    "pg_get_ruledef",
    "pg_get_serial_sequence",
    "pg_get_statisticsobjdef_columns",
    "pg_get_triggerdef",
    "pg_tablespace_location",
    "pg_database_size",
    "pg_relation_size",
    "pg_table_size",
    "pg_total_relation_size",
    "shobj_description",
];

/// Objects of kinds that there are none of, or that are all in `pg_catalog`.
const VISIBLE: [&str; 6] = [
    "pg_collation_is_visible",
    "pg_opclass_is_visible",
    "pg_operator_is_visible",
    "pg_opfamily_is_visible",
    "pg_ts_config_is_visible",
    "pg_type_is_visible",
];

/// Everybody may read, nobody may write.
const PRIVILEGES: [&str; 10] = [
    "has_any_column_privilege",
    "has_column_privilege",
    "has_database_privilege",
    "has_function_privilege",
    "has_language_privilege",
    "has_schema_privilege",
    "has_sequence_privilege",
    "has_table_privilege",
    "has_type_privilege",
    "pg_has_role",
];

/// All functions, over one connection's catalog.
pub(super) fn all(catalog: &Arc<Catalog>) -> Vec<CatalogFunction> {
    let undefined = UNDEFINED.iter().map(|name| {
        let body =
            if name.ends_with("_size") { Body::Int(|_, _| None) } else { Body::Text(|_, _| None) };
        (*name, body)
    });
    let visible =
        VISIBLE.iter().map(|name| (*name, Body::Bool(|_, row| row.text(0).map(|_| true))));
    let privileges = PRIVILEGES.iter().map(|name| (*name, Body::Bool(may)));
    FUNCTIONS
        .iter()
        .copied()
        .chain(undefined)
        .chain(visible)
        .chain(privileges)
        .map(|(name, body)| CatalogFunction {
            name,
            body,
            catalog: Arc::clone(catalog),
            signature: Signature::one_of(
                vec![TypeSignature::Nullary, TypeSignature::VariadicAny],
                Volatility::Stable,
            ),
        })
        .collect()
}

/// The version under which the endpoint presents itself, and its own.
fn version() -> String {
    format!("PostgreSQL {SERVER_VERSION} (brunt {})", env!("CARGO_PKG_VERSION"))
}

impl ScalarUDFImpl for CatalogFunction {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(match self.body {
            Body::Text(_) => DataType::Utf8,
            Body::Int(_) => DataType::Int64,
            Body::Bool(_) => DataType::Boolean,
            Body::Texts(_) => DataType::List(Arc::new(Field::new("item", DataType::Utf8, true))),
        })
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let n_rows = args.number_rows;
        let arguments = args
            .args
            .iter()
            .map(|argument| {
                let array = cast(&argument.to_array(n_rows)?, &DataType::Utf8)?;
                Ok(array.as_string::<i32>().clone())
            })
            .collect::<Result<Vec<_>>>()?;
        let rows = (0..n_rows).map(|row_idx| Row { arguments: &arguments, row_idx });
        let catalog = self.catalog.as_ref();
        let array: ArrayRef = match self.body {
            Body::Text(body) => {
                Arc::new(rows.map(|row| body(catalog, &row)).collect::<StringArray>())
            }
            Body::Int(body) => {
                Arc::new(rows.map(|row| body(catalog, &row)).collect::<Int64Array>())
            }
            Body::Bool(body) => {
                Arc::new(rows.map(|row| body(catalog, &row)).collect::<BooleanArray>())
            }
            Body::Texts(body) => {
                let mut builder = ListBuilder::new(StringBuilder::new());
                for row in rows {
                    match body(catalog, &row) {
                        Some(items) => builder.append_value(items.into_iter().map(Some)),
                        None => builder.append_null(),
                    }
                }
                Arc::new(builder.finish())
            }
        };
        Ok(ColumnarValue::Array(array))
    }
}

impl PartialEq for CatalogFunction {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && Arc::ptr_eq(&self.catalog, &other.catalog)
    }
}

impl Eq for CatalogFunction {}

impl Hash for CatalogFunction {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

fn current_schemas(_: &Catalog, row: &Row<'_>) -> Option<Vec<String>> {
    let implicit = row.text(0)? == "true";
    Some(if implicit {
        vec![PG_CATALOG.to_owned(), "public".to_owned()]
    } else {
        vec!["public".to_owned()]
    })
}

/// NULL for a setting that there is not, whether or not it may be missing.
fn current_setting(catalog: &Catalog, row: &Row<'_>) -> Option<String> {
    catalog.with_settings(|settings| {
        settings.show(row.text(0)?).ok().map(|(_, value)| value.to_owned())
    })
}

fn shown_type(_: &Catalog, row: &Row<'_>) -> Option<String> {
    let oid = u32::try_from(row.int(0)?).ok()?;
    let modifier = row.int(1).and_then(|modifier| i32::try_from(modifier).ok()).unwrap_or(-1);
    Some(match format_type(oid, modifier) {
        Some(name) => name,
        None => pg_type::name(oid)
            .unwrap_or_else(|| if oid == 0 { "-".to_owned() } else { "???".to_owned() }),
    })
}

fn col_description(catalog: &Catalog, row: &Row<'_>) -> Option<String> {
    let relation = catalog.relations.by_oid(row.int(0)?)?;
    let idx = usize::try_from(row.int(1)?).ok()?.checked_sub(1)?;
    relation.columns.get(idx)?.comment.clone()
}

fn obj_description(catalog: &Catalog, row: &Row<'_>) -> Option<String> {
    let oid = row.int(0)?;
    let of_relation = || catalog.relations.by_oid(oid)?.comment.clone();
    let of_function = || catalog.relations.function(oid)?.comment.clone();
    let of_schema = || {
        let schema = catalog.relations.schemas.iter().find(|schema| schema.oid == oid)?;
        pg_class::schema_comment(&schema.name).map(str::to_owned)
    };
    match row.text(1) {
        Some("pg_class") => of_relation(),
        Some("pg_proc") => of_function(),
        Some("pg_namespace") => of_schema(),
        Some(_) => None,
        None => of_relation().or_else(of_function).or_else(of_schema),
    }
}

fn of_function(
    catalog: &Catalog,
    row: &Row<'_>,
    part: fn(&super::relations::Function) -> &String,
) -> Option<String> {
    catalog.relations.function(row.int(0)?).map(part).cloned()
}

fn view_definition(catalog: &Catalog, row: &Row<'_>) -> Option<String> {
    let oid = relation_oid(&catalog.relations, row.text(0)?)?;
    catalog.relations.by_oid(oid)?.definition.clone()
}

/// Whether a bare name finds it: those of `public` and of `pg_catalog`.
fn table_is_visible(catalog: &Catalog, row: &Row<'_>) -> Option<bool> {
    let oid = row.int(0)?;
    let own = catalog.relations.by_oid(oid).map(|relation| relation.schema == "public");
    Some(
        own.unwrap_or_else(|| {
            spec::relations(PG_CATALOG).iter().any(|relation| relation.oid == oid)
        }),
    )
}

fn namespace_name(catalog: &Catalog, row: &Row<'_>) -> Option<String> {
    let oid = row.int(0)?;
    match oid {
        super::PG_CATALOG_OID => Some(PG_CATALOG.to_owned()),
        super::INFORMATION_SCHEMA_OID => Some(super::INFORMATION_SCHEMA.to_owned()),
        oid => {
            let schema = catalog.relations.schemas.iter().find(|schema| schema.oid == oid);
            Some(schema.map_or_else(|| oid.to_string(), |schema| schema.name.clone()))
        }
    }
}

/// The privilege is the last argument, perhaps several with commas.
fn may(_: &Catalog, row: &Row<'_>) -> Option<bool> {
    const READS: [&str; 5] = ["SELECT", "USAGE", "CONNECT", "EXECUTE", "MEMBER"];
    let privileges = row.text(row.arguments.len().checked_sub(1)?)?.to_uppercase();
    Some(privileges.split(',').any(|privilege| READS.contains(&privilege.trim())))
}

fn pretty_size(n_bytes: i64) -> String {
    let mut size = n_bytes;
    for unit in ["bytes", "kB", "MB", "GB", "TB"] {
        if size.abs() < 10 * 1024 {
            return format!("{size} {unit}");
        }
        size = (size + 512) / 1024;
    }
    format!("{size} PB")
}
