//! Which rows are a person's.
//!
//! A row is theirs where it carries their id; where it carries nobody's, and its trace or session is known to be theirs
//! alone, as the `..._enriched` views show it; where it carries a device's id that was seen with nobody else; and where
//! it is part of a ticket of theirs. A row that carries another's id is never theirs: a session or trace in which several
//! people appear belongs to none of them.

use std::collections::{BTreeSet, HashMap, HashSet};

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, TimeUnit, TimestampMicrosecondType};

use super::Subject;
use crate::code::Code;
use crate::error::Error;
use crate::session::Session;
use crate::store::Store;

/// Whose rows are looked for, and all that is known of them.
#[derive(Debug, Default)]
pub(super) struct Person {
    /// Where such ids stand; a row belongs to whom the first names.
    columns: &'static [&'static str],
    ids: BTreeSet<String>,
    sessions: Periods,
    traces: Periods,
    /// Traces in their sessions that are known to be somebody else's.
    others: Periods,
    /// Source and id.
    tickets: HashSet<(String, String)>,
}

/// Ids, and from when (inclusive) until when (exclusive) they are meant.
#[derive(Debug, Default)]
struct Periods(HashMap<String, Vec<(i64, Option<i64>)>>);

impl Periods {
    fn add(&mut self, row: &Period) {
        self.0.entry(row.id.clone()).or_default().push((row.from, row.until));
    }

    fn has(&self, id: &str, ts: i64) -> bool {
        let periods = self.0.get(id).into_iter().flatten();
        periods.into_iter().any(|(from, until)| *from <= ts && until.is_none_or(|until| ts < until))
    }
}

/// A row of `session_periods` or `trace_periods`.
struct Period {
    id: String,
    from: i64,
    until: Option<i64>,
    /// Whom it is known to belong to.
    owner: Option<String>,
}

impl Person {
    /// Asks the store, at an epoch, what it knows of somebody.
    pub(super) async fn find(
        store: &Store,
        epoch: u64,
        subject: &Subject,
        forms: &BTreeSet<String>,
    ) -> Result<Self, Error> {
        let session = store.session().await?;
        session.sql(&format!("SET brunt.epoch = {epoch}")).await?;
        session.pin().await?;
        let mut person = Self { columns: subject.columns(), ids: forms.clone(), ..Self::default() };
        if matches!(subject, Subject::User(_)) {
            let devices = texts(&session, &devices(&list(forms))).await?;
            person.ids.extend(devices.into_iter().flatten().flatten());
        }
        if matches!(subject, Subject::Session(_)) {
            person.find_traces(&session, "session_id", &list(forms)).await?;
            return Ok(person);
        }
        let owner = person.owner();
        let ids = list(&person.ids);
        let of_device = match subject {
            Subject::User(_) => format!("OR user_id IS NULL AND user_pseudo_id IN ({ids})"),
            _ => String::new(),
        };
        let sql = format!(
            "SELECT session_id, valid_from, valid_until, {owner} FROM session_periods \
             WHERE {owner} IN ({ids}) {of_device}"
        );
        let mut session_ids = BTreeSet::new();
        for row in periods(&session, &sql).await? {
            person.sessions.add(&row);
            session_ids.insert(row.id);
        }
        person.find_traces(&session, owner, &list(&session_ids)).await?;
        person.find_tickets(&session).await?;
        Ok(person)
    }

    /// All ids by which they are known: their own in every form, and those of their devices.
    pub(super) fn ids(&self) -> &BTreeSet<String> {
        &self.ids
    }

    /// Which rows of a batch of any table are theirs.
    pub(super) fn owns(&self, batch: &RecordBatch) -> Vec<bool> {
        let text = |name: &str| batch.column_by_name(name).and_then(|it| it.as_string_opt::<i32>());
        let times = batch.column_by_name("ts");
        let times = times.and_then(|it| it.as_primitive_opt::<TimestampMicrosecondType>());
        let own: Vec<&StringArray> = self.columns.iter().filter_map(|name| text(name)).collect();
        let (owners, traces, sessions) = (text(self.owner()), text("trace_id"), text("session_id"));
        let (sources, tickets) = (text("source"), text("ticket_id"));
        (0..batch.num_rows())
            .map(|row_idx| {
                let ts = times.map_or(0, |times| times.value(row_idx));
                let at = |column| value(column, row_idx);
                let of_ticket = self.has_ticket(at(sources), at(tickets));
                if let Some(owner) = at(owners) {
                    return of_ticket || self.ids.contains(owner);
                }
                let mut others = own.iter().filter_map(|column| value(Some(column), row_idx));
                if of_ticket || others.any(|id| self.ids.contains(id)) {
                    return true;
                }
                match at(traces) {
                    Some(trace) if self.others.has(trace, ts) => false,
                    Some(trace) if self.traces.has(trace, ts) => true,
                    _ => at(sessions).is_some_and(|session| self.sessions.has(session, ts)),
                }
            })
            .collect()
    }

    fn has_ticket(&self, source: Option<&str>, ticket: Option<&str>) -> bool {
        let Some(ticket) = ticket.filter(|_| !self.tickets.is_empty()) else { return false };
        self.tickets.contains(&(source.unwrap_or_default().to_owned(), ticket.to_owned()))
    }

    /// The column that says whose a row is.
    fn owner(&self) -> &'static str {
        self.columns.first().copied().unwrap_or("user_id")
    }

    /// Traces of theirs, or in sessions of theirs and nobody's.
    async fn find_traces(
        &mut self,
        session: &Session,
        owner: &str,
        sessions: &str,
    ) -> Result<(), Error> {
        let ids = list(&self.ids);
        let sql = format!(
            "SELECT trace_id, valid_from, valid_until, {owner} FROM trace_periods \
             WHERE {owner} IN ({ids}) OR session_id IN ({sessions})"
        );
        for row in periods(session, &sql).await? {
            let is_theirs = row.owner.as_ref().is_none_or(|owner| self.ids.contains(owner));
            if is_theirs { self.traces.add(&row) } else { self.others.add(&row) }
        }
        Ok(())
    }

    async fn find_tickets(&mut self, session: &Session) -> Result<(), Error> {
        let ids = list(&self.ids);
        let columns: Vec<String> = self
            .columns
            .iter()
            .filter(|column| {
                brunt_model::table("ticket_updates").is_some_and(|of| of.column(column).is_some())
            })
            .map(|column| format!("{column} IN ({ids})"))
            .collect();
        let sql = format!(
            "SELECT DISTINCT coalesce(source, ''), ticket_id FROM ticket_updates \
             WHERE ticket_id IS NOT NULL AND ({})",
            columns.join(" OR ")
        );
        for row in texts(session, &sql).await? {
            if let [Some(source), Some(ticket)] = row.as_slice() {
                self.tickets.insert((source.clone(), ticket.clone()));
            }
        }
        Ok(())
    }
}

/// Ids of devices that were seen with these users and with no other.
fn devices(ids: &str) -> String {
    let seen = ["logs", "spans", "events", "ticket_updates", "sessions"]
        .map(|table| format!("SELECT user_pseudo_id, user_id FROM {table}"))
        .join(" UNION ALL ");
    format!(
        "SELECT user_pseudo_id FROM ({seen}) WHERE user_pseudo_id IS NOT NULL AND user_id IS NOT NULL \
         GROUP BY user_pseudo_id HAVING bool_and(user_id IN ({ids}))"
    )
}

/// A list of SQL literals; never empty, because `IN ()` is no SQL.
fn list(ids: &BTreeSet<String>) -> String {
    let literals = ids.iter().map(|id| format!("'{}'", id.replace('\'', "''")));
    let list: Vec<String> = literals.collect();
    if list.is_empty() { "NULL".to_owned() } else { list.join(", ") }
}

fn value(column: Option<&StringArray>, row_idx: usize) -> Option<&str> {
    column.filter(|column| column.is_valid(row_idx)).map(|column| column.value(row_idx))
}

/// The rows of an answer whose columns are all texts.
async fn texts(session: &Session, sql: &str) -> Result<Vec<Vec<Option<String>>>, Error> {
    let mut rows = Vec::new();
    for batch in session.sql(sql).await?.collect().await? {
        let columns: Vec<ArrayRef> = batch
            .columns()
            .iter()
            .map(|column| as_type(column, &DataType::Utf8))
            .collect::<Result<_, _>>()?;
        for row_idx in 0..batch.num_rows() {
            let cells = columns.iter().map(|column| value(column.as_string_opt(), row_idx));
            rows.push(cells.map(|cell| cell.map(str::to_owned)).collect());
        }
    }
    Ok(rows)
}

/// Rows of an id, two times and an id.
async fn periods(session: &Session, sql: &str) -> Result<Vec<Period>, Error> {
    let time = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
    let mut rows = Vec::new();
    for batch in session.sql(sql).await?.collect().await? {
        let [ids, from, until, owners] = batch.columns() else { continue };
        let (ids, owners) = (as_type(ids, &DataType::Utf8)?, as_type(owners, &DataType::Utf8)?);
        let (from, until) = (as_type(from, &time)?, as_type(until, &time)?);
        let micros = |column: &ArrayRef, row_idx: usize| {
            let times = column.as_primitive_opt::<TimestampMicrosecondType>()?;
            times.is_valid(row_idx).then(|| times.value(row_idx))
        };
        for row_idx in 0..batch.num_rows() {
            let Some(id) = value(ids.as_string_opt(), row_idx) else { continue };
            rows.push(Period {
                id: id.to_owned(),
                from: micros(&from, row_idx).unwrap_or(i64::MIN),
                until: micros(&until, row_idx),
                owner: value(owners.as_string_opt(), row_idx).map(str::to_owned),
            });
        }
    }
    Ok(rows)
}

fn as_type(column: &ArrayRef, ty: &DataType) -> Result<ArrayRef, Error> {
    cast(column, ty).map_err(|error| Error::statement(Code::Internal, error.to_string()))
}
