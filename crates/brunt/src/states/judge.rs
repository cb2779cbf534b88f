//! The state of an error group: what people decided about it, held against what happened.

use std::collections::HashMap;

use brunt_model::{Money, Ts, VersionOrder};

use super::decision::{Decided, Decision};
use crate::time_text::time_text;

/// What a group of which something was decided is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Open,
    Resolved,
    Ignored,
    Regressed,
}

/// Where a service runs; both are NULL where the rows do not say.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(super) struct Place {
    pub(super) service: Option<String>,
    pub(super) environment: Option<String>,
}

/// The occurrences of a group in one version at one place.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) place: Place,
    pub(super) version: Option<String>,
    pub(super) last: Ts,
}

/// What a group costs a journey, with its interval.
#[derive(Debug)]
pub(super) struct Cost {
    pub(super) journey: String,
    pub(super) currency: Option<String>,
    pub(super) amount: Money,
    pub(super) bounds: Option<(Money, Money)>,
}

/// What happened, as far as the state of a group depends on it.
#[derive(Debug, Default)]
pub(super) struct Facts {
    pub(super) seen: Vec<Seen>,
    /// Journeys that have an estimate of it.
    pub(super) costs: Vec<Cost>,
}

/// The order of versions at each place.
pub(super) type Orders = HashMap<Place, VersionOrder>;

impl State {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Resolved => "resolved",
            Self::Ignored => "ignored",
            Self::Regressed => "regressed",
        }
    }
}

/// The state and a sentence that says why; `decided` is in the order of time, and `None` comes only of none.
///
/// The last decision holds. A resolution of one environment leaves those of the others before it in force, one of all
/// environments replaces them. It is broken by an occurrence
/// - from the version that it names, or one after it ([`VersionOrder`], by service and environment), whenever that was;
/// - without a version, since the named one was deployed, where that is known;
/// - after the decision, where it names no version.
///
/// A group that occurs only where none of them holds is open.
pub(super) fn judge(
    decided: &[Decided],
    facts: &Facts,
    orders: &Orders,
) -> Option<(State, String)> {
    let last = decided.last()?;
    Some(match &last.update.decision {
        Decision::Reopen => (State::Open, said(last)),
        Decision::Ignore { until_cost: None, .. } => (State::Ignored, said(last)),
        Decision::Ignore { until_cost: Some(limit), currency } => {
            ignored(last, *limit, currency.as_deref(), &facts.costs)
        }
        Decision::Resolve { .. } => resolved(decided, last, facts, orders),
    })
}

fn ignored(
    decided: &Decided,
    limit: Money,
    currency: Option<&str>,
    costs: &[Cost],
) -> (State, String) {
    let said = said(decided);
    let in_currency =
        costs.iter().filter(|cost| currency.is_none() || cost.currency.as_deref() == currency);
    let Some(most) = in_currency.max_by_key(|cost| cost.amount) else {
        return (State::Ignored, format!("{said}; what it costs is not known"));
    };
    let Cost { journey, currency, amount, bounds } = most;
    let currency = currency.as_deref().map_or(String::new(), |code| format!(" {code}"));
    let bounds = bounds.map_or(String::new(), |(lo, hi)| format!(" ({lo} to {hi})"));
    let costs = format!("costs {amount}{currency}{bounds} in journey \"{journey}\"");
    if *amount > limit {
        (State::Open, format!("{costs}, more than {limit}; {said}"))
    } else {
        (State::Ignored, format!("{said}; {costs}"))
    }
}

fn resolved(
    decided: &[Decided],
    last: &Decided,
    facts: &Facts,
    orders: &Orders,
) -> (State, String) {
    let broken = facts.seen.iter().filter_map(|seen| {
        let (decided, version) = resolution(decided, seen.place.environment.as_deref())?;
        let why = broken_by(decided, version, seen, orders.get(&seen.place))?;
        Some((seen, decided, why))
    });
    if let Some((seen, decided, why)) = broken.max_by_key(|(seen, ..)| seen.last) {
        let version = match &seen.version {
            Some(version) => format!("in version {version}"),
            None => "without a version".to_owned(),
        };
        let place = seen.place.environment.as_ref().map_or(String::new(), |of| format!(" in {of}"));
        let at = time_text(seen.last);
        let said = said(decided);
        return (State::Regressed, format!("last seen at {at} {version}{place}, {why}; {said}"));
    }
    let elsewhere = |seen: &&Seen| resolution(decided, seen.place.environment.as_deref()).is_none();
    let mut said = said(last);
    if let Some(seen) = facts.seen.iter().filter(elsewhere).max_by_key(|seen| seen.last) {
        let place = match &seen.place.environment {
            Some(environment) => format!("in {environment}"),
            None => "without an environment".to_owned(),
        };
        let at = time_text(seen.last);
        if facts.seen.iter().all(|seen| elsewhere(&seen)) {
            return (State::Open, format!("occurs {place} only, last at {at}; {said}"));
        }
        said.push_str(&format!("; it occurs {place}, too, last at {at}"));
    }
    let mut here = facts.seen.iter().filter_map(|seen| orders.get(&seen.place));
    if let Decision::Resolve { version: Some(version), .. } = &last.update.decision
        && !here.any(|order| order.deployed_at(version).is_some())
    {
        said.push_str(&format!("; version {version} was not deployed or seen yet"));
    }
    (State::Resolved, said)
}

/// The resolution that holds in an environment, and the version that it names.
fn resolution<'a>(
    decided: &'a [Decided],
    environment: Option<&str>,
) -> Option<(&'a Decided, Option<&'a str>)> {
    for decided in decided.iter().rev() {
        let Decision::Resolve { version, environment: of } = &decided.update.decision else {
            return None;
        };
        if of.is_none() || of.as_deref() == environment {
            return Some((decided, version.as_deref()));
        }
    }
    None
}

/// Why these occurrences contradict a resolution; `None` where they do not, or nothing tells.
fn broken_by(
    decided: &Decided,
    resolved_in: Option<&str>,
    seen: &Seen,
    order: Option<&VersionOrder>,
) -> Option<String> {
    let Some(from) = resolved_in else {
        return (seen.last > decided.at).then(|| "which is after that".to_owned());
    };
    let deployed = |version: &str| Some(time_text(order?.deployed_at(version)?));
    let Some(version) = &seen.version else {
        let since = order?.deployed_at(from)?;
        let at = time_text(since);
        return (seen.last >= since).then(|| format!("when {from} was deployed since {at}"));
    };
    if !order?.is_at_or_after(version, from)? {
        return None;
    }
    Some(match (order?.is_by_deployment(version, from), deployed(version), deployed(from)) {
        (true, Some(one), Some(other)) if version != from => {
            format!("which was deployed at {one}, not before {from} at {other}")
        }
        _ => format!("which is not before {from}"),
    })
}

/// What was decided, in words.
fn said(decided: &Decided) -> String {
    let update = &decided.update;
    let mut said = match &update.decision {
        Decision::Resolve { version, environment } => {
            let version = version.as_ref().map_or(String::new(), |of| format!(" in version {of}"));
            let place = environment.as_ref().map_or(String::new(), |of| format!(" in {of}"));
            format!("resolved{version}{place}")
        }
        Decision::Ignore { until_cost: Some(cost), currency } => {
            let currency = currency.as_deref().map_or(String::new(), |code| format!(" {code}"));
            format!("ignored until it costs more than {cost}{currency}")
        }
        Decision::Ignore { until_cost: None, .. } => "ignored".to_owned(),
        Decision::Reopen => "reopened".to_owned(),
    };
    said.push_str(&format!(" at {}", time_text(decided.at)));
    if let Some(actor) = &update.actor {
        said.push_str(&format!(" by {actor}"));
    }
    if let Some(comment) = &update.comment {
        said.push_str(&format!(" ({comment})"));
    }
    said
}

#[cfg(test)]
mod tests;
