//! Jaeger's spans: documents of its API and user interface, and one span a line as it keeps them in Elasticsearch.
//!
//! A document has traces under `data`, or is one; a trace has `spans` and, before or after them, the `processes` that
//! spans name. A span in Elasticsearch holds its process. The first reference `CHILD_OF` into the same trace, else the
//! first `FOLLOWS_FROM`, is the parent; all others are links.

mod span;

use crate::decode::shape::{Fillers, Given};
use crate::decode::{Halt, Place, Plan, each_text, place_in};
use crate::detect::Head;
use crate::error::Error;
use crate::format::Spec;
use crate::json::{Json, Kind};
use crate::load::Load;
use crate::read::{Block, Source, Split};
use crate::value::Value;

pub(crate) static SPEC: Spec = Spec {
    name: "jaeger",
    about: "Jaeger's traces as its API gives them, or its spans one a line",
    is,
    is_generic: false,
    decode,
};

/// Where spans stand: in a document of the API, a trace, alone, or as Elasticsearch returns them.
const PLACES: &[&str] = &["data.spans.", "spans.", "", "_source.", "hits.hits._source."];

fn is(head: &Head<'_>) -> bool {
    PLACES.iter().any(|place| {
        let keys = ["traceID", "spanID", "operationName"].map(|key| [place, key].concat());
        keys.iter().all(|key| head.has_key(key))
    })
}

fn decode(plan: Plan<'_>, source: &mut Source<'_>, load: &mut Load<'_>) -> Result<(), Error> {
    let split = if plan.is_lines { Split::Lines } else { Split::Whole };
    let mut fillers = Fillers::default();
    while let Some(block) = source.next_block(split)? {
        each_text(block, plan.is_lines, load, &mut |text, first_line, load| {
            let mut json = Json::new(text);
            while !json.at_end() {
                let start = json.position();
                let mut walk = Walk { text, first_line, fillers: &mut fillers, load };
                match walk.value(&mut json) {
                    Ok(()) => {}
                    Err(Halt::Error(error)) => return Err(error),
                    Err(Halt::Fault(fault)) => {
                        let (place, rest) =
                            (walk.place(fault.at), text.get(start..).unwrap_or_default());
                        return load.reject(
                            None,
                            place,
                            fault.code,
                            &fault.reason,
                            rest.as_bytes(),
                        );
                    }
                }
            }
            Ok(())
        })?;
    }
    Ok(())
}

/// A text while its spans are looked for.
struct Walk<'w, 's, 'a> {
    text: &'a str,
    first_line: u64,
    fillers: &'w mut Fillers,
    load: &'w mut Load<'s>,
}

impl<'a> Walk<'_, '_, 'a> {
    fn place(&self, at: usize) -> Place {
        let block = Block { bytes: self.text.as_bytes(), first_line: self.first_line };
        place_in(block, self.text, at)
    }

    /// A list of what follows, an object that holds spans somewhere, or a span.
    fn value(&mut self, json: &mut Json<'a>) -> Result<(), Halt> {
        match json.peek()? {
            Kind::Array => {
                json.enter_array()?;
                while json.next_element()? {
                    self.value(json)?;
                }
                Ok(())
            }
            Kind::Object => self.object(json),
            Kind::Null => Ok(json.null()?),
            Kind::Text | Kind::Number | Kind::Bool => self.span(json, None),
        }
    }

    fn object(&mut self, json: &mut Json<'a>) -> Result<(), Halt> {
        let start = json.mark();
        let (mut processes, mut later, mut has_spans) = (None, None, false);
        json.enter_object()?;
        while let Some(key) = json.next_key()? {
            match &*key {
                "spanID" | "operationName" => {
                    json.go_back(start);
                    return self.span(json, None);
                }
                "processes" => processes = Some(Value::read(json)?),
                "spans" => {
                    has_spans = true;
                    json.peek()?;
                    later = Some(json.mark());
                    if processes.is_some() {
                        self.spans(json, processes.as_ref())?;
                        later = None;
                    } else {
                        json.skip()?;
                    }
                }
                "data" | "hits" | "_source" if json.peek()? != Kind::Text => {
                    has_spans = true;
                    self.value(json)?;
                }
                _ => {
                    json.skip()?;
                }
            }
        }
        if let Some(spans) = later {
            let end = json.mark();
            json.go_back(spans);
            self.spans(json, processes.as_ref())?;
            json.go_back(end);
        }
        if !has_spans {
            let at = start.position();
            let text = self.text.get(at..json.position()).unwrap_or_default();
            let reason = "an object is neither a span nor holds any";
            self.load.reject(None, self.place(at), "spans_missing", reason, text.as_bytes())?;
        }
        Ok(())
    }

    fn spans(&mut self, json: &mut Json<'a>, processes: Option<&Value<'a>>) -> Result<(), Halt> {
        if json.peek()? == Kind::Null {
            return Ok(json.null()?);
        }
        json.enter_array()?;
        while json.next_element()? {
            self.span(json, processes)?;
        }
        Ok(())
    }

    fn span(&mut self, json: &mut Json<'a>, processes: Option<&Value<'a>>) -> Result<(), Halt> {
        json.peek()?;
        let at = json.position();
        let value = Value::read(json)?;
        match span::fields(value, processes) {
            Ok(fields) => {
                let mut given = Given::default();
                given.record("spans", fields);
                let place = self.place(at);
                self.fillers.store(given, || place, self.load)
            }
            Err(refusal) => {
                let text = self.text.get(at..json.position()).unwrap_or_default();
                let place = self.place(at);
                Ok(self.load.reject(None, place, refusal.code, &refusal.reason, text.as_bytes())?)
            }
        }
    }
}
