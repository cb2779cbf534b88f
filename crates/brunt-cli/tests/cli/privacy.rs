//! What should not be stored is found, and who should not be is forgotten.

use std::fs;
use std::path::Path;

use super::{Place, count};

fn visit(user: &str, session: &str) -> String {
    format!(
        "{{\"ts\":\"2025-10-28T14:00:00Z\",\"event.kind\":\"click\",\"session.id\":\"{session}\",\"user.id\":\"{user}\"}}\n"
    )
}

fn shop() -> Place {
    let place = Place::new();
    let events = place.write("events.jsonl", visit("ann-7", "s1") + &visit("bob-8", "s2"));
    let logs = place.write(
        "logs.jsonl",
        "{\"ts\":\"2025-10-28T14:00:01Z\",\"message\":\"call +49 30 901820 for bob-8\",\"client\":{\"address\":\"198.51.100.7\"}}\n",
    );
    for (table, file) in [("events", &events), ("logs", &logs)] {
        let ran = place.run(&["load", "--table", table, file]);
        assert_eq!(ran.status, 0, "{ran:?}");
    }
    place
}

/// Whether any file of a folder has these bytes.
fn has_bytes(folder: &Path, text: &str) -> bool {
    fs::read_dir(folder).unwrap().any(|entry| {
        let path = entry.unwrap().path();
        if path.is_dir() {
            return has_bytes(&path, text);
        }
        fs::read(&path).unwrap().windows(text.len()).any(|bytes| bytes == text.as_bytes())
    })
}

#[test]
fn what_is_personal_is_listed_and_a_policy_proposed() {
    let place = shop();
    let ran = place.run(&["--json", "audit", "pii"]);
    assert_eq!(ran.status, 1, "{ran:?}");
    assert_eq!(
        ran.out,
        "{\"table\":\"logs\",\"column\":\"attributes\",\"key\":\"client.address\",\"kind\":\"ip\",\"found\":1,\"sample\":\"999.99.999.9\",\"suggestion\":\"drop \\\"client.address\\\"\"}\n\
         {\"table\":\"logs\",\"column\":\"body\",\"kind\":\"phone\",\"found\":1,\"sample\":\"+99 99 999999\",\"suggestion\":\"mask \\\"phone\\\"\"}\n"
    );
    let ran = place.run(&["audit", "pii", "--suggest"]);
    assert_eq!(ran.status, 1, "{ran:?}");
    assert_eq!(
        ran.out,
        "mask = [\"email\", \"card\", \"key\", \"phone\"]\n\n[[rule]]\nfield = \"client.address\"\naction = \"drop\"\n"
    );
    // With that policy nothing is found, and what was hidden is counted.
    let other = Place::new();
    other.write("store/definitions/redaction.toml", &ran.out);
    let logs = place.path("logs.jsonl").display().to_string();
    assert_eq!(other.run(&["load", "--table", "logs", &logs]).status, 0);
    let ran = other.run(&["audit", "pii"]);
    assert_eq!((ran.status, ran.err.as_str()), (0, "nothing personal or secret was found\n"));
    assert_eq!(
        count(
            &other,
            "SELECT string_agg(field || ' ' || action, '; ' ORDER BY field) FROM system.redactions"
        ),
        "attributes.client.address dropped; body masked"
    );
}

#[test]
fn a_person_is_forgotten_with_a_receipt() {
    let place = shop();
    let ran = place.run(&["forget", "--user", "ann-7", "--dry-run"]);
    assert_eq!(
        (ran.status, ran.out.as_str(), ran.err.as_str()),
        (
            0,
            "events: 1 rows deleted, 0 rows with the id taken out\n",
            "nothing was deleted: this was a dry run\n"
        )
    );
    assert_eq!(count(&place, "SELECT count(*) FROM sessions"), "2");
    let receipt = place.path("receipt.json");
    let ran = place.run(&["forget", "--user", "ann-7", "-o", &receipt.display().to_string()]);
    assert_eq!(
        (ran.status, ran.out.as_str()),
        (0, "events: 1 rows deleted, 0 rows with the id taken out\n"),
        "{ran:?}"
    );
    let receipt = fs::read_to_string(&receipt).unwrap();
    assert!(receipt.starts_with("{\"subject\":\"user\",\"id_hash\":\""), "{receipt}");
    assert!(receipt.contains("{\"table\":\"events\",\"n_deleted\":1,\"n_masked\":0}"), "{receipt}");
    assert!(!receipt.contains("ann"), "{receipt}");
    assert!(!has_bytes(&place.path("store"), "ann-7"));
    assert_eq!(count(&place, "SELECT session_id FROM sessions"), "s2");
    let ran = place.run(&["sql", "--epoch", "1", "SELECT 1"]);
    assert_eq!(ran.status, 2, "{ran:?}");

    let ran = place.run(&["--json", "forget", "--user", "bob-8"]);
    assert_eq!(ran.status, 0, "{ran:?}");
    assert!(ran.out.contains("{\"table\":\"logs\",\"n_deleted\":0,\"n_masked\":1}"), "{ran:?}");
    assert_eq!(count(&place, "SELECT body FROM logs"), "call +49 30 901820 for [forgotten]");
    let ran = place.run(&["forget", "--user", "nobody"]);
    assert_eq!(ran.status, 0, "{ran:?}");
    assert!(ran.err.starts_with("nothing of this user is stored\n"), "{ran:?}");
    assert_eq!(place.run(&["forget"]).status, 2);
    assert_eq!(place.run(&["forget", "--user", "a", "--session", "b"]).status, 2);
}

#[test]
fn rows_past_their_retention_go() {
    let place = shop();
    let wrong = "[[retention]]\ntable = \"log\"\nkeep = \"30 days\"\n";
    place.write("store/definitions/retention.toml", wrong);
    let ran = place.run(&["check"]);
    assert_eq!(
        (ran.status, ran.out.as_str()),
        (
            1,
            "retention.toml:2: \"table\" of a retention is \"log\"\n    Perhaps you meant \"logs\".\n"
        )
    );
    place.write("store/definitions/retention.toml", wrong.replace("log", "logs"));
    let ran = place.run(&["vacuum", "--dry-run"]);
    assert_eq!(ran.status, 0, "{ran:?}");
    assert!(ran.err.starts_with("logs: 1 rows from before "), "{ran:?}");
    assert_eq!(count(&place, "SELECT count(*) FROM logs"), "1");
    let ran = place.run(&["vacuum"]);
    assert!(ran.err.contains(" dropped\n"), "{ran:?}");
    assert_eq!(count(&place, "SELECT count(*) FROM logs"), "0");
    assert_eq!(count(&place, "SELECT count(*) FROM events"), "2");
    assert_eq!(place.run(&["vacuum"]).err, "deleted 0 files, 0 bytes\n");
}

#[test]
fn a_secret_may_lie_in_a_file() {
    let hashed_by = |names: &[(&str, &str)]| {
        let place = Place::new();
        place.write("secret.txt", "a long secret\n");
        place.write("empty.txt", "");
        let rules = "[[rule]]\nfield = \"user_id\"\naction = \"hash\"\n";
        place.write("store/definitions/redaction.toml", rules);
        let events = place.write("events.jsonl", visit("ann-7", "s1"));
        let mut command = place.command(&["load", "--table", "events", &events]);
        for (name, value) in names {
            command.env(name, value.replace("PLACE", place.folder.path().to_str().unwrap()));
        }
        let ran = place.ran(&mut command);
        let user = (ran.status == 0).then(|| count(&place, "SELECT user_id FROM events"));
        (user, ran.err)
    };
    let file = ("BRUNT_SECRET_FILE", "PLACE/secret.txt");
    let (by_file, _) = hashed_by(&[file]);
    let (by_name, _) = hashed_by(&[("BRUNT_SECRET", "a long secret")]);
    assert!(by_file.as_ref().is_some_and(|user| user.len() >= 32), "{by_file:?}");
    assert_eq!(by_file, by_name);
    let (_, err) = hashed_by(&[file, ("BRUNT_SECRET", "another")]);
    assert!(err.starts_with("error: BRUNT_SECRET and BRUNT_SECRET_FILE are both set\n"), "{err}");
    let (_, err) = hashed_by(&[("BRUNT_SECRET_FILE", "PLACE/empty.txt")]);
    assert!(
        err.starts_with("error: BRUNT_SECRET_FILE \"PLACE/empty.txt\" holds no secret\n"),
        "{err}"
    );
    let (_, err) = hashed_by(&[("BRUNT_SECRET_FILE", "PLACE/none.txt")]);
    assert!(err.contains("cannot be read"), "{err}");
}
