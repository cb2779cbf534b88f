//! `brunt sql` with statements and backslash commands from a pipe, and the shell on a terminal of its own.

use std::io::Write;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use super::{Place, Ran};

fn piped(place: &Place, text: &str) -> Ran {
    let mut command = place.command(&["sql"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    Ran {
        status: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

#[test]
fn a_pipe_takes_statements_over_several_lines_and_commands() {
    let place = Place::new().with_a_log();
    let ran = piped(
        &place,
        "SELECT body,\n  'two \nlines'  AS note -- a; comment\nFROM logs;\n\\x\nSELECT body FROM logs; SELECT 7 AS n\n;\n\\x\nSELECT 8 AS last",
    );
    assert_eq!(
        (ran.status, ran.out.as_str()),
        (
            0,
            "body  note\n────  ──────────\na     two  lines\n(1 row)\n\
             ─[ row 1 ]─\nbody │ a\n─[ row 1 ]─\nn │ 7\n\
             last\n────\n   8\n(1 row)\n"
        ),
        "{ran:?}"
    );
    assert_eq!(ran.err, "Expanded display is on.\nExpanded display is off.\n");
}

#[test]
fn tables_are_described_with_the_types_of_sql() {
    let place = Place::new().with_a_log();
    let ran = piped(&place, "\\d logs\n");
    assert_eq!(ran.status, 0, "{ran:?}");
    for (column, data_type) in [
        ("ts", "timestamp with time zone"),
        ("body", "text"),
        ("severity_number", "smallint"),
        ("http_response_status_code", "integer"),
    ] {
        let has = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
        let wanted = format!("{column} {data_type}");
        assert!(ran.out.lines().any(|line| has(line).starts_with(&wanted)), "{wanted}: {ran:?}");
    }
    for arrow in ["Utf8", "Timestamp(", "Int64", "List("] {
        assert!(!ran.out.contains(arrow), "{arrow}: {ran:?}");
    }
    let tickets = piped(&place, "\\d tickets");
    assert!(tickets.out.lines().any(|line| line.trim_end().ends_with(" text[]")), "{tickets:?}");
    let ran = piped(&place, "\\d\n");
    assert!(ran.out.contains("logs") && ran.out.contains("error_groups"), "{ran:?}");
    let ran = piped(&place, "\\d system.loads");
    assert!(ran.out.contains("load_id"), "{ran:?}");
    let ran = piped(&place, "\\d lgos\n");
    assert_eq!(ran.status, 2, "{ran:?}");
    assert!(ran.err.contains("no table \"lgos\"") && ran.err.contains("\"logs\""), "{ran:?}");
}

#[test]
fn a_pipe_ends_at_an_error_or_where_it_says_so() {
    let place = Place::new().with_a_log();
    let ran = piped(&place, "\\timing\nSELECT 1 AS a;\n\\q\nSELECT 2 AS b;\n");
    assert_eq!((ran.status, ran.out.as_str()), (0, "a\n─\n1\n(1 row)\n"), "{ran:?}");
    assert!(ran.err.starts_with("Timing is on.\nTime: "), "{ran:?}");
    let ran = piped(&place, "SELECT nothing; SELECT 2 AS b;\n");
    assert_eq!((ran.status, ran.out.as_str()), (2, ""), "{ran:?}");
    let ran = piped(&place, "\\nothing\nSELECT 2 AS b;\n");
    assert_eq!((ran.status, ran.out.as_str()), (2, ""), "{ran:?}");
    assert!(ran.err.contains("there is no command \"\\nothing\""), "{ran:?}");
}

#[test]
fn a_file_may_hold_commands_and_name_another() {
    let place = Place::new().with_a_log();
    let inner = place.write("inner.sql", "SELECT 1 AS inner");
    let outer = place.write("outer.sql", format!("\\i {inner}\nSELECT 2 AS outer"));
    let ran = place.run(&["sql", "--format", "csv", "--file", &outer]);
    assert_eq!((ran.status, ran.out.as_str()), (0, "inner\n1\nouter\n2\n"), "{ran:?}");
    let ran = place.run(&["sql", "--format", "csv", "SET brunt.epoch = 0; SHOW brunt.epoch"]);
    assert!(ran.out.contains("brunt.epoch,0"), "{ran:?}");
}

/// The shell on a terminal that `script` makes; `None` where this machine has no such command.
fn on_a_terminal(place: &Place) -> Option<Child> {
    let is_there = || Command::new("script").arg("--version").output().is_ok();
    if !cfg!(target_os = "linux") || !is_there() {
        eprintln!("skipped: there is no command `script` that makes a terminal as on Linux");
        return None;
    }
    let mut command = Command::new("script");
    command.args(["-qec", &format!("{} sql", env!("CARGO_BIN_EXE_brunt")), "/dev/null"]);
    command.env("BRUNT_STORE", place.path("store")).env("COLUMNS", "100").env("TERM", "xterm");
    command.env("HOME", place.folder.path()).env("SHELL", "/bin/sh");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    Some(command.spawn().unwrap())
}

#[test]
fn somebody_at_a_terminal_sees_errors_and_goes_on() {
    let place = Place::new().with_a_log();
    let Some(mut child) = on_a_terminal(&place) else { return };
    let mut keys = child.stdin.take().unwrap();
    // The editor reads keys as they come; each line waits for the prompt before it.
    sleep(Duration::from_millis(1_500));
    for line in [
        "SELECT nothing FROM logs;\r",
        "SELECT 40 + 2\r",
        "AS answer;\r",
        "SELECT count(*) AS n_logs FROM log\t;\r",
        "\\d log\t\r",
        "\\timing\r",
        "\\x\r",
        "SELECT body FROM logs;\r",
        "\u{4}",
    ] {
        keys.write_all(line.as_bytes()).unwrap();
        keys.flush().unwrap();
        sleep(Duration::from_millis(500));
    }
    drop(keys);
    let output = child.wait_with_output().unwrap();
    let screen = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{screen}");
    for seen in [
        "table \"logs\" has no column \"nothing\"",
        "answer",
        "42",
        "n_logs",
        "timestamp with time zone",
        "Timing is on.",
        "Expanded display is on.",
        "body │ a",
        "Time: ",
    ] {
        assert!(screen.contains(seen), "{seen}: {screen}");
    }
    let history = std::fs::read_to_string(place.path(".brunt_history")).unwrap();
    assert!(history.contains("SELECT 40 + 2"), "{history}");
}
