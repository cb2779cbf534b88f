//! What a person sees: the screens of each command, what goes wrong, and what a killed load leaves behind.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    reason = "a test fails by panicking, and says what it skips"
)]

mod clouds;
mod faults;
mod formats;
mod privacy;
mod remote;
mod screens;
mod shell;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use tempfile::TempDir;

/// A folder of its own for each test, with a store that may or may not be there yet.
struct Place {
    folder: TempDir,
}

/// What the command printed, and its exit status.
#[derive(Debug)]
struct Ran {
    status: i32,
    out: String,
    err: String,
}

impl Place {
    fn new() -> Self {
        Self { folder: TempDir::new().unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> String {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        path.display().to_string()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_brunt"));
        command.args(arguments).env("BRUNT_STORE", self.path("store")).env("COLUMNS", "100");
        command.env_remove("BRUNT_DEFINITIONS").stdin(Stdio::null());
        command
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        self.ran(&mut self.command(arguments))
    }

    fn ran(&self, command: &mut Command) -> Ran {
        let Output { status, stdout, stderr } = command.output().unwrap();
        let folder = self.folder.path().display().to_string();
        // Paths of this run are not the same in the next.
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap().replace(&folder, "PLACE");
        Ran { status: status.code().unwrap_or(-1), out: text(stdout), err: text(stderr) }
    }

    /// A store with one log line.
    fn with_a_log(self) -> Self {
        let log = self.write("log.jsonl", "{\"ts\":\"2025-10-28T14:21:13Z\",\"message\":\"a\"}\n");
        let ran = self.run(&["load", "--table", "logs", &log]);
        assert_eq!(ran.status, 0, "{ran:?}");
        self
    }
}

fn count(place: &Place, sql: &str) -> String {
    let ran = place.run(&["sql", "--format", "csv", sql]);
    assert_eq!(ran.status, 0, "{ran:?}");
    ran.out.lines().last().unwrap_or_default().to_owned()
}

#[track_caller]
fn refused(ran: &Ran, status: i32, err: &str) {
    assert_eq!((ran.status, ran.err.as_str(), ran.out.as_str()), (status, err, ""));
}

#[test]
fn a_store_that_is_not_there() {
    refused(
        &Place::new().run(&["status"]),
        4,
        "error: no store at \"file://PLACE/store/\"\n\
         hint: Load a file to create the store, or check the path or URL.\n",
    );
}

#[test]
fn a_store_of_a_newer_version() {
    let place = Place::new().with_a_log();
    place.write("store/_brunt/store.json", "{\"format\": 99}");
    let ran = place.run(&["sql", "SELECT 1"]);
    assert_eq!(ran.status, 4, "{ran:?}");
    assert!(ran.err.contains("has format 99, newer than format"), "{ran:?}");
    assert!(ran.err.contains("hint: Use the version of brunt that wrote the store"), "{ran:?}");
}

#[test]
fn an_input_that_is_not_there() {
    refused(
        &Place::new().run(&["load", "no-such-file.jsonl"]),
        3,
        "error: input \"no-such-file.jsonl\" does not exist or holds no file\n\
         hint: Give a file, a folder, a glob in quotes, or - for standard input.\n",
    );
}

#[cfg(target_os = "linux")]
#[test]
fn an_input_that_cannot_be_read() {
    // A file that is there, and whose first byte no one may read, whoever they are.
    let place = Place::new();
    let ran = place.run(&["load", "--table", "logs", "/proc/self/mem"]);
    assert_eq!(ran.status, 3, "{ran:?}");
    assert!(ran.err.contains("\"/proc/self/mem\" cannot be read"), "{ran:?}");
    let log = place.write("log.jsonl", "{\"ts\":\"2025-10-28T14:21:13Z\",\"message\":\"a\"}\n");
    let ran = place.run(&["load", "--table", "logs", "/proc/self/mem", &log]);
    assert_eq!(ran.status, 3, "the other is loaded all the same: {ran:?}");
    assert_eq!(count(&place, "SELECT count(*) FROM logs"), "1");
}

#[test]
fn an_empty_file_is_loaded_and_said() {
    let place = Place::new();
    let empty = place.write("empty.jsonl", "");
    let ran = place.run(&["load", &empty]);
    assert_eq!(ran.status, 0, "{ran:?}");
    assert!(ran.err.contains("the input is empty"), "{ran:?}");
}

#[test]
fn half_a_line_is_a_reject_and_the_rest_is_stored() {
    let place = Place::new();
    let half = place.write(
        "half.jsonl",
        "{\"ts\":\"2025-10-28T14:21:13Z\",\"message\":\"a\"}\n{\"ts\":\"2025-10-28T14:2",
    );
    let ran = place.run(&["load", "--table", "logs", &half]);
    assert_eq!(ran.status, 0, "{ran:?}");
    assert!(ran.err.contains("warning: 1 record was refused"), "{ran:?}");
    assert_eq!(count(&place, "SELECT count(*) FROM logs"), "1");
    assert_eq!(count(&place, "SELECT line FROM system.rejects"), "2");
    let limited = place.run(&["load", "--table", "logs", "--max-rejects", "0", &half]);
    assert_eq!(limited.status, 0, "loaded before: {limited:?}");
}

#[test]
fn more_rejects_than_allowed_are_exit_status_3() {
    let place = Place::new();
    let wrong =
        place.write("wrong.jsonl", "{\"ts\":\"2025-10-28T14:21:13Z\",\"message\":\"a\"}\n{oops\n");
    let ran = place.run(&["load", "--table", "logs", "--max-rejects", "0", &wrong]);
    assert_eq!(ran.status, 3, "{ran:?}");
}

#[test]
fn files_that_are_no_export_are_skipped_and_named() {
    let place = Place::new();
    place.write("in/LICENSE", "Apache License\nVersion 2.0\n");
    place.write("in/tickets.jsonl", "{\"kind\":\"ticket\",\"ticket.id\":\"1\",\"ts\":\"2025-10-28T14:21:13Z\",\"message\":\"m\"}\n");
    let ran = place.run(&["load", &place.path("in").display().to_string()]);
    assert_eq!(ran.status, 0, "{ran:?}");
    assert!(ran.err.contains("skipped PLACE/in/LICENSE: "), "{ran:?}");
    assert_eq!(count(&place, "SELECT count(*) FROM tickets"), "1");
}

#[test]
fn the_same_file_twice_is_one_load() {
    let place = Place::new().with_a_log();
    let log = place.path("log.jsonl").display().to_string();
    let ran = place.run(&["load", "--table", "logs", &log]);
    assert_eq!(ran.status, 0, "{ran:?}");
    assert!(ran.err.contains("loaded before, nothing to do"), "{ran:?}");
    assert_eq!(count(&place, "SELECT count(*) FROM logs"), "1");
}

#[test]
fn names_that_are_misspelt() {
    let place = Place::new().with_a_log();
    for (sql, message, hint) in [
        ("SELECT sesion_id FROM logs", "table \"logs\" has no column \"sesion_id\"", "session_id"),
        ("SELECT * FROM log", "no table \"log\"", "logs"),
        ("SELECT wilsn(1, 2)", "no function \"wilsn\"", "wilson"),
        ("SELECT * FROM error_impakt()", "no table function \"error_impakt\"", "error_impact"),
    ] {
        let ran = place.run(&["sql", sql]);
        assert_eq!((ran.status, ran.out.as_str()), (2, ""), "{ran:?}");
        assert!(ran.err.starts_with(&format!("error: {message}")), "{ran:?}");
        assert!(ran.err.contains(&format!("Did you mean \"{hint}\"?")), "{ran:?}");
    }
}

#[test]
fn a_question_over_no_data_has_no_rows() {
    let place = Place::new().with_a_log();
    let ran = place.run(&["sql", "SELECT span_name FROM spans"]);
    assert_eq!((ran.status, ran.out.as_str()), (0, "span_name\n─────────\n(0 rows)\n"));
}

#[test]
fn without_a_journey_the_impact_says_how_to_define_one() {
    let ran = Place::new().with_a_log().run(&["impact"]);
    assert_eq!(ran.status, 0, "{ran:?}");
    assert!(ran.err.contains("No journey is defined"), "{ran:?}");
}

#[test]
fn an_error_group_that_is_not_there() {
    let place = Place::new();
    let log =
        "{\"ts\":\"2025-10-28T14:21:13Z\",\"level\":\"error\",\"message\":\"payment timed out\"}\n";
    let log = place.write("log.jsonl", log);
    assert_eq!(place.run(&["load", "--table", "logs", &log]).status, 0);
    let hint = "hint: `brunt errors` lists the groups.\n";
    let missing = |id: &str| format!("error: no error group \"{id}\"\n");
    for command in [&["impact"][..], &["errors", "resolve"], &["errors", "reopen"]] {
        refused(&place.run(&[command, &["e0:zzz"]].concat()), 3, &(missing("e0:zzz") + hint));
    }
    let explained = place.run(&["errors", "explain", "e0:zzz"]);
    assert_eq!((explained.status, explained.out.as_str()), (3, ""), "{explained:?}");
    let known = count(&place, "SELECT error_group_id FROM error_groups");
    let whole = place.run(&["impact", &known]);
    assert_eq!(whole.status, 0);
    // So much of the beginning as no other has will do, here as for every command that takes a group.
    let beginning = &known[..known.len() - 1];
    let begun = place.run(&["impact", beginning]);
    assert_eq!((begun.status, begun.out), (0, whole.out));
    assert_eq!(place.run(&["errors", "explain", beginning]).status, 0);
    let slip = format!("{beginning}?");
    let hint = format!("hint: The nearest: {known}.\n");
    refused(&place.run(&["impact", &slip]), 3, &(missing(&slip) + &hint));
}

#[test]
fn journeys_that_do_not_parse_are_not_journeys_that_nobody_defined() {
    let place = Place::new().with_a_log();
    place.write("store/definitions/journeys.toml", "[[journey]]\nname = checkout\n");
    let ran = place.run(&["impact"]);
    assert_eq!((ran.status, ran.out.as_str()), (3, ""), "{ran:?}");
    assert!(ran.err.starts_with("error: definition file \"journeys.toml\" line 2: "), "{ran:?}");
    assert!(!ran.err.contains("No journey is defined"), "{ran:?}");
}

#[test]
fn a_journey_that_names_an_unknown_column() {
    let place = Place::new().with_a_log();
    place.write(
        "store/definitions/journeys.toml",
        "[[journey]]\nname = \"checkout\"\n\n[[journey.step]]\nname = \"cart\"\ntable = \"events\"\n\
         where = \"event_nam = 'cart'\"\n\n[[journey.step]]\nname = \"buy\"\ntable = \"orders\"\n",
    );
    let ran = place.run(&["check"]);
    assert_eq!(ran.status, 1, "{ran:?}");
    assert!(ran.out.contains("journeys.toml:7"), "{ran:?}");
    assert!(ran.out.contains("event_nam") && ran.out.contains("event_name"), "{ran:?}");
    let log = place.write("more.jsonl", "{\"ts\":\"2025-10-28T14:21:14Z\",\"message\":\"b\"}\n");
    let load = place.run(&["load", "--table", "logs", &log]);
    assert_eq!(load.status, 3, "{load:?}");
    assert_eq!(count(&place, "SELECT count(*) FROM logs"), "1");
}

#[cfg(unix)]
#[test]
fn an_interrupted_load_says_so_and_can_be_run_again() {
    const LINES: usize = 300_000;
    let place = Place::new();
    let line = |n| format!("{{\"ts\":\"2025-10-28T14:21:13Z\",\"message\":\"line {n}\"}}\n");
    let input = place.write("lines.jsonl", (0..LINES).map(line).collect::<String>());
    let mut command = place.command(&["load", "--table", "logs", &input]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // The first epoch is put before anything is read.
    while place.run(&["status"]).status != 0 {
        std::thread::sleep(Duration::from_millis(5));
    }
    std::thread::sleep(Duration::from_millis(100));
    assert_interrupted(child);
    assert_eq!(count(&place, "SELECT count(*) FROM logs"), "0");
    assert_eq!(place.run(&["load", "--table", "logs", &input]).status, 0);
    assert_eq!(count(&place, "SELECT count(*) FROM logs"), LINES.to_string());
}

#[cfg(unix)]
#[test]
fn a_load_that_waits_for_its_input_can_be_interrupted() {
    let place = Place::new();
    let mut command = place.command(&["load", "--table", "logs", "-"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let writer = child.stdin.take().unwrap();
    std::thread::sleep(Duration::from_millis(500));
    assert_interrupted(child);
    drop(writer);
    assert!(!place.path("store").exists());
}

/// Sends Ctrl-C and waits for what the command says to it.
#[cfg(unix)]
#[track_caller]
fn assert_interrupted(child: std::process::Child) {
    Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    let output = child.wait_with_output().unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(130), "{err}");
    assert_eq!(err, "error: interrupted; nothing was stored; the load can be run again\n");
}

#[test]
fn a_load_that_is_taken_back() {
    let place = Place::new().with_a_log();
    let load_id = count(&place, "SELECT load_id FROM system.loads");
    let ran = place.run(&["unload", &load_id]);
    assert_eq!(ran.status, 0, "{ran:?}");
    assert!(ran.err.contains("1 rows are gone, 0 belong to other loads now"), "{ran:?}");
    assert_eq!(count(&place, "SELECT count(*) FROM logs"), "0");
    let ran = place.run(&["unload", &load_id]);
    assert_eq!(ran.status, 3, "{ran:?}");
    assert!(ran.err.contains("there is no load"), "{ran:?}");
}

#[test]
fn a_file_that_is_replaced_is_known_by_its_name() {
    let place = Place::new().with_a_log();
    place.write("log.jsonl", "{\"ts\":\"2025-10-28T14:21:13Z\",\"message\":\"b\"}\n");
    let dotted = place.path("./log.jsonl");
    let ran = place.run(&["load", "--replace", "--table", "logs", dotted.to_str().unwrap()]);
    assert_eq!(ran.status, 0, "{ran:?}");
    assert!(ran.err.contains("replaced PLACE/log.jsonl: 1 rows are gone"), "{ran:?}");
    assert_eq!(count(&place, "SELECT body FROM logs"), "b");
    let ran = place.run(&["load", "--replace", "-"]);
    assert_eq!(ran.status, 2, "{ran:?}");
    assert!(ran.err.contains("standard input has none"), "{ran:?}");
}

#[cfg(unix)]
#[test]
fn a_link_that_leads_back_up_is_gone_round_once() {
    let place = Place::new();
    place.write("f/sub/log.jsonl", "{\"ts\":\"2025-10-28T14:21:13Z\",\"message\":\"a\"}\n");
    std::os::unix::fs::symlink("..", place.path("f/sub/loop")).unwrap();
    let ran = place.run(&["load", "--table", "logs", place.path("f").to_str().unwrap()]);
    assert_eq!((ran.status, ran.err.as_str()), (0, ""), "{ran:?}");
    assert_eq!(count(&place, "SELECT count(*) FROM system.loads"), "1");
}

#[cfg(unix)]
#[test]
fn a_killed_load_is_forgotten_or_whole_and_can_be_run_again() {
    const LINES: usize = 30_000;
    let place = Place::new();
    let mut text = String::new();
    for n in 0..LINES {
        text.push_str(&format!(
            "{{\"ts\":\"2025-10-28T14:21:13Z\",\"message\":\"line {n}\",\"session.id\":\"s{}\"}}\n",
            n % 99
        ));
    }
    let input = place.write("lines.jsonl", text);
    let mut n_killed = 0;
    for wait_ms in [20, 60, 120, 200, 300, 450] {
        let mut child = place.command(&["load", "--table", "logs", &input]);
        let mut child = child.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(wait_ms));
        // One that has ended already was too fast to be killed.
        let _ = child.kill();
        n_killed += u32::from(child.wait().unwrap().code().is_none());
        if Path::new(&place.path("store/_brunt/store.json")).exists() {
            let ran = place.run(&["sql", "--format", "csv", "SELECT count(*) FROM logs"]);
            let n_rows = ran.out.lines().last().unwrap_or_default().to_owned();
            let is_whole = n_rows == "0" || n_rows == LINES.to_string();
            // A store that was killed while it was made is made by the next load.
            assert!(is_whole || ran.status == 4, "after {wait_ms} ms: {ran:?}");
        }
    }
    assert!(n_killed >= 2, "only {n_killed} loads were killed before they ended");
    assert_eq!(place.run(&["load", "--table", "logs", &input]).status, 0);
    assert_eq!(count(&place, "SELECT count(*) FROM logs"), LINES.to_string());
    assert_eq!(count(&place, "SELECT sum(n_logs) FROM sessions"), LINES.to_string());
    assert_eq!(count(&place, "SELECT count(*) FROM system.loads"), "1");
}
