//! `error_group_id(type, message, stack [, service])`: the error group that an error would be in.

use std::sync::{Arc, LazyLock};

use arrow::array::{Array, ArrayRef, AsArray, StringArray};
use arrow::datatypes::DataType;
use brunt_fingerprint::{Occurrence, Rules};
use datafusion::error::Result;
use datafusion::logical_expr::{
    ColumnarValue, Documentation, ScalarFunctionArgs, ScalarUDFImpl, Signature, TypeSignature,
    Volatility,
};

use super::Document;

pub(super) static DOCUMENT: Document = Document {
    name: "error_group_id",
    arguments: "type text, message text, stack text [, service text]",
    returns: "text",
    description: "The error group of an error, as table errors has it where the client gave no fingerprint; NULL where \
                  type, message and stack are all NULL.",
    example: "SELECT error_group_id('TimeoutError', 'payment timed out after 30 s', NULL, 'payment')",
};

/// The scalar function; its kernel is [`brunt_fingerprint::group_id`].
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct ErrorGroupId {
    signature: Signature,
}

impl ErrorGroupId {
    pub(super) fn new() -> Self {
        let exact = [3, 4].map(|n_texts| TypeSignature::Exact(vec![DataType::Utf8; n_texts]));
        Self { signature: Signature::one_of(exact.to_vec(), Volatility::Immutable) }
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
        let columns = args
            .args
            .iter()
            .map(|arg| arg.to_array(args.number_rows))
            .collect::<Result<Vec<_>>>()?;
        let groups: StringArray =
            (0..args.number_rows).map(|row_idx| group_of(&columns, row_idx)).collect();
        Ok(ColumnarValue::Array(Arc::new(groups)))
    }

    fn documentation(&self) -> Option<&Documentation> {
        static BUILT: LazyLock<Documentation> = LazyLock::new(|| DOCUMENT.build());
        Some(&BUILT)
    }
}

fn group_of(columns: &[ArrayRef], row_idx: usize) -> Option<String> {
    let text = |column_idx: usize| {
        let column = columns.get(column_idx)?.as_string::<i32>();
        column.is_valid(row_idx).then(|| column.value(row_idx))
    };
    let occurrence = Occurrence {
        exception_type: text(0),
        message: text(1),
        stacktrace: text(2),
        service: text(3),
        ..Occurrence::default()
    };
    let is_empty = (0..3).all(|column_idx| text(column_idx).is_none());
    (!is_empty).then(|| brunt_fingerprint::group_id(&occurrence, &Rules::default()))
}
