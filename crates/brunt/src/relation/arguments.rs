//! Arguments of table functions: what may be given, and what was.

use std::collections::BTreeMap;

use arrow::datatypes::{DataType, TimeUnit};
use brunt_model::Ts;
use datafusion::common::ScalarValue;

use crate::code::Code;
use crate::error::Fault;
use crate::sql_type::sql_type_name;

/// An argument that a table function takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Argument {
    pub(crate) name: &'static str,
    pub(crate) ty: ArgumentType,
    /// The text of the value that is taken where none is given; `None` where one must be.
    pub(crate) default: Option<&'static str>,
    /// One sentence, with the unit.
    pub(crate) doc: &'static str,
}

/// The types of arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ArgumentType {
    Text,
    Double,
    Boolean,
    /// `timestamptz`, microseconds UTC.
    Timestamp,
    /// A time, or a span before another one; known as its text.
    Moment,
}

/// The values of a call, each of its argument's type, NULL where that is what was given or the default.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Arguments {
    values: BTreeMap<&'static str, ScalarValue>,
}

impl ArgumentType {
    pub(crate) fn data_type(self) -> DataType {
        match self {
            Self::Text | Self::Moment => DataType::Utf8,
            Self::Double => DataType::Float64,
            Self::Boolean => DataType::Boolean,
            Self::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        }
    }
}

impl Argument {
    /// The value as this argument's type.
    pub(crate) fn cast(&self, function: &str, value: &ScalarValue) -> Result<ScalarValue, Fault> {
        let data_type = self.ty.data_type();
        let wrong = || {
            let given = match value {
                ScalarValue::Utf8(Some(text)) | ScalarValue::Utf8View(Some(text)) => {
                    format!("'{text}'")
                }
                other => sql_type_name(&other.data_type()),
            };
            Fault::new(
                Code::DatatypeMismatch,
                format!(
                    "argument \"{}\" of \"{function}\" is {}, not {given}",
                    self.name,
                    sql_type_name(&data_type)
                ),
            )
            .with_hint(self.doc)
        };
        // A number is no text and no time, even where it could be read as one.
        let from = value.data_type();
        let fits = from.is_null()
            || from == data_type
            || matches!(from, DataType::Utf8 | DataType::Utf8View | DataType::LargeUtf8)
            || from.is_numeric() && self.ty == ArgumentType::Double
            || matches!(from, DataType::Timestamp(..) | DataType::Date32)
                && matches!(self.ty, ArgumentType::Timestamp | ArgumentType::Moment)
            || matches!(from, DataType::Interval(_)) && self.ty == ArgumentType::Moment;
        if !fits {
            return Err(wrong());
        }
        value.cast_to(&data_type).map_err(|_| wrong())
    }

    /// The default's value; `None` where the argument must be given.
    pub(crate) fn default_value(&self, function: &str) -> Option<Result<ScalarValue, Fault>> {
        self.default.map(|text| match text {
            "NULL" => ScalarValue::try_from(&self.ty.data_type())
                .map_err(|error| Fault::new(Code::Internal, error.to_string())),
            text => self.cast(function, &ScalarValue::from(text)),
        })
    }
}

impl Arguments {
    pub(crate) fn new(values: BTreeMap<&'static str, ScalarValue>) -> Self {
        Self { values }
    }

    /// `None` where it is NULL, or there is no such argument of this type; so for the others.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        match self.values.get(name)? {
            ScalarValue::Utf8(text) => text.as_deref(),
            _ => None,
        }
    }

    pub(crate) fn double(&self, name: &str) -> Option<f64> {
        match self.values.get(name)? {
            ScalarValue::Float64(value) => *value,
            _ => None,
        }
    }

    pub(crate) fn boolean(&self, name: &str) -> Option<bool> {
        match self.values.get(name)? {
            ScalarValue::Boolean(value) => *value,
            _ => None,
        }
    }

    pub(crate) fn timestamp(&self, name: &str) -> Option<Ts> {
        match self.values.get(name)? {
            ScalarValue::TimestampMicrosecond(value, _) => value.map(Ts),
            _ => None,
        }
    }
}
