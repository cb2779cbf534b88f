//! `error_group_current(id)` and `error_group_split_from(id)`: what became of an error group, and where one comes from.

use std::sync::{Arc, LazyLock};

use arrow::array::{AsArray, StringArray};
use arrow::datatypes::DataType;
use brunt_model::Ts;
use datafusion::error::Result;
use datafusion::logical_expr::{
    ColumnarValue, Documentation, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility,
};

use super::Document;
use crate::error_call::pinned;
use crate::groups::GroupAliases;

pub(super) static CURRENT: Document = Document {
    name: "error_group_current",
    arguments: "error_group_id text",
    returns: "text",
    description: "The id that a group has now: where most of its errors went each time that groups were made anew (system.error_aliases); any other text as it is.",
    example: "SELECT error_group_current('e0:dx267ghc52f3hhhjx2hcnyho6z')",
};

pub(super) static SPLIT_FROM: Document = Document {
    name: "error_group_split_from",
    arguments: "error_group_id text",
    returns: "text",
    description: "The group that a group of today was split from when groups were made anew (system.error_aliases), by the id that it has now: the one most of its errors came from, while most of that one's went elsewhere. NULL where its id was some group's before, where both are one again, and for any other text.",
    example: "SELECT error_group_split_from('e0:dx267ghc52f3hhhjx2hcnyho6z')",
};

/// Either function; the kernel is [`GroupAliases`].
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct OfGroup {
    asked: Asked,
    signature: Signature,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Asked {
    Current,
    SplitFrom,
}

impl OfGroup {
    pub(super) fn current() -> Self {
        Self::new(Asked::Current)
    }

    pub(super) fn split_from() -> Self {
        Self::new(Asked::SplitFrom)
    }

    fn new(asked: Asked) -> Self {
        Self { asked, signature: Signature::exact(vec![DataType::Utf8], Volatility::Stable) }
    }

    fn answer<'a>(&self, aliases: &'a GroupAliases, id: &'a str) -> Option<&'a str> {
        match self.asked {
            Asked::Current => Some(aliases.current(id, Ts(i64::MIN))),
            Asked::SplitFrom => aliases.split_from(id),
        }
    }
}

impl ScalarUDFImpl for OfGroup {
    fn name(&self) -> &str {
        match self.asked {
            Asked::Current => CURRENT.name,
            Asked::SplitFrom => SPLIT_FROM.name,
        }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let aliases = pinned(&args.config_options).aliases;
        let ids = args.args[0].to_array(args.number_rows)?;
        let ids = ids.as_string::<i32>().iter();
        let answers: StringArray = ids.map(|id| self.answer(&aliases, id?)).collect();
        Ok(ColumnarValue::Array(Arc::new(answers)))
    }

    fn documentation(&self) -> Option<&Documentation> {
        static BUILT: [LazyLock<Documentation>; 2] =
            [LazyLock::new(|| CURRENT.build()), LazyLock::new(|| SPLIT_FROM.build())];
        let [current, split_from] = &BUILT;
        Some(match self.asked {
            Asked::Current => current,
            Asked::SplitFrom => split_from,
        })
    }
}
