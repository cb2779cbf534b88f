//! What the state of error groups depends on beside decisions, read in SQL: where they occurred, when versions were
//! deployed, what groups cost.

use std::collections::{BTreeMap, HashMap, HashSet};

use brunt_model::{Money, Ts, VersionOrder};
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::SessionState;
use datafusion::prelude::DataFrame;

use super::decision::{Decided, Decision};
use super::judge::{Cost, Facts, Orders, Place, Seen};
use crate::text_rows::{TextRow, text_rows};

/// Occurrences of these groups by version and place; those without a usable time tell nothing.
const SEEN_SQL: &str = "
SELECT error_group_id, service_name, deployment_environment_name, service_version, CAST(max(ts) AS BIGINT)
FROM errors
WHERE error_group_id IN ($GROUPS) AND day > DATE '1970-01-01'
GROUP BY error_group_id, service_name, deployment_environment_name, service_version";

/// When versions were first seen, by place.
const VERSIONS_SQL: &str = "
SELECT service_name, deployment_environment_name, service_version, CAST(min(at) AS BIGINT)
FROM (
    SELECT service_name, deployment_environment_name, service_version, min(ts) AS at
    FROM errors
    WHERE service_version IS NOT NULL AND day > DATE '1970-01-01'
    GROUP BY service_name, deployment_environment_name, service_version
    UNION ALL
    SELECT service_name, deployment_environment_name, service_version, min(ts)
    FROM activities
    WHERE service_version IS NOT NULL
    GROUP BY service_name, deployment_environment_name, service_version
    UNION ALL
    SELECT service_name, deployment_environment_name, service_version, min(ts)
    FROM sessions
    WHERE service_version IS NOT NULL
    GROUP BY service_name, deployment_environment_name, service_version
) AS firsts
GROUP BY service_name, deployment_environment_name, service_version";

/// When versions were released; a release that names no service or environment is one of each.
const RELEASES_SQL: &str = "
SELECT service_name, deployment_environment_name, service_version, CAST(min(ts) AS BIGINT)
FROM releases
WHERE service_version IS NOT NULL AND coalesce(release_kind, 'release') = 'release' AND day > DATE '1970-01-01'
GROUP BY service_name, deployment_environment_name, service_version";

const COSTS_SQL: &str = "
SELECT error_group_id, journey, currency, revenue_at_risk, revenue_at_risk_lo, revenue_at_risk_hi
FROM error_impact()
WHERE revenue_at_risk IS NOT NULL";

/// The facts by group, and the order of versions where a decision names one. Only what these decisions ask for is read.
pub(super) async fn read(
    state: &SessionState,
    groups: &BTreeMap<String, Vec<Decided>>,
) -> Result<(HashMap<String, Facts>, Orders)> {
    let last_is = |wanted: fn(&Decision) -> bool| {
        let last = move |decided: &Vec<Decided>| {
            decided.last().is_some_and(|last| wanted(&last.update.decision))
        };
        groups.iter().filter(move |(_, decided)| last(decided)).map(|(group, _)| group.as_str())
    };
    let resolved: Vec<&str> = last_is(|it| matches!(it, Decision::Resolve { .. })).collect();
    let mut facts: HashMap<String, Facts> = HashMap::new();
    if !resolved.is_empty() {
        add_seen(state, &resolved, &mut facts).await?;
    }
    let names_version = |group: &&str| {
        groups[*group].iter().any(|decided| {
            matches!(&decided.update.decision, Decision::Resolve { version: Some(_), .. })
        })
    };
    let orders = if resolved.iter().any(names_version) {
        orders(state, &facts).await?
    } else {
        Orders::default()
    };
    let is_limited = |it: &Decision| matches!(it, Decision::Ignore { until_cost: Some(_), .. });
    let limited: HashSet<&str> = last_is(is_limited).collect();
    if !limited.is_empty() {
        add_costs(state, &limited, &mut facts).await?;
    }
    Ok((facts, orders))
}

async fn add_seen(
    state: &SessionState,
    groups: &[&str],
    facts: &mut HashMap<String, Facts>,
) -> Result<()> {
    let quoted: Vec<String> =
        groups.iter().map(|group| format!("'{}'", group.replace('\'', "''"))).collect();
    for row in answer(state, &SEEN_SQL.replace("$GROUPS", &quoted.join(", "))).await? {
        let [Some(group), service, environment, version, Some(at)] = &row[..] else { continue };
        let place = Place { service: service.clone(), environment: environment.clone() };
        let seen = Seen { place, version: version.clone(), last: time(at)? };
        facts.entry(group.clone()).or_default().seen.push(seen);
    }
    Ok(())
}

/// The order of versions wherever the groups occurred.
async fn orders(state: &SessionState, facts: &HashMap<String, Facts>) -> Result<Orders> {
    let seen = versions(state, VERSIONS_SQL).await?;
    let released = versions(state, RELEASES_SQL).await?;
    let all_seen = facts.values().flat_map(|facts| &facts.seen);
    let places: HashSet<&Place> = all_seen.map(|seen| &seen.place).collect();
    let orders = places.into_iter().map(|place| {
        let here = seen.iter().filter(|(of, ..)| of == place);
        let is_of = |named: &Option<String>, of: &Option<String>| named.is_none() || named == of;
        let released = released.iter().filter(|(of, ..)| {
            is_of(&of.service, &place.service) && is_of(&of.environment, &place.environment)
        });
        let order = VersionOrder::new(
            here.map(|(_, version, at)| (version.as_str(), *at)),
            released.map(|(_, version, at)| (version.as_str(), *at)),
        );
        (place.clone(), order)
    });
    Ok(orders.collect())
}

async fn versions(state: &SessionState, sql: &str) -> Result<Vec<(Place, String, Ts)>> {
    let mut versions = Vec::new();
    for row in answer(state, sql).await? {
        let [service, environment, Some(version), Some(at)] = &row[..] else { continue };
        let place = Place { service: service.clone(), environment: environment.clone() };
        versions.push((place, version.clone(), time(at)?));
    }
    Ok(versions)
}

async fn add_costs(
    state: &SessionState,
    groups: &HashSet<&str>,
    facts: &mut HashMap<String, Facts>,
) -> Result<()> {
    let amount = |text: &Option<String>| text.as_deref().and_then(Money::parse);
    for row in answer(state, COSTS_SQL).await? {
        let [Some(group), Some(journey), currency, cost, lo, hi] = &row[..] else { continue };
        let Some(cost) = amount(cost).filter(|_| groups.contains(group.as_str())) else { continue };
        facts.entry(group.clone()).or_default().costs.push(Cost {
            journey: journey.clone(),
            currency: currency.clone(),
            amount: cost,
            bounds: amount(lo).zip(amount(hi)),
        });
    }
    Ok(())
}

/// The rows of a query over the session's epoch.
async fn answer(state: &SessionState, sql: &str) -> Result<Vec<TextRow>> {
    let plan = state.create_logical_plan(sql).await?;
    let batches = DataFrame::new(state.clone(), plan).collect().await?;
    Ok(text_rows(&batches)?)
}

/// A time that was asked for as a number.
fn time(micros: &str) -> Result<Ts> {
    micros.parse().map(Ts).map_err(|_| {
        DataFusionError::Internal(format!("the time of an occurrence is no number: {micros}"))
    })
}
