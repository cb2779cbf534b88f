//! The allow-list: what passes, what is refused and with which code.

use super::*;

fn one(text: &str) -> Result<Statement, Report> {
    let mut statements = parse(text)?;
    assert_eq!(statements.len(), 1, "{text}");
    Ok(statements.remove(0))
}

fn code(text: &str) -> String {
    parse(text).unwrap_err().code
}

#[test]
fn queries_of_all_shapes_pass() {
    for text in [
        "SELECT 1",
        "(SELECT 1) UNION ALL (SELECT 2)",
        "WITH a AS (SELECT 1) SELECT * FROM a",
        "VALUES (1), (2)",
        "TABLE logs",
        "EXPLAIN SELECT 1",
        "EXPLAIN ANALYZE SELECT 1",
        "select * from error_impact(journey => 'checkout', since => $1)",
        "SELECT 'DROP TABLE x; '",
    ] {
        assert!(matches!(one(text), Ok(Statement::Query(_))), "{text}");
    }
}

#[test]
fn what_writes_is_refused() {
    for text in [
        "CREATE TABLE t AS SELECT 1",
        "CREATE OR REPLACE VIEW v AS SELECT 1",
        "CREATE EXTERNAL TABLE t STORED AS CSV LOCATION '/etc/passwd'",
        "SELECT 1 INTO t",
        "DROP TABLE logs",
        "INSERT INTO logs VALUES (1)",
        "WITH a AS (INSERT INTO logs VALUES (1) RETURNING *) SELECT * FROM a",
        "UPDATE logs SET body = ''",
        "DELETE FROM logs",
        "TRUNCATE logs",
        "COPY logs FROM STDIN",
        "SELECT * FROM logs FOR UPDATE",
        "EXPLAIN ANALYZE DELETE FROM logs",
        "PREPARE p AS SELECT 1 INTO t",
        "DECLARE c CURSOR FOR SELECT 1 INTO t",
        "COPY (SELECT 1 INTO t) TO STDOUT",
    ] {
        assert_eq!(code(text), "25006", "{text}");
    }
    assert_eq!(code("SELECT 1; DROP TABLE logs"), "25006");
    assert_eq!(code("PREPARE p AS DELETE FROM logs"), "25006");
}

#[test]
fn files_are_out_of_reach() {
    assert_eq!(code("COPY (SELECT 1) TO '/tmp/x'"), "42501");
    assert_eq!(code("COPY logs TO PROGRAM 'sh'"), "42501");
    assert!(parse("SELECT * FROM '/etc/passwd'").is_err());
}

#[test]
fn nonsense_is_a_syntax_error() {
    for text in ["SELEC 1", "SELECT 1 FROM", "SELECT 'open", "FETCH", "COPY", "SET x", "EXPLAIN"] {
        assert_eq!(code(text), "42601", "{text}");
    }
}

#[test]
fn several_statements_come_apart_at_semicolons_only() {
    assert_eq!(parse("SELECT 1; ; SELECT ';' ; -- nothing\n").unwrap().len(), 2);
    assert!(parse("  /* nothing */ ; ").unwrap().is_empty());
}

#[test]
fn depth_is_bounded_before_anything_recursive_runs() {
    let chain =
        |n: usize, operator: &str| format!("SELECT 1 WHERE {}", vec!["a = 1"; n].join(operator));
    assert!(parse(&chain(900, " OR ")).is_ok());
    assert_eq!(code(&chain(5_000, " OR ")), "54001");
    assert_eq!(code(&format!("SELECT {}", vec!["1"; 200_000].join("+"))), "54001");
    assert_eq!(code(&format!("SELECT {}1{}", "(".repeat(100_000), ")".repeat(100_000))), "54001");
    assert_eq!(code(&format!("SELECT {} 1", "NOT ".repeat(100_000))), "54001");
    assert_eq!(code(&format!("{} SELECT 1", "SELECT 1 UNION ".repeat(50_000))), "54001");
    assert_eq!(
        code(&format!("SELECT {}1{}", "CASE WHEN true THEN ".repeat(5_000), " END".repeat(5_000))),
        "54001"
    );
    assert_eq!(code(&format!("SELECT {}1{}", "(SELECT ".repeat(300), ")".repeat(300))), "54001");
    let list = format!("SELECT 1 WHERE a IN ({})", vec!["1"; 50_000].join(","));
    assert!(parse(&list).is_ok());
    let cases = format!("SELECT CASE {} END", "WHEN a = 1 AND b = 2 THEN 'x' ".repeat(600));
    assert!(parse(&cases).is_ok());
}

#[test]
fn transactions_and_cursors_are_read_in_all_spellings() {
    assert!(matches!(
        one("START TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"),
        Ok(Statement::Begin)
    ));
    assert!(matches!(one("abort"), Ok(Statement::Rollback { chain: false })));
    assert!(matches!(one("END WORK AND CHAIN"), Ok(Statement::Commit { chain: true })));
    assert!(
        matches!(one("ROLLBACK TO SAVEPOINT s"), Ok(Statement::RollbackTo(name)) if name == "s")
    );
    assert!(matches!(
        one("DECLARE \"C\" NO SCROLL CURSOR WITH HOLD FOR SELECT 1"),
        Ok(Statement::Declare { name, hold: true, binary: false, .. }) if name == "C"
    ));
    let fetch = |text| match one(text) {
        Ok(Statement::Fetch(fetch)) => (fetch.cursor, fetch.n_rows),
        other => panic!("{other:?}"),
    };
    assert_eq!(fetch("FETCH FORWARD 100 FROM c"), ("c".to_owned(), Some(100)));
    assert_eq!(fetch("FETCH c"), ("c".to_owned(), Some(1)));
    assert_eq!(fetch("FETCH ALL IN c"), ("c".to_owned(), None));
    assert_eq!(code("FETCH PRIOR FROM c"), "0A000");
}

#[test]
fn settings_are_read_in_all_spellings() {
    let set = |text| match one(text) {
        Ok(Statement::Set { name, value, is_local }) => (name, value, is_local),
        other => panic!("{other:?}"),
    };
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(
        set("SET TIME ZONE 'Europe/Berlin'"),
        ("timezone".to_owned(), some("Europe/Berlin"), false)
    );
    assert_eq!(
        set("SET LOCAL statement_timeout TO 100"),
        ("statement_timeout".to_owned(), some("100"), true)
    );
    assert_eq!(set("SET search_path = a, \"B\""), ("search_path".to_owned(), some("a, B"), false));
    assert_eq!(set("SET brunt.epoch = 3"), ("brunt.epoch".to_owned(), some("3"), false));
    assert_eq!(
        set("SET extra_float_digits TO DEFAULT"),
        ("extra_float_digits".to_owned(), None, false)
    );
    assert_eq!(set("SET TIME ZONE -7"), ("timezone".to_owned(), some("-7"), false));
    assert_eq!(
        set("SET TIME ZONE INTERVAL '+02:00' HOUR TO MINUTE"),
        ("timezone".to_owned(), some("-02:00"), false)
    );
    assert!(
        matches!(one("SHOW transaction isolation level"), Ok(Statement::Show(name)) if name == "transaction_isolation")
    );
}

#[test]
fn copy_takes_both_forms_of_options() {
    let options = |text| match one(text) {
        Ok(Statement::Copy(copy)) => copy.options,
        other => panic!("{other:?}"),
    };
    let pair = |name: &str, value: Option<&str>| (name.to_owned(), value.map(str::to_owned));
    assert_eq!(
        options("COPY (SELECT 1) TO STDOUT WITH (FORMAT csv, HEADER, DELIMITER ';')"),
        [pair("format", Some("csv")), pair("header", None), pair("delimiter", Some(";"))]
    );
    assert_eq!(
        options("copy logs (ts, body) to stdout csv header"),
        [pair("format", Some("csv")), pair("header", None)]
    );
}
