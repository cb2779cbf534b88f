//! Each shape with what it becomes. The queries are in our own words; the clients themselves are run in `tests/clients`.

use std::sync::{Arc, Mutex};

use super::*;
use crate::catalog::{Catalog, Relations};
use crate::settings::Settings;
use crate::statement::{Statement as Ours, parse};

fn rewritten(text: &str) -> Result<String, Report> {
    let settings = Arc::new(Mutex::new(Settings::new("ana")));
    let catalog = Catalog::new(Arc::new(Relations::sample()), settings, "ana".to_owned(), 1);
    match parse(text)?.remove(0) {
        Ours::Query(ast) => rewrite(*ast, &catalog).map(|ast| ast.to_string()),
        other => panic!("{other:?}"),
    }
}

fn check(text: &str, expected: &str) {
    assert_eq!(rewritten(text).unwrap(), expected, "{text}");
}

#[test]
fn a_query_without_catalog_shapes_stays_as_it_is() {
    for text in [
        "SELECT a, count(*) FROM logs WHERE body LIKE '%x%' GROUP BY a",
        "SELECT (SELECT max(b) FROM t WHERE t.a = s.a) FROM s",
        "SELECT * FROM error_impact(journey => 'checkout')",
        "SELECT pg_rows FROM pg_my_own",
    ] {
        check(text, text);
    }
}

#[test]
fn names_of_the_catalog_are_found_bare_and_qualified() {
    check("SELECT relname FROM pg_class", "SELECT relname FROM pg_catalog.pg_class");
    check("SELECT pg_catalog.version()", "SELECT version()");
    check("SELECT 1 OPERATOR(pg_catalog.=) 2", "SELECT 1 = 2");
    check("SELECT a COLLATE pg_catalog.default FROM logs", "SELECT a FROM logs");
    check("TABLE logs", "SELECT * FROM logs");
}

#[test]
fn types_and_literals_are_those_of_the_engine() {
    check("SELECT a::oid, b::pg_catalog.text FROM logs", "SELECT a::BIGINT, b::TEXT FROM logs");
    check("SELECT a::jsonb FROM logs", "SELECT a::TEXT FROM logs");
    check("SELECT '{1,2}'::int[]", "SELECT ARRAY['1', '2']::INT[]");
    check("SELECT 1 WHERE a = ANY('{x,NULL}')", "SELECT 1 WHERE a = ANY(ARRAY['x', NULL])");
    check("SELECT 'logs'::regclass", "SELECT 16500");
    check("SELECT 'pg_catalog.pg_class'::regclass::oid", "SELECT 1259::BIGINT");
    check("SELECT a::regclass::text FROM logs", "SELECT regclassout(a)::TEXT FROM logs");
    check("SELECT a::regclass::oid FROM logs", "SELECT a FROM logs");
    check("SELECT a::regtype FROM logs", "SELECT format_type(a, -1) FROM logs");
    assert_eq!(rewritten("SELECT 'nothing'::regclass").unwrap_err().code, "42P01");
    check(
        "SELECT 1 WHERE a LIKE 'x/_%' ESCAPE '/'",
        "SELECT 1 WHERE a LIKE replace(replace('x/_%', '\\', '\\\\'), '/', '\\')",
    );
}

#[test]
fn what_reads_an_empty_relation_is_empty() {
    check(
        "SELECT i.indexrelid, 1 FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid ORDER BY 1",
        "SELECT CAST(NULL AS TEXT) AS indexrelid, CAST(NULL AS TEXT) AS \"column2\" WHERE false",
    );
    check(
        "SELECT relname FROM pg_class c LEFT JOIN pg_index i ON i.indrelid = c.oid",
        "SELECT relname FROM pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_index i ON i.indrelid = c.oid",
    );
    check(
        "SELECT array(SELECT 'toast.' || x FROM pg_catalog.unnest(c.reloptions) x) FROM pg_class c",
        "SELECT CAST(make_array() AS TEXT[]) FROM pg_catalog.pg_class c",
    );
    check("SELECT count(*) FROM pg_index", "SELECT count(*) FROM pg_catalog.pg_index");
    check(
        "SELECT (SELECT adbin FROM pg_attrdef) AS d FROM pg_class",
        "SELECT NULL AS d FROM pg_catalog.pg_class",
    );
    check("SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM pg_index)", "SELECT 1 WHERE true");
    check(
        "SELECT ARRAY(SELECT roleid FROM pg_auth_members m WHERE m.member = r.oid) FROM pg_roles r",
        "SELECT CAST(make_array() AS TEXT[]) FROM pg_catalog.pg_roles r",
    );
    check(
        "SELECT indrelid FROM pg_index UNION SELECT oid FROM pg_class ORDER BY 1",
        "SELECT oid FROM pg_catalog.pg_class ORDER BY 1",
    );
    check("SELECT * FROM pg_index", "SELECT * FROM pg_catalog.pg_index");
}

#[test]
fn correlated_subqueries_over_the_catalog_are_aggregates() {
    check(
        "SELECT (SELECT t.typname FROM pg_type t WHERE t.oid = a.atttypid) FROM pg_attribute a",
        "SELECT (SELECT min(t.typname) FROM pg_catalog.pg_type t WHERE t.oid = a.atttypid) \
         FROM pg_catalog.pg_attribute a",
    );
    check(
        "SELECT (SELECT typname FROM pg_type LIMIT 1)",
        "SELECT (SELECT typname FROM pg_catalog.pg_type LIMIT 1)",
    );
    check(
        "SELECT ARRAY(SELECT typname FROM pg_type ORDER BY 1)",
        "SELECT (SELECT array_agg(typname ORDER BY typname) FROM pg_catalog.pg_type)",
    );
}
