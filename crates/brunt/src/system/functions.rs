//! `system.functions`: one row a function that SQL can call, brunt's own and the engine's.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use arrow::array::{RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, FieldRef, SchemaRef, TimeUnit};
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
        let returned = |types: &[DataType]| {
            let fields = fields_of(types);
            let args = datafusion::logical_expr::function::WindowUDFFieldArgs::new(&fields, name);
            Some(function.field(args).ok()?.data_type().clone())
        };
        let call = Call::of(function.signature(), function.documentation(), returned);
        rows.insert(name.clone(), documented("window", name, function.documentation(), call));
    }
    for (name, function) in state.aggregate_functions() {
        let returned = |types: &[DataType]| {
            let types = function.coerce_types(types).unwrap_or_else(|_| types.to_vec());
            function.return_type(&types).ok()
        };
        let call = Call::of(function.signature(), function.documentation(), returned);
        rows.insert(name.clone(), documented("aggregate", name, function.documentation(), call));
    }
    for (name, function) in state.scalar_functions() {
        let returned = |types: &[DataType]| scalar_return(function, types);
        let call = Call::of(function.signature(), function.documentation(), returned);
        rows.insert(name.clone(), documented("scalar", name, function.documentation(), call));
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

/// A call that the engine accepts: the types of its arguments, and of what it returns.
struct Call {
    types: Vec<DataType>,
    returns: Option<DataType>,
}

impl Call {
    /// The first that the signature names. Where it names none, the first of usual types, as many as there are
    /// documented arguments, for which the function says what it returns.
    fn of(
        signature: &Signature,
        documentation: Option<&Documentation>,
        returned: impl Fn(&[DataType]) -> Option<DataType>,
    ) -> Option<Self> {
        if let Some(types) = signature.type_signature.get_example_types().into_iter().next() {
            let returns = returned(&types);
            return Some(Self { types, returns });
        }
        // Functions may take it amiss to be asked with another number of arguments than they have.
        let n_arguments = documentation?.arguments.as_ref()?.len();
        usual_types(n_arguments).into_iter().find_map(|types| {
            let returns = Some(returned(&types)?);
            Some(Self { types, returns })
        })
    }
}

/// Types of so many arguments that many functions take: all alike, or a first one with its own.
fn usual_types(n_arguments: usize) -> Vec<Vec<DataType>> {
    let list = DataType::new_list(DataType::Int64, true);
    let time = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
    let (text, whole) = (DataType::Utf8, DataType::Int64);
    let alike = [&text, &whole, &DataType::Float64, &time, &DataType::Date32, &list];
    let mixed = [(&list, &whole), (&list, &text), (&text, &whole), (&text, &time), (&time, &text)];
    let pairs = alike.map(|ty| (ty, ty)).into_iter().chain(mixed);
    let types = |(first, rest): (&DataType, &DataType)| -> Vec<DataType> {
        (0..n_arguments).map(|idx| if idx == 0 { first.clone() } else { rest.clone() }).collect()
    };
    pairs.map(types).collect()
}

/// What the engine documents of a function, with the types of one call. A type that only the call decides is `any`.
fn documented(
    kind: &'static str,
    function: &str,
    documentation: Option<&Documentation>,
    call: Option<Call>,
) -> Row {
    let names = documentation.and_then(|it| it.arguments.as_deref()).unwrap_or_default();
    let types = call.as_ref().map(|call| call.types.as_slice());
    let n_arguments = types.map_or(names.len(), <[DataType]>::len);
    let arguments = (0..n_arguments).map(|idx| {
        let ty = types.map_or_else(|| ANY.to_owned(), |types| sql_type_name(&types[idx]));
        names.get(idx).map_or_else(|| ty.clone(), |(name, _)| format!("{name} {ty}"))
    });
    let arguments = arguments.collect::<Vec<_>>().join(", ");
    let example = match documentation {
        Some(it) => {
            it.sql_example.as_deref().map_or_else(|| it.syntax_example.clone(), without_fence)
        }
        None => format!("{function}({arguments})"),
    };
    let returns = call.and_then(|call| call.returns).map(|ty| sql_type_name(&ty));
    Row {
        kind,
        arguments: Some(arguments),
        returns: Some(returns.unwrap_or_else(|| ANY.to_owned())),
        description: documentation.map(|it| it.description.trim().to_owned()),
        example: Some(example),
    }
}

const ANY: &str = "any";

fn scalar_return(function: &ScalarUDF, types: &[DataType]) -> Option<DataType> {
    let types = function.coerce_types(types).unwrap_or_else(|_| types.to_vec());
    let arg_fields = fields_of(&types);
    let scalar_arguments = vec![None; types.len()];
    let args = ReturnFieldArgs { arg_fields: &arg_fields, scalar_arguments: &scalar_arguments };
    Some(function.return_field_from_args(args).ok()?.data_type().clone())
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
