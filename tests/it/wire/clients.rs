//! Clients that people use, run as programs: psql, and `SQLAlchemy` with each driver that is installed.

use std::path::Path;
use std::process::{Command, Output};

use brunt_testkit::needs;

use super::Endpoint;

/// psql's commands, each with texts that its answer must hold.
const COMMANDS: &[(&str, &[&str])] = &[
    ("\\d", &["List of relations", "| logs", "| error_groups", "| view", "| table", "| brunt"]),
    ("\\dt", &["List of relations", "| logs", "| spans"]),
    ("\\dv", &["List of relations", "| error_groups"]),
    ("\\dt system.*", &["| loads", "| rejects"]),
    ("\\dt+", &["List of relations", "| permanent"]),
    (
        "\\d logs",
        &[
            "Table \"public.logs\"",
            "timestamp with time zone",
            "not null",
            "| smallint",
            "| json",
            "trace_id",
        ],
    ),
    ("\\d+ logs", &["Table \"public.logs\"", "Description", "Time of the"]),
    ("\\d+ error_groups", &["View definition:", "GROUP BY error_group_id"]),
    ("\\d events", &["numeric(18,4)", "| boolean", "| bigint"]),
    ("\\d ticket_updates", &["text[]"]),
    ("\\d error_groups", &["View \"public.error_groups\"", "title"]),
    ("\\df", &["List of functions", "error_template", "cohort_diff", "| agg"]),
    ("\\df error*", &["error_group_id"]),
    ("\\dn", &["List of schemas", "public", "system"]),
    ("\\dn+", &["List of schemas"]),
    ("\\l", &["List of databases", "brunt", "UTF8"]),
    ("\\du", &["List of roles", "ana", "brunt"]),
    ("\\dT", &["List of data types"]),
    ("\\di", &["Did not find any relations."]),
    ("\\dx", &["List of installed extensions"]),
    ("\\dp", &["Access privileges"]),
    ("\\conninfo", &["as user \"ana\""]),
    ("SELECT count(*) AS n_logs FROM logs", &["n_logs", "(1 row)"]),
    ("PREPARE p (int) AS SELECT $1 * 2 AS twice; EXECUTE p(21)", &["twice", "42"]),
    ("COPY (SELECT 1, 'x') TO STDOUT", &["1\tx"]),
];

#[tokio::test(flavor = "multi_thread")]
async fn psql_works() {
    if !needs::has_program("psql") {
        return;
    }
    let endpoint = Endpoint::start().await;
    let port = endpoint.address.port().to_string();
    let mut faults = Vec::new();
    for (command, expected) in COMMANDS {
        let (out, errors) = psql(&port, &["-c", command]).await;
        let all = format!("{out}{errors}");
        for text in *expected {
            if !all.contains(text) {
                faults.push(format!("{command}: no \"{text}\" in\n{all}"));
            }
        }
        if errors.contains("ERROR") {
            faults.push(format!("{command}: {errors}"));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));

    // An error, its hint, and a good query after it on the same connection.
    let (out, errors) =
        psql(&port, &["-c", "SELECT sesion_id FROM logs", "-c", "SELECT 'still here' AS answer"])
            .await;
    assert!(errors.contains("ERROR:") && errors.contains("HINT:"), "{errors}");
    assert!(out.contains("still here"), "{out}");
    // FETCH_COUNT makes psql read through a cursor.
    let (out, errors) = psql(
        &port,
        &[
            "-v",
            "FETCH_COUNT=10",
            "-At",
            "-c",
            "SELECT value FROM generate_series(1, 25) ORDER BY 1",
        ],
    )
    .await;
    assert_eq!((out.lines().count(), errors.as_str()), (25, ""));
}

#[tokio::test(flavor = "multi_thread")]
async fn sqlalchemy_works() {
    for driver in ["psycopg2", "psycopg"] {
        let Some(python) = needs::python_with(&format!("sqlalchemy, {driver}")) else { continue };
        let endpoint = Endpoint::start().await;
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("clients/sqlalchemy_client.py");
        let mut command = Command::new(&python);
        command.arg(script).arg(endpoint.address.port().to_string()).arg(driver);
        let output = run(command).await;
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{driver}: {errors}");
        check_sqlalchemy(driver, &serde_json::from_slice(&output.stdout).unwrap());
    }
}

fn check_sqlalchemy(driver: &str, answer: &serde_json::Value) {
    let has = |list: &str, name: &str| {
        answer[list]
            .as_array()
            .is_some_and(|items| items.iter().any(|item| item.as_str() == Some(name)))
    };
    assert!(has("schemas", "public") && has("schemas", "system"), "{driver}: {answer}");
    assert!(
        has("tables", "logs") && !has("tables", "error_groups") && !has("tables", "pg_class"),
        "{driver}: {answer}"
    );
    assert!(has("views", "error_groups") && !has("views", "logs"), "{driver}: {answer}");
    assert!(has("system_tables", "loads"), "{driver}: {answer}");
    let types = serde_json::json!({
        "ts": "TIMESTAMP",
        "day": "DATE",
        "order_value": "NUMERIC(18, 4)",
        "handled": "BOOLEAN",
        "attributes": "JSON",
    });
    assert_eq!(answer["types"], types, "{driver}");
    assert_eq!(answer["nullable"]["ts"], false, "{driver}");
    assert_eq!(answer["has_comment"], true, "{driver}");
    for nothing in ["primary_key", "foreign_keys", "indexes"] {
        assert_eq!(answer[nothing], serde_json::json!([]), "{driver}: {nothing}");
    }
    assert_eq!(answer["has_table"], serde_json::json!([true, false]), "{driver}");
    assert_eq!(answer["view_definition"], true, "{driver}");
    assert_eq!(
        answer["row"],
        serde_json::json!({"more": "42", "word": "it's", "money": "12.5000"}),
        "{driver}"
    );
    assert_eq!(answer["error"], "42703", "{driver}");
    assert_eq!(answer["after_error"], true, "{driver}");
}

/// What psql prints, and what it complains of.
async fn psql(port: &str, arguments: &[&str]) -> (String, String) {
    let mut command = Command::new("psql");
    command.args(["-X", "-h", "127.0.0.1", "-p", port, "-U", "ana", "-d", "brunt"]).args(arguments);
    let output = run(command).await;
    (
        String::from_utf8_lossy(&output.stdout).into_owned(),
        String::from_utf8_lossy(&output.stderr).into_owned(),
    )
}

/// Runs a program on a thread of its own, for the endpoint that it talks to lives on this one's.
async fn run(mut command: Command) -> Output {
    tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap()
}
