//! One journey through the estimator: who entered it, which groups struck, what each cost.

use std::ops::Range;

use brunt_stats::m1::{self, GroupImpact, ImpactOptions, NONE, Population, Raw, Step, StepOrder};
use brunt_stats::threads::{both, in_parts};
use datafusion::error::{DataFusionError, Result};

use super::codes::Places;
use super::covariates::{self, Told};
use super::place::{People, Placed, group};
use super::read::{
    Accounts, Activities, Carriers, Groups, PlanHistory, Plans, Rows, Sessions, Steps,
};
use super::sampling::Sampled;
use super::settings::{Measured, Settings};
use crate::code::Code;
use crate::definitions::{Order, Unit};
use crate::error::Fault;

/// Everything that was read.
#[derive(Debug, Default)]
pub(super) struct Inputs {
    pub(super) sessions: Sessions,
    pub(super) activities: Activities,
    pub(super) steps: Steps,
    pub(super) carriers: Carriers,
    pub(super) plans: PlanHistory,
    pub(super) groups: Groups,
    pub(super) accounts: Accounts,
}

/// The figures of one journey.
#[derive(Debug)]
pub(super) struct OfJourney {
    pub(super) name: String,
    pub(super) currency: Option<String>,
    /// Some conversions are in another currency.
    pub(super) other_currency: bool,
    pub(super) sampled: Sampled,
    pub(super) n_entries: usize,
    /// Whether anybody did the first step, in time or not.
    pub(super) has_first_step: bool,
    /// In the order of groups' ids.
    pub(super) impacts: Vec<GroupImpact>,
    /// Monthly recurring revenue of the accounts that each group touched, in ten-thousandths.
    pub(super) mrr_touched: Vec<Option<i128>>,
}

/// The steps of one journey, by unit.
struct JourneySteps {
    steps: Vec<Step>,
    n_of_unit: Vec<u32>,
    currency: Option<String>,
    other_currency: bool,
    has_first_step: bool,
}

/// What every journey of a period is measured from: everything that was read, with what connects it.
#[derive(Debug)]
pub(super) struct Known {
    people: People,
    activities: Activities,
    steps: Steps,
    /// For each step the row of its activity; `NONE` where none is known, or none that was read.
    step_rows: Vec<u32>,
    carriers: Carriers,
    carrier_rows: Vec<u32>,
    plans: Plans,
    accounts: Accounts,
    pub(super) groups: Groups,
    /// Ids of groups, in order.
    pub(super) group_ids: Vec<String>,
}

impl Known {
    /// Who did what, and what met whom, on up to `n_threads` threads.
    pub(super) fn new(inputs: Inputs, with_synthetic: bool, n_threads: usize) -> Self {
        let Inputs { sessions, mut activities, steps, carriers, plans, groups, accounts } = inputs;
        let ((by_id, plans), people) = both(
            n_threads,
            || (Places::of(&activities.ids), plans.by_account()),
            || {
                let (users, pseudos) = (&mut activities.users, &mut activities.pseudos);
                People::new(sessions, users, pseudos, &activities.sessions, with_synthetic)
            },
        );
        let rows_of = |ids: &[u128]| {
            let part = |part: Range<usize>| by_id.find_all(&ids[part], &activities.ids);
            in_parts(ids.len(), n_threads, part)
        };
        let (carrier_rows, step_rows) = (rows_of(&carriers.activities), rows_of(&steps.activities));
        let mut group_ids = carriers.groups.names.clone();
        group_ids.sort_unstable();
        Self {
            people,
            activities,
            steps,
            step_rows,
            carriers,
            carrier_rows,
            plans,
            accounts,
            groups,
            group_ids,
        }
    }

    /// About how many bytes it takes.
    pub(super) fn size(&self) -> usize {
        let rows = self.step_rows.capacity() + self.carrier_rows.capacity();
        let read = self.activities.size() + self.steps.size() + self.carriers.size();
        let few = self.groups.size() + self.accounts.size() + self.plans.size();
        4 * rows + read + few + self.people.size()
    }

    pub(super) fn n_activities(&self) -> usize {
        self.activities.ts.len()
    }

    /// The figures of every journey, in the order of the settings, whose period is the one that was read. Groups run on as
    /// many threads as the settings allow.
    ///
    /// # Errors
    /// Where more rows were read than the estimator can count.
    pub(super) fn measure(&self, settings: &Settings) -> Result<Vec<OfJourney>> {
        let group_places = self.carriers.groups.places();
        let mut journeys = Vec::with_capacity(settings.journeys.len());
        for by in [Unit::User, Unit::Session] {
            if settings.journeys.iter().all(|journey| journey.unit != by) {
                continue;
            }
            let placed = self.people.place(&self.activities, by, settings.n_threads);
            let carriers = self.carried(&group_places, &placed);
            for journey in settings.journeys.iter().filter(|journey| journey.unit == by) {
                journeys.push(self.measure_one(settings, journey, &placed, &carriers)?);
            }
        }
        let order =
            |of: &OfJourney| settings.journeys.iter().position(|journey| journey.name == of.name);
        journeys.sort_by_key(order);
        Ok(journeys)
    }

    /// One journey, whose units are those that are `placed`; `carriers` are the activities of each group.
    fn measure_one(
        &self,
        settings: &Settings,
        journey: &Measured,
        placed: &Placed,
        carriers: &[Vec<u32>],
    ) -> Result<OfJourney> {
        let Self { people, activities, plans, accounts, .. } = self;
        let n_threads = settings.n_threads;
        let (of_activities, own) = both(
            n_threads,
            || covariates::activities(placed, activities),
            || self.steps_of(journey, placed, n_threads),
        );
        let units = placed.units.iter().zip(&own.n_of_unit);
        let units = units.map(|(unit, n_steps)| m1::Unit { n_steps: *n_steps, ..*unit }).collect();
        let raw = Raw { units, activities: of_activities, steps: own.steps };
        let population =
            m1::population(&estimated(journey, settings), raw, n_threads).map_err(refused)?;
        let entries = population.entries();
        let told = Told { placed, activities, sessions: &people.sessions, plans };
        let covariates = covariates::of_entries(entries, &told, settings.zone, n_threads);
        let population = population.with_covariates(covariates).map_err(refused)?;
        let options = ImpactOptions { floor_pp: settings.floor_pp, n_threads };
        let impacts = population.partition(n_threads).impacts(carriers, &options);
        let currency = own.currency.as_deref();
        Ok(OfJourney {
            mrr_touched: mrr_touched(&population, carriers, currency, activities, accounts),
            name: journey.name.clone(),
            currency: own.currency,
            other_currency: own.other_currency,
            sampled: activities.sampling.sampled(),
            n_entries: population.entries().len(),
            has_first_step: own.has_first_step,
            impacts,
        })
    }

    /// For each group, in the order of ids, the places of the activities that carry it.
    fn carried(&self, group_places: &[u32], placed: &Placed) -> Vec<Vec<u32>> {
        let mut of_groups = vec![Vec::new(); group_places.len()];
        for (row, group) in self.carrier_rows.iter().zip(&self.carriers.groups.codes) {
            if let (Some(place), Some(group)) =
                (placed.place(*row), group_places.get(*group as usize))
            {
                of_groups[*group as usize].push(place);
            }
        }
        of_groups
    }

    /// A journey's steps by unit, each unit's by time. A step belongs to the unit of the activity that did it, whose row
    /// comes with it; one whose activity was left out is left out too.
    fn steps_of(&self, journey: &Measured, placed: &Placed, n_threads: usize) -> JourneySteps {
        let Self { steps, activities, people, .. } = self;
        let who = [&steps.users, &steps.pseudos, &steps.sessions];
        let wanted = steps.journeys.names.iter().position(|name| *name == journey.name);
        let is_own = |row: usize| Some(steps.journeys.codes[row] as usize) == wanted;
        let (currency, currency_code) = currency(journey, steps, is_own);
        let n_rows = steps.ts.len();
        let mut found: Vec<(Option<u32>, Option<f64>)> = vec![(None, None); n_rows];
        let mut unit_of = vec![NONE; n_rows];
        let (mut other_currency, mut has_first_step) = (false, false);
        for row in (0..n_rows).filter(|row| is_own(*row)) {
            has_first_step |= steps.step_idxs[row] == 1;
            let activity = placed.place(self.step_rows[row]);
            if activity.is_none() && steps.activities[row] != 0 {
                continue;
            }
            let unit = match activity {
                Some(place) => Some(placed.unit_at[place as usize]),
                None => people.unit(placed, activities, who, row),
            };
            let is_other = ![NONE, currency_code].contains(&steps.currencies.codes[row]);
            other_currency |= is_other && steps.values[row].is_some();
            unit_of[row] = unit.unwrap_or(NONE);
            found[row] = (activity, steps.values[row].filter(|_| !is_other));
        }
        let (order, first_of_unit) = group(&unit_of, placed.units.len(), n_threads, |row| {
            let row = row as usize;
            (steps.ts[row], steps.step_idxs[row], found[row].1.map(f64::to_bits))
        });
        let step = |row: &u32| {
            let row = *row as usize;
            let step_idx = u32::try_from(steps.step_idxs[row] - 1).unwrap_or(NONE);
            Step { ts: steps.ts[row], step_idx, activity: found[row].0, value: found[row].1 }
        };
        JourneySteps {
            steps: order.iter().map(step).collect(),
            n_of_unit: first_of_unit.windows(2).map(|bounds| bounds[1] - bounds[0]).collect(),
            currency,
            other_currency,
            has_first_step,
        }
    }
}

fn estimated(journey: &Measured, settings: &Settings) -> m1::Journey {
    m1::Journey {
        n_steps: journey.n_steps,
        order: match journey.order {
            Order::Strict => StepOrder::Strict,
            Order::Any => StepOrder::Any,
        },
        window_micros: journey.window_micros,
        from: settings.period.from,
        until: settings.period.until,
    }
}

/// The journey's own currency, else that of most of its conversions, with its code among the steps' currencies.
fn currency(
    journey: &Measured,
    steps: &Steps,
    is_own: impl Fn(usize) -> bool,
) -> (Option<String>, u32) {
    let names = &steps.currencies.names;
    let place = if let Some(own) = &journey.currency {
        names.iter().position(|name| name == own)
    } else {
        let mut counts = vec![0_usize; names.len()];
        for row in (0..steps.ts.len()).filter(|row| is_own(*row)) {
            if let Some(n) = counts.get_mut(steps.currencies.codes[row] as usize) {
                *n += 1;
            }
        }
        let used = (0..names.len()).filter(|code| counts[*code] > 0);
        used.min_by_key(|code| (std::cmp::Reverse(counts[*code]), &names[*code]))
    };
    let name = journey.currency.clone().or_else(|| names.get(place?).cloned());
    // A currency that no step has is nobody's code.
    (name, place.map_or(NONE - 1, super::codes::count))
}

/// For each group the recurring revenue of the accounts that met it within an entry; `None` where none has any in
/// this currency.
fn mrr_touched(
    population: &Population,
    carriers: &[Vec<u32>],
    currency: Option<&str>,
    activities: &Activities,
    accounts: &Accounts,
) -> Vec<Option<i128>> {
    if accounts.mrr.is_empty() {
        return vec![None; carriers.len()];
    }
    let mrr = |key: &u128| {
        let (mrr, own) = accounts.mrr.get(key)?;
        let same = currency.is_some() && (own.is_none() || own.as_deref() == currency);
        same.then_some(*mrr)
    };
    let mrr: Vec<Option<i128>> = activities.accounts.keys.iter().map(mrr).collect();
    let touched = |places: &Vec<u32>| {
        let entries = places.iter().filter_map(|place| population.entry_of(*place));
        let mut accounts: Vec<u32> =
            entries.filter_map(|entry| population.entries()[entry as usize].account).collect();
        accounts.sort_unstable();
        accounts.dedup();
        accounts.iter().filter_map(|account| mrr[*account as usize]).reduce(|a, b| a + b)
    };
    carriers.iter().map(touched).collect()
}

#[expect(clippy::needless_pass_by_value, reason = "`map_err` hands it over")]
fn refused(error: brunt_stats::Error) -> DataFusionError {
    let code = match error {
        brunt_stats::Error::TooManyRows { .. } => Code::TooComplex,
        _ => Code::Internal,
    };
    Fault::new(code, error.to_string()).with_hint(error.hint()).into()
}
