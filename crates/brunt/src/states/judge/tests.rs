//! Decisions against occurrences, case by case.

use super::super::decision::GroupUpdate;
use super::*;

const HOUR: i64 = 3_600_000_000;

/// Hours after 2025-10-01 00:00 UTC.
fn at(hour: i64) -> Ts {
    Ts(1_759_276_800_000_000 + hour * HOUR)
}

fn decided(hour: i64, decision: Decision) -> Decided {
    Decided { at: at(hour), update: GroupUpdate { decision, comment: None, actor: None } }
}

fn resolve(version: &str, environment: &str) -> Decision {
    let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    Decision::Resolve { version: text(version), environment: text(environment) }
}

fn place(environment: &str) -> Place {
    let environment = (!environment.is_empty()).then(|| environment.to_owned());
    Place { service: Some("pay".to_owned()), environment }
}

/// Environment, version, hour of the last occurrence.
fn facts(seen: &[(&str, &str, i64)]) -> Facts {
    let seen = seen.iter().map(|(environment, version, hour)| Seen {
        place: place(environment),
        version: (!version.is_empty()).then(|| (*version).to_owned()),
        last: at(*hour),
    });
    Facts { seen: seen.collect(), costs: Vec::new() }
}

/// Versions of an environment, deployed from hour 0 on, one an hour.
fn orders(environments: &[(&str, &[&str])]) -> Orders {
    let order = |(environment, versions): &(&str, &[&str])| {
        let versions: Vec<(&str, Ts)> = versions.iter().copied().zip((0..).map(at)).collect();
        (place(environment), VersionOrder::new(versions, []))
    };
    environments.iter().map(order).collect()
}

#[track_caller]
fn check(decided: &[Decided], facts: &Facts, orders: &Orders, state: State, reason: &str) {
    let judged = judge(decided, facts, orders).unwrap();
    assert_eq!((judged.0, judged.1.as_str()), (state, reason));
}

#[test]
fn what_nothing_was_decided_of_has_no_state_here() {
    assert_eq!(judge(&[], &facts(&[("", "1.0.0", 1)]), &Orders::default()), None);
}

#[test]
fn earlier_versions_do_not_break_a_resolution_and_later_ones_do() {
    let decisions = [decided(9, resolve("1.4.2", ""))];
    let orders = orders(&[("", &["1.4.0", "1.4.1", "1.4.2", "1.5.0"])]);
    let earlier = facts(&[("", "1.4.0", 40), ("", "1.4.1", 50), ("", "1.4.2-rc.1", 60)]);
    let said = "resolved in version 1.4.2 at 2025-10-01 09:00:00 UTC";
    check(&decisions, &earlier, &orders, State::Resolved, said);
    let later = facts(&[("", "1.4.1", 50), ("", "1.5.0", 20), ("", "v1.4.2", 10)]);
    check(
        &decisions,
        &later,
        &orders,
        State::Regressed,
        &format!(
            "last seen at 2025-10-01 20:00:00 UTC in version 1.5.0, which is not before 1.4.2; {said}"
        ),
    );
}

#[test]
fn hashes_regress_by_their_deployment_and_the_reason_says_so() {
    let decisions = [decided(9, resolve("b0b0b0b", "production"))];
    let orders = orders(&[("production", &["a1a1a1a", "b0b0b0b", "0c0c0c0"])]);
    let said = "resolved in version b0b0b0b in production at 2025-10-01 09:00:00 UTC";
    let earlier = facts(&[("production", "a1a1a1a", 30)]);
    check(&decisions, &earlier, &orders, State::Resolved, said);
    check(
        &decisions,
        &facts(&[("production", "a1a1a1a", 30), ("production", "0c0c0c0", 20)]),
        &orders,
        State::Regressed,
        &format!(
            "last seen at 2025-10-01 20:00:00 UTC in version 0c0c0c0 in production, which was deployed at 2025-10-01 02:00:00 UTC, not before b0b0b0b at 2025-10-01 01:00:00 UTC; {said}"
        ),
    );
    check(
        &decisions,
        &facts(&[("production", "b0b0b0b", 20)]),
        &orders,
        State::Regressed,
        &format!(
            "last seen at 2025-10-01 20:00:00 UTC in version b0b0b0b in production, which is not before b0b0b0b; {said}"
        ),
    );
}

#[test]
fn a_test_build_neither_breaks_a_resolution_nor_hides_what_does() {
    let orders = orders(&[("", &["1.4.1", "999.9.9", "1.4.2", "1.5.0"])]);
    let resolved = [decided(9, resolve("1.4.2", ""))];
    let test_build = facts(&[("", "999.9.9", 20)]);
    assert_eq!(judge(&resolved, &test_build, &orders).unwrap().0, State::Resolved);
    let resolved = [decided(9, resolve("999.9.9", ""))];
    let before = facts(&[("", "1.4.1", 20)]);
    assert_eq!(judge(&resolved, &before, &orders).unwrap().0, State::Resolved);
    let (state, reason) = judge(&resolved, &facts(&[("", "1.4.2", 20)]), &orders).unwrap();
    assert_eq!(state, State::Regressed);
    assert!(reason.contains("deployed at 2025-10-01 02:00:00 UTC, not before 999.9.9"), "{reason}");
}

#[test]
fn environments_have_orders_and_resolutions_of_their_own() {
    let orders = orders(&[("production", &["1.0.0", "1.1.0"]), ("staging", &["1.1.0", "1.2.0"])]);
    let production = decided(9, resolve("1.1.0", "production"));
    let seen = facts(&[("staging", "1.2.0", 20), ("production", "1.0.0", 30)]);
    let said = "resolved in version 1.1.0 in production at 2025-10-01 09:00:00 UTC";
    let too = format!("{said}; it occurs in staging, too, last at 2025-10-01 20:00:00 UTC");
    check(std::slice::from_ref(&production), &seen, &orders, State::Resolved, &too);
    // Where it does not occur, there is nothing to resolve.
    let only = format!("occurs in staging only, last at 2025-10-01 20:00:00 UTC; {said}");
    let staging = facts(&[("staging", "1.2.0", 20)]);
    check(&[production], &staging, &orders, State::Open, &only);
    // The newer resolution of staging leaves that of production in force.
    let both =
        || [decided(9, resolve("1.1.0", "production")), decided(10, resolve("1.2.0", "staging"))];
    let seen = facts(&[("staging", "1.1.0", 20), ("production", "1.1.0", 15)]);
    let (state, reason) = judge(&both(), &seen, &orders).unwrap();
    assert_eq!(state, State::Regressed);
    assert!(reason.ends_with("resolved in version 1.1.0 in production at 2025-10-01 09:00:00 UTC"));
    // One of all environments replaces both, and a new decision of another kind all of them.
    let [one, two] = both();
    let all = [one, two, decided(11, resolve("1.3.0", ""))];
    let not_seen = "resolved in version 1.3.0 at 2025-10-01 11:00:00 UTC; version 1.3.0 was not deployed or seen yet";
    check(&all, &seen, &orders, State::Resolved, not_seen);
    let [one, two] = both();
    let anew = [one, decided(9, Decision::Reopen), two];
    assert_eq!(judge(&anew, &seen, &orders).unwrap().0, State::Resolved);
}

#[test]
fn without_a_version_the_deployment_of_the_resolving_one_tells() {
    let orders = orders(&[("", &["1.0.0", "1.1.0"])]);
    let decisions = [decided(9, resolve("1.1.0", ""))];
    let said = "resolved in version 1.1.0 at 2025-10-01 09:00:00 UTC";
    check(&decisions, &facts(&[("", "", 0)]), &orders, State::Resolved, said);
    check(
        &decisions,
        &facts(&[("", "", 1)]),
        &orders,
        State::Regressed,
        &format!(
            "last seen at 2025-10-01 01:00:00 UTC without a version, when 1.1.0 was deployed since 2025-10-01 01:00:00 UTC; {said}"
        ),
    );
    let unknown = [decided(9, resolve("7.0.0", ""))];
    assert_eq!(judge(&unknown, &facts(&[("", "", 99)]), &orders).unwrap().0, State::Resolved);
}

#[test]
fn without_a_resolving_version_the_time_of_the_decision_tells() {
    let decisions = [decided(9, resolve("", ""))];
    let said = "resolved at 2025-10-01 09:00:00 UTC";
    let none = Orders::default();
    check(&decisions, &facts(&[("", "1.0.0", 9)]), &none, State::Resolved, said);
    check(
        &decisions,
        &facts(&[("", "1.0.0", 9), ("live", "", 10)]),
        &none,
        State::Regressed,
        &format!(
            "last seen at 2025-10-01 10:00:00 UTC without a version in live, which is after that; {said}"
        ),
    );
}

#[test]
fn what_is_ignored_stays_so_until_it_costs_more() {
    let ignore = |until: &str, currency: Option<&str>| {
        let until_cost = Some(Money::parse(until).unwrap());
        [decided(9, Decision::Ignore { until_cost, currency: currency.map(str::to_owned) })]
    };
    let cost = |journey: &str, currency: &str, amount: &str| Cost {
        journey: journey.to_owned(),
        currency: Some(currency.to_owned()),
        amount: Money::parse(amount).unwrap(),
        bounds: Money::parse("1").zip(Money::parse("900")),
    };
    let costs = vec![cost("checkout", "USD", "500"), cost("renewal", "EUR", "700")];
    let facts = Facts { costs, ..Facts::default() };
    let none = Orders::default();
    let said = "ignored until it costs more than 500.0000 USD at 2025-10-01 09:00:00 UTC";
    let costs = "costs 500.0000 USD (1.0000 to 900.0000) in journey \"checkout\"";
    let usd = Some("USD");
    check(&ignore("500", usd), &facts, &none, State::Ignored, &format!("{said}; {costs}"));
    let said = "ignored until it costs more than 499.9999 USD at 2025-10-01 09:00:00 UTC";
    let reason = format!("{costs}, more than 499.9999; {said}");
    check(&ignore("499.9999", usd), &facts, &none, State::Open, &reason);
    assert_eq!(judge(&ignore("600", None), &facts, &none).unwrap().0, State::Open);
    let unknown = "ignored until it costs more than 1.0000 CHF at 2025-10-01 09:00:00 UTC; what it costs is not known";
    check(&ignore("1", Some("CHF")), &facts, &none, State::Ignored, unknown);
    let for_good = [decided(9, Decision::Ignore { until_cost: None, currency: None })];
    check(&for_good, &facts, &none, State::Ignored, "ignored at 2025-10-01 09:00:00 UTC");
}

#[test]
fn the_last_decision_holds_and_says_who_made_it_and_why() {
    let mut reopened = decided(10, Decision::Reopen);
    reopened.update.actor = Some("ann".to_owned());
    reopened.update.comment = Some("seen by a customer".to_owned());
    let decisions = [decided(9, resolve("1.0.0", "")), reopened];
    let reason = "reopened at 2025-10-01 10:00:00 UTC by ann (seen by a customer)";
    let seen = facts(&[("", "1.0.0", 20)]);
    check(&decisions, &seen, &Orders::default(), State::Open, reason);
}
