//! A day of the shop's exports, cut into what each minute would have sent.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use brunt::Input;
use brunt_model::{Day, Ts};
use brunt_testkit::{Shop, ShopOptions};
use serde_json::{Value, json};

use crate::error::Error;

const MINUTE_MICROS: i64 = 60_000_000;
const MINUTES_A_DAY: i64 = 1_440;

/// The signals of a minute, each as the file that a collector would have written.
#[derive(Debug, Default)]
pub(crate) struct Minute {
    /// In the order of [`SIGNALS`].
    lines: [Vec<u8>; 3],
}

/// Folder and end of name of the day files of each signal, and how they nest.
const SIGNALS: [(&str, &str, Nested); 3] = [
    ("traces", "traces", Some(["resourceSpans", "scopeSpans", "spans", "startTimeUnixNano"])),
    ("logs", "logs", Some(["resourceLogs", "scopeLogs", "logRecords", "timeUnixNano"])),
    ("events", "session-events", None),
];

/// The place of logs among the signals.
const LOGS: usize = 1;

/// Lists from the outside in, then the time of a record; events are a record a line.
type Nested = Option<[&'static str; 4]>;

impl Minute {
    pub(crate) fn inputs(&self, name: &str) -> Vec<Input> {
        let of_signal = self.lines.iter().zip(SIGNALS).filter(|(lines, _)| !lines.is_empty());
        of_signal
            .map(|(lines, (signal, ..))| {
                Input::from_bytes(format!("{signal}-{name}.jsonl"), lines.clone())
            })
            .collect()
    }

    pub(crate) fn n_bytes(&self) -> usize {
        self.lines.iter().map(Vec::len).sum()
    }

    fn push(&mut self, signal: usize, line: &Value) {
        self.lines[signal].extend_from_slice(line.to_string().as_bytes());
        self.lines[signal].push(b'\n');
    }
}

/// The last day of a shop, by the minute in which each record began. Every minute has a line of a collector that is well.
pub(crate) fn of_last_day(
    folder: &Path,
    options: ShopOptions,
) -> Result<BTreeMap<Ts, Minute>, Error> {
    Shop::new(options).write_exports(folder).map_err(Error::io("write", folder))?;
    let day = Day(options.end_day - 1);
    let mut minutes: BTreeMap<Ts, Minute> = BTreeMap::new();
    for (signal, (below, stem, nested)) in SIGNALS.iter().enumerate() {
        let path = folder.join(below).join(format!("{stem}-{day}.jsonl"));
        let file = File::open(&path).map_err(Error::io("read", &path))?;
        for line in BufReader::new(file).lines() {
            let line = line.map_err(Error::io("read", &path))?;
            let record: Value = serde_json::from_str(&line).unwrap_or_default();
            for (minute, part) in parts(&record, *nested) {
                minutes.entry(minute).or_default().push(signal, &part);
            }
        }
    }
    let of_day = day.start()..day.plus(1).start();
    for idx in 0..MINUTES_A_DAY {
        let minute = Ts(day.start().0 + idx * MINUTE_MICROS);
        minutes.entry(minute).or_default().push(LOGS, &heartbeat(minute));
    }
    minutes.retain(|minute, _| of_day.contains(minute));
    Ok(minutes)
}

fn heartbeat(minute: Ts) -> Value {
    let record = json!({
        "timeUnixNano": (minute.0 * 1_000).to_string(),
        "severityNumber": 9,
        "body": { "stringValue": "queue is empty" },
    });
    let service = json!({ "key": "service.name", "value": { "stringValue": "collector" } });
    json!({ "resourceLogs": [{
        "resource": { "attributes": [service] },
        "scopeLogs": [{ "logRecords": [record] }],
    }]})
}

/// A line by minutes: an event whole, a batch as one smaller batch for each record's service and minute.
fn parts(line: &Value, nested: Nested) -> Vec<(Ts, Value)> {
    let Some([resources, scopes, records, time]) = nested else {
        return event_minute(line).map(|minute| (minute, line.clone())).into_iter().collect();
    };
    let mut parts = Vec::new();
    for resource in list(line, resources) {
        for scope in list(resource, scopes) {
            let mut by_minute: BTreeMap<Ts, Vec<Value>> = BTreeMap::new();
            for record in list(scope, records) {
                let nanos = record[time].as_str().and_then(|nanos| nanos.parse::<i64>().ok());
                let minute = minute_of(nanos.unwrap_or_default() / 1_000);
                by_minute.entry(minute).or_default().push(record.clone());
            }
            for (minute, of_minute) in by_minute {
                let (mut resource, mut scope) = (resource.clone(), scope.clone());
                scope[records] = of_minute.into();
                resource[scopes] = json!([scope]);
                parts.push((minute, json!({ resources: [resource] })));
            }
        }
    }
    parts
}

fn list<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    value[key].as_array().into_iter().flatten()
}

/// Of `2025-10-20T21:53:36.066911Z`.
fn event_minute(event: &Value) -> Option<Ts> {
    let (day, time) = event["ts"].as_str()?.split_once('T')?;
    let number = |range: std::ops::Range<usize>| time.get(range)?.parse::<i64>().ok();
    let minutes = number(0..2)? * 60 + number(3..5)?;
    Some(Ts(Day::parse(day)?.start().0 + minutes * MINUTE_MICROS))
}

fn minute_of(micros: i64) -> Ts {
    Ts(micros - micros.rem_euclid(MINUTE_MICROS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_is_parted_by_service_and_minute() {
        let span = |nanos: i64| json!({ "startTimeUnixNano": nanos.to_string() });
        let batch = json!({ "resourceSpans": [{
            "resource": 1,
            "scopeSpans": [{ "scope": 2, "spans": [span(1), span(61_000_000_000), span(2)] }]
        }]});
        let parts = parts(&batch, SIGNALS[0].2);
        assert_eq!(
            parts.iter().map(|(minute, _)| minute.0).collect::<Vec<_>>(),
            [0, MINUTE_MICROS]
        );
        let first = json!({ "resourceSpans": [{
            "resource": 1, "scopeSpans": [{ "scope": 2, "spans": [span(1), span(2)] }]
        }]});
        assert_eq!(parts[0].1, first);
    }

    #[test]
    fn an_event_is_of_the_minute_of_its_time() {
        let minute = event_minute(&json!({ "ts": "1970-01-02T00:01:59.999999Z" }));
        assert_eq!(minute, Some(Ts(86_460_000_000)));
    }
}
