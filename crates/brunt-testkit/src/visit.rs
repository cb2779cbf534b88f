//! One visit: a user's walk through the journey, from the landing page to a purchase or away.
//!
//! A visit may spread over several browser sessions of one day (a visitor who left with a full cart may come back).
//! Visits of one user lie at least two days apart, so that a visit and an entry of the journey are the same thing
//! in every world, and nothing that happens in one visit reaches another.

use crate::bugs::{BUGS, BugSet, Moment, chance};
use crate::draws::{Stream, code, whole};
use crate::ops::Op;
use crate::people::{BUSINESS, MOBILE, PLUS, Person, VERSIONS};

pub(crate) const SECOND: i64 = 1_000_000;
pub(crate) const HOUR: i64 = 3_600 * SECOND;
pub(crate) const DAY: i64 = 24 * HOUR;
/// The journey's window, from entry to conversion.
pub const WINDOW: i64 = DAY;

/// Steps reached before a purchase.
pub(crate) const PURCHASE: u8 = 5;
const ACTIVITIES_MAX: usize = 80;
const SESSION_MAX: i64 = 2 * HOUR;
const SESSIONS_MAX: u8 = 3;
/// Weights of the hours of a day (UTC) at which visits begin.
const HOURS: [f64; 24] = [
    1.4, 1.0, 0.8, 0.7, 0.8, 1.1, 1.8, 2.8, 3.8, 4.6, 5.2, 5.6, 6.0, 5.8, 5.6, 5.6, 5.8, 6.2, 6.8,
    7.2, 6.8, 5.6, 4.0, 2.4,
];

/// One activity of a visit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Act {
    /// Microseconds since 1970 UTC.
    pub(crate) ts: i64,
    pub(crate) op: Op,
    /// Steps reached before it.
    pub(crate) stage: u8,
    /// Steps that it does: bit k is step k.
    pub(crate) steps: u8,
    pub(crate) bugs: BugSet,
    /// Browser session within the visit.
    pub(crate) session: u8,
    /// It did what it tried.
    pub(crate) worked: bool,
    /// Microseconds; 0 for client events.
    pub(crate) duration: i64,
}

/// What is known when a visit begins.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Plan {
    pub(crate) idx: u32,
    pub(crate) stream: Stream,
    pub(crate) start: i64,
    pub(crate) hour_band: u8,
    pub(crate) version: u8,
    /// What an order would be worth, in cents.
    pub(crate) basket_cents: i64,
}

/// The days that the data covers, in microseconds since 1970, and when each client version came out.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Calendar {
    pub(crate) start: i64,
    pub(crate) until: i64,
    pub(crate) released_at: [i64; VERSIONS.len()],
}

impl Calendar {
    pub(crate) fn new(end_day: i32, days: u16) -> Self {
        let end = i64::from(end_day) * DAY;
        let length = i64::from(days) * DAY;
        let start = end - length;
        // Around noon of the days at 25, 55 and 80 % of the time.
        let at = |percent: i64| {
            start + length * percent / 100 / DAY * DAY + 12 * HOUR + percent * 60 * SECOND
        };
        Self { start, until: end - SECOND, released_at: [start - 20 * DAY, at(25), at(55), at(80)] }
    }
}

/// The visits that `person` makes, whatever bugs there are.
pub(crate) fn plan_visits(person: &Person, calendar: &Calendar) -> Vec<Plan> {
    let n_days = (calendar.until - calendar.start) / DAY + 1;
    let mut day = whole(person.stream.uniform("first day") * n_days as f64);
    let mut visits = Vec::new();
    for idx in 0_u32.. {
        if day >= n_days {
            break;
        }
        let stream = person.stream.named("visit").nth(idx);
        let hour = stream.pick("hour", &HOURS);
        let start = calendar.start
            + day * DAY
            + i64::from(code(hour)) * HOUR
            + whole(stream.uniform("start") * HOUR as f64);
        if start < calendar.until - 2 * HOUR {
            visits.push(plan_visit(person, calendar, idx, stream, start, code(hour / 6)));
        }
        // Three days and more: two whole days at least, whatever the hours.
        day += 3 + whole(7.0 * stream.exponential("pause"));
    }
    visits
}

/// Walks through the visit while the bugs of `active` are in the shop, and leaves its activities in `acts`.
pub(crate) fn walk(person: &Person, plan: &Plan, until: i64, active: BugSet, acts: &mut Vec<Act>) {
    acts.clear();
    let mut walk = Walk {
        person,
        plan,
        until,
        active,
        acts,
        at: plan.start,
        session: 0,
        session_start: plan.start,
        stage: 0,
        quoted: false,
        annoyance: 0.0,
    };
    walk.run();
}

/// Index of the activity that converts.
pub(crate) fn converting(acts: &[Act]) -> Option<usize> {
    acts.iter().position(|act| act.steps & (1 << PURCHASE) != 0)
}

fn plan_visit(
    person: &Person,
    calendar: &Calendar,
    idx: u32,
    stream: Stream,
    start: i64,
    hour_band: u8,
) -> Plan {
    let lag = whole(person.update_lag_days * DAY as f64);
    let version = calendar
        .released_at
        .iter()
        .rposition(|released_at| released_at + lag <= start)
        .unwrap_or(0);
    let median = match person.plan {
        BUSINESS => 78.0,
        PLUS => 52.0,
        _ => 44.0,
    };
    let basket = stream.log_normal("basket", median, 0.8).clamp(4.0, 4_000.0);
    Plan {
        idx,
        stream,
        start,
        hour_band,
        version: code(version),
        basket_cents: whole(basket * 100.0),
    }
}

enum Next {
    Advance,
    Stay,
    Leave,
}

struct Walk<'a> {
    person: &'a Person,
    plan: &'a Plan,
    until: i64,
    active: BugSet,
    acts: &'a mut Vec<Act>,
    /// When the next activity begins.
    at: i64,
    session: u8,
    session_start: i64,
    stage: u8,
    quoted: bool,
    annoyance: f64,
}

impl Walk<'_> {
    fn run(&mut self) {
        loop {
            let mut stays = self.attempt(Op::Home);
            while stays && self.may_go_on() {
                stays = match self.next() {
                    Next::Advance => self.attempt(self.advancing_op()),
                    Next::Stay => self.attempt(self.dwelling_op()),
                    Next::Leave => false,
                };
                if self.stage > PURCHASE {
                    self.say_goodbye();
                    return;
                }
            }
            if !self.comes_back() {
                return;
            }
        }
    }

    fn may_go_on(&self) -> bool {
        self.acts.len() < ACTIVITIES_MAX
            && self.at < self.session_start + SESSION_MAX
            && self.at < self.until - 60 * SECOND
    }

    /// Draws of the activity that comes next.
    fn stream(&self) -> Stream {
        self.plan.stream.nth(self.acts.len() as u64)
    }

    fn next(&self) -> Next {
        let [advance, stay, leave] = match self.stage {
            0 | 1 => [1.1, 1.1, 0.36],
            2 => [0.52, 1.05, 0.46],
            3 => [0.9, 0.9, 0.34],
            4 => [1.9, 0.65, 0.27],
            _ => [1.3, 0.6, 0.45],
        };
        let person = self.person;
        let device = if person.device == MOBILE { -0.28 } else { 0.0 };
        let plan = [0.0, 0.15, 0.4][usize::from(person.plan)];
        let hour = [-0.25, 0.0, 0.05, 0.18][usize::from(self.plan.hour_band)];
        let weights = [
            advance * (0.8 * person.intent + device + plan + hour).exp(),
            stay * (person.engagement + 0.2 * person.intent).exp(),
            leave * (self.annoyance - 0.3 * person.intent).exp(),
        ];
        match self.stream().pick("next", &weights) {
            0 => Next::Advance,
            1 => Next::Stay,
            _ => Next::Leave,
        }
    }

    fn advancing_op(&self) -> Op {
        match self.stage {
            0 | 1 => Op::Product,
            2 => Op::AddToCart,
            3 => Op::Checkout,
            4 if !self.quoted => Op::ShippingQuote,
            _ => Op::Payment,
        }
    }

    fn dwelling_op(&self) -> Op {
        let (ops, weights): (&[Op], &[f64]) = match self.stage {
            0 | 1 => (
                &[Op::Category, Op::Search, Op::Login, Op::Recommendations, Op::Home],
                &[3.0, 3.0, 0.9, 0.6, 0.4],
            ),
            2 => (
                &[
                    Op::Product,
                    Op::Category,
                    Op::Search,
                    Op::Reviews,
                    Op::Recommendations,
                    Op::Home,
                ],
                &[3.0, 1.6, 2.0, 1.6, 1.2, 0.3],
            ),
            3 => (
                &[Op::ViewCart, Op::Product, Op::Search, Op::Coupon, Op::Category, Op::AddToCart],
                &[2.2, 1.4, 0.9, 0.8, 0.5, 0.4],
            ),
            4 => (
                &[Op::EditAddress, Op::ViewCart, Op::ShippingQuote, Op::Coupon],
                &[1.8, 0.8, 0.8, 0.3],
            ),
            _ => (&[Op::EditPayment, Op::ViewCart, Op::ShippingQuote], &[1.8, 0.5, 0.3]),
        };
        ops[self.stream().pick("dwell", weights)]
    }

    /// Does `op`, and says whether the visitor stays.
    fn attempt(&mut self, op: Op) -> bool {
        let stream = self.stream();
        let bugs = self.strike(op, stream);
        let declined = stream.uniform("declined") < declined_share(op);
        let worked = !declined && !bugs.iter().any(|bug| bug.facts().effect.blocks);
        let steps = steps_done(op, worked);
        if op == Op::ShippingQuote {
            self.quoted = worked;
        }
        let facts = op.facts();
        let delay =
            whole(bugs.iter().map(|bug| bug.facts().effect.delay_s).sum::<f64>() * SECOND as f64);
        let duration = if op.is_request() {
            let ms = stream.log_normal("duration", facts.duration_ms, 0.45).clamp(8.0, 1_500.0);
            whole(ms * 1_000.0) + delay
        } else {
            0
        };
        self.acts.push(Act {
            ts: self.at,
            op,
            stage: self.stage,
            steps,
            bugs,
            session: self.session,
            worked,
            duration,
        });
        self.stage += u8::try_from(steps_in_order(self.stage, steps)).unwrap_or(0);
        let think = stream
            .log_normal("think", facts.think_s * self.person.pace.exp(), 1.0)
            .clamp(2.0, 1_400.0);
        self.at += delay + whole(think * SECOND as f64);
        if declined {
            self.annoyance += 0.3;
        }
        self.annoyance += bugs.iter().map(|bug| bug.facts().effect.annoyance).sum::<f64>();
        !bugs.iter().any(|bug| stream.named(bug.name()).uniform("quits") < bug.facts().effect.quits)
    }

    fn strike(&self, op: Op, stream: Stream) -> BugSet {
        let moment = Moment {
            stage: self.stage,
            op,
            gap_band: self.gap_band(),
            device: self.person.device,
            plan: self.person.plan,
            hour_band: self.plan.hour_band,
            version: self.plan.version,
            over_limit: self.person.account.over_limit,
        };
        let mut struck = BugSet::NONE;
        for facts in &BUGS {
            let goes_along = facts.companion_of.is_some_and(|cause| struck.contains(cause));
            if self.active.contains(facts.bug)
                && (goes_along
                    || stream.named(facts.name).uniform("strikes") < chance(facts.bug, moment))
            {
                struck = struck.with(facts.bug);
            }
        }
        struck
    }

    fn gap_band(&self) -> u8 {
        let gap = self.acts.last().map_or(0, |last| self.at - last.ts);
        u8::from(gap >= 30 * SECOND) + u8::from(gap >= 300 * SECOND)
    }

    /// A buyer looks at the order, or logs out, or both; no bug of the journey matters any more.
    fn say_goodbye(&mut self) {
        for (op, share) in [(Op::OrderStatus, 0.55), (Op::Logout, 0.35)] {
            if self.may_go_on() && self.stream().uniform("goodbye") < share {
                self.attempt(op);
            }
        }
    }

    /// Whether the visitor comes back the same day, in a new session.
    fn comes_back(&mut self) -> bool {
        let stream = self.stream();
        if self.session + 1 >= SESSIONS_MAX || self.acts.len() >= ACTIVITIES_MAX || self.stage < 3 {
            return false;
        }
        let share = 0.26 * (0.3 * self.person.intent - 0.3 * self.annoyance).exp();
        let at = self.at + 40 * 60 * SECOND + whole(stream.uniform("pause") * 8.0 * HOUR as f64);
        if stream.uniform("comes back") >= share
            || at > self.plan.start + 20 * HOUR
            || at > self.until - 3 * HOUR
        {
            return false;
        }
        self.at = at;
        self.session_start = at;
        self.session += 1;
        self.annoyance *= 0.5;
        true
    }
}

/// Share of attempts that fail without a bug: sold out, card declined.
fn declined_share(op: Op) -> f64 {
    match op {
        Op::AddToCart => 0.02,
        Op::Payment => 0.06,
        _ => 0.0,
    }
}

/// Steps that the attempt does. A payment counts as tried even if it fails.
fn steps_done(op: Op, worked: bool) -> u8 {
    match op {
        Op::Home if worked => 1 << 0,
        Op::Product if worked => 1 << 1,
        Op::AddToCart if worked => 1 << 2,
        Op::Checkout if worked => 1 << 3,
        Op::Payment if worked => 1 << 4 | 1 << PURCHASE,
        Op::Payment => 1 << 4,
        _ => 0,
    }
}

/// How many steps `steps` adds to `stage` when they must come in order.
pub(crate) fn steps_in_order(stage: u8, steps: u8) -> u32 {
    (steps >> stage).trailing_ones()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_count_in_order_only() {
        assert_eq!(steps_in_order(0, 0b1), 1);
        assert_eq!(steps_in_order(1, 0b1), 0);
        assert_eq!(steps_in_order(4, 0b11_0000), 2);
        assert_eq!(steps_in_order(5, 0b1_0000), 0);
        assert_eq!(steps_in_order(6, 0b11_0000), 0);
    }
}
