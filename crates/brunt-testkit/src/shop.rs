//! The shop: its visits as activities in memory, and what each planted bug cost.

use crate::activities::{Activities, Builder};
use crate::bugs::{BUGS, Bug, BugSet, ErrorLook};
use crate::options::ShopOptions;
use crate::people::{Person, person};
use crate::visit::{Act, Calendar, Plan, WINDOW, converting, plan_visits, walk};

/// A seeded shop. It holds its options only: users and visits are computed when they are asked for.
#[derive(Debug, Clone)]
pub struct Shop {
    pub(crate) options: ShopOptions,
    pub(crate) calendar: Calendar,
}

/// A bug and its true cost, over the entries whose window was over by [`Shop::until`].
#[derive(Debug, Clone, PartialEq)]
pub struct PlantedBug {
    pub bug: Bug,
    pub name: &'static str,
    /// What finds its error group.
    pub look: ErrorLook,
    /// Entries that met it, up to and including the activity that converted.
    pub n_affected: u64,
    /// Conversions of the affected had the bug been off, less those that there were.
    pub lost_conversions: i64,
    /// The same of order value, in cents of USD.
    pub lost_revenue_cents: i64,
    /// It changes nothing for anyone: its cost is zero by construction.
    pub harmless: bool,
    /// Goes wherever that bug goes: to be named beside it, not to be accused.
    pub companion_of: Option<Bug>,
    pub note: &'static str,
}

impl PlantedBug {
    pub fn lost_revenue(&self) -> f64 {
        self.lost_revenue_cents as f64 / 100.0
    }
}

impl Shop {
    /// Makes the shop of these options. Fewer than three days count as three.
    pub fn new(options: ShopOptions) -> Self {
        let options = ShopOptions { days: options.days.max(3), ..options };
        let calendar = Calendar::new(options.end_day, options.days);
        Self { options, calendar }
    }

    pub fn options(&self) -> &ShopOptions {
        &self.options
    }

    /// The newest moment of the data, in microseconds since 1970 UTC: a heartbeat log line of the export has it.
    /// Entries after `until` less the window are not over.
    pub fn until(&self) -> i64 {
        self.calendar.until
    }

    /// All visits in memory, as an estimator takes them.
    pub fn activities(&self) -> Activities {
        let mut builder = Builder::new(&self.options);
        let mut acts = Vec::new();
        for unit in 0..self.options.n_users {
            let person = person(&self.options, unit);
            builder.unit(&person);
            for plan in plan_visits(&person, &self.calendar) {
                self.walk(&person, &plan, self.options.bugs, &mut acts);
                builder.visit(&person, &plan, &acts, self.window_over(&plan));
            }
        }
        builder.finish()
    }

    /// What each bug of the shop cost: the affected visits are walked again with that one bug off.
    /// The others need not be, since a bug that did not strike changed nothing.
    pub fn truth(&self) -> Vec<PlantedBug> {
        let mut truth: Vec<PlantedBug> = self.options.bugs.iter().map(planted).collect();
        let (mut acts, mut without) = (Vec::new(), Vec::new());
        for unit in 0..self.options.n_users {
            let person = person(&self.options, unit);
            for plan in plan_visits(&person, &self.calendar) {
                if !self.window_over(&plan) {
                    continue;
                }
                self.walk(&person, &plan, self.options.bugs, &mut acts);
                let met = bugs_met(&acts);
                for cost in truth.iter_mut().filter(|cost| met.contains(cost.bug)) {
                    self.walk(&person, &plan, self.options.bugs.without(cost.bug), &mut without);
                    let lost = i64::from(converting(&without).is_some())
                        - i64::from(converting(&acts).is_some());
                    cost.n_affected += 1;
                    cost.lost_conversions += lost;
                    cost.lost_revenue_cents += lost * plan.basket_cents;
                }
            }
        }
        truth
    }

    pub(crate) fn walk(&self, person: &Person, plan: &Plan, active: BugSet, acts: &mut Vec<Act>) {
        walk(person, plan, self.calendar.until, active, acts);
    }

    pub(crate) fn window_over(&self, plan: &Plan) -> bool {
        plan.start <= self.calendar.until - WINDOW
    }
}

/// Bugs met up to and including the activity that converted.
pub(crate) fn bugs_met(acts: &[Act]) -> BugSet {
    let n = converting(acts).map_or(acts.len(), |idx| idx + 1);
    acts[..n].iter().fold(BugSet::NONE, |met, act| met.union(act.bugs))
}

fn planted(bug: Bug) -> PlantedBug {
    let facts = &BUGS[usize::from(bug as u8)];
    PlantedBug {
        bug,
        name: facts.name,
        look: facts.look,
        n_affected: 0,
        lost_conversions: 0,
        lost_revenue_cents: 0,
        harmless: facts.effect.is_none(),
        companion_of: facts.companion_of,
        note: facts.note,
    }
}
