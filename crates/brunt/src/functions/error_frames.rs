//! `error_frames(stack [, lang])`: the frames of a stack, each with what it is to the grouping.

use std::sync::{Arc, LazyLock};

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Int32Array, ListArray, StringArray, StructArray,
};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, Field, Fields};
use brunt_fingerprint::{Frame, Occurrence};
use datafusion::error::Result;
use datafusion::logical_expr::{
    ColumnarValue, Documentation, ScalarFunctionArgs, ScalarUDFImpl, Signature,
};

use super::Document;
use crate::error_call::{of_texts, pinned};

pub(super) static DOCUMENT: Document = Document {
    name: "error_frames",
    arguments: "stack text [, lang text]",
    returns: "struct(exception_type text, symbol text, file text, line integer, col integer, in_app boolean, role text, used \
              boolean, reason text)[]",
    description: "The frames of a stack, the outermost exception's first and in each the innermost call first, with what each is \
                  to the grouping by the store's rules: role is culprit, throw_helper, guard, anonymous, app, library or \
                  dropped, used says whether it is in the group's key, reason why. The type is that of the stack's header, which error_info may \
                  be told better. NULL where the stack is NULL, empty where no \
                  line is a known frame; a field is NULL where the frame does not say it.",
    example: "SELECT unnest(error_frames('E: x\n\tat com.acme.pay.Card.charge(Card.java:42)'))",
};

/// The scalar function; its kernel is [`brunt_fingerprint::frames`].
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct ErrorFrames {
    signature: Signature,
}

impl ErrorFrames {
    pub(super) fn new() -> Self {
        Self { signature: of_texts(1..=2) }
    }
}

impl ScalarUDFImpl for ErrorFrames {
    fn name(&self) -> &str {
        DOCUMENT.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::List(frame_field()))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let rules = pinned(&args.config_options).grouper.rules;
        let columns = args
            .args
            .iter()
            .map(|arg| arg.to_array(args.number_rows))
            .collect::<Result<Vec<_>>>()?;
        let text = |column_idx: usize, row_idx: usize| {
            let column = columns.get(column_idx)?.as_string::<i32>();
            column.is_valid(row_idx).then(|| column.value(row_idx))
        };
        let rows = (0..args.number_rows).map(|row_idx| {
            let stacktrace = Some(text(0, row_idx)?);
            let lang = text(1, row_idx);
            let thrown = Occurrence { stacktrace, lang, ..Occurrence::default() };
            Some(brunt_fingerprint::frames(&thrown, &rules))
        });
        Ok(ColumnarValue::Array(Arc::new(lists(&rows.collect::<Vec<_>>())?)))
    }

    fn documentation(&self) -> Option<&Documentation> {
        static BUILT: LazyLock<Documentation> = LazyLock::new(|| DOCUMENT.build());
        Some(&BUILT)
    }
}

fn frame_fields() -> Fields {
    let field = |(name, ty)| Field::new(name, ty, true);
    [
        ("exception_type", DataType::Utf8),
        ("symbol", DataType::Utf8),
        ("file", DataType::Utf8),
        ("line", DataType::Int32),
        ("col", DataType::Int32),
        ("in_app", DataType::Boolean),
        ("role", DataType::Utf8),
        ("used", DataType::Boolean),
        ("reason", DataType::Utf8),
    ]
    .map(field)
    .to_vec()
    .into()
}

fn frame_field() -> Arc<Field> {
    Arc::new(Field::new_list_field(DataType::Struct(frame_fields()), true))
}

fn lists(rows: &[Option<Vec<Frame>>]) -> Result<ListArray> {
    let offsets =
        OffsetBuffer::from_lengths(rows.iter().map(|row| row.as_ref().map_or(0, Vec::len)));
    let all: Vec<&Frame> = rows.iter().flatten().flatten().collect();
    let texts = |of: fn(&Frame) -> String| -> ArrayRef {
        let texts = all.iter().map(|frame| Some(of(frame)).filter(|text| !text.is_empty()));
        Arc::new(texts.collect::<StringArray>())
    };
    let numbers = |of: fn(&Frame) -> Option<u32>| -> ArrayRef {
        Arc::new(all.iter().map(|frame| i32::try_from(of(frame)?).ok()).collect::<Int32Array>())
    };
    let flags = |of: fn(&Frame) -> bool| -> ArrayRef {
        Arc::new(all.iter().map(|frame| Some(of(frame))).collect::<BooleanArray>())
    };
    let columns = vec![
        texts(|frame| frame.exception_type.clone()),
        texts(Frame::symbol),
        texts(|frame| frame.file.clone()),
        numbers(|frame| frame.line),
        numbers(|frame| frame.col),
        flags(|frame| frame.in_app),
        texts(|frame| frame.role.as_str().to_owned()),
        flags(|frame| frame.used),
        texts(|frame| frame.reason.to_owned()),
    ];
    let frames = StructArray::try_new(frame_fields(), columns, None)?;
    let validity: Vec<bool> = rows.iter().map(Option::is_some).collect();
    Ok(ListArray::try_new(frame_field(), offsets, Arc::new(frames), Some(validity.into()))?)
}
