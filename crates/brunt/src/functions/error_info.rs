//! `error_info(type, message, stack [, service [, lang [, attributes]]])`: an error's group, and why it is that.

use std::sync::{Arc, LazyLock};

use arrow::array::{ArrayRef, BooleanArray, Int32Array, ListArray, StringArray, StructArray};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, Field, Fields};
use brunt_fingerprint::{ErrorInfo, Lang, Part, group};
use datafusion::error::Result;
use datafusion::logical_expr::{
    ColumnarValue, Documentation, ScalarFunctionArgs, ScalarUDFImpl, Signature,
};

use super::Document;
use crate::error_call::{self, ErrorCall};

pub(super) static DOCUMENT: Document = Document {
    name: "error_info",
    arguments: error_call::ARGUMENTS,
    returns: "struct(\"group\" text, site text, variant text, title text, culprit text, culprit_file text, culprit_line \
              integer, thrown_at text, root_type text, template text, lang text, quality text, why struct(part text, value \
              text, used boolean, reason text)[])",
    description: "The error group of an error by the store's rules, as error_group_id has it, with its coarser site and finer \
                  variant, its title, what it is put down to, and in why each part that was considered, whether it is in the \
                  group's key, and the reason. NULL where type, message and stack are all NULL; a field is NULL where the error \
                  does not say it.",
    example: "SELECT (error_info('TimeoutError', 'payment timed out after 30 s', NULL, 'payment')).title",
};

/// The scalar function; its kernel is [`brunt_fingerprint::group`].
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct ErrorInfoOf {
    signature: Signature,
}

impl ErrorInfoOf {
    pub(super) fn new() -> Self {
        Self { signature: error_call::signature() }
    }
}

impl ScalarUDFImpl for ErrorInfoOf {
    fn name(&self) -> &str {
        DOCUMENT.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Struct(fields()))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let call = ErrorCall::new(&args)?;
        let infos: Vec<Option<ErrorInfo>> = (0..args.number_rows)
            .map(|row_idx| call.ask(row_idx, |error, grouper| group(error, &grouper.rules)))
            .collect();
        Ok(ColumnarValue::Array(Arc::new(structs(&infos)?)))
    }

    fn documentation(&self) -> Option<&Documentation> {
        static BUILT: LazyLock<Documentation> = LazyLock::new(|| DOCUMENT.build());
        Some(&BUILT)
    }
}

fn part_fields() -> Fields {
    let text = |name| Field::new(name, DataType::Utf8, true);
    vec![text("part"), text("value"), Field::new("used", DataType::Boolean, true), text("reason")]
        .into()
}

fn part_field() -> Arc<Field> {
    Arc::new(Field::new_list_field(DataType::Struct(part_fields()), true))
}

fn fields() -> Fields {
    let text = |name| Field::new(name, DataType::Utf8, true);
    let mut fields =
        ["group", "site", "variant", "title", "culprit", "culprit_file"].map(text).to_vec();
    fields.push(Field::new("culprit_line", DataType::Int32, true));
    fields.extend(["thrown_at", "root_type", "template", "lang", "quality"].map(text));
    fields.push(Field::new("why", DataType::List(part_field()), true));
    fields.into()
}

fn structs(infos: &[Option<ErrorInfo>]) -> Result<StructArray> {
    let texts = |of: fn(&ErrorInfo) -> Option<&str>| -> ArrayRef {
        let texts = infos.iter().map(|info| of(info.as_ref()?).filter(|text| !text.is_empty()));
        Arc::new(texts.collect::<StringArray>())
    };
    let lines = infos.iter().map(|info| i32::try_from(info.as_ref()?.culprit_line?).ok());
    let columns: Vec<ArrayRef> = vec![
        texts(|info| Some(&info.group)),
        texts(|info| Some(&info.site)),
        texts(|info| Some(&info.variant)),
        texts(|info| Some(&info.title)),
        texts(|info| info.culprit.as_deref()),
        texts(|info| info.culprit_file.as_deref()),
        Arc::new(lines.collect::<Int32Array>()),
        texts(|info| info.thrown_at.as_deref()),
        texts(|info| Some(&info.root_type)),
        texts(|info| Some(&info.root_template)),
        texts(|info| info.lang.map(Lang::as_str)),
        texts(|info| Some(info.quality.as_str())),
        Arc::new(parts(infos)?),
    ];
    let validity: Vec<bool> = infos.iter().map(Option::is_some).collect();
    Ok(StructArray::try_new(fields(), columns, Some(validity.into()))?)
}

fn parts(infos: &[Option<ErrorInfo>]) -> Result<ListArray> {
    let of = |info: &Option<ErrorInfo>| info.as_ref().map_or(0, |info| info.why.len());
    let offsets = OffsetBuffer::from_lengths(infos.iter().map(of));
    let all: Vec<&Part> = infos.iter().flatten().flat_map(|info| &info.why).collect();
    let texts = |of: fn(&Part) -> &str| -> ArrayRef {
        let texts = all.iter().map(|part| Some(of(part)).filter(|text| !text.is_empty()));
        Arc::new(texts.collect::<StringArray>())
    };
    let used: BooleanArray = all.iter().map(|part| Some(part.used)).collect();
    let columns =
        vec![texts(|it| it.part), texts(|it| &it.value), Arc::new(used), texts(|it| it.reason)];
    let parts = StructArray::try_new(part_fields(), columns, None)?;
    Ok(ListArray::try_new(part_field(), offsets, Arc::new(parts), None)?)
}
