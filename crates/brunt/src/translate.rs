//! The query engine's errors in brunt's words: which code, which names, what to do. Its own advice ends here.

use std::sync::Arc;

use arrow::error::ArrowError;
use datafusion::common::{Column, Diagnostic, SchemaError};
use datafusion::error::DataFusionError;
use datafusion::sql::sqlparser::parser::ParserError;

use crate::code::Code;
use crate::error::{Error, Fault, Position};
use crate::nearest::nearest;
use crate::sql_type::with_sql_type_names;

/// The names that a statement could have meant.
#[derive(Debug, Default)]
pub(crate) struct Names {
    pub(crate) tables: Vec<String>,
    pub(crate) functions: Vec<String>,
    pub(crate) settings: Vec<String>,
}

/// What the engine says, in our words; an error of ours that only passed through it comes back as it was.
pub(crate) fn translate(error: DataFusionError, names: &Names) -> Error {
    match error {
        DataFusionError::External(inner) => match inner.downcast::<Error>() {
            Ok(ours) => *ours,
            Err(inner) => match inner.downcast::<brunt_store::Error>() {
                Ok(store) => Error::Store(*store),
                Err(inner) => match inner.downcast::<DataFusionError>() {
                    Ok(nested) => translate(*nested, names),
                    Err(inner) => fault(Code::System, inner.to_string()).into(),
                },
            },
        },
        DataFusionError::ArrowError(arrow, _) => match *arrow {
            ArrowError::ExternalError(inner) => translate(DataFusionError::External(inner), names),
            other => arrow_fault(&other).into(),
        },
        DataFusionError::Context(_, inner) => translate(*inner, names),
        DataFusionError::Diagnostic(diagnostic, inner) => match translate(*inner, names) {
            Error::Statement(fault) if fault.position.is_none() => {
                fault.with_position(position_of(&diagnostic)).into()
            }
            other => other,
        },
        DataFusionError::Collection(mut errors) if !errors.is_empty() => {
            translate(errors.swap_remove(0), names)
        }
        DataFusionError::Shared(shared) => match Arc::try_unwrap(shared) {
            Ok(error) => translate(error, names),
            Err(shared) => translate_shared(&shared, names).into(),
        },
        other => engine_fault(&other, names).into(),
    }
}

/// An error that others hold too, so that it can only be looked at.
fn translate_shared(error: &DataFusionError, names: &Names) -> Fault {
    match error {
        DataFusionError::External(inner) => inner
            .downcast_ref::<Error>()
            .map_or_else(|| fault(Code::System, inner.to_string()), Error::to_fault),
        DataFusionError::ArrowError(arrow, _) => arrow_fault(arrow),
        DataFusionError::Context(_, inner) | DataFusionError::Diagnostic(_, inner) => {
            translate_shared(inner, names)
        }
        DataFusionError::Shared(inner) => translate_shared(inner, names),
        other => engine_fault(other, names),
    }
}

fn engine_fault(error: &DataFusionError, names: &Names) -> Fault {
    match error {
        DataFusionError::SQL(parser, _) => parser_fault(parser),
        DataFusionError::SchemaError(schema, _) => schema_fault(schema),
        DataFusionError::Plan(message) => plan_fault(message, names),
        // Names what the engine lacks by printing its own form of the expression, which says nothing to a user.
        DataFusionError::NotImplemented(message) if message.contains("logical expression") => {
            fault(Code::NotSupported, "this form of subquery or expression is not supported here")
                .with_hint("Write the subquery as a join, or as a column of a WITH query.")
        }
        DataFusionError::NotImplemented(message) => fault(Code::NotSupported, first_line(message)),
        DataFusionError::Configuration(message) => setting_fault(message, names),
        DataFusionError::Execution(message) => execution_fault(message),
        DataFusionError::ResourcesExhausted(message) => {
            fault(Code::OutOfMemory, "the query needs more memory than its limit")
                .with_detail(sentence(message))
                .with_hint("Raise --memory-limit, or read fewer days or columns at once.")
        }
        DataFusionError::ParquetError(parquet) => {
            fault(Code::StoreDamaged, format!("read data file: {}", first_line(&parquet.to_string())))
                .with_hint("Run `brunt status`; a damaged file can be restored by loading its export again into a new store.")
        }
        DataFusionError::ObjectStore(object_store) => object_store_fault(object_store),
        DataFusionError::IoError(io) => fault(Code::System, format!("read: {io}")),
        DataFusionError::ExecutionJoin(join) if join.is_cancelled() => {
            fault(Code::Cancelled, "the query was cancelled")
        }
        DataFusionError::Internal(message) => internal_fault(message, names),
        other => fault(Code::Internal, first_line(&other.message())),
    }
}

fn parser_fault(error: &ParserError) -> Fault {
    let text = match error {
        ParserError::RecursionLimitExceeded => {
            return fault(Code::TooComplex, "the statement nests too deeply")
                .with_hint("Put inner parts into WITH, or join fewer conditions.");
        }
        ParserError::TokenizerError(text) | ParserError::ParserError(text) => text.as_str(),
    };
    let (message, position) = split_position(first_line(text));
    let message = match between(message, "Expected: ", ", found: ") {
        Some(expected) => {
            let found = message.rsplit(", found: ").next().unwrap_or_default();
            match found {
                "EOF" => format!("syntax error at the end: expected {expected}"),
                _ => format!("syntax error at \"{found}\": expected {expected}"),
            }
        }
        None => format!("syntax error: {}", lower_first(message)),
    };
    fault(Code::Syntax, message).with_position(position)
}

/// Takes ` at Line: 1, Column: 8` off the end of the parser's text.
fn split_position(text: &str) -> (&str, Option<Position>) {
    let Some((message, place)) = text.rsplit_once(" at Line: ") else { return (text, None) };
    let position = place.split_once(", Column: ").and_then(|(line, column)| {
        Some(Position { line: line.parse().ok()?, column: column.trim().parse().ok()? })
    });
    (message, position)
}

fn schema_fault(error: &SchemaError) -> Fault {
    match error {
        SchemaError::FieldNotFound { field, valid_fields } => unknown_column(field, valid_fields),
        SchemaError::AmbiguousReference { field } => {
            fault(Code::AmbiguousColumn, format!("column \"{}\" is ambiguous", field.name))
                .with_hint("Put the table's name or alias before it.")
        }
        SchemaError::DuplicateQualifiedField { name, .. }
        | SchemaError::DuplicateUnqualifiedField { name } => {
            fault(Code::AmbiguousColumn, format!("column \"{name}\" appears more than once"))
                .with_hint("Give one of them another name with AS.")
        }
    }
}

fn unknown_column(field: &Column, valid_fields: &[Column]) -> Fault {
    let relations: Vec<String> = valid_fields
        .iter()
        .filter_map(|valid| valid.relation.as_ref().map(|relation| relation.table().to_owned()))
        .collect();
    let relation = field.relation.as_ref().map(|relation| relation.table().to_owned());
    if let Some(relation) = &relation
        && !relations.contains(relation)
    {
        let fault = fault(
            Code::UndefinedTable,
            format!("no table \"{relation}\" in FROM for column \"{relation}.{}\"", field.name),
        );
        return with_suggestion(fault, relation, relations.iter().map(String::as_str));
    }
    // The one table that is meant, where there is only one.
    let table = relation.or_else(|| {
        let first = relations.first()?;
        relations.iter().all(|other| other == first).then(|| first.clone())
    });
    let message = match &table {
        Some(table) => format!("table \"{table}\" has no column \"{}\"", field.name),
        None => format!("no column \"{}\"", field.name),
    };
    let names: Vec<&str> = valid_fields.iter().map(|valid| valid.name.as_str()).collect();
    let fault = fault(Code::UndefinedColumn, message);
    match nearest(&field.name, names.iter().copied()) {
        None if !names.is_empty() => fault.with_hint(format!("It has {}.", some_of(&names))),
        _ => with_suggestion(fault, &field.name, names),
    }
}

/// Names that an error lists where none of them is near.
const NAMES_LISTED_MAX: usize = 12;

fn some_of(names: &[&str]) -> String {
    match names.len().saturating_sub(NAMES_LISTED_MAX) {
        0 => names.join(", "),
        n_more => format!("{} and {n_more} more", names[..NAMES_LISTED_MAX].join(", ")),
    }
}

fn plan_fault(message: &str, names: &Names) -> Fault {
    if let Some(table) = between(message, "table '", "' not found") {
        let shown = table.strip_prefix("brunt.").unwrap_or(table);
        let shown = shown.strip_prefix("public.").unwrap_or(shown);
        let fault = fault(Code::UndefinedTable, format!("no table \"{shown}\""));
        return with_suggestion(fault, shown, names.tables.iter().map(String::as_str));
    }
    if let Some(function) = between(message, "Invalid function '", "'")
        .or_else(|| between(message, "table function '", "' not found"))
        .or_else(|| between(message, "There is no UDF named \"", "\""))
    {
        let fault = fault(Code::UndefinedFunction, format!("no function \"{function}\""));
        return with_suggestion(fault, function, names.functions.iter().map(String::as_str));
    }
    if let Some(fault) = call_fault(message) {
        return fault;
    }
    if let Some(clash) = between(message, "unique expression names", "at position") {
        let column = clash.split('"').nth(1).unwrap_or_default();
        let column = column.rsplit('.').next().unwrap_or(column);
        return fault(Code::AmbiguousColumn, format!("column \"{column}\" appears more than once"))
            .with_hint("Give one of them another name with AS.");
    }
    if message.contains("must appear in the GROUP BY clause") {
        let column = between(message, "column \"", "\" must")
            .or_else(|| between(message, "references: ", " must"))
            .unwrap_or_default();
        let column = column.rsplit('.').next().unwrap_or(column);
        return fault(
            Code::InvalidGrouping,
            format!("\"{column}\" is neither in GROUP BY nor inside an aggregate"),
        );
    }
    if message.starts_with("Cannot infer common") || message.starts_with("Cannot coerce arith") {
        let operation = message.rsplit(" operation ").next().unwrap_or(message);
        let operation = between(operation, "expression ", " to valid").unwrap_or(operation);
        return fault(
            Code::DatatypeMismatch,
            format!("no operation {}", with_sql_type_names(operation)),
        )
        .with_hint("Cast one side with CAST(x AS type).");
    }
    fault(Code::Syntax, lower_first(&with_sql_type_names(first_line(message))))
}

/// A call with arguments that the function does not take. The engine lists every signature that it tried;
/// `system.functions` has the ones that a person wants.
fn call_fault(message: &str) -> Option<Fault> {
    let function = between(message, "a call to '", "' function")
        .or_else(|| between(message, "argument types '", "("))
        .or_else(|| between(message, "Function '", "'"))
        .or_else(|| {
            message
                .strip_prefix('\'')
                .and_then(|rest| rest.strip_suffix("' does not support zero arguments"))
        })?;
    let given = between(message, "coercion from ", " to the signature")
        .or_else(|| between(message, &format!("'{function}("), ")'"));
    let text = match given {
        Some(types) => {
            format!("function \"{function}\" does not take ({})", with_sql_type_names(types))
        }
        None if message.contains("zero arguments") => {
            format!("function \"{function}\" does not take ()")
        }
        None => {
            match (between(message, "expects ", " arguments"), between(message, "received ", "")) {
                (Some(expected), Some(received)) => {
                    format!("function \"{function}\" takes {expected} arguments, not {received}")
                }
                _ => format!("function \"{function}\" does not take these arguments"),
            }
        }
    };
    Some(fault(Code::UndefinedFunction, text).with_hint(format!(
        "SELECT arguments, example FROM system.functions WHERE name = '{function}' shows how it is called."
    )))
}

fn setting_fault(message: &str, names: &Names) -> Fault {
    let known = between(message, "Config value \"", "\" not found")
        .or_else(|| between(message, "config namespace \"", "\""))
        .or_else(|| between(message, "config namespace for key \"", "\""));
    match known {
        Some(setting) => {
            let fault = fault(Code::UndefinedObject, format!("no setting \"{setting}\""))
                .with_hint("SELECT name FROM system.settings lists them.");
            let nearest_name =
                nearest(setting, names.settings.iter().map(String::as_str)).map(str::to_owned);
            match nearest_name {
                Some(meant) => fault.with_hint(format!("Did you mean \"{meant}\"?")),
                None => fault,
            }
        }
        None => fault(Code::InvalidArgument, lower_first(first_line(message))),
    }
}

fn execution_fault(message: &str) -> Fault {
    if let Some(parameter) = between(message, "Placeholder '", "' was not provided") {
        return fault(Code::UndefinedParameter, format!("parameter \"{parameter}\" has no value"));
    }
    if message.contains("Arithmetic overflow") || message.contains("Overflow") {
        return fault(Code::NumericOutOfRange, "a number does not fit its type");
    }
    fault(Code::InvalidArgument, lower_first(&with_sql_type_names(first_line(message))))
}

/// The engine calls some mistakes of the user its own.
fn internal_fault(message: &str, names: &Names) -> Fault {
    if let Some(fault) = call_fault(message) {
        return fault;
    }
    let plan = plan_fault(message, names);
    match plan.code {
        Code::Syntax => fault(Code::Internal, lower_first(first_line(message))),
        _ => plan,
    }
}

fn arrow_fault(error: &ArrowError) -> Fault {
    match error {
        ArrowError::DivideByZero => fault(Code::DivisionByZero, "division by zero")
            .with_hint("NULLIF(divisor, 0) makes the result NULL instead."),
        ArrowError::ArithmeticOverflow(_) => {
            fault(Code::NumericOutOfRange, "a number does not fit its type")
        }
        ArrowError::CastError(text) | ArrowError::ParseError(text) => cast_fault(text),
        ArrowError::ComputeError(text) | ArrowError::InvalidArgumentError(text)
            if text.contains("verflow") || text.contains("is too large to store") =>
        {
            fault(Code::NumericOutOfRange, "a number does not fit its type")
                .with_detail(sentence(text))
        }
        ArrowError::ExternalError(inner) => match inner.downcast_ref::<Error>() {
            Some(ours) => ours.to_fault(),
            None => fault(Code::System, inner.to_string()),
        },
        ArrowError::MemoryError(text) => fault(Code::OutOfMemory, lower_first(text)),
        ArrowError::NotYetImplemented(text) => {
            fault(Code::NotSupported, lower_first(first_line(text)))
        }
        ArrowError::IoError(text, _) => fault(Code::System, lower_first(text)),
        other => fault(
            Code::InvalidArgument,
            lower_first(&with_sql_type_names(first_line(&other.to_string()))),
        ),
    }
}

fn cast_fault(text: &str) -> Fault {
    let hint = "TRY_CAST gives NULL where a text does not read.";
    match (
        between(text, "Cannot cast string '", "' to value of "),
        between(text, "to value of ", " type"),
    ) {
        (Some(value), Some(ty)) => fault(
            Code::InvalidText,
            format!("\"{value}\" does not read as {}", with_sql_type_names(ty)),
        )
        .with_hint(hint),
        _ if text.contains("out of range")
            || text.contains("verflow")
            || text.contains("Can't cast value") =>
        {
            fault(Code::NumericOutOfRange, "a number does not fit its type")
                .with_detail(sentence(text))
        }
        _ => {
            let text = lower_first(&with_sql_type_names(first_line(text)));
            fault(Code::InvalidText, text).with_hint(hint)
        }
    }
}

fn object_store_fault(error: &object_store::Error) -> Fault {
    match error {
        object_store::Error::NotFound { path, .. } => {
            fault(Code::StoreDamaged, format!("data file \"{path}\" is not there"))
                .with_hint("It may have been vacuumed while the query ran; run the query again.")
        }
        other => fault(Code::System, first_line(&other.to_string())),
    }
}

fn position_of(diagnostic: &Diagnostic) -> Option<Position> {
    let start = diagnostic.span?.start;
    (start.line > 0).then_some(Position { line: start.line, column: start.column })
}

fn with_suggestion<'a>(
    fault: Fault,
    name: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Fault {
    match nearest(name, candidates) {
        Some(meant) => fault.with_hint(format!("Did you mean \"{meant}\"?")),
        None => fault,
    }
}

fn fault(code: Code, message: impl Into<String>) -> Fault {
    Fault::new(code, message)
}

/// The text between two others; to the end of the line where `end` is empty.
fn between<'a>(text: &'a str, start: &str, end: &str) -> Option<&'a str> {
    let rest = &text[text.find(start)? + start.len()..];
    if end.is_empty() { rest.lines().next() } else { rest.find(end).map(|stop| &rest[..stop]) }
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default().trim().trim_end_matches('.')
}

/// Messages open in lower case, unless the word is a name such as `SELECT`.
fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    match (chars.next(), text.chars().nth(1)) {
        (Some(first), second) if first.is_uppercase() && second.is_none_or(char::is_lowercase) => {
            first.to_lowercase().chain(chars).collect()
        }
        _ => text.to_owned(),
    }
}

fn sentence(text: &str) -> String {
    format!("{}.", first_line(text))
}

#[cfg(test)]
mod tests {
    use crate::code::Code;
    use crate::fixture::{empty_store, fails, session};

    /// Statement, code, message, hint.
    const CASES: &[(&str, Code, &str, &str)] = &[
        (
            "SELECT sesion_id FROM logs",
            Code::UndefinedColumn,
            "table \"logs\" has no column \"sesion_id\" (line 1, column 8)",
            "Did you mean \"session_id\"?",
        ),
        (
            "SELECT l.sesion_id FROM logs l JOIN spans s ON l.span_id = s.span_id",
            Code::UndefinedColumn,
            "table \"l\" has no column \"sesion_id\" (line 1, column 8)",
            "Did you mean \"session_id\"?",
        ),
        (
            "SELECT colour FROM (SELECT ts, body FROM logs) l",
            Code::UndefinedColumn,
            "table \"l\" has no column \"colour\" (line 1, column 8)",
            "It has ts, body.",
        ),
        (
            "SELECT colour FROM (VALUES (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13)) v (a, b, c, d, e, f, g, h, i, j, k, l, m)",
            Code::UndefinedColumn,
            "table \"v\" has no column \"colour\" (line 1, column 8)",
            "It has a, b, c, d, e, f, g, h, i, j, k, l and 1 more.",
        ),
        (
            "SELECT x.body FROM logs",
            Code::UndefinedTable,
            "no table \"x\" in FROM for column \"x.body\" (line 1, column 8)",
            "",
        ),
        (
            "SELECT session_id FROM logs JOIN spans ON true",
            Code::AmbiguousColumn,
            "column \"session_id\" is ambiguous (line 1, column 8)",
            "Put the table's name or alias before it.",
        ),
        (
            "SELECT l.*, l.* FROM logs l",
            Code::AmbiguousColumn,
            "column \"ts\" appears more than once",
            "Give one of them another name with AS.",
        ),
        (
            "SELECT * FROM lgos",
            Code::UndefinedTable,
            "no table \"lgos\" (line 1, column 15)",
            "Did you mean \"logs\"?",
        ),
        (
            "SELECT * FROM system.load",
            Code::UndefinedTable,
            "no table \"system.load\" (line 1, column 15)",
            "Did you mean \"system.loads\"?",
        ),
        (
            "SELECT wilsen(1, 2)",
            Code::UndefinedFunction,
            "no function \"wilsen\" (line 1, column 8)",
            "Did you mean \"wilson\"?",
        ),
        (
            "SELECT * FROM generate_seris(1, 2)",
            Code::UndefinedFunction,
            "no table function \"generate_seris\"",
            "Did you mean \"generate_series\"?",
        ),
        (
            "SELECT wilson('a')",
            Code::UndefinedFunction,
            "function \"wilson\" does not take (text)",
            "SELECT arguments, example FROM system.functions WHERE name = 'wilson' shows how it is called.",
        ),
        (
            "SELECT abs(body) FROM logs",
            Code::UndefinedFunction,
            "function \"abs\" does not take (text)",
            "SELECT arguments, example FROM system.functions WHERE name = 'abs' shows how it is called.",
        ),
        (
            "SELECT 1 FORM logs WHERE",
            Code::Syntax,
            "syntax error at \"logs\": expected end of statement (line 1, column 15)",
            "",
        ),
        ("SELECT", Code::Syntax, "syntax error at the end: expected an expression", ""),
        (
            "SELECT body, count(*) FROM logs",
            Code::InvalidGrouping,
            "\"body\" is neither in GROUP BY nor inside an aggregate (line 1, column 8)",
            "",
        ),
        (
            "SELECT 1 / 0",
            Code::DivisionByZero,
            "division by zero",
            "NULLIF(divisor, 0) makes the result NULL instead.",
        ),
        (
            "SELECT CAST('abc' AS int)",
            Code::InvalidText,
            "\"abc\" does not read as integer",
            "TRY_CAST gives NULL where a text does not read.",
        ),
        (
            "SELECT CAST(3000000000 AS int)",
            Code::NumericOutOfRange,
            "a number does not fit its type",
            "",
        ),
        (
            "SELECT INTERVAL '1 day' * body FROM logs",
            Code::DatatypeMismatch,
            "no operation interval * text (line 1, column 27)",
            "Cast one side with CAST(x AS type).",
        ),
        ("SELECT $1", Code::UndefinedParameter, "parameter \"$1\" has no value", ""),
    ];

    #[tokio::test]
    async fn every_mistake_gets_its_code_its_words_and_what_to_do() {
        let session = session(&empty_store().await).await;
        let mut wrong = Vec::new();
        for (sql, code, message, hint) in CASES {
            let err = fails(&session, sql).await;
            let got = (err.code(), err.to_string(), err.hint().unwrap_or_default());
            if got != (*code, (*message).to_owned(), (*hint).to_owned()) {
                wrong.push(format!("{sql}\n  {got:?}"));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    #[tokio::test]
    async fn no_message_sends_people_to_the_engine() {
        let session = session(&empty_store().await).await;
        for (sql, ..) in CASES {
            let err = fails(&session, sql).await;
            let text = format!("{err} {:?} {:?}", err.hint(), err.detail());
            for foreign in [
                "DataFusion",
                "datafusion",
                "bug report",
                "Candidate",
                "Utf8",
                "Int64",
                "Error during",
            ] {
                assert!(!text.contains(foreign), "{sql}: {text}");
            }
        }
    }
}
