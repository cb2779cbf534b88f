//! What a query may not hold although its first word is SELECT: INTO, writing WITH queries, row locks, files as tables.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    ObjectName, Query, Select, SetExpr, TableFactor, Visit, Visitor,
};

use crate::error::Report;

/// Relations of one query; planning more takes the optimizer minutes.
const RELATIONS_MAX: usize = 200;

pub(super) fn check(query: &Query) -> Result<(), Report> {
    let mut checker = Checker { n_relations: 0 };
    match query.visit(&mut checker) {
        ControlFlow::Break(report) => Err(report),
        ControlFlow::Continue(()) => Ok(()),
    }
}

struct Checker {
    n_relations: usize,
}

impl Visitor for Checker {
    type Break = Report;

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<Report> {
        if !query.locks.is_empty() {
            return ControlFlow::Break(Report::read_only("SELECT FOR UPDATE"));
        }
        check_body(&query.body)
    }

    fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<Report> {
        match select.into {
            Some(_) => ControlFlow::Break(Report::read_only("SELECT INTO")),
            None => ControlFlow::Continue(()),
        }
    }

    fn pre_visit_relation(&mut self, relation: &ObjectName) -> ControlFlow<Report> {
        let is_text = relation
            .0
            .iter()
            .any(|part| part.as_ident().is_some_and(|ident| ident.quote_style == Some('\'')));
        if is_text {
            return ControlFlow::Break(
                Report::new("42501", format!("cannot read {relation} as a table"))
                    .hint("The endpoint reads no files."),
            );
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, _: &TableFactor) -> ControlFlow<Report> {
        self.n_relations += 1;
        if self.n_relations > RELATIONS_MAX {
            return ControlFlow::Break(Report::new(
                "54001",
                format!("a query reads more than {RELATIONS_MAX} tables"),
            ));
        }
        ControlFlow::Continue(())
    }
}

fn check_body(body: &SetExpr) -> ControlFlow<Report> {
    match body {
        SetExpr::Insert(_) => ControlFlow::Break(Report::read_only("INSERT")),
        SetExpr::Update(_) => ControlFlow::Break(Report::read_only("UPDATE")),
        SetExpr::Delete(_) => ControlFlow::Break(Report::read_only("DELETE")),
        SetExpr::Merge(_) => ControlFlow::Break(Report::read_only("MERGE")),
        SetExpr::SetOperation { left, right, .. } => {
            check_body(left)?;
            check_body(right)
        }
        SetExpr::Select(_) | SetExpr::Query(_) | SetExpr::Values(_) | SetExpr::Table(_) => {
            ControlFlow::Continue(())
        }
    }
}
