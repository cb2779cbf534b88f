//! Where a period begins, as an argument says it: a time, or a span back from where the period ends.

use arrow::datatypes::{DataType, IntervalMonthDayNano, IntervalUnit, TimeUnit};
use brunt_model::Ts;
use datafusion::common::ScalarValue;

use crate::code::Code;
use crate::error::Fault;

/// Where a period begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Since {
    /// With the data.
    Ever,
    At(Ts),
    /// So long before it ends.
    Back(IntervalMonthDayNano),
}

impl Since {
    /// A time, or a span of a unit or several, of at most a thousand years, as PostgreSQL writes them.
    ///
    /// # Errors
    /// Where the text, which was given to a function as its argument `since`, is neither.
    pub(crate) fn parse(function: &str, text: &str) -> Result<Self, Fault> {
        if let Some(at) = moment(text) {
            return Ok(Self::At(at));
        }
        // A bare number would be one of seconds.
        let has_unit = text.bytes().any(|byte| byte.is_ascii_alphabetic());
        let span = ScalarValue::from(text).cast_to(&DataType::Interval(IntervalUnit::MonthDayNano));
        match span {
            Ok(ScalarValue::IntervalMonthDayNano(Some(span)))
                if has_unit && span.months.abs() <= 12_000 && span.days.abs() <= 366_000 =>
            {
                Ok(Self::Back(span))
            }
            _ => Err(Fault::new(
                Code::InvalidArgument,
                format!("argument \"since\" of \"{function}\" is not '{text}'"),
            )
            .with_hint("Give a span such as '14 days', or a time such as '2025-10-01'.")),
        }
    }
}

/// A time as PostgreSQL writes it, UTC where it does not say.
pub(crate) fn moment(text: &str) -> Option<Ts> {
    let utc = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
    match ScalarValue::from(text.trim()).cast_to(&utc) {
        Ok(ScalarValue::TimestampMicrosecond(at, _)) => at.map(Ts),
        _ => None,
    }
}
