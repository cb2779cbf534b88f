//! However many threads decode, the outcome is that of one.

use std::fs;

use brunt_ingest::{Error, Input, Options, Redacted, Reject, Sink, ingest};

use crate::goldens::{cases, input_of, options};
use crate::long::SIZES;
use crate::reading::{Read, read_from};

/// Rows in the same batches and order, the same rejects, counts and warnings.
pub(crate) fn same(name: &str, one: &Read, several: &Read) {
    assert_eq!(several.rows, one.rows, "{name}: rows");
    assert_eq!(several.rejects, one.rejects, "{name}: rejects");
    assert_eq!(format!("{:?}", several.outcome), format!("{:?}", one.outcome), "{name}");
}

#[test]
fn every_case_is_the_same_with_any_number_of_threads() {
    for case in cases() {
        let input = input_of(&case);
        let (name, bytes) = (input.to_string_lossy(), fs::read(&input).unwrap());
        // Small parts, so that there are several, and batches that end within them.
        for (whole_bytes_max, batch_rows_max) in SIZES.iter().zip([1, 2, 3, 5, 1_000]) {
            let with = |n_threads| {
                let sizes = Options { whole_bytes_max: *whole_bytes_max, ..options(&case) };
                let options = Options { batch_rows_max, n_threads, ..sizes };
                read_from(&name, &bytes, true, &options)
            };
            let one = with(1);
            for n_threads in [2, 5] {
                same(&name, &one, &with(n_threads));
            }
        }
    }
}

/// Lines of logs, of which some are bad.
fn lines(n_lines: usize) -> String {
    let line = |n: usize| match n % 7 {
        0 => "{\"resourceLogs\":[{\"scopeLogs\":[{\"logRecords\":[7]}]}]}\n".to_owned(),
        3 => "{\"resourceLogs\":\n".to_owned(),
        _ => format!(
            "{{\"resourceLogs\":[{{\"scopeLogs\":[{{\"logRecords\":[{{\"timeUnixNano\":\"{}\"}}]}}]}}]}}\n",
            1_761_661_273_000_000_000_u64 + n as u64
        ),
    };
    (1..=n_lines).map(line).collect()
}

#[test]
fn lines_keep_their_numbers_and_rejects_their_order() {
    let with = |n_threads| {
        let options = Options { whole_bytes_max: 500, n_threads, ..crate::reading::options() };
        read_from("x.jsonl", lines(700).as_bytes(), false, &options)
    };
    let one = with(1);
    let bad_lines: Vec<_> = one.rejects.iter().map(|reject| reject.line).collect();
    assert_eq!(bad_lines, (1..=700).filter(|n| matches!(n % 7, 0 | 3)).collect::<Vec<_>>());
    assert_eq!(one.summary().n_rows["logs"], 500);
    for n_threads in 2..6 {
        same("x.jsonl", &one, &with(n_threads));
    }
}

#[test]
fn what_was_hidden_is_counted_whatever_the_parts_and_threads() {
    let line = |n: usize| {
        format!(
            "{{\"resourceLogs\":[{{\"scopeLogs\":[{{\"logRecords\":[{{\"timeUnixNano\":\"1761661273000000000\",\"body\":{{\"stringValue\":\"of u{n}@shop.example\"}}}}]}}]}}]}}\n"
        )
    };
    let text: String = (0..300).map(line).collect();
    for (whole_bytes_max, n_threads) in [(500, 1), (500, 4), (64 * 1024 * 1024, 1)] {
        let options = Options { whole_bytes_max, n_threads, ..crate::reading::options() };
        let read = read_from("x.jsonl", text.as_bytes(), false, &options);
        let redactions: Vec<_> = read
            .summary()
            .redactions
            .iter()
            .map(|it| (it.table, it.field.as_str(), it.action, it.n_redacted))
            .collect();
        assert_eq!(redactions, [("logs", "body", "masked", 300)]);
        let body = read.summary().feeds.iter().find(|feed| feed.column == "body");
        assert_eq!(body.map(|feed| feed.n_values), Some(300));
    }
}

/// Takes one batch and no more.
#[derive(Default)]
struct Full(usize);

impl Sink for Full {
    fn rows(&mut self, _: Redacted) -> Result<(), Error> {
        self.0 += 1;
        if self.0 > 1 { Err(Error::Sink("the disk is full".into())) } else { Ok(()) }
    }

    fn reject(&mut self, _: Reject) -> Result<(), Error> {
        Ok(())
    }
}

#[test]
fn a_sink_that_fails_ends_the_load_and_is_not_asked_again() {
    for n_threads in [1, 4] {
        let options = crate::reading::options();
        let options = Options { whole_bytes_max: 500, batch_rows_max: 5, n_threads, ..options };
        let (text, mut sink) = (lines(700), Full::default());
        let input = Input { name: "x.jsonl", reader: &mut text.as_bytes(), reopen: None };
        let ended = ingest(input, &options, &mut sink);
        assert!(matches!(ended, Err(Error::Sink(_))), "{ended:?}");
        assert_eq!(sink.0, 2);
    }
}
