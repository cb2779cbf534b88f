//! `system.functions`: one row a function that SQL can call, brunt's own and the engine's.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use arrow::array::{RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, FieldRef, SchemaRef};
use async_trait::async_trait;
use brunt_model::ColumnType::Text;
use datafusion::catalog::Session;
use datafusion::error::Result;
use datafusion::logical_expr::{Documentation, ReturnFieldArgs, ScalarUDF, Signature};

use crate::computed::{Rows, schema_of};
use crate::functions::documents;
use crate::relation::TableFunction;
use crate::session::Core;
use crate::sql_type::sql_type_name;

/// The functions of the session that asks.
#[derive(Debug)]
pub(super) struct Functions {
    pub(super) core: Arc<Core>,
}

/// One row.
#[derive(Debug, Default)]
struct Row {
    kind: &'static str,
    arguments: Option<String>,
    returns: Option<String>,
    description: Option<String>,
    example: Option<String>,
}

#[async_trait]
impl Rows for Functions {
    fn schema(&self) -> SchemaRef {
        static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
            schema_of(&[
                ("name", Text, "Name of the function."),
                ("kind", Text, "`scalar aggregate window table`."),
                ("arguments", Text, "Arguments with their types; optional ones in brackets."),
                ("returns", Text, "Type of what it returns, for the first types that it takes."),
                ("description", Text, "What it does."),
                ("example", Text, "A statement or call."),
            ])
        });
        Arc::clone(&SCHEMA)
    }

    async fn rows(&self, state: &dyn Session) -> Result<RecordBatch> {
        let rows = rows(state, self.core.table_functions());
        let column =
            |of: fn(&Row) -> Option<&str>| -> StringArray { rows.values().map(of).collect() };
        Ok(RecordBatch::try_new(
            self.schema(),
            vec![
                Arc::new(StringArray::from_iter_values(rows.keys())),
                Arc::new(column(|row| Some(row.kind))),
                Arc::new(column(|row| row.arguments.as_deref())),
                Arc::new(column(|row| row.returns.as_deref())),
                Arc::new(column(|row| row.description.as_deref())),
                Arc::new(column(|row| row.example.as_deref())),
            ],
        )?)
    }
}

/// By name; where the engine has a name as a window function and as an aggregate, the aggregate.
fn rows(state: &dyn Session, table_functions: &[Arc<dyn TableFunction>]) -> BTreeMap<String, Row> {
    let mut rows = BTreeMap::new();
    for (name, function) in state.window_functions() {
        let types = first_types(function.signature());
        let mut row = documented("window", function.documentation(), types.as_deref());
        row.returns = types.and_then(|types| {
            let fields = fields_of(&types);
            let args = datafusion::logical_expr::function::WindowUDFFieldArgs::new(&fields, name);
            Some(sql_type_name(function.field(args).ok()?.data_type()))
        });
        rows.insert(name.clone(), row);
    }
    for (name, function) in state.aggregate_functions() {
        let types = first_types(function.signature());
        let mut row = documented("aggregate", function.documentation(), types.as_deref());
        row.returns =
            types.and_then(|types| Some(sql_type_name(&function.return_type(&types).ok()?)));
        rows.insert(name.clone(), row);
    }
    for (name, function) in state.scalar_functions() {
        let types = first_types(function.signature());
        let mut row = documented("scalar", function.documentation(), types.as_deref());
        row.returns = types.and_then(|types| scalar_return(function, &types));
        rows.insert(name.clone(), row);
    }
    for document in documents() {
        let row = rows.entry(document.name.to_owned()).or_default();
        row.arguments = Some(document.arguments.to_owned());
        row.returns = Some(document.returns.to_owned());
        row.description = Some(document.description.to_owned());
        row.example = Some(document.example.to_owned());
    }
    for function in table_functions {
        rows.insert(function.name().to_owned(), of_table_function(function.as_ref()));
    }
    rows
}

fn of_table_function(function: &dyn TableFunction) -> Row {
    let arguments = function.arguments().iter().map(|argument| {
        let text = format!("{} {}", argument.name, sql_type_name(&argument.ty.data_type()));
        if argument.default.is_some() { format!("[{text}]") } else { text }
    });
    let schema = function.schema();
    let columns = schema
        .fields()
        .iter()
        .map(|field| format!("{} {}", field.name(), sql_type_name(field.data_type())));
    Row {
        kind: "table",
        arguments: Some(arguments.collect::<Vec<_>>().join(", ")),
        returns: Some(format!("table({})", columns.collect::<Vec<_>>().join(", "))),
        description: Some(function.doc().to_owned()),
        example: Some(function.example().to_owned()),
    }
}

/// What the engine documents, with the types of its first signature.
fn documented(
    kind: &'static str,
    documentation: Option<&Documentation>,
    types: Option<&[DataType]>,
) -> Row {
    let names = documentation.and_then(|it| it.arguments.as_ref());
    let name = |idx: usize| names.and_then(|names| names.get(idx)).map(|(name, _)| name.as_str());
    let arguments = types.map(|types| {
        let typed = types.iter().enumerate().map(|(idx, ty)| match name(idx) {
            Some(name) => format!("{name} {}", sql_type_name(ty)),
            None => sql_type_name(ty),
        });
        typed.collect::<Vec<_>>().join(", ")
    });
    let untyped =
        || Some(names?.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", "));
    Row {
        kind,
        arguments: arguments.or_else(untyped),
        returns: None,
        description: documentation.map(|it| it.description.trim().to_owned()),
        example: documentation.map(|it| {
            it.sql_example.as_deref().map_or_else(|| it.syntax_example.clone(), without_fence)
        }),
    }
}

fn first_types(signature: &Signature) -> Option<Vec<DataType>> {
    signature.type_signature.get_example_types().into_iter().next()
}

fn scalar_return(function: &ScalarUDF, types: &[DataType]) -> Option<String> {
    let arg_fields = fields_of(types);
    let scalar_arguments = vec![None; types.len()];
    let args = ReturnFieldArgs { arg_fields: &arg_fields, scalar_arguments: &scalar_arguments };
    Some(sql_type_name(function.return_field_from_args(args).ok()?.data_type()))
}

fn fields_of(types: &[DataType]) -> Vec<FieldRef> {
    types.iter().map(|ty| Arc::new(Field::new("argument", ty.clone(), true))).collect()
}

/// The statement inside a Markdown block, without the answer that follows it.
fn without_fence(example: &str) -> String {
    let lines = example.lines().skip_while(|line| !line.starts_with("```"));
    let inside = lines.skip(1).take_while(|line| !line.starts_with("```"));
    let statement: Vec<&str> = inside
        .take_while(|line| !line.starts_with('+'))
        .map(|line| line.trim_start_matches("> "))
        .collect();
    if statement.is_empty() { example.trim().to_owned() } else { statement.join("\n") }
}
