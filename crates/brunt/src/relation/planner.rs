//! From `f(name => value)` in FROM to a call: which function is meant, and which argument each value is for.

use std::sync::Arc;

use arrow::datatypes::Field;
use datafusion::common::DFSchema;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::error::Result;
use datafusion::logical_expr::Expr;
use datafusion::logical_expr::expr::Placeholder;
use datafusion::logical_expr::planner::{
    PlannedRelation, RelationPlanner, RelationPlannerContext, RelationPlanning,
};
use datafusion::sql::sqlparser::ast::{
    BinaryOperator, Expr as SqlExpr, FunctionArg, FunctionArgExpr, Ident, ObjectName, TableFactor,
};

use crate::catalog::{CATALOG, PUBLIC};
use crate::code::Code;
use crate::error::Fault;
use crate::nearest::nearest;
use crate::relation::call::Call;
use crate::relation::{Argument, TableFunction};
use crate::session::Core;

/// Plans the calls of brunt's table functions, and refuses calls of functions that nobody has.
#[derive(Debug)]
pub(crate) struct TableFunctionPlanner {
    core: Arc<Core>,
}

impl TableFunctionPlanner {
    pub(crate) fn new(core: Arc<Core>) -> Self {
        Self { core }
    }

    fn function(&self, path: &[String]) -> Result<Option<Arc<dyn TableFunction>>> {
        let Some((name, schema)) = path.split_last() else { return Ok(None) };
        let is_ours = match schema {
            [] => true,
            [schema] => schema == PUBLIC || schema == CATALOG,
            [catalog, schema] => catalog == CATALOG && schema == PUBLIC,
            _ => false,
        };
        let known = self.core.table_functions();
        let found = known.iter().find(|function| is_ours && function.name() == name);
        if found.is_some() {
            return Ok(found.cloned());
        }
        let state = self.core.state()?;
        if schema.is_empty() && state.table_functions().contains_key(name) {
            return Ok(None);
        }
        let fault = Fault::new(
            Code::UndefinedFunction,
            format!("no table function \"{}\"", path.join(".")),
        );
        let names = known.iter().map(|function| function.name());
        let builtin = state.table_functions().keys().map(String::as_str);
        Err(match nearest(name, names.chain(builtin)) {
            Some(meant) => fault.with_hint(format!("Did you mean \"{meant}\"?")),
            None => fault,
        }
        .into())
    }
}

impl RelationPlanner for TableFunctionPlanner {
    fn plan_relation(
        &self,
        relation: TableFactor,
        context: &mut dyn RelationPlannerContext,
    ) -> Result<RelationPlanning> {
        let (name, args, alias) = match &relation {
            TableFactor::Table { name, args: Some(args), alias, .. } => (name, &args.args, alias),
            TableFactor::Function { name, args, alias, .. } => (name, args, alias),
            _ => return Ok(RelationPlanning::Original(Box::new(relation))),
        };
        let Some(function) = self.function(&path(name, context))? else {
            return Ok(RelationPlanning::Original(Box::new(relation)));
        };
        let given = match_arguments(function.as_ref(), args, context)?;
        let plan = Call::new(function, given)?.into_plan(&self.core)?;
        Ok(RelationPlanning::Planned(Box::new(PlannedRelation::new(plan, alias.clone()))))
    }
}

fn path(name: &ObjectName, context: &dyn RelationPlannerContext) -> Vec<String> {
    let idents = name.0.iter().filter_map(|part| part.as_ident());
    idents.map(|ident| context.normalize_ident(ident.clone())).collect()
}

/// An expression for each argument that is given, by the argument's place.
fn match_arguments(
    function: &dyn TableFunction,
    args: &[FunctionArg],
    context: &mut dyn RelationPlannerContext,
) -> Result<Vec<(usize, Expr)>> {
    let arguments = function.arguments();
    let mut given: Vec<(usize, Expr)> = Vec::with_capacity(args.len());
    for (position, arg) in args.iter().enumerate() {
        let (name, value) = parts(arg, context);
        let argument_idx = match name {
            Some(name) => named(function, &name)?,
            None if given.len() < position || position >= arguments.len() => {
                return Err(too_many(function).into());
            }
            None if args[..position].iter().any(|before| parts(before, context).0.is_some()) => {
                return Err(Fault::new(
                    Code::Syntax,
                    format!(
                        "an argument of \"{}\" without a name follows one with a name",
                        function.name()
                    ),
                )
                .into());
            }
            None => position,
        };
        let argument = &arguments[argument_idx];
        if given.iter().any(|(given_idx, _)| *given_idx == argument_idx) {
            return Err(Fault::new(
                Code::InvalidArgument,
                format!("argument \"{}\" of \"{}\" is given twice", argument.name, function.name()),
            )
            .into());
        }
        let FunctionArgExpr::Expr(value) = value else {
            return Err(Fault::new(
                Code::InvalidArgument,
                format!("argument \"{}\" of \"{}\" cannot be *", argument.name, function.name()),
            )
            .into());
        };
        given.push((argument_idx, planned(function, argument, &value, context)?));
    }
    Ok(given)
}

fn parts(
    arg: &FunctionArg,
    context: &dyn RelationPlannerContext,
) -> (Option<String>, FunctionArgExpr) {
    let normal = |ident: &Ident| context.normalize_ident(ident.clone());
    match arg {
        FunctionArg::Named { name, arg, .. } => (Some(normal(name)), arg.clone()),
        FunctionArg::ExprNamed { name: SqlExpr::Identifier(name), arg, .. } => {
            (Some(normal(name)), arg.clone())
        }
        FunctionArg::ExprNamed { name, arg, .. } => (Some(name.to_string()), arg.clone()),
        // PostgreSQL's older form, `name := value`, comes as an operator.
        FunctionArg::Unnamed(FunctionArgExpr::Expr(SqlExpr::BinaryOp {
            left,
            op: BinaryOperator::Assignment,
            right,
        })) => match left.as_ref() {
            SqlExpr::Identifier(name) => {
                (Some(normal(name)), FunctionArgExpr::Expr(*right.clone()))
            }
            other => (Some(other.to_string()), FunctionArgExpr::Expr(*right.clone())),
        },
        FunctionArg::Unnamed(arg) => (None, arg.clone()),
    }
}

fn named(function: &dyn TableFunction, name: &str) -> Result<usize> {
    let arguments = function.arguments();
    if let Some(idx) = arguments.iter().position(|argument| argument.name == name) {
        return Ok(idx);
    }
    let names: Vec<&str> = arguments.iter().map(|argument| argument.name).collect();
    let fault = Fault::new(
        Code::UndefinedFunction,
        format!("\"{}\" has no argument \"{name}\"", function.name()),
    );
    Err(match nearest(name, names.iter().copied()) {
        Some(meant) => fault.with_hint(format!("Did you mean \"{meant}\"?")),
        None => fault.with_hint(format!("It takes {}.", names.join(", "))),
    }
    .into())
}

fn too_many(function: &dyn TableFunction) -> Fault {
    Fault::new(
        Code::UndefinedFunction,
        format!("\"{}\" takes at most {} arguments", function.name(), function.arguments().len()),
    )
}

/// The expression of an argument. A bare parameter gets the argument's type, so that clients know what to send.
fn planned(
    function: &dyn TableFunction,
    argument: &Argument,
    value: &SqlExpr,
    context: &mut dyn RelationPlannerContext,
) -> Result<Expr> {
    let expr = context.sql_to_expr(value.clone(), &DFSchema::empty()).map_err(|error| {
        Fault::new(
            Code::InvalidArgument,
            format!("argument \"{}\" of \"{}\" is not a constant", argument.name, function.name()),
        )
        .with_detail(error.strip_backtrace())
        .with_hint("Give a literal or a parameter; text stands in single quotes.")
    })?;
    let typed = expr.transform(|part| match part {
        Expr::Placeholder(Placeholder { id, field: None }) => {
            let field = Arc::new(Field::new(argument.name, argument.ty.data_type(), true));
            Ok(Transformed::yes(Expr::Placeholder(Placeholder::new_with_field(id, Some(field)))))
        }
        other => Ok(Transformed::no(other)),
    })?;
    Ok(typed.data)
}
