//! Faults that were injected into a real system: of the minute after, `brunt errors` names the service first.
//!
//! A fault's errors are in the log file of the minute after it was injected; the file before that and a file from a time
//! without faults are the baseline.

use std::fs;
use std::path::Path;

use brunt_testkit::needs;

use super::{Place, count};

/// Time and service of each fault, from the JSON that comes with the exports, a key a line.
fn faults(folder: &Path) -> Vec<(String, String)> {
    let text = fs::read_to_string(folder.join("faults.json")).unwrap();
    let of = |key: &str| -> Vec<String> {
        let lines = text.lines().filter(|line| line.trim().starts_with(&format!("\"{key}\"")));
        lines.map(|line| line.split('"').nth(3).unwrap().to_owned()).collect()
    };
    // A pod's name ends with the hashes of its replica set and of itself.
    let service = |pod: &String| pod.rsplitn(3, '-').last().unwrap().to_owned();
    of("inject_time").into_iter().zip(of("inject_pod").iter().map(service)).collect()
}

/// From the first to just after the last row of a log file, as seconds.
fn period(place: &Place, file: &str) -> [String; 2] {
    ["min(ts)", "max(ts) + INTERVAL '1 second'"].map(|edge| {
        let sql = format!(
            "SELECT date_trunc('second', {edge}) FROM logs WHERE load_id IN \
             (SELECT load_id FROM system.loads WHERE input LIKE '%{file}')"
        );
        count(place, &sql)
    })
}

#[test]
fn the_service_of_each_fault_comes_first() {
    let Some(folder) = needs::exports("trainticket") else { return };
    let place = Place::new();
    let mappings = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/mappings");
    for (signal, mapping) in [("log", "trainticket-logs.toml"), ("trace", "trainticket-spans.toml")]
    {
        let mapping = mappings.join(mapping).display().to_string();
        let faulty = folder.join(signal).display().to_string();
        let calm = folder.join(format!("faultfree/*_{signal}.csv")).display().to_string();
        let ran = place.run(&["load", "--mapping", &mapping, &faulty, &calm]);
        assert_eq!(ran.status, 0, "{ran:?}");
    }
    let calm = period(&place, "faultfree/08_50_log.csv").join("/");
    let faults = faults(&folder);
    assert_eq!(faults.len(), 2);
    for (time, service) in faults {
        let (hour, minute) = (&time[11..13], time[14..16].parse::<u32>().unwrap());
        let before = period(&place, &format!("log/{hour}_{minute:02}_log.csv")).join("/");
        let [since, until] = period(&place, &format!("log/{hour}_{:02}_log.csv", minute + 1));
        let ran = place.run(&[
            "--json",
            "errors",
            "--since",
            &since,
            "--until",
            &until,
            "--baseline",
            &before,
            "--baseline",
            &calm,
            "--limit",
            "1",
        ]);
        assert_eq!(ran.status, 0, "{ran:?}");
        assert!(ran.out.contains(&format!("\"service\":\"{service}\"")), "{time}: {}", ran.out);
    }
}
