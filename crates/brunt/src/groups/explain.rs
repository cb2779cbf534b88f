//! Why an error is in its group: the parts of its key, the fate of each frame of its stack, the rules that had a say.

use std::collections::BTreeSet;
use std::sync::Arc;

use brunt_fingerprint::{ErrorInfo, Frame, Lang, RulePlace, Rules, frames, group, matched};
use brunt_model::Day;
use serde::Serialize;

use super::find::find_group;
use super::pinned::Pinned;
use crate::code::Code;
use crate::definitions::ERRORS_FILE;
use crate::derive::{Recorded, Regroup};
use crate::error::{Error, Fault};
use crate::session::Session;
use crate::text_rows::{TextRow, answer};

/// Which occurrence of a group is shown: of those on days that can be derived again the one whose stack reads best, of
/// these the latest; the others stand in for it where its rows are not found.
const CANDIDATES_SQL: &str = "
SELECT error_id, error_group_id, ts, day, service_name
FROM errors
WHERE error_group_id = $ID OR error_id = $ID
ORDER BY error_id = $ID DESC, $HAS_ROWS DESC,
    CASE grouping_quality WHEN 'full' THEN 0 WHEN 'truncated' THEN 1 WHEN 'minified' THEN 2 WHEN 'library_only' THEN 3 ELSE 4 END,
    ts DESC, error_id
LIMIT 20";

const COUNTS_SQL: &str = "
SELECT
    CAST(round(sum(coalesce(sample_weight, 1))) AS BIGINT),
    count(DISTINCT error_site_id),
    count(DISTINCT error_variant_id),
    count(DISTINCT session_id),
    min(ts) FILTER (WHERE day > DATE '1970-01-01'),
    max(ts) FILTER (WHERE day > DATE '1970-01-01')
FROM errors
WHERE error_group_id = $ID AND duplicate_of IS NULL";

/// An error with its group, and why it is that.
#[derive(Debug, Clone, Serialize)]
pub struct ErrorExplanation {
    pub error_group_id: String,
    /// Coarser: language, service and culprit.
    pub error_site_id: String,
    /// Finer: all app frames and the template.
    pub error_variant_id: String,
    pub title: String,
    pub culprit: Option<String>,
    pub culprit_file: Option<String>,
    /// From 1.
    pub culprit_line: Option<u32>,
    pub lang: Option<&'static str>,
    /// `full library_only message_only minified truncated unparsed`.
    pub quality: &'static str,
    /// What the store has of it; `None` for an error that is in no store.
    pub stored: Option<StoredGroup>,
    /// Every part that was considered, in the order of the steps.
    pub why: Vec<ExplainedPart>,
    /// The outermost exception's first, in each the innermost call first.
    pub frames: Vec<ExplainedFrame>,
    /// The rules of `errors.toml` that name a frame or type of the error or had a say in its group, in the order of lines.
    pub rules: Vec<String>,
}

/// The occurrence that is shown, and what the store has of its group.
#[derive(Debug, Clone, Serialize)]
pub struct StoredGroup {
    pub error_id: String,
    pub ts: String,
    pub service_name: Option<String>,
    /// Repeats left out; an estimate where telemetry is sampled.
    pub n_occurrences: u64,
    pub n_sites: u64,
    pub n_variants: u64,
    pub n_sessions: u64,
    /// `None` where no occurrence has a usable time.
    pub first_seen_at: Option<String>,
    pub last_seen_at: Option<String>,
}

/// A candidate for the group's key.
#[derive(Debug, Clone, Serialize)]
pub struct ExplainedPart {
    pub part: &'static str,
    pub value: String,
    pub used: bool,
    pub reason: &'static str,
}

/// A frame of the stack and its fate.
#[derive(Debug, Clone, Serialize)]
pub struct ExplainedFrame {
    /// Type of the exception that was thrown through it.
    pub exception_type: String,
    /// Module and function.
    pub symbol: String,
    pub file: String,
    /// From 1.
    pub line: Option<u32>,
    pub role: &'static str,
    /// Whether the steps put it into the key.
    pub used: bool,
    pub reason: &'static str,
}

impl ErrorExplanation {
    /// One JSON object with these fields.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// Explains an error group by its best occurrence, or an error, by the rules of the session's epoch.
///
/// # Errors
/// [`Code::UndefinedObject`] where there is none of this id, and where the rows that it was made of are not stored.
pub(crate) async fn explain(session: &Session, id: &str) -> Result<ErrorExplanation, Error> {
    let group = match find_group(session, id).await {
        Ok(group) => group,
        // It may be an error's.
        Err(error) if error.code() == Code::UndefinedObject => id.to_owned(),
        Err(error) => return Err(error),
    };
    let quoted = format!("'{}'", group.replace('\'', "''"));
    let pin = session.pinned();
    let rules = Arc::clone(&pin.definitions().rules);
    let mut tables = Pinned(pin);
    let days = tables.days().await?;
    let sql = CANDIDATES_SQL.replace("$HAS_ROWS", &is_on(&days)).replace("$ID", &quoted);
    let candidates = answer(session, &sql).await?;
    if candidates.is_empty() {
        let fault = Fault::new(Code::UndefinedObject, format!("no error or error group \"{id}\""));
        return Err(fault.with_hint("`brunt errors` lists the groups.").into());
    }
    let Some((row, recorded)) = first_of(&mut tables, &days, &rules, candidates).await? else {
        let message = format!("the rows that \"{id}\" was made of are not stored");
        return Err(Fault::new(Code::UndefinedObject, message)
            .with_hint("Retention takes base rows; what is known of the group is in error_groups.")
            .into());
    };
    let [error_id, group_id, ts, _, service_name] = &row[..] else { return Err(unlike_asked()) };
    let group_id = group_id.clone().unwrap_or_default().replace('\'', "''");
    let counts = COUNTS_SQL.replace("$ID", &format!("'{group_id}'"));
    let counts = answer(session, &counts).await?.pop().unwrap_or_default();
    let number = |idx: usize| counts.get(idx)?.as_ref()?.parse().ok();
    let text = |idx: usize| counts.get(idx).cloned().flatten();
    let stored = StoredGroup {
        error_id: error_id.clone().unwrap_or_default(),
        ts: ts.clone().unwrap_or_default(),
        service_name: service_name.clone(),
        n_occurrences: number(0).unwrap_or_default(),
        n_sites: number(1).unwrap_or_default(),
        n_variants: number(2).unwrap_or_default(),
        n_sessions: number(3).unwrap_or_default(),
        first_seen_at: text(4),
        last_seen_at: text(5),
    };
    Ok(explained(&recorded, &rules, Some(stored)))
}

/// The first of these errors whose base rows are found on one of these days, with what it was grouped by.
async fn first_of(
    tables: &mut Pinned,
    days: &BTreeSet<Day>,
    rules: &Arc<Rules>,
    candidates: Vec<TextRow>,
) -> Result<Option<(TextRow, Recorded)>, Error> {
    let mut regroup = Regroup::new(Arc::clone(rules));
    for row in candidates {
        let [Some(error_id), _, _, Some(day), _] = &row[..] else { return Err(unlike_asked()) };
        let day = Day::parse(day).ok_or_else(unlike_asked)?;
        if !days.contains(&day) {
            continue;
        }
        let mut recorded: Option<Recorded> = None;
        let take = |of: crate::derive::Regrouped<'_>| {
            if of.error_id == *error_id {
                recorded = Some(of.recorded.clone());
            }
        };
        regroup.day(tables, day, take).await?;
        if let Some(recorded) = recorded {
            return Ok(Some((row, recorded)));
        }
    }
    Ok(None)
}

/// Whether an error is on one of these days, in SQL.
fn is_on(days: &BTreeSet<Day>) -> String {
    let days: Vec<String> = days.iter().map(|day| format!("DATE '{day}'")).collect();
    if days.is_empty() { "false".to_owned() } else { format!("day IN ({})", days.join(", ")) }
}

/// Explains a stack, or a message, of a service that is in no store.
pub(crate) fn explain_stack(text: &str, service: Option<&str>, rules: &Rules) -> ErrorExplanation {
    let recorded = Recorded {
        // A stack in the place of the message is read as one.
        message: Some(text.to_owned()),
        service: service.map(str::to_owned),
        ..Recorded::default()
    };
    explained(&recorded, rules, None)
}

fn explained(recorded: &Recorded, rules: &Rules, stored: Option<StoredGroup>) -> ErrorExplanation {
    let (info, frames, places): (ErrorInfo, Vec<Frame>, BTreeSet<RulePlace>) =
        recorded.ask(|occurrence| {
            (group(occurrence, rules), frames(occurrence, rules), matched(occurrence, rules))
        });
    let why = info.why.into_iter().map(|part| ExplainedPart {
        part: part.part,
        value: part.value,
        used: part.used,
        reason: part.reason,
    });
    let frames = frames.into_iter().map(|frame| ExplainedFrame {
        symbol: frame.symbol(),
        exception_type: frame.exception_type,
        file: frame.file,
        line: frame.line,
        role: frame.role.as_str(),
        used: frame.used,
        reason: frame.reason,
    });
    ErrorExplanation {
        error_group_id: info.group,
        error_site_id: info.site,
        error_variant_id: info.variant,
        title: info.title,
        culprit: info.culprit,
        culprit_file: info.culprit_file,
        culprit_line: info.culprit_line,
        lang: info.lang.map(Lang::as_str),
        quality: info.quality.as_str(),
        stored,
        why: why.collect(),
        frames: frames.collect(),
        rules: places
            .iter()
            .map(|place| format!("{ERRORS_FILE}:{}: {place}", place.line))
            .collect(),
    }
}

fn unlike_asked() -> Error {
    Error::statement(Code::Internal, "the answer about an error is not what was asked for")
}
