//! What a call asks for, as values: which journeys, which period, which rows.

use arrow::array::timezone::Tz;
use arrow::datatypes::TimestampMicrosecondType;
use brunt_model::{Day, Ts};

use crate::code::Code;
use crate::definitions::{Journey, Order, Unit};
use crate::error::Fault;
use crate::nearest::nearest;
use crate::relation::{Arguments, Since};

/// The arguments of a call, checked as far as they can be without the store.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub(super) journey: Option<String>,
    pub(super) group: Option<String>,
    pub(super) since: Since,
    pub(super) until: Option<Ts>,
    pub(super) with_synthetic: bool,
    pub(super) floor_pp: f64,
    pub(super) zone: Tz,
}

/// Everything that the estimate depends on beside its rows.
#[derive(Debug, Clone)]
pub(super) struct Settings {
    pub(super) journeys: Vec<Measured>,
    pub(super) group: Option<String>,
    pub(super) period: Period,
    pub(super) with_synthetic: bool,
    pub(super) floor_pp: f64,
    /// In which hours of the day are counted.
    pub(super) zone: Tz,
    pub(super) n_threads: usize,
}

/// A journey as far as it matters here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Measured {
    pub(super) name: String,
    pub(super) unit: Unit,
    pub(super) order: Order,
    pub(super) window_micros: i64,
    pub(super) currency: Option<String>,
    pub(super) first_step: String,
    pub(super) n_steps: u32,
}

/// From when to when, in microseconds, and what there is to look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Period {
    /// `i64::MIN` where everything counts.
    pub(super) from: i64,
    pub(super) until: i64,
    pub(super) first_day: Day,
    pub(super) last_day: Day,
}

impl Asked {
    /// Reads the arguments of `error_impact`.
    ///
    /// # Errors
    /// Where a value makes no sense, such as a span that is none.
    pub(super) fn new(arguments: &Arguments, time_zone: Option<&str>) -> Result<Self, Fault> {
        let floor_pp = arguments.double("accuse_floor_pp").unwrap_or(1.0);
        if !floor_pp.is_finite() {
            return Err(invalid(
                "accuse_floor_pp",
                &floor_pp.to_string(),
                "Give percentage points, such as 1.0.",
            ));
        }
        let time_zone = time_zone.unwrap_or("+00:00");
        let zone = time_zone.parse().map_err(|_| {
            Fault::new(
                Code::InvalidArgument,
                format!("setting \"timezone\" is not \"{time_zone}\""),
            )
            .with_hint("Give a name such as 'Europe/Berlin', or an offset such as '+02:00'.")
        })?;
        Ok(Self {
            journey: arguments.text("journey").map(str::to_owned),
            group: arguments.text("error_group_id").map(str::to_owned),
            since: arguments
                .text("since")
                .map_or(Ok(Since::Ever), |text| Since::parse("error_impact", text))?,
            until: arguments.timestamp("until"),
            with_synthetic: arguments.boolean("include_synthetic").unwrap_or(false),
            floor_pp,
            zone,
        })
    }

    /// The journeys that are asked for, all where none is named.
    ///
    /// # Errors
    /// Where no journey has the name.
    pub(super) fn journeys(&self, defined: &[Journey]) -> Result<Vec<Measured>, Fault> {
        let Some(name) = &self.journey else {
            return Ok(defined.iter().map(Measured::of).collect());
        };
        if let Some(journey) = defined.iter().find(|journey| journey.name == *name) {
            return Ok(vec![Measured::of(journey)]);
        }
        let names: Vec<&str> = defined.iter().map(|journey| journey.name.as_str()).collect();
        let hint = match nearest(name, names.iter().copied()) {
            Some(meant) => format!("Did you mean \"{meant}\"?"),
            None if names.is_empty() => HOW_TO_DEFINE.to_owned(),
            None => format!("Journeys are: {}.", names.join(", ")),
        };
        Err(Fault::new(Code::UndefinedObject, format!("no journey \"{name}\"")).with_hint(hint))
    }

    /// The period, of a store whose telemetry reaches from the first to the last of these times.
    ///
    /// # Errors
    /// Where it would end before it begins.
    pub(super) fn period(&self, (first, last): (Ts, Ts)) -> Result<Period, Fault> {
        let until = self.until.unwrap_or(last);
        let from = match self.since {
            Since::Ever => i64::MIN,
            Since::At(from) => from.0,
            Since::Back(span) => {
                TimestampMicrosecondType::subtract_month_day_nano(until.0, span, self.zone)
                    .ok_or_else(|| {
                        invalid("since", "that far back", "Give a shorter span, such as '14 days'.")
                    })?
            }
        };
        if from >= until.0 {
            let message = "the period ends before it begins";
            return Err(Fault::new(Code::InvalidArgument, message).with_hint(
                "Give a \"since\" before \"until\", which is the newest time of the store where none is given.",
            ));
        }
        let (first_day, last_day) = (brunt_model::day_of(first), brunt_model::day_of(last));
        Ok(Period { from, until: until.0, first_day, last_day })
    }
}

/// What to do where there is no journey.
pub(super) const HOW_TO_DEFINE: &str = "Define one in a file such as definitions/journeys.toml, which `brunt check --suggest` proposes, and run `brunt derive --all`.";

impl Settings {
    /// From when on rows can matter: an entry that is still open keeps a new one from opening, and a unit that met a
    /// group shortly before it entered leaves that group's figures.
    pub(super) fn reads_from(&self) -> i64 {
        const DAY: i64 = 86_400_000_000;
        let window = self.journeys.iter().map(|journey| journey.window_micros).max().unwrap_or(0);
        self.period.from.saturating_sub(window.saturating_mul(2)).saturating_sub(2 * DAY)
    }
}

impl Measured {
    fn of(journey: &Journey) -> Self {
        Self {
            name: journey.name.clone(),
            unit: journey.unit,
            order: journey.order,
            window_micros: journey.window_micros,
            currency: journey.currency.clone(),
            first_step: journey.steps.first().map(|step| step.name.clone()).unwrap_or_default(),
            n_steps: super::codes::count(journey.steps.len()),
        }
    }
}

fn invalid(argument: &str, given: &str, hint: &str) -> Fault {
    Fault::new(
        Code::InvalidArgument,
        format!("argument \"{argument}\" of \"error_impact\" is not '{given}'"),
    )
    .with_hint(hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400_000_000;

    fn asked(since: Since) -> Asked {
        Asked {
            journey: None,
            group: None,
            since,
            until: None,
            with_synthetic: false,
            floor_pp: 1.0,
            zone: "+00:00".parse().unwrap(),
        }
    }

    #[test]
    fn since_is_a_span_or_a_time() {
        let from = |text: &str| {
            let period =
                asked(Since::parse("f", text).unwrap()).period((Ts(0), Ts(100 * DAY))).unwrap();
            period.from as f64 / DAY as f64
        };
        assert_eq!(from("14 days"), 86.0);
        assert_eq!(from("36 hours"), 98.5);
        assert_eq!(from("1 week 1 day"), 92.0);
        assert_eq!(from("1970-03-01"), 59.0);
        assert_eq!(from("1970-03-01T12:00:00Z"), 59.5);
        for wrong in ["14", "soon", "", "14 dyas"] {
            assert_eq!(
                Since::parse("f", wrong).unwrap_err().code,
                Code::InvalidArgument,
                "{wrong}"
            );
        }
    }

    #[test]
    fn a_period_ends_after_it_begins() {
        let data = (Ts(90 * DAY), Ts(100 * DAY));
        assert_eq!(asked(Since::Ever).period(data).unwrap().from, i64::MIN);
        assert_eq!(asked(Since::Ever).period(data).unwrap().until, 100 * DAY);
        assert!(asked(Since::At(Ts(100 * DAY))).period(data).is_err());
        assert!(asked(Since::parse("f", "-1 day").unwrap()).period(data).is_err());
    }
}
