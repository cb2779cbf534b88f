//! `error_group_id(type, message, stack [, service [, lang [, attributes]]])`: the error group that an error would be in.

use std::sync::{Arc, LazyLock};

use arrow::array::StringArray;
use arrow::datatypes::DataType;
use datafusion::error::Result;
use datafusion::logical_expr::{
    ColumnarValue, Documentation, ScalarFunctionArgs, ScalarUDFImpl, Signature,
};

use super::Document;
use crate::error_call::{self, ErrorCall};

pub(super) static DOCUMENT: Document = Document {
    name: "error_group_id",
    arguments: error_call::ARGUMENTS,
    returns: "text",
    description: "The error group of an error by the store's rules, as table errors has it where the client gave no \
                  fingerprint; NULL where type, message and stack are all NULL. The JSON object attributes is for rules that \
                  look at attributes.",
    example: "SELECT error_group_id('TimeoutError', 'payment timed out after 30 s', NULL, 'payment')",
};

/// The scalar function; its kernel is [`brunt_fingerprint::Cache::group_id`].
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct ErrorGroupId {
    signature: Signature,
}

impl ErrorGroupId {
    pub(super) fn new() -> Self {
        Self { signature: error_call::signature() }
    }
}

impl ScalarUDFImpl for ErrorGroupId {
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
        let call = ErrorCall::new(&args)?;
        let groups: StringArray = (0..args.number_rows)
            .map(|row_idx| call.ask(row_idx, |error, grouper| grouper.group_id(error)))
            .collect();
        Ok(ColumnarValue::Array(Arc::new(groups)))
    }

    fn documentation(&self) -> Option<&Documentation> {
        static BUILT: LazyLock<Documentation> = LazyLock::new(|| DOCUMENT.build());
        Some(&BUILT)
    }
}
