//! `error_template(message)`: a message with its varying parts masked.

use std::sync::{Arc, LazyLock};

use arrow::array::{AsArray, StringArray};
use arrow::datatypes::DataType;
use datafusion::error::Result;
use datafusion::logical_expr::{
    ColumnarValue, Documentation, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility,
};

use super::Document;

pub(super) static DOCUMENT: Document = Document {
    name: "error_template",
    arguments: "message text",
    returns: "text",
    description: "The message with numbers, ids, quoted values and the like replaced by <*>, as error groups see it where there is no stack.",
    example: "SELECT error_template('card 4711 declined')",
};

/// The scalar function; its kernel is [`brunt_fingerprint::template`].
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct ErrorTemplate {
    signature: Signature,
}

impl ErrorTemplate {
    pub(super) fn new() -> Self {
        Self { signature: Signature::exact(vec![DataType::Utf8], Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for ErrorTemplate {
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
        let messages = args.args[0].to_array(args.number_rows)?;
        let messages = messages.as_string::<i32>();
        let templates: StringArray =
            messages.iter().map(|message| message.map(brunt_fingerprint::template)).collect();
        Ok(ColumnarValue::Array(Arc::new(templates)))
    }

    fn documentation(&self) -> Option<&Documentation> {
        static BUILT: LazyLock<Documentation> = LazyLock::new(|| DOCUMENT.build());
        Some(&BUILT)
    }
}
