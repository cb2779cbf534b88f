//! The catalog as clients ask for it: every shape of `fixtures/clients` is answered, and the answers are the store's.

use std::path::Path;

use super::{Endpoint, rows, value};

#[tokio::test(flavor = "multi_thread")]
async fn every_question_of_tools_is_answered() {
    let endpoint = Endpoint::start().await;
    let client = endpoint.connect().await;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/clients");
    let mut faults = Vec::new();
    let mut n_questions = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let text: String = text
            .lines()
            .filter(|line| !line.starts_with("--"))
            .map(|line| format!("{line}\n"))
            .collect();
        for question in text.split(";\n").filter(|question| !question.trim().is_empty()) {
            n_questions += 1;
            if let Err(error) = client.simple_query(question).await {
                faults.push(format!("{}: {question}\n  {error:?}", path.display()));
            }
            if let Err(error) = client.query(question, &[]).await {
                faults.push(format!("{} (extended): {question}\n  {error:?}", path.display()));
            }
        }
    }
    assert!(n_questions > 25);
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_are_tables_and_views_are_views() {
    let endpoint = Endpoint::start().await;
    let client = endpoint.connect().await;
    let kind = async |name: &str| {
        value(&client, &format!("SELECT relkind FROM pg_class WHERE oid = '{name}'::regclass"))
            .await
    };
    assert_eq!((kind("logs").await, kind("error_groups").await), ("r".to_owned(), "v".to_owned()));
    let listed = rows(
        &client,
        "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'VIEW'",
    )
    .await;
    assert!(listed.iter().any(|row| row[0].as_deref() == Some("error_groups")), "{listed:?}");
    assert!(!listed.iter().any(|row| row[0].as_deref() == Some("logs")), "{listed:?}");
    let visible = "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
                   WHERE n.nspname = 'system' AND pg_table_is_visible(c.oid)";
    assert_eq!(value(&client, visible).await, "0");
}

#[tokio::test(flavor = "multi_thread")]
async fn columns_have_postgresqls_types_and_the_stores_comments() {
    let endpoint = Endpoint::start().await;
    let client = endpoint.connect().await;
    let described = rows(
        &client,
        "SELECT attname, format_type(atttypid, atttypmod), attnotnull, col_description(attrelid, attnum) \
         FROM pg_attribute WHERE attrelid = 'events'::regclass AND attnum > 0",
    )
    .await;
    let column = |name: &str| {
        let row = described
            .iter()
            .find(|row| row[0].as_deref() == Some(name))
            .unwrap_or_else(|| panic!("{name}"));
        (row[1].as_deref().unwrap(), row[2].as_deref().unwrap())
    };
    assert_eq!(column("ts"), ("timestamp with time zone", "t"));
    assert_eq!(column("day"), ("date", "t"));
    assert_eq!(column("order_value"), ("numeric(18,4)", "f"));
    assert_eq!(column("attributes"), ("json", "f"));
    assert_eq!(column("sequence_no"), ("bigint", "f"));
    assert_eq!(column("handled"), ("boolean", "f"));
    assert!(described.iter().all(|row| row[3].is_some()), "{described:?}");
    let standard = rows(
        &client,
        "SELECT data_type, numeric_precision, numeric_scale FROM information_schema.columns \
         WHERE table_name = 'events' AND column_name = 'order_value'",
    )
    .await;
    assert_eq!(
        standard[0],
        [Some("numeric".to_owned()), Some("18".to_owned()), Some("4".to_owned())]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn functions_and_roles_are_listed() {
    let endpoint = Endpoint::start().await;
    let client = endpoint.connect().await;
    let own = rows(
        &client,
        "SELECT proname, pg_get_function_arguments(oid), pg_get_function_result(oid) FROM pg_proc \
         WHERE pronamespace = 'public'::regnamespace ORDER BY 1",
    )
    .await;
    let named = |name: &str| own.iter().find(|row| row[0].as_deref() == Some(name)).cloned();
    assert_eq!(named("error_template").unwrap()[2].as_deref(), Some("text"));
    assert_eq!(named("error_impact").unwrap()[2].as_deref(), Some("SETOF record"));
    assert!(named("abs").is_none());
    let roles = rows(&client, "SELECT rolname FROM pg_roles ORDER BY 1").await;
    assert_eq!(roles, [[Some("ana".to_owned())], [Some("brunt".to_owned())]]);
}
