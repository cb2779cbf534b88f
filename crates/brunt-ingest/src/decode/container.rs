//! Logs of containers: Docker's `json-file` and the text of the Kubernetes runtimes (CRI). Each line is wrapped alone, so
//! long lines come in parts and stack traces in lines; both are joined again, each stream for itself.

use std::borrow::Cow;

use crate::decode::joined::{Joined, Logs, most_lines};
use crate::decode::shape::Fields;
use crate::decode::{Place, Plan, each_text, message};
use crate::detect::Head;
use crate::error::Error;
use crate::format::Spec;
use crate::json::Json;
use crate::load::Load;
use crate::normalize::thrown;
use crate::normalize::time::{self, TimeForm};
use crate::read::{Source, Split};
use crate::value::{Scalar, Value};

pub(crate) static DOCKER: Spec = Spec {
    name: "docker_json",
    about: "container logs of Docker's json-file driver",
    is: |head| {
        let is_plain =
            !head.has_key("level") && !head.has_key("kubernetes") && !head.has_key("message");
        head.is_lines && is_plain && head.has_keys(&["log", "stream", "time"])
    },
    is_generic: false,
    decode: |_, source, load| decode(docker, source, load),
};

pub(crate) static CRI: Spec = Spec {
    name: "cri",
    about: "container logs of Kubernetes: time, stream, F or P, text",
    is: |head: &Head<'_>| most_lines(head, &|line| cri(line).is_some()),
    is_generic: false,
    decode: |_: Plan<'_>, source, load| decode(|line| cri(line).ok_or(NOT_CRI), source, load),
};

const NOT_CRI: (&str, &str) = ("no_match", "a line is not time, stream, tag and text");
const NOT_DOCKER: (&str, &str) = ("no_match", "a line is not an object with log and time");

/// A wrapped line, or a part of one.
struct Piece<'a> {
    text: Cow<'a, str>,
    time: Cow<'a, str>,
    stream: Cow<'a, str>,
    is_end: bool,
    /// What else the wrapper says.
    attrs: Option<Value<'a>>,
}

/// What one stream of a container has under way.
#[derive(Default)]
struct Stream {
    name: String,
    /// A line whose end has not come yet.
    line: Option<Timed>,
    /// Lines that may go on.
    record: Option<Timed>,
}

/// Lines with what their first one's wrapper says.
struct Timed {
    joined: Joined,
    time: String,
    attrs: Option<Value<'static>>,
}

/// Streams beyond stdout and stderr are a sign of damage, and share one place.
const N_STREAMS_MAX: usize = 8;

fn decode(
    unwrap: fn(&str) -> Result<Piece<'_>, (&'static str, &'static str)>,
    source: &mut Source<'_>,
    load: &mut Load<'_>,
) -> Result<(), Error> {
    let mut logs = Logs::new(load);
    let mut streams: Vec<Stream> = Vec::new();
    while let Some(block) = source.next_block(Split::Lines)? {
        each_text(block, true, load, &mut |text, line, load| match unwrap(text) {
            Ok(piece) => {
                let stream = streams.iter().position(|stream| stream.name == piece.stream);
                let stream = stream.unwrap_or_else(|| {
                    if streams.len() < N_STREAMS_MAX {
                        streams
                            .push(Stream { name: piece.stream.to_string(), ..Stream::default() });
                    }
                    streams.len() - 1
                });
                match streams.get_mut(stream) {
                    Some(stream) => stream.push(piece, line, &mut logs, load),
                    None => Ok(()),
                }
            }
            Err((code, reason)) => {
                let place = Place { line, column: Some(1) };
                load.reject(brunt_model::table("logs"), place, code, reason, text.as_bytes())
            }
        })?;
    }
    for stream in &mut streams {
        stream.end_line(&mut logs, load)?;
        stream.end_record(&mut logs, load)?;
    }
    Ok(())
}

impl Stream {
    fn push(
        &mut self,
        piece: Piece<'_>,
        line: u64,
        logs: &mut Logs,
        load: &mut Load<'_>,
    ) -> Result<(), Error> {
        match &mut self.line {
            Some(open) => open.joined.extend(&piece.text),
            None => {
                self.line = Some(Timed {
                    joined: Joined::new(&piece.text, line),
                    time: piece.time.into_owned(),
                    attrs: piece.attrs.map(Value::into_owned),
                });
            }
        }
        if piece.is_end { self.end_line(logs, load) } else { Ok(()) }
    }

    /// A line is whole: it goes on with the record above it, or begins one.
    fn end_line(&mut self, logs: &mut Logs, load: &mut Load<'_>) -> Result<(), Error> {
        let Some(line) = self.line.take().filter(|line| !line.joined.text.trim().is_empty()) else {
            return Ok(());
        };
        if let Some(record) =
            self.record.as_mut().filter(|record| goes_on(&line.joined.text, &record.joined))
        {
            record.joined.push_next(&line.joined);
            return Ok(());
        }
        self.end_record(logs, load)?;
        self.record = Some(line);
        Ok(())
    }

    fn end_record(&mut self, logs: &mut Logs, load: &mut Load<'_>) -> Result<(), Error> {
        let Some(record) = self.record.take() else { return Ok(()) };
        let text = record.joined.text.trim_end();
        let mut outer: Fields<'_> = vec![
            (Cow::Borrowed("ts"), Value::text(&*record.time)),
            (Cow::Borrowed("log.iostream"), Value::text(&*self.name)),
        ];
        outer.extend(record.attrs.clone().map(|attrs| (Cow::Borrowed("attrs"), attrs)));
        let inner = message::fields(Cow::Borrowed(text));
        logs.put(&record.joined, Ok(message::wrap(inner, outer)), load)
    }
}

/// Whether a line belongs to the record above it: as part of a stack trace, or as its beginning.
fn goes_on(line: &str, above: &Joined) -> bool {
    let is_json = above.text.starts_with('{') && above.is_one_line();
    !is_json
        && (thrown::is_continuation(line) || thrown::is_header(line) && above.expects_exception())
}

/// `{"log":"text\n","stream":"stderr","time":"..."}`; the text of a part has no line break at its end.
fn docker(line: &str) -> Result<Piece<'_>, (&'static str, &'static str)> {
    let mut json = Json::new(line);
    let mut record = Value::read(&mut json).map_err(|fault| (fault.code, "a line is not JSON"))?;
    let (Some(Value::Leaf(Scalar::Text(mut text))), Some(Value::Leaf(Scalar::Text(time)))) =
        (record.take("log"), record.take("time"))
    else {
        return Err(NOT_DOCKER);
    };
    let stream = match record.take("stream") {
        Some(Value::Leaf(Scalar::Text(stream))) => stream,
        _ => Cow::Borrowed("stdout"),
    };
    let is_end = text.ends_with('\n');
    let n_kept = text.trim_end_matches(['\n', '\r']).len();
    match &mut text {
        Cow::Borrowed(text) => *text = text.get(..n_kept).unwrap_or_default(),
        Cow::Owned(text) => text.truncate(n_kept),
    }
    Ok(Piece { text, time, stream, is_end, attrs: record.take("attrs") })
}

/// `2025-10-28T14:21:13.123456789Z stdout F text`.
fn cri(line: &str) -> Option<Piece<'_>> {
    let mut parts = line.splitn(4, ' ');
    let (time, stream, tag) = (parts.next()?, parts.next()?, parts.next()?);
    let is_end = match tag.split(':').next() {
        Some("F") => true,
        Some("P") => false,
        _ => return None,
    };
    let is_told =
        matches!(stream, "stdout" | "stderr") && time::parse(time, TimeForm::Any).is_some();
    is_told.then(|| Piece {
        text: Cow::Borrowed(parts.next().unwrap_or_default()),
        time: Cow::Borrowed(time),
        stream: Cow::Borrowed(stream),
        is_end,
        attrs: None,
    })
}
