//! `error_group_current(id)`: the id of today of an error group.

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

pub(super) static DOCUMENT: Document = Document {
    name: "error_group_current",
    arguments: "error_group_id text",
    returns: "text",
    description: "The id that a group has now: where most of its errors went each time that groups were made anew (system.error_aliases); any other text as it is.",
    example: "SELECT error_group_current('e0:dx267ghc52f3hhhjx2hcnyho6z')",
};

/// The scalar function; its kernel is [`crate::groups::GroupAliases`].
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct ErrorGroupCurrent {
    signature: Signature,
}

impl ErrorGroupCurrent {
    pub(super) fn new() -> Self {
        Self { signature: Signature::exact(vec![DataType::Utf8], Volatility::Stable) }
    }
}

impl ScalarUDFImpl for ErrorGroupCurrent {
    fn name(&self) -> &str {
        DOCUMENT.name
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
        let current: StringArray = ids.map(|id| Some(aliases.current(id?, Ts(i64::MIN)))).collect();
        Ok(ColumnarValue::Array(Arc::new(current)))
    }

    fn documentation(&self) -> Option<&Documentation> {
        static BUILT: LazyLock<Documentation> = LazyLock::new(|| DOCUMENT.build());
        Some(&BUILT)
    }
}
