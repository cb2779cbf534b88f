//! One OTLP document: resources, their scopes, and their records.

use brunt_model::{Table, table};

use super::columns::Kept;
use super::{ANSWER, Signal, log, scope, span};
use crate::aliases::UserAliases;
use crate::decode::{Halt, Origin};
use crate::error::Error;
use crate::json::{Fault, Json, Kind, Mark};
use crate::load::Load;
use crate::row::Row;
use crate::workers::Done;

/// Everything that outlives a document.
#[derive(Debug)]
pub(super) struct Decoder {
    logs: Kept,
    spans: Kept,
    done: Done,
}

impl Decoder {
    pub(super) fn new([logs, spans]: [&'static Table; 2], aliases: &UserAliases) -> Self {
        let (logs, spans) = (Kept::new(logs, aliases), Kept::new(spans, aliases));
        Self { logs, spans, done: Done::default() }
    }

    /// Documents of one text, mostly one. After a fault of syntax nothing in the text can be relied on.
    pub(super) fn documents(
        &mut self,
        text: &str,
        origin: &Origin,
        load: &mut Load<'_>,
    ) -> Result<Done, Error> {
        let mut json = Json::new(text);
        self.done = Done::default();
        while !json.at_end() {
            let start = json.position();
            match self.document(&mut json, text, origin, load) {
                Ok(()) => {}
                Err(Halt::Error(error)) => return Err(error),
                Err(Halt::Fault(fault)) => {
                    let place = origin.place(text, fault.at);
                    let record = text.get(start..).unwrap_or_default();
                    load.reject(None, place, fault.code, &fault.reason, record.as_bytes())?;
                    self.done.is_broken = true;
                    break;
                }
            }
        }
        Ok(self.done)
    }

    fn document<'a>(
        &mut self,
        json: &mut Json<'a>,
        text: &'a str,
        origin: &Origin,
        load: &mut Load<'_>,
    ) -> Result<(), Halt> {
        let start = json.mark();
        if json.peek()? == Kind::Array {
            let mut n_documents = 0;
            json.enter_array()?;
            while json.next_element()? {
                self.document(json, text, origin, load)?;
                n_documents += 1;
            }
            if n_documents > 0 {
                return Ok(());
            }
            json.go_back(start);
        }
        let schema_urls = ["\"schemaUrl\"", "\"schema_url\""]
            .iter()
            .any(|name| memchr::memmem::find(text.as_bytes(), name.as_bytes()).is_some());
        let mut n_signals = 0;
        if json.peek()? == Kind::Object {
            json.enter_object()?;
            while let Some(key) = json.next_key()? {
                let Some(signal) = Signal::of_key(&key) else {
                    if key == ANSWER && matches!(json.peek()?, Kind::Object | Kind::Array) {
                        n_signals += 1;
                        self.document(json, text, origin, load)?;
                    } else {
                        json.skip_any()?;
                    }
                    continue;
                };
                n_signals += 1;
                let before = json.mark();
                let mut part = Part { text, origin, signal, schema_urls, load, done: self.done };
                let read = match part.resources(self, json) {
                    Err(Halt::Fault(fault)) => part.refuse(json, before, &fault),
                    read => read,
                };
                self.done = part.done;
                read?;
            }
        }
        if n_signals == 0 {
            json.go_back(start);
            let fault = json.fault(
                "not_otlp",
                "the document has no resourceLogs, resourceSpans or resourceMetrics",
            );
            Part { text, origin, signal: Signal::Logs, schema_urls, load, done: self.done }
                .refuse(json, start, &fault)?;
        }
        Ok(())
    }
}

/// A part of a document while it is read.
struct Part<'a, 'b, 'l, 's> {
    text: &'a str,
    origin: &'b Origin,
    signal: Signal,
    /// Whether the text names schemas, which may stand behind what they hold for.
    schema_urls: bool,
    load: &'l mut Load<'s>,
    done: Done,
}

impl<'a> Part<'a, '_, '_, '_> {
    fn resources(&mut self, decoder: &mut Decoder, json: &mut Json<'a>) -> Result<(), Halt> {
        if json.peek()? == Kind::Null {
            return Ok(json.null()?);
        }
        json.enter_array()?;
        let kept = match self.signal {
            Signal::Logs => &mut decoder.logs,
            Signal::Spans => &mut decoder.spans,
            Signal::Metrics | Signal::Profiles => return self.count(json),
        };
        let mut row = Row::new(kept.table);
        while json.next_element()? {
            let before = json.mark();
            match self.resource(kept, &mut row, json) {
                Err(Halt::Fault(fault)) => self.refuse(json, before, &fault)?,
                done => done?,
            }
        }
        Ok(())
    }

    /// One resource: its attributes first, wherever they stand, then its scopes.
    fn resource(
        &mut self,
        kept: &mut Kept,
        row: &mut Row<'a>,
        json: &mut Json<'a>,
    ) -> Result<(), Halt> {
        json.enter_object()?;
        let mut resource = scope::Shared::default();
        let (mut known, mut later, mut n_lists) = (false, Vec::new(), 0);
        while let Some(key) = json.next_key()? {
            match &*key {
                "resource" => {
                    scope::read_resource(json, &mut kept.router, kept.table, &mut resource)?;
                    known = !self.schema_urls;
                }
                "schemaUrl" | "schema_url" => {
                    resource.schema_url(json, "otel.resource.schema_url")?;
                }
                key if self.signal.is_scopes(key) => {
                    n_lists += 1;
                    if known {
                        self.scopes(kept, row, json, &resource)?;
                    } else {
                        later.push(json.mark());
                        json.skip_any()?;
                    }
                }
                _ => {
                    json.skip_any()?;
                }
            }
        }
        if n_lists == 0 {
            return Err(json.fault("scopes_missing", "a resource has no list of scopes").into());
        }
        let end = json.mark();
        for scopes in later {
            json.go_back(scopes);
            self.scopes(kept, row, json, &resource)?;
        }
        json.go_back(end);
        Ok(())
    }

    fn scopes(
        &mut self,
        kept: &mut Kept,
        row: &mut Row<'a>,
        json: &mut Json<'a>,
        resource: &scope::Shared<'a>,
    ) -> Result<(), Halt> {
        if json.peek()? == Kind::Null {
            return Ok(json.null()?);
        }
        json.enter_array()?;
        while json.next_element()? {
            let before = json.mark();
            match self.scope(kept, row, json, resource) {
                Err(Halt::Fault(fault)) => self.refuse(json, before, &fault)?,
                done => done?,
            }
        }
        Ok(())
    }

    /// One scope: its name and attributes first, then its records.
    fn scope(
        &mut self,
        kept: &mut Kept,
        row: &mut Row<'a>,
        json: &mut Json<'a>,
        resource: &scope::Shared<'a>,
    ) -> Result<(), Halt> {
        json.enter_object()?;
        let mut scope = resource.clone();
        let (mut known, mut later, mut n_lists) = (false, Vec::new(), 0);
        while let Some(key) = json.next_key()? {
            match &*key {
                "scope" | "instrumentationLibrary" => {
                    scope::read_scope(json, &mut kept.router, kept.table, &mut scope)?;
                    known = !self.schema_urls;
                }
                "schemaUrl" | "schema_url" => scope.schema_url(json, "otel.scope.schema_url")?,
                key if self.signal.is_records(key) => {
                    n_lists += 1;
                    if known {
                        self.records(kept, row, json, &scope)?;
                    } else {
                        later.push(json.mark());
                        json.skip_any()?;
                    }
                }
                _ => {
                    json.skip_any()?;
                }
            }
        }
        if n_lists == 0 && self.signal == Signal::Spans {
            // Collectors leave an empty list of log records out; spans are never without.
            return Err(json.fault("spans_missing", "a scope has no list of spans").into());
        }
        let end = json.mark();
        for records in later {
            json.go_back(records);
            self.records(kept, row, json, &scope)?;
        }
        json.go_back(end);
        Ok(())
    }

    fn records(
        &mut self,
        kept: &mut Kept,
        row: &mut Row<'a>,
        json: &mut Json<'a>,
        scope: &scope::Shared<'a>,
    ) -> Result<(), Halt> {
        if json.peek()? == Kind::Null {
            return Ok(json.null()?);
        }
        json.enter_array()?;
        while json.next_element()? {
            let before = json.mark();
            scope.apply(row);
            let read = match self.signal {
                Signal::Spans => span::read(json, kept, row),
                _ => log::read(json, kept, row),
            };
            match read {
                Ok(()) => match kept.client_events.as_mut().and_then(|events| events.take(row)) {
                    Some(mut event) => self.load.append(&mut event)?,
                    None => self.load.append(row)?,
                },
                Err(fault) => {
                    row.clear();
                    self.refuse(json, before, &fault)?;
                }
            }
        }
        Ok(())
    }

    /// Counts metrics or profiles without reading them.
    fn count(&mut self, json: &mut Json<'a>) -> Result<(), Halt> {
        let mut n = 0;
        while json.next_element()? {
            let before = json.mark();
            let counted = count_records(json, self.signal);
            if counted.is_err() {
                json.go_back(before);
                json.skip_any()?;
            }
            n += counted.unwrap_or(1);
        }
        self.load.unsupported(self.signal.name(), n);
        Ok(())
    }

    /// Steps over a part that makes no sense and stores it as a reject. Where it has no end, neither has the text.
    fn refuse(&mut self, json: &mut Json<'a>, before: Mark, fault: &Fault) -> Result<(), Halt> {
        self.done.first_fault = Some(self.done.first_fault.map_or(fault.at, |at| at.min(fault.at)));
        json.go_back(before);
        let record = json.skip_any()?;
        let place = self.origin.place(self.text, fault.at);
        let table = match self.signal {
            Signal::Logs => table("logs"),
            Signal::Spans => table("spans"),
            Signal::Metrics | Signal::Profiles => None,
        };
        Ok(self.load.reject(table, place, fault.code, &fault.reason, record.as_bytes())?)
    }
}

/// Records in one resource of a signal that is not stored.
fn count_records(json: &mut Json<'_>, signal: Signal) -> Result<u64, Fault> {
    let mut n = 0;
    json.enter_object()?;
    while let Some(key) = json.next_key()? {
        if !signal.is_scopes(&key) {
            json.skip_any()?;
            continue;
        }
        json.enter_array()?;
        while json.next_element()? {
            json.enter_object()?;
            while let Some(key) = json.next_key()? {
                if signal.is_records(&key) {
                    json.enter_array()?;
                    while json.next_element()? {
                        json.skip_any()?;
                        n += 1;
                    }
                } else {
                    json.skip_any()?;
                }
            }
        }
    }
    Ok(n)
}
