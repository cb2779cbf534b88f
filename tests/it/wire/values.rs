//! Values of every type both ways, in text and in binary, and parameters whose types are told, inferred or neither.

use std::error::Error;
use std::time::{Duration, UNIX_EPOCH};

use tokio_postgres::types::{FromSql, ToSql, Type};

use super::{Endpoint, code, rows};

/// A value's bytes as they came.
struct Raw(Vec<u8>);

impl<'a> FromSql<'a> for Raw {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self(raw.to_vec()))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

const QUERY: &str = "SELECT CAST(7 AS SMALLINT) AS a, CAST(8 AS INT) AS b, CAST(9 AS BIGINT) AS c, \
    CAST(0.5 AS DOUBLE PRECISION) AS d, CAST('12.3400' AS NUMERIC(18,4)) AS e, 'it''s' AS f, TRUE AS g, \
    CAST('2025-10-28' AS DATE) AS h, CAST('2025-10-28 14:21:13.5+00' AS TIMESTAMPTZ) AS i, \
    ARRAY['x', NULL, 'y z'] AS j, ARRAY[1, 2] AS k, named_struct('p', 1, 'q', ARRAY['r']) AS l, \
    CAST(NULL AS TEXT) AS m";

#[tokio::test(flavor = "multi_thread")]
async fn every_type_reads_the_same_in_text_and_binary() {
    let endpoint = Endpoint::start().await;
    let client = endpoint.connect().await;
    let text: Vec<Option<String>> = rows(&client, QUERY).await.remove(0);
    let text: Vec<Option<&str>> = text.iter().map(Option::as_deref).collect();
    assert_eq!(
        text,
        [
            Some("7"),
            Some("8"),
            Some("9"),
            Some("0.5"),
            Some("12.3400"),
            Some("it's"),
            Some("t"),
            Some("2025-10-28"),
            Some("2025-10-28 14:21:13.5+00"),
            Some("{x,NULL,\"y z\"}"),
            Some("{1,2}"),
            Some("{\"p\":1,\"q\":[\"r\"]}"),
            None,
        ]
    );
    let row = client.query_one(QUERY, &[]).await.unwrap();
    let types: Vec<&Type> = row.columns().iter().map(tokio_postgres::Column::type_).collect();
    assert_eq!(
        types,
        [
            &Type::INT2,
            &Type::INT4,
            &Type::INT8,
            &Type::FLOAT8,
            &Type::NUMERIC,
            &Type::TEXT,
            &Type::BOOL,
            &Type::DATE,
            &Type::TIMESTAMPTZ,
            &Type::TEXT_ARRAY,
            &Type::INT8_ARRAY,
            &Type::JSON,
            &Type::TEXT,
        ]
    );
    assert_eq!((row.get::<_, i16>(0), row.get::<_, i32>(1), row.get::<_, i64>(2)), (7, 8, 9));
    assert_eq!(
        (row.get::<_, f64>(3), row.get::<_, &str>(5), row.get::<_, bool>(6)),
        (0.5, "it's", true)
    );
    // numeric_send('12.3400') of PostgreSQL 15.
    assert_eq!(row.get::<_, Raw>(4).0, [0, 2, 0, 0, 0, 0, 0, 4, 0, 12, 0x0d, 0x48]);
    assert_eq!(row.get::<_, Raw>(7).0, 9432_i32.to_be_bytes());
    assert_eq!(
        row.get::<_, std::time::SystemTime>(8),
        UNIX_EPOCH + Duration::from_millis(1_761_661_273_500)
    );
    assert_eq!(row.get::<_, Vec<Option<&str>>>(9), [Some("x"), None, Some("y z")]);
    assert_eq!(row.get::<_, Vec<i64>>(10), [1, 2]);
    assert_eq!(row.get::<_, Raw>(11).0, b"{\"p\":1,\"q\":[\"r\"]}");
    assert_eq!(row.get::<_, Option<&str>>(12), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_stores_own_columns_have_their_types() {
    let endpoint = Endpoint::start().await;
    let client = endpoint.connect().await;
    let statement = client.prepare("SELECT * FROM ticket_updates").await.unwrap();
    let type_of = |name: &str| {
        statement
            .columns()
            .iter()
            .find(|column| column.name() == name)
            .map(|column| column.type_().clone())
    };
    assert_eq!(type_of("ts"), Some(Type::TIMESTAMPTZ));
    assert_eq!(type_of("day"), Some(Type::DATE));
    assert_eq!(type_of("labels"), Some(Type::TEXT_ARRAY));
    assert_eq!(type_of("attributes"), Some(Type::JSON));
    assert_eq!(type_of("sample_weight"), Some(Type::FLOAT8));
    client.query(&statement, &[]).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn parameters_are_told_inferred_or_text() {
    let endpoint = Endpoint::start().await;
    let client = endpoint.connect().await;
    let types =
        async |sql: &str| -> Vec<Type> { client.prepare(sql).await.unwrap().params().to_vec() };
    assert_eq!(types("SELECT $1::date, $2::int4").await, [Type::DATE, Type::INT4]);
    assert_eq!(
        types("SELECT 1 FROM logs WHERE severity_number = $1 LIMIT $2").await,
        [Type::INT2, Type::INT8]
    );
    assert_eq!(types("SELECT 1 FROM logs WHERE body = ANY($1)").await, [Type::TEXT_ARRAY]);
    assert_eq!(types("SELECT $1").await, [Type::TEXT]);
    let declared = client.prepare_typed("SELECT $1 AS x", &[Type::FLOAT8]).await.unwrap();
    assert_eq!(declared.columns()[0].type_(), &Type::FLOAT8);
    assert_eq!(client.query_one(&declared, &[&0.25_f64]).await.unwrap().get::<_, f64>(0), 0.25);
}

#[tokio::test(flavor = "multi_thread")]
async fn parameters_arrive_as_they_were_sent() {
    let endpoint = Endpoint::start().await;
    let client = endpoint.connect().await;
    let one = async |sql: &str, values: &[&(dyn ToSql + Sync)]| {
        client.query_one(sql, values).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"))
    };
    assert_eq!(one("SELECT $1", &[&"it's; DROP"]).await.get::<_, &str>(0), "it's; DROP");
    assert_eq!(one("SELECT $1::int8 + 1", &[&i64::MIN]).await.get::<_, i64>(0), i64::MIN + 1);
    assert!(one("SELECT $1::bool", &[&true]).await.get::<_, bool>(0));
    assert_eq!(one("SELECT $1::int4", &[&None::<i32>]).await.get::<_, Option<i32>>(0), None);
    assert_eq!(
        one("SELECT $1::text[]", &[&vec!["a", "b\"\\"]]).await.get::<_, Vec<&str>>(0),
        ["a", "b\"\\"]
    );
    assert_eq!(
        one(
            "SELECT count(*) FROM generate_series(1, 5) WHERE value = ANY($1)",
            &[&vec![2_i64, 4, 9]]
        )
        .await
        .get::<_, i64>(0),
        2
    );
    let moment = UNIX_EPOCH + Duration::from_micros(1_761_661_273_500_001);
    assert_eq!(
        one("SELECT $1::timestamptz", &[&moment]).await.get::<_, std::time::SystemTime>(0),
        moment
    );
    let found =
        client.query("SELECT value FROM generate_series(1, 9) LIMIT $1", &[&3_i64]).await.unwrap();
    assert_eq!(found.len(), 3);
    let error = client
        .query("SELECT * FROM error_impact(journey => $1)", &[&"no such journey"])
        .await
        .unwrap_err();
    assert!(
        error.as_db_error().is_some_and(|error| error.message().contains("no such journey")),
        "{error:?}"
    );
    let endpoint = Endpoint::serve("impact", brunt_pgwire::ServeOptions::default()).await;
    let client = endpoint.connect().await;
    let sql = "SELECT * FROM error_impact(journey => $1) ORDER BY rank";
    let impacts = client.query(sql, &[&"checkout"]).await.unwrap();
    let lost: Vec<f64> = impacts.iter().map(|row| row.get("lost_conversions")).collect();
    assert_eq!((lost.len(), lost[0]), (2, 10.0));
    assert!(impacts[0].get::<_, bool>("accused") && !impacts[1].get::<_, bool>("accused"));
    let adjusted_for: Vec<String> = impacts[0].get("adjusted_for");
    assert_eq!(adjusted_for[..2], ["stage", "op"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_says_what_where_and_what_to_do() {
    let endpoint = Endpoint::start().await;
    let client = endpoint.connect().await;
    let error = client.query("SELECT sesion_id FROM logs", &[]).await.unwrap_err();
    assert_eq!(code(&error), "42703");
    let error = error.as_db_error().unwrap();
    assert!(error.message().contains("sesion_id"), "{}", error.message());
    assert!(error.hint().is_some_and(|hint| hint.contains("session_id")), "{error:?}");
    assert_eq!(code(&client.query("SELECT 1 / 0", &[]).await.unwrap_err()), "22012");
    assert_eq!(code(&client.query("SELEC 1", &[]).await.unwrap_err()), "42601");
    assert_eq!(client.query_one("SELECT 1", &[]).await.unwrap().get::<_, i64>(0), 1);
}
