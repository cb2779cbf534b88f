//! Statements on every path: simple, extended, prepared, cursors, COPY, transactions, settings.

use futures::{StreamExt, TryStreamExt};
use tokio_postgres::SimpleQueryMessage;

use super::{Endpoint, code, rows, value};

#[tokio::test(flavor = "multi_thread")]
async fn a_text_of_several_statements_answers_each() {
    let endpoint = Endpoint::start().await;
    let client = endpoint.connect().await;
    let messages =
        client.simple_query("SELECT 1 AS a; SELECT 2, 'x'; SHOW server_version").await.unwrap();
    let tags: Vec<u64> = messages
        .iter()
        .filter_map(|message| match message {
            SimpleQueryMessage::CommandComplete(n_rows) => Some(*n_rows),
            _ => None,
        })
        .collect();
    assert_eq!(tags, [1, 1, 1]);
    assert_eq!(rows(&client, "").await, Vec::<Vec<Option<String>>>::new());
    let error = client.simple_query("SELECT 1; SELECT nothing; SELECT 3").await.unwrap_err();
    assert_eq!(code(&error), "42703");
    assert_eq!(value(&client, "SELECT 7").await, "7");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_endpoint_presents_itself_as_postgresql() {
    let endpoint = Endpoint::start().await;
    let client = endpoint.connect().await;
    assert!(value(&client, "SELECT version()").await.starts_with("PostgreSQL 15."));
    assert_eq!(value(&client, "SHOW standard_conforming_strings").await, "on");
    assert_eq!(value(&client, "SHOW transaction isolation level").await, "repeatable read");
    assert_eq!(value(&client, "SELECT current_user").await, "ana");
    assert_eq!(value(&client, "SELECT current_setting('server_encoding')").await, "UTF8");
}

#[tokio::test(flavor = "multi_thread")]
async fn columns_without_a_name_have_postgresqls() {
    let endpoint = Endpoint::start().await;
    let client = endpoint.connect().await;
    let statement = client
        .prepare(
            "SELECT 1, count(*), count(*), NULL, max(body), coalesce(1, 2), $1::int8 FROM logs",
        )
        .await
        .unwrap();
    let names: Vec<&str> = statement.columns().iter().map(tokio_postgres::Column::name).collect();
    assert_eq!(names, ["?column?", "count", "count", "?column?", "max", "coalesce", "int8"]);
    let row = client.query_one(&statement, &[&7_i64]).await.unwrap();
    let told: Vec<&str> = row.columns().iter().map(tokio_postgres::Column::name).collect();
    assert_eq!((told, row.get::<_, i64>(2), row.get::<_, i64>(6)), (names, 4, 7));
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_writes_passes_on_any_path() {
    let endpoint = Endpoint::start().await;
    let client = endpoint.connect().await;
    for sql in [
        "DROP TABLE logs",
        "SELECT 1; CREATE TABLE t AS SELECT 1",
        "PREPARE p AS SELECT 1 INTO t",
        "BEGIN; DECLARE c CURSOR FOR SELECT 1 INTO t",
        "COPY (SELECT 1 INTO t) TO STDOUT",
        "EXPLAIN ANALYZE INSERT INTO logs VALUES (1)",
        "WITH d AS (DELETE FROM logs RETURNING *) SELECT * FROM d",
        "CREATE EXTERNAL TABLE t STORED AS CSV LOCATION '/etc/passwd'",
        "SELECT * FROM logs FOR UPDATE",
    ] {
        assert_eq!(code(&client.simple_query(sql).await.unwrap_err()), "25006", "{sql}");
        client.simple_query("ROLLBACK").await.unwrap();
    }
    for sql in [
        "DROP TABLE logs",
        "SELECT 1 INTO t",
        "COPY logs FROM STDIN",
        "INSERT INTO logs VALUES ($1)",
    ] {
        assert_eq!(code(&client.prepare(sql).await.unwrap_err()), "25006", "{sql}");
    }
    for sql in ["COPY (SELECT 1) TO '/tmp/brunt-wire-test'", "COPY logs TO PROGRAM 'sh'"] {
        assert_eq!(code(&client.simple_query(sql).await.unwrap_err()), "42501", "{sql}");
    }
    assert!(!std::path::Path::new("/tmp/brunt-wire-test").exists());
    for sql in [
        "SELECT * FROM '/etc/passwd'",
        "SELECT * FROM \"/etc/passwd\"",
        "SELECT * FROM read_csv('/etc/passwd')",
    ] {
        assert!(client.simple_query(sql).await.is_err(), "{sql}");
    }
    assert_eq!(value(&client, "SELECT count(*) > 0 FROM logs").await, "t");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_portal_gives_rows_as_they_are_asked_for() {
    let endpoint = Endpoint::start().await;
    let mut client = endpoint.connect().await;
    let transaction = client.transaction().await.unwrap();
    let statement = transaction
        .prepare("SELECT value FROM generate_series(1, 20000) ORDER BY value")
        .await
        .unwrap();
    let portal = transaction.bind(&statement, &[]).await.unwrap();
    let mut seen = Vec::new();
    loop {
        let page = transaction.query_portal(&portal, 7000).await.unwrap();
        if page.is_empty() {
            break;
        }
        assert!(page.len() <= 7000);
        seen.extend(page.iter().map(|row| row.get::<_, i64>(0)));
    }
    assert_eq!(seen, (1..=20_000).collect::<Vec<i64>>());
    transaction.commit().await.unwrap();
    let stream = client
        .query_raw("SELECT value FROM generate_series(1, 50000)", [] as [&i32; 0])
        .await
        .unwrap();
    assert_eq!(stream.map(|row| row.is_ok()).count().await, 50_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn cursors_move_forward() {
    let endpoint = Endpoint::start().await;
    let client = endpoint.connect().await;
    let numbers = |found: Vec<Vec<Option<String>>>| -> Vec<String> {
        found.into_iter().flatten().flatten().collect()
    };
    let declare = "CURSOR FOR SELECT value FROM generate_series(1, 10) ORDER BY value";
    assert_eq!(
        code(&client.simple_query(&format!("DECLARE c {declare}")).await.unwrap_err()),
        "25P01"
    );
    client.simple_query(&format!("BEGIN; DECLARE c {declare}")).await.unwrap();
    assert_eq!(numbers(rows(&client, "FETCH 3 FROM c").await), ["1", "2", "3"]);
    assert_eq!(numbers(rows(&client, "MOVE 2 IN c").await), Vec::<String>::new());
    assert_eq!(
        numbers(rows(&client, "FETCH FORWARD ALL FROM c").await),
        ["6", "7", "8", "9", "10"]
    );
    assert_eq!(numbers(rows(&client, "FETCH NEXT c").await), Vec::<String>::new());
    client.simple_query("CLOSE c").await.unwrap();
    assert_eq!(code(&client.simple_query("FETCH c").await.unwrap_err()), "34000");
    client.simple_query("ROLLBACK").await.unwrap();

    client.simple_query("BEGIN; DECLARE held CURSOR WITH HOLD FOR SELECT 1; COMMIT").await.unwrap();
    assert_eq!(numbers(rows(&client, "FETCH ALL held").await), ["1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn transactions_have_savepoints_and_remember_errors() {
    let endpoint = Endpoint::start().await;
    let client = endpoint.connect().await;
    client.simple_query("BEGIN; SAVEPOINT a").await.unwrap();
    assert!(client.simple_query("SELECT nothing").await.is_err());
    assert_eq!(code(&client.simple_query("SELECT 1").await.unwrap_err()), "25P02");
    client.simple_query("ROLLBACK TO a").await.unwrap();
    assert_eq!(value(&client, "SELECT 1").await, "1");
    assert!(client.simple_query("SELECT nothing").await.is_err());
    client.simple_query("COMMIT").await.unwrap();
    assert_eq!(value(&client, "SELECT 2").await, "2");
    client.simple_query("RELEASE a").await.unwrap_err();
}

#[tokio::test(flavor = "multi_thread")]
async fn prepared_statements_live_in_sql_too() {
    let endpoint = Endpoint::start().await;
    let client = endpoint.connect().await;
    client.simple_query("PREPARE add (int, int) AS SELECT $1 + $2 AS sum").await.unwrap();
    assert_eq!(value(&client, "EXECUTE add(40, 2)").await, "42");
    assert_eq!(code(&client.simple_query("EXECUTE add(1)").await.unwrap_err()), "42601");
    client
        .simple_query("PREPARE some AS SELECT count(*) FROM logs WHERE severity_number > $1")
        .await
        .unwrap();
    assert_eq!(value(&client, "EXECUTE some(1000)").await, "0");
    client.simple_query("DEALLOCATE add").await.unwrap();
    assert_eq!(code(&client.simple_query("EXECUTE add(1, 2)").await.unwrap_err()), "26000");
    client.simple_query("DISCARD ALL").await.unwrap();
    assert_eq!(code(&client.simple_query("EXECUTE some(1)").await.unwrap_err()), "26000");
}

#[tokio::test(flavor = "multi_thread")]
async fn copy_sends_text_csv_and_binary() {
    let endpoint = Endpoint::start().await;
    let client = endpoint.connect().await;
    let copied = async |sql: &str| -> Vec<u8> {
        let stream = client.copy_out(sql).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
        let chunks: Vec<bytes::Bytes> = stream.try_collect().await.unwrap();
        chunks.concat()
    };
    let query = "SELECT 1 AS a, 'x,y' AS b, CAST(NULL AS TEXT) AS c";
    assert_eq!(copied(&format!("COPY ({query}) TO STDOUT")).await, b"1\tx,y\t\\N\n");
    assert_eq!(
        copied(&format!("COPY ({query}) TO STDOUT WITH (FORMAT csv, HEADER)")).await,
        b"a,b,c\n1,\"x,y\",\n"
    );
    let binary =
        copied("COPY (SELECT CAST(1 AS INT), 'x', CAST(NULL AS TEXT)) TO STDOUT (FORMAT binary)")
            .await;
    // From `COPY (SELECT 1::int4, 'x'::text, NULL::text) TO STDOUT (FORMAT binary)` of PostgreSQL 15.
    let expected = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0\0\x03\0\0\0\x04\0\0\0\x01\0\0\0\x01x\xff\xff\xff\xff\xff\xff";
    assert_eq!(binary, expected);
    assert_eq!(value(&client, "SELECT 1").await, "1");
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_belong_to_one_connection() {
    let endpoint = Endpoint::start().await;
    let (one, two) = (endpoint.connect().await, endpoint.connect().await);
    let instant = "SELECT CAST('2025-10-28 14:21:13+00' AS TIMESTAMPTZ)";
    one.simple_query("SET TIME ZONE 'Europe/Berlin'").await.unwrap();
    assert_eq!(value(&one, instant).await, "2025-10-28 15:21:13+01");
    assert_eq!(value(&two, instant).await, "2025-10-28 14:21:13+00");
    assert_eq!(value(&one, "SHOW timezone").await, "Europe/Berlin");
    assert_eq!(value(&two, "SHOW timezone").await, "UTC");
    one.simple_query("BEGIN; SET LOCAL TIME ZONE 'Asia/Tokyo'; COMMIT").await.unwrap();
    assert_eq!(value(&one, "SHOW timezone").await, "Europe/Berlin");
    one.simple_query("BEGIN; SET TIME ZONE 'Asia/Tokyo'; ROLLBACK").await.unwrap();
    assert_eq!(value(&one, "SHOW timezone").await, "Europe/Berlin");
    one.simple_query("PREPARE mine AS SELECT 1").await.unwrap();
    assert_eq!(code(&two.simple_query("EXECUTE mine").await.unwrap_err()), "26000");
    for sql in [
        "SET datafusion.execution.target_partitions = 64",
        "SET nothing = 1",
        "SET server_version = '9'",
    ] {
        assert!(one.simple_query(sql).await.is_err(), "{sql}");
    }
    one.simple_query("SET brunt.epoch = 1").await.unwrap();
    assert_eq!(
        (value(&one, "SHOW brunt.epoch").await, value(&two, "SHOW brunt.epoch").await),
        ("1".to_owned(), "newest".to_owned())
    );
    one.simple_query("RESET ALL").await.unwrap();
    assert_eq!(value(&one, "SHOW brunt.epoch").await, "newest");
    assert_eq!(value(&one, instant).await, "2025-10-28 14:21:13+00");
}
